// SPDX-License-Identifier: Apache-2.0

package reporting

import (
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"lachan/directives"
	"lachan/duty"
	"lachan/internal/problem"
)

func catalogue(t testing.TB) *Catalogue {
	t.Helper()
	c, err := ReadCatalogue(directives.Indicators)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func dispatch(t testing.TB) (*Directive, *Catalogue) {
	t.Helper()
	cat := catalogue(t)
	d, err := ReadDirective(directives.Dispatch4569, cat)
	if err != nil {
		t.Fatal(err)
	}
	return d, cat
}

// Acceptance 11.
//
// Clauses: 1.5
func TestDispatch4569Resolves(t *testing.T) {
	d, _ := dispatch(t)
	var refs []duty.Clause
	for _, c := range d.Clauses {
		refs = append(refs, c.Ref)
	}
	if !slices.Equal(refs, duty.Clauses()) {
		t.Errorf("clauses %v", refs)
	}
	if n := len(d.Duties()); n != 29 {
		t.Errorf("%d duties, want 29", n)
	}
	if n := len(d.Indicators()); n != 50 {
		t.Errorf("%d indicators, want 50", n)
	}
	used := map[string]int{}
	for _, f := range d.Forms {
		for _, code := range f.indicators {
			used[code] |= 1
		}
	}
	for _, s := range d.Report {
		for _, code := range s.Indicators {
			used[code] |= 2
		}
	}
	for _, code := range d.Indicators() {
		if used[code] != 3 {
			t.Errorf("%s%s is used by a duty but not by both a form and the report", Prefix, code)
		}
	}
}

// The catalogue is ours; where the reference table is at hand the two agree.
func TestCatalogueHasEveryCode(t *testing.T) {
	cat := catalogue(t)
	if n := len(cat.All()); n != 77 {
		t.Errorf("%d indicators, want 59 and 7 denominators and 11 of our own", n)
	}
	d, _ := dispatch(t)
	for _, code := range d.Indicators() {
		if _, ok := cat.Get(code); !ok {
			t.Errorf("%s is not in the catalogue", code)
		}
	}
	targets := 0
	for _, i := range cat.All() {
		if i.Target != "" {
			targets++
			if strings.HasPrefix(i.Code, "E04") || strings.HasPrefix(i.Code, "E01") {
				t.Errorf("%s: a number of abused children or reports has no target", i.Code)
			}
		}
	}
	if targets != 3 {
		t.Errorf("%d indicators have a target of Decision 830, want 3", targets)
	}
}

func TestDuesOfTheDispatch(t *testing.T) {
	d, _ := dispatch(t)
	due := d.Due("nam_10_12", 2026)
	if !due.OnTime(time.Date(2026, 12, 9, 23, 59, 59, 0, duty.Vietnam())) || due.OnTime(time.Date(2026, 12, 10, 0, 0, 0, 0, duty.Vietnam())) {
		t.Errorf("yearly report is due %v", due.At())
	}
	if got := d.Due("bo_tttt", 2026).Last.String(); got != "2026-12-19" {
		t.Errorf("report to the ministry is due %s", got)
	}
	if w := d.Window("nam_10_12", 2026); w.String() != "2025-12-10/2026-12-09" {
		t.Errorf("window %v", w)
	}
	if a, b := d.YearAt(duty.NewDate(2026, 12, 9)), d.YearAt(duty.NewDate(2026, 12, 10)); a != 2026 || b != 2027 {
		t.Errorf("09/12/2026 belongs to %d and 10/12/2026 to %d", a, b)
	}
	if !d.Due("thuong_xuyen", 2026).OnTime(time.Now()) {
		t.Error("a continuous duty is never late")
	}
	if got := d.asOf("thuong_xuyen", 2026); got != "2026-12-09" {
		t.Errorf("continuous duties resolve as of %s", got)
	}
}

// Acceptance 15: another directive is another file.
func TestSyntheticDirectiveLoadsWithoutCode(t *testing.T) {
	raw, err := os.ReadFile("testdata/three-clauses.yaml")
	if err != nil {
		t.Fatal(err)
	}
	d, err := ReadDirective(raw, catalogue(t))
	if err != nil {
		t.Fatal(err)
	}
	if len(d.Clauses) != 3 || len(d.Duties()) != 4 || d.Clauses[2].Ref != "2.1" {
		t.Errorf("%d clauses, %d duties", len(d.Clauses), len(d.Duties()))
	}
}

func TestFaultsNameLineAndField(t *testing.T) {
	cat := catalogue(t)
	good := string(directives.Dispatch4569)
	for _, c := range []struct{ old, new, code, field string }{
		{"id: d2a,", "id: d2b,", "reporting/given-twice", ": id"},
		{"assignee: cong_an_tinh, pass_down", "assignee: cong_an_huyen, pass_down", "reporting/unknown-selector", ": assignee"},
		{"evidence: [ke_hoach_nam], indicators: [A01, A05]", "evidence: [ke_hoach_nam], indicators: [A01, Z99]", "reporting/unknown-indicator", ": indicators"},
		{"due: bo_tttt, form: bc-tong-hop-4569", "due: hom_nao_do, form: bc-tong-hop-4569", "reporting/unknown-due-rule", ": due"},
		{"form: bm-4569-nam, evidence", "form: bm-khac, evidence", "reporting/unknown-form", ": form"},
		{"depends_on: [d1.5]", "depends_on: [d9]", "reporting/unknown-duty", ": depends_on"},
		{"strictly_before: \"12-10\"", "strictly_before: \"12-32\"", "input/not-a-date", ": strictly_before"},
		{"prev(X06)", "prev(X66)", "reporting/unknown-cell", ": rule"},
		{"X07 <= X06", "X07 ~ X06", "reporting/rule-not-understood", ": rule"},
		{"under: cong_an_tinh", "under: cong_an_dp", "reporting/selector-circle", ": selectors"},
		{"ref: \"5.3\"", "ref: \"5-3\"", "reporting/unknown-clause", ": ref"},
		{"consolidator: tong_hop ", "consolidatr: tong_hop ", "reporting/not-in-schema", ""},
		{"kinds: [cong_an]", "kindz: [cong_an]", "reporting/not-in-schema", ""},
		{"schema: directive/v1", "schema: directive/v9", "reporting/unknown-schema", ": schema"},
	} {
		if !strings.Contains(good, c.old) {
			t.Fatalf("the file no longer has %q", c.old)
		}
		bad := strings.Replace(good, c.old, c.new, 1)
		line := 1 + strings.Count(good[:strings.Index(good, c.old)], "\n")
		_, err := ReadDirective([]byte(bad), cat)
		p := problem.From(err)
		found := false
		for _, f := range p.Fields {
			found = found || f.Code == c.code && strings.HasSuffix(f.Name, c.field) && strings.HasPrefix(f.Name, "line ") &&
				(strings.HasPrefix(f.Name, "line "+itoa(line)+c.field) || c.code == "reporting/given-twice" || c.field == ": selectors")
		}
		if p.Code != "reporting/directive-faulty" || !found {
			t.Errorf("%q: want %s at line %d, got %v", c.new, c.code, line, err)
		}
	}
	if _, err := ReadDirective([]byte("{"), cat); !problem.Is(err, "reporting/directive-faulty") {
		t.Errorf("got %v", err)
	}
}

func itoa(n int) string {
	if n < 10 {
		return string(rune('0' + n))
	}
	return itoa(n/10) + string(rune('0'+n%10))
}

func TestLayoutOfTheYearlyForm(t *testing.T) {
	d, cat := dispatch(t)
	f := d.Forms["bm-4569-nam"]
	t.Logf("%d cells, %d indicators", len(f.Cells), len(f.indicators))
	for code, want := range map[string]string{
		"B03": "", "B03.cap_hoc.thcs": "B03", "B03.gioi.nu": "B03", "E14.da_go": "", "B08.tu.tuoi.d6": "B08.tu",
		"C02.cap_hoc.thpt": "C02.doi_tuong.giao_vien", "X08.han.dung_han": "X08",
	} {
		i, ok := f.Index(code)
		if !ok {
			t.Errorf("no cell %s", code)
			continue
		}
		got := ""
		if total := f.Cells[i].Total; total >= 0 {
			got = f.Cells[total].Code
		}
		if got != want {
			t.Errorf("%s is part of %q, want %q", code, got, want)
		}
		if f.CellLabel(f.Cells[i], cat) == "" {
			t.Errorf("%s has no label", code)
		}
	}
	if i, _ := f.Index("B08.tu.tuoi.t16_17"); !f.Cells[i].Beside {
		t.Error("16 and 17 are not part of the number of children")
	}
}

func TestJudge(t *testing.T) {
	d, cat := dispatch(t)
	f := d.Forms["bm-4569-nam"]
	asked := f.asked([]string{"B04", "X06", "X07", "B08", "A03"})
	at := func(code string) int { i, _ := f.Index(code); return i }
	findings := func(c, prev Cells) string {
		var out []string
		for _, fi := range d.judge(f, cat, c, asked, prev) {
			out = append(out, fi.Check+" "+fi.Cell)
		}
		return strings.Join(out, ", ")
	}
	c := NewCells(len(f.Cells))
	if got := findings(c, Cells{}); got != "c6 A03, c6 B04, c6 B08.tu, c6 B08.mau, c6 X06, c6 X07" {
		t.Errorf("an empty form: %s", got)
	}
	for _, code := range []string{"X06", "X07", "A03", "B04", "B08.tu", "B08.mau"} {
		c.Set(at(code), 0)
	}
	if got := findings(c, Cells{}); got != "" {
		t.Errorf("all explicit zeros: %s", got)
	}
	c.Set(at("B04"), 10)
	if got := findings(c, Cells{}); got != "c6 B04.gioi.nam, c6 B04.gioi.nu, c6 B04.gioi.khong_biet" {
		t.Errorf("a total without parts: %s", got)
	}
	c.Set(at("B04.gioi.nam"), 4)
	c.Set(at("B04.gioi.nu"), 5)
	c.Set(at("B04.gioi.khong_biet"), 0)
	if got := findings(c, Cells{}); got != "c5 B04" {
		t.Errorf("4 and 5 are not 10: %s", got)
	}
	c.Set(at("B04.gioi.nu"), 6)
	c.Set(at("X06"), 3)
	c.Set(at("X07"), 5)
	if got := findings(c, Cells{}); got != "" {
		t.Errorf("without a year before, carried-over cases are not known: %s", got)
	}
	prev := NewCells(len(f.Cells))
	prev.Set(at("X06"), 2)
	prev.Set(at("X07"), 1)
	prev.Set(at("A03"), 4)
	prev.Set(at("B04"), 1)
	if got := findings(c, prev); got != "c1 X07, c4 B04" {
		t.Errorf("5 handled of 3 found and 1 carried over; 10 after 1: %s", got)
	}
	c.Set(at("B08.tu"), 1)
	if got := findings(c, Cells{}); !strings.Contains(got, "c7 B08.tu") {
		t.Errorf("1 of 0: %s", got)
	}
}

func TestExpr(t *testing.T) {
	e, err := parseExpr("X07 <= 2*X06 + prev(X06) - 3")
	if err != nil {
		t.Fatal(err)
	}
	value := func(code string, prev bool) (int64, bool) {
		return map[string]int64{"X07": 7, "X06": 4, "prev X06": 2}[map[bool]string{true: "prev ", false: ""}[prev]+code], true
	}
	if ok, known := e.holds(value); !ok || !known {
		t.Error("7 <= 8 + 2 - 3")
	}
	for _, bad := range []string{"", "X07", "X07 <=", "<= X06", "X07 <= x06", "X07 <= prev(X06", "X07 <= a*X06", "X07 <= X06 +", "X07 <= (X06)"} {
		if _, err := parseExpr(bad); err == nil {
			t.Errorf("%q was understood", bad)
		}
	}
}

func TestPackedCells(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		c := NewCells(rapid.IntRange(0, 300).Draw(t, "cells"))
		for i := range c.Len() {
			if rapid.Bool().Draw(t, "filled") {
				c.Set(i, rapid.Int64Range(-maxValue, maxValue).Draw(t, "value"))
			}
		}
		raw := c.pack()
		back, err := unpack(raw)
		if err != nil || !slices.Equal(back.filled, c.filled) || !slices.Equal(back.values, c.values) {
			t.Fatalf("%v read back as %v, %v", c, back, err)
		}
		if cut := rapid.IntRange(0, len(raw)-1).Draw(t, "cut"); cut < len(raw) {
			if _, err := unpack(raw[:cut]); err == nil {
				t.Fatalf("%d of %d bytes were taken for all", cut, len(raw))
			}
		}
		if _, err := unpack(append(raw, 0)); err == nil {
			t.Fatal("a trailing byte was taken")
		}
	})
}
