// SPDX-License-Identifier: Apache-2.0

package detection

import (
	"context"
	"encoding/json"
	"errors"
	"slices"
	"strings"

	"lachan/duty/detection/exchange"
	"lachan/internal/authz"
	"lachan/internal/problem"
	"lachan/internal/sqldb"
)

// AccessFields are the credentials that a format's servers ask for.
func AccessFields(f exchange.Format) []string {
	switch f {
	case exchange.NCMEC:
		return []string{"user", "password"}
	case exchange.StopNCII:
		return []string{"subscription_key", "function_key"}
	case exchange.ThreatExchange:
		return []string{"api_token"}
	case exchange.TechAgainst:
		return []string{"token"}
	case exchange.CSV, exchange.Lines, exchange.STIX, exchange.VICS:
		return []string{"user", "password", "token"}
	}
	return nil
}

// APIAccess is where credentials for all exchanges of a format are kept that
// have none of their own.
func APIAccess(f exchange.Format) string { return "api/" + string(f) }

// SetAccess keeps credentials for an exchange, or for all of a format (see
// APIAccess), boxed under the hub's key; they are never shown again. None
// forgets them.
func (s *Service) SetAccess(ctx context.Context, actor authz.Actor, name string, f exchange.Format, access map[string]string) error {
	permit, err := s.check(ctx, actor, "detection.exchange", "exchange", name)
	if err != nil {
		return err
	}
	kept := map[string]string{}
	for field, value := range access {
		value = strings.TrimSpace(value)
		if !slices.Contains(AccessFields(f), field) || len(value) > 2000 || strings.ContainsAny(value, "\r\n\x00") {
			return problem.New("input/faulty").Field("access-"+field, "input/not-a-choice")
		}
		if value != "" {
			kept[field] = value
		}
	}
	data, err := json.Marshal(kept)
	if err != nil {
		return err
	}
	secret, err := s.box().Seal(accessBox(name), data)
	if err != nil {
		return err
	}
	return s.DB.Tx(ctx, func(ctx context.Context, tx *sqldb.Tx) error {
		if len(kept) == 0 {
			if _, err := sqldb.Exec(ctx, tx, queryAccessDrop, name); err != nil {
				return err
			}
		} else if _, err := sqldb.Exec(ctx, tx, queryAccessPut, name, secret); err != nil {
			return err
		}
		return s.record(ctx, tx, actor, name, "detection.exchange_access", permit, map[string]int{"fields": len(kept)})
	})
}

// HasAccess reports whether there are credentials under a name.
func (s *Service) HasAccess(ctx context.Context, actor authz.Actor, name string) (bool, error) {
	if _, err := s.check(ctx, actor, "detection.exchange", "exchange", name); err != nil {
		return false, err
	}
	_, err := sqldb.One(ctx, s.DB.Read(), queryAccess, sqldb.Scalar[[]byte], name)
	if errors.Is(err, sqldb.ErrNoRows) {
		return false, nil
	}
	return err == nil, wrap("access", err)
}

// access opens the credentials of an exchange, else those of its format.
func (s *Service) access(ctx context.Context, e Exchange) (map[string]string, error) {
	for _, name := range []string{e.Name, APIAccess(e.Format)} {
		secret, err := sqldb.One(ctx, s.DB.Read(), queryAccess, sqldb.Scalar[[]byte], name)
		if errors.Is(err, sqldb.ErrNoRows) {
			continue
		}
		if err != nil {
			return nil, err
		}
		plain, err := s.box().Open(accessBox(name), secret)
		if err != nil {
			return nil, err
		}
		return decode[map[string]string](string(plain)), nil
	}
	return nil, nil
}

type exchangeBoxes struct{ address, place []byte }

func (s *Service) boxes(ctx context.Context, q sqldb.Queryer, name string) (exchangeBoxes, error) {
	return sqldb.One(ctx, q, queryExchangeBoxes, func(r sqldb.Row) (b exchangeBoxes, err error) {
		b = exchangeBoxes{[]byte{}, []byte{}}
		var address, place []byte // nil where they are empty
		err = r.Scan(&address, &place)
		b.address, b.place = append(b.address, address...), append(b.place, place...)
		return b, err
	}, name)
}

// sealed boxes a text; nothing stays nothing.
func (s *Service) sealed(context, text string) ([]byte, error) {
	if text == "" {
		return []byte{}, nil
	}
	return s.box().Seal(context, []byte(text))
}

func (s *Service) unsealed(context string, boxed []byte) (string, error) {
	if len(boxed) == 0 {
		return "", nil
	}
	plain, err := s.box().Open(context, boxed)
	return string(plain), err
}
