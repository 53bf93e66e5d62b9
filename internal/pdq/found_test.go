// SPDX-License-Identifier: Apache-2.0

package pdq

import (
	"flag"
	"fmt"
	"image"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"

	"lachan/internal/testkit"
)

var update = flag.Bool("update", false, "write the table of docs/pdq.md anew")

const (
	pages      = "../../docs/pdq.md"
	tableBegin = "<!-- computed: go test ./internal/pdq -run FoundAndMissed -update -->\n"
	tableEnd   = "<!-- end of what is computed -->\n"
	scenes     = 100
)

// sighting is what became of one changed picture.
type sighting struct {
	alone                             int // distance to the picture, as they are
	turned, trimmed, bankCrops, helps bool
}

// What PDQ finds and misses stands in docs/pdq.md, and this is where its
// figures come from: 100 pictures, each changed in every way.
func TestFoundAndMissed(t *testing.T) {
	if testing.Short() || testkit.Race {
		t.Skip("hashes some thousands of pictures")
	}
	banked, asked := make([][]Print, scenes), make([][]Print, scenes)
	seen := make([][]sighting, len(changes))
	for i := range seen {
		seen[i] = make([]sighting, scenes)
	}
	var all sync.WaitGroup
	for part := range 2 {
		all.Go(func() {
			var h Hasher
			for n := part; n < scenes; n += 2 {
				picture := scene(uint64(1000+n), 320+n%3*40, 240+n%4*40)
				banked[n] = h.ToBank(picture, FullResolution)
				for again := 2; len(banked[n]) < 1+len(Crops(picture.Rect)); again++ { // a part too flat
					picture = scene(uint64(1000*again+n), 320+n%3*40, 240+n%4*40)
					banked[n] = h.ToBank(picture, FullResolution)
				}
				asked[n] = h.ToAsk(picture, FullResolution)
				for i, c := range changes {
					seen[i][n] = look(&h, c.make(t, picture), banked[n])
				}
			}
		})
	}
	all.Wait()
	nearest, nearestHelped := Size, Size
	for a := range scenes {
		for b := range scenes {
			if a == b {
				continue
			}
			nearest = min(nearest, banked[a][0].Hash.Distance(banked[b][0].Hash))
			nearestHelped = min(nearestHelped, closest(asked[a], banked[b]))
		}
	}
	if nearestHelped <= MaxDistance {
		t.Errorf("different pictures are %d apart", nearestHelped)
	}
	compare(t, foundTable(seen, nearest, nearestHelped))
}

// look compares a changed picture with its original, first as PDQ is and then
// with each help.
func look(h *Hasher, img image.Image, bank []Print) (s sighting) {
	whole, asked := []Print{h.Image(img, FullResolution)}, h.ToAsk(img, FullResolution)
	inner := whole
	if len(asked) > int(variants) {
		inner = append(inner, asked[variants])
	}
	s.alone = whole[0].Hash.Distance(bank[0].Hash)
	s.turned = closest(asked[:min(len(asked), int(variants))], bank[:1]) <= MaxDistance
	s.trimmed = closest(inner, bank[:1]) <= MaxDistance
	s.bankCrops = closest(whole, bank) <= MaxDistance
	s.helps = closest(asked, bank) <= MaxDistance
	return s
}

func closest(a, b []Print) int {
	least := Size
	for _, x := range a {
		for _, y := range b {
			least = min(least, x.Hash.Distance(y.Hash))
		}
	}
	return least
}

func foundTable(seen [][]sighting, nearest, nearestHelped int) string {
	var b strings.Builder
	b.WriteString("| change | found | median distance | with the eight variants | with the border trimmed | with crops in the bank | with all three |\n| --- | ---: | ---: | ---: | ---: | ---: | ---: |\n")
	for i, c := range changes {
		var distances []int
		var found, turned, trimmed, crops, helps int
		count := func(n *int, yes bool) {
			if yes {
				*n++
			}
		}
		for _, s := range seen[i] {
			distances = append(distances, s.alone)
			count(&found, s.alone <= MaxDistance)
			count(&turned, s.turned)
			count(&trimmed, s.trimmed)
			count(&crops, s.bankCrops)
			count(&helps, s.helps)
		}
		slices.Sort(distances)
		fmt.Fprintf(&b, "| %s | %d %% | %d | %d %% | %d %% | %d %% | %d %% |\n", c.name, found, distances[len(distances)/2], turned, trimmed, crops, helps)
	}
	fmt.Fprintf(&b, "\n%d pairs of different pictures: the nearest are %d bits apart, and %d with all three helps. Nothing comes near %d by chance.\n",
		scenes*(scenes-1)/2, nearest, nearestHelped, MaxDistance)
	return b.String()
}

// compare wants the computed part of the page to be what was computed.
func compare(t *testing.T, computed string) {
	t.Helper()
	page, err := os.ReadFile(pages)
	if err != nil {
		t.Fatal(err)
	}
	before, rest, begins := strings.Cut(string(page), tableBegin)
	have, after, ends := strings.Cut(rest, tableEnd)
	if !begins || !ends {
		t.Fatalf("%s has no place for the table", pages)
	}
	if have == computed {
		return
	}
	if !*update {
		t.Fatalf("%s is not what was computed; go test ./internal/pdq -run FoundAndMissed -update\n%s", pages, computed)
	}
	if err := os.WriteFile(pages, []byte(before+tableBegin+computed+tableEnd+after), 0o644); err != nil {
		t.Fatal(err)
	}
}
