// SPDX-License-Identifier: Apache-2.0

package detection

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"math/rand/v2"
	"time"

	"lachan/duty/detection/exchange"
	"lachan/internal/authz"
	"lachan/internal/clock"
	"lachan/internal/fetch"
	"lachan/internal/id"
	"lachan/internal/problem"
	"lachan/internal/sqldb"
)

// Pull is one list taken in: a source asked with all of its pages, or a file.
type Pull struct {
	ID       string
	Exchange string
	Started  time.Time
	Ended    time.Time // zero: under way
	State    PullState
	Pages    int
	Counts   Counts
	Rejects  []Reject // most frequent first
	Fault    *problem.Error
	By       string
}

// PullState is how far a pull came.
type PullState string

// The states.
const (
	PullRunning PullState = "running"
	PullDone    PullState = "done"
	PullFailed  PullState = "failed"
)

// The limits of a pull.
const (
	pageBytes = 64 << 20         // of a page
	listBytes = 512 << 20        // of a list that comes whole
	claimFor  = 15 * time.Minute // until another hub asks, if this one died
	pullFor   = 7 * time.Minute  // of one turn; what is left waits for the next
	firstWait = 15 * time.Minute
	restartAt = 3 // failures after which a list is read from its first page again
)

const pullColumns = `id, exchange, started, ended, state, pages, counts, rejects, fault, by_person`

var (
	queryPullPut   = sqldb.Register("detection.pull_put", `INSERT INTO detection_pull (`+pullColumns+`) VALUES ($1,$2,$3,0,'running',0,'{}','[]','{}',$4)`)
	queryPullSave  = sqldb.Register("detection.pull_save", `UPDATE detection_pull SET ended = $2, state = $3, pages = $4, counts = $5, rejects = $6, fault = $7 WHERE id = $1`)
	queryPullOpen  = sqldb.Register("detection.pull_open", `SELECT `+pullColumns+` FROM detection_pull WHERE exchange = $1 AND state = 'running' AND by_person = $2 ORDER BY started DESC, id DESC LIMIT 1`)
	queryPulls     = sqldb.Register("detection.pulls", `SELECT `+pullColumns+` FROM detection_pull WHERE exchange = $1 ORDER BY started DESC, id DESC LIMIT $2`)
	queryExDue     = sqldb.Register("detection.exchanges_due", `SELECT name FROM detection_exchange WHERE state = 'active' AND pulls = 1 AND next_at > 0 AND next_at <= $1 ORDER BY next_at, name`)
	queryExDueAt   = sqldb.Register("detection.exchange_due_at", `UPDATE detection_exchange SET next_at = $2 WHERE name = $1`)
	queryExPlace   = sqldb.Register("detection.exchange_place", `UPDATE detection_exchange SET place = $2 WHERE name = $1`)
	queryExOutcome = sqldb.Register("detection.exchange_outcome", `UPDATE detection_exchange SET next_at = $2, failures = $3, fault = $4 WHERE name = $1 AND state = 'active'`)
)

func scanPull(r sqldb.Row) (p Pull, err error) {
	var started, ended int64
	var counts, rejects, why string
	err = r.Scan(&p.ID, &p.Exchange, &started, &ended, &p.State, &p.Pages, &counts, &rejects, &why, &p.By)
	p.Started, p.Ended = clock.FromMicro(started), fromMicro(ended)
	p.Counts, p.Rejects, p.Fault = decode[Counts](counts), decode[[]Reject](rejects), decode[fault](why).problem()
	return p, err
}

// Pulls lists the last pulls of an exchange, the newest first.
func (s *Service) Pulls(ctx context.Context, actor authz.Actor, name string, most int) ([]Pull, error) {
	if _, err := s.check(ctx, actor, "detection.exchange", "exchange", name); err != nil {
		return nil, err
	}
	all, err := sqldb.All(ctx, s.DB.Read(), queryPulls, scanPull, name, most)
	return all, wrap("pulls", err)
}

// ClaimExchanges hands the exchanges that are due to each, in the transaction
// that puts their turn off: no two hubs ask for the same.
func (s *Service) ClaimExchanges(ctx context.Context, each func(ctx context.Context, tx *sqldb.Tx, name string) error) error {
	return s.DB.Tx(ctx, func(ctx context.Context, tx *sqldb.Tx) error {
		now := s.now()
		due, err := sqldb.All(ctx, tx, queryExDue, sqldb.Scalar[string], clock.Micro(now))
		if err != nil {
			return wrap("exchanges due", err)
		}
		for _, name := range due {
			if _, err := sqldb.Exec(ctx, tx, queryExDueAt, name, clock.Micro(now.Add(claimFor))); err != nil {
				return err
			}
			if err := each(ctx, tx, name); err != nil {
				return err
			}
		}
		return nil
	})
}

// openPull goes on with the pull that an actor left, or begins one.
func (s *Service) openPull(ctx context.Context, actor authz.Actor, name string, resume bool) (p Pull, err error) {
	err = s.DB.Tx(ctx, func(ctx context.Context, tx *sqldb.Tx) error {
		if resume {
			p, err = sqldb.One(ctx, tx, queryPullOpen, scanPull, name, actor.Name())
			if !errors.Is(err, sqldb.ErrNoRows) {
				return err
			}
		}
		p = Pull{ID: id.New(), Exchange: name, Started: s.now(), State: PullRunning, By: actor.Name()}
		_, err = sqldb.Exec(ctx, tx, queryPullPut, p.ID, name, clock.Micro(p.Started), p.By)
		return err
	})
	return p, wrap("open pull", err)
}

func savePull(ctx context.Context, tx *sqldb.Tx, p Pull, why error) error {
	_, err := sqldb.Exec(ctx, tx, queryPullSave, p.ID, toMicro(p.Ended), string(p.State), p.Pages, encode(p.Counts), encode(p.Rejects), faultOf(why))
	return err
}

// PullExchange asks an exchange for what is new, page after page, for some
// minutes at most. What a source does wrong is written down with the exchange
// and no error of this call; the place is saved in the transaction of each
// page's last contents, so that a hub that dies goes on where it was.
func (s *Service) PullExchange(ctx context.Context, actor authz.Actor, name string) error {
	permit, err := s.check(ctx, actor, "detection.exchange_pull", "exchange", name)
	if err != nil {
		return err
	}
	e, err := s.exchange(ctx, s.DB.Read(), name)
	if err != nil {
		return err
	}
	if e.State != ExchangeActive || !e.Pulls || s.Lists == nil {
		return nil
	}
	run, err := s.openPull(ctx, actor, name, true)
	if err != nil {
		return err
	}
	j := &job{s: s, actor: actor, permit: permit, e: e, pull: run, until: s.now().Add(pullFor)}
	if err := j.prepare(ctx); err != nil {
		return err
	}
	for {
		more, err := j.page(ctx)
		switch {
		case ctx.Err() != nil:
			return ctx.Err()
		case err != nil:
			return wrap("pull", j.end(ctx, err))
		case !more:
			return wrap("pull", j.end(ctx, nil))
		case s.now().After(j.until):
			return s.DB.Tx(ctx, func(ctx context.Context, tx *sqldb.Tx) error {
				_, err := sqldb.Exec(ctx, tx, queryExDueAt, name, clock.Micro(s.now()))
				return err
			})
		}
	}
}

// job is one turn of a pull.
type job struct {
	s       *Service
	actor   authz.Actor
	permit  authz.Permit
	e       Exchange
	pull    Pull
	address string
	access  map[string]string
	place   place
	until   time.Time
}

func (j *job) prepare(ctx context.Context) error {
	boxes, err := j.s.boxes(ctx, j.s.DB.Read(), j.e.Name)
	if err != nil {
		return err
	}
	if j.address, err = j.s.unsealed(urlBox(j.e.Name), boxes.address); err != nil {
		return err
	}
	text, err := j.s.unsealed(placeBox(j.e.Name), boxes.place)
	if err != nil {
		return err
	}
	j.place = decode[place](text)
	if j.e.Failures >= restartAt {
		j.place.Page = ""
	}
	j.place.begin(j.e.Format, j.s.now())
	j.access, err = j.s.access(ctx, j.e)
	return err
}

// page reads one page into the bank.
func (j *job) page(ctx context.Context) (more bool, err error) {
	q, err := asking(j.e, j.address, j.access, j.place, 1000)
	if err != nil {
		return false, err
	}
	answer, err := j.s.Lists.Get(ctx, q)
	if err != nil {
		return false, err
	}
	defer answer.Body.Close()
	if answer.NotModified {
		return false, nil
	}
	at := j.place
	err = j.s.readList(ctx, j.actor, j.e, &j.pull, answer.Body, func(ctx context.Context, tx *sqldb.Tx, r exchange.Report) error {
		at = j.place
		if more, err = at.after(r, answer.ETag, answer.Modified); err != nil {
			return err
		}
		text, err := json.Marshal(at)
		if err != nil {
			return err
		}
		boxed, err := j.s.sealed(placeBox(j.e.Name), string(text))
		if err != nil {
			return err
		}
		_, err = sqldb.Exec(ctx, tx, queryExPlace, j.e.Name, boxed)
		return err
	})
	if err != nil {
		return false, err
	}
	j.place = at
	return more, nil
}

// end closes the pull, and says when the next is.
func (j *job) end(ctx context.Context, why error) error {
	now := j.s.now()
	every := time.Duration(j.e.Every) * time.Minute
	failures, wait := 0, every+time.Duration(rand.Int64N(int64(every/10)+1)) // so that not all hubs of a country come at once
	j.pull.Ended, j.pull.State = now, PullDone
	if why != nil {
		failures, j.pull.State = j.e.Failures+1, PullFailed
		wait = min(firstWait<<min(j.e.Failures, 10), max(every, 24*time.Hour))
		wait += time.Duration(rand.Int64N(int64(wait/10) + 1))
	}
	return j.s.DB.Tx(ctx, func(ctx context.Context, tx *sqldb.Tx) error {
		if err := savePull(ctx, tx, j.pull, why); err != nil {
			return err
		}
		if _, err := sqldb.Exec(ctx, tx, queryExOutcome, j.e.Name, clock.Micro(now.Add(wait)), failures, faultOf(why)); err != nil {
			return err
		}
		return j.s.recordPull(ctx, tx, j.actor, j.permit, j.e, j.pull, "detection.exchange_pulled")
	})
}

func (s *Service) recordPull(ctx context.Context, tx *sqldb.Tx, actor authz.Actor, permit authz.Permit, e Exchange, p Pull, kind string) error {
	c := p.Counts
	return s.record(ctx, tx, actor, e.Name, kind, permit, map[string]any{
		"bank": e.Bank, "state": p.State, "fresh": c.Fresh, "changed": c.Changed, "withdrawn": c.Withdrawn, "skipped": c.Skipped,
	})
}

// readList takes a list, or a page of one, into the bank of e. done is called in
// the transaction of the last contents. What was taken before a fault stays
// and is counted.
func (s *Service) readList(ctx context.Context, actor authz.Actor, e Exchange, p *Pull, in io.Reader, done func(context.Context, *sqldb.Tx, exchange.Report) error) error {
	if _, err := s.bank(ctx, s.DB.Read(), e.Bank); err != nil {
		return err // it was dropped since
	}
	before := p.Counts
	k := &taker{s: s, actor: actor, e: e, size: s.Settings.Batch}
	save := func(ctx context.Context, tx *sqldb.Tx, c Counts, r *exchange.Report) error {
		now := *p
		now.Counts = added(before, c)
		if r != nil {
			now.Counts.Entries += r.Entries
			now.Counts.Skipped += r.Skipped
			now.Rejects = rejected(now.Rejects, *r)
			now.Pages++
		}
		if err := savePull(ctx, tx, now, nil); err != nil {
			return err
		}
		if r != nil {
			tx.OnCommit(func() { *p = now })
		}
		return nil
	}
	k.saved = func(ctx context.Context, tx *sqldb.Tx, c Counts) error { return save(ctx, tx, c, nil) }
	r, fault := exchange.Read(ctx, in, e.Format, exchange.Options{Type: e.Type, Columns: e.Columns, Source: e.Name}, func(it exchange.Item) error {
		return k.add(ctx, it)
	})
	if err := ctx.Err(); err != nil {
		return err
	}
	if fault != nil && problem.KindOf(fault) == problem.Internal {
		return fault
	}
	k.close()
	err := k.flush(ctx, func(ctx context.Context, tx *sqldb.Tx, c Counts) error {
		if err := save(ctx, tx, c, &r); err != nil || fault != nil || done == nil {
			return err
		}
		return done(ctx, tx, r)
	})
	return errors.Join(fault, err)
}

func added(a, b Counts) Counts {
	a.Fresh += b.Fresh
	a.Changed += b.Changed
	a.Same += b.Same
	a.Withdrawn += b.Withdrawn
	return a
}

// ImportList takes a list that a person brings into the bank of an exchange.
// A list that is damaged gives what stood before the damage, and a pull that
// failed; that is no error of this call.
func (s *Service) ImportList(ctx context.Context, actor authz.Actor, name string, in io.Reader) (Pull, error) {
	permit, err := s.check(ctx, actor, "detection.exchange", "exchange", name)
	if err != nil {
		return Pull{}, err
	}
	e, err := s.exchange(ctx, s.DB.Read(), name)
	if err != nil {
		return Pull{}, err
	}
	p, err := s.openPull(ctx, actor, name, false)
	if err != nil {
		return Pull{}, err
	}
	fault := s.readList(ctx, actor, e, &p, in, nil)
	if err := ctx.Err(); err != nil {
		return p, err
	}
	p.State, p.Ended = PullDone, s.now()
	if fault != nil {
		p.State, p.Fault = PullFailed, problem.From(fault)
	}
	err = s.DB.Tx(ctx, func(ctx context.Context, tx *sqldb.Tx) error {
		if err := savePull(ctx, tx, p, fault); err != nil {
			return err
		}
		return s.recordPull(ctx, tx, actor, permit, e, p, "detection.list_imported")
	})
	if err == nil && p.Fault != nil && p.Fault.Kind() == problem.Internal {
		err = fault
	}
	return p, wrap("import list", err)
}

var _ Getter = (*fetch.Client)(nil)
