// SPDX-License-Identifier: Apache-2.0

package pdq

import (
	"bufio"
	"context"
	"encoding/csv"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"testing"

	"lachan/internal/testkit"
)

func randomHash(r *rand.Rand) Hash { return Hash{r.Uint64(), r.Uint64(), r.Uint64(), r.Uint64()} }

func randomHashes(r *rand.Rand, n int) ([]Hash, []uint64) {
	hashes, ids := make([]Hash, n), make([]uint64, n)
	for i := range hashes {
		hashes[i], ids[i] = randomHash(r), uint64(i)<<32|7
	}
	return hashes, ids
}

// away is h with the first so many of bits turned.
func away(h Hash, bits []int, count int) Hash {
	for _, b := range bits[:count] {
		h[b/64] ^= 1 << (b % 64)
	}
	return h
}

// linear is what a search has to find, by comparing every hash.
func linear(hashes []Hash, ids []uint64, h Hash, radius int) []Match {
	var found []Match
	for i := range hashes {
		if d := hashes[i].Distance(h); d <= radius {
			found = append(found, Match{ID: ids[i], Distance: d, at: uint32(i)})
		}
	}
	sortMatches(found)
	return found
}

func mustBuild(t testing.TB, hashes []Hash, ids []uint64, pieces int) *Index {
	t.Helper()
	x, err := build(context.Background(), hashes, ids, pieces, 2)
	if err != nil {
		t.Fatal(err)
	}
	return x
}

// fewest is the least number of pieces to test with: the tables of fewer are
// hundreds of megabytes, which the race detector would watch for nothing.
func fewest() int {
	if testkit.Race {
		return 16
	}
	return minPieces
}

// queriesFor are hashes at, just within and just beyond each distance of some
// of hashes; the number of them that lie within MaxDistance of one at least.
func queriesFor(r *rand.Rand, hashes []Hash, bases int) (queries []Hash, near int) {
	for range bases {
		base := hashes[r.IntN(len(hashes))]
		for _, d := range []int{0, 1, 15, 30, 31, 32} {
			queries = append(queries, away(base, r.Perm(Size), d))
			if d <= MaxDistance {
				near++
			}
		}
		// All that differs lies in one run, which is that of a piece or crosses two.
		run, from := make([]int, MaxDistance), r.IntN(Size-MaxDistance+1)
		for i := range run {
			run[i] = from + i
		}
		queries = append(queries, away(base, run, MaxDistance), randomHash(r))
		near++
	}
	return queries, near
}

func checkRecall(t *testing.T, x *Index, hashes []Hash, ids []uint64, queries []Hash, atLeast int) {
	t.Helper()
	found := 0
	var buffer []Match
	for _, q := range queries {
		want := linear(hashes, ids, q, MaxDistance)
		buffer = x.Search(q, MaxDistance, buffer[:0])
		if !slices.Equal(buffer, want) {
			t.Fatalf("%d hashes in %d pieces: %v found %v, not %v", len(hashes), len(x.pieces), q, buffer, want)
		}
		found += min(len(want), 1)
		if has := len(want) > 0 && want[0].Distance == 0; x.Has(q) != has {
			t.Fatalf("has %v: %v", q, !has)
		}
	}
	if found < atLeast {
		t.Fatalf("%d of %d queries have a match: the test looks for too little", found, atLeast)
	}
}

func TestIndexFindsWhatAScanFinds(t *testing.T) {
	for _, size := range []struct{ n, bases int }{{1, 4}, {3, 4}, {10_000, 100}, {100_000, 50}, {1_000_000, 12}} {
		if size.n > 10_000 && (testing.Short() || testkit.Race) {
			continue
		}
		r := rand.New(rand.NewPCG(31, uint64(size.n)))
		hashes, ids := randomHashes(r, size.n)
		queries, near := queriesFor(r, hashes, size.bases)
		for _, pieces := range []int{piecesFor(size.n), 11, 12, 13, 14, 15, 16, 20} {
			if pieces < fewest() {
				continue
			}
			checkRecall(t, mustBuild(t, hashes, ids, pieces), hashes, ids, queries, near)
			if size.n > 10_000 {
				break
			}
		}
	}
}

// Ten million hashes want 3 GB and some minutes.
func TestSoakIndexFindsWhatAScanFinds(t *testing.T) {
	if os.Getenv("LACHAN_SOAK") == "" {
		t.Skip("takes minutes; make soak runs it")
	}
	r := rand.New(rand.NewPCG(31, 10_000_000))
	hashes, ids := randomHashes(r, 10_000_000)
	queries, near := queriesFor(r, hashes, 40)
	checkRecall(t, mustBuild(t, hashes, ids, piecesFor(len(hashes))), hashes, ids, queries, near)
}

// The tightest case: every piece but one differs in one bit more than is
// looked for, so that a single look-up of a single table leads to the hash.
func TestIndexFindsByTheLastPiece(t *testing.T) {
	r := rand.New(rand.NewPCG(7, 7))
	hashes, ids := randomHashes(r, 500)
	for pieces := fewest(); pieces <= maxPieces; pieces++ {
		x := mustBuild(t, hashes, ids, pieces)
		for radius := range MaxDistance + 1 {
			for lone := range pieces {
				if flipsIn(lone, pieces, radius) < 0 {
					continue
				}
				base, q, turned := r.IntN(len(hashes)), Hash{}, 0
				q = hashes[base]
				for i, p := range x.pieces {
					count := flipsIn(i, pieces, radius)
					if i != lone {
						count++
					}
					turned += count
					for _, b := range r.Perm(int(p.width))[:count] {
						q = away(q, []int{int(p.from) + b}, 1)
					}
				}
				found := x.Search(q, radius, nil)
				if turned != radius || len(found) != 1 || found[0].ID != ids[base] || found[0].Distance != radius {
					t.Fatalf("%d pieces, %d bits turned of %d, by piece %d: %v", pieces, turned, radius, lone, found)
				}
			}
		}
	}
}

func TestIndexAtEveryRadius(t *testing.T) {
	r := rand.New(rand.NewPCG(2, 9))
	hashes, ids := randomHashes(r, 2000)
	for i := range 200 {
		hashes[i] = away(hashes[i+200], r.Perm(Size), i%40)
	}
	for _, pieces := range []int{11, 12, 14, 16, 32} {
		if pieces < fewest() {
			continue
		}
		x := mustBuild(t, hashes, ids, pieces)
		for i := range 200 {
			for radius := range MaxDistance + 1 {
				if found, want := x.Search(hashes[i], radius, nil), linear(hashes, ids, hashes[i], radius); !slices.Equal(found, want) {
					t.Fatalf("%d pieces, radius %d: %v, not %v", pieces, radius, found, want)
				}
			}
		}
		if found := x.Search(hashes[0], -1, nil); found != nil {
			t.Errorf("radius -1: %v", found)
		}
		if far := away(hashes[1999], r.Perm(Size), 32); len(x.Search(far, 256, nil)) != 0 {
			t.Error("a radius above 31 finds what is farther than 31")
		}
	}
}

// Where many hashes share words the tables help little: the search reads
// everything in order instead, and still finds all, each once.
func TestIndexOfAlikeHashes(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 5))
	n := 20_000
	if testkit.Race {
		n = 4_000
	}
	center := randomHash(r)
	hashes, ids := make([]Hash, n), make([]uint64, n)
	for i := range hashes {
		switch h := center; {
		case i%2 == 0:
			hashes[i] = away(h, r.Perm(Size), r.IntN(24)) // around one
		case i%3 == 0:
			hashes[i] = h // the same
		default:
			h[3] = r.Uint64() // three words shared
			hashes[i] = h
		}
		ids[i] = uint64(i % 100) // ids repeat
	}
	for _, pieces := range []int{12, 16, 32} {
		if pieces < fewest() {
			continue
		}
		x := mustBuild(t, hashes, ids, pieces)
		var queries []Hash
		for i := range 30 {
			queries = append(queries, hashes[i], away(center, r.Perm(Size), i))
		}
		checkRecall(t, x, hashes, ids, queries, len(queries))
	}
}

// The haystack and the needles of the reference, with all their pairs.
func TestIndexOnTheOfficialHaystack(t *testing.T) {
	const folder = "../../../shared/data/pdq"
	hashes, needles := readHashes(t, filepath.Join(folder, "haystack.txt")), readHashes(t, filepath.Join(folder, "needles.txt"))
	f, err := os.Open(filepath.Join(folder, "needles_expected.csv"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	rows, err := csv.NewReader(f).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]bool{}
	for _, row := range rows[1:] {
		want[fmt.Sprint(row)] = true
	}
	if len(hashes) != 1350 || len(needles) != 100 || len(want) != 250 {
		t.Fatalf("%d hashes, %d needles, %d pairs", len(hashes), len(needles), len(want))
	}
	ids := make([]uint64, len(hashes))
	for i := range ids {
		ids[i] = uint64(i + 1)
	}
	for pieces := fewest(); pieces <= maxPieces; pieces++ {
		x, pairs := mustBuild(t, hashes, ids, pieces), 0
		for i, q := range needles {
			for _, m := range x.Search(q, MaxDistance, nil) {
				pair := fmt.Sprint([]string{strconv.Itoa(i + 1), strconv.FormatUint(m.ID, 10), strconv.Itoa(m.Distance)})
				if !want[pair] {
					t.Errorf("%d pieces: %s is no pair", pieces, pair)
				}
				pairs++
			}
		}
		if pairs != len(want) {
			t.Errorf("%d pieces: %d pairs of %d", pieces, pairs, len(want))
		}
	}
}

func readHashes(t *testing.T, path string) []Hash {
	t.Helper()
	f, err := os.Open(path)
	if os.IsNotExist(err) {
		t.Skipf("../shared/data/pdq/%s is absent", filepath.Base(path))
	}
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	var hashes []Hash
	for s := bufio.NewScanner(f); s.Scan(); {
		h, err := Parse(s.Text())
		if err != nil {
			t.Fatal(err)
		}
		hashes = append(hashes, h)
	}
	return hashes
}

// Several hashes at once: what is near to more than one is found once, by the
// nearest.
func TestSearchAnyFindsOnce(t *testing.T) {
	r := rand.New(rand.NewPCG(8, 8))
	hashes, ids := randomHashes(r, 3000)
	x := mustBuild(t, hashes, ids, 16)
	set := NewSet(x)
	defer set.Close()
	added := away(hashes[5], r.Perm(Size), 12)
	set.Add(added, 99)
	queries := []Hash{randomHash(r), away(hashes[5], r.Perm(Size), 9), away(hashes[5], r.Perm(Size), 4), hashes[6], away(hashes[6], r.Perm(Size), 2)}
	kept := Match{ID: 1}
	got := x.SearchAny(queries, MaxDistance, []Match{kept})
	want := []Match{kept, {ID: ids[6], Distance: 0, Query: 3, at: 6}, {ID: ids[5], Distance: 4, Query: 2, at: 5}}
	if !slices.Equal(got, want) {
		t.Errorf("%v, not %v", got, want)
	}
	query := 2
	if queries[1].Distance(added) <= queries[2].Distance(added) {
		query = 1
	}
	want = append(want, Match{ID: 99, Distance: queries[query].Distance(added), Query: query, at: 3000})
	if got := set.SearchAny(queries, MaxDistance, []Match{kept}); !slices.Equal(got, want) {
		t.Errorf("set: %v, not %v", got, want)
	}
}

func TestSearchAllocatesNothing(t *testing.T) {
	if testkit.Race {
		t.Skip("the race detector allocates")
	}
	r := rand.New(rand.NewPCG(3, 3))
	hashes, ids := randomHashes(r, 5000)
	x := mustBuild(t, hashes, ids, 16)
	set := NewSet(x)
	defer set.Close()
	for i := range 100 {
		set.Add(randomHash(r), uint64(i))
	}
	set.Remove(hashes[1], ids[1])
	nothing, variants := randomHash(r), []Hash{randomHash(r), randomHash(r), hashes[9]}
	buffer := make([]Match, 0, 8)
	for name, search := range map[string]func(){
		"index":          func() { x.Search(nothing, MaxDistance, nil) },
		"index, found":   func() { x.Search(hashes[3], MaxDistance, buffer) },
		"index, several": func() { x.SearchAny(variants, MaxDistance, buffer) },
		"has":            func() { x.Has(hashes[2]) },
		"set":            func() { set.Search(nothing, MaxDistance, nil) },
		"set, several":   func() { set.SearchAny(variants, MaxDistance, buffer) },
	} {
		if n := testing.AllocsPerRun(100, search); n != 0 {
			t.Errorf("%s: %v allocations", name, n)
		}
	}
}

func TestBuildRefuses(t *testing.T) {
	if _, err := Build(context.Background(), make([]Hash, 2), make([]uint64, 1)); err == nil {
		t.Error("two hashes with one id")
	}
	ended, stop := context.WithCancel(context.Background())
	stop()
	if _, err := Build(ended, make([]Hash, 1), make([]uint64, 1)); err == nil {
		t.Error("built after its context ended")
	}
}

// One long row, more than is compared at a time and less than it takes to read
// everything in order.
func TestIndexWithALongRow(t *testing.T) {
	r := rand.New(rand.NewPCG(12, 5))
	hashes, ids := randomHashes(r, 20_000)
	const shared = 1<<19 - 1 // the first piece of 14, and more than that of 16
	for i := range 2500 {
		hashes[i*8][0] = hashes[i*8][0]&^shared | hashes[0][0]&shared
	}
	for _, pieces := range []int{14, 16} {
		if pieces < fewest() {
			continue
		}
		x := mustBuild(t, hashes, ids, pieces)
		row := x.tables[0].rows[x.tables[0].starts[x.pieces[0].of(&hashes[0])]:][:2500]
		if hashes[row[len(row)-1]][0]&0xffff != hashes[0][0]&0xffff {
			t.Fatal("there is no long row")
		}
		var queries []Hash
		for i := range 40 {
			q := away(hashes[i*8*60], r.Perm(Size), i%(MaxDistance+1))
			q[0] = q[0]&^shared | hashes[0][0]&shared // what differs lies elsewhere
			queries = append(queries, q)
		}
		checkRecall(t, x, hashes, ids, queries, len(queries))
	}
}
