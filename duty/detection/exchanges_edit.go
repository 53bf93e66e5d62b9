// SPDX-License-Identifier: Apache-2.0

package detection

import (
	"context"
	"errors"
	"time"

	"lachan/internal/authz"
	"lachan/internal/clock"
	"lachan/internal/problem"
	"lachan/internal/sqldb"
)

// AddExchange makes an exchange; its bank must be there. One of a name that was
// dropped begins anew.
func (s *Service) AddExchange(ctx context.Context, actor authz.Actor, e Exchange) error {
	permit, err := s.check(ctx, actor, "detection.exchange", "exchange", e.Name)
	if err != nil {
		return err
	}
	if err := e.validate(true); err != nil {
		return err
	}
	options, err := e.options()
	if err != nil {
		return err
	}
	address, err := s.sealed(urlBox(e.Name), e.Address)
	if err != nil {
		return err
	}
	return s.DB.Tx(ctx, func(ctx context.Context, tx *sqldb.Tx) error {
		if _, err := s.exchange(ctx, tx, e.Name); err == nil {
			return problem.New("detection/exchange-exists").Field("name", "detection/exchange-exists")
		} else if !problem.Is(err, "detection/no-exchange") {
			return err
		}
		if _, err := s.bank(ctx, tx, e.Bank); problem.Is(err, "detection/no-bank") {
			return problem.New("input/faulty").Field("bank", "input/not-a-choice")
		} else if err != nil {
			return err
		}
		now := s.now()
		next := time.Time{}
		if e.Pulls {
			next = now
		}
		_, err := sqldb.Exec(ctx, tx, queryExchangePut, e.Name, e.Bank, string(e.Format), flag(e.Pulls), address, options, e.Every, toMicro(next),
			[]byte{}, clock.Micro(now), actor.Name())
		if err != nil {
			return err
		}
		return s.record(ctx, tx, actor, e.Name, "detection.exchange_made", permit, map[string]any{"bank": e.Bank, "format": e.Format, "pulls": e.Pulls})
	})
}

// EditExchange changes what an exchange's lists do not say, how often it is
// asked, and, where one is given, its address: asking then begins anew.
func (s *Service) EditExchange(ctx context.Context, actor authz.Actor, e Exchange) error {
	return s.changeExchange(ctx, actor, e.Name, "detection.exchange_changed", func(ctx context.Context, tx *sqldb.Tx, old Exchange) error {
		e.Bank, e.Format, e.Pulls, e.Host = old.Bank, old.Format, old.Pulls, old.Host
		if err := e.validate(false); err != nil {
			return err
		}
		boxes, err := s.boxes(ctx, tx, e.Name)
		if err != nil {
			return err
		}
		next := old.Next
		if e.Address != "" {
			if boxes.address, err = s.sealed(urlBox(e.Name), e.Address); err != nil {
				return err
			}
			boxes.place, next = []byte{}, s.now()
		}
		options, err := e.options()
		if err != nil {
			return err
		}
		_, err = sqldb.Exec(ctx, tx, queryExchangeEdit, e.Name, options, e.Every, boxes.address, boxes.place, toMicro(next))
		return err
	})
}

// MapColumns keeps which columns of an exchange's tables are what.
func (s *Service) MapColumns(ctx context.Context, actor authz.Actor, name string, columns map[string]string) error {
	return s.changeExchange(ctx, actor, name, "detection.exchange_changed", func(ctx context.Context, tx *sqldb.Tx, e Exchange) error {
		e.Columns = columns
		if err := e.validate(false); err != nil {
			return err
		}
		options, err := e.options()
		if err != nil {
			return err
		}
		_, err = sqldb.Exec(ctx, tx, queryExchangeColumns, name, options)
		return err
	})
}

// PauseExchange stops or goes on asking.
func (s *Service) PauseExchange(ctx context.Context, actor authz.Actor, name string, paused bool) error {
	return s.changeExchange(ctx, actor, name, "detection.exchange_changed", func(ctx context.Context, tx *sqldb.Tx, e Exchange) error {
		state, next := ExchangeActive, s.now()
		if paused {
			state = ExchangePaused
		}
		if paused || !e.Pulls {
			next = time.Time{}
		}
		_, err := sqldb.Exec(ctx, tx, queryExchangeState, name, string(state), toMicro(next))
		return err
	})
}

// PullSoon has an exchange asked at the next turn, within a minute.
func (s *Service) PullSoon(ctx context.Context, actor authz.Actor, name string) error {
	return s.changeExchange(ctx, actor, name, "detection.exchange_changed", func(ctx context.Context, tx *sqldb.Tx, e Exchange) error {
		if !e.Pulls || e.State != ExchangeActive {
			return problem.New("detection/not-asked")
		}
		_, err := sqldb.Exec(ctx, tx, queryExchangeState, name, string(e.State), toMicro(s.now()))
		return err
	})
}

// DropExchange ends an exchange: what came from it leaves the bank, its address
// and credentials are forgotten.
func (s *Service) DropExchange(ctx context.Context, actor authz.Actor, name string) error {
	return s.changeExchange(ctx, actor, name, "detection.exchange_dropped", func(ctx context.Context, tx *sqldb.Tx, _ Exchange) error {
		change, err := next(ctx, tx, changeCounter)
		if err != nil {
			return err
		}
		_, gone := sqldb.Exec(ctx, tx, queryExchangeOfGone, name, clock.Micro(s.now()), change)
		_, state := sqldb.Exec(ctx, tx, queryExchangeState, name, string(exchangeDropped), 0)
		_, forgot := sqldb.Exec(ctx, tx, queryExchangeForget, name, []byte{})
		_, access := sqldb.Exec(ctx, tx, queryAccessDrop, name)
		return errors.Join(gone, state, forgot, access)
	})
}

func (s *Service) changeExchange(ctx context.Context, actor authz.Actor, name, kind string, do func(context.Context, *sqldb.Tx, Exchange) error) error {
	permit, err := s.check(ctx, actor, "detection.exchange", "exchange", name)
	if err != nil {
		return err
	}
	return s.DB.Tx(ctx, func(ctx context.Context, tx *sqldb.Tx) error {
		e, err := s.exchange(ctx, tx, name)
		if err != nil {
			return err
		}
		if err := do(ctx, tx, e); err != nil {
			return err
		}
		return s.record(ctx, tx, actor, name, kind, permit, map[string]string{"bank": e.Bank})
	})
}
