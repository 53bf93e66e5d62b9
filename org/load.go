// SPDX-License-Identifier: Apache-2.0

package org

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"

	"lachan/internal/clock"
	"lachan/internal/id"
	"lachan/internal/sqldb"
)

// Load writes a pack's facts in the caller's transaction. The same pack again
// changes nothing; a newer text of it replaces what it said, keeping the ids
// of its units. Afterwards the caller refreshes the Service.
//
// A unit that a newer text leaves out is not deleted, since figures may
// stand under it: end it with a last day instead.
func Load(ctx context.Context, tx *sqldb.Tx, now clock.Clock, p Pack) error {
	digest, err := p.digest()
	if err != nil {
		return err
	}
	have, err := sqldb.One(ctx, tx, qPackDigest, sqldb.Scalar[string], p.Key)
	switch {
	case err == nil && have == digest:
		return nil
	case err != nil && !errors.Is(err, sqldb.ErrNoRows):
		return err
	}
	l := loader{tx: tx, pack: p.Key, ids: map[string]string{}, first: err != nil}
	if err := l.run(ctx, p); err != nil {
		return err
	}
	if err := l.exec(ctx, qPackPut, p.Key, digest, clock.Micro(now.Now())); err != nil {
		return err
	}
	return l.exec(ctx, qVersionBump)
}

func (p Pack) digest() (string, error) {
	raw, err := json.Marshal(p)
	if err != nil {
		return "", fmt.Errorf("org: %w", err)
	}
	sum := sha256.Sum256(raw)
	return hex.EncodeToString(sum[:]), nil
}

type loader struct {
	tx   *sqldb.Tx
	pack string
	ids  map[string]string
	// first says that the pack has never been loaded: then its units have no
	// rows to clear, which is half of the work.
	first bool
}

func (l *loader) exec(ctx context.Context, q *sqldb.Query, args ...any) error {
	_, err := sqldb.Exec(ctx, l.tx, q, args...)
	return err
}

func (l *loader) run(ctx context.Context, p Pack) error {
	for _, u := range p.Units {
		if err := l.unit(ctx, u); err != nil {
			return err
		}
	}
	for _, u := range p.Units {
		if err := l.parents(ctx, u); err != nil {
			return err
		}
	}
	for _, e := range p.Events {
		if err := l.event(ctx, e); err != nil {
			return err
		}
	}
	if err := l.exec(ctx, qFunctionClear, l.pack); err != nil {
		return err
	}
	for _, h := range p.Holders {
		unit, err := l.id(ctx, h.Unit)
		if err != nil {
			return err
		}
		s := span(h.From, h.To)
		if err := l.exec(ctx, qFunctionPut, h.Function, string(s.From), string(s.To), unit, l.pack, h.Verified); err != nil {
			return err
		}
	}
	for _, r := range p.Rest {
		if err := l.exec(ctx, qRestPut, string(r.Day), r.Rest, r.Name, r.Verified); err != nil {
			return err
		}
	}
	return nil
}

// id finds the id of a key of this pack or of one loaded before.
func (l *loader) id(ctx context.Context, key string) (string, error) {
	if have, ok := l.ids[key]; ok {
		return have, nil
	}
	have, err := sqldb.One(ctx, l.tx, qUnitByKey, sqldb.Scalar[string], key)
	if err != nil {
		return "", fmt.Errorf("org: unit %q: %w", key, err)
	}
	l.ids[key] = have
	return have, nil
}

func (l *loader) unit(ctx context.Context, u UnitSpec) error {
	life := span(u.From, u.To)
	fresh := id.New()
	unit, err := sqldb.One(ctx, l.tx, qUnitPut, sqldb.Scalar[string], fresh, u.Key, l.pack, string(life.From), string(life.To), u.Verified)
	if err != nil {
		return err
	}
	l.ids[u.Key] = unit
	clear := []*sqldb.Query{qNameClear, qCodeClear, qKindClear, qParentClear}
	if l.first && unit == fresh {
		clear = nil
	}
	for _, q := range clear {
		if err := l.exec(ctx, q, unit); err != nil {
			return err
		}
	}
	if u.Code != "" {
		if err := l.exec(ctx, qCodePut, unit, string(life.From), string(life.To), u.Code); err != nil {
			return err
		}
	}
	names := dated(life, u.Name, u.Changes, func(c ChangeSpec) string { return c.Name })
	for _, n := range names {
		if err := l.exec(ctx, qNamePut, unit, string(n.From), string(n.To), n.value); err != nil {
			return err
		}
	}
	for _, f := range dated(life, u.Form, u.Changes, func(c ChangeSpec) string { return c.Form }) {
		if err := l.exec(ctx, qKindPut, unit, string(f.From), string(f.To), u.Kind, f.value, string(u.Level), u.School); err != nil {
			return err
		}
	}
	return nil
}

func (l *loader) parents(ctx context.Context, u UnitSpec) error {
	life := span(u.From, u.To)
	put := func(tree, first string, of func(ChangeSpec) string) error {
		for _, p := range dated(life, first, u.Changes, of) {
			if p.value == "" {
				continue
			}
			parent, err := l.id(ctx, p.value)
			if err != nil {
				return err
			}
			if err := l.exec(ctx, qParentPut, l.ids[u.Key], tree, string(p.From), string(p.To), parent); err != nil {
				return err
			}
		}
		return nil
	}
	if err := put(treeAdmin, u.Parent, func(c ChangeSpec) string { return c.Parent }); err != nil {
		return err
	}
	return put(treeLine, u.Line, func(c ChangeSpec) string { return c.Line })
}

func (l *loader) event(ctx context.Context, e EventSpec) error {
	if err := l.exec(ctx, qEventPut, e.Key, l.pack, string(e.Day), e.Basis); err != nil {
		return err
	}
	if err := l.exec(ctx, qSuccessionClear, e.Key); err != nil {
		return err
	}
	for _, s := range e.Links {
		from, err := l.id(ctx, s.From)
		if err != nil {
			return err
		}
		to, err := l.id(ctx, s.To)
		if err != nil {
			return err
		}
		mode := "part"
		if s.Whole {
			mode = "whole"
		}
		if err := l.exec(ctx, qSuccessionPut, e.Key, from, to, mode, s.Type, s.Verified); err != nil {
			return err
		}
	}
	return nil
}

type datedValue struct {
	Span
	value string
}

// dated lays a first value and its later changes out over a unit's life. A
// change without a value of this kind leaves it as it was.
func dated(life Span, first string, changes []ChangeSpec, of func(ChangeSpec) string) []datedValue {
	out := []datedValue{{life, first}}
	for _, c := range changes {
		if v := of(c); v != "" {
			out[len(out)-1].To = c.At.Add(-1)
			out = append(out, datedValue{Span{c.At, life.To}, v})
		}
	}
	return out
}
