// SPDX-License-Identifier: Apache-2.0

package org

import (
	"context"
	"slices"
	"strings"
	"sync"

	"lachan/internal/sqldb"
)

// snapshot is every dated fact, in memory. It does not change once read;
// trees of single days are cut from it and kept.
type snapshot struct {
	version int64
	units   map[string]*history
	byKey   map[string]string
	order   []string // ids by key, so that all that is built from it is stable
	holders map[string][]Holder
	out, in map[string][]Link // succession from and to a unit, by day
	rest    map[Day]RestDay
	breaks  []Day // days on which anything changes, sorted
	mu      sync.Mutex
	trees   map[Day]*Tree // by the last break before the day
}

// history is one unit's dated rows.
type history struct {
	id, key     string
	life        Span
	verified    bool
	names       []datedValue
	codes       []datedValue
	kinds       []datedKind
	admin, line []datedValue
}

type datedKind struct {
	Span
	kind, form, school string
	level              Level
}

type unitRowDB struct {
	unit string
	datedValue
	extra string
}

func scanDated(r sqldb.Row) (v unitRowDB, err error) {
	err = r.Scan(&v.unit, (*string)(&v.From), (*string)(&v.To), &v.value)
	return v, err
}

func readSnapshot(ctx context.Context, q sqldb.Queryer) (*snapshot, error) {
	s := &snapshot{
		units: map[string]*history{}, byKey: map[string]string{}, holders: map[string][]Holder{},
		out: map[string][]Link{}, in: map[string][]Link{}, rest: map[Day]RestDay{}, trees: map[Day]*Tree{},
	}
	var err error
	if s.version, err = sqldb.One(ctx, q, qVersion, sqldb.Scalar[int64]); err != nil {
		return nil, err
	}
	units, err := sqldb.All(ctx, q, qUnits, func(r sqldb.Row) (*history, error) {
		h := &history{}
		return h, r.Scan(&h.id, &h.key, (*string)(&h.life.From), (*string)(&h.life.To), &h.verified)
	})
	if err != nil {
		return nil, err
	}
	// The order of keys is made here, not by the database, so that both
	// databases give the same order.
	slices.SortFunc(units, func(a, b *history) int { return strings.Compare(a.key, b.key) })
	for _, h := range units {
		s.units[h.id], s.byKey[h.key] = h, h.id
		s.order = append(s.order, h.id)
	}
	if err := s.readRows(ctx, q); err != nil {
		return nil, err
	}
	if err := s.readLinks(ctx, q); err != nil {
		return nil, err
	}
	s.findBreaks()
	return s, nil
}

func (s *snapshot) readRows(ctx context.Context, q sqldb.Queryer) error {
	names, err := sqldb.All(ctx, q, qNames, scanDated)
	if err != nil {
		return err
	}
	for _, r := range names {
		s.units[r.unit].names = append(s.units[r.unit].names, r.datedValue)
	}
	codes, err := sqldb.All(ctx, q, qCodes, scanDated)
	if err != nil {
		return err
	}
	for _, r := range codes {
		s.units[r.unit].codes = append(s.units[r.unit].codes, r.datedValue)
	}
	_, err = sqldb.All(ctx, q, qKinds, func(r sqldb.Row) (struct{}, error) {
		var unit string
		var k datedKind
		err := r.Scan(&unit, (*string)(&k.From), (*string)(&k.To), &k.kind, &k.form, (*string)(&k.level), &k.school)
		if err == nil {
			s.units[unit].kinds = append(s.units[unit].kinds, k)
		}
		return struct{}{}, err
	})
	if err != nil {
		return err
	}
	parents, err := sqldb.All(ctx, q, qParents, func(r sqldb.Row) (v unitRowDB, err error) {
		err = r.Scan(&v.unit, &v.extra, (*string)(&v.From), (*string)(&v.To), &v.value)
		return v, err
	})
	if err != nil {
		return err
	}
	for _, r := range parents {
		h := s.units[r.unit]
		if r.extra == treeLine {
			h.line = append(h.line, r.datedValue)
		} else {
			h.admin = append(h.admin, r.datedValue)
		}
	}
	return nil
}

func (s *snapshot) readLinks(ctx context.Context, q sqldb.Queryer) error {
	holders, err := sqldb.All(ctx, q, qFunctions, func(r sqldb.Row) (h Holder, err error) {
		err = r.Scan(&h.Function, &h.Unit, (*string)(&h.Span.From), (*string)(&h.Span.To), &h.Verified)
		return h, err
	})
	if err != nil {
		return err
	}
	for _, h := range holders {
		s.holders[h.Function] = append(s.holders[h.Function], h)
	}
	links, err := sqldb.All(ctx, q, qLinks, func(r sqldb.Row) (l Link, err error) {
		var mode string
		err = r.Scan(&l.From, &l.To, &mode, &l.Type, &l.Verified, (*string)(&l.Day), &l.Basis)
		l.Whole = mode == "whole"
		return l, err
	})
	if err != nil {
		return err
	}
	for _, l := range links {
		s.out[l.From] = append(s.out[l.From], l)
		s.in[l.To] = append(s.in[l.To], l)
	}
	rest, err := sqldb.All(ctx, q, qRest, func(r sqldb.Row) (d RestDay, err error) {
		err = r.Scan((*string)(&d.Day), &d.Rest, &d.Name, &d.Verified)
		return d, err
	})
	for _, d := range rest {
		s.rest[d.Day] = d
	}
	return err
}

// findBreaks collects the days on which some fact begins or has ended.
func (s *snapshot) findBreaks() {
	days := map[Day]bool{Ever: true}
	mark := func(sp Span) {
		days[sp.From] = true
		if sp.To != Still {
			days[sp.To.Add(1)] = true
		}
	}
	for _, h := range s.units {
		mark(h.life)
		for _, rows := range [][]datedValue{h.names, h.codes, h.admin, h.line} {
			for _, r := range rows {
				mark(r.Span)
			}
		}
		for _, r := range h.kinds {
			mark(r.Span)
		}
	}
	for _, hs := range s.holders {
		for _, h := range hs {
			mark(h.Span)
		}
	}
	for d := range days {
		s.breaks = append(s.breaks, d)
	}
	slices.Sort(s.breaks)
}

// lastBreak is the day since when everything is as it is on d.
func (s *snapshot) lastBreak(d Day) Day {
	i, found := slices.BinarySearch(s.breaks, d)
	if !found {
		i--
	}
	return s.breaks[max(i, 0)]
}

func on(rows []datedValue, d Day) string {
	for _, r := range rows {
		if r.Has(d) {
			return r.value
		}
	}
	return ""
}

// unitOn is the unit as it is on d; outside its life, as it was nearest.
func (s *snapshot) unitOn(h *history, d Day) Unit {
	d = min(max(d, h.life.From), h.life.To)
	u := Unit{
		ID: h.id, Key: h.key, Span: h.life, Verified: h.verified,
		Name: on(h.names, d), Code: on(h.codes, d), Parent: on(h.admin, d), Line: on(h.line, d),
	}
	for _, k := range h.kinds {
		if k.Has(d) {
			u.Kind, u.Form, u.Level, u.School = k.kind, k.form, k.level, k.school
		}
	}
	return u
}
