// SPDX-License-Identifier: Apache-2.0

package org

import (
	"slices"
	"strings"

	"lachan/internal/locale"
	"lachan/internal/problem"
)

// Match identifies a unit from what a spreadsheet says about it, in the only
// safe order: code, exact name, folded name, the last two under the given
// parent. A code counts only if the name does not contradict it, because
// codes were handed on to other places in 2025. When two units remain it asks
// instead of choosing: org/ambiguous with both.
//
// under is the id of the unit above, "" for anywhere; code and name may be "",
// not both.
func (t *Tree) Match(code, name, under string) (Unit, []Unit, error) {
	name = locale.Normalize(name)
	fold := locale.Fold(name)
	fits := func(id string) bool { return under == "" || id != under && t.Under(id, under) }
	if code = strings.TrimSpace(code); code != "" {
		var byCode []string
		for _, id := range t.codes[code] {
			if fits(id) && (name == "" || sameFold(t.units[id].Name, fold)) {
				byCode = append(byCode, id)
			}
		}
		if len(byCode) == 1 {
			return *t.units[byCode[0]], nil, nil
		}
	}
	var exact, folded []string
	for _, id := range t.folded[fold] {
		if !fits(id) {
			continue
		}
		folded = append(folded, id)
		if t.units[id].Name == name {
			exact = append(exact, id)
		}
	}
	// Without its form word ("Ba Xa" for "Xã Ba Xa").
	if len(folded) == 0 && fold != "" {
		for u := range t.All() {
			if fits(u.ID) && u.Kind == KindCommittee && sameFold(u.Name, fold) {
				folded = append(folded, u.ID)
				if strings.HasSuffix(u.Name, " "+name) {
					exact = append(exact, u.ID)
				}
			}
		}
	}
	for _, found := range [][]string{exact, folded} {
		switch len(found) {
		case 0:
		case 1:
			// A known code that names another place contradicts the name.
			if other := t.codes[code]; code != "" && len(other) > 0 && !slices.Contains(other, found[0]) {
				return Unit{}, t.list(append(slices.Clone(other), found[0])), problem.New("org/ambiguous", "n", len(other)+1)
			}
			return *t.units[found[0]], nil, nil
		default:
			return Unit{}, t.list(found), problem.New("org/ambiguous", "n", len(found))
		}
	}
	return Unit{}, nil, problem.New("org/no-match")
}

// sameFold reports whether a unit's name folds to fold, with or without the
// word for its form in front.
func sameFold(name, fold string) bool {
	full := locale.Fold(name)
	return full == fold || strings.HasSuffix(full, " "+fold) && strings.Count(full, " ")-strings.Count(fold, " ") <= 2
}

// Search lists units whose name contains the words of query, tone marks or
// not, or whose code is query: those that begin with it first. kinds limits
// them; none means every kind. At most limit units.
func (t *Tree) Search(query string, limit int, kinds ...string) []Unit {
	fold := locale.Fold(locale.Normalize(query))
	if fold == "" {
		return nil
	}
	type hit struct {
		u    Unit
		rank int
	}
	var hits []hit
	for u := range t.All() {
		if len(kinds) > 0 && !slices.Contains(kinds, u.Kind) {
			continue
		}
		name := locale.Fold(u.Name)
		switch {
		case u.Code == query:
			hits = append(hits, hit{u, 0})
		case name == fold || strings.EqualFold(u.Name, query):
			hits = append(hits, hit{u, 1})
		case strings.HasSuffix(name, " "+fold):
			hits = append(hits, hit{u, 2})
		case strings.HasPrefix(name, fold) || strings.Contains(name, " "+fold):
			hits = append(hits, hit{u, 3})
		}
	}
	slices.SortStableFunc(hits, func(a, b hit) int { return a.rank - b.rank })
	out := make([]Unit, 0, min(limit, len(hits)))
	for _, h := range hits[:min(limit, len(hits))] {
		out = append(out, h.u)
	}
	return out
}
