// SPDX-License-Identifier: Apache-2.0

package online

import (
	"context"
	"slices"

	"lachan/internal/authz"
	"lachan/internal/problem"
	"lachan/internal/sqldb"
)

// MoveModel takes a model to its next state. A pilot needs a school and a
// criterion; an evaluation, an answer to each criterion and a conclusion; a
// model spreads only if it was found good in something.
func (s *Service) MoveModel(ctx context.Context, actor authz.Actor, modelID string, to ModelState) error {
	m := Model{ID: modelID}
	return s.changeModel(ctx, actor, &m, "schools.model_moved", map[string]string{"state": string(to)}, func(m *Model) error {
		if !slices.Contains(m.State.Next(), to) {
			return problem.New("schools/model-not-from-here")
		}
		met := func(c Criterion) bool { return c.Result == Met }
		open := func(c Criterion) bool { return c.Result == "" }
		switch to {
		case Pilot:
			if len(m.Schools(PilotSchool)) == 0 || len(m.Criteria) == 0 {
				return problem.New("schools/model-needs-pilot")
			}
			m.First = s.today()
		case Evaluated:
			if m.Evaluation == "" || slices.ContainsFunc(m.Criteria, open) {
				return problem.New("schools/model-needs-evaluation")
			}
			m.Last = s.today()
		case Spread:
			if !slices.ContainsFunc(m.Criteria, met) {
				return problem.New("schools/model-met-nothing")
			}
		case Ended:
			if m.State == Pilot {
				m.Last = s.today()
			}
		}
		m.State = to
		return nil
	})
}

// EvaluateCommand says what a pilot has shown.
type EvaluateCommand struct {
	Model      string
	Results    []string // by criterion: "", Met, Unmet
	Notes      []string // by criterion, to 400 characters
	Conclusion string   // to 4,000
}

// EvaluateModel keeps results while the pilot runs; MoveModel closes it.
func (s *Service) EvaluateModel(ctx context.Context, actor authz.Actor, cmd EvaluateCommand) error {
	m := Model{ID: cmd.Model}
	return s.changeModel(ctx, actor, &m, "schools.model_judged", cmd, func(m *Model) error {
		if m.State != Pilot {
			return problem.New("schools/model-not-in-pilot")
		}
		p := problem.New("input/faulty")
		needText(p, "conclusion", &cmd.Conclusion, 4000, false)
		if len(cmd.Results) != len(m.Criteria) || len(cmd.Notes) != len(m.Criteria) {
			return p.Field("results", "input/not-a-choice")
		}
		for i := range m.Criteria {
			if !slices.Contains([]string{"", Met, Unmet}, cmd.Results[i]) {
				p.Field("results", "input/not-a-choice")
			}
			needText(p, "notes", &cmd.Notes[i], 400, false)
			m.Criteria[i].Result, m.Criteria[i].Note = cmd.Results[i], cmd.Notes[i]
		}
		m.Evaluation = cmd.Conclusion
		return p.OrNil()
	})
}

// MemberCommand brings a school into a model or takes it out of one.
type MemberCommand struct {
	Model, School string
	Leave         bool
}

// JoinModel brings a school in: as a pilot school while the model is a draft
// or in its pilot, as an adopter once it spreads.
func (s *Service) JoinModel(ctx context.Context, actor authz.Actor, cmd MemberCommand) error {
	school, err := s.Schools.School(ctx, actor, cmd.School)
	if err != nil {
		return err
	}
	permit, err := s.Authz.Check(ctx, actor, "schools.model_edit", ofModel(cmd.Model))
	if err != nil {
		return err
	}
	return s.DB.Tx(ctx, func(ctx context.Context, tx *sqldb.Tx) error {
		m, err := loadModel(ctx, tx, cmd.Model)
		if err != nil {
			return err
		}
		part := PilotSchool
		switch m.State {
		case Spread:
			part = Adopter
		case Evaluated, Ended:
			return problem.New("schools/model-closed")
		}
		if cmd.Leave {
			// Who tried the model stays on record once the pilot is over.
			n, err := sqldb.Exec(ctx, tx, queryMemberDrop, m.ID, school.ID, part)
			if err == nil && n == 0 {
				err = problem.New("schools/not-in-model")
			}
			if err != nil {
				return err
			}
		} else if _, err := sqldb.Exec(ctx, tx, queryMemberPut, m.ID, school.ID, part, s.today().String()); err != nil {
			return err
		}
		return s.record(ctx, tx, actor, "schools.model_member", m.ID, permit, map[string]any{"school": school.ID, "part": part, "leave": cmd.Leave})
	})
}
