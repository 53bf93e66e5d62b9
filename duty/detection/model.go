// SPDX-License-Identifier: Apache-2.0

package detection

import (
	"bytes"
	"compress/gzip"
	"context"
	"fmt"
	"io"
	"sync"
	"sync/atomic"
	"time"

	"lachan/internal/clock"
	"lachan/internal/problem"
	"lachan/internal/sqldb"
	"lachan/internal/vault"
	"lachan/internal/vntext"
	"lachan/internal/vntext/learn"
	"lachan/internal/vntext/signs"
)

// ModelState is where a model that learnt from verdicts stands.
type ModelState string

// The states.
const (
	ModelCandidate ModelState = "candidate" // compared, not used
	ModelLive      ModelState = "live"      // in use
	ModelPast      ModelState = "past"      // was in use
	ModelDropped   ModelState = "dropped"   // a later candidate took its place
)

// Key is the locale key of the state's name.
func (s ModelState) Key() string { return "detection.model.state." + string(s) }

// Model is a reader of one label that learnt from the verdicts of the unit that
// reviews: the label, or something else. The shipped model stays as it is
// beside it; both speak, and the stronger counts (signs.Sign).
type Model struct {
	ID         string
	Number     int64 // for people: "M-3"
	Unit       string
	Label      string
	State      ModelState
	Threshold  float64 // the probability from which it speaks, 0 to 1
	Lists      bool    // its word alone brings a text to a person
	From       Provenance
	Comparison learn.Comparison
	Parent     string    // id of the one in use that it was compared with; "" for none
	Before     string    // id of the one whose place it took; "" for none
	Newest     time.Time // verdict that it has seen, learning or comparing
	Made       time.Time
	By         string
	Used       time.Time // zero: never
	UsedBy     string
	Ended      time.Time // zero: in use, or never
	EndedBy    string
	Kept       bool // its file is there, so that it can be used
}

// Provenance says what a model learnt from, without a word of it.
type Provenance struct {
	Yes     int       `json:"yes"`     // verdicts that said the label
	No      int       `json:"no"`      // and that said something else
	Two     int       `json:"two"`     // of all, given by two persons
	Unread  int       `json:"unread"`  // left out: no text, or no key for it
	From    time.Time `json:"from"`    // the oldest verdict
	To      time.Time `json:"to"`      // the newest
	Licence string    `json:"licence"` // of the data: OwnVerdicts
	Seed    uint64    `json:"seed"`
	Bytes   int       `json:"bytes"` // of the model
}

// OwnVerdicts is the licence of what a model learnt here: verdicts of the
// province's own reviewers, which nobody else may have.
const OwnVerdicts = "own-verdicts"

// models is what a hub knows of the models in use.
type models struct {
	seen    atomic.Int64 // the last change that the reader follows
	reading sync.Mutex   // one builds the reader anew
	learns  sync.Mutex   // a training holds texts in memory: one on a hub
}

const modelColumns = `id, number, unit, label, state, threshold, lists, provenance, comparison, parent, before, newest, made, by_person,
	used, used_by, ended, ended_by, CASE WHEN LENGTH(file) > 0 THEN 1 ELSE 0 END`

func scanModel(r sqldb.Row) (m Model, err error) {
	var threshold, newest, made, used, ended int64
	var lists, kept int
	var from, comparison string
	err = r.Scan(&m.ID, &m.Number, &m.Unit, &m.Label, &m.State, &threshold, &lists, &from, &comparison, &m.Parent, &m.Before, &newest, &made, &m.By,
		&used, &m.UsedBy, &ended, &m.EndedBy, &kept)
	m.Threshold, m.Lists, m.Kept = float64(threshold)/1000, lists != 0, kept != 0
	m.From, m.Comparison = decode[Provenance](from), decode[learn.Comparison](comparison)
	m.Newest, m.Made, m.Used, m.Ended = fromMicro(newest), clock.FromMicro(made), fromMicro(used), fromMicro(ended)
	return m, err
}

var (
	queryModel     = sqldb.Register("detection.model", `SELECT `+modelColumns+` FROM detection_model WHERE id = $1`)
	queryModels    = sqldb.Register("detection.models", `SELECT `+modelColumns+` FROM detection_model WHERE label = $1 ORDER BY number DESC LIMIT $2`)
	queryModelLive = sqldb.Register("detection.model_live", `SELECT `+modelColumns+` FROM detection_model WHERE label = $1 AND state = 'live'`)
	queryModelFile = sqldb.Register("detection.model_file", `SELECT file FROM detection_model WHERE id = $1`)
	queryModelPut  = sqldb.Register("detection.model_put", `
		INSERT INTO detection_model (id, number, unit, label, state, file, threshold, lists, provenance, comparison, parent, before, newest, made,
			by_person, used, used_by, ended, ended_by) VALUES ($1,$2,$3,$4,'candidate',$5,$6,$7,$8,$9,$10,'',$11,$12,$13,0,'',0,'')`)
	queryModelDrop = sqldb.Register("detection.model_drop", `
		UPDATE detection_model SET state = 'dropped', file = $2 WHERE label = $1 AND state = 'candidate'`)
)

// modelBox keeps models, bound to their ids. A model has no words, but what
// weighs most in it could be guessed at: nobody reads it without the hub's key.
func (s *Service) modelBox() vault.Box { return s.Vault.Secrets().Box("detection.model") }

// voiceName is what a model is called in features and in its own head.
func voiceName(m *Model) string { return fmt.Sprintf("own-%s-%d", m.Label, m.Number) }

// maxModel is the greatest size, in bytes, of a model that is unpacked.
const maxModel = 64 << 20

func (s *Service) packModel(id string, m *vntext.Model) ([]byte, int, error) {
	raw, err := m.Encode()
	if err != nil {
		return nil, 0, err
	}
	var packed bytes.Buffer
	z := gzip.NewWriter(&packed)
	if _, err := z.Write(raw); err != nil {
		return nil, 0, err
	}
	if err := z.Close(); err != nil {
		return nil, 0, err
	}
	boxed, err := s.modelBox().Seal(id, packed.Bytes())
	return boxed, len(raw), err
}

// openModel reads a model's file; nil for "", which is none.
func (s *Service) openModel(ctx context.Context, q sqldb.Queryer, id string) (*vntext.Model, error) {
	if id == "" {
		return nil, nil
	}
	boxed, err := sqldb.One(ctx, q, queryModelFile, sqldb.Scalar[[]byte], id)
	if err != nil {
		return nil, err
	}
	packed, err := s.modelBox().Open(id, boxed)
	if err != nil {
		return nil, err
	}
	z, err := gzip.NewReader(bytes.NewReader(packed))
	if err != nil {
		return nil, problem.New("vntext/bad-model").Wrap(err)
	}
	raw, err := io.ReadAll(io.LimitReader(z, maxModel))
	if err != nil {
		return nil, problem.New("vntext/bad-model").Wrap(err)
	}
	return vntext.Decode(raw)
}

// ModelLabels are the labels that a model can learn, in the order of the page.
func ModelLabels() []signs.Label { return signs.Labels() }
