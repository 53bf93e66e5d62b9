// SPDX-License-Identifier: Apache-2.0

package web

import (
	"net/url"
	"strings"
	"time"

	"lachan/duty/schools"
	"lachan/internal/authz"
	"lachan/internal/problem"
	"lachan/web/page"
)

// What the department decides about names that schools ask for.
const (
	asksPath = "/schools/requests"
	askPath  = asksPath + "/name"
)

func (c *visit) mayReview() bool {
	return c.may("schools.review", authz.Resource{Type: "schools.request"})
}

func (s *Server) asks(c *visit) error {
	ctx, actor := c.r.Context(), c.who.Actor
	all, err := s.Schools.Review(ctx, actor)
	if err != nil {
		return err
	}
	rulings, err := s.Schools.Rulings(ctx, actor, false)
	if err != nil {
		return err
	}
	c.in("schools", c.p.T("console.asks.title"))
	p := page.Asks{Base: c.base}
	for _, a := range all {
		row := page.AskRow{
			Href: askPath + "?" + url.Values{"domain": {a.Domain}}.Encode(), Domain: a.Unicode, Category: c.askedAs(a), Clock: c.askClock(a),
			Count: c.p.T("pages.asks.count", "schools", a.Schools, "times", a.Times, "since", c.p.Date(a.Since)),
		}
		for _, why := range a.Why {
			row.Why = append(row.Why, c.p.T(schools.AskedKey(why)))
		}
		p.Rows = append(p.Rows, row)
	}
	if p.Two, p.Rulings, err = s.rulingRows(c, rulings, "schools.ruling_confirm", asksPath); err != nil {
		return err
	}
	if p.Pending, err = s.Schools.RulingsPending(ctx); err != nil {
		return err
	}
	return c.show("schools/asks", p)
}

// askedAs says as what a name was refused.
func (c *visit) askedAs(a schools.Asked) string {
	if a.Category == "" {
		return c.p.T("pages.asks.open-now")
	}
	return c.p.T(c.s.Schools.Catalogue().NameKey(a.Category))
}

// askClock is the department's clock on a name, without a date where it has
// none.
func (c *visit) askClock(a schools.Asked) page.Clock {
	if a.Due.IsZero() {
		return page.Clock{State: "wait", Rule: c.p.T("pages.asks.school-answers")}
	}
	now := c.s.Clock.Now()
	k := page.Clock{State: "ok", Left: a.Due.Sub(now), At: a.Due, From: a.Since, Rule: c.p.T("pages.asks.rule")}
	switch {
	case k.Left < 0:
		k.State = "late"
	case k.Left < 24*time.Hour:
		k.State = "soon"
	}
	return k
}

// rulingRows parts rulings into what waits for a second person and what is in
// force.
func (s *Server) rulingRows(c *visit, all []schools.Ruling, action, to string) (two []page.TwoPerson, rows []page.RulingRow, err error) {
	var ids []string
	for _, r := range all {
		ids = append(ids, r.ProposedBy, r.SecondBy)
	}
	names, err := c.names(ids...)
	if err != nil {
		return nil, nil, err
	}
	for _, r := range all {
		act := c.p.T("pages.ruling.act", "kind", c.p.T(r.Kind.Key()), "name", r.Domain, "why", r.Reason)
		if r.State == schools.RulingProposed {
			one := page.TwoPerson{ID: r.ID, Act: act, First: names[r.ProposedBy], At: r.Created, Mine: r.ProposedBy == c.who.Actor.Person}
			if !one.Mine && c.may(action, authz.Resource{Type: "schools.ruling", ID: r.ID, Attrs: map[string]any{"needs_second": true, "first_person": r.ProposedBy}}) {
				one.Confirm = to
			}
			two = append(two, one)
			continue
		}
		by := names[r.ProposedBy]
		if r.SecondBy != "" {
			by = joined(by, names[r.SecondBy])
		}
		rows = append(rows, page.RulingRow{
			ID: r.ID, Domain: r.Domain, Kind: c.p.T(r.Kind.Key()), Reason: r.Reason, Basis: r.Basis, By: by, Since: r.Decided, Until: r.Until, End: true,
		})
	}
	return two, rows, nil
}

// steerRuling is the second person's word on a proposal, or ends what is in
// force.
func (s *Server) steerRuling(c *visit) error {
	ctx, actor, id := c.r.Context(), c.who.Actor, c.form("id")
	back := strings.TrimSuffix(c.r.URL.Path, "/decide")
	switch c.form("go") {
	case "confirm":
		if _, err := s.Schools.ConfirmRuling(ctx, actor, id); err != nil {
			return err
		}
		return c.done(back, "flash.schools.ruling-confirmed")
	case "refuse", "end":
		if _, err := s.Schools.DropRuling(ctx, actor, id); err != nil {
			return err
		}
		return c.done(back, "flash.schools.ruling-dropped")
	default:
		return problem.New("input/faulty").Field("go", "input/not-a-choice")
	}
}

// asked finds a name among those that the department looks at.
func (s *Server) asked(c *visit, domain string) (schools.Asked, error) {
	all, err := s.Schools.Review(c.r.Context(), c.who.Actor)
	if err != nil {
		return schools.Asked{}, err
	}
	for _, a := range all {
		if a.Domain == domain {
			return a, nil
		}
	}
	return schools.Asked{}, problem.New("schools/no-request")
}

func (s *Server) ask(c *visit) error {
	a, err := s.asked(c, c.query("domain"))
	if err != nil {
		return err
	}
	p, err := s.askPage(c, a)
	if err != nil {
		return err
	}
	return c.show("schools/ask", p)
}

func (s *Server) askPage(c *visit, a schools.Asked) (page.Ask, error) {
	c.in("schools", a.Unicode)
	p := page.Ask{Base: c.base, Domain: a.Domain, Name: a.Unicode, Clock: c.askClock(a), Private: a.Private()}
	var why, bands []string
	for _, code := range a.Why {
		why = append(why, c.p.T(schools.AskedKey(code)))
	}
	for _, b := range a.Bands {
		bands = append(bands, c.p.T(schools.BandKey(b)))
	}
	p.Facts = []page.KV{
		{Key: c.p.T("pages.ask.as"), Value: c.askedAs(a)},
		{Key: c.p.T("pages.ask.why"), Value: strings.Join(why, ", ")},
		{Key: c.p.T("pages.ask.bands"), Value: strings.Join(bands, ", ")},
		{Key: c.p.T("pages.ask.asked"), Value: c.p.T("pages.asks.count", "schools", a.Schools, "times", a.Times, "since", c.p.Date(a.Since))},
	}
	for _, id := range a.Passed {
		school, err := s.Schools.School(c.r.Context(), c.who.Actor, id)
		if err != nil && problem.KindOf(err) != problem.Forbidden {
			return p, err
		}
		if err == nil {
			p.Here = append(p.Here, school.Name)
		}
	}
	for i, b := range a.Blame {
		p.Blame = append(p.Blame, page.Option{Value: b.ID, Label: b.Name, Note: c.p.T("pages.ask.wrong", "n", b.Wrong), On: i == 0})
	}
	p.Bands = []page.Option{{Value: "asked", Label: c.p.T("pages.ask.bands-asked"), On: true}, {Value: "all", Label: c.p.T("pages.ask.bands-all")}}
	for _, r := range schools.RuleReasons() {
		p.Reasons = append(p.Reasons, page.Option{Value: r, Label: c.p.T(schools.ReasonKey(r))})
	}
	for _, r := range schools.KeepReasons() {
		p.KeepReasons = append(p.KeepReasons, page.Option{Value: r, Label: c.p.T(schools.ReasonKey(r))})
	}
	if k, ok := s.Schools.Catalogue().Category(a.Category); ok {
		p.Two = !k.School
	}
	p.Typed = page.AskTyped{Why: c.form("why"), Basis: c.form("basis"), Until: c.form("until")}
	return p, nil
}

func (s *Server) decideAsk(c *visit) error {
	a, err := s.asked(c, c.form("domain"))
	if err != nil {
		return err
	}
	key, err := s.decide(c, a)
	if err == nil {
		return c.done(asksPath, key)
	}
	if !mendable(err) {
		return err
	}
	c.base.Problem = problem.From(err)
	p, failed := s.askPage(c, a)
	if failed != nil {
		return failed
	}
	return c.showFault("schools/ask", p, err)
}

// decide does what the form says and names the sentence about it.
func (s *Server) decide(c *visit, a schools.Asked) (key string, err error) {
	ctx, actor := c.r.Context(), c.who.Actor
	propose := func(cmd schools.RulingCommand) error {
		cmd.Domain, cmd.Reason = a.Domain, c.form("why")
		r, err := s.Schools.ProposeRuling(ctx, actor, cmd)
		key = "flash.schools.ruling-made"
		if err == nil && r.State == schools.RulingProposed {
			key = "flash.schools.ruling-proposed"
		}
		return err
	}
	switch c.form("go") {
	case "open":
		until, err := readLastDay(c.form("until"))
		if err != nil {
			return "", problem.New("input/faulty").Field("until", "input/not-a-date")
		}
		cmd := schools.RulingCommand{Kind: schools.OpenForAll, Basis: c.form("basis"), Until: until}
		if c.form("bands") != "all" {
			cmd.Bands = a.ForBands()
		}
		err = propose(cmd)
		return key, err
	case "off":
		lists := c.forms("list")
		if len(lists) == 0 {
			return "", problem.New("input/faulty").Field("list", "input/required")
		}
		for _, list := range lists {
			if err := propose(schools.RulingCommand{Kind: schools.OffList, List: list}); err != nil {
				return "", err
			}
		}
		return key, nil
	case "here":
		return "flash.schools.request-opened", s.Schools.OpenWhereAsked(ctx, actor, a.Domain, c.form("reason"), time.Time{})
	case "keep":
		return "flash.schools.request-kept", s.Schools.KeepClosed(ctx, actor, a.Domain, c.form("keep_reason"))
	default:
		return "", problem.New("input/faulty").Field("go", "input/not-a-choice")
	}
}
