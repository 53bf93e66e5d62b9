// SPDX-License-Identifier: Apache-2.0

package detection

import (
	"context"
	"errors"
	"sync"

	"lachan/internal/sqldb"
)

// ruleEngine keeps the rules that are live or staged in memory. As the matcher
// of banks it is behind the database by nothing: each finding first asks which
// change is the last, so that hubs over one database agree.
type ruleEngine struct {
	mu    sync.Mutex
	seen  int64 // the last change that is in rules; 0: none was read
	rules []*loadedRule
}

// ruleCounter counts changes of rules.
const ruleCounter = "rule_change"

var queryRulesActive = sqldb.Register("detection.rules_active", `
	SELECT name, version, state, body FROM detection_rule WHERE state IN ('live', 'staged') ORDER BY name, version`)

// activeRules are the rules to evaluate, up to date.
func (s *Service) activeRules(ctx context.Context) ([]*loadedRule, error) {
	e := &s.rules
	e.mu.Lock()
	defer e.mu.Unlock()
	last, err := sqldb.One(ctx, s.DB.Read(), queryChange, sqldb.Scalar[int64], ruleCounter)
	if errors.Is(err, sqldb.ErrNoRows) {
		return nil, nil // nobody has written a rule yet
	}
	if err != nil || last == e.seen {
		return e.rules, err
	}
	// The rows may be newer than the counter: then they are read once more.
	rules, err := sqldb.All(ctx, s.DB.Read(), queryRulesActive, func(r sqldb.Row) (*loadedRule, error) {
		var name, body string
		var version int
		var state RuleState
		err := r.Scan(&name, &version, &state, &body)
		return newLoaded(name, version, state, decode[RuleBody](body)), err
	})
	if err != nil {
		return nil, err
	}
	e.rules, e.seen = rules, last
	return rules, nil
}
