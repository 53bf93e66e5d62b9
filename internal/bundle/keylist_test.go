// SPDX-License-Identifier: Apache-2.0

package bundle

import (
	"bytes"
	"crypto/ed25519"
	"reflect"
	"testing"

	"lachan/internal/problem"
)

func signerOf(seed byte) Signer {
	return NewSigner(ed25519.NewKeyFromSeed(bytes.Repeat([]byte{seed}, ed25519.SeedSize)))
}

func TestKeyListIsSignedByAnEarlierKey(t *testing.T) {
	first, second := signerOf(1), signerOf(2)
	want := KeyList{Number: 1, Keys: []ed25519.PublicKey{second.Public(), first.Public()}}
	sealed, err := want.Seal(first)
	if err != nil {
		t.Fatal(err)
	}
	got, err := OpenKeyList(sealed, NewTrust(first.Public()))
	if err != nil || !reflect.DeepEqual(got, want) {
		t.Fatalf("%+v, %v", got, err)
	}
	if _, err := OpenKeyList(sealed, NewTrust(second.Public())); !problem.Is(err, "bundle/unknown-key") {
		t.Errorf("a key vouched for itself: %v", err)
	}
	for at := range sealed {
		spoilt := bytes.Clone(sealed)
		spoilt[at] ^= 1
		if _, err := OpenKeyList(spoilt, NewTrust(first.Public())); err == nil {
			t.Fatalf("byte %d turned and taken", at)
		}
	}
	// What was signed as another kind of message is no list of keys.
	delta, err := Delta{Number: 1}.Seal(first)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := OpenKeyList(delta, NewTrust(first.Public())); err == nil {
		t.Error("a delta passed for a list of keys")
	}
	for _, bad := range []KeyList{{Number: 0, Keys: want.Keys}, {Number: 1}, {Number: 1, Keys: make([]ed25519.PublicKey, 5)}, {Number: 1, Keys: []ed25519.PublicKey{{1}}}} {
		if _, err := bad.Seal(first); !problem.Is(err, "bundle/bad-key-list") {
			t.Errorf("%+v: %v", bad, err)
		}
	}
}

func FuzzKeyList(f *testing.F) {
	sealed, err := KeyList{Number: 7, Keys: []ed25519.PublicKey{signerOf(1).Public()}}.Seal(signerOf(1))
	if err != nil {
		f.Fatal(err)
	}
	f.Add(sealed[:len(sealed)-trailerSize])
	f.Add([]byte(keysMagic))
	f.Fuzz(func(t *testing.T, data []byte) {
		l, err := decodeKeyList(data)
		if err == nil && (l.Number == 0 || len(l.Keys) == 0 || len(l.Keys) > maxKeys) {
			t.Fatalf("%+v", l)
		}
	})
}
