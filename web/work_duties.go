// SPDX-License-Identifier: Apache-2.0

package web

import (
	"cmp"
	"slices"
	"time"

	"lachan/duty/reporting"
	"lachan/internal/clock"
	"lachan/internal/problem"
	"lachan/web/page"
)

// workDuties lists the duties of the reader's unit in this year, what has a
// date and is not done first. Where no case waits, the nearest of them is the
// next thing to do.
func (s *Server) workDuties(c *visit, p *page.Work) error {
	now := s.Clock.Now().In(clock.Vietnam)
	items, err := s.Reporting.Worklist(c.r.Context(), c.who.Actor, c.who.Actor.Unit, now.Year())
	if err != nil {
		if problem.KindOf(err) == problem.Forbidden {
			return nil // a role without duties of its own
		}
		return err
	}
	items = slices.DeleteFunc(items, func(it reporting.WorkItem) bool { return it.Role == reporting.RoleCopied })
	slices.SortStableFunc(items, func(a, b reporting.WorkItem) int {
		return cmp.Or(-cmp.Compare(pressing(a), pressing(b)), a.Due.At().Compare(b.Due.At()))
	})
	unseen := 0
	for _, it := range items {
		row := c.workDuty(it, now)
		if it.AckAt.IsZero() {
			unseen++
		}
		if p.Next == nil && pressing(it) == owed {
			p.Next = &page.NextCard{
				Code: row.Directive, Title: row.Title, Why: c.p.T("web.work.duty.why", "state", row.FormState, "ref", row.Ref),
				Href: row.Form, Open: c.p.T("web.work.duty.open"), Clock: row.Clock,
			}
		}
		if len(p.Duties) < workDuties {
			p.Duties = append(p.Duties, row)
		}
	}
	if p.Next == nil && unseen > 0 {
		p.Next = &page.NextCard{Title: c.p.T("web.work.unseen", "n", unseen), Why: c.p.T("web.work.unseen.why"), Href: "/mission", Open: c.p.T("console.work.duties")}
	}
	return nil
}

// How much a duty asks for, for the order of the list.
const (
	settled = iota // acknowledged and continuous, or its report is in
	unread         // given, and nobody has said that it was received
	owed           // a report with a date that is not in yet
)

func pressing(it reporting.WorkItem) int {
	switch {
	case !it.Due.Last.IsZero() && it.Report != reporting.ReportNone && it.Report != reporting.ReportSubmitted && it.Report != reporting.ReportAccepted:
		return owed
	case it.AckAt.IsZero():
		return unread
	default:
		return settled
	}
}

func (c *visit) workDuty(it reporting.WorkItem, now time.Time) page.DutyRow {
	row := page.DutyRow{
		ID: it.ID, Ref: string(it.Duty.Clause), Title: it.Duty.Title, Directive: it.Directive.Number, Acknowledged: it.AckAt,
		Continuous: it.Due.Last.IsZero(), Clock: page.Clock{State: "wait", Rule: c.p.T("web.duty.continuous")},
	}
	if !row.Continuous {
		due := it.Due.At()
		row.Clock = page.Clock{State: "ok", Left: due.Sub(now), At: due, From: it.Given, Rule: c.p.T("web.duty.due")}
		switch {
		case it.Report == reporting.ReportSubmitted || it.Report == reporting.ReportAccepted:
			row.Clock.State = "done"
		case it.DaysLeft < 0:
			row.Clock.State = "late"
		case it.DaysLeft <= 14:
			row.Clock.State = "soon"
		}
	}
	if it.Report != reporting.ReportNone {
		row.Form = formPath(c.who.Actor.Unit, it.Year)
		row.FormState = c.p.T("web.form." + string(it.Report))
	} else if it.AckAt.IsZero() {
		row.FormState = c.p.T("web.duty.unseen")
	}
	return row
}
