// SPDX-License-Identifier: Apache-2.0

package reporting

import (
	"context"
	"errors"

	"lachan/duty"
	"lachan/internal/authz"
	"lachan/internal/problem"
	"lachan/internal/sqldb"
	"lachan/org"
)

// FormView is a unit's form of a year, ready to be shown.
type FormView struct {
	Directive *Directive
	Form      *Form
	Unit      org.Unit
	Year      int
	Window    duty.Period
	Due       duty.Due
	State     ReportState
	Sections  []SectionView
	Findings  []Finding
	Filled    int // of the asked cells
	Asked     int
	Submitted *Submission // the newest revision, nil before the first
}

// SectionView is a heading with the indicators that the unit is asked for.
type SectionView struct {
	Title      string
	Indicators []IndicatorView
}

// IndicatorView is one indicator with its cells.
type IndicatorView struct {
	Indicator Indicator
	Target    *Target // of Decision 830, nil for most
	Cells     []CellView
}

// CellView is one cell to be filled.
type CellView struct {
	Cell     Cell
	Label    string
	State    State
	Value    int64
	Prev     int64 // last year's accepted figure
	HasPrev  bool
	Locked   bool   // filled by the product, not by hand
	Note     string // the unit's explanation
	Returned string // why the lead agency sent it back
}

type draft struct {
	version int64
	cells   Cells
	notes   map[string]string
}

func (s *Service) draft(ctx context.Context, q sqldb.Queryer, form, unit string, year int) (draft, error) {
	d, err := sqldb.One(ctx, q, qDraft, func(r sqldb.Row) (d draft, err error) {
		var cells []byte
		var notes string
		if err = r.Scan(&d.version, &cells, &notes); err != nil {
			return d, err
		}
		if d.cells, err = unpack(cells); err != nil {
			return d, err
		}
		d.notes, err = readNotes(notes)
		return d, err
	}, form, unit, year)
	if errors.Is(err, sqldb.ErrNoRows) {
		return draft{notes: map[string]string{}}, nil
	}
	return d, err
}

// work is what all acts on a unit's form start from.
type work struct {
	directive *Directive
	form      *Form
	asked     []bool
	draft     draft
	history   []Submission
	prev      Cells // accepted cells of the year before
	locked    []bool
}

// open reads a unit's work on the main form of a directive. Cells start from
// the draft, else from the newest revision, else empty; what other duties
// know is filled in each time.
func (s *Service) open(ctx context.Context, q sqldb.Queryer, directive, unit string, year int) (work, error) {
	p, err := s.plan(directive, year)
	if err != nil {
		return work{}, err
	}
	w := work{directive: p.Directive, form: p.Directive.Forms[p.Directive.MainForm]}
	owes := false
	for _, u := range p.Expected() {
		owes = owes || u.ID == unit
	}
	if !owes {
		return work{}, problem.New("reporting/owes-no-report")
	}
	w.asked = w.form.asked(p.indicators(unit))
	if w.draft, err = s.draft(ctx, q, w.form.ID, unit, year); err != nil {
		return work{}, err
	}
	if w.history, err = sqldb.All(ctx, q, qHistory, scanSubmission, w.form.ID, year, unit); err != nil {
		return work{}, err
	}
	if w.draft.version == 0 {
		w.draft.cells = NewCells(len(w.form.Cells))
		if n := len(w.history); n > 0 {
			w.draft.cells, w.draft.notes = w.history[n-1].Cells.clone(), w.history[n-1].Notes
		}
	}
	w.draft.cells = w.draft.cells.widen(len(w.form.Cells))
	before, err := sqldb.All(ctx, q, qHistory, scanSubmission, w.form.ID, year-1, unit)
	if err != nil {
		return work{}, err
	}
	for _, sub := range before {
		if sub.State == StateAccepted {
			w.prev = sub.Cells
		}
	}
	return w, nil
}

// fillAuto puts in what the other duties know and locks those cells. A duty
// that is not there, or does not know a figure, leaves the cell open.
func (s *Service) fillAuto(ctx context.Context, w *work, unit string, year int) error {
	w.locked = make([]bool, len(w.form.Cells))
	known := map[duty.ID]map[string]int64{}
	for i, c := range w.form.Cells {
		source := s.Sources[c.Auto]
		if source == nil || !w.asked[i] {
			continue
		}
		if _, ok := known[c.Auto]; !ok {
			figures, err := source.Figures(ctx, w.directive.Window(w.form.Due, year), unit)
			if err != nil {
				return err
			}
			known[c.Auto] = figures
		}
		if v, ok := known[c.Auto][c.Code]; ok {
			w.draft.cells.Set(i, v)
			w.locked[i] = true
		}
	}
	return nil
}

// OpenForm is a unit's form of a year: what it is asked, what is filled
// already, what last year was, what is wrong.
func (s *Service) OpenForm(ctx context.Context, actor authz.Actor, directive, unit string, year int) (*FormView, error) {
	if _, err := s.Authz.Check(ctx, actor, "reporting.view", s.about(unit, unit)); err != nil {
		return nil, err
	}
	w, err := s.open(ctx, s.DB.Read(), directive, unit, year)
	if err != nil {
		return nil, err
	}
	if err := s.fillAuto(ctx, &w, unit, year); err != nil {
		return nil, err
	}
	v := &FormView{
		Directive: w.directive, Form: w.form, Year: year, Window: w.directive.Window(w.form.Due, year),
		Due: w.directive.Due(w.form.Due, year), Findings: w.directive.judge(w.form, s.Catalogue, w.draft.cells, w.asked, w.prev),
	}
	if v.Unit, err = s.Org.Unit(unit, s.Org.Today()); err != nil {
		return nil, err
	}
	if v.State, err = s.reportState(ctx, w.form.ID, unit, year); err != nil {
		return nil, err
	}
	if n := len(w.history); n > 0 {
		v.Submitted = &w.history[n-1]
	}
	s.sections(v, w)
	return v, nil
}

func (s *Service) sections(v *FormView, w work) {
	byIndicator := map[string][]CellView{}
	for i, c := range w.form.Cells {
		if !w.asked[i] {
			continue
		}
		one := CellView{Cell: c, Label: w.form.CellLabel(c, s.Catalogue), State: w.draft.cells.State(i), Locked: w.locked[i], Note: w.draft.notes[c.Code]}
		one.Value, _ = w.draft.cells.Get(i)
		one.Prev, one.HasPrev = w.prev.Get(i)
		if v.Submitted != nil && v.Submitted.State == StateReturned {
			one.Returned = v.Submitted.Reasons[c.Code]
		}
		v.Asked++
		if one.State != Missing {
			v.Filled++
		}
		byIndicator[c.Indicator] = append(byIndicator[c.Indicator], one)
	}
	for _, section := range w.form.Sections {
		out := SectionView{Title: section.Title}
		for _, code := range section.Indicators {
			cells := byIndicator[code]
			if len(cells) == 0 {
				continue
			}
			i, _ := s.Catalogue.Get(code)
			one := IndicatorView{Indicator: i, Cells: cells}
			if t, ok := s.Catalogue.Targets[i.Target]; ok {
				one.Target = &t
			}
			out.Indicators = append(out.Indicators, one)
		}
		if len(out.Indicators) > 0 {
			v.Sections = append(v.Sections, out)
		}
	}
}
