// SPDX-License-Identifier: Apache-2.0

package detection

import (
	"context"
	"time"

	"lachan/internal/authz"
	"lachan/internal/sqldb"
	"lachan/internal/vntext/learn"
	"lachan/internal/vntext/safesense"
	"lachan/internal/vntext/signs"
)

// LabelModels is what is known of the models of one label.
type LabelModels struct {
	Label     string
	Live      *Model // in use; nil for none
	Candidate *Model // the newest that waits; nil for none
	Past      []Model
	Counts    VerdictCounts
	Better    bool // the candidate may be put to use
}

// pastModels is how many earlier models of a label a page shows.
const pastModels = 20

// Models says of each label what is in use and what there is to learn from. It
// opens nothing.
func (s *Service) Models(ctx context.Context, actor authz.Actor) ([]LabelModels, error) {
	if _, err := s.check(ctx, actor, "detection.model_view", "model", ""); err != nil {
		return nil, err
	}
	return s.labelModels(ctx, actor)
}

func (s *Service) labelModels(ctx context.Context, actor authz.Actor) ([]LabelModels, error) {
	q := s.DB.Read()
	var out []LabelModels
	for _, label := range ModelLabels() {
		all, err := sqldb.All(ctx, q, queryModels, scanModel, string(label), pastModels)
		if err != nil {
			return nil, wrap("models", err)
		}
		one := LabelModels{Label: string(label)}
		var last time.Time
		for n := range all {
			m := &all[n]
			if m.Newest.After(last) {
				last = m.Newest
			}
			switch m.State {
			case ModelLive:
				one.Live = m
			case ModelCandidate:
				one.Candidate = m
			default:
				one.Past = append(one.Past, *m)
			}
		}
		if one.Live == nil { // it may be older than the page
			if one.Live, err = s.liveModel(ctx, q, string(label)); err != nil {
				return nil, wrap("models", err)
			}
		}
		one.Better = one.Candidate != nil && one.Candidate.mayBeUsed(one.Live)
		if one.Counts, err = s.verdictCounts(ctx, q, actor.Unit, label, one.Live, last); err != nil {
			return nil, wrap("models", err)
		}
		out = append(out, one)
	}
	return out, nil
}

// mayBeUsed reports whether a candidate is better than what is in use now.
func (m *Model) mayBeUsed(live *Model) bool {
	is := ""
	if live != nil {
		is = live.ID
	}
	return m.State == ModelCandidate && m.Comparison.Better && m.Kept && m.Parent == is
}

// ModelView is one model, with what it was compared with and the way back.
type ModelView struct {
	Model
	ParentNumber int64 // 0 for none
	BeforeNumber int64 // of the one that TakeBack leads to; 0 for none
	MayUse       bool
}

// Model reads one model.
func (s *Service) Model(ctx context.Context, actor authz.Actor, id string) (ModelView, error) {
	if _, err := s.check(ctx, actor, "detection.model_view", "model", id); err != nil {
		return ModelView{}, err
	}
	q := s.DB.Read()
	m, err := s.model(ctx, q, id)
	if err != nil {
		return ModelView{}, err
	}
	v := ModelView{Model: m}
	if m.Parent != "" {
		parent, err := s.model(ctx, q, m.Parent)
		if err != nil {
			return v, err
		}
		v.ParentNumber = parent.Number
	}
	if m.State == ModelLive && m.Before != "" {
		before, err := s.model(ctx, q, m.Before)
		if err != nil {
			return v, err
		}
		if before.Kept {
			v.BeforeNumber = before.Number
		}
	}
	live, err := s.liveModel(ctx, q, m.Label)
	v.MayUse = err == nil && m.mayBeUsed(live)
	return v, wrap("model", err)
}

// FewHeld is how many held verdicts of a label make a share worth saying.
const FewHeld = 30

// SayShare reports whether a label's measures rest on enough held verdicts to
// be said as shares.
func SayShare(l learn.LabelComparison) bool { return l.N >= FewHeld }

// Shipped is what is known of the model that comes with the program.
type Shipped struct {
	Name    string
	Origin  string // of the texts that it learnt from
	Licence string // theirs, and so its own
	Texts   int
	Score   float64 // macro-F1 on texts of the same set that it had not seen, 0 to 1
	Labels  []string
}

// ShippedModel says what the shipped model is; it reads always, beside those
// that learn here.
func ShippedModel() (Shipped, error) {
	v, err := signs.Shipped()
	if err != nil {
		return Shipped{}, wrap("shipped model", err)
	}
	p := v.Model.Provenance
	out := Shipped{Name: p.Name, Score: p.Scores[safesense.ScoreMacroF1]}
	for _, set := range p.Sets {
		out.Origin, out.Licence = set.Origin, set.Licence
		for _, n := range set.Counts {
			out.Texts += n
		}
	}
	for _, s := range v.Speaks {
		out.Labels = append(out.Labels, string(s.Label))
	}
	return out, nil
}
