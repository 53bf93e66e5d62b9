// SPDX-License-Identifier: Apache-2.0

package casework_test

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"lachan/duty"
	"lachan/duty/casework"
	"lachan/internal/authz"
	"lachan/internal/clock"
	"lachan/internal/vault"
)

func blockCommand(caseID string) casework.BlockCommand {
	return casework.BlockCommand{Case: caseID, Domain: "Xau.vidu.example.", Category: "gambling", Kind: "provisional", Basis: "ND147", Reason: "lý do mẫu"}
}

// The road of one report: look, block, answer, close; the child reads it all.
//
// Clause: 2
func TestAReportBecomesADecisionAndTheChildIsAnswered(t *testing.T) {
	w := newWorld(t).enrol(dutyUnit)
	cmd := report()
	r := w.receive(cmd)
	rows, next, err := w.Queue(w.ctx, officer(), casework.QueueFilter{}, "")
	w.ok(err)
	if len(rows) != 1 || next != "" || rows[0].Next != "look" || rows[0].Clock == nil || rows[0].Code != r.Code {
		t.Fatalf("queue %+v", rows)
	}
	w.ok(w.Look(w.ctx, officer(), r.Case))
	answer, err := w.DecideBlock(w.ctx, officer(), blockCommand(r.Case))
	w.ok(err)
	decided := heard[casework.Decided](w)
	if answer.Decision == "" || len(decided) != 1 || !slices.Contains(decided[0].Block.Policies, "casework.decide") || decided[0].Block.Domain != "xau.vidu.example" || !decided[0].Block.Until.Equal(start.Add(72*time.Hour)) {
		t.Fatalf("answer %+v, event %+v", answer, decided)
	}
	w.ok(w.Answer(w.ctx, officer(), casework.AnswerCommand{Case: r.Case, Text: "Cảm ơn em. Trang đó đã bị chặn ở trường."}))
	w.ok(w.Reply(w.ctx, cmd.Receipt, "dạ em cảm ơn"))
	_, err = w.Close(w.ctx, officer(), casework.CloseCommand{Case: r.Case, Outcome: "O3"})
	w.is(err, "casework/tracks-open")
	w.endTracks(officer(), r.Case)
	proposal, err := w.Close(w.ctx, officer(), casework.CloseCommand{Case: r.Case, Outcome: "O3", Note: "đã chặn"})
	w.ok(err)
	st, err := w.OpenStatus(w.ctx, cmd.Receipt)
	w.ok(err)
	if st.Plain != "working" || st.Outcome != "" {
		t.Fatalf("the outcome is told before the head agreed: %+v", st)
	}
	w.ok(w.Agree(w.ctx, head(), proposal))
	st, err = w.OpenStatus(w.ctx, cmd.Receipt)
	w.ok(err)
	if st.Plain != "done" || st.ExplainKey() != "casework.outcome.O3.child" || len(st.Thread) != 2 || !strings.Contains(st.Thread[0].Text, "đã bị chặn") || !st.Thread[1].Mine {
		t.Fatalf("status %+v", st)
	}
	v := w.view(officer(), r.Case)
	if v.State != casework.StateClosed || v.Reports[0].Words.Words == "" || v.Thread[1].Text != "dạ em cảm ơn" || v.Thread[0].Seen.IsZero() {
		t.Fatalf("case %+v", v)
	}
	if c := heard[casework.Closed](w); len(c) != 1 || c[0].Unfounded || len(heard[casework.BlockLifted](w)) != 0 {
		t.Fatal("a founded end must not lift a block")
	}
	for _, k := range v.Clocks {
		if k.Met.IsZero() {
			t.Errorf("clock %s runs on after the end", k.Code)
		}
	}
	// New words reopen the case; its first day stays.
	w.clock.Advance(48 * time.Hour)
	w.ok(w.Reply(w.ctx, cmd.Receipt, "trang đó lại mở được"))
	if v := w.view(officer(), r.Case); v.State != casework.StateReopened || !v.Received.Equal(start) || v.Outcome != "" {
		t.Fatalf("after new words: %s, received %v", v.State, v.Received)
	}
}

func TestLinksAndJoinedCasesKeepTheExcludedOut(t *testing.T) {
	w := newWorld(t).enrol(dutyUnit)
	plain, about := report(), report()
	about.ReportedPhone = "0905 555 555"
	w.staff[w.vault.Secrets().KeyedHash("casework.phone", "84905555555")] = []string{officer().Person}
	a, b := w.receive(plain), w.receive(about)
	if links := w.view(officer(), a.Case).Links; len(links) != 0 {
		t.Fatalf("a link betrays a case about the reader: %+v", links)
	}
	second, third := who("b", dutyUnit, authz.Triage), who("c", dutyUnit, authz.Head)
	if links := w.view(second, a.Case).Links; len(links) != 1 {
		t.Fatalf("another reader sees %+v", links)
	}
	w.is(w.ConfirmLink(w.ctx, officer(), a.Case, b.Case, true), "authz/not-found")
	w.ok(w.ConfirmLink(w.ctx, second, a.Case, b.Case, true))
	proposal, err := w.Merge(w.ctx, second, casework.MergeCommand{Case: b.Case, Into: a.Code, Reason: "cùng một phòng"})
	w.ok(err)
	w.ok(w.Agree(w.ctx, third, proposal))
	_, err = w.Case(w.ctx, officer(), w.keys[officer().Person], a.Case)
	w.is(err, "authz/not-found")
}

func TestAnEmergencyDuringTheHeadsDecisionStays(t *testing.T) {
	w := newWorld(t).enrol(dutyUnit)
	cmd := report()
	r := w.receive(cmd)
	w.endTracks(officer(), r.Case)
	proposal, err := w.Close(w.ctx, officer(), casework.CloseCommand{Case: r.Case, Outcome: "O10"})
	w.ok(err)
	w.ok(w.Reply(w.ctx, cmd.Receipt, "chiều nay anh ấy hẹn gặp em"))
	if v := w.view(officer(), r.Case); v.State != casework.StateEmergency || !v.Urgent || len(heard[casework.EmergencyRaised](w)) != 1 {
		t.Fatalf("after such words: %s", v.State)
	}
	w.is(w.Agree(w.ctx, head(), proposal), "casework/wrong-state")
	w.ok(w.Refuse(w.ctx, head(), proposal, ""))
	if v := w.view(officer(), r.Case); v.State != casework.StateEmergency {
		t.Fatalf("refusing an end ended an emergency: %s", v.State)
	}
}

func TestANameThatNothingMayRefuse(t *testing.T) {
	w := newWorld(t).enrol(dutyUnit)
	w.names["xau.vidu.example"] = casework.Assessment{NeverBlock: true}
	_, err := w.DecideBlock(w.ctx, officer(), blockCommand(w.receive(report()).Case))
	w.is(err, "input/faulty")
}

func TestSuspendedByTheHeadAndTakenUpAgain(t *testing.T) {
	w := newWorld(t).enrol(dutyUnit)
	r := w.receive(report())
	w.ok(w.SetTrack(w.ctx, officer(), casework.TrackCommand{Case: r.Case, Track: "criminal", Number: "7/TB", Unit: police}))
	cmd := casework.SuspendCommand{Case: r.Case, Document: casework.Document{Number: "09/QĐ", Date: "2026-11-23"}, Reason: "chờ giám định"}
	w.is(w.Suspend(w.ctx, officer(), cmd), "authz/forbidden")
	w.ok(w.Suspend(w.ctx, head(), cmd))
	_, err := w.Close(w.ctx, officer(), casework.CloseCommand{Case: r.Case, Outcome: "O13"})
	w.is(err, "casework/wrong-state")
	w.clock.Advance(10 * 24 * time.Hour)
	w.ok(w.Resume(w.ctx, head(), cmd))
	for _, k := range w.view(officer(), r.Case).Clocks {
		moved := k.Due.Sub(k.Started) > 29*24*time.Hour
		if moved != (k.Code == "VR20D") {
			t.Errorf("%s is due %v", k.Code, k.Due)
		}
	}
	w.is(w.Resume(w.ctx, head(), cmd), "casework/wrong-state")
}

func TestWhatFlowCannotDoIsNotDecided(t *testing.T) {
	w := newWorld(t).enrol(dutyUnit)
	r := w.receive(report())
	w.fail = errors.New("schools refused")
	if _, err := w.DecideBlock(w.ctx, officer(), blockCommand(r.Case)); !errors.Is(err, w.fail) {
		t.Fatalf("got %v", err)
	}
	w.fail = nil
	if v := w.view(officer(), r.Case); len(v.Decisions) != 0 || v.State != casework.StateNew {
		t.Fatalf("the decision stayed: %+v", v.Decisions)
	}
}

func TestANameThatManyNeedWaitsForASecondPerson(t *testing.T) {
	w := newWorld(t).enrol(dutyUnit)
	w.names["xau.vidu.example"] = casework.Assessment{NeedsSecond: true, TakedownFirst: true, Risk: "popular"}
	r := w.receive(report())
	answer, err := w.DecideBlock(w.ctx, officer(), blockCommand(r.Case))
	w.ok(err)
	if answer.Decision != "" || answer.Proposal == "" || len(heard[casework.Decided](w)) != 0 {
		t.Fatalf("answer %+v", answer)
	}
	_, err = w.DecideBlock(w.ctx, officer(), blockCommand(r.Case))
	w.is(err, "casework/already-proposed")
	w.is(w.Agree(w.ctx, officer(), answer.Proposal), "authz/forbidden")
	w.ok(w.Agree(w.ctx, head(), answer.Proposal))
	d := heard[casework.Decided](w)
	if len(d) != 1 || d[0].Block.By != officer().Person || d[0].Block.Second != head().Person {
		t.Fatalf("events %+v", d)
	}
	w.is(w.Agree(w.ctx, head(), answer.Proposal), "casework/already-decided")
	// Undo is one act of one person.
	w.ok(w.WithdrawBlock(w.ctx, officer(), d[0].Decision, "mistake"))
	if l := heard[casework.BlockLifted](w); len(l) != 1 || l[0].Decision != d[0].Decision {
		t.Fatalf("lifted %+v", l)
	}
	w.is(w.WithdrawBlock(w.ctx, officer(), d[0].Decision, "mistake"), "casework/already-decided")
}

func TestAnUnfoundedEndLiftsBlocksAndLeavesNoStain(t *testing.T) {
	w := newWorld(t).enrol(dutyUnit)
	cmd := report()
	cmd.ReporterPhone = "0901234567"
	r := w.receive(cmd)
	_, err := w.DecideBlock(w.ctx, officer(), blockCommand(r.Case))
	w.ok(err)
	w.endTracks(officer(), r.Case)
	proposal, err := w.Close(w.ctx, officer(), casework.CloseCommand{Case: r.Case, Outcome: "O7"})
	w.ok(err)
	w.is(w.Agree(w.ctx, officer(), proposal), "authz/forbidden")
	// A head who is not the proposer, and not the handler either.
	w.ok(w.Agree(w.ctx, head(), proposal))
	if l := heard[casework.BlockLifted](w); len(l) != 1 || l[0].Why != "unfounded" {
		t.Fatalf("lifted %+v", l)
	}
	second := report()
	second.Who = "parent"
	v := w.view(officer(), w.receive(second).Case)
	if len(v.Links) != 0 {
		t.Fatalf("links to an unfounded case: %+v", v.Links)
	}
	for _, f := range v.Score.Factors {
		if f.Code == "prior" && f.Applied {
			t.Fatal("an unfounded report raised a later score")
		}
	}
}

func TestOnlyAHeadWhoDidNotHandleItAgreesToTheEnd(t *testing.T) {
	w := newWorld(t).enrol(dutyUnit)
	r := w.receive(report())
	w.ok(w.Assign(w.ctx, officer(), r.Case, head().Person))
	w.endTracks(officer(), r.Case)
	proposal, err := w.Close(w.ctx, officer(), casework.CloseCommand{Case: r.Case, Outcome: "O2"})
	w.ok(err)
	w.is(w.Agree(w.ctx, head(), proposal), "authz/forbidden") // he handles it
	w.is(w.Agree(w.ctx, who("c", dutyUnit, authz.Handler), proposal), "authz/forbidden")
	w.ok(w.Refuse(w.ctx, who("c", dutyUnit, authz.Head), proposal, "chưa đủ"))
	if v := w.view(officer(), r.Case); v.State != casework.StateHandling {
		t.Fatalf("sent back to %s", v.State)
	}
}

func TestALoweredFloorNeedsASecondPerson(t *testing.T) {
	w := newWorld(t).enrol(dutyUnit, commune, police)
	cmd := report()
	cmd.Danger = "yes"
	r := w.receive(cmd)
	proposal, err := w.Override(w.ctx, officer(), casework.OverrideCommand{Case: r.Case, Points: 40, Reason: "đã gọi, em an toàn"})
	w.ok(err)
	if proposal == "" || w.view(officer(), r.Case).Score.Points < 95 {
		t.Fatal("one person lowered a floor")
	}
	w.ok(w.Agree(w.ctx, head(), proposal))
	sc := w.view(officer(), r.Case).Score
	if sc.Points != 40 || sc.By != officer().Person || sc.Second != head().Person || sc.Tier != casework.Standard {
		t.Fatalf("score %+v", sc)
	}
	proposal, err = w.Override(w.ctx, officer(), casework.OverrideCommand{Case: r.Case, Points: 100, Reason: "có tin mới"})
	w.ok(err)
	if proposal != "" || w.view(officer(), r.Case).Score.Points != 100 {
		t.Fatal("raising is one person's act")
	}
	_, err = w.Override(w.ctx, officer(), casework.OverrideCommand{Case: r.Case, Points: 100})
	w.is(err, "input/faulty")
}

func TestAnEmergencyRingsAndIsLeftOnlyByAMeasure(t *testing.T) {
	w := newWorld(t).enrol(dutyUnit, commune, police)
	_, err := w.AddShift(w.ctx, head(), casework.ShiftCommand{Unit: dutyUnit, Person: officer().Person, StandIn: head().Person, Phone: "0900000000", From: start.Add(-time.Hour), To: start.Add(time.Hour)})
	w.ok(err)
	cmd := report()
	cmd.Danger = "yes"
	r := w.receive(cmd)
	raised := heard[casework.EmergencyRaised](w)
	if len(raised) != 1 || raised[0].Person != officer().Person || !r.Danger {
		t.Fatalf("raised %+v", raised)
	}
	if d, err := w.NowOnDuty(w.ctx, dutyUnit); err != nil || d == nil || d.Phone != "0900000000" {
		t.Fatalf("on duty %+v, %v", d, err)
	}
	g, changed, err := w.AdvanceRing(w.ctx, raised[0].Ring)
	w.ok(err)
	if changed || g.Step != casework.RingPerson {
		t.Fatalf("ring %+v", g)
	}
	w.clock.Advance(11 * time.Minute)
	g, changed, err = w.AdvanceRing(w.ctx, raised[0].Ring)
	w.ok(err)
	open, err := w.OpenRings(w.ctx)
	w.ok(err)
	if !changed || !g.Red() || len(open) != 1 {
		t.Fatalf("after 11 minutes: %+v", g)
	}
	w.ok(w.IHaveIt(w.ctx, officer(), g.ID))
	w.ok(w.IHaveIt(w.ctx, officer(), g.ID))
	w.is(w.IHaveIt(w.ctx, head(), g.ID), "casework/ring-taken")
	w.endTracks(officer(), r.Case)
	_, err = w.Close(w.ctx, officer(), casework.CloseCommand{Case: r.Case, Outcome: "O1"})
	w.is(err, "casework/wrong-state")
	// The commune was asked at intake and can read what it needs, without a click of anybody.
	c := who("a", commune, authz.Handler)
	v := w.view(c, r.Case)
	if v.Mode != "offered" || v.Reports[0].Words.Words == "" || v.Reports[0].Contact != casework.OnlyCode {
		t.Fatalf("the commune sees %+v", v)
	}
	w.ok(w.Accept(w.ctx, c, v.Referrals[0].ID))
	w.ok(w.Measure(w.ctx, c, casework.MeasureCommand{Case: r.Case, Kind: "visited", What: "đã đến gặp em cùng cô giáo"}))
	v = w.view(officer(), r.Case)
	if v.State != casework.StateHandling || v.Urgent {
		t.Fatalf("state %s", v.State)
	}
	for _, k := range v.Clocks {
		if k.Code == "E12H" && !k.InTime() {
			t.Fatal("the 12-hour clock was not met")
		}
	}
	period, err := duty.ParsePeriod("2026-11-01/2026-11-30")
	w.ok(err)
	figures, err := w.Figures(w.ctx, period)
	w.ok(err)
	if !slices.Contains(figures, casework.Figure{Code: "E06", Unit: dutyUnit, Part: "in_12_hours", Value: 1}) || !slices.Contains(figures, casework.Figure{Code: "E01", Unit: dutyUnit, Value: 1}) {
		t.Fatalf("figures %+v", figures)
	}
}

func TestReferralSeesItsGroupsAndNoMore(t *testing.T) {
	w := newWorld(t).enrol(dutyUnit, health)
	cmd := report()
	cmd.ChildName, cmd.ReportedName = "Mẫu Em", "Mẫu Người"
	r := w.receive(cmd)
	counsellor := who("a", health, authz.Handler)
	_, err := w.Case(w.ctx, counsellor, w.keys[counsellor.Person], r.Case)
	w.is(err, "authz/not-found")
	refer := casework.ReferCommand{Case: r.Case, Kind: "referral", To: health, Fields: []string{"narrative", "child"}, Consent: "law", Basis: "LTE Đ51", Reason: "cần tư vấn"}
	_, err = w.Refer(w.ctx, officer(), nil, refer)
	w.is(err, "casework/unlock-first")
	unmask := refer
	unmask.Fields = []string{"reporter_identity"}
	_, err = w.Refer(w.ctx, officer(), w.keys[officer().Person], unmask)
	w.is(err, "input/faulty")
	id, err := w.Refer(w.ctx, officer(), w.keys[officer().Person], refer)
	w.ok(err)
	v := w.view(counsellor, r.Case)
	told := v.Reports[0]
	if told.Child.Name != "Mẫu Em" || told.Words.Words == "" || told.Person.Name != "" || told.Masks[casework.AboutReported] != casework.MaskRole {
		t.Fatalf("the receiver sees %+v", told)
	}
	// The vault agrees with the mask: there is no key to steal.
	keys, err := w.keys[counsellor.Person].OpenCase(w.ctx, w.db.Read(), w.permit(counsellor, told.ID, r.Case), told.ID)
	w.ok(err)
	if keys.Has(vault.ReportedPerson) || !keys.Has(vault.Narrative) {
		t.Fatalf("keys %v", keys.Groups())
	}
	w.ok(w.Accept(w.ctx, counsellor, id))
	w.is(w.Return(w.ctx, counsellor, id, "other", ""), "casework/already-answered")
	// What is written later reaches the receiver; who owns the case is the same.
	w.ok(w.Answer(w.ctx, officer(), casework.AnswerCommand{Case: r.Case, Text: "Chào em"}))
	v = w.view(counsellor, r.Case)
	if v.Thread[0].Text != "Chào em" || v.Owner != dutyUnit {
		t.Fatalf("later: %+v", v.Thread)
	}
	w.ok(w.Revoke(w.ctx, officer(), id))
	_, err = w.Case(w.ctx, counsellor, w.keys[counsellor.Person], r.Case)
	w.is(err, "authz/not-found")
	if holders, err := w.vault.Holders(w.ctx, w.db.Read(), told.ID); err != nil || slices.Contains(holders[vault.Narrative], health) {
		t.Fatalf("keys after the revocation: %v, %v", holders, err)
	}
}

func (w *world) permit(a authz.Actor, object, caseID string) authz.Permit {
	w.t.Helper()
	p, err := w.authz.Check(w.ctx, a, "casework.view", authz.Resource{Type: "casework.case", ID: object, Attrs: map[string]any{"units": []string{a.Unit}}})
	w.ok(err)
	return p
}

func TestTransferMovesTheOwnerOnlyWhenAccepted(t *testing.T) {
	w := newWorld(t).enrol(dutyUnit, police)
	cmd := report()
	r := w.receive(cmd)
	all := []string{"narrative", "child", "reported_person"}
	refer := casework.ReferCommand{Case: r.Case, Kind: "transfer", To: police, Fields: all, Consent: "law", Basis: "BLTTHS Đ145", Reason: "có dấu hiệu"}
	first, err := w.Refer(w.ctx, officer(), w.keys[officer().Person], refer)
	w.ok(err)
	due := w.view(officer(), r.Case).Clocks
	inspector := who("a", police, authz.Police)
	w.is(w.Return(w.ctx, inspector, first, "because", ""), "input/faulty")
	w.ok(w.Return(w.ctx, inspector, first, "not_enough", "thiếu đường dẫn"))
	if v := w.view(officer(), r.Case); v.Owner != dutyUnit || v.State != casework.StateHandling {
		t.Fatalf("after the return: %s owns it, %s", v.Owner, v.State)
	}
	second, err := w.Refer(w.ctx, officer(), w.keys[officer().Person], refer)
	w.ok(err)
	w.clock.Advance(25 * time.Hour)
	for range 2 { // telling twice would be once too often
		_, err = w.AlertUnanswered(w.ctx)
		w.ok(err)
	}
	if n := len(heard[casework.Unanswered](w)); n != 1 {
		t.Fatalf("%d alerts", n)
	}
	w.ok(w.Accept(w.ctx, inspector, second))
	v := w.view(inspector, r.Case)
	if v.Owner != police || v.State != casework.StateAccepted {
		t.Fatalf("after acceptance: %s owns it, %s", v.Owner, v.State)
	}
	for i, k := range v.Clocks {
		if !k.Due.Equal(due[i].Due) {
			t.Fatalf("a change of owner moved clock %s", k.Code)
		}
	}
	// The old owner still answers the reporter, and decides nothing about the end.
	w.ok(w.Answer(w.ctx, officer(), casework.AnswerCommand{Case: r.Case, Text: "Công an đã nhận việc này."}))
	_, err = w.Close(w.ctx, officer(), casework.CloseCommand{Case: r.Case, Outcome: "O5"})
	w.is(err, "casework/owner-only")
	st, err := w.OpenStatus(w.ctx, cmd.Receipt)
	w.ok(err)
	if len(st.Thread) != 1 {
		t.Fatalf("thread %+v", st.Thread)
	}
}

func TestNobodyHandlesACaseAboutHimself(t *testing.T) {
	w := newWorld(t).enrol(dutyUnit, above)
	cmd := report()
	cmd.ReportedPhone = "0905 555 555"
	w.staff[w.vault.Secrets().KeyedHash("casework.phone", "84905555555")] = []string{officer().Person}
	r := w.receive(cmd)
	_, err := w.Case(w.ctx, officer(), w.keys[officer().Person], r.Case)
	w.is(err, "authz/not-found")
	w.is(w.Look(w.ctx, officer(), r.Case), "authz/not-found")
	rows, _, err := w.Queue(w.ctx, officer(), casework.QueueFilter{}, "")
	w.ok(err)
	if len(rows) != 0 {
		t.Fatal("the queue shows a case about the reader")
	}
	if rows, _, err = w.Queue(w.ctx, head(), casework.QueueFilter{}, ""); err != nil || len(rows) != 1 {
		t.Fatalf("the head sees %d, %v", len(rows), err)
	}
	// A report about the whole unit goes one level up, and is sealed there only.
	about := report()
	about.AboutUnits = []string{dutyUnit}
	up := w.receive(about)
	_, err = w.Case(w.ctx, head(), w.keys[head().Person], up.Case)
	w.is(err, "authz/not-found")
	boss := who("a", above, authz.Head)
	if v := w.view(boss, up.Case); v.Owner != above || v.Reports[0].Words.Words == "" || v.Excluded != 1 {
		t.Fatalf("one level up: %+v", v)
	}
	if holders, err := w.vault.Holders(w.ctx, w.db.Read(), up.Report); err != nil || slices.Contains(holders[vault.Narrative], dutyUnit) {
		t.Fatalf("the unit reported holds a key: %v, %v", holders, err)
	}
	// Staff may exclude a unit later; it loses view and keys.
	plain := w.receive(report())
	triage := who("b", dutyUnit, authz.Triage)
	w.ok(w.Exclude(w.ctx, triage, w.keys[triage.Person], casework.ExcludeCommand{Case: plain.Case, Kind: "unit", Subject: dutyUnit, Reason: "liên quan cán bộ"}))
	_, err = w.Case(w.ctx, triage, w.keys[triage.Person], plain.Case)
	w.is(err, "authz/not-found")
	if v := w.view(boss, plain.Case); v.Owner != above || v.Reports[0].Words.Words == "" {
		t.Fatalf("moved up: %+v", v)
	}
	none := report()
	none.AboutUnits = []string{dutyUnit, above}
	_, err = w.Receive(w.ctx, public(), none)
	w.is(err, "casework/nobody-to-receive")
}

func TestAnEmptyRosterPromisesNothing(t *testing.T) {
	w := newWorld(t).enrol(dutyUnit)
	p, err := w.ReadingPromise(w.ctx)
	w.ok(err)
	if p.Given() || p.Now {
		t.Fatalf("promised %+v", p)
	}
	if d, err := w.NowOnDuty(w.ctx, dutyUnit); err != nil || d != nil {
		t.Fatalf("on duty: %+v, %v", d, err)
	}
	_, err = w.AddShift(w.ctx, officer(), casework.ShiftCommand{Unit: dutyUnit, Person: officer().Person, StandIn: officer().Person, Phone: "1", From: start, To: start})
	w.is(err, "input/faulty")
	_, err = w.AddShift(w.ctx, who("a", health, authz.Head), casework.ShiftCommand{Unit: dutyUnit, Person: "x", Phone: "0900000000", From: start, To: start.Add(time.Hour)})
	w.is(err, "authz/forbidden")
	shift, err := w.AddShift(w.ctx, officer(), casework.ShiftCommand{Unit: dutyUnit, Person: officer().Person, Phone: "0900000000", From: start.Add(9 * time.Hour), To: start.Add(17 * time.Hour)})
	w.ok(err)
	if p, err = w.ReadingPromise(w.ctx); err != nil || p.Now || !p.At.Equal(start.Add(9*time.Hour+15*time.Minute)) {
		t.Fatalf("promised %+v, %v", p, err)
	}
	w.ok(w.DropShift(w.ctx, officer(), shift))
	if p, err = w.ReadingPromise(w.ctx); err != nil || p.Given() {
		t.Fatalf("promised %+v after the shift was dropped, %v", p, err)
	}
}

func TestClocksMoveOnlyByADocument(t *testing.T) {
	w := newWorld(t).enrol(dutyUnit, commune, police)
	cmd := report()
	cmd.Harms, cmd.Danger = []string{"sexual"}, "yes"
	r := w.receive(cmd)
	w.ok(w.SetTrack(w.ctx, officer(), casework.TrackCommand{Case: r.Case, Track: "criminal", Number: "12/TB", Unit: police}))
	clocks := map[string]casework.Clock{}
	for _, k := range w.view(officer(), r.Case).Clocks {
		clocks[k.Code] = k
	}
	if clocks["TR24"].Met.IsZero() || clocks["VR20D"].ID == "" || !clocks["PL5W"].Started.Equal(start) {
		t.Fatalf("clocks %+v", clocks)
	}
	set := func(code, kind, number string, until time.Time) error {
		return w.SetClock(w.ctx, officer(), casework.ClockCommand{Case: r.Case, Clock: clocks[code].ID, Kind: kind, Document: casework.Document{Number: number, Date: "2026-12-10"}, Until: until})
	}
	w.is(set("VR20D", "extend", "", start.AddDate(0, 2, 0)), "input/faulty")
	w.is(set("E12H", "pause", "01/QĐ", time.Time{}), "casework/clock-fixed")
	w.is(set("E12H", "extend", "01/QĐ", start.AddDate(0, 0, 2)), "casework/clock-fixed")
	w.is(set("E12H", "meet", "01/QĐ", time.Time{}), "casework/clock-fixed")
	w.is(set("VR20D", "extend", "05/QĐ", clocks["VR20D"].Due), "input/faulty")
	w.is(set("VR20D", "resume", "05/QĐ", time.Time{}), "casework/clock-fixed")
	w.ok(set("VR20D", "extend", "05/QĐ", start.AddDate(0, 2, 0)))
	w.ok(set("VR20D", "pause", "06/QĐ", time.Time{}))
	w.is(set("VR20D", "meet", "06/QĐ", time.Time{}), "casework/clock-fixed")
	w.ok(set("PL5W", "meet", "02/KH", time.Time{}))
	w.is(set("PL5W", "meet", "02/KH", time.Time{}), "casework/clock-fixed")
	w.clock.Advance(24 * time.Hour)
	w.ok(set("VR20D", "resume", "07/QĐ", time.Time{}))
	for _, k := range w.view(officer(), r.Case).Clocks {
		if k.Code == "VR20D" && (!k.Due.Equal(start.AddDate(0, 2, 1)) || len(k.Notes) != 3) {
			t.Fatalf("due %v with %d notes", k.Due, len(k.Notes))
		}
		if k.Code == "PL5W" && (!k.InTime() || k.Notes[0].Document != "02/KH (10/12/2026)") {
			t.Fatalf("met %v by %+v", k.Met, k.Notes)
		}
	}
}

func TestQueueOrderAndPages(t *testing.T) {
	w := newWorld(t).enrol(dutyUnit)
	for i, harms := range [][]string{{"bullying"}, {"fraud"}, {"bullying"}, {"sexual"}, {"harmful_content"}, {"fraud"}} {
		cmd := report()
		cmd.URL, cmd.Harms = "https://trang"+string(rune('a'+i))+".vidu.example/", harms
		w.receive(cmd)
		w.clock.Advance(time.Minute)
	}
	all, next, err := w.Queue(w.ctx, officer(), casework.QueueFilter{}, "")
	w.ok(err)
	if len(all) != 6 || next != "" {
		t.Fatalf("%d rows", len(all))
	}
	for i := 1; i < len(all); i++ {
		a, b := all[i-1], all[i]
		if a.Score < b.Score || a.Score == b.Score && a.Clock.Due.After(b.Clock.Due) {
			t.Fatalf("%s (%d) stands before %s (%d)", a.Code, a.Score, b.Code, b.Score)
		}
	}
	var paged []string
	cursor := ""
	for {
		rows, next, err := w.Queue(w.ctx, officer(), casework.QueueFilter{Limit: 2}, cursor)
		w.ok(err)
		for _, r := range rows {
			paged = append(paged, r.Code)
		}
		if cursor = next; next == "" {
			break
		}
	}
	for i, r := range all {
		if len(paged) != len(all) || paged[i] != r.Code {
			t.Fatalf("pages give %v", paged)
		}
	}
	w.clock.Set(all[0].Clock.Due.Add(time.Second).In(clock.Vietnam))
	late, _, err := w.Queue(w.ctx, officer(), casework.QueueFilter{Light: "late"}, "")
	w.ok(err)
	lights, err := w.Lights(w.ctx, officer())
	w.ok(err)
	if len(late) == 0 || lights.Late != len(late) || lights.Late+lights.Soon+lights.OK+lights.Wait != 6 {
		t.Fatalf("%d late rows, lights %+v", len(late), lights)
	}
	_, _, err = w.Queue(w.ctx, officer(), casework.QueueFilter{}, "nonsense")
	w.is(err, "input/faulty")
	_, _, err = w.Queue(w.ctx, authz.Actor{Person: "x", Unit: dutyUnit, Roles: []string{authz.Triage, authz.Admin}}, casework.QueueFilter{}, "")
	w.is(err, "authz/forbidden")
}

// The list's scope in SQL and the policies say the same: every row shown may
// be viewed, and every case that may be viewed is shown.
func TestTheQueueShowsExactlyWhatMayBeViewed(t *testing.T) {
	w := newWorld(t).enrol(dutyUnit, above, commune, police, health)
	var cases []string
	for i := range 24 {
		cmd := report()
		cmd.URL = "https://a.vidu.example/" + string(rune('a'+i))
		if i%4 == 1 {
			cmd.Danger = "yes" // offered to commune and police
		}
		if i%5 == 2 {
			cmd.AboutUnits = []string{dutyUnit}
		}
		if i%6 == 3 {
			cmd.AboutUnits = append(cmd.AboutUnits, commune)
		}
		r := w.receive(cmd)
		cases = append(cases, r.Case)
		if i%3 == 0 {
			owner := officer()
			if slices.Contains(cmd.AboutUnits, dutyUnit) {
				owner = who("a", above, authz.Head)
			}
			id, err := w.Refer(w.ctx, owner, w.keys[owner.Person], casework.ReferCommand{Case: r.Case, Kind: "referral", To: health, Fields: []string{"narrative"}, Consent: "reporter"})
			w.ok(err)
			if i%2 == 0 {
				w.ok(w.Accept(w.ctx, who("a", health, authz.Handler), id))
			}
			if i%9 == 0 {
				w.ok(w.Exclude(w.ctx, who("b", owner.Unit, authz.Head), w.keys["b-"+owner.Unit], casework.ExcludeCommand{Case: r.Case, Kind: "person", Subject: "b-" + health, Reason: "quen biết"}))
			}
		}
	}
	shownToAnybody := 0
	for _, unit := range []string{dutyUnit, above, commune, police, health} {
		for _, letter := range []string{"a", "b"} {
			for _, role := range []string{authz.Triage, authz.Handler, authz.Takedown, authz.Police, authz.Head} {
				a := who(letter, unit, role)
				rows, _, err := w.Queue(w.ctx, a, casework.QueueFilter{Limit: 200}, "")
				w.ok(err)
				shown := map[string]bool{}
				for _, r := range rows {
					shown[r.ID] = true
				}
				shownToAnybody += len(shown)
				for _, c := range cases {
					_, err := w.Case(w.ctx, a, nil, c)
					if (err == nil) != shown[c] {
						t.Errorf("%s as %s: shown %v, viewing gives %v", a.Person, role, shown[c], err)
					}
				}
			}
		}
	}
	if shownToAnybody == 0 {
		t.Fatal("nobody sees anything, so nothing was compared")
	}
}

func TestOverridingTheSafeContactNeedsAReason(t *testing.T) {
	w := newWorld(t).enrol(dutyUnit)
	r := w.receive(report())
	w.is(w.OverrideContact(w.ctx, officer(), r.Case, " "), "input/faulty")
	w.ok(w.OverrideContact(w.ctx, officer(), r.Case, "em đang ở một mình với người bị phản ánh"))
	if e := w.view(officer(), r.Case).Events[0]; e.Kind != "contact_override" || e.Note == "" {
		t.Fatalf("event %+v", e)
	}
}
