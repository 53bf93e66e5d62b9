// SPDX-License-Identifier: Apache-2.0

package detection

import (
	"context"
	"errors"
	"log/slog"

	"lachan/internal/authz"
	"lachan/internal/clock"
	"lachan/internal/problem"
	"lachan/internal/sqldb"
	"lachan/internal/vntext/signs"
)

var (
	queryModelUse = sqldb.Register("detection.model_use", `
		UPDATE detection_model SET state = 'live', before = $2, used = $3, used_by = $4, ended = 0, ended_by = '' WHERE id = $1 AND state = $5`)
	queryModelEnd = sqldb.Register("detection.model_end", `
		UPDATE detection_model SET state = 'past', ended = $2, ended_by = $3 WHERE id = $1 AND state = 'live'`)
	queryModelForget = sqldb.Register("detection.model_forget", `UPDATE detection_model SET file = $2 WHERE id = $1 AND state <> 'live'`)
	queryModelsLive  = sqldb.Register("detection.models_live", `SELECT `+modelColumns+` FROM detection_model WHERE state = 'live' ORDER BY label`)
)

func (s *Service) model(ctx context.Context, q sqldb.Queryer, id string) (Model, error) {
	m, err := sqldb.One(ctx, q, queryModel, scanModel, id)
	return m, notFound(err, "authz/not-found")
}

// liveModel is the model of a label that is in use; nil for none.
func (s *Service) liveModel(ctx context.Context, q sqldb.Queryer, label string) (*Model, error) {
	m, err := sqldb.One(ctx, q, queryModelLive, scanModel, label)
	if errors.Is(err, sqldb.ErrNoRows) {
		return nil, nil
	}
	return &m, err
}

// PutToUse lets a candidate read from now on, on every hub. Only one that is
// better is (detection/model-not-better), and only than what it was compared
// with: where another is in use by now it is detection/model-stale.
func (s *Service) PutToUse(ctx context.Context, actor authz.Actor, id string) error {
	permit, err := s.check(ctx, actor, "detection.model", "model", id)
	if err != nil {
		return err
	}
	return s.DB.Tx(ctx, func(ctx context.Context, tx *sqldb.Tx) error {
		m, err := s.model(ctx, tx, id)
		if err != nil {
			return err
		}
		switch {
		case m.State != ModelCandidate:
			return problem.New("detection/model-stale")
		case !m.Comparison.Better || !m.Kept:
			return problem.New("detection/model-not-better")
		}
		live, err := s.liveModel(ctx, tx, m.Label)
		if err != nil {
			return err
		}
		before := ""
		if live != nil {
			before = live.ID
		}
		if before != m.Parent {
			return problem.New("detection/model-stale")
		}
		if live != nil {
			if err := s.endModel(ctx, tx, actor, live); err != nil {
				return err
			}
			// The way back leads one step: of what is older the comparison stays.
			if _, err := sqldb.Exec(ctx, tx, queryModelForget, live.Before, []byte{}); err != nil {
				return err
			}
		}
		if err := s.beginModel(ctx, tx, actor, &m, before); err != nil {
			return err
		}
		return s.record(ctx, tx, actor, m.ID, "detection.model_used", permit, map[string]any{
			"label": m.Label, "number": m.Number, "before": before, "threshold": m.Threshold, "lists": m.Lists,
		})
	})
}

// TakeBack takes a model out of use: the one before reads again, where it is
// kept and not none is asked for; else the label has no model of its own. What
// was taken back is not put to use again: a new candidate is.
func (s *Service) TakeBack(ctx context.Context, actor authz.Actor, id string, none bool) error {
	permit, err := s.check(ctx, actor, "detection.model", "model", id)
	if err != nil {
		return err
	}
	return s.DB.Tx(ctx, func(ctx context.Context, tx *sqldb.Tx) error {
		m, err := s.model(ctx, tx, id)
		if err != nil {
			return err
		}
		if m.State != ModelLive {
			return problem.New("detection/model-stale")
		}
		if err := s.endModel(ctx, tx, actor, &m); err != nil {
			return err
		}
		back := ""
		if m.Before != "" {
			before, err := s.model(ctx, tx, m.Before)
			if err != nil {
				return err
			}
			if before.Kept && !none {
				if err := s.beginModel(ctx, tx, actor, &before, before.Before); err != nil {
					return err
				}
				back = before.ID
			} else if _, err := sqldb.Exec(ctx, tx, queryModelForget, before.ID, []byte{}); err != nil {
				return err
			}
		}
		if _, err := sqldb.Exec(ctx, tx, queryModelForget, m.ID, []byte{}); err != nil {
			return err
		}
		return s.record(ctx, tx, actor, m.ID, "detection.model_taken_back", permit, map[string]any{"label": m.Label, "number": m.Number, "to": back})
	})
}

// beginModel puts a model to use and lets the hubs know.
func (s *Service) beginModel(ctx context.Context, tx *sqldb.Tx, actor authz.Actor, m *Model, before string) error {
	n, err := sqldb.Exec(ctx, tx, queryModelUse, m.ID, before, clock.Micro(s.now()), actor.Person, string(m.State))
	if err == nil && n == 0 {
		return problem.New("detection/model-stale")
	}
	if err == nil {
		_, err = next(ctx, tx, modelChanges)
	}
	return err
}

func (s *Service) endModel(ctx context.Context, tx *sqldb.Tx, actor authz.Actor, m *Model) error {
	n, err := sqldb.Exec(ctx, tx, queryModelEnd, m.ID, clock.Micro(s.now()), actor.Person)
	if err == nil && n == 0 {
		return problem.New("detection/model-stale")
	}
	if err == nil {
		_, err = next(ctx, tx, modelChanges)
	}
	return err
}

// syncModels lets the reader of this hub follow what is in use. Where nothing
// has changed it reads one number. A model that cannot be read is left out and
// said in the log: what patterns find must go on being found.
func (s *Service) syncModels(ctx context.Context) error {
	last, err := sqldb.One(ctx, s.DB.Read(), queryChange, sqldb.Scalar[int64], modelChanges)
	if errors.Is(err, sqldb.ErrNoRows) {
		return nil
	}
	if err != nil || last == s.models.seen.Load() {
		return wrap("models", err)
	}
	s.models.reading.Lock()
	defer s.models.reading.Unlock()
	if last <= s.models.seen.Load() {
		return nil
	}
	live, err := sqldb.All(ctx, s.DB.Read(), queryModelsLive, scanModel)
	if err != nil {
		return wrap("models", err)
	}
	var voices []signs.Voice
	for n := range live {
		trained, err := s.openModel(ctx, s.DB.Read(), live[n].ID)
		if ctx.Err() != nil {
			return wrap("models", ctx.Err())
		}
		if err != nil {
			s.Log.ErrorContext(ctx, "detection: a model in use cannot be read", slog.String("model", live[n].ID), slog.Any("error", err))
			continue
		}
		voices = append(voices, voice(&live[n], trained))
	}
	reader, err := newReader(voices...)
	if err != nil {
		return wrap("models", err)
	}
	s.reader.Store(reader)
	s.models.seen.Store(last)
	return nil
}
