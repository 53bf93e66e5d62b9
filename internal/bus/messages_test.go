// SPDX-License-Identifier: Apache-2.0

package bus

import (
	"bytes"
	"slices"
	"testing"
)

// Any bytes give a run of deltas or an error; a run survives its frame.
func FuzzRun(f *testing.F) {
	f.Add([]byte{})
	f.Add(encodeRun([][]byte{[]byte("one"), {}, []byte("three")}))
	f.Add([]byte{0xff, 0xff, 0xff, 0xff, 1})
	f.Fuzz(func(t *testing.T, data []byte) {
		run, err := decodeRun(data)
		if err != nil {
			return
		}
		again, err := decodeRun(encodeRun(run))
		if err != nil || len(data) < maxReply && !slices.EqualFunc(run, again, bytes.Equal) {
			t.Fatalf("%v: %d deltas, then %d", err, len(run), len(again))
		}
	})
}

// Any bytes give a chunk or an error; a chunk survives its frame.
func FuzzChunk(f *testing.F) {
	f.Add(Chunk{Number: 1, Size: 9, Offset: 3, Data: []byte("x")}.encode())
	f.Add([]byte{1})
	f.Fuzz(func(t *testing.T, data []byte) {
		c, err := decodeChunk(data)
		if err == nil && !bytes.Equal(c.encode(), data) {
			t.Fatal("changed on the way")
		}
	})
}

func TestNodeIDComesFromTheSubject(t *testing.T) {
	for subject, want := range map[string]string{subjectRequest("n1", verbAsk): "n1", "lachan.v1.node.a-b_C9.counts": "a-b_C9"} {
		if got := nodeOf(subject); got != want {
			t.Errorf("%s: %s", subject, got)
		}
	}
}
