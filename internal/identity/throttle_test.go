// SPDX-License-Identifier: Apache-2.0

package identity_test

import (
	"sync"
	"testing"
	"time"

	"lachan/internal/problem"
)

// answers is what ten wrong guesses of a name are told.
func (w *world) answers(t *testing.T, login string) (codes []string) {
	t.Helper()
	for range 10 {
		_, _, err := w.Login(t.Context(), login, "not the password")
		codes = append(codes, problem.From(err).Code)
	}
	return codes
}

func TestGuessingTellsNobodyWhoHasAnAccount(t *testing.T) {
	w := newWorld(t)
	w.setUp(t)
	known, unknown := w.answers(t, "tran.mau"), w.answers(t, "nobody.mau")
	waits := 0
	for i := range known {
		if known[i] != unknown[i] {
			t.Fatalf("guess %d: %s for an account, %s for none", i+1, known[i], unknown[i])
		}
		if known[i] == "identity/wait" {
			waits++
		}
	}
	if waits == 0 {
		t.Fatal("nobody was slowed down")
	}
}

func TestGuessesMadeAtOnceAreAllCounted(t *testing.T) {
	w := newWorld(t)
	w.setUp(t)
	other := w.another(t)
	var wg sync.WaitGroup
	for i := range 8 {
		hub := w.Service
		if i%2 == 1 {
			hub = other
		}
		wg.Go(func() {
			if _, _, err := hub.Login(t.Context(), "tran.mau", "not the password"); err == nil {
				t.Error("a wrong password let somebody in")
			}
		})
	}
	wg.Wait()
	if _, _, err := w.Login(t.Context(), "tran.mau", password); !problem.Is(err, "identity/wait") {
		t.Fatalf("got %v", err)
	}
	// A log-in that succeeds wipes the count; so does a day of rest.
	w.clock.Advance(20 * time.Minute)
	w.logIn(t, "tran.mau")
	if got := w.answers(t, "tran.mau")[0]; got != "identity/wrong-login" {
		t.Fatalf("got %s", got)
	}
	w.clock.Advance(25 * time.Hour)
	if err := w.Sweep(t.Context()); err != nil {
		t.Fatal(err)
	}
	if _, _, err := w.Login(t.Context(), "tran.mau", password); err != nil {
		t.Fatal(err)
	}
}
