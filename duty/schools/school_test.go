// SPDX-License-Identifier: Apache-2.0

package schools

import (
	"context"
	"testing"
	"time"

	"lachan/internal/authz"
	"lachan/internal/bundle"
	"lachan/internal/problem"
)

func TestSchoolsAreScoped(t *testing.T) {
	k, ctx := newKit(t), context.Background()
	one, two := k.school(t, "truong-1", "primary"), k.school(t, "truong-2", "upper_secondary")
	if one.Band != bundle.Primary || two.Band != bundle.UpperSecondary || one.Side != 1 {
		t.Errorf("%+v", one)
	}
	all, err := k.Schools(ctx, lead, SchoolFilter{})
	if err != nil || len(all) != 2 {
		t.Fatalf("%d, %v", len(all), err)
	}
	// Every row shown is allowed, and every allowed row is shown.
	for _, actor := range []authz.Actor{lead, officer, teacherOf("truong-1"), teacherOf("truong-3")} {
		shown, err := k.Schools(ctx, actor, SchoolFilter{})
		if err != nil {
			t.Fatal(err)
		}
		in := map[string]bool{}
		for _, s := range shown {
			in[s.ID] = true
		}
		for _, s := range all {
			_, err := k.School(ctx, actor, s.ID)
			if allowed := err == nil; allowed != in[s.ID] {
				t.Errorf("%s: %s allowed %v, shown %v", actor.Person, s.Unit, allowed, in[s.ID])
			}
		}
	}
	if _, err := k.Schools(ctx, nobody, SchoolFilter{}); !problem.Is(err, "authz/forbidden") {
		t.Errorf("%v", err)
	}
	if found, _ := k.Schools(ctx, lead, SchoolFilter{Query: "TRUONG MAU truong-2"}); len(found) != 1 || found[0].ID != two.ID {
		t.Errorf("search without tone marks: %+v", found)
	}
	if found, _ := k.Schools(ctx, lead, SchoolFilter{Query: "100%_"}); len(found) != 0 {
		t.Errorf("%+v", found)
	}
	page, _ := k.Schools(ctx, lead, SchoolFilter{Limit: 1})
	rest, _ := k.Schools(ctx, lead, SchoolFilter{After: page[0].ID})
	if len(page) != 1 || len(rest) != 1 || page[0].ID == rest[0].ID {
		t.Errorf("paging: %+v, %+v", page, rest)
	}
	if _, err := k.SaveSchool(ctx, teacherOf("truong-1"), SchoolCommand{Unit: "truong-2", Name: "Đổi tên", Level: "primary"}); !problem.Is(err, "authz/forbidden") {
		t.Errorf("a teacher changed another school: %v", err)
	}
	if _, err := k.SaveSchool(ctx, lead, SchoolCommand{Pupils: -1, Level: "university", Band: "adults"}); len(problem.From(err).Fields) != 5 {
		t.Errorf("want five fields: %v", err)
	}
}

func TestNetworks(t *testing.T) {
	k, ctx := newKit(t), context.Background()
	one, two := k.school(t, "truong-1", "mixed"), k.school(t, "truong-2", "primary")
	k.join(t, one.ID, two.ID)
	save := func(school, prefix, band string) ([]Network, error) {
		_, overlaps, err := k.SaveNetwork(ctx, lead, NetworkCommand{School: school, Prefix: prefix, Band: band})
		return overlaps, err
	}
	if _, err := save(one.ID, "10.1.0.0/16", "staff"); err != nil {
		t.Fatal(err)
	}
	overlaps, err := save(one.ID, "10.1.4.0/24", "primary")
	if err != nil || len(overlaps) != 1 || overlaps[0].Prefix.String() != "10.1.0.0/16" {
		t.Errorf("a network inside another: %v, %v", overlaps, err)
	}
	if _, err := save(two.ID, "10.1.4.128/25", "primary"); !problem.Is(err, "schools/network-overlaps") {
		t.Errorf("two schools behind one node: %v", err)
	} else if args := problem.From(err).Args; len(args) != 4 || args[3] != one.Name {
		t.Errorf("the other school is not named: %v", args)
	}
	if _, err := save(one.ID, "10.1.4.0/24", "lower_secondary"); err != nil { // changes the band
		t.Fatal(err)
	}
	for prefix, code := range map[string]string{
		"10.1.4.7/24": "schools/host-bits", "10.1": "schools/not-a-network", "0.0.0.0/0": "schools/network-too-large", "::ffff:10.0.0.0/104": "schools/not-a-network",
	} {
		_, err := save(one.ID, prefix, "staff")
		if f := problem.From(err).Fields; len(f) != 1 || f[0].Code != code {
			t.Errorf("%s: %v", prefix, err)
		}
	}
	nets, err := k.Networks(ctx, teacherOf("truong-1"), one.ID)
	if err != nil || len(nets) != 2 {
		t.Fatalf("%v, %v", nets, err)
	}
	sealed, err := k.Side(ctx, one.ID)
	if err != nil {
		t.Fatal(err)
	}
	side, err := bundle.OpenSide(sealed.Sealed, bundle.NewTrust(k.public))
	if err != nil || len(side.Networks) != 2 || side.Number != 4 || side.Default != bundle.Primary {
		t.Errorf("%+v, %v", side, err)
	}
	if last := k.out.sides[len(k.out.sides)-1]; last.School != one.ID || last.Number != 4 {
		t.Errorf("published %+v", last.Number)
	}
	if err := k.DropNetwork(ctx, lead, one.ID, nets[0].ID); err != nil {
		t.Fatal(err)
	}
	if err := k.DropNetwork(ctx, lead, one.ID, nets[0].ID); !problem.Is(err, "schools/no-network") {
		t.Errorf("%v", err)
	}
}

func TestSmallBandsCountByTheWeek(t *testing.T) {
	k, ctx := newKit(t), context.Background()
	s, err := k.SaveSchool(ctx, lead, SchoolCommand{Unit: "truong-1", Name: "Trường mẫu", Level: "mixed", Pupils: 300, BandPupils: map[string]int{"primary": 12, "lower_secondary": 288}})
	if err != nil || s.weekOnly() != bundle.BandsOf(bundle.Primary) {
		t.Errorf("%v, %v", s.weekOnly().Codes(), err)
	}
}

func TestSchoolsOwnRules(t *testing.T) {
	k, ctx := newKit(t), context.Background()
	k.importText(t, "Trò chơi", "games", "tro-choi-mau.example\n")
	s, teacher := k.school(t, "truong-1", "primary"), teacherOf("truong-1")
	look := func() Answer {
		t.Helper()
		a, err := k.Lookup(ctx, teacher, LookupQuery{Domain: "tro-choi-mau.example", Band: "primary", School: s.ID})
		if err != nil {
			t.Fatal(err)
		}
		return a
	}
	if a := look(); !a.Blocked {
		t.Fatalf("%+v", a)
	}
	until := k.clock.Now().Add(2 * time.Hour)
	if err := k.SaveRule(ctx, teacher, RuleCommand{School: s.ID, Domain: "tro-choi-mau.example", Allow: true, Reason: "lesson", Until: until}); err != nil {
		t.Fatal(err)
	}
	if a := look(); a.Blocked || a.Rule != bundle.SchoolAllow || a.Reason != "lesson" {
		t.Errorf("%+v", a)
	}
	k.clock.Advance(3 * time.Hour)
	if a := look(); !a.Blocked {
		t.Error("the opening did not end")
	}
	if sealed, err := k.Side(ctx, s.ID); err != nil {
		t.Fatal(err)
	} else if side, err := bundle.OpenSide(sealed.Sealed, bundle.NewTrust(k.public)); err != nil || len(side.Rules) != 0 {
		t.Errorf("a rule that has ended is still sent: %+v, %v", side.Rules, err)
	}
	if err := k.SaveRule(ctx, teacher, RuleCommand{School: s.ID, Domain: "com.vn", Reason: "?", Until: until}); len(problem.From(err).Fields) != 3 {
		t.Errorf("%v", err)
	}
	rules, err := k.Rules(ctx, teacher, s.ID)
	if err != nil || len(rules) != 1 || rules[0].By != teacher.Person {
		t.Fatalf("%+v, %v", rules, err)
	}
	if err := k.DropRule(ctx, teacherOf("truong-2"), s.ID, rules[0].ID); !problem.Is(err, "authz/forbidden") {
		t.Errorf("%v", err)
	}
	if err := k.DropRule(ctx, teacher, s.ID, rules[0].ID); err != nil {
		t.Fatal(err)
	}
}

func TestUnblockRequest(t *testing.T) {
	k, ctx := newKit(t), context.Background()
	k.importText(t, "Trò chơi", "games", "tro-choi-mau.example\n")
	s, teacher := k.school(t, "truong-1", "primary"), teacherOf("truong-1")
	other := k.school(t, "truong-2", "primary")
	node := k.join(t, s.ID)
	if _, err := k.enforce(provisional("xau-mau.example")); err != nil {
		t.Fatal(err)
	}
	for range 3 {
		if err := k.Ask(ctx, node.ID, s.ID, "primary", "tro-choi-mau.example", "2026-11-23"); err != nil {
			t.Fatal(err)
		}
	}
	if err := k.Ask(ctx, node.ID, s.ID, "primary", "xau-mau.example", "2026-11-23"); err != nil {
		t.Fatal(err)
	}
	for _, bad := range [][3]string{{other.ID, "primary", "2026-11-23"}, {s.ID, "adults", "2026-11-23"}, {s.ID, "primary", "2020-01-01"}} {
		if err := k.Ask(ctx, node.ID, bad[0], bad[1], "a.example", bad[2]); !problem.Is(err, "schools/implausible") {
			t.Errorf("%v: %v", bad, err)
		}
	}
	open, err := k.Requests(ctx, teacher, s.ID, Open)
	if err != nil || len(open) != 2 {
		t.Fatalf("%+v, %v", open, err)
	}
	for _, r := range open {
		err := k.AnswerRequest(ctx, teacher, AnswerCommand{RequestID: r.ID, Grant: true, Reason: "lesson"})
		if r.Domain == "xau-mau.example" {
			if r.Category != bundle.Emergency || !problem.Is(err, "schools/not-the-schools-block") {
				t.Errorf("%+v: %v", r, err)
			}
			continue
		}
		if err != nil || r.Asked != 3 || r.Category != "games" {
			t.Errorf("%+v: %v", r, err)
		}
		if err := k.AnswerRequest(ctx, teacher, AnswerCommand{RequestID: r.ID, Reason: "other"}); !problem.Is(err, "schools/request-answered") {
			t.Errorf("answered twice: %v", err)
		}
	}
	if w, err := k.Wishes(ctx, lead, k.clock.Now().AddDate(0, 0, -1)); err != nil || w != (Wishes{Asked: 2, InTime: 1, Open: 1, Where: 1}) {
		t.Errorf("the province's wishes: %+v, %v", w, err)
	}
	if _, err := k.Wishes(ctx, teacher, time.Time{}); problem.KindOf(err) != problem.Forbidden {
		t.Errorf("a teacher sums the province's wishes: %v", err)
	}
	if a, _ := k.Lookup(ctx, teacher, LookupQuery{Domain: "tro-choi-mau.example", Band: "primary", School: s.ID}); a.Blocked {
		t.Error("not opened")
	}
	if a, _ := k.Lookup(ctx, teacher, LookupQuery{Domain: "tro-choi-mau.example", Band: "lower_secondary", School: s.ID}); !a.Blocked {
		t.Error("opened for another band")
	}
}
