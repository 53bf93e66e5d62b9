// SPDX-License-Identifier: Apache-2.0

package schools

import (
	"context"
	"slices"
	"testing"
	"time"

	"lachan/duty"
	"lachan/internal/authz"
	"lachan/internal/bundle"
	"lachan/internal/problem"
	"lachan/internal/sqldb"
)

var (
	lead2 = authz.Actor{Person: "lead-2", Unit: "dept", Roles: []string{authz.Lead}}
	// principal heads a school; the role is that of an office's head too.
	principal = authz.Actor{Person: "head-th1", Unit: "th1", Roles: []string{authz.Head}}
)

func (k *kit) ask(t testing.TB, node, school, band, domain string) {
	t.Helper()
	if err := k.Ask(context.Background(), node, school, band, domain, k.clock.Now().Format(time.DateOnly)); err != nil {
		t.Fatal(err)
	}
}

func (k *kit) review(t testing.TB) map[string]Asked {
	t.Helper()
	all, err := k.Review(context.Background(), lead)
	if err != nil {
		t.Fatal(err)
	}
	by := map[string]Asked{}
	for _, a := range all {
		by[a.Domain] = a
	}
	return by
}

func mustBe(t testing.TB, err error, code string) {
	t.Helper()
	if !problem.Is(err, code) {
		t.Errorf("want %s, got %v", code, err)
	}
}

func TestPrivateRequestsAreNeverTheSchools(t *testing.T) {
	k, ctx := newKit(t), context.Background()
	one := k.school(t, "th1", "upper_secondary")
	node := k.join(t, one.ID).ID
	k.importText(t, "kín mẫu", "self_harm", "kin.example\n")
	k.importText(t, "trò mẫu", "games", "tro.example\nkin.example\n")
	k.importText(t, "người lớn mẫu", "adult", "lon.example\n")
	for _, d := range []string{"kin.example", "lon.example", "tro.example", "www.tongdai111.vn"} {
		k.ask(t, node, one.ID, "upper_secondary", d)
	}
	for _, actor := range []authz.Actor{teacherOf("th1"), lead} {
		seen, err := k.Requests(ctx, actor, one.ID, "")
		if err != nil || len(seen) != 1 || seen[0].Domain != "tro.example" || !slices.Equal(seen[0].Blame, []string{"trò mẫu"}) {
			t.Fatalf("%+v %v", seen, err)
		}
	}
	for _, actor := range []authz.Actor{teacherOf("th1"), principal, nobody} {
		if _, err := k.Review(ctx, actor); problem.KindOf(err) != problem.Forbidden {
			t.Errorf("%s reviews: %v", actor.Person, err)
		}
	}
	by := k.review(t)
	if len(by) != 3 {
		t.Fatalf("%+v", by)
	}
	a := by["kin.example"]
	if !a.Private() || len(a.Passed) != 0 || a.Schools != 1 || a.Due.IsZero() {
		t.Errorf("%+v", a)
	}
	// Neither an answer nor a passing-on tells the school that there is one.
	open, err := sqldb.All(ctx, k.db.Read(), queryRequestsOpenFor, scanRequest, "kin.example")
	if err != nil || len(open) != 1 {
		t.Fatal(open, err)
	}
	mustBe(t, k.PassRequest(ctx, teacherOf("th1"), open[0].ID), "schools/no-request")
	mustBe(t, k.AnswerRequest(ctx, teacherOf("th1"), AnswerCommand{RequestID: open[0].ID, Reason: "lesson", Grant: true}), "schools/no-request")
	mustBe(t, k.OpenWhereAsked(ctx, lead, "kin.example", "lesson", time.Time{}), "schools/no-request")
	if err := k.KeepClosed(ctx, lead, "kin.example", "harms"); err != nil {
		t.Fatal(err)
	}
	if seen, _ := k.Requests(ctx, teacherOf("th1"), one.ID, ""); len(seen) != 1 {
		t.Errorf("the answer shows: %+v", seen)
	}
	mustBe(t, k.KeepClosed(ctx, lead, "kin.example", "harms"), "schools/no-request")
}

// holiday is a calendar in which the 24th is a day off.
type holiday struct{ duty.Weekdays }

func (h holiday) IsWorkingDay(d duty.Date) bool { return d.Day != 24 && h.Weekdays.IsWorkingDay(d) }

func TestPassedRequestsHaveAClockAndAnAnswer(t *testing.T) {
	k, ctx := newKit(t), context.Background()
	k.days = holiday{}
	one := k.school(t, "th1", "primary")
	node := k.join(t, one.ID).ID
	k.importText(t, "trò mẫu", "games", "tro.example\n")
	k.ask(t, node, one.ID, "primary", "tro.example")
	if len(k.review(t)) != 0 {
		t.Fatal("the department sees what one school has to answer")
	}
	mine, err := k.Requests(ctx, teacherOf("th1"), one.ID, Open)
	if err != nil || len(mine) != 1 {
		t.Fatal(mine, err)
	}
	if n, err := k.Overdue(ctx, teacherOf("th1"), one.ID); n != 0 || err != nil {
		t.Errorf("%d %v", n, err)
	}
	k.clock.Advance(48*time.Hour + time.Second)
	if n, err := k.Overdue(ctx, teacherOf("th1"), one.ID); n != 1 || err != nil {
		t.Errorf("%d %v", n, err)
	}
	k.clock.Advance(-48*time.Hour - time.Second)
	if err := k.PassRequest(ctx, teacherOf("th2"), mine[0].ID); problem.KindOf(err) != problem.Forbidden {
		t.Errorf("another school's teacher: %v", err)
	}
	if err := k.PassRequest(ctx, teacherOf("th1"), mine[0].ID); err != nil {
		t.Fatal(err)
	}
	mustBe(t, k.PassRequest(ctx, teacherOf("th1"), mine[0].ID), "schools/request-passed")
	mustBe(t, k.AnswerRequest(ctx, teacherOf("th1"), AnswerCommand{RequestID: mine[0].ID, Reason: "lesson"}), "schools/request-passed")
	a := k.review(t)["tro.example"]
	// Monday the 23rd; the 24th is off: 25, 26, 27.
	if !slices.Equal(a.Passed, []string{one.ID}) || a.Private() || !a.Due.Equal(duty.NewDate(2026, 11, 27).End()) {
		t.Fatalf("%+v", a)
	}
	if err := k.OpenWhereAsked(ctx, lead, "tro.example", "lesson", time.Time{}); err != nil {
		t.Fatal(err)
	}
	rules, err := k.Rules(ctx, teacherOf("th1"), one.ID)
	if err != nil || len(rules) != 1 || !rules[0].Allow || rules[0].Bands != bundle.BandsOf(bundle.Primary) {
		t.Fatalf("%+v %v", rules, err)
	}
	mine, _ = k.Requests(ctx, teacherOf("th1"), one.ID, Granted)
	if len(mine) != 1 || k.ledger.count("schools.request_passed") != 1 || k.ledger.count("schools.request_reviewed") != 1 {
		t.Errorf("%+v", mine)
	}
	// D07 counts it once, and in time.
	figures, err := k.Indicators(ctx, periodOf(t, 2026, 11, 1, 30), Scope{})
	if err != nil {
		t.Fatal(err)
	}
	i := slices.IndexFunc(figures, func(f Figure) bool { return f.Code == "D07" })
	if i < 0 || figures[i].Value != 1 || figures[i].Of != 1 {
		t.Errorf("%+v", figures)
	}
}

func periodOf(t testing.TB, year, month, from, to int) duty.Period {
	t.Helper()
	p, err := duty.NewPeriod(duty.NewDate(year, time.Month(month), from), duty.NewDate(year, time.Month(month), to))
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func TestOverBlockReviewBlamesTheList(t *testing.T) {
	k, ctx := newKit(t), context.Background()
	one, two := k.school(t, "th1", "primary"), k.school(t, "th2", "primary")
	node := k.join(t, one.ID, two.ID).ID
	list := k.importText(t, "trò mẫu", "games", "a.example\nb.example\nc.example\nd.example\n")
	k.ask(t, node, one.ID, "primary", "d.example")
	if len(k.review(t)) != 0 {
		t.Fatal("one school's wish is not the department's")
	}
	k.ask(t, node, two.ID, "primary", "a.example")
	k.ask(t, node, one.ID, "primary", "a.example")
	if a := k.review(t)["a.example"]; a.Schools != 2 || !slices.Equal(a.Why, []string{AskedSeveral}) || !a.Due.IsZero() ||
		!slices.Equal(a.Blame, []Blame{{list.ID, "trò mẫu", 0}}) {
		t.Fatalf("%+v", a)
	}
	for i, d := range []string{"a.example", "b.example", "c.example"} {
		if _, wrong := k.review(t)["d.example"]; wrong {
			t.Fatalf("often wrong after %d names", i)
		}
		k.ask(t, node, one.ID, "primary", d)
		open, _ := k.Requests(ctx, teacherOf("th1"), one.ID, Open)
		for _, r := range open {
			if r.Domain != d {
				continue
			}
			if err := k.AnswerRequest(ctx, teacherOf("th1"), AnswerCommand{RequestID: r.ID, Grant: true, Reason: "lesson"}); err != nil {
				t.Fatal(err)
			}
		}
	}
	a := k.review(t)["d.example"]
	if !slices.Equal(a.Why, []string{AskedWrong}) || a.Blame[0].Wrong != oftenWrong {
		t.Fatalf("%+v", a)
	}
	// Taking it off the list answers the wish, and the next bundle opens it.
	r, err := k.ProposeRuling(ctx, lead, RulingCommand{Kind: OffList, Domain: "d.example", List: list.ID, Reason: "Trang học toán"})
	if err != nil || r.State != RulingActive {
		t.Fatalf("%+v %v", r, err)
	}
	if n, err := k.RulingsPending(ctx); n != 1 || err != nil {
		t.Errorf("%d %v", n, err)
	}
	if no, _ := k.refused(t, "d.example", bundle.Primary); !no {
		t.Error("open before the bundle")
	}
	k.clock.Advance(time.Minute)
	if _, err := k.BuildBundle(ctx, lead); err != nil {
		t.Fatal(err)
	}
	if no, _ := k.refused(t, "www.d.example", bundle.Primary); no {
		t.Error("still refused")
	}
	if no, _ := k.refused(t, "a.example", bundle.Primary); !no {
		t.Error("another name of the list is open")
	}
	if n, err := k.RulingsPending(ctx); n != 0 || err != nil {
		t.Errorf("%d %v", n, err)
	}
	answer, err := k.Lookup(ctx, lead, LookupQuery{Domain: "d.example", Band: "primary"})
	if err != nil || answer.Blocked || len(answer.Lists) != 1 || answer.Lists[0].Excepted != "d.example" {
		t.Errorf("%+v %v", answer, err)
	}
	// The exception outlives the next edition of the list, and ends with the ruling.
	k.importText(t, "trò mẫu", "games", "a.example\nb.example\nd.example\n")
	if no, _ := k.refused(t, "d.example", bundle.Primary); no {
		t.Error("the next edition refuses it again")
	}
	if _, err := k.DropRuling(ctx, lead, r.ID); err != nil {
		t.Fatal(err)
	}
	if _, err := k.BuildBundle(ctx, lead); err != nil {
		t.Fatal(err)
	}
	if no, _ := k.refused(t, "d.example", bundle.Primary); !no {
		t.Error("the exception did not end")
	}
	_, err = k.ProposeRuling(ctx, lead, RulingCommand{Kind: OffList, Domain: "nowhere.example", List: list.ID, Reason: "x"})
	if problem.KindOf(err) != problem.Invalid {
		t.Errorf("a name that is not on the list: %v", err)
	}
}

func TestOpeningForAllNeedsTwoWhereItHarms(t *testing.T) {
	k, ctx := newKit(t), context.Background()
	one := k.school(t, "th1", "primary")
	node := k.join(t, one.ID).ID
	k.importText(t, "trò mẫu", "games", "tro.example\n")
	k.importText(t, "cược mẫu", "gambling", "cuoc.example\n")
	until := k.clock.Now().Add(30 * 24 * time.Hour)
	open := RulingCommand{Kind: OpenForAll, Domain: "tro.example", Reason: "Bài học", Basis: "Công văn mẫu 1", Until: until}
	for _, bad := range []func(*RulingCommand){
		func(c *RulingCommand) { c.Reason = "" }, func(c *RulingCommand) { c.Basis = "" }, func(c *RulingCommand) { c.Until = time.Time{} },
		func(c *RulingCommand) { c.Until = k.clock.Now() }, func(c *RulingCommand) { c.Until = k.clock.Now().Add(longestOpening + time.Second) },
		func(c *RulingCommand) { c.Domain = "com.vn" }, func(c *RulingCommand) { c.Kind = "x" },
	} {
		cmd := open
		bad(&cmd)
		if _, err := k.ProposeRuling(ctx, lead, cmd); problem.KindOf(err) != problem.Invalid {
			t.Errorf("%+v: %v", cmd, err)
		}
	}
	if _, err := k.ProposeRuling(ctx, teacherOf("th1"), open); problem.KindOf(err) != problem.Forbidden {
		t.Errorf("a teacher opens for all: %v", err)
	}
	k.ask(t, node, one.ID, "primary", "tro.example")
	r, err := k.ProposeRuling(ctx, lead, open)
	if err != nil || r.State != RulingActive || !slices.Equal(r.Sources, []string{"games"}) {
		t.Fatalf("%+v %v", r, err)
	}
	if no, _ := k.refused(t, "tro.example", bundle.Primary); no {
		t.Error("not open at once")
	}
	if left, _ := k.Requests(ctx, lead, one.ID, Open); len(left) != 0 {
		t.Errorf("%+v", left)
	}
	_, err = k.ProposeRuling(ctx, lead, open)
	mustBe(t, err, "schools/ruling-exists")

	open.Domain = "cuoc.example"
	harm, err := k.ProposeRuling(ctx, lead, open)
	if err != nil || harm.State != RulingProposed || harm.Delta != 0 {
		t.Fatalf("%+v %v", harm, err)
	}
	if no, _ := k.refused(t, "cuoc.example", bundle.Primary); !no {
		t.Error("one person opened it")
	}
	_, err = k.ConfirmRuling(ctx, lead, harm.ID)
	mustBe(t, err, "schools/same-person")
	if _, err := k.ConfirmRuling(ctx, principal, harm.ID); problem.KindOf(err) != problem.Forbidden {
		t.Errorf("a principal confirms: %v", err)
	}
	if _, err := k.ConfirmRuling(ctx, lead2, harm.ID); err != nil {
		t.Fatal(err)
	}
	_, err = k.ConfirmRuling(ctx, lead2, harm.ID)
	mustBe(t, err, "schools/ruling-decided")
	isOpen := func(when string, want bool) {
		t.Helper()
		if no, _ := k.refused(t, "cuoc.example", bundle.Primary); no == want {
			t.Errorf("%s: refused %v", when, no)
		}
	}
	isOpen("confirmed", true)
	if _, err := k.BuildBundle(ctx, lead); err != nil {
		t.Fatal(err)
	}
	isOpen("folded", true)
	k.clock.Set(until.Add(-time.Microsecond))
	isOpen("before its end", true)
	k.clock.Set(until)
	isOpen("at its end", false)
	k.clock.Set(until.Add(-time.Hour))
	if _, err := k.DropRuling(ctx, lead2, harm.ID); err != nil {
		t.Fatal(err)
	}
	isOpen("dropped", false)
	if _, err := k.BuildBundle(ctx, lead); err != nil {
		t.Fatal(err)
	}
	isOpen("dropped and folded", false)
	_, err = k.DropRuling(ctx, lead2, harm.ID)
	mustBe(t, err, "schools/ruling-decided")

	if _, err := k.enforce(EnforceCommand{Domain: "tro.example", Kind: Provisional, Basis: "4569/2", ProposedBy: "officer-1"}); err != nil {
		t.Fatal(err)
	}
	if no, code := k.refused(t, "tro.example", bundle.Primary); !no || code != bundle.Emergency {
		t.Errorf("an opening stands above a block: %v %s", no, code)
	}
	if _, err := k.DropRuling(ctx, lead, r.ID); err != nil {
		t.Fatal(err)
	}
	open.Domain = "tro.example"
	_, err = k.ProposeRuling(ctx, lead, open)
	mustBe(t, err, "schools/stands-on-a-block")
	open.Domain = "khong-ai-chan.example"
	_, err = k.ProposeRuling(ctx, lead, open)
	mustBe(t, err, "schools/not-refused")
	mustBe(t, func() error { _, err := k.DropRuling(ctx, lead, "x"); return err }(), "schools/no-ruling")
}

func TestNeverBlockIsTwoPersonsWork(t *testing.T) {
	k, ctx := newKit(t), context.Background()
	k.importText(t, "trò mẫu", "games", "giup.example\n")
	add := RulingCommand{Kind: NeverAdd, Domain: "giup.example", Reason: "Đường dây tư vấn"}
	if _, err := k.ProposeRuling(ctx, officer, add); problem.KindOf(err) != problem.Forbidden {
		t.Errorf("a handler proposes: %v", err)
	}
	r, err := k.ProposeRuling(ctx, lead, add)
	if err != nil || r.State != RulingProposed {
		t.Fatalf("%+v %v", r, err)
	}
	_, err = k.ConfirmRuling(ctx, lead, r.ID)
	mustBe(t, err, "schools/same-person")
	if _, err := k.ConfirmRuling(ctx, officer, r.ID); problem.KindOf(err) != problem.Forbidden {
		t.Errorf("a handler confirms: %v", err)
	}
	if a, err := k.Weigh(ctx, "www.giup.example"); err != nil || a.NeverBlock {
		t.Errorf("one person is enough: %+v %v", a, err)
	}
	if _, err := k.ConfirmRuling(ctx, lead2, r.ID); err != nil {
		t.Fatal(err)
	}
	if no, _ := k.refused(t, "giup.example", bundle.Primary); !no {
		t.Error("in force before the bundle")
	}
	if a, err := k.Weigh(ctx, "www.giup.example"); err != nil || !a.NeverBlock {
		t.Errorf("an officer may still block it: %+v %v", a, err)
	}
	k.clock.Advance(time.Minute)
	if _, err := k.BuildBundle(ctx, lead); err != nil {
		t.Fatal(err)
	}
	if no, _ := k.refused(t, "giup.example", bundle.Primary); no {
		t.Error("refused in the next bundle")
	}
	list, err := k.NeverList(ctx, lead)
	if err != nil {
		t.Fatal(err)
	}
	find := func(domain string) (Never, bool) {
		i := slices.IndexFunc(list, func(n Never) bool { return n.Domain == domain })
		if i < 0 {
			return Never{}, false
		}
		return list[i], true
	}
	if n, ok := find("giup.example"); !ok || n.By != "lead-1" || n.Second != "lead-2" || n.Reason != "Đường dây tư vấn" || n.Pending || n.Own {
		t.Errorf("%+v", n)
	}
	if n, ok := find("bao-tin.tinh-mau.example"); !ok || !n.Own {
		t.Errorf("%+v", n)
	}
	for domain, cmd := range map[string]RulingKind{"giup.example": NeverAdd, "bao-tin.tinh-mau.example": NeverDrop, "khong-co.example": NeverDrop} {
		if _, err := k.ProposeRuling(ctx, lead, RulingCommand{Kind: cmd, Domain: domain, Reason: "x"}); problem.KindOf(err) != problem.Invalid {
			t.Errorf("%s %s: %v", cmd, domain, err)
		}
	}
	_, err = k.DropRuling(ctx, lead, r.ID)
	mustBe(t, err, "schools/ruling-decided")
	for _, domain := range []string{"giup.example", "findahelpline.com"} { // added by people, and of the file
		off, err := k.ProposeRuling(ctx, lead2, RulingCommand{Kind: NeverDrop, Domain: domain, Reason: "Đổi chủ"})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := k.ConfirmRuling(ctx, lead, off.ID); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := k.BuildBundle(ctx, lead); err != nil {
		t.Fatal(err)
	}
	if no, _ := k.refused(t, "giup.example", bundle.Primary); !no {
		t.Error("still never refused")
	}
	if list, err = k.NeverList(ctx, lead); err != nil {
		t.Fatal(err)
	}
	for _, domain := range []string{"giup.example", "findahelpline.com"} {
		if _, ok := find(domain); ok {
			t.Errorf("%s is still listed", domain)
		}
	}
	// Back again: the ruling that took it off ends.
	back, err := k.ProposeRuling(ctx, lead, RulingCommand{Kind: NeverAdd, Domain: "findahelpline.com", Reason: "Nhầm"})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := k.ConfirmRuling(ctx, lead2, back.ID); err != nil {
		t.Fatal(err)
	}
	if list, err = k.NeverList(ctx, lead); err != nil {
		t.Fatal(err)
	}
	if _, ok := find("findahelpline.com"); !ok || k.ledger.count("schools.ruling_made") != 4 || k.ledger.count("schools.ruling_proposed") != 4 {
		t.Errorf("%v, made %d", ok, k.ledger.count("schools.ruling_made"))
	}
}
