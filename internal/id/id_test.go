// SPDX-License-Identifier: Apache-2.0

package id

import (
	"testing"
	"time"
)

func TestNewIsOrderedAndCarriesItsTime(t *testing.T) {
	before := time.Now().Add(-time.Millisecond)
	prev := ""
	for range 1000 {
		s := New()
		if !Valid(s) {
			t.Fatalf("%q is not valid", s)
		}
		if s <= prev {
			t.Fatalf("%q does not follow %q", s, prev)
		}
		prev = s
	}
	at, err := Time(prev)
	if err != nil || at.Before(before) || at.After(time.Now().Add(time.Second)) {
		t.Fatalf("time %v, %v", at, err)
	}
}

func TestValidRefusesOthers(t *testing.T) {
	for _, s := range []string{"", "x", "6ba7b810-9dad-11d1-80b4-00c04fd430c8", "0190A5B0-0000-7000-8000-000000000000"} {
		if Valid(s) {
			t.Errorf("%q taken for an id", s)
		}
	}
}
