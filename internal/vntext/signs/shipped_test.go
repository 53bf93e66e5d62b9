// SPDX-License-Identifier: Apache-2.0

package signs

import (
	"bytes"
	"context"
	"crypto/sha256"
	"os"
	"runtime"
	"strings"
	"testing"

	"lachan/internal/problem"
	"lachan/internal/testkit"
	"lachan/internal/vntext/safesense"
)

const thienit84 = "../../../../shared/data/text/thienit84"

func TestTheShippedModelSaysWhereItIsFrom(t *testing.T) {
	v, err := Shipped()
	if err != nil {
		t.Fatal(err)
	}
	p := v.Model.Provenance
	if len(p.Sets) != 1 || p.Sets[0].Licence != "CC-BY-SA-4.0" || !strings.Contains(p.Sets[0].Origin, "ThienIT84") || !strings.Contains(p.Note, "CC BY-SA 4.0") || v.ID != p.Name {
		t.Errorf("%+v", p)
	}
	for _, s := range v.Speaks {
		if s.Threshold < 0.5 || s.Threshold >= 1 || s.Lists {
			t.Errorf("%+v", s)
		}
		if !s.Label.Measured() {
			t.Errorf("%s has a model and no figure", s.Label)
		}
	}
	if len(shippedFile) > 1_000_000 {
		t.Errorf("%d bytes", len(shippedFile))
	}
	notice, err := os.ReadFile("../../../NOTICE")
	if err != nil || !strings.Contains(string(notice), p.Sets[0].Origin) {
		t.Errorf("NOTICE does not name the set: %v", err)
	}
}

// The embedded model is what the texts, the size and the seed give, to the
// byte. Other kinds of processors round otherwise.
func TestTheShippedModelCanBeMadeAgain(t *testing.T) {
	if testing.Short() || testkit.Race {
		t.Skip("trains on ten thousand texts; run whole without the race detector")
	}
	if _, err := os.Stat(thienit84); err != nil {
		t.Skip("the set of ThienIT84 (CC BY-SA 4.0, github.com/ThienIT84/vietnamese-hate-speech-dataset) is not beside this repository")
	}
	if runtime.GOARCH != "amd64" {
		t.Skip("the embedded model was made on amd64; floating point differs on " + runtime.GOARCH)
	}
	again, err := safesense.Make(context.Background(), thienit84, safesense.Bits, safesense.Seed)
	if err != nil {
		t.Fatal(err)
	}
	want, err := again.Encode()
	if err != nil {
		t.Fatal(err)
	}
	m, err := unpack(shippedFile)
	if err != nil {
		t.Fatal(err)
	}
	got, err := m.Encode()
	if err != nil {
		t.Fatal(err)
	}
	if sha256.Sum256(got) != sha256.Sum256(want) {
		t.Error("the texts give another model; go run ./tools/shipmodel")
	}
}

func TestDamagedFilesAreRefused(t *testing.T) {
	for i := 0; i < len(shippedFile); i += 9973 {
		bad := bytes.Clone(shippedFile)
		bad[i] ^= 0x10
		if m, err := unpack(bad); err == nil {
			// A byte of gzip's own head may not matter; the model inside may not differ.
			a, _ := m.Encode()
			v, _ := Shipped()
			if b, _ := v.Model.Encode(); !bytes.Equal(a, b) {
				t.Fatalf("byte %d changed, and another model", i)
			}
		} else if !problem.Is(err, "vntext/bad-model") {
			t.Fatalf("byte %d: %v", i, err)
		}
		if _, err := unpack(shippedFile[:i]); !problem.Is(err, "vntext/bad-model") {
			t.Fatalf("cut at %d: %v", i, err)
		}
	}
}

// heap is what is held after a collection, in bytes.
func heap() uint64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}

// Half a MiB for the model; the patterns take more, and are made on demand.
func TestMemory(t *testing.T) {
	before := heap()
	m, err := unpack(shippedFile)
	if err != nil {
		t.Fatal(err)
	}
	model := int64(heap()) - int64(before)
	lib, err := Builtin()
	if err != nil {
		t.Fatal(err)
	}
	r, err := NewReader(lib)
	if err != nil {
		t.Fatal(err)
	}
	all := int64(heap()) - int64(before)
	t.Logf("model %d KiB, with patterns %d KiB", model>>10, all>>10)
	if model > 1<<20 || all > 64<<20 {
		t.Errorf("%d and %d bytes", model, all)
	}
	runtime.KeepAlive(m)
	runtime.KeepAlive(r)
}

func BenchmarkUnpack(b *testing.B) {
	for b.Loop() {
		if _, err := unpack(shippedFile); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkRead(b *testing.B) {
	r := reader(b)
	const text = "Hôm nay trời mưa to quá nên lớp mình nghỉ học thể dục, chiều ai đi đá bóng k?"
	for b.Loop() {
		r.Read(text)
	}
}
