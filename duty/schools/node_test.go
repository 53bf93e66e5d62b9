// SPDX-License-Identifier: Apache-2.0

package schools

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"lachan/duty"
	"lachan/internal/bundle"
	"lachan/internal/clock"
	"lachan/internal/id"
	"lachan/internal/problem"
)

// nodeKey is a well-formed public key of nobody.
func nodeKey() string {
	letters := strings.NewReplacer("0", "A", "1", "B", "8", "C", "9", "D", "-", "").Replace(strings.ToUpper(id.New() + id.New()))
	return "U" + letters[:55]
}

// join enrols a node for schools.
func (k *kit) join(t testing.TB, schools ...string) Node {
	t.Helper()
	ctx := context.Background()
	token, _, err := k.CreateToken(ctx, lead, TokenCommand{Name: "Máy lọc mẫu", Schools: schools})
	if err != nil {
		t.Fatal(err)
	}
	n, err := k.Redeem(ctx, token, nodeKey(), "test")
	if err != nil {
		t.Fatal(err)
	}
	return n
}

func TestTokenIsForOneNodeOnce(t *testing.T) {
	k, ctx := newKit(t), context.Background()
	s := k.school(t, "truong-1", "primary")
	cmd := TokenCommand{Name: "Máy lọc mẫu", Schools: []string{s.ID}}
	if _, _, err := k.CreateToken(ctx, teacherOf("truong-2"), cmd); !problem.Is(err, "authz/forbidden") {
		t.Errorf("another school's teacher: %v", err)
	}
	token, expires, err := k.CreateToken(ctx, teacherOf("truong-1"), cmd)
	if err != nil || !expires.Equal(k.clock.Now().Add(48*time.Hour)) {
		t.Fatalf("%v, %v", expires, err)
	}
	key := nodeKey()
	if _, err := k.Redeem(ctx, token, "not a key", "1"); !problem.Is(err, "schools/not-a-node-key") {
		t.Errorf("%v", err)
	}
	if _, err := k.Redeem(ctx, "WRONG", key, "1"); !problem.Is(err, "schools/unknown-token") {
		t.Errorf("%v", err)
	}
	n, err := k.Redeem(ctx, " "+strings.ToLower(token)+" ", key, "1")
	if err != nil || len(n.Schools) != 1 {
		t.Fatalf("%+v, %v", n, err)
	}
	if again, err := k.Redeem(ctx, token, key, "1"); err != nil || again.ID != n.ID {
		t.Errorf("the same node, whose answer was lost: %+v, %v", again, err)
	}
	if _, err := k.Redeem(ctx, token, nodeKey(), "1"); !problem.Is(err, "schools/token-used") {
		t.Errorf("reuse: %v", err)
	}
	late, _, err := k.CreateToken(ctx, lead, cmd)
	if err != nil {
		t.Fatal(err)
	}
	k.clock.Advance(48 * time.Hour)
	if _, err := k.Redeem(ctx, late, nodeKey(), "1"); !problem.Is(err, "schools/token-expired") {
		t.Errorf("late: %v", err)
	}
	if k.ledger.count("schools.token_made") != 2 || k.ledger.count("schools.node_joined") != 1 {
		t.Error("the ledger lacks entries")
	}
}

func TestNodeStates(t *testing.T) {
	k, ctx := newKit(t), context.Background()
	s := k.school(t, "truong-1", "primary")
	n := k.join(t, s.ID)
	state := func() NodeState {
		t.Helper()
		nodes, err := k.Nodes(ctx, teacherOf("truong-1"))
		if err != nil || len(nodes) != 1 {
			t.Fatalf("%v, %v", nodes, err)
		}
		return k.State(nodes[0], 2, 5)
	}
	if got := state(); got != NodeWaiting {
		t.Error(got)
	}
	for _, c := range []struct {
		health Health
		want   NodeState
	}{
		{Health{"1", 2, 5, true, 0}, NodeOK}, {Health{"1", 1, 5, true, 0}, NodeBehind}, {Health{"1", 2, 4, true, 0}, NodeBehind}, {Health{"1", 2, 5, false, 0}, NodeBehind},
	} {
		if err := k.Heartbeat(ctx, n.ID, c.health); err != nil {
			t.Fatal(err)
		}
		if got := state(); got != c.want {
			t.Errorf("%+v: %s", c.health, got)
		}
	}
	k.clock.Advance(time.Hour)
	if got := state(); got != NodeSilent {
		t.Error(got)
	}
	if nodes, err := k.Nodes(ctx, teacherOf("truong-9")); !problem.Is(err, "schools/no-school") {
		t.Errorf("%v, %v", nodes, err)
	}
	if sides, err := k.SidesOf(ctx, n.ID); err != nil || len(sides) != 1 {
		t.Errorf("%v", err)
	}
	if _, err := k.RevokeNode(ctx, teacherOf("truong-1"), n.ID); err != nil {
		t.Fatal(err)
	}
	if err := k.Heartbeat(ctx, n.ID, Health{Version: "1"}); !problem.Is(err, "schools/no-node") {
		t.Errorf("a revoked node was heard: %v", err)
	}
	if _, err := k.RecordCounts(ctx, n.ID, 1, nil); !problem.Is(err, "schools/node-revoked") {
		t.Errorf("%v", err)
	}
	if keys, err := k.RevokedKeys(ctx); err != nil || len(keys) != 1 || keys[n.Key].IsZero() {
		t.Errorf("%v, %v", keys, err)
	}
	if ok, _ := k.NodeServes(ctx, n.ID, s.ID); ok {
		t.Error("still serves")
	}
}

func TestCountsAreTakenOnce(t *testing.T) {
	k, ctx := newKit(t), context.Background()
	s, other := k.school(t, "truong-1", "primary"), k.school(t, "truong-2", "primary")
	n := k.join(t, s.ID)
	nine := time.Date(2026, 11, 23, 9, 0, 0, 0, clock.Vietnam)
	cell := func(change func(*CountCell)) CountCell {
		c := CountCell{School: s.ID, Band: "primary", Category: "games", Span: HourSpan, Start: nine, Devices: 7}
		if change != nil {
			change(&c)
		}
		return c
	}
	batch := []CountCell{
		cell(nil),
		cell(func(c *CountCell) { c.Category, c.Devices = "emergency", 5 }),
		cell(func(c *CountCell) { c.Category, c.Span, c.Start = "tiktok", DaySpan, clock.StartOfDay(nine) }),
		cell(func(c *CountCell) { c.Span, c.Start = WeekSpan, clock.StartOfDay(nine) }), // a Monday
		// What cannot be true:
		cell(func(c *CountCell) { c.School = other.ID }),
		cell(func(c *CountCell) { c.Band = "adults" }),
		cell(func(c *CountCell) { c.Category = "whatever" }),
		cell(func(c *CountCell) { c.Category, c.Devices = "adult", 4 }),
		cell(func(c *CountCell) { c.Category, c.Devices = "drugs", 5000 }),
		cell(func(c *CountCell) { c.Start = nine.Add(time.Minute) }),
		cell(func(c *CountCell) { c.Start = nine.Add(2 * time.Hour) }),
		cell(func(c *CountCell) { c.Start = nine.AddDate(0, -3, 0) }),
		cell(func(c *CountCell) { c.Span = "minute" }),
		cell(func(c *CountCell) { c.Span, c.Start = WeekSpan, clock.StartOfDay(nine).AddDate(0, 0, -1) }),
		cell(nil), // the same cell twice
	}
	got, err := k.RecordCounts(ctx, n.ID, 1, batch)
	if err != nil || got != (CountResult{Taken: 4, Refused: 11}) {
		t.Fatalf("%+v, %v", got, err)
	}
	for range 3 {
		if got, err = k.RecordCounts(ctx, n.ID, 1, batch); err != nil || !got.Repeated || got.Taken != 0 {
			t.Fatalf("%+v, %v", got, err)
		}
	}
	if got, err = k.RecordCounts(ctx, n.ID, 2, []CountCell{cell(func(c *CountCell) { c.Band = "staff" })}); err != nil || got.Taken != 1 {
		t.Fatalf("%+v, %v", got, err)
	}
	window := CountFilter{School: s.ID, From: nine.AddDate(0, 0, -1), To: nine.AddDate(0, 0, 1)}
	counts, err := k.Counts(ctx, teacherOf("truong-1"), window)
	if err != nil || len(counts) != 5 {
		t.Fatalf("%+v, %v", counts, err)
	}
	if sums := ByCategory(counts); sums["games"] != 21 || sums["emergency"] != 5 || sums["tiktok"] != 7 {
		t.Errorf("%v", sums)
	}
	if hours := ByHour(counts); hours["games"][9] != 14 || hours["tiktok"][0] != 0 {
		t.Errorf("%v", hours)
	}
	if _, err := k.Counts(ctx, teacherOf("truong-2"), window); !problem.Is(err, "authz/forbidden") {
		t.Errorf("another school's teacher: %v", err)
	}
	window.School = ""
	if counts, err = k.Counts(ctx, teacherOf("truong-2"), window); err != nil || len(counts) != 0 {
		t.Errorf("%v, %v", counts, err)
	}
	if sums, err := k.DevicesBySchool(ctx, lead, window.From, window.To); err != nil || sums[s.ID] != 33 {
		t.Errorf("%v, %v", sums, err)
	}
	if _, err := k.RecordCounts(ctx, n.ID, 0, batch); !problem.Is(err, "schools/implausible") {
		t.Errorf("%v", err)
	}
}

func TestFigures(t *testing.T) {
	k, ctx := newKit(t), context.Background()
	k.importText(t, "Trò chơi", "games", "tro-choi-mau.example\n")
	one := k.school(t, "truong-1", "primary")
	k.school(t, "truong-2", "primary")
	mixed := k.school(t, "truong-3", "mixed")
	n, m := k.join(t, one.ID), k.join(t, mixed.ID)
	for _, nodeID := range []string{n.ID, m.ID} {
		if err := k.Heartbeat(ctx, nodeID, Health{Version: "1", Resolving: true}); err != nil {
			t.Fatal(err)
		}
	}
	if _, _, err := k.SaveNetwork(ctx, lead, NetworkCommand{School: one.ID, Prefix: "10.0.0.0/24", Band: "primary"}); err != nil {
		t.Fatal(err)
	}
	cell := CountCell{School: one.ID, Band: "primary", Category: "games", Span: HourSpan, Start: HourSpan.start(k.clock.Now()), Devices: 9}
	if _, err := k.RecordCounts(ctx, n.ID, 1, []CountCell{cell}); err != nil {
		t.Fatal(err)
	}
	for _, d := range []string{"tro-choi-mau.example", "www.tro-choi-mau.example"} {
		if err := k.Ask(ctx, n.ID, one.ID, "primary", d, "2026-11-23"); err != nil {
			t.Fatal(err)
		}
	}
	open, err := k.Requests(ctx, lead, one.ID, Open)
	if err != nil {
		t.Fatal(err)
	}
	if err := k.AnswerRequest(ctx, lead, AnswerCommand{RequestID: open[0].ID, Reason: "other"}); err != nil {
		t.Fatal(err)
	}
	k.clock.Advance(49 * time.Hour) // too late
	if err := k.AnswerRequest(ctx, lead, AnswerCommand{RequestID: open[1].ID, Reason: "other"}); err != nil {
		t.Fatal(err)
	}
	figures := func(p duty.Period, s Scope) map[string][2]int64 {
		t.Helper()
		all, err := k.Indicators(ctx, p, s)
		if err != nil {
			t.Fatal(err)
		}
		sums := map[string][2]int64{}
		for _, f := range all {
			key := f.Code + " " + f.By["level"] + " " + f.By["kind"] + f.By["category"]
			if _, twice := sums[key]; twice {
				t.Errorf("%s twice", key)
			}
			sums[key] = [2]int64{f.Value, f.Of}
		}
		return sums
	}
	got := figures(duty.CalendarYear(2026), Scope{})
	for key, want := range map[string][2]int64{
		"D03 primary ": {1, 2}, "D03 mixed ": {1, 1}, "D04 primary ": {1, 2}, "D04 mixed ": {0, 1},
		"D05 primary devices": {40, 0}, "D05 primary networks": {1, 0}, "D06 primary games": {9, 0}, "D07 primary games": {1, 2},
	} {
		if got[key] != want {
			t.Errorf("%s: %v, want %v", key, got[key], want)
		}
	}
	if got := figures(duty.CalendarYear(2025), Scope{}); got["D03 primary "] != [2]int64{0, 2} || got["D06 primary games"] != [2]int64{} {
		t.Errorf("2025: %v", got)
	}
	if got := figures(duty.CalendarYear(2026), Scope{Units: []string{"truong-2"}}); got["D03 primary "] != [2]int64{0, 1} || len(got) != 4 {
		t.Errorf("one school: %v", got)
	}
	for unit, want := range map[string]map[string]int64{
		"xa-mau":   {"D03.tu": 2, "D03.mau": 3, "D04.tu": 1, "D04.mau": 3, "D05": 80, "D07": 2},
		"truong-1": {"D03.tu": 1, "D03.mau": 1, "D04.tu": 1, "D04.mau": 1, "D05": 40, "D07": 2},
		"xa-khac":  {},
	} {
		cells, err := k.Figures(ctx, duty.CalendarYear(2026), unit)
		if d := cmp.Diff(want, cells); d != "" || err != nil {
			t.Errorf("%s: %s %v", unit, d, err)
		}
	}
}

func TestBandsOfARuleReachTheNode(t *testing.T) {
	k, ctx := newKit(t), context.Background()
	s := k.school(t, "truong-1", "primary")
	if err := k.SaveRule(ctx, lead, RuleCommand{School: s.ID, Domain: "mau.example", Reason: "distraction", Bands: bundle.BandsOf(bundle.Primary)}); err != nil {
		t.Fatal(err)
	}
	sealed, err := k.Side(ctx, s.ID)
	if err != nil {
		t.Fatal(err)
	}
	side, err := bundle.OpenSide(sealed.Sealed, bundle.NewTrust(k.public))
	if err != nil || len(side.Rules) != 1 || side.Rules[0].Bands != bundle.BandsOf(bundle.Primary) || side.Rules[0].Allow {
		t.Errorf("%+v, %v", side, err)
	}
}
