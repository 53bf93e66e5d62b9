// SPDX-License-Identifier: Apache-2.0

package detection

import (
	"context"
	"encoding/json"
	"errors"
	"math"
	"time"

	"lachan/internal/authz"
	"lachan/internal/clock"
	"lachan/internal/id"
	"lachan/internal/problem"
	"lachan/internal/sqldb"
	"lachan/internal/vault"
	"lachan/internal/vntext"
	"lachan/internal/vntext/learn"
	"lachan/internal/vntext/signs"
)

// The bounds of one training.
const (
	learnWithin = time.Minute
	learnItems  = 10_000   // verdicts, the newest
	learnText   = 16 << 10 // bytes of each text
	learnBytes  = 64 << 20 // of all of them
	// twoPersons is how much a verdict that two gave counts.
	twoPersons = 2
)

// modelCounter numbers the models, modelChanges the changes of what is in use.
const (
	modelCounter = "model"
	modelChanges = "model_change"
)

// learning is how a model of a label is made and measured: as the shipped one,
// of one label against the rest.
func learning(label signs.Label) (learn.Config, error) {
	shipped, err := signs.Shipped()
	if err != nil {
		return learn.Config{}, err
	}
	return learn.Default(learn.Binary(string(label)), shipped.Model.Shape), nil
}

// enough is how many verdicts of either kind leave enough of each in all parts,
// where they fall evenly.
func enough(cfg learn.Config) int {
	return int(math.Ceil(float64(cfg.Least) / ((1 - cfg.Held) * (1 - cfg.Calibrate))))
}

// enoughNewer is how many of either kind must be newer than what the model in
// use has seen: half of them are measured on.
func enoughNewer(cfg learn.Config) int { return 2 * ((cfg.Least + 2) / 3) }

var (
	queryVerdictCounts = sqldb.Register("detection.verdict_counts", `
		SELECT COUNT(*) FILTER (WHERE verdict <> 'dismiss' AND verdict_label = $2),
			COUNT(*) FILTER (WHERE verdict = 'dismiss' OR verdict_label <> $2),
			COUNT(*) FILTER (WHERE verdict <> 'dismiss' AND verdict_label = $2 AND decided > $3),
			COUNT(*) FILTER (WHERE (verdict = 'dismiss' OR verdict_label <> $2) AND decided > $3)
		FROM detection_item WHERE unit = $1 AND state = 'decided' AND kind = 'page'`)
	queryVerdicts = sqldb.Register("detection.verdicts", `
		SELECT id, verdict, verdict_label, second_by, decided FROM detection_item
		WHERE unit = $1 AND state = 'decided' AND kind = 'page' ORDER BY decided DESC, id LIMIT $2`)
)

// VerdictCounts are the verdicts on pages that a model of a label can learn
// from.
type VerdictCounts struct {
	Yes, No           int // that said the label, and that said something else
	NewYes, NewNo     int // of these, newer than what the model in use has seen
	MissingYes        int // until there are enough to learn from and to measure on
	MissingNo         int
	SinceYes, SinceNo int // newer than what the last candidate has seen
}

// Enough reports whether a model can be learnt.
func (c VerdictCounts) Enough() bool { return c.MissingYes == 0 && c.MissingNo == 0 }

func (s *Service) verdictCounts(ctx context.Context, q sqldb.Queryer, unit string, label signs.Label, live *Model, last time.Time) (VerdictCounts, error) {
	var since time.Time
	if live != nil {
		since = live.Newest
	}
	scan := func(r sqldb.Row) (c VerdictCounts, err error) {
		err = r.Scan(&c.Yes, &c.No, &c.NewYes, &c.NewNo)
		return c, err
	}
	c, err := sqldb.One(ctx, q, queryVerdictCounts, scan, unit, string(label), toMicro(since))
	if err != nil {
		return c, err
	}
	newer, err := sqldb.One(ctx, q, queryVerdictCounts, scan, unit, string(label), toMicro(last))
	if err != nil {
		return c, err
	}
	c.SinceYes, c.SinceNo = newer.NewYes, newer.NewNo
	cfg, err := learning(label)
	if err != nil {
		return c, err
	}
	c.MissingYes, c.MissingNo = max(0, enough(cfg)-c.Yes), max(0, enough(cfg)-c.No)
	if live != nil {
		c.MissingYes = max(c.MissingYes, enoughNewer(cfg)-c.NewYes)
		c.MissingNo = max(c.MissingNo, enoughNewer(cfg)-c.NewNo)
	}
	return c, nil
}

// verdictRow is a decided item as learning sees it, before it is opened.
type verdictRow struct {
	item    string
	yes     bool
	two     bool
	decided time.Time
}

// Candidate learns a model of a label from the verdicts of the actor's unit,
// compares it with the one in use and keeps it as a candidate; nothing is put
// to use. It runs in the session of an unlocked model keeper and nowhere else:
// background work cannot open a text. Progress is told as it opens them; nil:
// nobody asks. Texts stay in memory until it ends.
//
// It reports detection/unlock-first, detection/no-model-label,
// detection/model-too-few, detection/model-busy while another runs on this
// hub, and detection/model-late when it takes longer than a minute.
func (s *Service) Candidate(ctx context.Context, actor authz.Actor, u *vault.Unlocked, label string, progress func(done, of int)) (Model, error) {
	permit, err := s.check(ctx, actor, "detection.model", "model", label)
	if err != nil {
		return Model{}, err
	}
	if !signs.Label(label).Valid() {
		return Model{}, problem.New("detection/no-model-label")
	}
	if u == nil {
		return Model{}, problem.New("detection/unlock-first")
	}
	if !s.models.learns.TryLock() {
		return Model{}, problem.New("detection/model-busy")
	}
	defer s.models.learns.Unlock()
	ctx, cancel := context.WithTimeout(ctx, learnWithin)
	defer cancel()
	m, err := s.candidate(ctx, actor, permit, u, signs.Label(label), progress)
	if errors.Is(err, context.DeadlineExceeded) {
		return Model{}, problem.New("detection/model-late").Wrap(err)
	}
	return m, wrap("learn", err)
}

func (s *Service) candidate(ctx context.Context, actor authz.Actor, permit authz.Permit, u *vault.Unlocked, label signs.Label, progress func(done, of int)) (Model, error) {
	q := s.DB.Read()
	live, err := s.liveModel(ctx, q, string(label))
	if err != nil {
		return Model{}, err
	}
	counts, err := s.verdictCounts(ctx, q, actor.Unit, label, live, time.Time{})
	if err != nil {
		return Model{}, err
	}
	if !counts.Enough() {
		return Model{}, tooFew(counts.MissingYes, counts.MissingNo)
	}
	// The entry comes before the first text is opened.
	err = s.DB.Tx(ctx, func(ctx context.Context, tx *sqldb.Tx) error {
		return s.record(ctx, tx, actor, string(label), "detection.verdicts_read", permit, map[string]any{
			"label": label, "verdicts": min(counts.Yes+counts.No, learnItems),
		})
	})
	if err != nil {
		return Model{}, err
	}
	examples, from, err := s.examples(ctx, actor, u, label, progress)
	if err != nil {
		return Model{}, err
	}
	cfg, err := learning(label)
	if err != nil {
		return Model{}, err
	}
	if from.Yes == 0 || from.No == 0 {
		return Model{}, tooFew(max(0, enough(cfg)-from.Yes), max(0, enough(cfg)-from.No))
	}
	m := Model{
		ID: id.New(), Unit: actor.Unit, Label: string(label), State: ModelCandidate, From: from, Newest: from.To, Made: s.now(), By: actor.Person,
	}
	var current *vntext.Model
	if live != nil {
		m.Parent, cfg.Since = live.ID, live.Newest
		if current, err = s.openModel(ctx, q, live.ID); err != nil {
			return Model{}, err
		}
	}
	m.From.Seed = cfg.Seed
	fixed := signs.Fixed(label)
	verdicts := len(examples)
	for _, text := range signs.Background() {
		examples = append(examples, learn.Example{Text: text}) // older than any verdict: never held back
	}
	cfg.Held *= float64(verdicts) / float64(len(examples))
	trained, c, err := learn.Propose(ctx, current, examples, fixed, cfg)
	clear(examples) // the last that holds the texts
	if err != nil {
		return Model{}, err
	}
	if trained == nil {
		return Model{}, tooFew(c.Short[cfg.Labels[1]], c.Short[cfg.Labels[0]])
	}
	m.Comparison = c
	m.Threshold, m.Lists = speaks(c.Held, saidOfOthers(trained, fixed))
	return m, s.putModel(ctx, actor, permit, &m, trained, cfg)
}

func tooFew(yes, no int) error {
	return problem.New("detection/model-too-few", "yes", yes, "no", no)
}

// examples opens the words of what was decided, each with a permit of its own.
func (s *Service) examples(ctx context.Context, actor authz.Actor, u *vault.Unlocked, label signs.Label, progress func(done, of int)) ([]learn.Example, Provenance, error) {
	from := Provenance{Licence: OwnVerdicts}
	q := s.DB.Read()
	rows, err := sqldb.All(ctx, q, queryVerdicts, func(r sqldb.Row) (v verdictRow, err error) {
		var verdict Verdict
		var says, second string
		var decided int64
		err = r.Scan(&v.item, &verdict, &says, &second, &decided)
		v.yes, v.two, v.decided = verdict != Dismiss && says == string(label), second != "", clock.FromMicro(decided)
		return v, err
	}, actor.Unit, learnItems)
	if err != nil {
		return nil, from, err
	}
	examples := make([]learn.Example, 0, len(rows))
	held := 0
	for n, row := range rows {
		if progress != nil {
			progress(n, len(rows))
		}
		text, err := s.decidedText(ctx, q, actor, u, row.item)
		if err != nil {
			return nil, from, err
		}
		if held += len(text); held > learnBytes {
			from.Unread += len(rows) - n
			break
		}
		if text == "" {
			from.Unread++
			continue
		}
		one := learn.Example{Text: text, When: row.decided, Weight: 1}
		if row.two {
			one.Weight = twoPersons
			from.Two++
		}
		if row.yes {
			one.Label = 1
			from.Yes++
		} else {
			from.No++
		}
		if from.To.IsZero() {
			from.To = row.decided
		}
		from.From = row.decided
		examples = append(examples, one)
	}
	if progress != nil {
		progress(len(rows), len(rows))
	}
	return examples, from, nil
}

// decidedText is the beginning of an item's text, as read reads it; "" where
// it has none or the person has no key for it.
func (s *Service) decidedText(ctx context.Context, q sqldb.Queryer, actor authz.Actor, u *vault.Unlocked, item string) (string, error) {
	permit, err := s.Authz.Check(ctx, actor, "detection.model", ofUnit("item", item, actor.Unit))
	if err != nil {
		return "", err
	}
	k, err := keys(ctx, q, u, permit, item)
	if problem.Is(err, "vault/no-key") {
		return "", nil
	}
	if err != nil {
		return "", err
	}
	plain, err := openPart(ctx, q, k, item, "text")
	if err != nil {
		return "", err
	}
	var c content
	err = json.Unmarshal(plain, &c)
	clear(plain)
	text := c.Text
	if text == "" {
		text = c.Title
	}
	if len(text) > learnText {
		text = cutText(text, learnText)
	}
	return text, err
}

// putModel keeps a candidate; earlier ones of the label go. Of one that is not
// better the comparison is kept and not the model.
func (s *Service) putModel(ctx context.Context, actor authz.Actor, permit authz.Permit, m *Model, trained *vntext.Model, cfg learn.Config) error {
	return s.DB.Tx(ctx, func(ctx context.Context, tx *sqldb.Tx) error {
		var err error
		if m.Number, err = next(ctx, tx, modelCounter); err != nil {
			return err
		}
		trained.Provenance = vntext.Provenance{
			Name: voiceName(m), Made: m.Made, Config: cfg.Train, Seed: cfg.Seed,
			Sets: []vntext.Set{{
				Name: OwnVerdicts, Origin: m.Unit, Licence: m.From.Licence, Date: m.From.To, Counts: map[string]int{cfg.Labels[0]: m.From.No, cfg.Labels[1]: m.From.Yes},
			}},
		}
		file, size, err := s.packModel(m.ID, trained)
		if err != nil {
			return err
		}
		m.From.Bytes, m.Kept = size, m.Comparison.Better
		if !m.Kept {
			file = []byte{}
		}
		if _, err := sqldb.Exec(ctx, tx, queryModelDrop, m.Label, []byte{}); err != nil {
			return err
		}
		_, err = sqldb.Exec(ctx, tx, queryModelPut, m.ID, m.Number, m.Unit, m.Label, file, int64(math.Round(1000*m.Threshold)), flag(m.Lists), encode(m.From),
			encode(m.Comparison), m.Parent, toMicro(m.Newest), clock.Micro(m.Made), m.By)
		if err != nil {
			return err
		}
		return s.record(ctx, tx, actor, m.ID, "detection.model_made", permit, map[string]any{
			"label": m.Label, "number": m.Number, "yes": m.From.Yes, "no": m.From.No, "reason": m.Comparison.Reason, "parent": m.Parent,
		})
	})
}
