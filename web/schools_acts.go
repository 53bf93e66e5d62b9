// SPDX-License-Identifier: Apache-2.0

package web

import (
	"time"

	"lachan/duty"
	"lachan/duty/schools"
	"lachan/internal/problem"
	"lachan/web/page"
)

// onSchool does one act on a school's page: back to it with a sentence, or the
// page again with what was wrong.
func (s *Server) onSchool(c *visit, key string, act func(id string) error) error {
	id := c.r.PathValue("id")
	err := act(id)
	if err == nil {
		return c.done("/schools/"+id, key)
	}
	if problem.KindOf(err) != problem.Invalid && problem.KindOf(err) != problem.Conflict {
		return err
	}
	c.base.Problem = problem.From(err)
	p, failed := s.schoolPage(c, id)
	if failed != nil {
		return failed
	}
	return c.showFault("schools/school", p, err)
}

func (s *Server) saveNetwork(c *visit) error {
	return s.onSchool(c, "flash.schools.network-saved", func(id string) error {
		_, _, err := s.Schools.SaveNetwork(c.r.Context(), c.who.Actor, schools.NetworkCommand{
			School: id, Prefix: c.form("network"), Band: c.form("band"), Evening: c.form("evening"), Note: c.form("note"),
		})
		return err
	})
}

func (s *Server) dropNetwork(c *visit) error {
	return s.onSchool(c, "flash.schools.network-dropped", func(id string) error {
		return s.Schools.DropNetwork(c.r.Context(), c.who.Actor, id, c.form("id"))
	})
}

func (s *Server) saveRule(c *visit) error {
	return s.onSchool(c, "flash.schools.rule-saved", func(id string) error {
		kind := c.form("kind")
		until, err := readLastDay(c.form("until"))
		p := problem.New("input/faulty")
		if kind != "allow" && kind != "deny" {
			p.Field("kind", "input/not-a-choice")
		}
		if err != nil {
			p.Field("until", "input/not-a-date")
		}
		if err := p.OrNil(); err != nil {
			return err
		}
		return s.Schools.SaveRule(c.r.Context(), c.who.Actor, schools.RuleCommand{
			School: id, Domain: c.form("domain"), Allow: kind == "allow", Reason: c.form("reason"), Until: until,
		})
	})
}

func (s *Server) dropRule(c *visit) error {
	return s.onSchool(c, "flash.schools.rule-dropped", func(id string) error {
		return s.Schools.DropRule(c.r.Context(), c.who.Actor, id, c.form("id"))
	})
}

func (s *Server) answerRequest(c *visit) error {
	open := c.form("go") == "open"
	key := "flash.schools.request-kept"
	if open {
		key = "flash.schools.request-opened"
	}
	if c.form("go") == "pass" {
		key = "flash.schools.request-passed"
	}
	return s.onSchool(c, key, func(id string) error {
		switch c.form("go") {
		case "open", "keep":
		case "pass":
			return s.Schools.PassRequest(c.r.Context(), c.who.Actor, c.form("id"))
		default:
			return problem.New("input/faulty").Field("go", "input/not-a-choice")
		}
		until, err := readLastDay(c.form("until"))
		if err != nil {
			return problem.New("input/faulty").Field("until", "input/not-a-date")
		}
		cmd := schools.AnswerCommand{RequestID: c.form("id"), Grant: open, Reason: c.form("reason")}
		if open {
			cmd.Until = until
		}
		return s.Schools.AnswerRequest(c.r.Context(), c.who.Actor, cmd)
	})
}

// ends are the last days that an opening is offered for: until Friday first,
// since a page is needed for a week's lessons more often than for ever.
func (c *visit) ends() []page.Option {
	today := duty.DateOf(c.s.Clock.Now())
	week := (int(time.Friday) - int(c.s.Clock.Now().Weekday()) + 7) % 7
	if week == 0 {
		week = 7 // on a Friday today is offered already
	}
	day := func(key string, d duty.Date) page.Option {
		return page.Option{Value: d.String(), Label: c.p.T(key, "on", c.p.Date(d.Start()))}
	}
	friday := day("pages.school.until.friday", today.AddDays(week))
	friday.On = true
	return []page.Option{
		day("pages.school.until.today", today), friday, day("pages.school.until.month", today.AddDays(30)),
		{Label: c.p.T("console.school.noend")},
	}
}

// readDay reads a day as people type it, 23/11/2026, or as browsers send it,
// 2026-11-23; empty is the zero day.
func readDay(text string) (duty.Date, error) {
	if text == "" {
		return duty.Date{}, nil
	}
	if t, err := time.Parse("2/1/2006", text); err == nil {
		return duty.NewDate(t.Year(), t.Month(), t.Day()), nil
	}
	return duty.ParseDate(text)
}

// readLastDay is the first instant after the day typed; zero for no end.
func readLastDay(text string) (time.Time, error) {
	day, err := readDay(text)
	if err != nil || day.IsZero() {
		return time.Time{}, err
	}
	return day.AddDays(1).Start(), nil
}

// lastDay is an instant within the last day of what ends at until; zero for no
// end.
func lastDay(until time.Time) time.Time {
	if until.IsZero() {
		return until
	}
	return until.Add(-time.Microsecond)
}
