// SPDX-License-Identifier: Apache-2.0

package detection

import (
	"context"
	"slices"
	"time"

	"lachan/internal/authz"
	"lachan/internal/clock"
	"lachan/internal/problem"
	"lachan/internal/sqldb"
)

// RuleState is where a version of a rule stands.
type RuleState string

// The states. A staged version is evaluated on every finding and has no effect:
// its hits are counted. Of one name at most one version is staged and one live.
const (
	RuleDraft  RuleState = "draft"
	RuleStaged RuleState = "staged"
	RuleLive   RuleState = "live"
	RuleOff    RuleState = "off"
)

// Key is the locale key of the state's name.
func (s RuleState) Key() string { return "detection.rules.state." + string(s) }

// Rule is one version of a rule.
type Rule struct {
	Name    string
	Version int
	Title   string
	Body    RuleBody
	State   RuleState
	Author  string // id of a person
	Made    time.Time
	Changed time.Time // of the state
	By      string    // who changed it
	// Hits of the last 30 days, by what the rule did.
	Hits map[Effect]int
	// WouldHave is the same of the time when it was staged.
	WouldHave map[Effect]int
	Test      *BackTest // the newest of this version; nil: none
}

// Total is the sum of hits.
func Total(hits map[Effect]int) (n int) {
	for _, one := range hits {
		n += one
	}
	return n
}

const ruleColumns = `name, version, title, body, state, author, made, changed, by_person`

func scanRule(r sqldb.Row) (one Rule, err error) {
	var body string
	var made, changed int64
	err = r.Scan(&one.Name, &one.Version, &one.Title, &body, &one.State, &one.Author, &made, &changed, &one.By)
	one.Body, one.Made, one.Changed = decode[RuleBody](body), clock.FromMicro(made), clock.FromMicro(changed)
	return one, err
}

var (
	// The newest version of each name, and those that are evaluated.
	queryRules = sqldb.Register("detection.rules", `
		SELECT `+ruleColumns+` FROM detection_rule r
		WHERE state IN ('live', 'staged') OR version = (SELECT MAX(version) FROM detection_rule n WHERE n.name = r.name)
		ORDER BY name, version DESC`)
	queryRuleVersions = sqldb.Register("detection.rule_versions", `SELECT `+ruleColumns+` FROM detection_rule WHERE name = $1 ORDER BY version DESC`)
	queryRuleVersion  = sqldb.Register("detection.rule_version", `SELECT `+ruleColumns+` FROM detection_rule WHERE name = $1 AND version = $2`)
	queryRuleNames    = sqldb.Register("detection.rule_names", `SELECT COUNT(DISTINCT name) FROM detection_rule WHERE name <> $1`)
	queryRulePut      = sqldb.Register("detection.rule_put", `
		INSERT INTO detection_rule (`+ruleColumns+`) VALUES ($1,$2,$3,$4,'draft',$5,$6,$6,$5)`)
	queryRuleState = sqldb.Register("detection.rule_state", `
		UPDATE detection_rule SET state = $3, changed = $4, by_person = $5 WHERE name = $1 AND version = $2`)
	queryRuleOthers = sqldb.Register("detection.rule_others", `
		UPDATE detection_rule SET state = 'off', changed = $4, by_person = $5 WHERE name = $1 AND version <> $2 AND state = $3`)
	queryMarksDrop    = sqldb.Register("detection.marks_drop", `DELETE FROM detection_mark WHERE rule = $1`)
	queryRuleHitCount = sqldb.Register("detection.rule_hit_count", `
		SELECT rule, version, staged, effect, COUNT(*) FROM detection_rule_hit WHERE made >= $1 GROUP BY rule, version, staged, effect`)
	queryLeftOutCount = sqldb.Register("detection.left_out_count", `
		SELECT COUNT(*) FROM detection_rule_hit WHERE made >= $1 AND staged = 0 AND effect = 'left_out'`)
)

// hitsFor is the time over which hits are counted.
const hitsFor = 30 * 24 * time.Hour

// RuleCommand is a rule as somebody wrote it.
type RuleCommand struct {
	Name  string
	Title string
	Body  RuleBody
	// After is the version that was changed; 0: the rule is new. Saving is
	// refused if somebody else was there first.
	After int
}

// CheckRule says what is wrong with a rule without saving it, and gives its
// canonical form.
func (s *Service) CheckRule(cmd *RuleCommand) error {
	p := problem.New("input/faulty")
	if !ruleName.MatchString(cmd.Name) || cmd.Name == reservedRule {
		p.Field("name", "detection/bad-rule-name")
	}
	cmd.Title = cleanTitle(cmd.Title, p)
	s.clean(&cmd.Body, p)
	return p.OrNil()
}

// reservedRule is the word of the page where a rule begins.
const reservedRule = "new"

// SaveRule keeps what somebody wrote as the next version, a draft. What is
// staged or live stays so.
func (s *Service) SaveRule(ctx context.Context, actor authz.Actor, cmd RuleCommand) (version int, err error) {
	permit, err := s.check(ctx, actor, "detection.rule", "rule", cmd.Name)
	if err != nil {
		return 0, err
	}
	if err := s.CheckRule(&cmd); err != nil {
		return 0, err
	}
	err = s.DB.Tx(ctx, func(ctx context.Context, tx *sqldb.Tx) error {
		before, err := sqldb.All(ctx, tx, queryRuleVersions, scanRule, cmd.Name)
		if err != nil {
			return err
		}
		version = 1
		if len(before) > 0 {
			version = before[0].Version + 1
		}
		switch {
		case cmd.After == 0 && len(before) > 0:
			return problem.New("detection/rule-exists").Field("name", "detection/rule-exists")
		case cmd.After != version-1:
			return problem.New("detection/rule-moved")
		}
		if len(before) == 0 {
			n, err := sqldb.One(ctx, tx, queryRuleNames, sqldb.Scalar[int], cmd.Name)
			if err != nil {
				return err
			}
			if n >= MaxRules {
				return problem.New("detection/too-many-rules", "max", MaxRules)
			}
		}
		_, err = sqldb.Exec(ctx, tx, queryRulePut, cmd.Name, version, cmd.Title, cmd.Body.Encode(), actor.Person, clock.Micro(s.now()))
		if err != nil {
			if sqldb.IsUnique(err) {
				return problem.New("detection/rule-moved").Wrap(err)
			}
			return err
		}
		return s.record(ctx, tx, actor, cmd.Name, "detection.rule_saved", permit, map[string]any{"version": version})
	})
	return version, wrap("rule", err)
}

// Rules lists the newest version of every rule and those that are staged or
// live, with their hits.
func (s *Service) Rules(ctx context.Context, actor authz.Actor) ([]Rule, error) {
	if _, err := s.check(ctx, actor, "detection.rule", "rule", ""); err != nil {
		return nil, err
	}
	all, err := sqldb.All(ctx, s.DB.Read(), queryRules, scanRule)
	if err == nil {
		err = s.countHits(ctx, all)
	}
	return all, wrap("rules", err)
}

// LeftOut is how many findings rules kept out of the queue in the last 30 days.
func (s *Service) LeftOut(ctx context.Context, actor authz.Actor) (int, error) {
	if _, err := s.check(ctx, actor, "detection.rule", "rule", ""); err != nil {
		return 0, err
	}
	n, err := sqldb.One(ctx, s.DB.Read(), queryLeftOutCount, sqldb.Scalar[int], clock.Micro(s.now().Add(-hitsFor)))
	return n, wrap("rules", err)
}

// RuleVersions lists all versions of a rule, the newest first; detection/no-rule
// if there is none.
func (s *Service) RuleVersions(ctx context.Context, actor authz.Actor, name string) ([]Rule, error) {
	if _, err := s.check(ctx, actor, "detection.rule", "rule", name); err != nil {
		return nil, err
	}
	all, err := sqldb.All(ctx, s.DB.Read(), queryRuleVersions, scanRule, name)
	if err != nil {
		return nil, wrap("rule", err)
	}
	if len(all) == 0 {
		return nil, problem.New("detection/no-rule")
	}
	if err := s.countHits(ctx, all); err != nil {
		return nil, wrap("rule", err)
	}
	for n := range all {
		if all[n].Test, err = s.lastTest(ctx, s.DB.Read(), name, all[n].Version); err != nil {
			return nil, wrap("rule", err)
		}
	}
	return all, nil
}

func (s *Service) countHits(ctx context.Context, rules []Rule) error {
	type count struct {
		rule               string
		version, staged, n int
		effect             Effect
	}
	counts, err := sqldb.All(ctx, s.DB.Read(), queryRuleHitCount, func(r sqldb.Row) (c count, err error) {
		err = r.Scan(&c.rule, &c.version, &c.staged, &c.effect, &c.n)
		return c, err
	}, clock.Micro(s.now().Add(-hitsFor)))
	for n := range rules {
		rules[n].Hits, rules[n].WouldHave = map[Effect]int{}, map[Effect]int{}
	}
	for _, c := range counts {
		at := slices.IndexFunc(rules, func(r Rule) bool { return r.Name == c.rule && r.Version == c.version })
		switch {
		case at < 0:
		case c.staged != 0:
			rules[at].WouldHave[c.effect] = c.n
		default:
			rules[at].Hits[c.effect] = c.n
		}
	}
	return err
}

// StageRule lets a version be evaluated without effect.
func (s *Service) StageRule(ctx context.Context, actor authz.Actor, name string, version int) error {
	return s.moveRule(ctx, actor, name, version, RuleStaged)
}

// RuleToLive gives a staged version its effect. Another person than its author
// does it, and only with a back-test of this very version on record.
func (s *Service) RuleToLive(ctx context.Context, actor authz.Actor, name string, version int) error {
	return s.moveRule(ctx, actor, name, version, RuleLive)
}

// RuleToOff takes a version back at once, with the marks of the rule. Whoever
// may write rules may do it alone: to do less is safe.
func (s *Service) RuleToOff(ctx context.Context, actor authz.Actor, name string, version int) error {
	return s.moveRule(ctx, actor, name, version, RuleOff)
}

func (s *Service) moveRule(ctx context.Context, actor authz.Actor, name string, version int, to RuleState) error {
	return wrap("rule", s.DB.Tx(ctx, func(ctx context.Context, tx *sqldb.Tx) error {
		permit, err := s.check(ctx, actor, "detection.rule", "rule", name)
		if err != nil {
			return err
		}
		r, err := sqldb.One(ctx, tx, queryRuleVersion, scanRule, name, version)
		if err != nil {
			return notFound(err, "detection/no-rule")
		}
		from := map[RuleState][]RuleState{RuleStaged: {RuleDraft, RuleOff}, RuleLive: {RuleStaged}, RuleOff: {RuleStaged, RuleLive}}[to]
		if !slices.Contains(from, r.State) {
			return problem.New("detection/rule-state")
		}
		if to == RuleLive {
			if permit, err = s.mayLive(ctx, actor, &r); err != nil {
				return err
			}
			if test, err := s.lastTest(ctx, tx, name, version); err != nil || test == nil {
				if err == nil {
					err = problem.New("detection/rule-untested")
				}
				return err
			}
		}
		now := clock.Micro(s.now())
		if to != RuleOff {
			if _, err := sqldb.Exec(ctx, tx, queryRuleOthers, name, version, string(to), now, actor.Person); err != nil {
				return err
			}
		}
		if _, err := sqldb.Exec(ctx, tx, queryRuleState, name, version, string(to), now, actor.Person); err != nil {
			return err
		}
		if to == RuleOff && r.State == RuleLive {
			if _, err := sqldb.Exec(ctx, tx, queryMarksDrop, name); err != nil {
				return err
			}
		}
		if _, err := next(ctx, tx, ruleCounter); err != nil {
			return err
		}
		return s.record(ctx, tx, actor, name, "detection.rule_"+string(to), permit, map[string]any{"version": version})
	}))
}

// mayLive asks whether the actor may give a version its effect.
func (s *Service) mayLive(ctx context.Context, actor authz.Actor, r *Rule) (authz.Permit, error) {
	unit, err := s.Unit(ctx, s.now())
	if err != nil {
		return authz.Permit{}, err
	}
	resource := ofUnit("rule", r.Name, unit)
	resource.Attrs["first_person"] = r.Author
	return s.Authz.Check(ctx, actor, "detection.rule_live", resource)
}

// MayLive is for a page that offers only what is allowed.
func (s *Service) MayLive(ctx context.Context, actor authz.Actor, r Rule) bool {
	_, err := s.mayLive(ctx, actor, &r)
	return err == nil
}
