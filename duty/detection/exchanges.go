// SPDX-License-Identifier: Apache-2.0

package detection

import (
	"context"
	"encoding/json"
	"slices"
	"time"

	"lachan/duty/detection/exchange"
	"lachan/internal/authz"
	"lachan/internal/clock"
	"lachan/internal/fetch"
	"lachan/internal/problem"
	"lachan/internal/sqldb"
)

// Getter fetches foreign lists; internal/fetch has it.
type Getter interface {
	Get(ctx context.Context, q fetch.Request) (*fetch.Response, error)
}

// ExchangeState is whether an exchange is asked.
type ExchangeState string

// The states. One that was dropped is not shown; its contents are gone.
const (
	ExchangeActive  ExchangeState = "active"
	ExchangePaused  ExchangeState = "paused"
	exchangeDropped ExchangeState = "dropped"
)

// Exchange is somebody whose lists fill a bank: by files that a person brings,
// or by being asked.
type Exchange struct {
	Name    string // as a bank's
	Bank    string
	Format  exchange.Format
	Pulls   bool              // it is asked
	Address string            // only when given: it may hold a key and is never shown again
	Host    string            // of the address, for people
	Type    exchange.Type     // of values whose list names none; "": by their length
	Columns map[string]string // of a table: our field → the list's heading
	Every   int               // minutes between two pulls
	State   ExchangeState
	Next    time.Time // when it is asked; zero: it is not
	Access  bool      // it has credentials
	// Failures counts pulls that failed in a row; Fault is why the last did.
	Failures int
	Fault    *problem.Error
	Made     time.Time
	By       string
}

// Bounds of the pause between two pulls, in minutes.
const (
	MinEvery = 15
	MaxEvery = 7 * 24 * 60
)

// exchangeOptions is what a list does not say itself.
type exchangeOptions struct {
	Type    exchange.Type     `json:"type,omitempty"`
	Columns map[string]string `json:"columns,omitempty"`
	Host    string            `json:"host,omitempty"`
}

// fault is a problem as it is kept.
type fault struct {
	Code string `json:"code,omitempty"`
	Args []any  `json:"args,omitempty"`
}

func faultOf(err error) string {
	if err == nil {
		return "{}"
	}
	p := problem.From(err)
	data, err := json.Marshal(fault{p.Code, p.Args})
	if err != nil {
		return `{"code":"` + problem.Unknown + `"}`
	}
	return string(data)
}

func (f fault) problem() *problem.Error {
	if f.Code == "" {
		return nil
	}
	for i, a := range f.Args {
		if n, is := a.(float64); is { // what JSON makes of every number
			f.Args[i] = int64(n)
		}
	}
	return problem.New(f.Code, f.Args...)
}

const exchangeColumns = `name, bank, format, pulls, options, every, state, next_at, failures, fault, made, by_person,
	(SELECT COUNT(*) FROM detection_access a WHERE a.name = detection_exchange.name OR a.name = 'api/' || detection_exchange.format)`

var (
	queryExchange    = sqldb.Register("detection.exchange", `SELECT `+exchangeColumns+` FROM detection_exchange WHERE name = $1 AND state <> 'dropped'`)
	queryExchanges   = sqldb.Register("detection.exchanges", `SELECT `+exchangeColumns+` FROM detection_exchange WHERE state <> 'dropped' ORDER BY name`)
	queryExchangePut = sqldb.Register("detection.exchange_put", `
		INSERT INTO detection_exchange (name, bank, format, pulls, address, options, every, state, next_at, place, failures, fault, made, by_person)
		VALUES ($1,$2,$3,$4,$5,$6,$7,'active',$8,$9,0,'{}',$10,$11)
		ON CONFLICT (name) DO UPDATE SET bank = excluded.bank, format = excluded.format, pulls = excluded.pulls, address = excluded.address,
			options = excluded.options, every = excluded.every, state = 'active', next_at = excluded.next_at, place = excluded.place,
			failures = 0, fault = '{}', made = excluded.made, by_person = excluded.by_person`)
	queryExchangeEdit = sqldb.Register("detection.exchange_edit", `
		UPDATE detection_exchange SET options = $2, every = $3, address = $4, place = $5, next_at = $6 WHERE name = $1`)
	queryExchangeState   = sqldb.Register("detection.exchange_state", `UPDATE detection_exchange SET state = $2, next_at = $3 WHERE name = $1`)
	queryExchangeForget  = sqldb.Register("detection.exchange_forget", `UPDATE detection_exchange SET address = $2, place = $2 WHERE name = $1`)
	queryExchangeBoxes   = sqldb.Register("detection.exchange_boxes", `SELECT address, place FROM detection_exchange WHERE name = $1`)
	queryExchangeOfGone  = sqldb.Register("detection.exchange_gone", `UPDATE detection_content SET gone = $2, changed = $3 WHERE exchange = $1 AND gone = 0`)
	queryAccessPut       = sqldb.Register("detection.access_put", `INSERT INTO detection_access (name, secret) VALUES ($1,$2) ON CONFLICT (name) DO UPDATE SET secret = excluded.secret`)
	queryAccess          = sqldb.Register("detection.access", `SELECT secret FROM detection_access WHERE name = $1`)
	queryAccessDrop      = sqldb.Register("detection.access_drop", `DELETE FROM detection_access WHERE name = $1`)
	queryExchangeColumns = sqldb.Register("detection.exchange_columns", `UPDATE detection_exchange SET options = $2 WHERE name = $1`)
)

func scanExchange(r sqldb.Row) (e Exchange, err error) {
	var pulls, access int
	var next, made int64
	var options, why string
	err = r.Scan(&e.Name, &e.Bank, &e.Format, &pulls, &options, &e.Every, &e.State, &next, &e.Failures, &why, &made, &e.By, &access)
	if err != nil {
		return e, err
	}
	o := decode[exchangeOptions](options)
	e.Pulls, e.Access, e.Next, e.Made = pulls != 0, access != 0, fromMicro(next), clock.FromMicro(made)
	e.Type, e.Columns, e.Host, e.Fault = o.Type, o.Columns, o.Host, decode[fault](why).problem()
	return e, nil
}

func (e *Exchange) options() (string, error) {
	data, err := json.Marshal(exchangeOptions{e.Type, e.Columns, e.Host})
	return string(data), err
}

func placeBox(name string) string { return "exchange-place/" + name }
func urlBox(name string) string   { return "exchange-address/" + name }
func accessBox(name string) string {
	return "exchange-access/" + name
}

// validate lists every faulty field; a pull needs its address.
func (e *Exchange) validate(fresh bool) error {
	p := problem.New("input/faulty")
	if !bankName.MatchString(e.Name) {
		p.Field("name", "detection/bad-bank-name")
	}
	if !slices.Contains(exchange.Formats(), e.Format) {
		p.Field("format", "input/not-a-choice")
	}
	if e.Type != "" && !slices.Contains(exchange.Types(), e.Type) {
		p.Field("type", "input/not-a-choice")
	}
	if IsDecided(e.Bank) {
		p.Field("bank", "detection/bank-is-ours")
	}
	for field := range e.Columns {
		if !slices.Contains(exchange.CSVFields(), field) {
			p.Field("columns", "input/not-a-choice")
			break
		}
	}
	if !e.Pulls {
		e.Address, e.Host, e.Every = "", "", 0
		return p.OrNil()
	}
	if e.Every < MinEvery || e.Every > MaxEvery {
		p.Field("every", "input/out-of-range", "min", MinEvery, "max", MaxEvery)
	}
	if e.Address != "" || fresh {
		u, err := fetch.CheckURL(e.Address)
		switch {
		case e.Address == "":
			p.Field("address", "input/required")
		case err != nil:
			p.Field("address", "fetch/bad-url")
		default:
			e.Host = u.Hostname()
		}
	}
	return p.OrNil()
}

// Exchanges lists the exchanges by name.
func (s *Service) Exchanges(ctx context.Context, actor authz.Actor) ([]Exchange, error) {
	if _, err := s.check(ctx, actor, "detection.exchange", "exchange", ""); err != nil {
		return nil, err
	}
	all, err := sqldb.All(ctx, s.DB.Read(), queryExchanges, scanExchange)
	return all, wrap("exchanges", err)
}

// Exchange is one exchange; detection/no-exchange if there is none.
func (s *Service) Exchange(ctx context.Context, actor authz.Actor, name string) (Exchange, error) {
	if _, err := s.check(ctx, actor, "detection.exchange", "exchange", name); err != nil {
		return Exchange{}, err
	}
	return s.exchange(ctx, s.DB.Read(), name)
}

func (s *Service) exchange(ctx context.Context, q sqldb.Queryer, name string) (Exchange, error) {
	e, err := sqldb.One(ctx, q, queryExchange, scanExchange, name)
	return e, notFound(err, "detection/no-exchange")
}
