// SPDX-License-Identifier: Apache-2.0

package org

import (
	"context"
	"sync"
	"sync/atomic"

	"lachan/internal/authz"
	"lachan/internal/clock"
	"lachan/internal/ledger"
	"lachan/internal/problem"
	"lachan/internal/sqldb"
)

// Checker decides whether an actor may act; *authz.Engine is one.
type Checker interface {
	Check(ctx context.Context, a authz.Actor, action string, r authz.Resource) (authz.Permit, error)
}

// Ledger records what was done, in the caller's transaction; *ledger.Log is
// one.
type Ledger interface {
	Append(ctx context.Context, tx *sqldb.Tx, e ledger.Entry) (string, error)
}

// Deps is what the service stands on. All are required.
type Deps struct {
	DB     *sqldb.DB
	Clock  clock.Clock
	Authz  Checker
	Ledger Ledger
}

// Service answers who and where. Reading is free of the database: it uses
// the snapshot of the last Refresh. It is safe for concurrent use.
type Service struct {
	Deps
	snap    atomic.Pointer[snapshot]
	refresh sync.Mutex
}

// New returns a service with an empty snapshot; call Refresh before use.
func New(d Deps) *Service {
	s := &Service{Deps: d}
	s.snap.Store(&snapshot{breaks: []Day{Ever}, trees: map[Day]*Tree{}})
	return s
}

// Refresh reads the facts anew if they have changed since, on this hub or
// another, and reports whether they had. It costs one small query otherwise;
// the hub calls it every few seconds.
func (s *Service) Refresh(ctx context.Context) (changed bool, err error) {
	s.refresh.Lock()
	defer s.refresh.Unlock()
	version, err := sqldb.One(ctx, s.DB.Read(), qVersion, sqldb.Scalar[int64])
	if err != nil {
		return false, err
	}
	if version == s.snap.Load().version {
		return false, nil
	}
	snap, err := readSnapshot(ctx, s.DB.Read())
	if err != nil {
		return false, err
	}
	s.snap.Store(snap)
	return true, nil
}

// Version changes whenever the facts do; what is derived from them can be
// kept until it does.
func (s *Service) Version() int64 { return s.snap.Load().version }

// Today is the current day in Vietnam.
func (s *Service) Today() Day { return DayOf(s.Clock.Now()) }

// At is all units as they are on a day.
func (s *Service) At(d Day) *Tree { return s.snap.Load().tree(d) }

// Unit is a unit by id, as it is on d or, outside its life, as it was
// nearest to d: a dissolved department keeps its last name.
func (s *Service) Unit(id string, d Day) (Unit, error) {
	snap := s.snap.Load()
	h, ok := snap.units[id]
	if !ok {
		return Unit{}, problem.New("org/unknown-unit")
	}
	return snap.unitOn(h, d), nil
}

// ByKey is a unit by its data file's key, whenever it lives.
func (s *Service) ByKey(key string) (Unit, error) {
	snap := s.snap.Load()
	h, ok := snap.units[snap.byKey[key]]
	if !ok {
		return Unit{}, problem.New("org/unknown-unit")
	}
	return snap.unitOn(h, s.Today()), nil
}

// Resolve finds the units of a selector on a day.
func (s *Service) Resolve(sel Selector, d Day) Resolution { return s.At(d).Resolve(sel) }

// Holder is the unit that holds a function on a day.
func (s *Service) Holder(function string, d Day) (Holder, error) {
	h, ok := s.At(d).Holder(function)
	if !ok {
		return Holder{}, problem.New("org/function-vacant", "function", function)
	}
	return h, nil
}

// Successors lists the links out of a unit with their day in from to to, the
// earliest first; Predecessors those into it.
func (s *Service) Successors(unit string, from, to Day) []Link {
	return within(s.snap.Load().out[unit], from, to)
}

// Predecessors lists the links into a unit with their day in from to to.
func (s *Service) Predecessors(unit string, from, to Day) []Link {
	return within(s.snap.Load().in[unit], from, to)
}

func within(links []Link, from, to Day) []Link {
	var out []Link
	for _, l := range links {
		if from <= l.Day && l.Day <= to {
			out = append(out, l)
		}
	}
	return out
}

// Frame is the map along which figures of a period are read. day is the last
// day of the period for AsReported, ignored for Today, and the day of the map
// for AsOf.
func (s *Service) Frame(kind FrameKind, day Day) *Frame {
	if kind == Today {
		day = s.Today()
	}
	snap := s.snap.Load()
	return &Frame{Kind: kind, snap: snap, tree: snap.tree(day), day: day}
}

// AddPack writes a pack, with permission and a ledger entry, and refreshes.
// Rosters of schools and classes come in this way.
func (s *Service) AddPack(ctx context.Context, actor authz.Actor, p Pack) error {
	permit, err := s.Authz.Check(ctx, actor, "org.edit", authz.Resource{Type: "org.pack", ID: p.Key})
	if err != nil {
		return err
	}
	if err := p.validate(); err != nil {
		return err
	}
	err = s.DB.Tx(ctx, func(ctx context.Context, tx *sqldb.Tx) error {
		if err := Load(ctx, tx, s.Clock, p); err != nil {
			return err
		}
		_, err := s.Ledger.Append(ctx, tx, ledger.Entry{
			Kind: "org.pack_loaded", Actor: actor.Name(), Object: p.Key,
			Policies: permit.Policies(), Details: map[string]int{"units": len(p.Units), "events": len(p.Events), "functions": len(p.Holders)},
		})
		return err
	})
	if err != nil {
		return err
	}
	_, err = s.Refresh(ctx)
	return err
}

func (p Pack) validate() error {
	faults := problem.New("input/faulty")
	for _, u := range p.Units {
		life := span(u.From, u.To)
		switch {
		case u.Key == "" || u.Name == "" || u.Kind == "":
			faults.Field(u.Key, "input/required")
		case life.From > life.To:
			faults.Field(u.Key, "org/ends-before-it-begins")
		}
	}
	return faults.OrNil()
}

// SetHolder gives a function to a unit from a day on; the holder before it
// ends on the day before.
type SetHolder struct {
	Function, Unit string
	From           Day
	Verified       bool // confirmed by a document of the province
}

// Validate lists all faulty fields.
func (c SetHolder) Validate() error {
	faults := problem.New("input/faulty")
	if c.Function == "" {
		faults.Field("function", "input/required")
	}
	if c.Unit == "" {
		faults.Field("unit", "input/required")
	}
	if _, err := ParseDay(string(c.From)); err != nil {
		faults.Field("from", "input/not-a-date")
	}
	return faults.OrNil()
}

// SetHolder records who holds a function from a day on.
func (s *Service) SetHolder(ctx context.Context, actor authz.Actor, cmd SetHolder) error {
	if err := cmd.Validate(); err != nil {
		return err
	}
	permit, err := s.Authz.Check(ctx, actor, "org.edit", authz.Resource{Type: "org.function", ID: cmd.Function})
	if err != nil {
		return err
	}
	if _, ok := s.At(cmd.From).Unit(cmd.Unit); !ok {
		return problem.New("org/unknown-unit")
	}
	err = s.DB.Tx(ctx, func(ctx context.Context, tx *sqldb.Tx) error {
		from := string(cmd.From)
		if _, err := sqldb.Exec(ctx, tx, qFunctionEnd, string(cmd.From.Add(-1)), cmd.Function, from, from); err != nil {
			return err
		}
		if _, err := sqldb.Exec(ctx, tx, qFunctionSet, cmd.Function, from, string(Still), cmd.Unit, "", cmd.Verified); err != nil {
			return err
		}
		if _, err := sqldb.Exec(ctx, tx, qVersionBump); err != nil {
			return err
		}
		_, err := s.Ledger.Append(ctx, tx, ledger.Entry{
			Kind: "org.function_set", Actor: actor.Name(), Object: cmd.Unit,
			Policies: permit.Policies(), Details: cmd,
		})
		return err
	})
	if err != nil {
		return err
	}
	_, err = s.Refresh(ctx)
	return err
}
