// SPDX-License-Identifier: Apache-2.0

package web

import (
	"strconv"
	"time"

	"lachan/duty"
	"lachan/duty/schools"
	"lachan/internal/clock"
	"lachan/web/page"
)

// fewest is the smallest count that a public page says as a number. Below it
// somebody could recognise a child, so that it is said in words.
const fewest = 5

// blockMonths is how far back the public page on blocks looks.
const blockMonths = 12

// blockNumbers says how many blocks there are by month, and how an owner
// appeals. No name is published.
func (s *Server) blockNumbers(c *visit) error {
	now := s.Clock.Now().In(clock.Vietnam)
	since := time.Date(now.Year(), now.Month()-blockMonths+1, 1, 0, 0, 0, 0, clock.Vietnam)
	numbers, err := s.Schools.PublicBlockNumbers(c.r.Context(), clock.Micro(since))
	if err != nil {
		return err
	}
	about := page.BlockAbout{Base: c.base}
	var month string
	for _, n := range numbers { // newest month first
		if n.Month != month {
			month = n.Month
			about.Months = append(about.Months, page.BlockMonth{Month: monthWords(n.Month)})
		}
		m := &about.Months[len(about.Months)-1]
		if n.Kind == schools.Legal {
			m.Confirmed += n.Made
		} else {
			m.Provisional += n.Made
		}
		m.Lifted += n.Lifted
		about.Active += n.InForce
	}
	return c.show("public/blocks", about)
}

// monthWords writes "2026-11" as people do, "11/2026".
func monthWords(month string) string {
	t, err := time.Parse("2006-01", month)
	if err != nil {
		return month
	}
	return t.Format("01/2006")
}

// pressFigures are the public numbers of this year and of this month.
func (s *Server) pressFigures(c *visit) ([]page.Figure, error) {
	today := duty.DateOf(s.Clock.Now())
	periods := []struct {
		note   string
		period duty.Period
	}{
		{c.p.T("web.press.year", "year", strconv.Itoa(today.Year)), duty.CalendarYear(today.Year)},
		{c.p.T("web.press.month", "month", today.Start().Format("01/2006")), duty.Month(today.Year, today.Month)},
	}
	var figures []page.Figure
	for _, p := range periods {
		n, err := s.Casework.PublicCounts(c.r.Context(), p.period)
		if err != nil {
			return nil, err
		}
		figures = append(figures,
			page.Figure{Name: c.p.T("web.press.reports"), Value: c.publicly(n.Reports), Note: p.note},
			page.Figure{Name: c.p.T("web.press.answered"), Value: c.publicly(n.Answered), Note: p.note})
	}
	return figures, nil
}

// publicly says a count to everybody: nothing below five is said exactly.
func (c *visit) publicly(n int64) string {
	if n < fewest {
		return c.p.T("ui.fewer")
	}
	return c.p.Int(n)
}
