// SPDX-License-Identifier: Apache-2.0

package ledger

import (
	"archive/tar"
	"compress/gzip"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/mod/sumdb/tlog"
)

// Other people's vectors are read in place and never committed.
func vectors(t *testing.T, name string) string {
	t.Helper()
	path := filepath.Join("..", "..", "..", "shared", "data", "crypto", name)
	if _, err := os.Stat(path); err != nil {
		t.Skipf("no %s beside the repository", filepath.Join("shared", "data", "crypto", name))
	}
	return path
}

// Inclusion and consistency proofs of transparency-dev/merkle, good and
// tampered, through the functions that Verify and VerifyProof rest on.
func TestMerkleVectors(t *testing.T) {
	file, err := os.Open(vectors(t, "merkle-half.tgz"))
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	unzipped, err := gzip.NewReader(file)
	if err != nil {
		t.Fatal(err)
	}
	count := map[string]int{}
	for archive := tar.NewReader(unzipped); ; {
		h, err := archive.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		consistency := strings.Contains(h.Name, "/consistency/")
		if !strings.HasSuffix(h.Name, ".json") || (!consistency && !strings.Contains(h.Name, "/inclusion/")) {
			continue
		}
		var v struct {
			LeafIdx, TreeSize, Size1, Size2 uint64
			Root, Root1, Root2, LeafHash    []byte
			Proof                           [][]byte
			WantErr                         bool
		}
		if err := json.NewDecoder(archive).Decode(&v); err != nil {
			t.Fatalf("%s: %v", h.Name, err)
		}
		if consistency {
			err = checkTree(v.Size1, v.Size2, v.Root1, v.Root2, v.Proof)
		} else {
			err = checkRecord(v.LeafIdx, v.TreeSize, v.Root, v.LeafHash, v.Proof)
		}
		// Of an empty first tree tlog has no proof; it refuses all of them.
		if consistency && v.Size1 == 0 && !v.WantErr {
			continue
		}
		if (err != nil) != v.WantErr {
			t.Errorf("%s: %v, want an error: %v", h.Name, err, v.WantErr)
		}
		count[map[bool]string{true: "consistency", false: "inclusion"}[consistency]]++
	}
	if count["inclusion"] < 40 || count["consistency"] < 40 {
		t.Fatalf("only %v read", count)
	}
	t.Logf("%v", count)
}

func hashes(list [][]byte) ([]tlog.Hash, error) {
	var out []tlog.Hash
	for _, b := range list {
		if len(b) != tlog.HashSize {
			return nil, errors.New("not a hash")
		}
		out = append(out, tlog.Hash(b))
	}
	return out, nil
}

func checkRecord(index, size uint64, root, leaf []byte, proof [][]byte) error {
	hs, err := hashes(append([][]byte{root, leaf}, proof...))
	if err != nil {
		return err
	}
	if size > 1<<62 || index >= size {
		return errors.New("index outside the tree")
	}
	return tlog.CheckRecord(hs[2:], int64(size), hs[0], int64(index), hs[1])
}

func checkTree(size1, size2 uint64, root1, root2 []byte, proof [][]byte) error {
	hs, err := hashes(append([][]byte{root1, root2}, proof...))
	if err != nil {
		return err
	}
	if size1 == 0 || size1 > size2 || size2 > 1<<62 {
		return errors.New("sizes out of order")
	}
	return tlog.CheckTree(hs[2:], int64(size2), hs[1], int64(size1), hs[0])
}

// A log that another implementation wrote as tlog-tiles: its entries give its
// tiles and each of its checkpoints.
func TestTesseraLog(t *testing.T) {
	dir := vectors(t, "tessera/log")
	bundle, err := os.ReadFile(filepath.Join(dir, tilePath("entries", 0, 15)))
	if err != nil {
		t.Fatal(err)
	}
	leaves, err := splitBundle(bundle, 15)
	if err != nil {
		t.Fatal(err)
	}
	grown := tree{}
	var tile []byte
	for i := 0; i <= 15; i++ {
		signed, err := os.ReadFile(filepath.Join(dir, fmt.Sprintf("checkpoint.%d", i)))
		if err != nil {
			t.Fatal(err)
		}
		body, _, _ := strings.Cut(string(signed), "\n\n")
		c, err := parseBody(body + "\n")
		if err != nil {
			t.Fatal(err)
		}
		root, err := grown.root()
		if err != nil || c.Size != int64(i) || c.Root != root {
			t.Fatalf("checkpoint %d: %+v, our root %v, %v", i, c, root, err)
		}
		if i > 0 {
			theirs, err := os.ReadFile(filepath.Join(dir, tilePath("0", 0, i)))
			if err != nil || string(theirs) != string(tile) {
				t.Fatalf("tile of width %d differs, %v", i, err)
			}
		}
		if i < 15 {
			h := tlog.RecordHash(leaves[i])
			tile = append(tile, h[:]...)
			grown.add(h)
		}
	}
}

// The bodies of checkpoints in transparency-dev/formats. Ours is stricter in
// two things: roots are SHA-256 and extension lines are refused.
func TestCheckpointVectors(t *testing.T) {
	data, err := os.ReadFile(vectors(t, "formats/checkpoint.json"))
	if err != nil {
		t.Fatal(err)
	}
	var v struct {
		TestUnmarshalLogState []struct {
			Desc, M  string
			WantRest string
			WantErr  bool
		}
	}
	if err := json.Unmarshal(data, &v); err != nil || len(v.TestUnmarshalLogState) == 0 {
		t.Fatalf("%d cases, %v", len(v.TestUnmarshalLogState), err)
	}
	refused := 0
	for _, c := range v.TestUnmarshalLogState {
		if !c.WantErr {
			continue
		}
		refused++
		if _, err := parseBody(c.M); err == nil {
			t.Errorf("%s: taken", c.Desc)
		}
	}
	if refused == 0 {
		t.Fatal("no case to refuse")
	}
}

// The forms of proofs that transparency-dev/formats refuses.
func TestProofVectors(t *testing.T) {
	data, err := os.ReadFile(vectors(t, "formats/tlog_proof.json"))
	if err != nil {
		t.Fatal(err)
	}
	var v struct {
		TestUnmarshalErrors []struct{ Name, Proof string }
	}
	if err := json.Unmarshal(data, &v); err != nil || len(v.TestUnmarshalErrors) == 0 {
		t.Fatalf("%d cases, %v", len(v.TestUnmarshalErrors), err)
	}
	for _, c := range v.TestUnmarshalErrors {
		if _, err := ParseProof([]byte(c.Proof)); err == nil {
			t.Errorf("%s: taken", c.Name)
		}
	}
}
