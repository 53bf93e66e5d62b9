// SPDX-License-Identifier: Apache-2.0

package web

import (
	"strconv"

	"lachan/duty/detection"
	"lachan/internal/problem"
	"lachan/web/page"
)

func (s *Server) reviewQueue(c *visit) error {
	p, err := s.queuePage(c)
	if err != nil {
		return err
	}
	return c.show("detection/queue", p)
}

func (s *Server) queuePage(c *visit) (page.ReviewQueue, error) {
	ctx, actor := c.r.Context(), c.who.Actor
	q, err := s.Detection.Queue(ctx, actor)
	if err != nil {
		return page.ReviewQueue{}, err
	}
	starred, err := s.Detection.Starred(ctx, actor)
	if err != nil {
		return page.ReviewQueue{}, err
	}
	care, err := s.Detection.Care(ctx, actor)
	if err != nil {
		return page.ReviewQueue{}, err
	}
	c.in("detection", c.p.T("detection.tab.queue"))
	p := page.ReviewQueue{Base: c.base, Tabs: c.findTabs("queue"), Second: q.Second, Budget: c.budgetRows(q.Budget), Away: q.Budget.Away, Care: c.careForm(care)}
	for t, n := range q.Counts {
		p.Lights = append(p.Lights, page.Light{State: tierState(detection.Tier(t)), Count: n})
	}
	if stop := q.Budget.Refusal(s.Clock.Now()); stop != nil && !q.Budget.Away {
		p.Stop = c.p.Problem(problem.From(stop))
	}
	for _, i := range q.Items {
		p.Rows = append(p.Rows, c.reviewRow(i))
	}
	for _, i := range starred {
		p.Starred = append(p.Starred, c.reviewRow(i))
	}
	return p, nil
}

func (c *visit) reviewRow(i detection.Item) page.ReviewRow {
	row := page.ReviewRow{
		Href: itemPath(i.ID), Code: itemCode(i.Number), Tier: c.p.T(i.Tier.Key()), State: tierState(i.Tier), Label: c.p.T(detection.LabelKey(i.Label)),
		Kind: c.p.T(i.Kind.Key()), Found: i.Found, Pictures: len(i.Pictures), Second: i.State == detection.Second,
		Mine: i.Reviewer == c.who.Actor.Person, Known: len(i.Pictures) > 0,
	}
	if len(i.Reasons) > 0 {
		row.Why = c.reason(i.Reasons[0])
	}
	for _, f := range i.Pictures {
		row.Known = row.Known && f.Known != ""
	}
	return row
}

// reason says in words why an item is in the queue.
func (c *visit) reason(r detection.Reason) string {
	label := c.p.T(detection.LabelKey(r.Label))
	switch r.Code {
	case "words", "course":
		return c.p.T(r.Key(), "label", label)
	case "decided":
		return c.p.T(r.Key(), "label", label, "verdict", c.p.T(detection.Verdict(r.Ref).Key()))
	default:
		return c.p.T(r.Key(), "label", label, "ref", r.Ref)
	}
}

func (c *visit) budgetRows(b detection.Budget) []page.BudgetRow {
	var rows []page.BudgetRow
	for _, e := range detection.Exposures() {
		rows = append(rows, page.BudgetRow{Name: c.p.T(e.Key()), Used: b.Used[e], Of: b.Of[e]})
	}
	return rows
}

func (c *visit) careForm(care detection.Care) page.CareForm {
	f := page.CareForm{Grey: care.Grey, Mute: care.Mute, Small: care.Small}
	for n := c.s.Detection.Settings.BlurFloor; n <= 3; n++ {
		v := strconv.Itoa(n)
		f.Blur = append(f.Blur, page.Option{Value: v, Label: c.p.T("detection.blur." + v), On: n == care.Blur})
	}
	return f
}

// nextItem gives the reader the gravest item that nobody has.
func (s *Server) nextItem(c *visit) error {
	item, err := s.Detection.Next(c.r.Context(), c.who.Actor)
	if err == nil {
		return c.redirect(itemPath(item))
	}
	return s.backToQueue(c, err)
}

// backToQueue shows the queue with what stood in the way.
func (s *Server) backToQueue(c *visit, err error) error {
	switch problem.From(err).Code {
	case "detection/queue-empty":
		return c.redirect(queuePath)
	case "detection/budget-spent", "detection/resting", "detection/away", "detection/held-by-other", "detection/is-decided", "detection/moved-on",
		"detection/take-first", "detection/needs-another":
	default:
		return err
	}
	c.base.Problem = problem.From(err)
	p, failed := s.queuePage(c)
	if failed != nil {
		return failed
	}
	p.Stop = ""
	return c.showFault("detection/queue", p, err)
}

func (s *Server) setCare(c *visit) error {
	blur, err := strconv.Atoi(c.form("blur"))
	if err != nil {
		blur = 3
	}
	err = s.Detection.SetCare(c.r.Context(), c.who.Actor, detection.Care{
		Blur: blur, Grey: c.form("grey") != "", Mute: c.form("mute") != "", Small: c.form("small") != "",
	})
	if err != nil {
		return err
	}
	return c.done(queuePath, "flash.detection.care")
}

func (s *Server) setAway(c *visit) error {
	away := c.form("go") == "away"
	if err := s.Detection.SetAway(c.r.Context(), c.who.Actor, away); err != nil {
		return err
	}
	if away {
		return c.done(queuePath, "flash.detection.away")
	}
	return c.done(queuePath, "flash.detection.back")
}
