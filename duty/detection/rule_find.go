// SPDX-License-Identifier: Apache-2.0

package detection

import (
	"context"
	"errors"
	"slices"
	"time"

	"lachan/internal/clock"
	"lachan/internal/id"
	"lachan/internal/sqldb"
)

// featuresFor is how long features of what scans met are kept for back-tests,
// and the hits of rules of which no item came.
const featuresFor = 90 * 24 * time.Hour

// hostWindow is how far Features.HostRecent looks back.
const hostWindow = 7 * 24 * time.Hour

var (
	queryHostRecent = sqldb.Register("detection.host_recent", `
		SELECT COUNT(*) FROM detection_item WHERE host_hash = $1 AND found >= $2 AND address_hash <> $3`)
	queryAgain = sqldb.Register("detection.again", `
		SELECT seen FROM detection_item WHERE address_hash = $1 AND kind = $2 ORDER BY number DESC LIMIT 1`)
	queryMarks = sqldb.Register("detection.marks", `
		SELECT DISTINCT entity, mark FROM detection_mark
		WHERE ((entity = 'address' AND hash = $1) OR (entity = 'host' AND hash = $2) OR (entity = 'source' AND hash = $3)) AND until_time > $4
		ORDER BY entity, mark`)
	queryMarkPut = sqldb.Register("detection.mark_put", `
		INSERT INTO detection_mark (entity, hash, mark, rule, until_time) VALUES ($1,$2,$3,$4,$5)
		ON CONFLICT (entity, hash, mark, rule) DO UPDATE SET until_time = excluded.until_time`)
	queryFeaturePut = sqldb.Register("detection.feature_put", `
		INSERT INTO detection_feature (id, scan, source, found, features, item) VALUES ($1,$2,$3,$4,$5,$6)`)
	// An item that scans meet daily counts once for a version.
	queryRuleHitPut = sqldb.Register("detection.rule_hit_put", `
		INSERT INTO detection_rule_hit (finding, item, rule, version, staged, effect, made, why)
		SELECT CAST($1 AS TEXT), CAST($2 AS TEXT), CAST($3 AS TEXT), CAST($4 AS BIGINT), CAST($5 AS BIGINT), CAST($6 AS TEXT), CAST($7 AS BIGINT), CAST($8 AS TEXT)
		WHERE NOT EXISTS (SELECT 1 FROM detection_rule_hit
			WHERE item = CAST($2 AS TEXT) AND item <> '' AND rule = CAST($3 AS TEXT) AND version = CAST($4 AS BIGINT) AND staged = CAST($5 AS BIGINT))`)
	queryFeaturesOld = sqldb.Register("detection.features_old", `DELETE FROM detection_feature WHERE found < $1`)
	queryHitsOld     = sqldb.Register("detection.rule_hits_old", `DELETE FROM detection_rule_hit WHERE item = '' AND made < $1`)
	queryMarksOld    = sqldb.Register("detection.marks_old", `DELETE FROM detection_mark WHERE until_time < $1`)
)

// ruled is what the rules of the province say of a finding.
type ruled struct {
	Judgement
	base    Judgement
	finding string
	hits    []RuleHit
}

// rule weighs the province's rules over the built-in judgement of a finding,
// whose features it completes with what rules look back to.
func (s *Service) rule(ctx context.Context, i *Item, base Judgement, brought bool) (ruled, error) {
	r := ruled{Judgement: base, base: base, finding: id.New()}
	rules, err := s.activeRules(ctx)
	if err != nil {
		return r, err
	}
	if i.host != "" {
		i.Features.HostRecent, err = sqldb.One(ctx, s.DB.Read(), queryHostRecent, sqldb.Scalar[int], i.host, clock.Micro(i.Found.Add(-hostWindow)), i.addressHash)
		if err != nil {
			return r, err
		}
	}
	i.Features.Again, err = sqldb.One(ctx, s.DB.Read(), queryAgain, sqldb.Scalar[int], i.addressHash, string(i.Kind))
	if err != nil && !errors.Is(err, sqldb.ErrNoRows) {
		return r, err
	}
	i.Features.Marked, err = sqldb.All(ctx, s.DB.Read(), queryMarks, func(r sqldb.Row) (string, error) {
		var entity, mark string
		err := r.Scan(&entity, &mark)
		return entity + ":" + mark, err
	}, i.addressHash, i.host, s.hash("source", i.Source), clock.Micro(i.Found))
	if err != nil {
		return r, err
	}
	r.Judgement, r.hits = s.weigh(base, met{&i.Features, i.Source}, brought, rules)
	return r, nil
}

// spoken: what the house or a rule takes for a child's words stays covered.
func (s *Service) spoken(r ruled) bool {
	return s.label(r.base.Label).Spoken || s.label(r.Label).Spoken
}

// keep stores what rules met, in the transaction of the item; "" for a finding
// of which no item came. What an officer brought is an item always and needs no
// features of its own.
func (s *Service) keep(ctx context.Context, tx *sqldb.Tx, i *Item, item string, r ruled) error {
	if i.Source != "" {
		if _, err := sqldb.Exec(ctx, tx, queryFeaturePut, r.finding, i.Scan, i.Source, clock.Micro(i.Found), encode(i.Features), item); err != nil {
			return err
		}
	}
	for _, h := range r.hits {
		_, err := sqldb.Exec(ctx, tx, queryRuleHitPut, r.finding, item, h.Rule, h.Version, flag(h.Staged), string(h.Effect), clock.Micro(i.Found), encode(h.Why))
		if err != nil {
			return err
		}
		m := h.then.Mark
		if m == nil || h.Staged {
			continue
		}
		hash := map[string]string{"address": i.addressHash, "host": i.host, "source": s.hash("source", i.Source)}[m.Entity]
		if hash == "" {
			continue
		}
		until := i.Found.Add(time.Duration(m.Days) * 24 * time.Hour)
		if _, err := sqldb.Exec(ctx, tx, queryMarkPut, m.Entity, hash, m.Mark, h.Rule, clock.Micro(until)); err != nil {
			return err
		}
	}
	return nil
}

// Forget drops what back-tests no longer need and marks that have run out.
func (s *Service) Forget(ctx context.Context) error {
	return wrap("forget", s.DB.Tx(ctx, func(ctx context.Context, tx *sqldb.Tx) error {
		now := s.now()
		for _, d := range []struct {
			query  *sqldb.Query
			before time.Time
		}{{queryFeaturesOld, now.Add(-s.Settings.FeaturesFor)}, {queryHitsOld, now.Add(-s.Settings.FeaturesFor)}, {queryMarksOld, now}} {
			if _, err := sqldb.Exec(ctx, tx, d.query, clock.Micro(d.before)); err != nil {
				return err
			}
		}
		return nil
	}))
}

var queryItemHits = sqldb.Register("detection.item_rule_hits", `
		SELECT rule, version, staged, effect, why, (SELECT title FROM detection_rule r WHERE r.name = h.rule AND r.version = h.version)
		FROM detection_rule_hit h WHERE item = $1 ORDER BY staged, rule, version`)

// ruleHits says which rules held of an item, and why. It shows nothing of the
// item itself.
func (s *Service) ruleHits(ctx context.Context, q sqldb.Queryer, item string) ([]RuleHit, error) {
	return sqldb.All(ctx, q, queryItemHits, func(r sqldb.Row) (h RuleHit, err error) {
		var staged int
		var why string
		err = r.Scan(&h.Rule, &h.Version, &staged, &h.Effect, &why, &h.Title)
		h.Staged, h.Why = staged != 0, decode[[]Because](why)
		return h, err
	}, item)
}

// Carried drops the tests that did not carry the rule: those that say the
// contrary of what it needed.
func Carried(why []Because) []Because {
	return slices.DeleteFunc(slices.Clone(why), func(b Because) bool { return b.Held == No && !b.Not || b.Held == Yes && b.Not })
}
