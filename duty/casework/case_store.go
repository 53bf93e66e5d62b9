// SPDX-License-Identifier: Apache-2.0

package casework

import (
	"context"
	"encoding/json"
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	"lachan/duty"
	"lachan/internal/clock"
	"lachan/internal/problem"
	"lachan/internal/sqldb"
)

// caseRow is a case as stored.
type caseRow struct {
	ID, Code, Owner, Handler, Floor, Place, MergedInto string
	Received, UrgentAt, RankDue, SoonAt                time.Time
	FirstLook, ClosedAt                                time.Time
	State                                              State
	Urgent                                             bool
	Score, Reports, Version                            int64
	Tier                                               Tier
	Harms                                              []Harm
	Mediums                                            []Medium
	Ages                                               duty.Ages
	Relation                                           Relation
	Channel                                            Channel
	Contact                                            Contact
	Outcome                                            Outcome
	policies                                           []string // that allowed the step being made
}

const caseColumns = `id, code, received_at, state, owner_unit, handler, urgent, urgent_at, score, tier, floor, rank_due, soon_at,
	harms, mediums, ages, relation, channel, place, contact, reports, first_look, outcome, closed_at, merged_into, version`

var (
	caseByID   = sqldb.Register("casework.case_by_id", `SELECT `+caseColumns+` FROM casework_case WHERE id = $1`)
	caseByCode = sqldb.Register("casework.case_by_code", `SELECT `+caseColumns+` FROM casework_case WHERE code = $1`)
	caseInsert = sqldb.Register("casework.case_insert", `INSERT INTO casework_case (`+caseColumns+`)
		VALUES ($1,$2,$3,$4,$5,$6,$7,$8,$9,$10,$11,$12,$13,$14,$15,$16,$17,$18,$19,$20,$21,$22,$23,$24,$25,$26)`)
	caseUpdate = sqldb.Register("casework.case_update", `UPDATE casework_case SET state=$2, owner_unit=$3, handler=$4, urgent=$5,
		urgent_at=$6, score=$7, tier=$8, floor=$9, rank_due=$10, soon_at=$11, harms=$12, mediums=$13, ages=$14, relation=$15,
		contact=$16, reports=$17, first_look=$18, outcome=$19, closed_at=$20, merged_into=$21, version=version+1
		WHERE id=$1 AND version=$22`)
	caseNumber = sqldb.Register("casework.case_number", `INSERT INTO casework_number (year, last) VALUES ($1, 1)
		ON CONFLICT (year) DO UPDATE SET last = casework_number.last + 1 RETURNING last`)
	accessRank = sqldb.Register("casework.access_rank", `UPDATE casework_access SET open=$2, rank=$3, due=$4 WHERE case_id=$1`)
)

func scanCase(r sqldb.Row) (*caseRow, error) {
	var c caseRow
	var received, urgentAt, due, soon, look, closed, ages int64
	var harms, mediums string
	err := r.Scan(&c.ID, &c.Code, &received, &c.State, &c.Owner, &c.Handler, &c.Urgent, &urgentAt, &c.Score, &c.Tier, &c.Floor, &due, &soon,
		&harms, &mediums, &ages, &c.Relation, &c.Channel, &c.Place, &c.Contact, &c.Reports, &look, &c.Outcome, &closed, &c.MergedInto, &c.Version)
	if err != nil {
		return nil, err
	}
	c.Received, c.UrgentAt = clock.FromMicro(received), clock.FromMicro(urgentAt)
	c.RankDue, c.SoonAt = fromDue(due), fromDue(soon)
	c.FirstLook, c.ClosedAt = clock.FromMicro(look), clock.FromMicro(closed)
	c.Ages = duty.Ages(ages)
	c.Harms, c.Mediums = splitWords[Harm](harms), splitWords[Medium](mediums)
	return &c, nil
}

// noDue sorts what has no deadline behind what has one.
const noDue = math.MaxInt64

func toDue(t time.Time) int64 {
	if t.IsZero() {
		return noDue
	}
	return clock.Micro(t)
}

func fromDue(us int64) time.Time {
	if us == noDue {
		return time.Time{}
	}
	return clock.FromMicro(us)
}

// joinWords stores enumerations as a sorted list with commas.
func joinWords[T ~string](list []T) string {
	words := make([]string, 0, len(list))
	for _, v := range list {
		if !slices.Contains(words, string(v)) {
			words = append(words, string(v))
		}
	}
	slices.Sort(words)
	return strings.Join(words, ",")
}

func splitWords[T ~string](s string) []T {
	if s == "" {
		return nil
	}
	var out []T
	for w := range strings.SplitSeq(s, ",") {
		out = append(out, T(w))
	}
	return out
}

func toJSON(v any) (string, error) {
	b, err := json.Marshal(v)
	if err != nil {
		return "", fmt.Errorf("casework: %w", err)
	}
	return string(b), nil
}

func insertCase(ctx context.Context, tx *sqldb.Tx, c *caseRow) error {
	_, err := sqldb.Exec(ctx, tx, caseInsert, c.ID, c.Code, clock.Micro(c.Received), string(c.State), c.Owner, c.Handler, c.Urgent,
		clock.Micro(c.UrgentAt), c.Score, string(c.Tier), c.Floor, toDue(c.RankDue), toDue(c.SoonAt), joinWords(c.Harms),
		joinWords(c.Mediums), int64(c.Ages), string(c.Relation), string(c.Channel), c.Place, string(c.Contact), c.Reports,
		clock.Micro(c.FirstLook), string(c.Outcome), clock.Micro(c.ClosedAt), c.MergedInto, c.Version)
	return err
}

// save writes the case back and moves it to its place in the queues. Somebody
// else's change in the meantime is casework/changed.
func (s *Service) save(ctx context.Context, tx *sqldb.Tx, c *caseRow) error {
	if err := s.rank(ctx, tx, c); err != nil {
		return err
	}
	n, err := sqldb.Exec(ctx, tx, caseUpdate, c.ID, string(c.State), c.Owner, c.Handler, c.Urgent, clock.Micro(c.UrgentAt), c.Score,
		string(c.Tier), c.Floor, toDue(c.RankDue), toDue(c.SoonAt), joinWords(c.Harms), joinWords(c.Mediums), int64(c.Ages),
		string(c.Relation), string(c.Contact), c.Reports, clock.Micro(c.FirstLook), string(c.Outcome), clock.Micro(c.ClosedAt),
		c.MergedInto, c.Version)
	if err != nil {
		return err
	}
	if n == 0 {
		return problem.New("casework/changed")
	}
	_, err = sqldb.Exec(ctx, tx, accessRank, c.ID, c.State.Open(), -c.Score, toDue(c.RankDue))
	return err
}

// rank finds the earliest deadline that the queue is ordered by: the earliest
// legal one that runs, and our own only where the law sets none.
func (s *Service) rank(ctx context.Context, q sqldb.Queryer, c *caseRow) error {
	clocks, err := sqldb.All(ctx, q, clocksOfCase, scanClock, c.ID)
	if err != nil {
		return err
	}
	c.RankDue, c.SoonAt = rankOf(clocks)
	return nil
}

func rankOf(clocks []Clock) (due, soon time.Time) {
	best := first(clocks, func(k Clock) bool { return k.Paused.IsZero() })
	if best == nil {
		return time.Time{}, time.Time{}
	}
	return best.Due, best.SoonAt()
}

// first is the clock that a queue looks at among the open ones that keep lets
// through; nil where there is none.
func first(clocks []Clock, keep func(Clock) bool) (best *Clock) {
	for i := range clocks {
		k := &clocks[i]
		if !k.Met.IsZero() || !keep(*k) {
			continue
		}
		if best == nil || k.Legal && !best.Legal || k.Legal == best.Legal && k.Due.Before(best.Due) {
			best = k
		}
	}
	return best
}
