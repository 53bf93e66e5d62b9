// SPDX-License-Identifier: Apache-2.0

package schools

import (
	"context"
	"slices"
	"time"

	"lachan/internal/authz"
	"lachan/internal/bundle"
	"lachan/internal/clock"
	"lachan/internal/id"
	"lachan/internal/problem"
	"lachan/internal/sqldb"
)

// Rule is a name that a school itself opens or closes. Emergency and legal
// blocks stand above it.
type Rule struct {
	ID      string
	School  string
	Domain  string
	Allow   bool
	Bands   bundle.Bands
	Reason  string    // one of RuleReasons
	Until   time.Time // zero: no end
	By      string
	Created time.Time
}

// RuleReasons are the codes for a school's own rule; words: schools.reason.<code>.
func RuleReasons() []string { return []string{"lesson", "asked", "distraction", "local", "other"} }

// RuleCommand adds a rule or changes the one of the same name and kind.
type RuleCommand struct {
	School string
	Domain string
	Allow  bool
	Bands  bundle.Bands // 0: every band
	Reason string
	Until  time.Time
}

func (c RuleCommand) read(now time.Time) (bundle.Name, error) {
	p := problem.New("input/faulty")
	name, err := blockable(c.Domain)
	if err != nil {
		p.Field("domain", problem.From(err).Code, problem.From(err).Args...)
	} else if is, _ := publicSuffix(name); is {
		p.Field("domain", "schools/public-suffix", "name", name.Unicode())
	}
	if !slices.Contains(RuleReasons(), c.Reason) {
		p.Field("reason", "input/not-a-choice")
	}
	if !c.Until.IsZero() && !c.Until.After(now) {
		p.Field("until", "schools/end-has-passed")
	}
	return name, p.OrNil()
}

// maxRules is how many rules of its own a school may have; more is a list.
const maxRules = 500

const ruleColumns = `id, school, domain, allow, bands, reason, until, by_person, created`

var (
	queryRules    = sqldb.Register("schools.rules", `SELECT `+ruleColumns+` FROM schools_rule WHERE school = $1 ORDER BY domain, id`)
	queryRuleSave = sqldb.Register("schools.rule_save", `
		INSERT INTO schools_rule (`+ruleColumns+`) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
		ON CONFLICT (school, domain, allow) DO UPDATE SET bands = excluded.bands, reason = excluded.reason,
			until = excluded.until, by_person = excluded.by_person, created = excluded.created`)
	queryRuleDrop = sqldb.Register("schools.rule_drop", `DELETE FROM schools_rule WHERE id = $1 AND school = $2`)
)

// Rules are a school's own rules.
func (s *Service) Rules(ctx context.Context, actor authz.Actor, schoolID string) ([]Rule, error) {
	if _, err := s.loadSchool(ctx, s.db.Read(), actor, "schools.view", schoolID); err != nil {
		return nil, err
	}
	return sqldb.All(ctx, s.db.Read(), queryRules, scanRule, schoolID)
}

// SaveRule adds or changes a rule. It is in force in the school as soon as its
// node has the new side file, within seconds.
func (s *Service) SaveRule(ctx context.Context, actor authz.Actor, cmd RuleCommand) error {
	name, err := cmd.read(s.clock.Now())
	if err != nil {
		return err
	}
	return s.editSchool(ctx, actor, cmd.School, "schools.rule_saved", cmd, func(ctx context.Context, tx *sqldb.Tx, school *School) error {
		return s.putRule(ctx, tx, school.ID, name, cmd, actor.Name())
	})
}

func (s *Service) putRule(ctx context.Context, tx *sqldb.Tx, schoolID string, name bundle.Name, cmd RuleCommand, by string) error {
	have, err := sqldb.All(ctx, tx, queryRules, scanRule, schoolID)
	if err != nil {
		return err
	}
	if len(have) >= maxRules {
		return problem.New("schools/too-many-rules", "max", maxRules)
	}
	bands := cmd.Bands
	if bands == 0 {
		bands = bundle.EveryBand
	}
	_, err = sqldb.Exec(ctx, tx, queryRuleSave, id.New(), schoolID, name.String(), cmd.Allow, int64(bands), cmd.Reason, clock.Micro(cmd.Until), by, s.now())
	return err
}

// DropRule removes a rule.
func (s *Service) DropRule(ctx context.Context, actor authz.Actor, schoolID, ruleID string) error {
	return s.editSchool(ctx, actor, schoolID, "schools.rule_dropped", map[string]string{"rule": ruleID}, func(ctx context.Context, tx *sqldb.Tx, _ *School) error {
		n, err := sqldb.Exec(ctx, tx, queryRuleDrop, ruleID, schoolID)
		if err == nil && n == 0 {
			err = problem.New("schools/no-rule")
		}
		return err
	})
}

func scanRule(r sqldb.Row) (x Rule, err error) {
	var bands, until, created int64
	err = r.Scan(&x.ID, &x.School, &x.Domain, &x.Allow, &bands, &x.Reason, &until, &x.By, &created)
	x.Bands, x.Until, x.Created = bundle.Bands(bands), clock.FromMicro(until), clock.FromMicro(created)
	return x, err
}
