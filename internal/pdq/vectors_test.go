// SPDX-License-Identifier: Apache-2.0

package pdq

import (
	"encoding/csv"
	"image"
	"os"
	"path/filepath"
	"strconv"
	"testing"
)

// vectorFolders are where hashes of the reference lie: a part in the
// repository, all of them in the public data beside it.
var vectorFolders = []string{"testdata", "../../../shared/data/pdq"}

// eachVector calls check with every row of a CSV file in both folders. What
// lies outside the repository is skipped where it is absent.
func eachVector(t *testing.T, name string, check func(t *testing.T, folder string, row map[string]string)) {
	for _, folder := range vectorFolders {
		t.Run(filepath.Base(folder), func(t *testing.T) {
			rows := vectors(t, folder, name)
			for _, row := range rows {
				check(t, folder, row)
			}
			if len(rows) == 0 {
				t.Error("no vectors")
			}
		})
	}
}

func vectors(t testing.TB, folder, name string) []map[string]string {
	t.Helper()
	f, err := os.Open(filepath.Join(folder, name))
	if os.IsNotExist(err) && folder != vectorFolders[0] {
		t.Skip("the public vectors are not beside the repository")
	}
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	lines, err := csv.NewReader(f).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	var rows []map[string]string
	for _, line := range lines[1:] {
		row := map[string]string{}
		for i, column := range lines[0] {
			row[column] = line[i]
		}
		rows = append(rows, row)
	}
	return rows
}

func picture(t testing.TB, path string) image.Image {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	img, err := Decode(t.Context(), f, Limits{})
	if err != nil {
		t.Fatalf("%s: %v", path, err)
	}
	return img
}

// wanted is what the reference gave in a convention.
func wanted(t testing.TB, row map[string]string, c Convention) Print {
	t.Helper()
	hash, err := Parse(row["hash_"+string(c)])
	if err != nil {
		t.Fatal(err)
	}
	quality, err := strconv.Atoi(row["quality_"+string(c)])
	if err != nil {
		t.Fatal(err)
	}
	return Print{Hash: hash, Quality: quality, Convention: c}
}

func TestSameBytesGiveTheHashOfTheReference(t *testing.T) {
	var h Hasher // one for all: nothing of a picture may stay for the next
	eachVector(t, "vectors_reference_cpp.csv", func(t *testing.T, folder string, row map[string]string) {
		img := picture(t, filepath.Join(folder, row["file"]))
		for _, c := range []Convention{FullResolution, Within512} {
			if got, want := h.Image(img, c), wanted(t, row, c); got != want {
				t.Errorf("%s in convention %s: %v %d, the reference has %v %d", row["file"], c, got.Hash, got.Quality, want.Hash, want.Quality)
			}
		}
	})
}

func TestVariantsAreThoseOfTheReference(t *testing.T) {
	var h Hasher
	var file string // of which all are
	var all [variants]Print
	eachVector(t, "vectors_reference_cpp_dihedral.csv", func(t *testing.T, folder string, row map[string]string) {
		if next := filepath.Join(folder, row["file"]); next != file {
			file, all = next, h.Variants(picture(t, next), Within512)
		}
		for v, got := range all {
			if Variant(v).String() != row["variant"] {
				continue
			}
			if want := wanted(t, row, Within512); got != want {
				t.Errorf("%s, %s: %v %d, the reference has %v %d", row["file"], row["variant"], got.Hash, got.Quality, want.Hash, want.Quality)
			}
			return
		}
		t.Errorf("no variant is called %q", row["variant"])
	})
}

// The README of the reference asks of those who decode by other means: within
// 10 where the quality is 80 or more.
func TestOwnDecoderStaysWithinTheReferencesTolerance(t *testing.T) {
	var h Hasher
	compared, exact := 0, 0
	for _, row := range vectors(t, vectorFolders[1], "official_reference_cpp.csv") {
		img := picture(t, filepath.Join(vectorFolders[1], row["file"]))
		for _, c := range []Convention{FullResolution, Within512} {
			got, want := h.Image(img, c), wanted(t, row, c)
			d := got.Hash.Distance(want.Hash)
			if got == want {
				exact++
			}
			if want.Quality < 80 {
				t.Logf("%s in convention %s, quality %d: distance %d, nothing is promised", row["file"], c, want.Quality, d)
				continue
			}
			if compared++; d > 10 {
				t.Errorf("%s in convention %s: distance %d at quality %d", row["file"], c, d, want.Quality)
			}
		}
	}
	if compared < 20 {
		t.Errorf("only %d hashes compared", compared)
	}
	t.Logf("%d compared, %d of all exact", compared, exact)
}

func TestVariantsReachTurnedCopies(t *testing.T) {
	folder := filepath.Join(vectorFolders[1], "official", "dih")
	if _, err := os.Stat(folder); err != nil {
		t.Skip("the public vectors are not beside the repository")
	}
	copies := [variants]string{
		Original: "1-original", Rotate90: "2-rotate-90", Rotate180: "3-rotate-180", Rotate270: "4-rotate-270",
		FlipX: "5-flipx", FlipY: "6-flipy", FlipPlus1: "7-flip-plus-1", FlipMinus1: "8-flip-minus-1",
	}
	var h Hasher
	for c, most := range map[Convention]int{FullResolution: 8, Within512: 18} {
		all := h.Variants(picture(t, filepath.Join(folder, "bridge-"+copies[Original]+".jpg")), c)
		for v, name := range copies {
			turned := h.Image(picture(t, filepath.Join(folder, "bridge-"+name+".jpg")), c)
			if d := turned.Hash.Distance(all[v].Hash); d > most {
				t.Errorf("%s in convention %s: %d bits from its variant", name, c, d)
			}
			if d := turned.Hash.Distance(all[Original].Hash); v != int(Original) && d <= MaxDistance {
				t.Errorf("%s in convention %s: %d bits from the original itself, so it proves nothing", name, c, d)
			}
		}
	}
}
