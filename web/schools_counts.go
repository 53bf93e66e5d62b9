// SPDX-License-Identifier: Apache-2.0

package web

import (
	"encoding/csv"
	"slices"
	"strconv"
	"strings"
	"time"

	"lachan/duty/schools"
	"lachan/internal/clock"
	"lachan/web/page"
)

// chartWeeks is how far back the chart of refusals goes.
const chartWeeks = 12

// devicesOf sums the cells of one school, -1 where no cell has reached the
// five devices under which nothing is said.
func (s *Server) devicesOf(c *visit, school string, from, to time.Time) (int, error) {
	counts, err := s.Schools.Counts(c.r.Context(), c.who.Actor, schools.CountFilter{School: school, From: from, To: to})
	sum := 0
	for _, n := range counts {
		sum += n.Devices
	}
	if sum == 0 {
		sum = -1
	}
	return sum, err
}

// countRows are the cells of the last two weeks, newest first.
func (s *Server) countRows(c *visit, school string) ([]page.CountRow, error) {
	now := s.Clock.Now()
	counts, err := s.Schools.Counts(c.r.Context(), c.who.Actor, schools.CountFilter{School: school, From: now.AddDate(0, 0, -14), To: now})
	if err != nil {
		return nil, err
	}
	slices.Reverse(counts)
	const most = 60
	var rows []page.CountRow
	for _, n := range counts[:min(most, len(counts))] {
		when := c.p.Date(n.Start)
		if n.Span == schools.HourSpan {
			when = c.p.DateTime(n.Start)
		}
		rows = append(rows, page.CountRow{
			Category: c.p.T(s.Schools.Catalogue().NameKey(n.Category)), Band: c.p.T(schools.BandKey(n.Band)),
			When: c.p.T("pages.counts.when", "span", c.p.T(n.Span.Key()), "start", when), Devices: n.Devices,
		})
	}
	return rows, nil
}

// week is one column of the chart.
type week struct {
	start   time.Time
	devices int
}

// blockedWeeks sums refusals by week, of one school or of all that the reader
// may see. A device counts once in each cell that it was in.
func (s *Server) blockedWeeks(c *visit, school string) ([]week, error) {
	now := s.Clock.Now()
	monday := mondayOf(now)
	weeks := make([]week, chartWeeks)
	for i := range weeks {
		weeks[i].start = monday.AddDate(0, 0, 7*(i-chartWeeks+1))
	}
	counts, err := s.Schools.Counts(c.r.Context(), c.who.Actor, schools.CountFilter{School: school, From: weeks[0].start, To: now.Add(time.Hour)})
	for _, n := range counts {
		if i := int(mondayOf(n.Start).Sub(weeks[0].start) / (7 * 24 * time.Hour)); i >= 0 && i < len(weeks) {
			weeks[i].devices += n.Devices
		}
	}
	return weeks, err
}

func mondayOf(t time.Time) time.Time {
	day := clock.StartOfDay(t.In(clock.Vietnam))
	return day.AddDate(0, 0, -(int(day.Weekday())+6)%7)
}

// blockedChart is nil while nothing was counted.
func (s *Server) blockedChart(c *visit, school string) (*page.Columns, error) {
	weeks, err := s.blockedWeeks(c, school)
	if err != nil {
		return nil, err
	}
	chart := &page.Columns{
		ID: "blocked", Sub: c.p.T("pages.blocked.sub"), Head: [2]string{c.p.T("pages.blocked.week"), c.p.T("pages.blocked.devices")},
		CSV: "/schools/blocked.csv",
	}
	if school != "" {
		chart.CSV += "?school=" + school
	}
	sum := 0
	for i, w := range weeks {
		sum += w.devices
		point := page.Point{Label: w.start.Format("02/01"), Value: w.devices, Tick: i%3 == 2}
		if i == len(weeks)-1 {
			point.Mark = "now"
		}
		chart.Points = append(chart.Points, point)
	}
	if sum == 0 {
		return nil, nil
	}
	chart.Title = c.p.T("pages.blocked.title", "n", weeks[len(weeks)-1].devices, "before", weeks[len(weeks)-2].devices)
	return chart, nil
}

func (s *Server) blockedCSV(c *visit) error {
	weeks, err := s.blockedWeeks(c, c.query("school"))
	if err != nil {
		return err
	}
	rows := [][]string{{c.p.T("pages.blocked.week"), c.p.T("pages.blocked.devices")}}
	for _, w := range weeks {
		rows = append(rows, []string{w.start.Format(time.DateOnly), strconv.Itoa(w.devices)})
	}
	return c.csv("blocked.csv", rows)
}

// csv sends a table as a file (RFC 4180). The mark at its beginning tells
// spreadsheets that it is UTF-8; a cell that a spreadsheet would take for a
// formula gets an apostrophe in front.
func (c *visit) csv(name string, rows [][]string) error {
	c.attach(name, "text/csv; charset=utf-8")
	if _, err := c.w.Write([]byte("\ufeff")); err != nil {
		return nil // the reader has gone
	}
	w := csv.NewWriter(c.w)
	for _, row := range rows {
		for i, cell := range row {
			if cell != "" && strings.ContainsRune("=+-@\t\r", rune(cell[0])) {
				if _, err := strconv.ParseFloat(cell, 64); err != nil {
					row[i] = "'" + cell
				}
			}
		}
		if w.Write(row) != nil {
			return nil
		}
	}
	w.Flush()
	return nil
}

// attach says that the answer is a file to keep.
func (c *visit) attach(name, kind string) {
	c.w.Header().Set("Content-Type", kind)
	c.w.Header().Set("Content-Disposition", `attachment; filename="`+name+`"`)
}
