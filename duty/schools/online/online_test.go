// SPDX-License-Identifier: Apache-2.0

package online_test

import (
	"context"
	"slices"
	"testing"

	"lachan/duty"
	"lachan/duty/schools"
	"lachan/duty/schools/online"
	"lachan/internal/authz"
	"lachan/internal/id"
	"lachan/internal/problem"
)

func TestClause_3_ClassesAndTheirChecklists(t *testing.T) {
	k := newKit(t)
	ctx := context.Background()
	school, other := k.school("th1", "primary"), k.school("th2", "primary")
	teacher := teacherOf("th1")
	u, c := k.class(school)

	if _, err := k.TakeUse(ctx, teacher, online.UseCommand{School: school.ID, Platform: "zoom"}); !problem.Is(err, "schools/platform-known") {
		t.Errorf("the same platform twice: %v", err)
	}
	if _, err := k.TakeUse(ctx, teacher, online.UseCommand{School: school.ID, Platform: online.Other}); problem.KindOf(err) != problem.Invalid {
		t.Errorf("another platform without a name: %v", err)
	}
	if err := k.EndUse(ctx, teacher, school.ID, u.ID); !problem.Is(err, "schools/platform-has-classes") {
		t.Errorf("a platform with a class ended: %v", err)
	}
	if _, err := k.OpenClass(ctx, teacher, online.ClassCommand{School: school.ID, Title: "x", Use: "none", Pupils: -1, First: k.today(), Last: k.today()}); problem.KindOf(err) != problem.Invalid {
		t.Errorf("a class on no platform: %v", err)
	}
	bad := online.ClassCommand{Grade: 13, Pupils: 0, First: k.today(), Last: k.today().AddDays(-1)}
	if p := problem.From(bad.Validate()); len(p.Fields) != 4 {
		t.Errorf("faults %v", p.Fields)
	}
	for what, act := range map[string]func() error{
		"another school's class": func() error {
			_, err := k.OpenClass(ctx, teacher, online.ClassCommand{School: other.ID, Title: "Toán", Use: u.ID, Pupils: -1, First: k.today(), Last: k.today()})
			return err
		},
		"another school's classes": func() error { _, err := k.Classes(ctx, teacher, other.ID); return err },
		"a head of another agency": func() error {
			_, err := k.TakeUse(ctx, police, online.UseCommand{School: school.ID, Platform: "moodle"})
			return err
		},
	} {
		if err := act(); problem.KindOf(err) != problem.Forbidden {
			t.Errorf("%s: %v", what, err)
		}
	}

	if state := (online.Check{}).State(k.clock.Now()); state != online.Todo {
		t.Errorf("never answered: %s", state)
	}
	if _, err := k.AnswerCheck(ctx, teacher, online.CheckCommand{School: school.ID, Kind: online.ClassCheck, Subject: c.ID, Answers: map[string]string{"chat": "yes"}}); len(problem.From(err).Fields) != 9 {
		t.Errorf("one of ten answered: %v", err)
	}
	check := k.answer(school, online.ClassCheck, c.ID, "recording")
	if check.Gaps != 1 || check.State(k.clock.Now()) != online.Part || duty.DateOf(check.Due) != k.today().AddDays(120) {
		t.Errorf("%+v", check)
	}
	k.clock.Advance(1e9)
	k.answer(school, online.ClassCheck, c.ID)
	newest, err := k.Checks(ctx, teacher, school.ID)
	k.ok(err)
	if got := newest[c.ID]; got.Gaps != 0 || got.Answers["recording"] != online.Yes || got.By != teacher.Person || got.State(k.clock.Now()) != online.Done {
		t.Errorf("%+v", got)
	}
	list, _ := k.Register().Checklist(online.UseCheck)
	answers := map[string]string{}
	for _, item := range list.Items {
		answers[item] = online.None
	}
	if _, err := k.AnswerCheck(ctx, teacherOf("th2"), online.CheckCommand{School: other.ID, Kind: online.UseCheck, Subject: u.ID, Answers: answers}); !problem.Is(err, "schools/no-platform") {
		t.Errorf("the checklist of another school's platform: %v", err)
	}
	k.ok(k.EndClass(ctx, teacher, school.ID, c.ID))
	k.ok(k.EndUse(ctx, teacher, school.ID, u.ID))
	if left, err := k.Classes(ctx, teacher, school.ID); err != nil || len(left) != 0 {
		t.Errorf("%v %v", left, err)
	}
	if k.ledger.count("schools.checklist_answered") != 2 || k.ledger.count("schools.class_opened") != 1 {
		t.Errorf("ledger %v", k.ledger.kept)
	}
}

func TestClause_3_GuidanceIsConfirmed(t *testing.T) {
	k := newKit(t)
	ctx := context.Background()
	school := k.school("th1", "primary")
	teacher := teacherOf("th1")
	for _, g := range k.Register().Guidance {
		if len(g.VI.Points) != len(g.EN.Points) || len(g.VI.Points) < 5 || g.VI.Title == "" || g.EN.About == "" {
			t.Errorf("%s: the languages differ", g.Ref())
		}
	}
	if got := k.Register().Current(duty.NewDate(2026, 8, 19)); len(got) != 0 {
		t.Errorf("given out before its day: %v", got)
	}
	if err := k.Acknowledge(ctx, teacher, school.ID, "lessons", 2); !problem.Is(err, "schools/guidance-renewed") {
		t.Errorf("a version that is not the current: %v", err)
	}
	if err := k.Acknowledge(ctx, sector, school.ID, "lessons", 1); problem.KindOf(err) != problem.Forbidden {
		t.Errorf("confirmed for a school by somebody else: %v", err)
	}
	for range 2 {
		k.ok(k.Acknowledge(ctx, teacher, school.ID, "lessons", 1))
	}
	state := online.StateCommand{School: school.ID, What: online.StatedGuidance, Ref: "groups/1", Day: k.today(), Value: 21, Total: 24}
	k.ok(k.State(ctx, teacher, state))
	state.Value = 25
	if err := k.State(ctx, teacher, state); problem.KindOf(err) != problem.Invalid {
		t.Errorf("more than there are: %v", err)
	}
	readings, err := k.Readings(ctx, teacher, school.ID)
	k.ok(err)
	if len(readings) != 4 || readings[0].Accounts != 1 || readings[0].Mine.IsZero() || readings[1].Done() || readings[3].Stated.Value != 21 || !readings[3].Done() {
		t.Errorf("%+v", readings)
	}
}

func TestClause_3_Readiness(t *testing.T) {
	k := newKit(t)
	ctx := context.Background()
	school := k.school("th1", "primary")
	k.school("th2", "primary")
	teacher := teacherOf("th1")
	want := func(what string, lines ...online.State) {
		t.Helper()
		r, err := k.Readiness(ctx, teacher, school.ID)
		k.ok(err)
		var got []online.State
		for _, l := range r.Lines {
			got = append(got, l.State)
		}
		if !slices.Equal(got, lines) {
			t.Errorf("%s: %v, want %v", what, got, lines)
		}
	}
	want("nothing yet", "todo", "todo", "todo", "todo", "apart", "todo", "todo")

	token, _, err := k.schools.CreateToken(ctx, lead, schools.TokenCommand{Name: "Nút mẫu", Schools: []string{school.ID}})
	k.ok(err)
	node, err := k.schools.Redeem(ctx, token, "U"+string(slices.Repeat([]byte("A"), 55)), "1.0")
	k.ok(err)
	k.ok(k.schools.Heartbeat(ctx, node.ID, schools.Health{Version: "1.0", Resolving: true}))
	u, c := k.class(school)
	k.ok(k.State(ctx, teacher, online.StateCommand{School: school.ID, What: online.StatedRule, Ref: "12/QĐ-M", Day: k.today(), Value: 1}))
	k.ok(k.State(ctx, teacher, online.StateCommand{School: school.ID, What: online.StatedStaff, Day: k.today(), Value: 18, Total: 30}))
	k.ok(k.State(ctx, teacher, online.StateCommand{School: school.ID, What: online.StatedSkills, Ref: "2026-2027", Day: k.today(), Value: 1}))
	k.ok(k.Acknowledge(ctx, teacher, school.ID, "lessons", 1))
	want("under way", "done", "done", "done", "part", "todo", "part", "done")
	k.answer(school, online.ClassCheck, c.ID)
	k.answer(school, online.UseCheck, u.ID)
	want("answered", "done", "done", "done", "part", "done", "part", "done")
	k.ok(k.State(ctx, teacher, online.StateCommand{School: school.ID, What: online.StatedRule, Day: k.today(), Value: 0}))
	want("no rule any more", "done", "done", "todo", "part", "done", "part", "done")

	k.clock.Advance(121 * 24 * 3600e9)
	want("after 121 days", "todo", "todo", "todo", "part", "late", "part", "done")

	all, err := k.Overview(ctx, lead, schools.SchoolFilter{})
	k.ok(err)
	if len(all) != 2 || !all[0].Online || all[1].Online || all[0].Line(online.LineStaff).N != 18 || all[0].State() != online.Late {
		t.Errorf("%+v", all)
	}
	if own, err := k.Overview(ctx, teacher, schools.SchoolFilter{}); err != nil || len(own) != 1 {
		t.Errorf("a teacher sees %d schools, %v", len(own), err)
	}
	if err := k.State(ctx, teacher, online.StateCommand{School: school.ID, What: online.StatedRule, Ref: "1", Day: k.today().AddDays(1), Value: 1}); problem.KindOf(err) != problem.Invalid {
		t.Errorf("a day to come: %v", err)
	}
}

func TestClause_3_FiguresOfTeachingOnline(t *testing.T) {
	k := newKit(t)
	ctx := context.Background()
	good, poor, idle := k.school("th1", "primary"), k.school("cs1", "lower_secondary"), k.school("cs2", "lower_secondary")
	period := duty.CalendarYear(2026)
	cells := func() map[string]int64 {
		t.Helper()
		got, err := k.Figures(ctx, period, "xa-mau")
		k.ok(err)
		return got
	}
	first := cells()
	for code, n := range map[string]int64{"D01.tu": 0, "D01.mau": 3, "D02.mau": 0, "D08.mau": 3, "D09": 0} {
		if first[code] != n {
			t.Errorf("%s: %d, want %d", code, first[code], n)
		}
	}
	_, c := k.class(good)
	_, d := k.class(poor)
	k.answer(good, online.ClassCheck, c.ID)
	k.answer(poor, online.ClassCheck, d.ID, "link")
	for _, school := range []schools.School{good, poor} {
		k.ok(k.Acknowledge(ctx, teacherOf(school.Unit), school.ID, "lessons", 1))
	}
	k.ok(k.State(ctx, teacherOf("cs2"), online.StateCommand{School: idle.ID, What: online.StatedRule, Ref: "3/QĐ", Day: k.today(), Value: 1}))
	k.ok(k.State(ctx, teacherOf("cs2"), online.StateCommand{School: idle.ID, What: online.StatedSkills, Ref: "2026-2027", Day: k.today(), Value: 1}))
	once := online.IncidentCommand{ID: id.New(), School: poor.ID, Kind: "intruder", Day: k.today()}
	for range 2 { // a form that is sent twice
		k.ok(k.CountIncident(ctx, teacherOf("cs1"), once))
	}
	k.ok(k.CountIncident(ctx, teacherOf("cs1"), online.IncidentCommand{ID: id.New(), School: poor.ID, Kind: "bullying", Day: k.today().AddDays(-3)}))
	if n := k.ledger.count("schools.incident_counted"); n != 2 {
		t.Errorf("%d entries", n)
	}
	now := cells()
	for code, n := range map[string]int64{"D01.tu": 1, "D01.mau": 3, "D02.tu": 1, "D02.mau": 2, "D08.tu": 1, "D08.mau": 3, "D09": 2} {
		if now[code] != n {
			t.Errorf("%s: %d, want %d", code, now[code], n)
		}
	}
	figures, err := k.Indicators(ctx, period, schools.Scope{})
	k.ok(err)
	if !slices.ContainsFunc(figures, func(f schools.Figure) bool {
		return f.Code == "D09" && f.By["kind"] == "intruder" && f.By["level"] == "lower_secondary" && f.Value == 1
	}) {
		t.Errorf("%+v", figures)
	}
	period = duty.CalendarYear(2025)
	if before := cells(); before["D01.tu"]+before["D02.mau"]+before["D08.tu"]+before["D09"] != 0 {
		t.Errorf("the year before: %v", before)
	}
	if none, err := k.Figures(ctx, period, "xa-khac"); err != nil || len(none) != 0 {
		t.Errorf("a unit without schools: %v %v", none, err)
	}
	for _, who := range []authz.Actor{lead, sector, teacherOf("th1")} {
		if err := k.CountIncident(ctx, who, once); problem.KindOf(err) != problem.Forbidden {
			t.Errorf("%s counts another school's incident: %v", who.Person, err)
		}
	}
}

func TestClause_3_ModelFromDesignToAdopters(t *testing.T) {
	k := newKit(t)
	ctx := context.Background()
	pilot, adopter := k.school("th1", "primary"), k.school("th2", "primary")
	cmd := online.ModelCommand{Title: "Lớp học trực tuyến hai người lớn", Design: "Mỗi buổi có thầy cô và một người lớn nữa.", Criteria: []string{"Không buổi nào có người lạ vào lớp", "  ", "Mọi lớp có phiếu an toàn"}}
	if _, err := k.SaveModel(ctx, police, cmd); problem.KindOf(err) != problem.Forbidden {
		t.Errorf("a head of another agency: %v", err)
	}
	m, err := k.SaveModel(ctx, lead, cmd)
	k.ok(err)
	refuse := func(code string, err error) {
		t.Helper()
		if !problem.Is(err, code) {
			t.Errorf("got %v, want %s", err, code)
		}
	}
	refuse("schools/model-needs-pilot", k.MoveModel(ctx, lead, m.ID, online.Pilot))
	refuse("schools/model-not-from-here", k.MoveModel(ctx, lead, m.ID, online.Spread))
	k.ok(k.JoinModel(ctx, lead, online.MemberCommand{Model: m.ID, School: pilot.ID}))
	k.ok(k.MoveModel(ctx, lead, m.ID, online.Pilot))
	cmd.ID = m.ID
	_, err = k.SaveModel(ctx, lead, cmd)
	refuse("schools/model-has-begun", err)
	refuse("schools/model-needs-evaluation", k.MoveModel(ctx, lead, m.ID, online.Evaluated))
	k.ok(k.EvaluateModel(ctx, lead, online.EvaluateCommand{Model: m.ID, Results: []string{online.Unmet, online.Unmet}, Notes: []string{"Hai buổi", ""}, Conclusion: "Chưa đạt."}))
	k.ok(k.MoveModel(ctx, lead, m.ID, online.Evaluated))
	refuse("schools/model-met-nothing", k.MoveModel(ctx, lead, m.ID, online.Spread))
	refuse("schools/model-closed", k.JoinModel(ctx, lead, online.MemberCommand{Model: m.ID, School: adopter.ID}))

	second, err := k.SaveModel(ctx, lead, online.ModelCommand{Title: "Mẫu hai", Design: "Thiết kế", Criteria: []string{"Một"}})
	k.ok(err)
	k.ok(k.JoinModel(ctx, lead, online.MemberCommand{Model: second.ID, School: pilot.ID}))
	k.ok(k.MoveModel(ctx, lead, second.ID, online.Pilot))
	k.ok(k.EvaluateModel(ctx, lead, online.EvaluateCommand{Model: second.ID, Results: []string{online.Met}, Notes: []string{""}, Conclusion: "Đạt."}))
	k.ok(k.MoveModel(ctx, lead, second.ID, online.Evaluated))
	k.ok(k.MoveModel(ctx, lead, second.ID, online.Spread))
	k.ok(k.JoinModel(ctx, lead, online.MemberCommand{Model: second.ID, School: adopter.ID}))
	refuse("schools/not-in-model", k.JoinModel(ctx, lead, online.MemberCommand{Model: second.ID, School: pilot.ID, Leave: true}))
	got, err := k.Model(ctx, teacherOf("th1"), second.ID)
	k.ok(err)
	if got.State != online.Spread || !slices.Equal(got.Schools(online.PilotSchool), []string{pilot.ID}) || !slices.Equal(got.Schools(online.Adopter), []string{adopter.ID}) || got.First != k.today() || got.Criteria[0].Result != online.Met {
		t.Errorf("%+v", got)
	}
	if _, err := k.Models(ctx, authz.Actor{Person: "nobody"}); problem.KindOf(err) != problem.Forbidden {
		t.Errorf("nobody: %v", err)
	}
	all, err := k.Models(ctx, sector)
	if err != nil || len(all) != 2 || len(all[1].Criteria) != 2 {
		t.Errorf("%v %+v", err, all)
	}
}
