// SPDX-License-Identifier: Apache-2.0

package casework

import (
	"context"
	"encoding/base64"
	"fmt"
	"time"

	"lachan/internal/authz"
	"lachan/internal/clock"
	"lachan/internal/id"
	"lachan/internal/problem"
	"lachan/internal/sqldb"
)

// Shift is who is on call, from and to an instant; nights and Tết too.
type Shift struct {
	ID, Unit, Person, StandIn string
	From, To                  time.Time
	Phone                     string // opened under the hub's key; personal
	phoneSealed               string
}

var (
	shiftInsert = sqldb.Register("casework.shift_insert", `INSERT INTO casework_shift (id, unit_id, person, stand_in, starts, ends, phone_sealed) VALUES ($1,$2,$3,$4,$5,$6,$7)`)
	shiftDrop   = sqldb.Register("casework.shift_drop", `DELETE FROM casework_shift WHERE id = $1`)
	shiftByID   = sqldb.Register("casework.shift_by_id", `SELECT id, unit_id, person, stand_in, starts, ends, phone_sealed FROM casework_shift WHERE id = $1`)
	shiftsFrom  = sqldb.Register("casework.shifts_from", `SELECT id, unit_id, person, stand_in, starts, ends, phone_sealed FROM casework_shift
		WHERE ends > $1 AND starts < $2 ORDER BY starts, id LIMIT 500`)
)

func scanShift(r sqldb.Row) (f Shift, err error) {
	var starts, ends int64
	err = r.Scan(&f.ID, &f.Unit, &f.Person, &f.StandIn, &starts, &ends, &f.phoneSealed)
	f.From, f.To = clock.FromMicro(starts), clock.FromMicro(ends)
	return f, err
}

// ShiftCommand puts somebody on call.
type ShiftCommand struct {
	Unit    string    `json:"unit"`
	Person  string    `json:"person"`
	StandIn string    `json:"stand_in"`
	Phone   string    `json:"phone"` // personal; sealed under the hub's key
	From    time.Time `json:"from"`
	To      time.Time `json:"to"`
}

// longestShift bounds a shift: who is on call for longer is on call for nothing.
const longestShift = 72 * time.Hour

// Validate lists every faulty field.
func (c *ShiftCommand) Validate() error {
	p := problem.New("input/faulty")
	for name, v := range map[string]string{"unit": c.Unit, "person": c.Person, "phone": c.Phone} {
		if v == "" {
			p.Field(name, "input/required")
		}
	}
	if c.Phone != "" && CanonicalPhone(c.Phone) == "" {
		p.Field("phone", "casework/not-a-phone")
	}
	if c.StandIn != "" && c.StandIn == c.Person {
		p.Field("stand_in", "casework/stand-in-same")
	}
	if !c.To.After(c.From) || c.To.Sub(c.From) > longestShift {
		p.Field("to", "casework/shift-length", "hours", int(longestShift/time.Hour))
	}
	return p.OrNil()
}

// AddShift puts somebody on call.
func (s *Service) AddShift(ctx context.Context, actor authz.Actor, cmd ShiftCommand) (string, error) {
	if err := cmd.Validate(); err != nil {
		return "", err
	}
	permit, err := s.Authz.Check(ctx, actor, "casework.roster", authz.Resource{Type: "casework.roster", ID: cmd.Unit, Attrs: map[string]any{"unit": cmd.Unit}})
	if err != nil {
		return "", err
	}
	shift := id.New()
	sealed, err := s.sealPhone(shift, cmd.Phone)
	if err != nil {
		return "", err
	}
	return shift, s.DB.Tx(ctx, func(ctx context.Context, tx *sqldb.Tx) error {
		if _, err := sqldb.Exec(ctx, tx, shiftInsert, shift, cmd.Unit, cmd.Person, cmd.StandIn, clock.Micro(cmd.From), clock.Micro(cmd.To), sealed); err != nil {
			return err
		}
		return s.record(ctx, tx, actor, shift, "casework.shift-added", permit.Policies(), map[string]any{"unit": cmd.Unit, "from": cmd.From, "to": cmd.To})
	})
}

// DropShift takes a shift off the roster.
func (s *Service) DropShift(ctx context.Context, actor authz.Actor, shift string) error {
	return s.DB.Tx(ctx, func(ctx context.Context, tx *sqldb.Tx) error {
		f, err := sqldb.All(ctx, tx, shiftByID, scanShift, shift)
		if err != nil {
			return err
		}
		if len(f) == 0 {
			return problem.New("authz/not-found")
		}
		permit, err := s.Authz.Check(ctx, actor, "casework.roster", authz.Resource{Type: "casework.roster", ID: f[0].Unit, Attrs: map[string]any{"unit": f[0].Unit}})
		if err != nil {
			return err
		}
		if _, err := sqldb.Exec(ctx, tx, shiftDrop, shift); err != nil {
			return err
		}
		return s.record(ctx, tx, actor, shift, "casework.shift-dropped", permit.Policies(), map[string]any{"unit": f[0].Unit})
	})
}

// Roster lists the shifts that touch a window, earliest first, with phones for
// those who may keep the roster.
func (s *Service) Roster(ctx context.Context, actor authz.Actor, from, to time.Time) ([]Shift, error) {
	if _, err := s.Authz.Check(ctx, actor, "casework.roster", authz.Resource{Type: "casework.roster"}); err != nil {
		return nil, err
	}
	list, err := sqldb.All(ctx, s.DB.Read(), shiftsFrom, scanShift, clock.Micro(from), clock.Micro(to))
	if err != nil {
		return nil, err
	}
	for i := range list {
		if list[i].Phone, err = s.openPhone(list[i].ID, list[i].phoneSealed); err != nil {
			return nil, err
		}
	}
	return list, nil
}

// Gap is a time without anybody on call.
type Gap struct{ From, To time.Time }

// Gaps finds the times of a window in which nobody is on call. Shifts must be
// sorted by their start.
func Gaps(shifts []Shift, from, to time.Time) []Gap {
	var gaps []Gap
	at := from
	for _, f := range shifts {
		if f.From.After(at) && f.From.Before(to) {
			gaps = append(gaps, Gap{at, f.From})
		}
		if f.To.After(at) {
			at = f.To
		}
	}
	if at.Before(to) {
		gaps = append(gaps, Gap{at, to})
	}
	return gaps
}

// promiseAhead is how far the roster is believed: a promise further off than
// this is none.
const promiseAhead = 7 * 24 * time.Hour

// Promise is when a report will be read. The zero Promise promises nothing:
// the page then puts 111 and 113 first and names no hour.
type Promise struct {
	At  time.Time // at the latest
	Now bool      // somebody is on call at this moment
}

// Given reports whether there is a promise at all.
func (p Promise) Given() bool { return !p.At.IsZero() }

// ReadingPromise says when a report will be read, as the roster of the duty
// unit gives it. With somebody on call now it is a quarter of an hour (our own
// clock HL15); else the start of the next shift and that quarter.
func (s *Service) ReadingPromise(ctx context.Context) (Promise, error) {
	now := s.now()
	unit, err := s.Units.DutyUnit(ctx, now)
	if err != nil {
		return Promise{}, err
	}
	shifts, err := sqldb.All(ctx, s.DB.Read(), shiftsFrom, scanShift, clock.Micro(now), clock.Micro(now.Add(promiseAhead)))
	if err != nil {
		return Promise{}, err
	}
	return promise(shifts, unit, now), nil
}

func promise(shifts []Shift, unit string, now time.Time) Promise {
	const look = 15 * time.Minute
	for _, f := range shifts {
		if f.Unit != unit || !f.To.After(now) {
			continue
		}
		if !f.From.After(now) {
			return Promise{At: now.Add(look), Now: true}
		}
		return Promise{At: f.From.Add(look)}
	}
	return Promise{}
}

// NowOnDuty is who is on call for a unit at this moment; nil for nobody. It
// opens the phone: only what rings, and a caseworker's page, ask for it.
func (s *Service) NowOnDuty(ctx context.Context, unit string) (*Shift, error) {
	return s.onDuty(ctx, s.DB.Read(), unit, s.now())
}

func (s *Service) onDuty(ctx context.Context, q sqldb.Queryer, unit string, now time.Time) (*Shift, error) {
	shifts, err := sqldb.All(ctx, q, shiftsFrom, scanShift, clock.Micro(now), clock.Micro(now)+1)
	if err != nil {
		return nil, err
	}
	for _, f := range shifts {
		if f.Unit == unit {
			if f.Phone, err = s.openPhone(f.ID, f.phoneSealed); err != nil {
				return nil, err
			}
			return &f, nil
		}
	}
	return nil, nil
}

func (s *Service) sealPhone(shift, phone string) (string, error) {
	body, err := s.phoneBox().Seal(shift, []byte(phone))
	return base64.RawStdEncoding.EncodeToString(body), err
}

func (s *Service) openPhone(shift, sealed string) (string, error) {
	body, err := base64.RawStdEncoding.DecodeString(sealed)
	if err != nil {
		return "", fmt.Errorf("casework: phone of a shift: %w", err)
	}
	phone, err := s.phoneBox().Open(shift, body)
	return string(phone), err
}
