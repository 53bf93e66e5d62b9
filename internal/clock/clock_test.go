// SPDX-License-Identifier: Apache-2.0

package clock

import (
	"testing"
	"time"
)

func TestDayTurnsAtMidnightInVietnam(t *testing.T) {
	last := time.Date(2026, 12, 9, 16, 59, 59, 0, time.UTC) // 23:59:59 in Viet Nam
	if got := Day(last); got != "2026-12-09" {
		t.Fatalf("Day = %s", got)
	}
	if got := Day(last.Add(time.Second)); got != "2026-12-10" {
		t.Fatalf("a second later, Day = %s", got)
	}
}

func TestMicroRoundTrip(t *testing.T) {
	at := time.Date(2026, 11, 23, 9, 42, 1, 234567000, Vietnam)
	if got := FromMicro(Micro(at)); !got.Equal(at) {
		t.Fatalf("got %v, want %v", got, at)
	}
	if !FromMicro(Micro(time.Time{})).IsZero() {
		t.Fatal("the zero time did not survive")
	}
}

func TestFixedMovesOnlyWhenTold(t *testing.T) {
	c := NewFixed(time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC))
	before := c.Now()
	c.Advance(12 * time.Hour)
	if got := c.Now().Sub(before); got != 12*time.Hour {
		t.Fatalf("moved by %v", got)
	}
}
