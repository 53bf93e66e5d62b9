// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"compress/gzip"
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"testing"

	"lachan/internal/vntext"
)

// A file is written that the program reads, of our own sentences here.
func TestAModelIsWritten(t *testing.T) {
	folder := t.TempDir()
	for split, frame := range map[string]string{"train": "hôm nay %s nhé", "dev": "mình thích %s"} {
		var b bytes.Buffer
		z := gzip.NewWriter(&b)
		fmt.Fprintln(z, "input_text,label")
		for label, things := range [][]string{{"phở bò", "bún chả"}, {"trời mưa", "nắng to"}, {"giờ toán", "bài văn"}} {
			for _, thing := range things {
				fmt.Fprintf(z, "một bài </s> "+frame+",%d\n", thing, label)
			}
		}
		if err := z.Close(); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(folder, split+".csv.gz"), b.Bytes(), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	out := filepath.Join(folder, "model.bin.gz")
	if err := run(context.Background(), []string{"-data", folder, "-out", out}); err != nil {
		t.Fatal(err)
	}
	f, err := os.Open(out)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	z, err := gzip.NewReader(f)
	if err != nil {
		t.Fatal(err)
	}
	raw, err := io.ReadAll(z)
	if err != nil {
		t.Fatal(err)
	}
	m, err := vntext.Decode(raw)
	if err != nil || m.Provenance.Sets[0].Counts["hate"] != 2 || len(m.Labels()) != 3 {
		t.Errorf("%v", err)
	}
	if err := run(context.Background(), []string{"-data", t.TempDir(), "-out", out}); err == nil {
		t.Error("no set, and a model")
	}
}
