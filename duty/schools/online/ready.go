// SPDX-License-Identifier: Apache-2.0

package online

import (
	"context"
	"slices"
	"time"

	"lachan/duty"
	"lachan/duty/schools"
	"lachan/internal/authz"
	"lachan/internal/problem"
	"lachan/internal/sqldb"
)

// Readiness is how far a school is with clause 3, line by line.
type Readiness struct {
	School schools.School
	Lines  []Line
	Online bool // lessons online run now
}

// State is how one thing stands. Only what had a day and missed it is late.
type State string

// The states, the better first.
const (
	Apart State = "apart" // does not apply
	Done  State = "done"
	Soon  State = "soon" // done, and soon due again
	Part  State = "part" // begun
	Todo  State = "todo"
	Late  State = "late" // was done, and is due again
)

// States lists the states, the better first.
func States() []State { return []State{Apart, Done, Soon, Part, Todo, Late} }

// Worse is the worse of two states.
func (s State) Worse(other State) State {
	if slices.Index(States(), other) > slices.Index(States(), s) {
		return other
	}
	return s
}

// Asks reports whether somebody has to do something.
func (s State) Asks() bool { return s.Worse(Done) != Done }

// Line is one thing that a school shall have.
type Line struct {
	Code    string // one of LineCodes
	State   State
	Counted bool   // by the system; false: stated by the school
	N, Of   int    // teachers, staff, texts, checklists; Of 0: no count
	Ref     string // number of the rule, school year
	Day     duty.Date
}

// The lines, with the figures of the catalogue that they feed.
const (
	LineFilter   = "filter"   // D03: a node is alive
	LineBands    = "bands"    // D04: each level has its own policy
	LineRule     = "rule"     // D01: rules on internet use
	LineGuidance = "guidance" // D02: texts confirmed
	LineChecks   = "checks"   // D02: checklists answered
	LineStaff    = "staff"    // trained staff
	LineSkills   = "skills"   // D08: digital skills in the programme
)

// LineCodes lists the lines in their order.
func LineCodes() []string {
	return []string{LineFilter, LineBands, LineRule, LineGuidance, LineChecks, LineStaff, LineSkills}
}

// Line is the line of a code.
func (r Readiness) Line(code string) Line {
	for _, l := range r.Lines {
		if l.Code == code {
			return l
		}
	}
	return Line{Code: code, State: Apart}
}

// State is the worst state of the lines that apply.
func (r Readiness) State() State {
	worst := Done
	for _, l := range r.Lines {
		worst = worst.Worse(l.State)
	}
	return worst
}

// Open are the lines that ask for something, the worst first.
func (r Readiness) Open() []Line {
	var open []Line
	for _, l := range r.Lines {
		if l.State.Asks() {
			open = append(open, l)
		}
	}
	slices.SortStableFunc(open, func(a, b Line) int {
		return slices.Index(States(), b.State) - slices.Index(States(), a.State)
	})
	return open
}

// holdsFor is how many days a statement on staff or programme counts: a
// school year and its holidays.
const holdsFor = 400

// standing is everything that lines are drawn from, of one school or of all.
type standing struct {
	now      time.Time
	today    duty.Date
	reading  func(schoolID string) []Reading
	stated   map[key]Stated
	checks   map[string]Check
	uses     map[string][]Use
	classes  map[string][]Class
	filtered map[string]schools.Protection
}

func (s *Service) standing(ctx context.Context, actor authz.Actor, schoolID string) (st standing, err error) {
	st = standing{now: s.Clock.Now(), today: s.today(), uses: map[string][]Use{}, classes: map[string][]Class{}}
	if st.reading, err = s.readings(ctx, schoolID, actor.Person, st.today); err != nil {
		return st, err
	}
	if st.stated, err = s.newestStated(ctx, schoolID, st.today); err != nil {
		return st, err
	}
	if st.checks, err = s.newestChecks(ctx, schoolID, s.now()+1); err != nil {
		return st, err
	}
	uses, err := sqldb.All(ctx, s.DB.Read(), queryUses, scanUse, schoolID)
	if err != nil {
		return st, wrap("uses", err)
	}
	for _, u := range uses {
		st.uses[u.School] = append(st.uses[u.School], u)
	}
	classes, err := sqldb.All(ctx, s.DB.Read(), queryClasses, scanClass, schoolID, st.today.String())
	if err != nil {
		return st, wrap("classes", err)
	}
	for _, c := range classes {
		st.classes[c.School] = append(st.classes[c.School], c)
	}
	st.filtered, err = s.Schools.Protection(ctx, actor)
	if problem.Is(err, "schools/no-school") { // a unit that is no school
		err = nil
	}
	return st, err
}

// Readiness is how far one school is.
func (s *Service) Readiness(ctx context.Context, actor authz.Actor, schoolID string) (Readiness, error) {
	school, err := s.Schools.School(ctx, actor, schoolID)
	if err != nil {
		return Readiness{}, err
	}
	st, err := s.standing(ctx, actor, schoolID)
	if err != nil {
		return Readiness{}, err
	}
	return st.of(school), nil
}

// Overview is how far the schools are that actor may see, in the order of
// their names.
func (s *Service) Overview(ctx context.Context, actor authz.Actor, f schools.SchoolFilter) ([]Readiness, error) {
	st, err := s.standing(ctx, actor, "")
	if err != nil {
		return nil, err
	}
	var all []Readiness
	f.Limit = 1000
	for {
		some, err := s.Schools.Schools(ctx, actor, f)
		if err != nil {
			return nil, err
		}
		for _, school := range some {
			all = append(all, st.of(school))
		}
		if len(some) < f.Limit {
			return all, nil
		}
		f.After = some[len(some)-1].ID
	}
}

func (st standing) of(school schools.School) Readiness {
	r := Readiness{School: school, Online: len(st.classes[school.ID]) > 0}
	filter := st.filtered[school.ID]
	r.Lines = []Line{
		{Code: LineFilter, Counted: true, State: either(filter.Filter)},
		{Code: LineBands, Counted: true, State: either(filter.Bands)},
		st.said(school.ID, LineRule, 0),
		st.guidance(school.ID),
		st.checklists(school.ID),
		st.said(school.ID, LineStaff, holdsFor),
		st.said(school.ID, LineSkills, holdsFor),
	}
	return r
}

func either(good bool) State {
	if good {
		return Done
	}
	return Todo
}

// said is a line that the school states; days is how long it holds, 0: until
// it says otherwise.
func (st standing) said(schoolID, what string, days int) Line {
	x := st.stated[key{schoolID, what, ""}]
	l := Line{Code: what, N: x.Value, Of: x.Total, Ref: x.Ref, Day: x.Day, State: Done}
	switch {
	case x.ID == "" || x.Value == 0:
		l.State = Todo
	case days > 0 && st.today.Sub(x.Day) > days:
		l.State = Late
	case x.Value < x.Total:
		l.State = Part
	}
	return l
}

// guidance counts the current texts that somebody of the school has confirmed.
func (st standing) guidance(schoolID string) Line {
	l := Line{Code: LineGuidance, Counted: true, State: Part}
	for _, r := range st.reading(schoolID) {
		l.Of++
		if r.Done() {
			l.N++
		}
	}
	switch l.N {
	case 0:
		l.State = Todo
	case l.Of:
		l.State = Done
	}
	return l
}

// checklists counts the subjects whose checklist is answered and not due. A
// school that uses no platform and holds no class has none to answer.
func (st standing) checklists(schoolID string) Line {
	l := Line{Code: LineChecks, Counted: true, State: Apart}
	add := func(subject string) {
		c := st.checks[subject]
		state := c.State(st.now)
		l.Of++
		if state.Worse(Part) == Part {
			l.N++
		}
		due := st.today
		if c.ID != "" {
			due = duty.DateOf(c.Due)
		}
		if l.Day.IsZero() || due.Before(l.Day) {
			l.Day = due
		}
		l.State = l.State.Worse(state)
	}
	for _, u := range st.uses[schoolID] {
		add(u.ID)
	}
	for _, c := range st.classes[schoolID] {
		add(c.ID)
	}
	if l.State == Todo && l.N > 0 {
		l.State = Part
	}
	return l
}
