// SPDX-License-Identifier: Apache-2.0

package reporting

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"lachan/directives"
	"lachan/duty"
	"lachan/internal/authz"
	"lachan/internal/clock"
	"lachan/internal/ledger"
	"lachan/internal/problem"
	"lachan/internal/sqldb"
	"lachan/internal/testkit"
	"lachan/org"
	"lachan/policy"
)

type diary struct{ entries []ledger.Entry }

func (d *diary) Append(_ context.Context, _ *sqldb.Tx, e ledger.Entry) (string, error) {
	d.entries = append(d.entries, e)
	return "entry", nil
}

type figures map[string]int64

func (f figures) Figures(context.Context, duty.Period, string) (map[string]int64, error) {
	return f, nil
}

type world struct {
	*Service
	t     testing.TB
	clock *clock.Fixed
	log   *diary
	lead  authz.Actor
}

const dispatchID = "qni-2024-4569"

func at(day string, hour int) time.Time {
	d, err := duty.ParseDate(day)
	if err != nil {
		panic(err)
	}
	return d.Start().Add(time.Duration(hour) * time.Hour)
}

func newWorld(t testing.TB, sources map[duty.ID]Figures) *world {
	t.Helper()
	ctx := context.Background()
	engine, err := authz.New(policy.FS)
	if err != nil {
		t.Fatal(err)
	}
	w := &world{t: t, clock: clock.NewFixed(at("2026-11-23", 9)), log: &diary{}}
	db := testkit.DB(t)
	o := org.New(org.Deps{DB: db, Clock: w.clock, Authz: engine, Ledger: w.log})
	pack, err := org.QuangNgai()
	if err != nil {
		t.Fatal(err)
	}
	if err := o.AddPack(ctx, authz.System("test"), pack); err != nil {
		t.Fatal(err)
	}
	w.Service = New(Deps{DB: db, Clock: w.clock, Org: o, Authz: engine, Ledger: w.log, Catalogue: catalogue(t), Sources: sources})
	w.lead = authz.Actor{Person: "lead", Unit: w.unit("qni/so/khcn"), Roles: []string{authz.Lead}}
	if _, err := w.LoadDirective(ctx, authz.System("test"), directives.Dispatch4569); err != nil {
		t.Fatal(err)
	}
	return w
}

func (w *world) unit(key string) string {
	w.t.Helper()
	u, err := w.Org.ByKey(key)
	if err != nil {
		w.t.Fatalf("%s: %v", key, err)
	}
	return u.ID
}

func focal(unit string) authz.Actor {
	return authz.Actor{Person: "focal of " + unit, Unit: unit, Roles: []string{authz.Focal}}
}

// fill writes every asked cell of a unit: zero, but for the given ones.
func (w *world) fill(unit string, year int, values map[string]string) {
	w.t.Helper()
	v, err := w.OpenForm(context.Background(), focal(unit), dispatchID, unit, year)
	if err != nil {
		w.t.Fatal(err)
	}
	cmd := SaveDraft{Directive: dispatchID, Unit: unit, Year: year}
	for _, section := range v.Sections {
		for _, i := range section.Indicators {
			for _, c := range i.Cells {
				if c.Locked {
					continue
				}
				text, ok := values[c.Cell.Code]
				if !ok {
					text = "không phát sinh"
				}
				cmd.Cells = append(cmd.Cells, CellEdit{Code: c.Cell.Code, Text: text, Was: FormatCell(c.Value, c.State != Missing), Note: "mẫu"})
			}
		}
	}
	saved, err := w.SaveDraft(context.Background(), focal(unit), cmd)
	if err != nil || len(saved.Conflicts) > 0 || saved.Cells != len(cmd.Cells) {
		w.t.Fatalf("saved %+v of %d, %v", saved, len(cmd.Cells), err)
	}
}

func (w *world) submit(unit string, year int) Submission {
	w.t.Helper()
	sub, err := w.Submit(context.Background(), focal(unit), dispatchID, unit, year)
	if err != nil {
		w.t.Fatal(err)
	}
	return sub
}

func (w *world) accept(sub Submission) Submission {
	w.t.Helper()
	sub, err := w.Accept(context.Background(), w.lead, sub.ID)
	if err != nil {
		w.t.Fatal(err)
	}
	return sub
}

// report puts an accepted report of any unit and year into the database, past
// the checks of a form, for tests of totals.
func (w *world) report(unit string, year int, cells Cells) {
	w.t.Helper()
	ctx := context.Background()
	form := "bm-4569-nam"
	err := w.DB.Tx(ctx, func(ctx context.Context, tx *sqldb.Tx) error {
		rev, err := sqldb.One(ctx, tx, qLastRevision, sqldb.Scalar[int64], form, year, unit)
		if err != nil {
			return err
		}
		pin, err := sqldb.One(ctx, tx, qNextPin, sqldb.Scalar[int64], form, year)
		if err != nil {
			return err
		}
		sub := fmt.Sprintf("s-%s-%d-%d", unit, year, rev+1)
		if _, err := sqldb.Exec(ctx, tx, qSubmit, sub, form, 1, unit, year, rev+1, cells.pack(), "{}", true, clock.Micro(w.now()), "test"); err != nil {
			return err
		}
		_, err = sqldb.Exec(ctx, tx, qDecide, sub, form, year, true, pin, "{}", clock.Micro(w.now()), "lead")
		return err
	})
	if err != nil {
		w.t.Fatal(err)
	}
}

func (w *world) cell(t *Totals, c Cells, code string) string {
	w.t.Helper()
	i, ok := t.Form.Index(code)
	if !ok {
		w.t.Fatalf("no cell %s", code)
	}
	v, filled := c.Get(i)
	return FormatCell(v, filled)
}

func (w *world) totals(q TotalsQuery) *Totals {
	w.t.Helper()
	q.Directive = dispatchID
	t, err := w.Totals(context.Background(), w.lead, q)
	if err != nil {
		w.t.Fatal(err)
	}
	return t
}

// Clauses: 1.5
func TestPreviewAndDistribute(t *testing.T) {
	ctx := context.Background()
	w := newWorld(t, nil)
	p, err := w.Preview(ctx, w.lead, dispatchID, 2026)
	if err != nil {
		t.Fatal(err)
	}
	if len(p.Items) != 29 || p.AsOf != "2026-12-09" || len(p.Empty) != 0 {
		t.Errorf("%d items as of %s, nobody for %v", len(p.Items), p.AsOf, p.Empty)
	}
	communes, papers := 0, 0
	for _, u := range p.Expected() {
		if u.Level == org.LevelCommune {
			communes++
		}
		if u.Key == "qni/bao" {
			papers++
		}
	}
	if communes != 96 || papers != 1 {
		t.Errorf("%d communes and %d newspapers report; want 96 and 1", communes, papers)
	}
	for _, item := range p.Items {
		if item.Duty.ID == "d1.5" && (!item.Inherited || len(item.Units) != 113) {
			t.Errorf("d1.5: %d units, inherited %v", len(item.Units), item.Inherited)
		}
		if item.Duty.ID == "d5.3" && len(item.Unverified) != 1 {
			t.Error("who consolidates is not confirmed and must be shown so")
		}
		if item.Duty.ID == "d2a" && item.PassDown != 96 {
			t.Errorf("d2a can be passed to %d police units", item.PassDown)
		}
	}
	if old, err := w.Preview(ctx, w.lead, dispatchID, 2024); err != nil || len(old.Expected()) != 13+20+3 {
		t.Errorf("in 2024: %d units, %v", len(old.Expected()), err)
	}
	if _, err := w.Distribute(ctx, focal(w.unit("qni/bao")), dispatchID, 2026); problem.KindOf(err) != problem.Forbidden {
		t.Errorf("a focal person distributed: %v", err)
	}
	done, err := w.Distribute(ctx, w.lead, dispatchID, 2026)
	if err != nil || done.Units != len(p.byUnit) || done.Assignments == 0 || done.Copies == 0 {
		t.Fatalf("%+v, %v", done, err)
	}
	again, err := w.Distribute(ctx, w.lead, dispatchID, 2026)
	if err != nil || again.Assignments != 0 || again.Copies != 0 {
		t.Errorf("the second time wrote %+v, %v", again, err)
	}
	if _, err := w.Distribute(ctx, w.lead, dispatchID, 2023); !problem.Is(err, "reporting/before-first-year") {
		t.Errorf("got %v", err)
	}
}

func TestWorklistAcknowledgeAndCopies(t *testing.T) {
	ctx := context.Background()
	w := newWorld(t, nil)
	if _, err := w.Distribute(ctx, w.lead, dispatchID, 2026); err != nil {
		t.Fatal(err)
	}
	kontum := w.unit("qni/2025/23293")
	list, err := w.Worklist(ctx, focal(kontum), kontum, 2026)
	if err != nil {
		t.Fatal(err)
	}
	var ids []string
	reports := 0
	for _, item := range list {
		ids = append(ids, item.ID)
		if item.Duty.Form != "" {
			reports++
			if item.DaysLeft != 16 || item.Report != ReportNotStarted {
				t.Errorf("%s: %d days left, %s", item.Duty.ID, item.DaysLeft, item.Report)
			}
		}
	}
	if len(list) != 11 || reports != 1 {
		t.Errorf("a ward has %d duties, %d with a form", len(list), reports)
	}
	n, err := w.Acknowledge(ctx, focal(kontum), Acknowledge{kontum, ids})
	if err != nil || n != len(ids) {
		t.Fatalf("%d acknowledged, %v", n, err)
	}
	if n, err := w.Acknowledge(ctx, focal(kontum), Acknowledge{kontum, ids}); err != nil || n != 0 {
		t.Errorf("acknowledged %d twice, %v", n, err)
	}
	other := w.unit("qni/2025/21025")
	if _, err := w.Acknowledge(ctx, focal(other), Acknowledge{kontum, ids}); problem.KindOf(err) != problem.Forbidden {
		t.Errorf("another unit acknowledged: %v", err)
	}
	list, _ = w.Worklist(ctx, focal(kontum), kontum, 2026)
	if list[0].AckBy != focal(kontum).Person || !list[0].AckAt.Equal(w.now()) {
		t.Errorf("acknowledged by %q at %v", list[0].AckBy, list[0].AckAt)
	}
	youth := w.unit("qni/tuyengiao")
	list, err = w.Worklist(ctx, focal(youth), youth, 2026)
	if err != nil || len(list) != 1 || list[0].Role != RoleCopied || !list[0].Due.Last.IsZero() {
		t.Errorf("a copied unit sees %+v, %v", list, err)
	}
	if _, err := w.OpenForm(ctx, focal(youth), dispatchID, youth, 2026); !problem.Is(err, "reporting/owes-no-report") {
		t.Errorf("a copied unit owes nothing: %v", err)
	}
	receipts, err := w.Receipts(ctx, w.lead, dispatchID, 2026)
	if err != nil {
		t.Fatal(err)
	}
	i := slices.IndexFunc(receipts, func(r Receipt) bool { return r.Unit.ID == kontum })
	if i < 0 || receipts[i].Given != 11 || receipts[i].Acknowledged != 11 {
		t.Errorf("%d receipts, ours is number %d", len(receipts), i)
	}
}

// Clauses: 1.5
func TestDraftSubmitReturnAccept(t *testing.T) {
	ctx := context.Background()
	w := newWorld(t, nil)
	unit := w.unit("qni/2025/21548")
	if _, err := w.Submit(ctx, focal(unit), dispatchID, unit, 2026); !problem.Is(err, "reporting/blocked") {
		t.Fatalf("an empty form was taken: %v", err)
	}
	w.fill(unit, 2026, map[string]string{"A01": "3", "A01.loai_van_ban.ke_hoach": "1", "A01.loai_van_ban.chi_dao": "1"})
	_, err := w.Submit(ctx, focal(unit), dispatchID, unit, 2026)
	if p := problem.From(err); p.Code != "reporting/blocked" || len(p.Fields) != 1 || p.Fields[0].Name != "A01" {
		t.Fatalf("1 and 1 are not 3: %v", err)
	}
	w.fill(unit, 2026, map[string]string{"A01": "3", "A01.loai_van_ban.ke_hoach": "1", "A01.loai_van_ban.chi_dao": "2", "A05": "1.250"})
	first := w.submit(unit, 2026)
	if first.Revision != 1 || !first.OnTime {
		t.Errorf("%+v", first)
	}
	if got := w.cell(w.totals(TotalsQuery{Year: 2026}), w.totals(TotalsQuery{Year: 2026}).Total, "A01"); got != "" {
		t.Errorf("not accepted yet, but the total is %q", got)
	}
	if _, err := w.Return(ctx, w.lead, Return{first.ID, map[string]string{"A05": " "}}); len(problem.From(err).Fields) != 1 {
		t.Errorf("returned without a reason: %v", err)
	}
	if _, err := w.Return(ctx, focal(unit), Return{first.ID, map[string]string{"A05": "xem lại"}}); problem.KindOf(err) != problem.Forbidden {
		t.Errorf("a unit returned its own report: %v", err)
	}
	if _, err := w.Return(ctx, w.lead, Return{first.ID, map[string]string{"A05": "xem lại"}}); err != nil {
		t.Fatal(err)
	}
	if _, err := w.Accept(ctx, w.lead, first.ID); !problem.Is(err, "reporting/already-decided") {
		t.Errorf("got %v", err)
	}
	v, err := w.OpenForm(ctx, focal(unit), dispatchID, unit, 2026)
	if err != nil || v.State != ReportReturned {
		t.Fatalf("%v %v", v.State, err)
	}
	found := false
	for _, s := range v.Sections {
		for _, i := range s.Indicators {
			for _, c := range i.Cells {
				if c.Cell.Code == "A05" {
					found = c.Returned == "xem lại" && c.Value == 1250
				}
			}
		}
	}
	if !found {
		t.Error("the returned cell does not show its value and its reason")
	}
	if _, err := w.Submit(ctx, focal(unit), dispatchID, unit, 2026); !problem.Is(err, "reporting/nothing-new") {
		t.Errorf("the same again: %v", err)
	}
	w.clock.Set(at("2026-12-11", 8)) // after the due: the report stays on time, by its first revision
	w.fill(unit, 2026, map[string]string{"A01": "3", "A01.loai_van_ban.ke_hoach": "1", "A01.loai_van_ban.chi_dao": "2", "A05": "125"})
	second := w.submit(unit, 2026)
	w.accept(second)
	total := w.totals(TotalsQuery{Year: 2026})
	if a, b := w.cell(total, total.Total, "A01"), w.cell(total, total.Total, "A05"); a != "3" || b != "125" || total.Pin != 1 {
		t.Errorf("totals %s and %s at %d", a, b, total.Pin)
	}
	if c := total.Coverage; c.Submitted != 1 || c.Accepted != 1 || c.OnTime != 1 || len(c.Missing) != 112 || !c.Overdue {
		t.Errorf("coverage %d %d %d, %d missing", c.Submitted, c.Accepted, c.OnTime, len(c.Missing))
	}
	history, err := w.History(ctx, focal(unit), dispatchID, unit, 2026)
	if err != nil || len(history) != 2 || history[0].State != StateReturned || history[1].State != StateAccepted {
		t.Errorf("history %+v, %v", history, err)
	}
	kinds := []string{}
	for _, e := range w.log.entries {
		kinds = append(kinds, e.Kind)
	}
	if !slices.Contains(kinds, "reporting.returned") || !slices.Contains(kinds, "reporting.accepted") {
		t.Errorf("ledger has %v", kinds)
	}
}

func TestLateIsByTheFirstRevision(t *testing.T) {
	w := newWorld(t, nil)
	for _, c := range []struct {
		unit string
		at   time.Time
		want bool
	}{
		{w.unit("qni/2025/21548"), at("2026-12-10", 0).Add(-time.Second), true},
		{w.unit("qni/2025/21025"), at("2026-12-10", 0), false},
	} {
		w.clock.Set(c.at)
		w.fill(c.unit, 2026, nil)
		if sub := w.submit(c.unit, 2026); sub.OnTime != c.want {
			t.Errorf("%v: on time %v", c.at, sub.OnTime)
		}
	}
	cov, err := w.Missing(context.Background(), w.lead, dispatchID, 2026)
	if err != nil || len(cov.Late) != 1 || len(cov.Missing) != 111 || cov.OnTime != 1 || len(cov.Waiting) != 2 {
		t.Errorf("%d late, %d missing, %d on time, %d waiting, %v", len(cov.Late), len(cov.Missing), cov.OnTime, len(cov.Waiting), err)
	}
}

func TestWarningsWantAWord(t *testing.T) {
	ctx := context.Background()
	w := newWorld(t, nil)
	unit := w.unit("qni/2025/21548")
	before := NewCells(len(w.mainForm().Cells))
	i, _ := w.mainForm().Index("A05")
	before.Set(i, 10)
	w.report(unit, 2025, before)
	w.fill(unit, 2026, map[string]string{"A05": "100"})
	clear := SaveDraft{Directive: dispatchID, Unit: unit, Year: 2026, Cells: []CellEdit{{Code: "A05", Text: "100", Was: "100"}}}
	if _, err := w.SaveDraft(ctx, focal(unit), clear); err != nil {
		t.Fatal(err)
	}
	_, err := w.Submit(ctx, focal(unit), dispatchID, unit, 2026)
	if p := problem.From(err); p.Code != "reporting/unexplained" || len(p.Fields) != 1 || p.Fields[0].Name != "A05" {
		t.Fatalf("ten times last year without a word: %v", err)
	}
	clear.Cells[0].Note = "năm nay có báo điện tử"
	if _, err := w.SaveDraft(ctx, focal(unit), clear); err != nil {
		t.Fatal(err)
	}
	w.submit(unit, 2026)
}

func (w *world) mainForm() *Form {
	_, f := w.form("bm-4569-nam")
	return f
}

func TestDraftKeepsGoodCellsAndShowsConflicts(t *testing.T) {
	ctx := context.Background()
	w := newWorld(t, nil)
	unit := w.unit("qni/2025/21548")
	saved, err := w.SaveDraft(ctx, focal(unit), SaveDraft{Directive: dispatchID, Unit: unit, Year: 2026, Cells: []CellEdit{
		{Code: "A03", Text: "1.234"}, {Code: "A05", Text: "nhiều"}, {Code: "X01", Text: "-1"}, {Code: "E08", Text: "1"}, {Code: "XYZ", Text: "1"},
	}})
	if p := problem.From(err); saved.Cells != 1 || p.Code != "input/faulty" || len(p.Fields) != 4 {
		t.Errorf("saved %d, %v", saved.Cells, err)
	}
	saved, err = w.SaveDraft(ctx, focal(unit), SaveDraft{Directive: dispatchID, Unit: unit, Year: 2026, Cells: []CellEdit{
		{Code: "A03", Text: "7", Was: ""}, {Code: "X01", Text: "2", Was: ""},
	}})
	if err != nil || saved.Cells != 1 || len(saved.Conflicts) != 1 || saved.Conflicts[0] != (Conflict{"A03", "1234", "7"}) {
		t.Errorf("%+v, %v", saved, err)
	}
	if _, err := w.SaveDraft(ctx, focal(w.unit("qni/bao")), SaveDraft{Directive: dispatchID, Unit: unit, Year: 2026}); problem.KindOf(err) != problem.Forbidden {
		t.Errorf("another unit wrote: %v", err)
	}
}

func TestFiguresOfOtherDutiesAreFilledAndLocked(t *testing.T) {
	ctx := context.Background()
	w := newWorld(t, map[duty.ID]Figures{duty.Casework: figures{"E01": 41}})
	unit := w.unit("qni/so/vhttdl")
	v, err := w.OpenForm(ctx, focal(unit), dispatchID, unit, 2026)
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range v.Sections {
		for _, i := range s.Indicators {
			for _, c := range i.Cells {
				if (c.Cell.Code == "E01") != c.Locked || c.Locked && c.Value != 41 {
					t.Errorf("%s: locked %v, %d", c.Cell.Code, c.Locked, c.Value)
				}
			}
		}
	}
	w.fill(unit, 2026, nil)
	over := SaveDraft{Directive: dispatchID, Unit: unit, Year: 2026, Cells: []CellEdit{{Code: "E01", Text: "5", Was: "41"}}}
	if saved, err := w.SaveDraft(ctx, focal(unit), over); err != nil || saved.Cells != 0 {
		t.Errorf("a locked cell was written: %+v, %v", saved, err)
	}
	if sub := w.accept(w.submit(unit, 2026)); sub.Pin != 1 {
		t.Errorf("%+v", sub)
	}
	total := w.totals(TotalsQuery{Year: 2026})
	if got := w.cell(total, total.Total, "E01"); got != "41" {
		t.Errorf("what a person typed over a known figure counted: %s", got)
	}
}

func TestParseCell(t *testing.T) {
	for text, want := range map[string]string{
		"": "", " ": "", "0": "0", "1234": "1234", "1.234": "1234", "1,234": "1234", "1 234 567": "1234567",
		"１２": "12", "Không phát sinh": "0", "khong phat sinh": "0",
	} {
		v, filled, ok := ParseCell(text)
		if !ok || FormatCell(v, filled) != want {
			t.Errorf("%q: %d %v %v", text, v, filled, ok)
		}
	}
	for _, bad := range []string{"1.2", "1,23", "1.2345", "x", "1e3", "+5", ".123", "1.234,5", "12.34.567"} {
		if v, _, ok := ParseCell(bad); ok {
			t.Errorf("%q was read as %d", bad, v)
		}
	}
}

// Acceptance 8: A = 10 and B = 20 are merged.
func TestMergeInTwoFrames(t *testing.T) {
	w := newWorld(t, nil)
	f := w.mainForm()
	i, _ := f.Index("A03")
	// Nghĩa An and Nghĩa Phú became An Phú in January 2025.
	for key, v := range map[string]int64{"qni/2024/21262": 10, "qni/2024/21253": 20, "qni/2024/21142": 5} {
		c := NewCells(len(f.Cells))
		c.Set(i, v)
		w.report(w.unit(key), 2024, c)
	}
	if err := w.Refresh(context.Background()); err != nil {
		t.Fatal(err)
	}
	now := w.totals(TotalsQuery{Year: 2024, Frame: org.Today})
	if len(now.Parts) != 1 || now.Parts[0].Unit.Name != "Xã An Phú" || w.cell(now, now.Parts[0].Cells, "A03") != "30" {
		t.Errorf("today: %+v", now.Parts)
	}
	if len(now.Buckets) != 1 || now.Buckets[0].Unit.Name != "Xã Trà Bùi" || w.cell(now, now.Buckets[0].Cells, "A03") != "5" {
		t.Errorf("a divided commune must be a bucket with its name: %+v", now.Buckets)
	}
	if got := w.cell(now, now.Total, "A03"); got != "35" {
		t.Errorf("total %s", got)
	}
	then := w.totals(TotalsQuery{Year: 2024, Frame: org.AsReported})
	city := w.totals(TotalsQuery{Year: 2024, Frame: org.AsReported, Node: w.unit("qni/2024/522")})
	if w.cell(then, then.Total, "A03") != "35" || len(then.Buckets) != 0 || len(city.Parts) != 2 ||
		w.cell(city, city.Parts[0].Cells, "A03") != "20" || w.cell(city, city.Parts[1].Cells, "A03") != "10" {
		t.Errorf("as reported: %+v", city.Parts)
	}
	old := w.totals(TotalsQuery{Year: 2024, Frame: org.AsOf, Day: "2024-08-23"})
	if len(old.Parts) != 2 || w.cell(old, old.Parts[0].Cells, "A03") != "30" || w.cell(old, old.Parts[1].Cells, "A03") != "5" {
		t.Errorf("the districts of 2024: %+v", old.Parts)
	}
	open, err := w.Contributors(context.Background(), w.lead, TotalsQuery{Directive: dispatchID, Year: 2024, Frame: org.Today}, "A03")
	if err != nil || len(open) != 3 || open[0].Value != 20 || open[0].Revision != 1 {
		t.Errorf("a figure opens to %+v, %v", open, err)
	}
}

// Acceptance 7: the sum of any frame is the total less the named buckets.
func TestFramesLoseNothing(t *testing.T) {
	w := newWorld(t, nil)
	f := w.mainForm()
	days := []org.Day{"2024-08-23", "2025-01-15", "2025-03-02", "2025-06-30", "2025-07-01", "2026-11-23"}
	var units []string
	for _, d := range days {
		for u := range w.Org.At(d).All() {
			units = append(units, u.ID)
		}
	}
	slices.Sort(units)
	units = slices.Compact(units)
	year := 2024
	rapid.Check(t, func(rt *rapid.T) {
		year++
		c := w.cube("bm-4569-nam", year)
		var want int64
		i, _ := f.Index("A03")
		for n := range rapid.IntRange(1, 60).Draw(rt, "reports") {
			cells := NewCells(len(f.Cells))
			v := rapid.SampledFrom([]int64{0, 1, 7, 1 << 31, 3 << 33}).Draw(rt, "value")
			cells.Set(i, v)
			u := rapid.SampledFrom(units).Draw(rt, "unit")
			if _, twice := c.revisions[u]; !twice {
				want += v
				c.follow(Submission{ID: fmt.Sprint(u, year), Unit: u, Revision: 1, State: StateAccepted, Pin: int64(n + 1), Cells: cells})
			}
		}
		q := TotalsQuery{Year: year, Frame: org.AsOf, Day: rapid.SampledFrom(days).Draw(rt, "day")}
		for _, q := range []TotalsQuery{q, {Year: year, Frame: org.Today}, {Year: year}} {
			total := w.totals(q)
			var sum, buckets int64
			add := func(into *int64, c Cells) {
				v, _ := c.Get(i)
				*into += v
			}
			add(&sum, total.Own)
			for _, p := range total.Parts {
				add(&sum, p.Cells)
				if len(w.Org.At(total.Day).Children(p.Unit.ID)) > 0 {
					below := w.totals(TotalsQuery{Year: year, Frame: org.AsOf, Day: total.Day, Node: p.Unit.ID})
					if a, b := w.cell(total, p.Cells, "A03"), w.cell(below, below.Total, "A03"); a != b {
						rt.Fatalf("%s is %s as a part and %s as a whole", p.Unit.Name, a, b)
					}
				}
			}
			for _, p := range total.Buckets {
				add(&buckets, p.Cells)
				if p.Unit.Name == "" {
					rt.Fatal("a bucket without a name")
				}
			}
			got, _ := total.Total.Get(i)
			if got != want || sum != want-buckets {
				rt.Fatalf("%s of %s: %d reported, total %d, parts %d, buckets %d", total.Frame, total.Day, want, got, sum, buckets)
			}
		}
	})
}

// A second hub on the same database sees what the first has committed, and a
// hub that starts has the totals of one that ran on.
func TestAnotherHubFollows(t *testing.T) {
	ctx := context.Background()
	w := newWorld(t, nil)
	other := New(w.Deps)
	if err := other.Refresh(ctx); err != nil {
		t.Fatal(err)
	}
	unit := w.unit("qni/2025/21548")
	w.fill(unit, 2026, map[string]string{"A03": "3"})
	sub := w.submit(unit, 2026)
	if err := other.Refresh(ctx); err != nil {
		t.Fatal(err)
	}
	if list, err := other.Waiting(ctx, w.lead, dispatchID, 2026); err != nil || len(list) != 1 || list[0].ID != sub.ID {
		t.Errorf("waiting on the other hub: %v, %v", list, err)
	}
	w.accept(sub)
	if err := other.Refresh(ctx); err != nil {
		t.Fatal(err)
	}
	total, err := other.Totals(ctx, w.lead, TotalsQuery{Directive: dispatchID, Year: 2026})
	if err != nil || w.cell(total, total.Total, "A03") != "3" {
		t.Errorf("%v", err)
	}
}

func TestNewestAcceptedRevisionCountsAndPinsStay(t *testing.T) {
	ctx := context.Background()
	w := newWorld(t, nil)
	unit := w.unit("qni/2025/21548")
	for n, v := range []string{"3", "8"} {
		w.fill(unit, 2026, map[string]string{"A03": v})
		if sub := w.accept(w.submit(unit, 2026)); sub.Pin != int64(n+1) {
			t.Errorf("acceptance %d has the number %d", n+1, sub.Pin)
		}
		w.clock.Advance(time.Hour)
	}
	for pin, want := range map[int64]string{0: "8", 1: "3", 2: "8"} {
		total := w.totals(TotalsQuery{Year: 2026, Pin: pin})
		if got := w.cell(total, total.Total, "A03"); got != want {
			t.Errorf("at %d: %s, want %s", pin, got, want)
		}
	}
	fresh := New(w.Deps)
	if err := fresh.Refresh(ctx); err != nil {
		t.Fatal(err)
	}
	total, err := fresh.Totals(ctx, w.lead, TotalsQuery{Directive: dispatchID, Year: 2026})
	if err != nil || w.cell(total, total.Total, "A03") != "8" || total.Pin != 2 {
		t.Errorf("after a restart: %v", err)
	}
}

func TestOneDecisionAmongMany(t *testing.T) {
	ctx := context.Background()
	w := newWorld(t, nil)
	unit := w.unit("qni/2025/21548")
	w.fill(unit, 2026, nil)
	sub := w.submit(unit, 2026)
	results := make(chan error, 6)
	for n := range cap(results) {
		go func() {
			lead := w.lead
			lead.Person = fmt.Sprint("lead ", n)
			_, err := w.Accept(ctx, lead, sub.ID)
			results <- err
		}()
	}
	won := 0
	for range cap(results) {
		if err := <-results; err == nil {
			won++
		} else if !problem.Is(err, "reporting/already-decided") {
			t.Error(err)
		}
	}
	if won != 1 {
		t.Errorf("%d people accepted one report", won)
	}
}

// 18 million cells: 10,000 units, 360 cells, 5 years.
func BenchmarkRegroup18M(b *testing.B) {
	const units, cells, years, nodes = 10000, 360, 5, 96
	sheets := make([]*sheet, years)
	for y := range sheets {
		sheets[y] = newSheet(cells)
		for u := range units {
			c := NewCells(cells)
			for i := range cells {
				if (u+i)%10 != 0 {
					c.Set(i, int64(u*i%1000))
				}
			}
			sheets[y].put(fmt.Sprint(u), c)
		}
	}
	group := make([]int32, units)
	for u := range group {
		group[u] = int32(u % nodes)
	}
	b.ResetTimer()
	for b.Loop() {
		done := make(chan groups, years)
		for _, s := range sheets {
			go func() { done <- s.regroup(group, nodes) }()
		}
		for range years {
			<-done
		}
	}
}

// A restart with 50,000 stored submissions: reading packed arrays into sheets.
func BenchmarkRestart50k(b *testing.B) {
	const units, cells, years = 10000, 360, 5
	c := NewCells(cells)
	for i := range cells {
		if i%10 != 0 {
			c.Set(i, int64(i*37%1000))
		}
	}
	raw := c.pack()
	for b.Loop() {
		for range years {
			s := newSheet(cells)
			for u := range units {
				one, err := unpack(raw)
				if err != nil {
					b.Fatal(err)
				}
				s.put(fmt.Sprint(u), one)
			}
		}
	}
}

// One acceptance until its figure is in the province's total, on disk.
func BenchmarkAcceptToTotal(b *testing.B) {
	w := newWorld(b, nil)
	unit := w.unit("qni/2025/21548")
	q := TotalsQuery{Year: 2026, Frame: org.Today}
	for b.Loop() {
		b.StopTimer()
		w.fill(unit, 2026, map[string]string{"A03": "3"})
		sub := w.submit(unit, 2026)
		b.StartTimer()
		w.accept(sub)
		w.totals(q)
	}
}

// A form that grew at its end takes up a draft that was kept before.
func TestClause_3_FormGrowsUnderADraft(t *testing.T) {
	ctx := context.Background()
	w := newWorld(t, map[duty.ID]Figures{duty.Schools: figures{"D01.tu": 640, "D01.mau": 925, "D09": 0}})
	now := string(directives.Dispatch4569)
	at := strings.Index(now, `      - {title: "9. `)
	before := now[:at] + now[at+strings.Index(now[at:], "\n")+1:]
	if _, err := w.LoadDirective(ctx, authz.System("test"), []byte(before)); err != nil {
		t.Fatal(err)
	}
	unit := w.unit("qni/so/gddt")
	edit := func(code, text, was string) {
		t.Helper()
		saved, err := w.SaveDraft(ctx, focal(unit), SaveDraft{Directive: dispatchID, Unit: unit, Year: 2026, Cells: []CellEdit{{Code: code, Text: text, Was: was}}})
		if err != nil || saved.Cells != 1 {
			t.Fatalf("%s: %+v, %v", code, saved, err)
		}
	}
	edit("A01.loai_van_ban.ke_hoach", "3", "")
	if _, err := w.LoadDirective(ctx, authz.System("test"), directives.Dispatch4569); err != nil {
		t.Fatal(err)
	}
	edit("D08.mau", "925", "")
	v, err := w.OpenForm(ctx, focal(unit), dispatchID, unit, 2026)
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]int64{}
	for _, s := range v.Sections {
		for _, i := range s.Indicators {
			for _, c := range i.Cells {
				if c.Locked || c.State == Value {
					got[c.Cell.Code] = c.Value
				}
			}
		}
	}
	want := map[string]int64{"A01.loai_van_ban.ke_hoach": 3, "D08.mau": 925, "D01.tu": 640, "D01.mau": 925, "D09": 0}
	if !maps.Equal(got, want) {
		t.Errorf("%v, want %v", got, want)
	}
}
