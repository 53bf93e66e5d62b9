// SPDX-License-Identifier: Apache-2.0

package org

import "slices"

// FrameKind says along which map figures are read.
type FrameKind string

// The frames.
const (
	AsReported FrameKind = "as_reported" // the map of the period's last day
	Today      FrameKind = "today"       // the map of today
	AsOf       FrameKind = "as_of"       // the map of a day that is asked for
)

// Frame places what any unit reported, at any time, on the map of one day.
type Frame struct {
	Kind FrameKind
	snap *snapshot
	tree *Tree
	day  Day
}

// Place is where a unit's figures stand in a frame.
type Place struct {
	// Node is a unit of the frame's tree; "" where nothing of the frame's
	// day continues the unit: such figures stand beside all provinces.
	Node string
	// Bucket says that the figures belong to Node as a whole but to none of
	// the units below it: the unit was divided, drew on several, or ended
	// without a known successor. They are shown under the unit's own name.
	Bucket bool
}

// Tree is the map of the frame.
func (f *Frame) Tree() *Tree { return f.tree }

// Day is the day of the frame's map.
func (f *Frame) Day() Day { return f.day }

// Place finds where a unit's figures stand. A unit of the map stands as
// itself. An older one follows its links forward; if all of it went to one
// unit it stands there, else at the lowest unit that covers all its parts. A
// younger one goes back along the links in the same way.
func (f *Frame) Place(unit string) Place {
	h, ok := f.snap.units[unit]
	if !ok {
		return Place{Bucket: true}
	}
	if h.life.Has(f.day) {
		return Place{Node: unit}
	}
	var ends []string
	var exact bool
	older := h.life.To < f.day
	if older {
		ends, exact = f.forward(h, map[string]bool{})
	} else {
		ends, exact = f.backward(h, map[string]bool{})
	}
	slices.Sort(ends)
	ends = slices.Compact(ends)
	switch {
	case len(ends) == 0:
		return Place{Node: f.lastParent(h), Bucket: true}
	case len(ends) == 1 && exact:
		return Place{Node: ends[0]}
	case len(ends) == 1 && older:
		// Only a part of it is known to lie there; the rest is somewhere near.
		if parent := f.tree.units[ends[0]].Parent; parent != "" {
			return Place{Node: parent, Bucket: true}
		}
		return Place{Node: ends[0], Bucket: true}
	default:
		return Place{Node: f.tree.common(ends), Bucket: true}
	}
}

// forward lists the living units that a unit's territory went to, and whether
// every step took the whole of it.
func (f *Frame) forward(h *history, seen map[string]bool) (ends []string, exact bool) {
	if seen[h.id] {
		return nil, false
	}
	seen[h.id] = true
	exact = true
	for _, l := range f.snap.out[h.id] {
		next := f.snap.units[l.To]
		exact = exact && l.Whole
		if l.Day > f.day {
			continue
		}
		if next.life.Has(f.day) {
			ends = append(ends, next.id)
			continue
		}
		more, all := f.forward(next, seen)
		ends, exact = append(ends, more...), exact && all
	}
	if len(f.snap.out[h.id]) > 0 {
		return ends, exact
	}
	// No link of its own: a district went where its communes went.
	last := f.snap.tree(h.life.To)
	for _, child := range last.children[h.id] {
		if c := last.units[child]; c.Kind != KindCommittee {
			continue
		}
		more, all := f.forward(f.snap.units[child], seen)
		ends, exact = append(ends, more...), exact && all
	}
	return ends, exact
}

// backward lists the units of the frame's day from which a younger unit was
// made. It is exact only when the unit is one old unit, whole and alone.
func (f *Frame) backward(h *history, seen map[string]bool) (ends []string, exact bool) {
	if seen[h.id] {
		return nil, false
	}
	seen[h.id] = true
	links := f.snap.in[h.id]
	exact = len(links) == 1
	for _, l := range links {
		exact = exact && l.Whole
		before := f.snap.units[l.From]
		if before.life.Has(f.day) {
			ends = append(ends, before.id)
			continue
		}
		more, all := f.backward(before, seen)
		ends, exact = append(ends, more...), exact && all
	}
	if len(links) == 0 {
		// A new thing: it stands in what stood where its parent stands.
		if parent, ok := f.snap.units[on(h.admin, h.life.From)]; ok {
			if parent.life.Has(f.day) {
				return []string{parent.id}, false
			}
			more, _ := f.backward(parent, seen)
			return more, false
		}
	}
	return ends, exact
}

// lastParent is the nearest unit above that lives on the frame's day or has a
// place on it: where the figures of a unit without successor stand.
func (f *Frame) lastParent(h *history) string {
	parent, ok := f.snap.units[on(h.admin, min(max(f.day, h.life.From), h.life.To))]
	if !ok {
		return ""
	}
	return f.Place(parent.id).Node
}

// Name is the name of a unit, as it was nearest to the frame's day.
func (f *Frame) Name(unit string) string {
	h, ok := f.snap.units[unit]
	if !ok {
		return ""
	}
	return f.snap.unitOn(h, f.day).Name
}
