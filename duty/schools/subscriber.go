// SPDX-License-Identifier: Apache-2.0

package schools

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"time"

	"lachan/internal/authz"
	"lachan/internal/bundle"
	"lachan/internal/clock"
	"lachan/internal/id"
	"lachan/internal/locale"
	"lachan/internal/problem"
	"lachan/internal/sqldb"
)

// Subscriber is a filter of another make that fetches exports by itself. It is
// no person: its token opens the exports of its bands and nothing else.
type Subscriber struct {
	ID      string
	Name    string   // up to 80 letters
	Bands   []string // codes
	By      string   // who let it in
	Created time.Time
	Fetched time.Time    // when it last took an export or a zone; zero: not yet
	Key     *TransferKey // nil: it takes no zones; only Subscribers fills it
}

const subscriberColumns = `id, name, bands, by_person, created, fetched`

var (
	querySubscriberPut = sqldb.Register("schools.subscriber_put", `
		INSERT INTO schools_subscriber (`+subscriberColumns+`, hash) VALUES ($1, $2, $3, $4, $5, 0, $6)`)
	querySubscribers      = sqldb.Register("schools.subscribers", `SELECT `+subscriberColumns+` FROM schools_subscriber ORDER BY name`)
	querySubscriberByName = sqldb.Register("schools.subscriber_by_name", `SELECT `+subscriberColumns+` FROM schools_subscriber WHERE name = $1`)
	querySubscriberByHash = sqldb.Register("schools.subscriber_by_hash", `SELECT `+subscriberColumns+` FROM schools_subscriber WHERE hash = $1`)
	querySubscriberDrop   = sqldb.Register("schools.subscriber_drop", `DELETE FROM schools_subscriber WHERE id = $1`)
	querySubscriberTook   = sqldb.Register("schools.subscriber_took", `UPDATE schools_subscriber SET fetched = $2 WHERE id = $1`)
)

// AddSubscriber lets a filter fetch the exports of bands. The token is returned
// here and never again; only its hash is stored.
func (s *Service) AddSubscriber(ctx context.Context, actor authz.Actor, name string, bands []string) (token string, err error) {
	permit, err := s.authz.Check(ctx, actor, "schools.export", room("subscriber", ""))
	if err != nil {
		return "", err
	}
	name = oneLine(locale.Normalize(name))
	p := problem.New("input/faulty")
	needText(p, "name", name, 80, true)
	if len(bands) == 0 {
		p.Field("band", "input/required")
	}
	for _, b := range bands {
		if _, ok := bundle.ParseBand(b); !ok {
			p.Field("band", "input/not-a-choice")
		}
	}
	if err := p.OrNil(); err != nil {
		return "", err
	}
	codes, err := json.Marshal(bands)
	if err != nil {
		return "", err
	}
	token = newToken()
	one := id.New()
	err = s.db.Tx(ctx, func(ctx context.Context, tx *sqldb.Tx) error {
		_, err := sqldb.Exec(ctx, tx, querySubscriberPut, one, name, string(codes), actor.Name(), s.now(), hashToken(token))
		if sqldb.IsUnique(err) {
			return problem.New("schools/subscriber-exists", "name", name).Wrap(err)
		}
		if err != nil {
			return err
		}
		return s.record(ctx, tx, step{
			kind: "schools.subscriber_added", actor: actor.Name(), object: one, permit: permit, details: map[string]any{"name": name, "bands": bands},
		})
	})
	if err != nil {
		return "", err
	}
	return token, nil
}

// Subscribers are all of them, by name.
func (s *Service) Subscribers(ctx context.Context, actor authz.Actor) ([]Subscriber, error) {
	if _, err := s.authz.Check(ctx, actor, "schools.export", room("subscriber", "")); err != nil {
		return nil, err
	}
	all, err := sqldb.All(ctx, s.db.Read(), querySubscribers, scanSubscriber)
	if err != nil {
		return nil, wrap("subscribers", err)
	}
	keys, err := s.transferKeys(ctx)
	for _, k := range keys {
		if i := slices.IndexFunc(all, func(one Subscriber) bool { return one.ID == k.subscriber.ID }); i >= 0 {
			all[i].Key = &k
		}
	}
	return all, wrap("subscribers", err)
}

// DropSubscriber takes a token, and a transfer key with it, back at once.
func (s *Service) DropSubscriber(ctx context.Context, actor authz.Actor, name string) error {
	permit, err := s.authz.Check(ctx, actor, "schools.export", room("subscriber", ""))
	if err != nil {
		return err
	}
	return s.db.Tx(ctx, func(ctx context.Context, tx *sqldb.Tx) error {
		one, err := sqldb.One(ctx, tx, querySubscriberByName, scanSubscriber, name)
		if err != nil {
			return notFound(err, "schools/no-subscriber")
		}
		for _, drop := range []*sqldb.Query{queryTransferDrop, querySubscriberDrop} {
			if _, err := sqldb.Exec(ctx, tx, drop, one.ID); err != nil {
				return err
			}
		}
		return s.record(ctx, tx, step{
			kind: "schools.subscriber_dropped", actor: actor.Name(), object: one.ID, permit: permit, details: map[string]any{"name": one.Name},
		})
	})
}

// ExportFor is Export for the holder of a token, who never gets lists without
// a licence. begin is called once, before anything is counted, with a tag that
// changes when the file would; if it gives no writer, nothing is written and
// the ledger is told nothing.
func (s *Service) ExportFor(ctx context.Context, token string, q ExportQuery, begin func(tag string) io.Writer) error {
	one, err := sqldb.One(ctx, s.db.Read(), querySubscriberByHash, scanSubscriber, hashToken(token))
	if err != nil {
		return notFound(err, "schools/unknown-subscriber")
	}
	actor := authz.System("schools.subscriber")
	permit, err := s.authz.Check(ctx, actor, "schools.export", room("subscriber", one.ID))
	if err != nil {
		return err
	}
	q.School, q.Unlicensed = "", false
	who, err := q.client(School{})
	if err != nil {
		return err
	}
	if !one.mayFetch(who.Band) {
		return problem.New("schools/no-export")
	}
	x, err := s.newExport(ctx, q, who)
	if err != nil {
		return err
	}
	w := begin(x.tag())
	err = s.db.Tx(ctx, func(ctx context.Context, tx *sqldb.Tx) error { return s.fetched(ctx, tx, one.ID) })
	if err != nil {
		return err
	}
	if w == nil {
		return nil
	}
	return x.run(ctx, q.Province, step{kind: "schools.exported", actor: actor.Name(), object: one.ID, permit: permit}, w)
}

// fetched notes that a subscriber asked and got what there is.
func (s *Service) fetched(ctx context.Context, tx *sqldb.Tx, subscriber string) error {
	_, err := sqldb.Exec(ctx, tx, querySubscriberTook, subscriber, s.now())
	return wrap("subscriber", err)
}

func (s Subscriber) mayFetch(band bundle.Band) bool { return s.takes(band.String()) }

// takes reports whether a band, by its code, is one of the subscriber's.
func (s Subscriber) takes(band string) bool { return slices.Contains(s.Bands, band) }

// tag tells exports apart without writing them: by bundle and delta, by what
// is in force without either of them (a block that runs out, a list that was
// given a licence), and by band, period and format.
func (x *export) tag() string {
	sum := sha256.New()
	fmt.Fprintln(sum, x.info.Band, x.info.Period, x.info.Format, x.own, x.open)
	for _, l := range x.lists {
		fmt.Fprintf(sum, "%d %q %q\n", l.edition, l.Name, l.Licence)
	}
	fmt.Fprintf(sum, "%q", x.info.Without)
	return fmt.Sprintf("%d-%d-%s", x.info.Bundle, x.info.Delta, hex.EncodeToString(sum.Sum(nil)[:8]))
}

func scanSubscriber(r sqldb.Row) (s Subscriber, err error) {
	var bands string
	var created, fetched int64
	if err := r.Scan(&s.ID, &s.Name, &bands, &s.By, &created, &fetched); err != nil {
		return s, err
	}
	s.Created, s.Fetched = clock.FromMicro(created), clock.FromMicro(fetched)
	return s, json.Unmarshal([]byte(bands), &s.Bands)
}
