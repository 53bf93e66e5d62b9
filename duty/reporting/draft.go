// SPDX-License-Identifier: Apache-2.0

package reporting

import (
	"context"

	"lachan/internal/authz"
	"lachan/internal/clock"
	"lachan/internal/locale"
	"lachan/internal/problem"
	"lachan/internal/sqldb"
)

// CellEdit is one cell as typed. Was is what the person saw before: if
// somebody else has changed the cell since, both values are shown instead of
// one being lost.
type CellEdit struct {
	Code, Text string
	Was        string
	Note       string
}

// SaveDraft saves cells of a unit's form. All that can be read is saved, also
// when other cells are faulty.
type SaveDraft struct {
	Directive, Unit string
	Year            int
	Cells           []CellEdit
}

// Saved says what became of a SaveDraft.
type Saved struct {
	Cells     int
	Conflicts []Conflict
}

// Conflict is a cell that somebody else changed meanwhile; it was not saved.
type Conflict struct {
	Code, Theirs, Yours string
}

// SaveDraft returns what was saved. Cells that cannot be read come back as
// fields of input/faulty, beside the result.
func (s *Service) SaveDraft(ctx context.Context, actor authz.Actor, cmd SaveDraft) (Saved, error) {
	if _, err := s.Authz.Check(ctx, actor, "reporting.fill", s.about(cmd.Unit, cmd.Unit)); err != nil {
		return Saved{}, err
	}
	before, err := s.open(ctx, s.DB.Read(), cmd.Directive, cmd.Unit, cmd.Year)
	if err != nil {
		return Saved{}, err
	}
	if err := s.fillAuto(ctx, &before, cmd.Unit, cmd.Year); err != nil {
		return Saved{}, err
	}
	var saved Saved
	var faulty *problem.Error
	err = s.DB.Tx(ctx, func(ctx context.Context, tx *sqldb.Tx) error {
		saved, faulty = Saved{}, problem.New("input/faulty")
		w, err := s.open(ctx, tx, cmd.Directive, cmd.Unit, cmd.Year)
		if err != nil {
			return err
		}
		w.locked = before.locked
		for _, e := range cmd.Cells {
			saved.edit(&w, e, faulty)
		}
		notes, err := writeNotes(w.draft.notes)
		if err != nil {
			return err
		}
		_, err = sqldb.Exec(ctx, tx, qDraftPut, w.form.ID, cmd.Unit, cmd.Year, w.draft.version+1, w.draft.cells.pack(), notes,
			clock.Micro(s.now()), actor.Name())
		return err
	})
	if err != nil {
		return Saved{}, err
	}
	return saved, faulty.OrNil()
}

func (out *Saved) edit(w *work, e CellEdit, faulty *problem.Error) {
	i, ok := w.form.Index(e.Code)
	if !ok || !w.asked[i] {
		faulty.Field(e.Code, "reporting/not-asked")
		return
	}
	if w.locked[i] {
		return // the product knows better; the page shows it without a field
	}
	value, filled, ok := ParseCell(e.Text)
	if !ok {
		faulty.Field(e.Code, "input/not-a-number")
		return
	}
	if value < 0 || value > maxValue {
		faulty.Field(e.Code, "input/out-of-range", "min", 0, "max", maxValue)
		return
	}
	now, has := w.draft.cells.Get(i)
	was, hadWas, _ := ParseCell(e.Was)
	if (has != hadWas || now != was) && (has != filled || now != value) {
		out.Conflicts = append(out.Conflicts, Conflict{e.Code, FormatCell(now, has), e.Text})
		return
	}
	if filled {
		w.draft.cells.Set(i, value)
	} else {
		w.draft.cells.Clear(i)
	}
	if note := locale.Normalize(e.Note); note != "" {
		w.draft.notes[e.Code] = note
	} else {
		delete(w.draft.notes, e.Code)
	}
	out.Cells++
}
