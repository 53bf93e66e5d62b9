// SPDX-License-Identifier: Apache-2.0

package detection

import (
	"context"
	"errors"
	"io/fs"
	"slices"
	"strconv"
	"sync"

	"lachan/duty/detection/exchange"
	"lachan/internal/authz"
	"lachan/internal/clock"
	"lachan/internal/pdq"
	"lachan/internal/problem"
	"lachan/internal/sqldb"
)

// Match is a content of a bank that a signal led to.
type Match struct {
	Content  int64
	Bank     string
	Label    string
	Severity int
	Type     exchange.Type
	Distance int    // bits, of a PDQ hash; 0 of the others
	Verdict  string // of the banks of our own verdicts: what was judged
	permille int
}

// matcher keeps the PDQ hashes of all banks in memory. The other types are
// looked up in the database, which has an index on them. It is behind the
// database by nothing: each search first reads which change is the last.
type matcher struct {
	set  *pdq.Set
	mu   sync.Mutex // one brings it up to date at a time
	seen int64      // the last change that is in the set
	file string     // of the snapshot; "" for none
}

func newMatcher(file string) *matcher { return &matcher{file: file} }

func (m *matcher) close() error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.set == nil {
		return nil
	}
	return m.set.Close()
}

// open begins with the snapshot, if there is one that can be read.
func (m *matcher) open() error {
	var base *pdq.Index
	if m.file != "" {
		x, mark, err := pdq.OpenSnapshot(m.file)
		switch {
		case err == nil:
			base, m.seen = x, int64(mark)
		case errors.Is(err, fs.ErrNotExist), problem.KindOf(err) == problem.Invalid:
			// It is made anew from the database, which is the truth.
		default:
			return err
		}
	}
	m.set = pdq.NewSet(base)
	return nil
}

var (
	queryChange = sqldb.Register("detection.change", `SELECT value FROM detection_counter WHERE name = $1`)
	// A page of what changed; a content has at most a handful of hashes, so a
	// page that ends within one is read again from that content on.
	queryChanged = sqldb.Register("detection.changed", `
		SELECT c.changed, c.id, c.gone, s.value FROM detection_content c
		JOIN detection_signal s ON s.content = c.id AND s.type = 'pdq'
		WHERE c.changed > $1 OR (c.changed = $1 AND c.id > $2)
		ORDER BY c.changed, c.id, s.value LIMIT $3`)
	queryMatched = sqldb.Register("detection.matched", `
		SELECT c.id, c.bank, b.label, b.severity, b.permille, c.meta FROM detection_content c JOIN detection_bank b ON b.name = c.bank
		WHERE c.id = $1 AND c.gone = 0 AND c.disabled_until <= $2 AND (c.expires = 0 OR c.expires > $2) AND b.dropped = 0`)
	querySignalContents = sqldb.Register("detection.signal_contents", `SELECT content FROM detection_signal WHERE type = $1 AND value = $2 ORDER BY content`)
)

type changedRow struct {
	change, id, gone int64
	hash             string
}

const changedPage = 20_000

// sync brings the set up to the last committed change.
func (s *Service) sync(ctx context.Context) (*pdq.Set, error) {
	m := s.matcher
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.set == nil {
		if err := m.open(); err != nil {
			return nil, err
		}
	}
	last, err := sqldb.One(ctx, s.DB.Read(), queryChange, sqldb.Scalar[int64], changeCounter)
	if errors.Is(err, sqldb.ErrNoRows) {
		return m.set, nil
	}
	if err != nil || last == m.seen {
		return m.set, err
	}
	if last < m.seen { // the database is an older one than the snapshot's
		if err := m.set.Close(); err != nil {
			return nil, err
		}
		m.set, m.seen = pdq.NewSet(nil), 0
	}
	change, id := m.seen, int64(1)<<62 // all of change m.seen is there
	for {
		rows, err := sqldb.All(ctx, s.DB.Read(), queryChanged, func(r sqldb.Row) (c changedRow, err error) {
			err = r.Scan(&c.change, &c.id, &c.gone, &c.hash)
			return c, err
		}, change, id, changedPage)
		if err != nil {
			return nil, err
		}
		full := len(rows) == changedPage
		if full { // the last content may be cut: it comes again
			end := rows[len(rows)-1].id
			rows = rows[:slices.IndexFunc(rows, func(c changedRow) bool { return c.id == end })]
		}
		for _, c := range rows {
			h, err := pdq.Parse(c.hash)
			if err != nil {
				return nil, wrap("a hash of the database", err)
			}
			if c.gone != 0 {
				m.set.Remove(h, uint64(c.id))
			} else {
				m.set.Add(h, uint64(c.id))
			}
			change, id = c.change, c.id
		}
		if !full {
			break
		}
	}
	m.seen = max(last, change)
	return m.set, nil
}

// matchHashes finds contents near any of the hashes of one picture.
func (s *Service) matchHashes(ctx context.Context, hashes []pdq.Hash) ([]Match, error) {
	set, err := s.sync(ctx)
	if err != nil {
		return nil, err
	}
	near := map[int64]int{}
	for _, m := range set.SearchAny(hashes, pdq.MaxDistance, nil) {
		if d, again := near[int64(m.ID)]; !again || m.Distance < d {
			near[int64(m.ID)] = m.Distance
		}
	}
	var found []Match
	for id, distance := range near {
		m, ok, err := s.matched(ctx, id)
		if err != nil {
			return nil, err
		}
		if ok {
			m.Type, m.Distance = exchange.PDQ, distance
			found = append(found, m)
		}
	}
	slices.SortFunc(found, func(a, b Match) int {
		if a.Distance != b.Distance {
			return a.Distance - b.Distance
		}
		return int(a.Content - b.Content)
	})
	return found, nil
}

// matchSignal finds contents by a signal of any type.
func (s *Service) matchSignal(ctx context.Context, sig Signal) ([]Match, error) {
	if sig.Type == exchange.PDQ {
		return s.matchHashes(ctx, hashesOf([]Signal{sig}))
	}
	ids, err := sqldb.All(ctx, s.DB.Read(), querySignalContents, sqldb.Scalar[int64], string(sig.Type), sig.Value)
	if err != nil {
		return nil, err
	}
	var found []Match
	for _, id := range ids {
		m, ok, err := s.matched(ctx, id)
		if err != nil {
			return nil, err
		}
		if ok {
			m.Type = sig.Type
			found = append(found, m)
		}
	}
	return found, nil
}

// matched reads a content that is to be matched now.
func (s *Service) matched(ctx context.Context, id int64) (m Match, ok bool, err error) {
	m, err = sqldb.One(ctx, s.DB.Read(), queryMatched, func(r sqldb.Row) (m Match, err error) {
		var meta string
		if err := r.Scan(&m.Content, &m.Bank, &m.Label, &m.Severity, &m.permille, &meta); err != nil {
			return m, err
		}
		if IsDecided(m.Bank) {
			v := decode[decidedMeta](meta)
			m.Verdict, m.Label, m.Severity = v.Verdict, v.Label, v.severity(m.Severity)
		}
		return m, nil
	}, id, clock.Micro(s.now()))
	if errors.Is(err, sqldb.ErrNoRows) {
		return m, false, nil
	}
	return m, err == nil, err
}

// Taken is whether the content is in its bank's share: always the same ones, so
// that a client that asks twice hears the same.
func (m Match) Taken() bool { return m.within(m.permille) }

// Ids count up; the factor, coprime to 1000, spreads them. Unsigned, as
// a product of large ids wraps.
func (m Match) within(permille int) bool {
	return uint64(m.Content)*2654435761%1000 < uint64(max(permille, 0))
}

// MatchCommand asks for the contents that a signal leads to.
type MatchCommand struct {
	Signal Signal
	Banks  []string // nil: all but those of our own verdicts
	// Whole asks for the banks' contents whatever their share (HMA's
	// bypass_coinflip).
	Whole bool
}

// Match is what the matching API answers.
func (s *Service) Match(ctx context.Context, actor authz.Actor, cmd MatchCommand) ([]Match, error) {
	if _, err := s.check(ctx, actor, "detection.match", "bank", ""); err != nil {
		return nil, err
	}
	one := []Signal{cmd.Signal}
	if err := checkSignals(one); err != nil {
		return nil, err
	}
	share, err := s.typeShare(ctx, one[0].Type)
	if err != nil {
		return nil, wrap("match", err)
	}
	if share == 0 {
		return nil, problem.New("detection/type-off")
	}
	found, err := s.matchSignal(ctx, one[0])
	if err != nil {
		return nil, wrap("match", err)
	}
	return slices.DeleteFunc(found, func(m Match) bool {
		if cmd.Banks == nil && IsDecided(m.Bank) || cmd.Banks != nil && !slices.Contains(cmd.Banks, m.Bank) {
			return true
		}
		return !cmd.Whole && !(m.Taken() && m.within(share))
	}), nil
}

// IndexState is what the matcher holds.
type IndexState struct {
	Hashes int
	Change int64 // the last change it knows of
}

// Index brings the matcher up to date and says what it holds.
func (s *Service) Index(ctx context.Context, actor authz.Actor) (IndexState, error) {
	if _, err := s.check(ctx, actor, "detection.match", "bank", ""); err != nil {
		return IndexState{}, err
	}
	set, err := s.sync(ctx)
	if err != nil {
		return IndexState{}, wrap("index", err)
	}
	s.matcher.mu.Lock()
	defer s.matcher.mu.Unlock()
	return IndexState{Hashes: set.Len(), Change: s.matcher.seen}, nil
}

// SaveIndex writes the matcher's snapshot, so that the next start maps it
// instead of reading every hash. Without a file it does nothing.
func (s *Service) SaveIndex(ctx context.Context) error {
	set, err := s.sync(ctx)
	if err != nil || s.matcher.file == "" {
		return wrap("index", err)
	}
	s.matcher.mu.Lock()
	mark := s.matcher.seen
	s.matcher.mu.Unlock()
	return wrap("index", set.Save(ctx, s.matcher.file, uint64(mark)))
}

// decidedMeta is what a content of our own verdicts says.
type decidedMeta struct {
	Verdict string `json:"verdict"`
	Label   string `json:"label"`
	Weight  string `json:"severity"`
	Item    string `json:"item"`
}

func (d decidedMeta) severity(otherwise int) int {
	if n, err := strconv.Atoi(d.Weight); err == nil {
		return n
	}
	return otherwise
}

func (d decidedMeta) plain() map[string]string {
	return map[string]string{"verdict": d.Verdict, "label": d.Label, "severity": d.Weight, "item": d.Item}
}
