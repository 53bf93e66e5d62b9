// SPDX-License-Identifier: Apache-2.0

package web

import (
	"strconv"
	"strings"
	"time"

	"lachan/duty/reporting"
	"lachan/internal/authz"
	"lachan/internal/problem"
	"lachan/web/page"
)

// A unit's form of a year: opened by the unit that fills it, by the units
// above it and by the lead agency. Each cell is a field of the POST, named by
// its code: "A01" the number as typed, "was-A01" what stood there when the
// page was drawn, "note-A01" the unit's explanation, "back-A01" marked by
// the lead agency when it returns the form with a word in "why".

func (s *Server) reportForm(c *visit) error {
	p, err := s.formPage(c, nil)
	if err != nil {
		return err
	}
	return c.show("reporting/form", p)
}

// formPage draws the form. typed holds cells that could not be saved: they
// stand there as they were typed.
func (s *Server) formPage(c *visit, typed map[string]string) (page.Form, error) {
	id := c.r.PathValue("id")
	unit, year, err := readFormID(id)
	if err != nil {
		return page.Form{}, err
	}
	v, err := s.Reporting.OpenForm(c.r.Context(), c.who.Actor, s.Directive, unit, year)
	if err != nil {
		return page.Form{}, err
	}
	c.in("reporting", v.Unit.Name)
	sent := v.State == reporting.ReportSubmitted || v.State == reporting.ReportAccepted
	var met time.Time
	if sent && v.Submitted != nil {
		met = v.Submitted.SubmittedAt
	}
	p := page.Form{
		Base: c.base, ID: id, Heading: v.Form.Label, UnitName: v.Unit.Name,
		Period: c.p.T("pages.form.period", "year", strconv.Itoa(year), "from", c.p.Date(v.Window.From.Start()), "to", c.p.Date(v.Window.To.Start())),
		State:  c.p.T("reporting.state." + string(v.State)), States: c.formStates(v),
		Clock: c.dueClock(v.Due, met, v.Window.From.Start()), Filled: v.Filled, Cells: v.Asked,
	}
	own := authz.Resource{Type: "reporting.report", ID: unit, Attrs: map[string]any{"unit": unit}}
	p.CanEdit = !sent && c.may("reporting.fill", own)
	p.CanSubmit = p.CanEdit && c.may("reporting.submit", own)
	if v.Submitted != nil {
		p.Revision, p.Returned = v.Submitted.Revision, v.Submitted.Reasons[""]
		p.CanJudge = v.State == reporting.ReportSubmitted && c.may("reporting.accept", s.aboutReport(v))
	}
	if p.CanJudge {
		p.Why = c.form("why") // what was typed and not taken
	}
	c.formSections(&p, v, typed)
	return p, nil
}

// aboutReport is a unit's sent report as the policies see it.
func (s *Server) aboutReport(v *reporting.FormView) authz.Resource {
	var under []string
	for _, u := range s.Org.At(s.Org.Today()).Path(v.Unit.ID) {
		if u.ID != v.Unit.ID {
			under = append(under, u.ID)
		}
	}
	return authz.Resource{Type: "reporting.report", ID: v.Submitted.ID, Attrs: map[string]any{
		"unit": v.Unit.ID, "under": under, "submitted_by": v.Submitted.SubmittedBy,
	}}
}

// formStates are the three steps of a form: filled, sent, accepted.
func (c *visit) formStates(v *reporting.FormView) []page.State {
	steps := []page.State{{Name: c.p.T("pages.form.step-fill")}, {Name: c.p.T("pages.form.step-sent")}, {Name: c.p.T("pages.form.step-accepted")}}
	at := map[reporting.ReportState]int{reporting.ReportSubmitted: 1, reporting.ReportAccepted: 3}[v.State]
	for i := range steps {
		switch {
		case i < at:
			steps[i].Is = "done"
		case i == at:
			steps[i].Is = "now"
		default:
			steps[i].Is = "next"
		}
	}
	if v.Submitted != nil && at > 0 {
		steps[1].At = v.Submitted.SubmittedAt
		steps[2].At = v.Submitted.DecidedAt
	}
	return steps
}

func (c *visit) formSections(p *page.Form, v *reporting.FormView, typed map[string]string) {
	block, warn := map[string]string{}, map[string]string{}
	for _, f := range v.Findings {
		if f.Block {
			block[f.Cell] = f.Text
		} else {
			warn[f.Cell] = f.Text
		}
	}
	for _, section := range v.Sections {
		out := page.FormSection{Name: section.Title}
		for _, i := range section.Indicators {
			row := page.FormRow{Code: reporting.Prefix + i.Indicator.Code, Name: i.Indicator.Name, Unit: i.Indicator.Unit}
			if i.Target != nil {
				row.Target = c.p.T("pages.form.target", "percent", i.Target.Percent, "basis", i.Target.Basis)
			}
			for _, one := range i.Cells {
				code := one.Cell.Code
				cell := page.Cell{
					Key: code, State: cellState(one.State), Value: reporting.FormatCell(one.Value, one.State != reporting.Missing),
					Last: reporting.FormatCell(one.Prev, one.HasPrev), Auto: one.Locked, Note: one.Note,
				}
				if len(i.Cells) > 1 {
					cell.Label = one.Label
				}
				if cell.Label == i.Indicator.Name { // the total above its parts
					cell.Label = c.p.T("pages.form.total")
				}
				c.judgeCell(p, &cell, one, block[code], warn[code])
				cell.Was = cell.Value
				if text, ok := typed[code]; ok && text != cell.Value {
					cell.Value, cell.State = text, "value"
				}
				if fault := p.Fault(code); fault != "" {
					cell.Error = fault
				}
				row.Cells = append(row.Cells, cell)
			}
			out.Rows = append(out.Rows, row)
		}
		p.Sections = append(p.Sections, out)
	}
}

// judgeCell puts what the checks found at the cell. An empty cell is not yet a
// fault: it is listed as missing until somebody sends.
func (c *visit) judgeCell(p *page.Form, cell *page.Cell, one reporting.CellView, block, warn string) {
	switch {
	case block != "" && one.State == reporting.Missing:
		p.Missing = append(p.Missing, page.Missing{Key: cell.Key, Text: reporting.Prefix + cell.Key + ": " + one.Label})
	case block != "":
		cell.Error = block
	case one.Returned != "":
		cell.Error = one.Returned
	default:
		cell.Warn = warn
	}
}

func cellState(s reporting.State) string {
	switch s {
	case reporting.Zero:
		return "zero"
	case reporting.Value:
		return "value"
	default:
		return "missing"
	}
}

func (s *Server) postForm(c *visit) error {
	unit, year, err := readFormID(c.r.PathValue("id"))
	if err != nil {
		return err
	}
	here := c.r.URL.Path
	switch c.form("go") {
	case "save", "submit":
		return s.fillForm(c, unit, year, here)
	case "return":
		sub, err := s.waitingRevision(c, unit, year)
		if err != nil {
			return err
		}
		why, err := c.reasons()
		if err == nil {
			_, err = s.Reporting.Return(c.r.Context(), c.who.Actor, reporting.Return{Submission: sub.ID, Reasons: why})
		}
		if err != nil {
			return s.formFault(c, err, nil)
		}
		return c.done(here, "flash.reporting.returned")
	case "accept":
		sub, err := s.waitingRevision(c, unit, year)
		if err != nil {
			return err
		}
		if _, err := s.Reporting.Accept(c.r.Context(), c.who.Actor, sub.ID); err != nil {
			return s.formFault(c, err, nil)
		}
		return c.done(here, "flash.reporting.accepted")
	}
	return s.formFault(c, problem.New("input/faulty").Field("go", "input/not-a-choice"), nil)
}

// fillForm saves what can be read, then sends where that was asked. What could
// not be saved stands on the page as it was typed.
func (s *Server) fillForm(c *visit, unit string, year int, here string) error {
	ctx, actor := c.r.Context(), c.who.Actor
	v, err := s.Reporting.OpenForm(ctx, actor, s.Directive, unit, year)
	if err != nil {
		return err
	}
	cmd := reporting.SaveDraft{Directive: s.Directive, Unit: unit, Year: year}
	typed := map[string]string{}
	for _, section := range v.Sections {
		for _, i := range section.Indicators {
			for _, one := range i.Cells {
				code := one.Cell.Code
				if _, sent := c.r.PostForm[code]; !sent || one.Locked {
					continue
				}
				edit := reporting.CellEdit{Code: code, Text: c.form(code), Note: one.Note, Was: reporting.FormatCell(one.Value, one.State != reporting.Missing)}
				if _, sent := c.r.PostForm["was-"+code]; sent {
					edit.Was = c.form("was-" + code)
				}
				if _, sent := c.r.PostForm["note-"+code]; sent {
					edit.Note = c.form("note-" + code)
				}
				typed[code] = edit.Text
				cmd.Cells = append(cmd.Cells, edit)
			}
		}
	}
	saved, err := s.Reporting.SaveDraft(ctx, actor, cmd)
	if err != nil {
		return s.formFault(c, err, typed)
	}
	if len(saved.Conflicts) > 0 {
		clash := problem.New("pages/cells-changed")
		for _, k := range saved.Conflicts {
			clash.Field(k.Code, "pages/cell-changed", "theirs", k.Theirs)
		}
		return s.formFault(c, clash, typed)
	}
	if c.form("go") == "save" {
		return c.done(here, "flash.reporting.saved")
	}
	if _, err := s.Reporting.Submit(ctx, actor, s.Directive, unit, year); err != nil {
		return s.formFault(c, err, nil)
	}
	return c.done(here, "flash.reporting.submitted")
}

func (s *Server) formFault(c *visit, err error, typed map[string]string) error {
	if k := problem.KindOf(err); k != problem.Invalid && k != problem.Conflict {
		return err
	}
	c.base.Problem = problem.From(err)
	p, failed := s.formPage(c, typed)
	if failed != nil {
		return failed
	}
	return c.showFault("reporting/form", p, err)
}

// reasons is the one word that the lead agency wrote, for the whole and for
// each cell that it marked.
func (c *visit) reasons() (map[string]string, error) {
	text := c.form("why")
	if text == "" {
		return nil, problem.New("input/faulty").Field("why", "input/required")
	}
	why := map[string]string{"": text}
	for name := range c.r.PostForm {
		if code, ok := strings.CutPrefix(name, "back-"); ok {
			why[code] = text
		}
	}
	return why, nil
}

// waitingRevision is the newest revision of a unit, which decisions are about.
func (s *Server) waitingRevision(c *visit, unit string, year int) (reporting.Submission, error) {
	all, err := s.Reporting.History(c.r.Context(), c.who.Actor, s.Directive, unit, year)
	if err != nil {
		return reporting.Submission{}, err
	}
	if len(all) == 0 {
		return reporting.Submission{}, problem.New("reporting/no-such-submission")
	}
	return all[len(all)-1], nil
}
