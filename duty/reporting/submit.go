// SPDX-License-Identifier: Apache-2.0

package reporting

import (
	"context"
	"maps"
	"strings"

	"lachan/internal/authz"
	"lachan/internal/clock"
	"lachan/internal/id"
	"lachan/internal/locale"
	"lachan/internal/problem"
	"lachan/internal/sqldb"
	"lachan/org"
)

// Submit sends a unit's draft to the lead agency as the next revision. A
// blocking finding refuses it (reporting/blocked, one field a cell); a warning
// wants the cell's note (reporting/unexplained). Whether it is on time is
// decided here, once: by this instant and the legal due.
func (s *Service) Submit(ctx context.Context, actor authz.Actor, directive, unit string, year int) (Submission, error) {
	permit, err := s.Authz.Check(ctx, actor, "reporting.submit", s.about(unit, unit))
	if err != nil {
		return Submission{}, err
	}
	// The other duties' figures are read before the transaction: they have
	// queries of their own.
	before, err := s.open(ctx, s.DB.Read(), directive, unit, year)
	if err != nil {
		return Submission{}, err
	}
	if err := s.fillAuto(ctx, &before, unit, year); err != nil {
		return Submission{}, err
	}
	var sub Submission
	err = s.DB.Tx(ctx, func(ctx context.Context, tx *sqldb.Tx) error {
		w, err := s.open(ctx, tx, directive, unit, year)
		if err != nil {
			return err
		}
		if w.draft.version == 0 && len(w.history) > 0 {
			return problem.New("reporting/nothing-new")
		}
		for i, locked := range before.locked {
			if v, ok := before.draft.cells.Get(i); locked && ok {
				w.draft.cells.Set(i, v)
			}
		}
		if err := s.allowed(w); err != nil {
			return err
		}
		last, err := sqldb.One(ctx, tx, qLastRevision, sqldb.Scalar[int64], w.form.ID, year, unit)
		if err != nil {
			return err
		}
		now := s.now()
		sub = Submission{
			ID: id.New(), Form: w.form.ID, FormVersion: w.form.Version, Unit: unit, Year: year, Revision: int(last) + 1, Cells: w.draft.cells,
			Notes: w.draft.notes, OnTime: w.directive.Due(w.form.Due, year).OnTime(now), SubmittedAt: now, SubmittedBy: actor.Name(), State: StateSubmitted,
		}
		notes, err := writeNotes(sub.Notes)
		if err != nil {
			return err
		}
		if _, err := sqldb.Exec(ctx, tx, qSubmit, sub.ID, sub.Form, sub.FormVersion, unit, year, sub.Revision, sub.Cells.pack(), notes,
			sub.OnTime, clock.Micro(now), sub.SubmittedBy); err != nil {
			return err
		}
		if _, err := sqldb.Exec(ctx, tx, qDraftDrop, sub.Form, unit, year); err != nil {
			return err
		}
		one := sub
		tx.OnCommit(func() { s.cube(one.Form, one.Year).follow(one) })
		return s.record(ctx, tx, "reporting.submitted", actor, sub.ID, permit,
			map[string]any{"unit": unit, "year": year, "revision": sub.Revision, "on_time": sub.OnTime})
	})
	return sub, err
}

// allowed refuses a draft with blocking findings or unexplained warnings.
func (s *Service) allowed(w work) error {
	blocked, silent := problem.New("reporting/blocked"), problem.New("reporting/unexplained")
	for _, f := range w.directive.judge(w.form, s.Catalogue, w.draft.cells, w.asked, w.prev) {
		switch {
		case f.Block:
			blocked.Field(f.Cell, "reporting/check-failed", "text", f.Text)
		case w.draft.notes[f.Cell] == "":
			silent.Field(f.Cell, "reporting/check-failed", "text", f.Text)
		}
	}
	if err := blocked.OrNil(); err != nil {
		return err
	}
	return silent.OrNil()
}

// Return sends a revision back with reasons, cell by cell; the empty code is
// a reason for the whole. The unit goes on from what it sent.
type Return struct {
	Submission string
	Reasons    map[string]string
}

// Validate lists all faulty fields.
func (c Return) Validate() error {
	faults := problem.New("input/faulty")
	if c.Submission == "" {
		faults.Field("submission", "input/required")
	}
	if len(c.Reasons) == 0 {
		faults.Field("reasons", "input/required")
	}
	for code, why := range c.Reasons {
		if strings.TrimSpace(why) == "" {
			faults.Field(code, "input/required")
		}
	}
	return faults.OrNil()
}

// Return decides that a revision goes back.
func (s *Service) Return(ctx context.Context, actor authz.Actor, cmd Return) (Submission, error) {
	if err := cmd.Validate(); err != nil {
		return Submission{}, err
	}
	return s.decide(ctx, actor, "reporting.return", cmd.Submission, cmd.Reasons)
}

// Accept decides that a revision counts. Its figures are in the totals when
// Accept returns.
func (s *Service) Accept(ctx context.Context, actor authz.Actor, submission string) (Submission, error) {
	return s.decide(ctx, actor, "reporting.accept", submission, nil)
}

func (s *Service) decide(ctx context.Context, actor authz.Actor, action, submission string, reasons map[string]string) (Submission, error) {
	seen, err := s.find(ctx, s.DB.Read(), submission)
	if err != nil {
		return Submission{}, err
	}
	about := s.about(seen.Unit, submission)
	about.Attrs["submitted_by"] = seen.SubmittedBy
	permit, err := s.Authz.Check(ctx, actor, action, about)
	if err != nil {
		return Submission{}, err
	}
	_, form := s.form(seen.Form)
	if form == nil {
		return Submission{}, problem.New("reporting/no-such-directive")
	}
	clean := map[string]string{}
	for code, why := range maps.All(reasons) {
		if _, ok := form.Index(code); !ok && code != "" {
			return Submission{}, problem.New("input/faulty").Field(code, "reporting/not-asked")
		}
		clean[code] = locale.Normalize(why)
	}
	var sub Submission
	err = s.DB.Tx(ctx, func(ctx context.Context, tx *sqldb.Tx) error {
		if sub, err = s.find(ctx, tx, submission); err != nil {
			return err
		}
		last, err := sqldb.One(ctx, tx, qLastRevision, sqldb.Scalar[int64], sub.Form, sub.Year, sub.Unit)
		if err != nil {
			return err
		}
		if int(last) != sub.Revision {
			return problem.New("reporting/newer-revision", "revision", last)
		}
		if sub.State != StateSubmitted {
			return problem.New("reporting/already-decided")
		}
		sub.State, sub.Reasons, sub.DecidedAt, sub.DecidedBy = StateReturned, clean, s.now(), actor.Name()
		if reasons == nil {
			sub.State = StateAccepted
			if sub.Pin, err = sqldb.One(ctx, tx, qNextPin, sqldb.Scalar[int64], sub.Form, sub.Year); err != nil {
				return err
			}
		}
		text, err := writeNotes(clean)
		if err != nil {
			return err
		}
		n, err := sqldb.Exec(ctx, tx, qDecide, sub.ID, sub.Form, sub.Year, sub.State == StateAccepted, sub.Pin, text, clock.Micro(sub.DecidedAt), sub.DecidedBy)
		if err != nil {
			return err
		}
		if n == 0 {
			return problem.New("reporting/already-decided")
		}
		one := sub
		tx.OnCommit(func() { s.cube(one.Form, one.Year).follow(one) })
		return s.record(ctx, tx, "reporting."+string(sub.State), actor, sub.ID, permit,
			map[string]any{"unit": sub.Unit, "year": sub.Year, "revision": sub.Revision, "pin": sub.Pin, "reasons": clean})
	})
	return sub, err
}

// Waiting lists the newest revisions of a year that nobody has decided on,
// the earliest first: the lead agency's inbox.
func (s *Service) Waiting(ctx context.Context, actor authz.Actor, directive string, year int) ([]Submission, error) {
	if _, err := s.Authz.Check(ctx, actor, "reporting.consolidate", authz.Resource{Type: "reporting.directive", ID: directive}); err != nil {
		return nil, err
	}
	d, err := s.Directive(directive)
	if err != nil {
		return nil, err
	}
	return s.cube(d.MainForm, year).waiting(), nil
}

// History lists all revisions of a unit's report of a year, the first first.
func (s *Service) History(ctx context.Context, actor authz.Actor, directive, unit string, year int) ([]Submission, error) {
	if _, err := s.Authz.Check(ctx, actor, "reporting.view", s.about(unit, unit)); err != nil {
		return nil, err
	}
	d, err := s.Directive(directive)
	if err != nil {
		return nil, err
	}
	return sqldb.All(ctx, s.DB.Read(), qHistory, scanSubmission, d.MainForm, year, unit)
}

// windowEnd is the last day of a year's figures, as org counts days.
func (d *Directive) windowEnd(year int) org.Day {
	return org.Day(d.Window(d.MainRule(), year).To.String())
}
