// SPDX-License-Identifier: Apache-2.0

package problem

import (
	"errors"
	"fmt"
	"strings"
	"testing"
)

func TestCatalogueLoadsAndCodesAreWellFormed(t *testing.T) {
	for _, code := range Codes() {
		room, what, ok := strings.Cut(code, "/")
		if !ok || room == "" || what == "" || strings.ContainsAny(code, " A_") {
			t.Errorf("%q is not room/what", code)
		}
	}
}

func TestFromKeepsProblemsAndHidesTheRest(t *testing.T) {
	p := New("input/required").Field("url", "input/required")
	if got := From(fmt.Errorf("casework.Receive: %w", p)); got != p {
		t.Fatalf("lost the problem: %v", got)
	}
	cause := errors.New("disk on fire")
	got := From(cause)
	if got.Code != Unknown || got.Kind() != Internal || !errors.Is(got, cause) {
		t.Fatalf("got %v", got)
	}
	if From(nil) != nil {
		t.Fatal("nil became a problem")
	}
}

func TestOrNilNeedsAFault(t *testing.T) {
	if err := New("input/faulty").OrNil(); err != nil {
		t.Fatal(err)
	}
	err := New("input/faulty").Field("a", "input/required").Field("b", "input/too-long").OrNil()
	if !Is(err, "input/faulty") || len(From(err).Fields) != 2 {
		t.Fatalf("got %v", err)
	}
}

func TestEveryKindHasAStatus(t *testing.T) {
	for k := range statuses {
		if k.Status() < 400 {
			t.Errorf("%s: %d", k, k.Status())
		}
	}
	if Kind("no such").Status() != 500 {
		t.Error("an unknown kind must be our fault")
	}
}
