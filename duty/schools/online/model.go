// SPDX-License-Identifier: Apache-2.0

package online

import (
	"context"
	"slices"
	"time"

	"lachan/duty"
	"lachan/internal/authz"
	"lachan/internal/clock"
	"lachan/internal/id"
	"lachan/internal/problem"
	"lachan/internal/sqldb"
)

// Model is a way of teaching online safely that is tried in some schools
// before others take it over.
type Model struct {
	ID          string
	Title       string
	Design      string
	Evaluation  string // the conclusion; "" until there is one
	State       ModelState
	First, Last duty.Date // of the pilot; zero before it began, and while it runs
	By          string
	Created     time.Time
	Changed     time.Time
	Criteria    []Criterion
	Members     []Member
}

// ModelState is how far a model is.
type ModelState string

// The states. A model that was dropped or is over has ended.
const (
	Draft     ModelState = "draft"
	Pilot     ModelState = "pilot"
	Evaluated ModelState = "evaluated"
	Spread    ModelState = "spread" // other schools take it over
	Ended     ModelState = "ended"
)

// ModelStates lists the states in their order.
func ModelStates() []ModelState { return []ModelState{Draft, Pilot, Evaluated, Spread, Ended} }

// Next lists the states that may follow.
func (s ModelState) Next() []ModelState {
	switch s {
	case Draft:
		return []ModelState{Pilot, Ended}
	case Pilot:
		return []ModelState{Evaluated, Ended}
	case Evaluated:
		return []ModelState{Spread, Ended}
	case Spread:
		return []ModelState{Ended}
	}
	return nil
}

// Criterion is by what a model is judged, set before its pilot begins.
type Criterion struct {
	Text   string
	Result string // "", Met, Unmet
	Note   string // what was seen
}

// The results of a criterion.
const (
	Met   = "met"
	Unmet = "unmet"
)

// Member is a school that tries a model or has taken it over.
type Member struct {
	School string
	Part   string // PilotSchool, Adopter
	Since  duty.Date
}

// The parts that a school plays in a model.
const (
	PilotSchool = "pilot"
	Adopter     = "adopter"
)

// Schools are the ids of the schools of one part.
func (m Model) Schools(part string) []string {
	var all []string
	for _, x := range m.Members {
		if x.Part == part {
			all = append(all, x.School)
		}
	}
	return all
}

// ModelCommand begins a model or changes one that is a draft.
type ModelCommand struct {
	ID       string // "": a new one
	Title    string // to 160 characters
	Design   string // to 6,000
	Criteria []string
}

// The most criteria of a model, and characters of one.
const (
	maxCriteria  = 12
	maxCriterion = 240
)

// Validate lists the faulty fields.
func (c *ModelCommand) Validate() error {
	p := problem.New("input/faulty")
	needText(p, "title", &c.Title, 160, true)
	needText(p, "design", &c.Design, 6000, true)
	for i := range c.Criteria {
		needText(p, "criteria", &c.Criteria[i], maxCriterion, false)
	}
	c.Criteria = slices.DeleteFunc(c.Criteria, func(t string) bool { return t == "" })
	if len(c.Criteria) > maxCriteria {
		p.Field("criteria", "schools/too-many-criteria", "max", maxCriteria)
	}
	return p.OrNil()
}

const modelColumns = `id, title, design, evaluation, state, first, last, by_person, created, changed`

var (
	queryModels    = sqldb.Register("schools.online_models", `SELECT `+modelColumns+` FROM schools_online_model ORDER BY created DESC, id DESC`)
	queryModel     = sqldb.Register("schools.online_model", `SELECT `+modelColumns+` FROM schools_online_model WHERE id = $1`)
	queryModelSave = sqldb.Register("schools.online_model_save", `
		INSERT INTO schools_online_model (`+modelColumns+`) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
		ON CONFLICT (id) DO UPDATE SET title = excluded.title, design = excluded.design, evaluation = excluded.evaluation,
			state = excluded.state, first = excluded.first, last = excluded.last, changed = excluded.changed`)
	queryCriteria      = sqldb.Register("schools.online_criteria", `SELECT text, result, note FROM schools_online_criterion WHERE model = $1 ORDER BY place`)
	queryCriterionPut  = sqldb.Register("schools.online_criterion_put", `INSERT INTO schools_online_criterion (model, place, text, result, note) VALUES ($1, $2, $3, $4, $5)`)
	queryCriterionDrop = sqldb.Register("schools.online_criteria_drop", `DELETE FROM schools_online_criterion WHERE model = $1`)
	queryMembers       = sqldb.Register("schools.online_members", `SELECT school, part, since FROM schools_online_member WHERE model = $1 ORDER BY since, school`)
	queryMemberPut     = sqldb.Register("schools.online_member_put", `
		INSERT INTO schools_online_member (model, school, part, since) VALUES ($1, $2, $3, $4) ON CONFLICT (model, school) DO NOTHING`)
	queryMemberDrop = sqldb.Register("schools.online_member_drop", `DELETE FROM schools_online_member WHERE model = $1 AND school = $2 AND part = $3`)
)

func ofModel(modelID string) authz.Resource {
	return authz.Resource{Type: "schools.model", ID: modelID}
}

// Models are all models, newest first, with their criteria and schools.
func (s *Service) Models(ctx context.Context, actor authz.Actor) ([]Model, error) {
	if _, err := s.Authz.Check(ctx, actor, "schools.model_view", ofModel("")); err != nil {
		return nil, err
	}
	all, err := sqldb.All(ctx, s.DB.Read(), queryModels, scanModel)
	if err != nil {
		return nil, wrap("models", err)
	}
	for i := range all {
		if err := fill(ctx, s.DB.Read(), &all[i]); err != nil {
			return nil, err
		}
	}
	return all, nil
}

// Model is one model.
func (s *Service) Model(ctx context.Context, actor authz.Actor, modelID string) (Model, error) {
	if _, err := s.Authz.Check(ctx, actor, "schools.model_view", ofModel(modelID)); err != nil {
		return Model{}, err
	}
	return loadModel(ctx, s.DB.Read(), modelID)
}

func loadModel(ctx context.Context, q sqldb.Queryer, modelID string) (Model, error) {
	m, err := sqldb.One(ctx, q, queryModel, scanModel, modelID)
	if err != nil {
		return m, notFound(err, "schools/no-model")
	}
	return m, fill(ctx, q, &m)
}

func fill(ctx context.Context, q sqldb.Queryer, m *Model) (err error) {
	m.Criteria, err = sqldb.All(ctx, q, queryCriteria, func(r sqldb.Row) (c Criterion, err error) {
		err = r.Scan(&c.Text, &c.Result, &c.Note)
		return c, err
	}, m.ID)
	if err != nil {
		return wrap("criteria", err)
	}
	m.Members, err = sqldb.All(ctx, q, queryMembers, func(r sqldb.Row) (x Member, err error) {
		var since string
		err = r.Scan(&x.School, &x.Part, &since)
		x.Since = day(since)
		return x, err
	}, m.ID)
	return wrap("schools of a model", err)
}

// SaveModel begins a model or changes a draft: once its pilot has begun, what
// it is judged by stands.
func (s *Service) SaveModel(ctx context.Context, actor authz.Actor, cmd ModelCommand) (m Model, err error) {
	if err := cmd.Validate(); err != nil {
		return m, err
	}
	if cmd.ID == "" {
		m = Model{ID: id.New(), State: Draft, By: actor.Name(), Created: s.Clock.Now()}
	} else {
		m.ID = cmd.ID
	}
	err = s.changeModel(ctx, actor, &m, "schools.model_saved", cmd, func(m *Model) error {
		if m.State != Draft {
			return problem.New("schools/model-has-begun")
		}
		m.Title, m.Design, m.Criteria = cmd.Title, cmd.Design, nil
		for _, text := range cmd.Criteria {
			m.Criteria = append(m.Criteria, Criterion{Text: text})
		}
		return nil
	})
	return m, err
}

// changeModel does a change of a model in one transaction: a new one if it
// has no row yet.
func (s *Service) changeModel(ctx context.Context, actor authz.Actor, m *Model, kind string, details any, do func(*Model) error) error {
	permit, err := s.Authz.Check(ctx, actor, "schools.model_edit", ofModel(m.ID))
	if err != nil {
		return err
	}
	isNew := !m.Created.IsZero()
	return s.DB.Tx(ctx, func(ctx context.Context, tx *sqldb.Tx) error {
		if !isNew {
			if *m, err = loadModel(ctx, tx, m.ID); err != nil {
				return err
			}
		}
		if err := do(m); err != nil {
			return err
		}
		m.Changed = s.Clock.Now()
		_, err := sqldb.Exec(ctx, tx, queryModelSave, m.ID, m.Title, m.Design, m.Evaluation, string(m.State), m.First.String(), m.Last.String(),
			m.By, clock.Micro(m.Created), clock.Micro(m.Changed))
		if err != nil {
			return err
		}
		if _, err := sqldb.Exec(ctx, tx, queryCriterionDrop, m.ID); err != nil {
			return err
		}
		for i, c := range m.Criteria {
			if _, err := sqldb.Exec(ctx, tx, queryCriterionPut, m.ID, i, c.Text, c.Result, c.Note); err != nil {
				return err
			}
		}
		return s.record(ctx, tx, actor, kind, m.ID, permit, details)
	})
}

func scanModel(r sqldb.Row) (m Model, err error) {
	var first, last string
	var created, changed int64
	err = r.Scan(&m.ID, &m.Title, &m.Design, &m.Evaluation, &m.State, &first, &last, &m.By, &created, &changed)
	m.First, m.Last, m.Created, m.Changed = day(first), day(last), clock.FromMicro(created), clock.FromMicro(changed)
	return m, err
}
