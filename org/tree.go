// SPDX-License-Identifier: Apache-2.0

package org

import (
	"iter"
	"slices"
	"strings"

	"lachan/internal/locale"
)

// Tree is all units that live on one day, as they are on it. It never
// changes and may be shared.
type Tree struct {
	day      Day
	snap     *snapshot
	units    map[string]*Unit
	children map[string][]string // territorial tree
	staff    map[string][]string // line tree
	roots    []string
	holders  map[string]Holder
	folded   map[string][]string // folded name → ids
	codes    map[string][]string
}

func (s *snapshot) tree(d Day) *Tree {
	key := s.lastBreak(d)
	s.mu.Lock()
	defer s.mu.Unlock()
	if t, ok := s.trees[key]; ok {
		return t
	}
	t := s.buildTree(key)
	s.trees[key] = t
	return t
}

func (s *snapshot) buildTree(d Day) *Tree {
	t := &Tree{
		day: d, snap: s, units: map[string]*Unit{}, children: map[string][]string{}, staff: map[string][]string{},
		holders: map[string]Holder{}, folded: map[string][]string{}, codes: map[string][]string{},
	}
	for _, id := range s.order {
		h := s.units[id]
		if !h.life.Has(d) {
			continue
		}
		u := s.unitOn(h, d)
		t.units[id] = &u
	}
	for _, id := range s.order {
		u, ok := t.units[id]
		if !ok {
			continue
		}
		// A parent that is not alive is no parent: the unit stands on its own.
		if _, ok := t.units[u.Parent]; ok {
			t.children[u.Parent] = append(t.children[u.Parent], id)
		} else {
			t.roots = append(t.roots, id)
		}
		if _, ok := t.units[u.Line]; ok {
			t.staff[u.Line] = append(t.staff[u.Line], id)
		}
		t.folded[locale.Fold(u.Name)] = append(t.folded[locale.Fold(u.Name)], id)
		if u.Code != "" {
			t.codes[u.Code] = append(t.codes[u.Code], id)
		}
	}
	for fn, hs := range s.holders {
		for _, h := range hs {
			if h.Span.Has(d) {
				t.holders[fn] = h
			}
		}
	}
	return t
}

// Since is the day since when all is as in this tree.
func (t *Tree) Since() Day { return t.day }

// Len is the number of units.
func (t *Tree) Len() int { return len(t.units) }

// Unit is the unit with the given id, and whether it lives on the tree's day.
func (t *Tree) Unit(id string) (Unit, bool) {
	if u, ok := t.units[id]; ok {
		return *u, true
	}
	return Unit{}, false
}

// ByKey is the unit with the given key of its data file.
func (t *Tree) ByKey(key string) (Unit, bool) { return t.Unit(t.snap.byKey[key]) }

// Roots are the units without a parent: provinces.
func (t *Tree) Roots() []Unit { return t.list(t.roots) }

// Children are the units directly under one in the territorial tree.
func (t *Tree) Children(id string) []Unit { return t.list(t.children[id]) }

// Staff are the units directly under one in the sector's line.
func (t *Tree) Staff(id string) []Unit { return t.list(t.staff[id]) }

func (t *Tree) list(ids []string) []Unit {
	out := make([]Unit, 0, len(ids))
	for _, id := range ids {
		out = append(out, *t.units[id])
	}
	return out
}

// All goes through the units in the order of their keys.
func (t *Tree) All() iter.Seq[Unit] {
	return func(yield func(Unit) bool) {
		for _, id := range t.snap.order {
			if u, ok := t.units[id]; ok && !yield(*u) {
				return
			}
		}
	}
}

// Descendants are the units below one, however deep, in the territorial tree.
func (t *Tree) Descendants(id string) []Unit {
	var out []Unit
	for _, child := range t.children[id] {
		out = append(out, *t.units[child])
		out = append(out, t.Descendants(child)...)
	}
	return out
}

// Path is the way from the root down to the unit, both included; empty for a
// unit that does not live.
func (t *Tree) Path(id string) []Unit {
	var out []Unit
	for u, ok := t.units[id]; ok; u, ok = t.units[u.Parent] {
		out = append(out, *u)
	}
	slices.Reverse(out)
	return out
}

// Under reports whether a unit lies below another (or is it), by territory or
// by the sector's line.
func (t *Tree) Under(id, top string) bool {
	for u, ok := t.units[id]; ok; u, ok = t.units[u.Parent] {
		if u.ID == top || t.inLine(u.Line, top) {
			return true
		}
	}
	return false
}

func (t *Tree) inLine(id, top string) bool {
	for u, ok := t.units[id]; ok; u, ok = t.units[u.Line] {
		if u.ID == top {
			return true
		}
	}
	return false
}

// common is the lowest unit that all of ids lie under (or are), "" if none.
func (t *Tree) common(ids []string) string {
	var shared []Unit
	for i, id := range ids {
		path := t.Path(id)
		if i == 0 {
			shared = path
			continue
		}
		n := 0
		for n < len(shared) && n < len(path) && shared[n].ID == path[n].ID {
			n++
		}
		shared = shared[:n]
	}
	if len(shared) == 0 {
		return ""
	}
	return shared[len(shared)-1].ID
}

// Holder is the unit that holds a function on the tree's day.
func (t *Tree) Holder(function string) (Holder, bool) {
	h, ok := t.holders[function]
	return h, ok
}

// Functions lists the functions a unit holds, sorted: what an actor of the
// unit may claim.
func (t *Tree) Functions(unit string) []string {
	var out []string
	for fn, h := range t.holders {
		if h.Unit == unit {
			out = append(out, fn)
		}
	}
	slices.SortFunc(out, strings.Compare)
	return out
}
