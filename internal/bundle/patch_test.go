// SPDX-License-Identifier: Apache-2.0

package bundle

import (
	"bytes"
	"fmt"
	"testing"

	"lachan/internal/problem"
)

// many builds a bundle of n names after last; every name from changed on is
// another one than without it.
func many(t testing.TB, number uint64, n, changed int, last *Bundle) []byte {
	t.Helper()
	b, err := NewBuilder([]Category{{Code: "gambling"}, {Code: "adult"}})
	if err != nil {
		t.Fatal(err)
	}
	if last != nil {
		b.Follow(last)
	}
	for i := range n {
		text := fmt.Sprintf("n%d.list.example", i)
		if i >= changed {
			text = fmt.Sprintf("m%d.list.example", i)
		}
		if err := b.Add(mustName(t, text), [...]string{"gambling", "adult"}[i%2]); err != nil {
			t.Fatal(err)
		}
	}
	if err := b.Policy(Policy{Band: Primary, Blocked: []string{"gambling"}}); err != nil {
		t.Fatal(err)
	}
	return build(t, b, Head{Number: number})
}

func TestAPatchMakesTheNextBundle(t *testing.T) {
	const n = 20_000
	one := many(t, 1, n, n, nil)
	first := parsed(t, one)
	for _, c := range []struct {
		what       string
		n, changed int
		most       int // bytes
	}{
		{"nothing but the number", n, n, 1000},
		{"two hundred names", n, n - 200, 50_000},
		{"a few more names", n + 300, n, 40_000},
		{"a few names gone", n - 300, n, 40_000},
	} {
		two := many(t, 2, c.n, c.changed, first)
		patch, err := Patch(one, two)
		if err != nil {
			t.Fatal(err)
		}
		if len(patch) > c.most {
			t.Errorf("%s: the patch is %d bytes of %d", c.what, len(patch), len(two))
		}
		if from, to, err := PatchNumbers(patch); from != 1 || to != 2 || err != nil {
			t.Errorf("%d to %d, %v", from, to, err)
		}
		var made bytes.Buffer
		if err := first.Patch(&made, patch); err != nil || !bytes.Equal(made.Bytes(), two) {
			t.Errorf("%s: %v, %d bytes, want %d", c.what, err, made.Len(), len(two))
		}
		// What the followed bundle answers is right.
		v := view(t, Parts{Bundle: parsed(t, two)})
		for i, want := range map[string]bool{"www.n0.list.example": true, "n1.list.example": false, fmt.Sprintf("n%d.list.example", n-100): c.changed == n && c.n >= n} {
			if got := decide(t, v, i, nil, Primary, 0).Blocked; got != want {
				t.Errorf("%s: %s refused %v, want %v", c.what, i, got, want)
			}
		}
	}
	// A bundle that has grown too much, or that has other categories, begins anew.
	grown := many(t, 2, 2*n, 2*n, first)
	if b := parsed(t, grown); b.Names() != 2*n || !decide(t, view(t, Parts{Bundle: b}), "n39998.list.example", nil, Primary, 0).Blocked {
		t.Error("a grown bundle")
	}
	if err := parsed(t, grown).Patch(&bytes.Buffer{}, mustPatch(t, one, grown)); !problem.Is(err, "bundle/patch-does-not-fit") {
		t.Errorf("a patch for another bundle: %v", err)
	}
	other, err := NewBuilder([]Category{{Code: "adult"}, {Code: "gambling"}})
	if err != nil {
		t.Fatal(err)
	}
	if other.Follow(first); other.follow != nil {
		t.Error("other categories were followed")
	}
}

func mustPatch(t testing.TB, from, to []byte) []byte {
	t.Helper()
	p, err := Patch(from, to)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// Any bytes write something or give an error; nothing is longer than the patch
// says, and nothing panics.
func FuzzPatch(f *testing.F) {
	one := many(f, 1, 100, 100, nil)
	first := parsed(f, one)
	good := mustPatch(f, one, many(f, 2, 110, 90, first))
	f.Add(good)
	f.Add(good[:patchHead])
	f.Add([]byte(patchMagic))
	f.Fuzz(func(t *testing.T, patch []byte) {
		var out limited
		if err := first.Patch(&out, patch); err != nil {
			return
		}
		if len(patch) < patchHead || out.n != int(le64(patch[32:])) {
			t.Fatalf("%d bytes", out.n)
		}
	})
}

func le64(b []byte) (n uint64) {
	for i := range 8 {
		n |= uint64(b[i]) << (8 * i)
	}
	return n
}

// limited counts, and gives up where a patch blows up.
type limited struct{ n int }

func (l *limited) Write(b []byte) (int, error) {
	if l.n += len(b); l.n > 1<<24 {
		return 0, fmt.Errorf("too long")
	}
	return len(b), nil
}
