// SPDX-License-Identifier: Apache-2.0

package web

import (
	"bytes"
	"io"
	"path"
	"strconv"
	"time"

	"lachan/duty/reporting"
	"lachan/internal/authz"
	"lachan/internal/clock"
	"lachan/internal/problem"
	"lachan/org"
	"lachan/web/page"
)

// The yearly report of clause 5.3. Building it pins the figures: the number of
// the newest acceptance, the instant and the day of the map stand in the
// address of the files, and the same address gives the same bytes again, with
// their digest in the ledger. Number and date of the document stay open: the
// records office gives them.

// pinned reads what a report is built from.
func (s *Server) pinned(get func(string) string) (reporting.BuildReport, error) {
	d, err := s.Reporting.Directive(s.Directive)
	if err != nil {
		return reporting.BuildReport{}, err
	}
	cmd := reporting.BuildReport{Directive: d.ID, Year: s.reportYear(d), Frame: org.FrameKind(get("frame"))}
	if cmd.Frame == "" {
		cmd.Frame = org.Today
	}
	faults := problem.New("input/faulty")
	if text := get("period"); text != "" {
		if cmd.Year, err = strconv.Atoi(text); err != nil || cmd.Year < 2000 || cmd.Year > 2100 {
			faults.Field("period", "input/not-a-choice")
		}
	}
	if text := get("day"); text != "" {
		if cmd.Day, err = org.ParseDay(text); err != nil {
			faults.Field("day", "input/not-a-date")
		}
	} else if cmd.Frame == org.AsOf {
		cmd.Day = s.Org.Today()
	}
	for name, into := range map[string]func(int64){"pin": func(n int64) { cmd.Pin = n }, "at": func(n int64) { cmd.At = clock.FromMicro(n) }} {
		if text := get(name); text != "" {
			n, err := strconv.ParseInt(text, 10, 64)
			if err != nil || n < 0 {
				faults.Field(name, "input/not-a-number")
			}
			into(n)
		}
	}
	return cmd, faults.OrNil()
}

func (s *Server) yearly(c *visit) error {
	p, err := s.yearlyPage(c, c.query)
	if err != nil {
		return err
	}
	return c.show("reporting/report", p)
}

func (s *Server) yearlyPage(c *visit, get func(string) string) (page.ReportBuild, error) {
	if !c.may("reporting.build", authz.Resource{Type: "reporting.directive", ID: s.Directive}) {
		return page.ReportBuild{}, problem.New("authz/forbidden")
	}
	d, err := s.Reporting.Directive(s.Directive)
	if err != nil {
		return page.ReportBuild{}, err
	}
	cmd, err := s.pinned(get)
	if err != nil && problem.KindOf(err) != problem.Invalid {
		return page.ReportBuild{}, err
	}
	faulty := err != nil
	c.in("reporting", c.p.T("pages.report.title"))
	p := page.ReportBuild{
		Base: c.base, Period: strconv.Itoa(cmd.Year), Frame: string(cmd.Frame), Periods: s.periods(c, d, cmd.Year), Frames: c.frames(cmd.Frame),
	}
	for _, section := range d.Report {
		p.Outline = append(p.Outline, section.Title)
	}
	if faulty {
		return p, nil
	}
	cover, err := s.Reporting.Missing(c.r.Context(), c.who.Actor, d.ID, cmd.Year)
	if err != nil {
		return p, err
	}
	p.Ready, p.Expected = cover.Submitted, cover.Expected
	missing := "pages.report.not-yet"
	if cover.Overdue {
		missing = "pages.report.overdue"
	}
	p.Late = append(c.namesOf(missing, cover.Missing), c.namesOf("pages.report.came-late", cover.Late)...)
	if !cmd.At.IsZero() {
		p.Built, p.At = cmd.At, cmd.Pin
		p.Files = []page.File{
			{Name: c.p.T("pages.report.docx", "year", p.Period), Href: pinnedPath("/reporting/report.docx", cmd), Kind: "docx"},
			{Name: c.p.T("pages.report.xlsx", "year", p.Period), Href: pinnedPath("/reporting/report.xlsx", cmd), Kind: "xlsx"},
		}
	}
	return p, nil
}

// namesOf is one group of units under a heading that counts them; none for
// an empty one.
func (c *visit) namesOf(key string, units []org.Unit) []page.Names {
	if len(units) == 0 {
		return nil
	}
	group := page.Names{Title: c.p.T(key, "n", len(units))}
	for _, u := range units {
		group.List = append(group.List, u.Name)
	}
	return []page.Names{group}
}

// pinnedPath is an address that gives the same files each time.
func pinnedPath(to string, cmd reporting.BuildReport) string {
	return withQuery(to, "period", strconv.Itoa(cmd.Year), "frame", string(cmd.Frame), "day", string(cmd.Day),
		"pin", strconv.FormatInt(cmd.Pin, 10), "at", strconv.FormatInt(clock.Micro(cmd.At), 10))
}

func (s *Server) buildYearly(c *visit) error {
	c.slowly()
	cmd, err := s.pinned(c.form)
	if err == nil {
		var built reporting.Built
		built, err = s.Reporting.BuildReport(c.r.Context(), c.who.Actor, cmd, io.Discard, io.Discard)
		cmd.Pin, cmd.At, cmd.Day = built.Pin, built.At, built.Day
	}
	if err == nil {
		return c.done(pinnedPath("/reporting/report", cmd), "flash.reporting.built")
	}
	if problem.KindOf(err) != problem.Invalid {
		return err
	}
	c.base.Problem = problem.From(err)
	p, failed := s.yearlyPage(c, c.form)
	if failed != nil {
		return failed
	}
	return c.showFault("reporting/report", p, err)
}

// yearlyFile writes one of the two files. It is made whole first, so that a
// fault half-way is an error page and not half a document.
func (s *Server) yearlyFile(c *visit) error {
	c.slowly()
	cmd, err := s.pinned(c.query)
	if err != nil {
		return err
	}
	if cmd.At.IsZero() {
		cmd.At = s.Clock.Now().Truncate(time.Microsecond)
	}
	var docx, xlsx bytes.Buffer
	file, kind := &docx, "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
	var toDocx, toXlsx io.Writer = &docx, nil
	ext := path.Ext(c.r.URL.Path)
	if ext == ".xlsx" {
		file, kind = &xlsx, "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
		toDocx, toXlsx = nil, &xlsx
	}
	if _, err := s.Reporting.BuildReport(c.r.Context(), c.who.Actor, cmd, toDocx, toXlsx); err != nil {
		return err
	}
	c.attach("report-"+strconv.Itoa(cmd.Year)+ext, kind)
	c.w.Header().Set("Content-Length", strconv.Itoa(file.Len()))
	_, _ = file.WriteTo(c.w) // an error is a reader who has gone
	return nil
}
