// SPDX-License-Identifier: Apache-2.0

package casework_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"lachan/duty/casework"
	"lachan/internal/authz"
	"lachan/internal/problem"
)

// A case without a deadline is neither paused nor late; one that is paused is.
// The lights, the filter of the queue and each row's own word say the same.
func TestLightsTellNoDeadlineFromAPause(t *testing.T) {
	w := newWorld(t).enrol(dutyUnit)
	paper := casework.Document{Number: "09/QĐ", Date: "2026-11-23"}
	var cases []casework.Receipted
	for i := range 4 {
		cmd := report()
		cmd.URL, cmd.Harms = fmt.Sprintf("https://trang%d.vidu.example/", i), []string{"harmful_content"}
		r := w.receive(cmd)
		w.ok(w.Look(w.ctx, officer(), r.Case)) // the only clock is met
		cases = append(cases, r)
	}
	want := map[string]casework.ClockState{}
	// One is suspended without any clock, one has a paused clock, one runs.
	w.ok(w.SetTrack(w.ctx, officer(), casework.TrackCommand{Case: cases[1].Case, Track: "takedown", End: "done"}))
	w.ok(w.Suspend(w.ctx, head(), casework.SuspendCommand{Case: cases[1].Case, Document: paper, Reason: "chờ"}))
	w.ok(w.SetTrack(w.ctx, officer(), casework.TrackCommand{Case: cases[2].Case, Track: "criminal", Number: "7/TB", Unit: police}))
	for _, k := range w.view(officer(), cases[2].Case).Clocks {
		if k.Code == "VR20D" {
			w.ok(w.SetClock(w.ctx, officer(), casework.ClockCommand{Case: cases[2].Case, Clock: k.ID, Kind: "pause", Document: paper}))
		} else if k.Met.IsZero() {
			w.ok(w.SetClock(w.ctx, officer(), casework.ClockCommand{Case: cases[2].Case, Clock: k.ID, Kind: "meet", Document: paper}))
		}
	}
	w.ok(w.SetTrack(w.ctx, officer(), casework.TrackCommand{Case: cases[3].Case, Track: "child_support"}))
	want[cases[0].Case], want[cases[1].Case] = casework.ClockNone, casework.ClockPaused
	want[cases[2].Case], want[cases[3].Case] = casework.ClockPaused, casework.ClockOK
	got, err := w.Lights(w.ctx, officer())
	w.ok(err)
	if got != (casework.Lights{Wait: 2, OK: 1, None: 1}) || got.All() != 4 {
		t.Fatalf("lights %+v", got)
	}
	for _, light := range []casework.ClockState{casework.ClockNone, casework.ClockPaused, casework.ClockOK, casework.ClockLate, casework.ClockSoon} {
		rows, _, err := w.Queue(w.ctx, officer(), casework.QueueFilter{Light: string(light)}, "")
		w.ok(err)
		found := map[string]bool{}
		for _, r := range rows {
			found[r.ID] = true
			if r.Light(w.clock.Now()) != light {
				t.Errorf("%s stands under %s and calls itself %s", r.Code, light, r.Light(w.clock.Now()))
			}
		}
		for id, is := range want {
			if found[id] != (is == light) {
				t.Errorf("a case that is %s: under %s %v", is, light, found[id])
			}
		}
	}
}

// Every proposal listed may be decided on by whom it is listed for, and every
// one that he may decide on is listed.
func TestApprovalsAreExactlyWhatMayBeDecided(t *testing.T) {
	w := newWorld(t).enrol(dutyUnit, above, health)
	proposer, second := officer(), who("c", dutyUnit, authz.Triage, authz.Head)
	kinds := map[string]casework.ProposalKind{}
	keep := func(p string, kind casework.ProposalKind, err error) {
		t.Helper()
		w.ok(err)
		kinds[p] = kind
	}
	w.names["xau.vidu.example"] = casework.Assessment{NeedsSecond: true}
	var target casework.Receipted
	for i := range 12 {
		cmd := report()
		cmd.URL = fmt.Sprintf("https://trang%d.vidu.example/", i)
		if i%4 == 2 {
			cmd.Danger = "yes" // a floor, below which two must agree
		}
		r := w.receive(cmd)
		if i == 0 {
			target = r
			w.ok(w.Exclude(w.ctx, proposer, w.keys[proposer.Person], casework.ExcludeCommand{Case: r.Case, Kind: "person", Subject: "b-" + dutyUnit, Reason: "quen biết"}))
			continue
		}
		if i%3 == 0 { // seen by another unit too, and there by one person less
			id, err := w.Refer(w.ctx, proposer, w.keys[proposer.Person], casework.ReferCommand{Case: r.Case, Kind: "referral", To: health, Fields: []string{"narrative"}, Consent: "reporter"})
			w.ok(err)
			if i%2 == 0 {
				w.ok(w.Accept(w.ctx, who("a", health, authz.Handler), id))
			}
			w.ok(w.Exclude(w.ctx, proposer, w.keys[proposer.Person], casework.ExcludeCommand{Case: r.Case, Kind: "person", Subject: "b-" + health, Reason: "quen biết"}))
		}
		switch i % 4 {
		case 0:
			answer, err := w.DecideBlock(w.ctx, proposer, blockCommand(r.Case))
			keep(answer.Proposal, casework.ProposeBlock, err)
		case 1:
			w.endTracks(proposer, r.Case)
			if i == 5 { // the head who handles a case does not agree to its end
				w.ok(w.Assign(w.ctx, proposer, r.Case, second.Person))
			}
			p, err := w.Close(w.ctx, proposer, casework.CloseCommand{Case: r.Case, Outcome: "O10"})
			keep(p, casework.ProposeClose, err)
		case 2:
			p, err := w.Override(w.ctx, proposer, casework.OverrideCommand{Case: r.Case, Points: 5, Reason: "đã xác minh"})
			keep(p, casework.ProposeLower, err)
		case 3:
			p, err := w.Merge(w.ctx, proposer, casework.MergeCommand{Case: r.Case, Into: target.Code, Reason: "cùng một việc"})
			keep(p, casework.ProposeMerge, err)
		}
	}
	listed, byKind := 0, map[casework.ProposalKind]bool{}
	for _, unit := range []string{dutyUnit, above, health} {
		for _, letter := range []string{"a", "b", "c"} {
			for _, role := range []string{authz.Triage, authz.Handler, authz.Takedown, authz.Police, authz.Head} {
				a := who(letter, unit, role)
				mine, err := w.Approvals(w.ctx, a)
				w.ok(err)
				shown := map[string]bool{}
				for _, p := range mine {
					shown[p.ID], byKind[p.Kind] = true, true
					if p.Code == "" || p.Kind != kinds[p.ID] || p.Kind == casework.ProposeMerge && p.About.Code != target.Code {
						t.Errorf("listed as %+v", p)
					}
				}
				listed += len(mine)
				for id, kind := range kinds {
					// A note too long is found after all permissions: nothing changes.
					err := w.Refuse(w.ctx, a, id, strings.Repeat("x", 4*casework.MaxWords+1))
					may := problem.Is(err, "input/faulty")
					if k := problem.KindOf(err); !may && k != problem.Forbidden && k != problem.NotFound {
						t.Fatal(err)
					}
					if may != shown[id] {
						t.Errorf("%s as %s, %s: listed %v, deciding gives %v", a.Person, role, kind, shown[id], err)
					}
				}
			}
		}
	}
	if listed == 0 || len(byKind) != 4 {
		t.Fatalf("%d listed, of %v: too little was compared", listed, byKind)
	}
	if _, err := w.Approvals(w.ctx, who("a", dutyUnit, authz.Analyst)); !problem.Is(err, "authz/forbidden") {
		t.Fatalf("an analyst gets %v", err)
	}
}

func TestWhatCannotBeJoinedIsNotProposed(t *testing.T) {
	w := newWorld(t).enrol(dutyUnit, above)
	a, b := w.receive(report()), w.receive(report())
	elsewhere := report()
	elsewhere.AboutUnits = []string{dutyUnit} // one level up
	c := w.receive(elsewhere)
	faulty := func(into, reason, field, code string) {
		t.Helper()
		_, err := w.Merge(w.ctx, officer(), casework.MergeCommand{Case: b.Case, Into: into, Reason: reason})
		w.is(err, "input/faulty")
		if f := problem.From(err).Fields[0]; f.Name != field || f.Code != code {
			t.Errorf("joining %q: %+v", into, f)
		}
	}
	faulty("", "x", "into", "input/required")
	faulty(a.Code, " ", "reason", "input/required")
	faulty("VV-1999-0001", "x", "into", "casework/no-such-code")
	faulty(c.Code, "x", "into", "casework/no-such-code") // there is one, and nobody here may know
	faulty(b.Code, "x", "into", "casework/not-mergeable")
	_, err := w.Merge(w.ctx, officer(), casework.MergeCommand{Case: b.Case, Into: strings.ToLower(a.Code), Reason: "cùng một phòng"})
	w.ok(err)
	if p := w.view(head(), b.Case).Proposals; len(p) != 1 || p[0].About.Code != a.Code {
		t.Fatalf("the second person reads %+v", p)
	}
	w.ok(w.Agree(w.ctx, head(), w.view(head(), b.Case).Proposals[0].ID))
	w.is(w.Reopen(w.ctx, officer(), b.Case, "có tin mới"), "casework/wrong-state")
}

func TestAClosedCaseIsReopenedWithAReason(t *testing.T) {
	w := newWorld(t).enrol(dutyUnit)
	r := w.receive(report())
	w.is(w.Reopen(w.ctx, officer(), r.Case, "có tin mới"), "casework/wrong-state")
	w.endTracks(officer(), r.Case)
	p, err := w.Close(w.ctx, officer(), casework.CloseCommand{Case: r.Case, Outcome: "O10"})
	w.ok(err)
	w.ok(w.Agree(w.ctx, head(), p))
	w.is(w.Assign(w.ctx, officer(), r.Case, officer().Person), "casework/wrong-state")
	w.is(w.Reopen(w.ctx, officer(), r.Case, " "), "input/faulty")
	w.clock.Advance(time.Hour)
	w.ok(w.Reopen(w.ctx, officer(), r.Case, "có tin mới"))
	v := w.view(officer(), r.Case)
	if v.State != casework.StateReopened || v.Events[0].Note != "có tin mới" || !v.Received.Equal(start) {
		t.Fatalf("reopened: %s, %+v", v.State, v.Events[0])
	}
	w.is(w.Assign(w.ctx, officer(), r.Case, ""), "input/faulty")
}
