// SPDX-License-Identifier: Apache-2.0

package schools

import (
	"bytes"
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
)

func namesIn(t *testing.T, file []byte) (names []string, err error) {
	t.Helper()
	for name, faulty := range readNames(bytes.NewReader(file)) {
		if faulty != nil {
			return names, faulty
		}
		names = append(names, name)
	}
	return names, nil
}

func someNames(n int) []string {
	var names []string
	for i := range n {
		names = append(names, fmt.Sprintf("n%07d.%d.danh-sach.example", i, i%7))
	}
	return names
}

func fileOf(t testing.TB, names []string) []byte {
	t.Helper()
	var out bytes.Buffer
	if err := writeNames(&out, certain(names)); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// What is damaged or cut anywhere gives the names before it and an error,
// never another name.
func TestEditionFile(t *testing.T) {
	for _, n := range []int{0, 1, 2, 30_000} { // several blocks
		want := someNames(n)
		got, err := namesIn(t, fileOf(t, want))
		if err != nil || !slices.Equal(got, want) {
			t.Fatalf("%d names came as %d: %v", n, len(got), err)
		}
	}
	want := someNames(6000)
	good := fileOf(t, want)
	for at := 0; at < len(good); at += 1 + at/50 {
		spoilt := slices.Clone(good)
		spoilt[at] ^= 4
		got, err := namesIn(t, spoilt)
		if err == nil || !slices.Equal(got, want[:len(got)]) {
			t.Fatalf("byte %d turned: %d names, %v", at, len(got), err)
		}
		got, err = namesIn(t, good[:at])
		if err == nil || !slices.Equal(got, want[:len(got)]) {
			t.Fatalf("cut at %d: %d names, %v", at, len(got), err)
		}
	}
}

func FuzzEditionFile(f *testing.F) {
	f.Add(fileOf(f, someNames(3)))
	f.Add([]byte(namesMagic))
	f.Fuzz(func(_ *testing.T, data []byte) {
		for name, err := range readNames(bytes.NewReader(data)) {
			if err == nil && len(name) > maxNameText {
				panic("a name too long for DNS")
			}
		}
	})
}

// A bundle and an export are the same whether the files of the editions are
// there, damaged or gone; those are made anew. What is dropped is gone from
// the database and from the files.
func TestEditionFilesAreMadeAnew(t *testing.T) {
	k, ctx := newKit(t), context.Background()
	names := someNames(12_000)
	list := k.licensed(t, "a", "gambling", "MIT", Plain, strings.Join(names, "\n"))
	key := editionKey(list.edition)
	read := func() (got []string) {
		if err := k.eachName(ctx, list.edition, func(n string) error { got = append(got, n); return nil }); err != nil {
			t.Fatal(err)
		}
		return got
	}
	good := slices.Clone(k.files.files[key])
	if len(good) == 0 {
		t.Fatal("no file was written")
	}
	spoil := map[string]func(){
		"whole":   func() {},
		"damaged": func() { k.files.files[key][len(good)-100] ^= 1 },
		"cut":     func() { k.files.files[key] = good[:len(good)/2] },
		"gone":    func() { delete(k.files.files, key) },
	}
	for what, do := range spoil {
		do()
		if got := read(); !slices.Equal(got, names) {
			t.Errorf("%s: %d names of %d", what, len(got), len(names))
		}
		if got := read(); !slices.Equal(got, names) || !bytes.Equal(k.files.files[key], good) {
			t.Errorf("%s: the file was not made anew", what)
		}
	}
	delete(k.files.files, key)
	k.licensed(t, "a", "gambling", "MIT", Plain, "khac-mau.example\n")
	if _, there := k.files.files[key]; there || k.storedNames(t) != 1 {
		t.Errorf("after a new edition: old file %v, %d names stored", there, k.storedNames(t))
	}
}
