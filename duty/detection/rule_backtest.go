// SPDX-License-Identifier: Apache-2.0

package detection

import (
	"context"
	"errors"
	"time"

	"lachan/internal/authz"
	"lachan/internal/clock"
	"lachan/internal/id"
	"lachan/internal/problem"
	"lachan/internal/sqldb"
)

// BackTest is what a version of a rule would have made of the past: of items by
// the features that were kept with them, and of what scans met and gave no
// reason. It compares with the built-in judgement alone, as it is today, so that
// the other rules of the province do not blur the figure.
type BackTest struct {
	ID      string
	Rule    string
	Version int
	Made    time.Time
	By      string
	Result  BackTestResult
}

// BackTestResult is the counts of a back-test. Each finding counts once.
type BackTestResult struct {
	Days    int            `json:"days"`
	Took    time.Duration  `json:"took"`
	Seen    int            `json:"seen"`  // findings gone through
	Items   int            `json:"items"` // of them, those that came into the queue
	Matched int            `json:"matched"`
	Missing int            `json:"missing"` // a value was missing and the rule said nothing
	Effects map[Effect]int `json:"effects"`
	// Labels and Tiers are of what was queued or raised, as they would have been.
	Labels map[string]int `json:"labels"`
	Tiers  [4]int         `json:"tiers"`
	// Of items that people had judged.
	Decided   int `json:"decided"`   // all that was gone through
	Harmful   int `json:"harmful"`   // held of, and found harmful
	Dismissed int `json:"dismissed"` // held of, and dismissed
	// LeftHarmful would have been left out and was found harmful.
	LeftHarmful int       `json:"left_harmful"`
	Examples    []Example `json:"examples"`
}

// Example is an item of which the rule held.
type Example struct {
	Item    string  `json:"item"`
	Number  int64   `json:"number"`
	Effect  Effect  `json:"effect"`
	Verdict Verdict `json:"verdict,omitempty"`
}

const (
	maxTestDays  = 90
	testExamples = 20
	testPage     = 2000
)

var (
	queryTestFeatures = sqldb.Register("detection.test_features", `
		SELECT id, source, features FROM detection_feature WHERE id > $1 AND found >= $2 AND item = '' ORDER BY id LIMIT $3`)
	queryTestItems = sqldb.Register("detection.test_items", `
		SELECT id, number, source, features, state, verdict FROM detection_item WHERE number > $1 AND found >= $2 AND unit = $3 ORDER BY number LIMIT $4`)
	queryTestPut = sqldb.Register("detection.backtest_put", `
		INSERT INTO detection_backtest (id, rule, version, made, by_person, result) VALUES ($1,$2,$3,$4,$5,$6)`)
	queryTestLast = sqldb.Register("detection.backtest_last", `
		SELECT id, rule, version, made, by_person, result FROM detection_backtest WHERE rule = $1 AND version = $2 ORDER BY made DESC, id DESC LIMIT 1`)
)

func scanTest(r sqldb.Row) (t BackTest, err error) {
	var made int64
	var result string
	err = r.Scan(&t.ID, &t.Rule, &t.Version, &made, &t.By, &result)
	t.Made, t.Result = clock.FromMicro(made), decode[BackTestResult](result)
	return t, err
}

func (s *Service) lastTest(ctx context.Context, q sqldb.Queryer, rule string, version int) (*BackTest, error) {
	t, err := sqldb.One(ctx, q, queryTestLast, scanTest, rule, version)
	if errors.Is(err, sqldb.ErrNoRows) {
		return nil, nil
	}
	return &t, err
}

// pastFinding is a stored finding as a back-test reads it.
type pastFinding struct {
	id       string
	number   int64 // 0: it is no item
	source   string
	features Features
	verdict  Verdict // of a decided item
}

// TestRule tries a version on the findings of the last days, 1 to 90, keeps the
// result and returns it. It goes through them by pages, holding nothing.
func (s *Service) TestRule(ctx context.Context, actor authz.Actor, name string, version, days int) (BackTest, error) {
	permit, err := s.check(ctx, actor, "detection.rule", "rule", name)
	if err != nil {
		return BackTest{}, err
	}
	if days < 1 || days > maxTestDays {
		return BackTest{}, problem.New("input/faulty").Field("days", "input/out-of-range", "min", 1, "max", maxTestDays)
	}
	r, err := sqldb.One(ctx, s.DB.Read(), queryRuleVersion, scanRule, name, version)
	if err != nil {
		return BackTest{}, notFound(err, "detection/no-rule")
	}
	unit, err := s.Unit(ctx, s.now())
	if err != nil {
		return BackTest{}, err
	}
	began := s.Clock.Now()
	run := testRun{s: s, then: &r.Body.Then, when: &r.Body.When}
	run.Days, run.Effects, run.Labels = days, map[Effect]int{}, map[string]int{}
	if err := s.past(ctx, s.now().AddDate(0, 0, -days), unit, run.take); err != nil {
		return BackTest{}, wrap("back-test", err)
	}
	run.Took = s.Clock.Now().Sub(began)
	t := BackTest{ID: id.New(), Rule: name, Version: version, Made: s.now(), By: actor.Person, Result: run.BackTestResult}
	err = s.DB.Tx(ctx, func(ctx context.Context, tx *sqldb.Tx) error {
		if _, err := sqldb.Exec(ctx, tx, queryTestPut, t.ID, name, version, clock.Micro(t.Made), actor.Person, encode(t.Result)); err != nil {
			return err
		}
		return s.record(ctx, tx, actor, name, "detection.rule_tested", permit, map[string]any{"version": version, "days": days, "matched": t.Result.Matched})
	})
	return t, wrap("back-test", err)
}

// past reads what was found since an instant, items last, the newest last.
func (s *Service) past(ctx context.Context, since time.Time, unit string, do func(*pastFinding)) error {
	after := ""
	for {
		page, err := sqldb.All(ctx, s.DB.Read(), queryTestFeatures, func(r sqldb.Row) (f pastFinding, err error) {
			var features string
			err = r.Scan(&f.id, &f.source, &features)
			f.features = decode[Features](features)
			return f, err
		}, after, clock.Micro(since), testPage)
		if err != nil {
			return err
		}
		for n := range page {
			do(&page[n])
		}
		if len(page) < testPage {
			break
		}
		after = page[len(page)-1].id
	}
	number := int64(0)
	for {
		page, err := sqldb.All(ctx, s.DB.Read(), queryTestItems, func(r sqldb.Row) (f pastFinding, err error) {
			var features string
			var state ItemState
			err = r.Scan(&f.id, &f.number, &f.source, &features, &state, &f.verdict)
			f.features = decode[Features](features)
			if state != Decided { // the first of two has spoken, no more
				f.verdict = ""
			}
			return f, err
		}, number, clock.Micro(since), unit, testPage)
		if err != nil {
			return err
		}
		for n := range page {
			do(&page[n])
		}
		if len(page) < testPage {
			return nil
		}
		number = page[len(page)-1].number
	}
}

// testRun gathers the counts.
type testRun struct {
	BackTestResult
	s    *Service
	when *Cond
	then *Effects
}

func (t *testRun) take(f *pastFinding) {
	t.Seen++
	t.Items += flag(f.number > 0)
	t.Decided += flag(f.verdict != "")
	m := met{&f.features, f.source}
	switch t.when.holds(m) {
	case No:
		return
	case Missing:
		t.Missing++
		return
	}
	brought := f.number > 0 && f.source == ""
	base := t.s.based(f.features, brought)
	e := t.s.effect(base, &f.features, brought, *t.then)
	t.Matched++
	t.Effects[e]++
	if e == Queued || e == Raised {
		j := t.s.raise(base, []RuleHit{{then: *t.then}})
		t.Labels[j.Label]++
		t.Tiers[j.Tier]++
	}
	if e == LeftOut {
		t.Labels[base.Label]++
		t.Tiers[base.Tier]++
	}
	switch {
	case f.verdict == Dismiss:
		t.Dismissed++
	case f.verdict != "":
		t.Harmful++
		t.LeftHarmful += flag(e == LeftOut)
	}
	if f.number > 0 && len(t.Examples) < testExamples {
		t.Examples = append(t.Examples, Example{f.id, f.number, e, f.verdict})
	}
}
