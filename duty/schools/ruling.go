// SPDX-License-Identifier: Apache-2.0

package schools

import (
	"context"
	"encoding/json"
	"time"

	"lachan/internal/bundle"
	"lachan/internal/clock"
	"lachan/internal/problem"
	"lachan/internal/sqldb"
)

// RulingKind is what a ruling does to a name. Words: schools.ruling.<code>.
type RulingKind string

// The kinds.
const (
	OpenForAll RulingKind = "open"      // no list refuses it in any school, until the end
	OffList    RulingKind = "off-list"  // one list is wrong about it: an exception beside the list's own
	NeverAdd   RulingKind = "never"     // nothing may refuse it
	NeverDrop  RulingKind = "not-never" // no longer so
)

// never reports whether the kind changes the never-block list.
func (k RulingKind) never() bool { return k == NeverAdd || k == NeverDrop }

// RulingState is where a ruling is in its life.
type RulingState string

// The states. A ruling that needs a second person is proposed and does nothing
// until then.
const (
	RulingProposed RulingState = "proposed"
	RulingActive   RulingState = "active"
	RulingDropped  RulingState = "dropped"
)

// Ruling is what the province decided about one name for all schools. It never
// stands above a block: emergency and legal blocks are lifted, not overruled.
type Ruling struct {
	ID         string
	Kind       RulingKind
	Domain     string       // A-labels; everything below it too
	List       string       // id, of OffList
	Bands      bundle.Bands // of OpenForAll
	Sources    []string     // the categories and services that an opening takes back
	Reason     string       // a sentence
	Basis      string       // the document or rule it stands on
	Until      time.Time    // of OpenForAll; zero for the others: no end
	State      RulingState
	ProposedBy string // id of a person
	SecondBy   string
	EndedBy    string
	Ended      time.Time
	Delta      int64
	Created    time.Time
	Decided    time.Time // when it came in force
}

// InForce reports whether the ruling counts at t.
func (r Ruling) InForce(t time.Time) bool {
	return r.State == RulingActive && (r.Until.IsZero() || t.Before(r.Until))
}

// rulingReason is the code that the entries of an opening carry to nodes.
const rulingReason = "opened"

// entries say the opening, or with block its contrary, as nodes read it.
func (r Ruling) entries(block bool) ([]bundle.Entry, error) {
	name, err := bundle.ParseName(r.Domain)
	var all []bundle.Entry
	for _, code := range r.Sources {
		all = append(all, bundle.Entry{
			Number: uint64(r.Delta), Domain: name, Block: block, Source: code, Bands: r.Bands, Until: clock.Micro(r.Until), Reason: rulingReason,
		})
	}
	return all, err
}

func (r Ruling) details() map[string]any {
	return map[string]any{
		"kind": r.Kind, "domain": r.Domain, "list": r.List, "bands": uint32(r.Bands), "sources": r.Sources, "reason": r.Reason, "basis": r.Basis,
		"until": clock.Micro(r.Until), "state": r.State, "proposed_by": r.ProposedBy, "second_by": r.SecondBy, "delta": r.Delta,
	}
}

// RulingCommand proposes a ruling.
type RulingCommand struct {
	Kind   RulingKind
	Domain string
	List   string       // id; of OffList
	Bands  bundle.Bands // of OpenForAll; 0: every band
	Reason string       // up to 300 letters; needed
	Basis  string       // up to 200 letters; needed for an opening
	Until  time.Time    // of OpenForAll; needed, at most a year ahead
}

// longestOpening is the longest that an opening holds without being looked at
// again.
const longestOpening = 366 * 24 * time.Hour

func (c RulingCommand) read(now time.Time) (bundle.Name, error) {
	p := problem.New("input/faulty")
	name, err := blockable(c.Domain)
	if err != nil {
		p.Field("domain", problem.From(err).Code, problem.From(err).Args...)
	} else if is, _ := publicSuffix(name); is && c.Kind != NeverDrop {
		p.Field("domain", "schools/public-suffix", "name", name.Unicode())
	}
	needText(p, "why", c.Reason, 300, true)
	needText(p, "basis", c.Basis, 200, c.Kind == OpenForAll)
	switch c.Kind {
	case OpenForAll:
		switch {
		case c.Until.IsZero():
			p.Field("until", "input/required")
		case !c.Until.After(now):
			p.Field("until", "schools/end-has-passed")
		case c.Until.Sub(now) > longestOpening:
			p.Field("until", "schools/end-too-far", "days", int(longestOpening/(24*time.Hour)))
		}
	case OffList:
		if c.List == "" {
			p.Field("list", "input/required")
		}
	case NeverAdd, NeverDrop:
	default:
		p.Field("kind", "input/not-a-choice")
	}
	return name, p.OrNil()
}

const rulingColumns = `id, kind, domain, list, bands, sources, reason, basis, until, state, proposed_by, second_by, ended_by, ended, delta, created, decided`

var (
	queryRuling     = sqldb.Register("schools.ruling", `SELECT `+rulingColumns+` FROM schools_ruling WHERE id = $1`)
	queryRulingSave = sqldb.Register("schools.ruling_save", `
		INSERT INTO schools_ruling (`+rulingColumns+`) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17)
		ON CONFLICT (id) DO UPDATE SET until = excluded.until, state = excluded.state, second_by = excluded.second_by,
			ended_by = excluded.ended_by, ended = excluded.ended, delta = excluded.delta, decided = excluded.decided`)
	queryRulingsLive = sqldb.Register("schools.rulings_live", `
		SELECT `+rulingColumns+` FROM schools_ruling
		WHERE (state = 'proposed' OR state = 'active' AND (until = 0 OR until > $1)) ORDER BY created DESC, id DESC`)
	queryRulingsInForce = sqldb.Register("schools.rulings_in_force", `
		SELECT `+rulingColumns+` FROM schools_ruling WHERE state = 'active' AND kind = $1 AND (until = 0 OR until > $2) ORDER BY decided, id`)
	queryRulingsSince = sqldb.Register("schools.rulings_since", `
		SELECT COUNT(*) FROM schools_ruling WHERE kind IN ('off-list', 'never', 'not-never') AND (decided >= $1 OR decided > 0 AND ended >= $1)`)
)

// rulings are those of a kind in force now.
func (s *Service) rulings(ctx context.Context, q sqldb.Queryer, kind RulingKind) ([]Ruling, error) {
	all, err := sqldb.All(ctx, q, queryRulingsInForce, scanRuling, string(kind), s.now())
	return all, wrap("rulings", err)
}

// offList are the names that people took off a list.
func (s *Service) offList(ctx context.Context, q sqldb.Queryer) (map[string][]string, error) {
	all, err := s.rulings(ctx, q, OffList)
	of := map[string][]string{}
	for _, r := range all {
		of[r.List] = append(of[r.List], r.Domain)
	}
	return of, err
}

// RulingsPending counts the rulings that wait for the next bundle.
func (s *Service) RulingsPending(ctx context.Context) (int, error) {
	info, err := s.CurrentBundle(ctx)
	if err != nil && !problem.Is(err, "schools/no-bundle") {
		return 0, err
	}
	n, err := sqldb.One(ctx, s.db.Read(), queryRulingsSince, sqldb.Scalar[int], clock.Micro(info.Created))
	return n, wrap("rulings pending", err)
}

func saveRuling(ctx context.Context, tx *sqldb.Tx, r Ruling) error {
	sources, err := json.Marshal(r.Sources)
	if err != nil {
		return err
	}
	_, err = sqldb.Exec(ctx, tx, queryRulingSave, r.ID, string(r.Kind), r.Domain, r.List, int64(r.Bands), string(sources), r.Reason, r.Basis,
		clock.Micro(r.Until), string(r.State), r.ProposedBy, r.SecondBy, r.EndedBy, clock.Micro(r.Ended), r.Delta, clock.Micro(r.Created), clock.Micro(r.Decided))
	return err
}

func scanRuling(row sqldb.Row) (r Ruling, err error) {
	var bands, until, ended, created, decided int64
	var sources string
	err = row.Scan(&r.ID, &r.Kind, &r.Domain, &r.List, &bands, &sources, &r.Reason, &r.Basis, &until, &r.State, &r.ProposedBy, &r.SecondBy,
		&r.EndedBy, &ended, &r.Delta, &created, &decided)
	if err != nil {
		return r, err
	}
	r.Bands = bundle.Bands(bands)
	r.Until, r.Ended, r.Created, r.Decided = clock.FromMicro(until), clock.FromMicro(ended), clock.FromMicro(created), clock.FromMicro(decided)
	return r, json.Unmarshal([]byte(sources), &r.Sources)
}
