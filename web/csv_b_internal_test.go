// SPDX-License-Identifier: Apache-2.0

package web

import (
	"encoding/csv"
	"net/http/httptest"
	"strings"
	"testing"

	"lachan/duty"
)

// A spreadsheet that opens the file must not run what stands in a cell.
func TestCSVHoldsNoFormula(t *testing.T) {
	w := httptest.NewRecorder()
	c := &visit{w: w}
	if err := c.csv("a.csv", [][]string{{"=1+1", "-5", "-cmd", "@x", "a,b\n\"c\"", ""}}); err != nil {
		t.Fatal(err)
	}
	text, ok := strings.CutPrefix(w.Body.String(), "\ufeff")
	if !ok {
		t.Error("no mark at the beginning")
	}
	rows, err := csv.NewReader(strings.NewReader(text)).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	if got, want := strings.Join(rows[0], "|"), "'=1+1|-5|'-cmd|'@x|a,b\n\"c\"|"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
}

func TestReadDay(t *testing.T) {
	for text, want := range map[string]string{"23/11/2026": "2026-11-23", "1/2/2026": "2026-02-01", "2026-11-23": "2026-11-23"} {
		day, err := readDay(text)
		if err != nil || day.String() != want {
			t.Errorf("%q: %v %v", text, day, err)
		}
	}
	for _, text := range []string{"31/2/2026", "2026-13-01", "hom nay", "23-11-2026"} {
		if _, err := readDay(text); err == nil {
			t.Errorf("%q was taken", text)
		}
	}
	end, err := readLastDay("30/11/2026")
	if err != nil || duty.DateOf(end) != duty.NewDate(2026, 12, 1) {
		t.Errorf("%v %v", end, err)
	}
	if none, err := readLastDay(""); err != nil || !none.IsZero() {
		t.Errorf("%v %v", none, err)
	}
}

func TestFormID(t *testing.T) {
	unit, year, err := readFormID(formID("don-vi", 2026))
	if err != nil || unit != "don-vi" || year != 2026 {
		t.Errorf("%q %d %v", unit, year, err)
	}
	for _, bad := range []string{"", "x", ".2026", "x.", "x.20260", "x.y"} {
		if _, _, err := readFormID(bad); err == nil {
			t.Errorf("%q was taken", bad)
		}
	}
}
