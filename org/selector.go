// SPDX-License-Identifier: Apache-2.0

package org

import "slices"

// Selector says who, without a name: the holder of a function, or all units
// of some kinds and levels. It is resolved on a day, so that a duty given to
// "the district committees" in 2024 finds the communes of 2026.
//
// The zero Selector selects nobody.
type Selector struct {
	Function    string     // the holder of this function
	Kinds       []string   // any of these kinds
	Levels      []Level    // and any of these levels; empty: every level
	Schools     []string   // and any of these school levels; empty: every one
	Territory   string     // id: only units of this territory; "" is everywhere
	Under       *Selector  // and under one of these units, by territory or line
	OnDissolved Level      // where no unit of Levels lives any more: this level instead
	Any         []Selector // or: the union of these, each unit once
	Keys        []string   // or: these units by their data files' keys, if they live
}

// Resolution is who a Selector found.
type Resolution struct {
	Units []Unit // each once, in the order of the data
	// Inherited says that the level addressed is dissolved and that the units
	// found answer in its place. A person sees it before anything is sent.
	Inherited bool
	// Unverified lists functions whose holder has not been checked.
	Unverified []string
}

// Resolve finds the units of a selector on the tree's day.
func (t *Tree) Resolve(sel Selector) Resolution {
	var res Resolution
	seen := map[string]bool{}
	t.resolve(sel, &res, seen)
	slices.SortStableFunc(res.Units, func(a, b Unit) int {
		return slices.Compare([]string{rank(a), a.Key}, []string{rank(b), b.Key})
	})
	return res
}

// rank puts the province's agencies before districts, communes, schools.
func rank(u Unit) string {
	order := []Level{LevelProvince, LevelDistrict, LevelCommune, LevelHamlet, LevelSchool, LevelClass}
	return string(rune('a' + max(slices.Index(order, u.Level), -1) + 1))
}

func (t *Tree) resolve(sel Selector, res *Resolution, seen map[string]bool) {
	for _, one := range sel.Any {
		t.resolve(one, res, seen)
	}
	for _, key := range sel.Keys {
		t.take(t.snap.byKey[key], res, seen)
	}
	if sel.Function != "" {
		if h, ok := t.holders[sel.Function]; ok {
			if !h.Verified {
				res.Unverified = append(res.Unverified, sel.Function)
			}
			t.take(h.Unit, res, seen)
		}
		return
	}
	if len(sel.Kinds) == 0 {
		return
	}
	found := t.matching(sel, sel.Levels)
	if len(found) == 0 && sel.OnDissolved != "" && len(sel.Levels) > 0 {
		found = t.matching(sel, []Level{sel.OnDissolved})
		res.Inherited = res.Inherited || len(found) > 0
	}
	for _, id := range found {
		t.take(id, res, seen)
	}
}

func (t *Tree) take(id string, res *Resolution, seen map[string]bool) {
	if u, ok := t.units[id]; ok && !seen[id] {
		seen[id] = true
		res.Units = append(res.Units, *u)
	}
}

func (t *Tree) matching(sel Selector, levels []Level) []string {
	var tops []Unit
	if sel.Under != nil {
		tops = t.Resolve(*sel.Under).Units
	}
	var out []string
	for u := range t.All() {
		if !slices.Contains(sel.Kinds, u.Kind) ||
			len(levels) > 0 && !slices.Contains(levels, u.Level) ||
			len(sel.Schools) > 0 && !slices.Contains(sel.Schools, u.School) ||
			sel.Territory != "" && !t.Under(u.ID, sel.Territory) {
			continue
		}
		if sel.Under != nil && !slices.ContainsFunc(tops, func(top Unit) bool { return top.ID != u.ID && t.Under(u.ID, top.ID) }) {
			continue
		}
		out = append(out, u.ID)
	}
	return out
}
