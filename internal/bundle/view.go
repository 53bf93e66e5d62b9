// SPDX-License-Identifier: Apache-2.0

package bundle

import (
	"net/netip"
	"slices"

	"lachan/internal/problem"
)

// View is everything that decides, at one instant: a bundle, the deltas since,
// the schools' side files. It never changes; a new one is built beside it and
// swapped in by an atomic pointer, so that no query ever waits and none sees
// half a change.
type View struct {
	bundle    *Bundle // nil before the first
	seed      seed
	overlay   overlay
	lastDelta uint64
	schools   []*School
	clients   clients
	standIn   Band
}

// Parts is what a View is made of.
type Parts struct {
	Bundle *Bundle // nil: only deltas and side files decide
	Deltas []Delta // gap-free and rising; those folded into Bundle are left out
	Sides  []Side
	// StandIn is the band of a client when there is no side file at all.
	StandIn Band
}

// NewView lays the parts over each other. A gap between the bundle's last
// folded delta and the deltas is refused: half a history must not decide.
func NewView(p Parts) (*View, error) {
	v := &View{bundle: p.Bundle, standIn: p.StandIn}
	var entries []Entry
	byCode := map[string]int{}
	if p.Bundle != nil {
		v.seed = newSeed(p.Bundle.head.seed)
		v.lastDelta = p.Bundle.Folded()
		entries = slices.Clone(p.Bundle.running)
		byCode = p.Bundle.byCode
	} else {
		v.seed = refSeed()
	}
	for _, d := range p.Deltas {
		if d.Number <= v.lastDelta {
			continue
		}
		if d.Number != v.lastDelta+1 {
			return nil, problem.New("bundle/gap", "after", v.lastDelta, "number", d.Number)
		}
		v.lastDelta = d.Number
		entries = append(entries, d.Entries...)
	}
	v.overlay = newOverlay(v.seed, entries, byCode)
	for i, side := range p.Sides {
		if err := side.Validate(); err != nil {
			return nil, err
		}
		v.schools = append(v.schools, newSchool(v.seed, i, side, p.Bundle))
	}
	v.clients = newClients(v.schools)
	return v, nil
}

// Bundle is the bundle below, nil before the first.
func (v *View) Bundle() *Bundle { return v.bundle }

// LastDelta is the number of the newest decision that counts here.
func (v *View) LastDelta() uint64 { return v.lastDelta }

// Schools lists the schools served, in the order of Parts.Sides.
func (v *View) Schools() []*School { return v.schools }

// Entries counts the entries over the lists.
func (v *View) Entries() int {
	n := 0
	for _, s := range v.overlay.slots {
		n += len(s.entries)
	}
	return n
}

// Read makes k the key of the name at the start of wire, uncompressed and in
// any case. It reports false if the bytes are no name.
func (v *View) Read(k *Key, wire []byte) bool { return k.read(v.seed, wire) }

// Client is who asks, as far as a policy cares: never a person, never a device.
type Client struct {
	School *School // nil: no side file yet
	Band   Band
	Period Period
}

// Client says whose address this is at now, microseconds since 1970 UTC: by the
// longest prefix; an address of no listed network gets the first school at its
// own level, or no school and the stand-in band where there is none.
func (v *View) Client(addr netip.Addr, now int64) Client {
	addr = addr.Unmap().WithZone("")
	for _, bits := range v.clients.lengths {
		if bits.four != addr.Is4() {
			continue
		}
		prefix, err := addr.Prefix(bits.bits)
		if err != nil {
			continue
		}
		if p, ok := v.clients.byPrefix[prefix]; ok {
			return p.at(now)
		}
	}
	if len(v.schools) > 0 {
		s := v.schools[0]
		return place{s, s.Default, s.Default}.at(now)
	}
	return Client{Band: v.standIn}
}

// policy is what a client may see; never nil.
func (v *View) policy(c Client) *masks {
	if v.bundle == nil {
		return &noPolicy
	}
	if c.School != nil && c.School.masks != nil {
		if m := c.School.masks[c.Band]; m != nil {
			return &m[c.Period&(maxPeriods-1)]
		}
	}
	return &v.bundle.bands[c.Band&(maxBands-1)][c.Period&(maxPeriods-1)]
}

// Device says who names itself by this word; false if no school knows it.
func (v *View) Device(id string, now int64) (Client, bool) {
	p, ok := v.clients.byDevice[id]
	if !ok {
		return Client{}, false
	}
	return p.at(now), true
}

// place is where a client is put: a school, and a band by day and in the
// evening.
type place struct {
	school       *School
	day, evening Band
}

func (p place) at(now int64) Client {
	c := Client{School: p.school, Band: p.day, Period: p.school.period.at(&p.school.Timetable, now)}
	if c.Period == Evening {
		c.Band = p.evening
	}
	return c
}

// clients maps prefixes and words of devices to places, one map look-up for
// each length of prefix that is in use.
type clients struct {
	byPrefix map[netip.Prefix]place
	lengths  []prefixLength // longest first
	byDevice map[string]place
}

type prefixLength struct {
	four bool
	bits int
}

func newClients(schools []*School) clients {
	c := clients{byPrefix: map[netip.Prefix]place{}, byDevice: map[string]place{}}
	for _, s := range schools {
		for _, n := range s.Networks {
			if _, taken := c.byPrefix[n.Prefix]; taken {
				continue // the earlier school keeps it
			}
			c.byPrefix[n.Prefix] = place{s, n.Band, n.Evening}
			l := prefixLength{n.Prefix.Addr().Is4(), n.Prefix.Bits()}
			if !slices.Contains(c.lengths, l) {
				c.lengths = append(c.lengths, l)
			}
		}
		for _, d := range s.Devices {
			if _, taken := c.byDevice[d.ID]; !taken {
				c.byDevice[d.ID] = place{s, d.Band, d.Evening}
			}
		}
	}
	slices.SortFunc(c.lengths, func(a, b prefixLength) int { return b.bits - a.bits })
	return c
}
