// SPDX-License-Identifier: Apache-2.0

package ledger

import (
	"bytes"
	"encoding/base64"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"

	"golang.org/x/mod/sumdb/tlog"
	"pgregory.net/rapid"

	"lachan/internal/problem"
)

func (f *fixture) export() (dir string, head Head) {
	f.t.Helper()
	dir = filepath.Join(f.t.TempDir(), "export")
	head, err := f.log.Export(f.ctx, dir, nil)
	if err != nil {
		f.t.Fatal(err)
	}
	return dir, head
}

func TestExportVerifiesAtEverySizeOfTile(t *testing.T) {
	f := setUp(t)
	size := 0
	for _, next := range []int{0, 1, 2, 255, 256, 257, 600} {
		f.append(next - size)
		size = next
		f.sequence()
		dir, head := f.export()
		var last int64
		report, err := Verify(dir, f.log.PublicKey(), func(done, _ int64) { last = done })
		if err != nil {
			t.Fatalf("size %d: %v", size, err)
		}
		if report.Size != int64(size) || report.Root != head.Root || last != int64(size) || report.Kinds["casework.decided"] != int64(size) {
			t.Fatalf("size %d: %+v, progress %d", size, report, last)
		}
	}
	f.sound()
}

func TestExportWantsAnEmptyFolder(t *testing.T) {
	f := setUp(t)
	dir, _ := f.export()
	if _, err := f.log.Export(f.ctx, dir, nil); !problem.Is(err, "ledger/export-not-empty") {
		t.Fatalf("got %v", err)
	}
}

func readAll(t testing.TB, dir string) fstest.MapFS {
	t.Helper()
	m := fstest.MapFS{}
	root := os.DirFS(dir)
	err := fs.WalkDir(root, ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		data, err := fs.ReadFile(root, name)
		m[name] = &fstest.MapFile{Data: data}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// Every byte of every file, flipped in its lowest and its highest bit, one at
// a time; every file cut, grown, removed; a file added.
func TestATamperedCopyIsRefused(t *testing.T) {
	f := setUp(t)
	f.append(270)
	f.sequence()
	dir, _ := f.export()
	whole := readAll(t, dir)
	if _, err := verify(whole, f.log.PublicKey(), nil); err != nil {
		t.Fatal(err)
	}
	refused := func(name string, data []byte, what string) {
		t.Helper()
		before := whole[name]
		if data == nil {
			delete(whole, name)
		} else {
			whole[name] = &fstest.MapFile{Data: data}
		}
		if _, err := verify(whole, f.log.PublicKey(), nil); err == nil || problem.KindOf(err) != problem.Invalid {
			t.Errorf("%s %s: %v", name, what, err)
		}
		if before == nil {
			delete(whole, name)
		} else {
			whole[name] = before
		}
	}
	names := make([]string, 0, len(whole))
	for name := range whole {
		names = append(names, name)
	}
	flips := 0
	for _, name := range names {
		data := whole[name].Data
		step := 1
		if len(data) > 2000 { // the full tile and bundle: a sample of their bytes
			step = 97
		}
		for i := 0; i < len(data); i += step {
			for _, bit := range []byte{1, 0x80} {
				bad := bytes.Clone(data)
				bad[i] ^= bit
				refused(name, bad, "flipped")
				flips++
			}
		}
		refused(name, data[:len(data)-1], "cut")
		refused(name, append(bytes.Clone(data), 0), "grown")
		refused(name, nil, "removed")
	}
	refused("tile/0/002", []byte("more"), "added")
	t.Logf("%d files, %d flipped bits", len(names), flips)
}

func TestVerifyNamesTheFirstBadLeaf(t *testing.T) {
	f := setUp(t)
	f.append(300)
	f.sequence()
	dir, _ := f.export()
	copied := readAll(t, dir)
	bundle := copied["tile/entries/001.p/44"].Data
	at := bytes.Index(bundle, []byte("object case-260"))
	if at < 0 {
		t.Fatal("no such entry")
	}
	copy(bundle[at:], "object case-999")
	_, err := verify(copied, f.log.PublicKey(), nil)
	if p := problem.From(err); p.Code != "ledger/bad-leaf" || p.Args[1] != int64(260) {
		t.Fatalf("got %v", err)
	}
}

// Who rewrites leaves and tiles alike is stopped by the signature; who signs
// with a key of his own by the verifier's.
func TestARewrittenHistoryIsRefused(t *testing.T) {
	f, g := setUp(t), setUp(t)
	f.append(5)
	f.sequence()
	g.append(5)
	g.sequence()
	dir, _ := f.export()
	other, _ := g.export()
	if _, err := Verify(other, f.log.PublicKey(), nil); !problem.Is(err, "ledger/bad-checkpoint") {
		t.Fatalf("got %v", err)
	}
	mixed := readAll(t, other)
	mixed["checkpoint"] = readAll(t, dir)["checkpoint"]
	mixed["key.pub"] = readAll(t, dir)["key.pub"]
	if _, err := verify(mixed, f.log.PublicKey(), nil); !problem.Is(err, "ledger/bad-root") {
		t.Fatalf("got %v", err)
	}
}

func TestProofsOfAllEntries(t *testing.T) {
	f := setUp(t)
	ids := f.append(37)
	f.sequence()
	for i, id := range ids {
		proof, err := f.log.Prove(f.ctx, id)
		if err != nil {
			t.Fatal(err)
		}
		leaf, checkpoint, err := VerifyProof(proof.Text(), f.log.PublicKey())
		if err != nil || leaf.ID != id || leaf.Index != int64(i) || checkpoint.Size != 37 {
			t.Fatalf("%d: %+v, %+v, %v", i, leaf, checkpoint, err)
		}
	}
	if _, err := f.log.Prove(f.ctx, "nobody"); !problem.Is(err, "ledger/no-entry") {
		t.Fatalf("got %v", err)
	}
}

func TestATamperedProofIsRefused(t *testing.T) {
	f := setUp(t)
	ids := f.append(9)
	f.sequence()
	proof, err := f.log.Prove(f.ctx, ids[4])
	if err != nil {
		t.Fatal(err)
	}
	text := proof.Text()
	for i := range text {
		bad := bytes.Clone(text)
		bad[i] ^= 1
		if _, _, err := VerifyProof(bad, f.log.PublicKey()); !problem.Is(err, "ledger/bad-proof") {
			t.Fatalf("byte %d changed: %v", i, err)
		}
	}
	if _, _, err := VerifyProof(text, testKey(t).Public()); !problem.Is(err, "ledger/bad-proof") {
		t.Fatalf("another's key: %v", err)
	}
}

// The tree of this package and tlog's agree on every size and node.
func TestTreeAgreesWithTlog(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(0, 600).Draw(t, "leaves")
		stored := map[int64]tlog.Hash{}
		reader := tlog.HashReaderFunc(func(indexes []int64) ([]tlog.Hash, error) {
			out := make([]tlog.Hash, len(indexes))
			for i, x := range indexes {
				out[i] = stored[x]
			}
			return out, nil
		})
		nodes := map[int64]tlog.Hash{}
		mine := tree{node: func(level int, k int64, h tlog.Hash) { nodes[tlog.StoredHashIndex(level, k)] = h }}
		for i := range n {
			data := []byte{byte(i), byte(i >> 8)}
			hashes, err := tlog.StoredHashes(int64(i), data, reader)
			if err != nil {
				t.Fatal(err)
			}
			for k, h := range hashes {
				stored[tlog.StoredHashIndex(0, int64(i))+int64(k)] = h
			}
			mine.add(tlog.RecordHash(data))
		}
		want, err := tlog.TreeHash(int64(n), reader)
		if err != nil {
			t.Fatal(err)
		}
		got, err := mine.root()
		if err != nil || got != want {
			t.Fatalf("%d leaves: %v, %v, want %v", n, got, err, want)
		}
		if len(nodes) != len(stored) {
			t.Fatalf("%d nodes, want %d", len(nodes), len(stored))
		}
		for k, h := range stored {
			if nodes[k] != h {
				t.Fatalf("node %d differs", k)
			}
		}
	})
}

func TestTilePaths(t *testing.T) {
	for _, c := range []struct {
		level string
		n     int64
		width int
		want  string
	}{
		{"0", 0, 256, "tile/0/000"},
		{"0", 1234067, 256, "tile/0/x001/x234/067"},
		{"entries", 1234067, 7, "tile/entries/x001/x234/067.p/7"},
		{"1", 999, 1, "tile/1/999.p/1"},
	} {
		if got := tilePath(c.level, c.n, c.width); got != c.want {
			t.Errorf("got %s, want %s", got, c.want)
		}
	}
}

// The invariant: what parses prints back to the same bytes.
func FuzzParseLeaf(f *testing.F) {
	l := Leaf{ID: "id-1", Kind: "a.b", Actor: "p", Policies: []string{"a.b", "c.d"}, Commitment: commit(nil, nil)}
	f.Add(l.Bytes())
	f.Add([]byte("lachan-ledger/1\nid \n"))
	f.Add([]byte(strings.Replace(string(l.Bytes()), "at 0", "at 00", 1)))
	f.Fuzz(func(t *testing.T, text []byte) {
		if l, err := ParseLeaf(text); err == nil && !bytes.Equal(l.Bytes(), text) {
			t.Fatalf("%q came back as %q", text, l.Bytes())
		}
	})
}

// The invariant: what parses prints back to the same bytes.
func FuzzParseProof(f *testing.F) {
	l := Leaf{ID: "id-1", Kind: "a.b", Actor: "p", Commitment: commit(nil, nil), Index: 3}
	f.Add(Proof{Leaf: l, Hashes: tlog.RecordProof{{1}, {2}}, Checkpoint: "x\n"}.Text())
	f.Add([]byte("c2sp.org/tlog-proof@v1\nextra " + base64.StdEncoding.EncodeToString(l.Bytes()) + "\nindex 0\n\nx"))
	f.Fuzz(func(t *testing.T, text []byte) {
		if p, err := ParseProof(text); err == nil && !bytes.Equal(p.Text(), text) {
			t.Fatalf("%q came back as %q", text, p.Text())
		}
	})
}
