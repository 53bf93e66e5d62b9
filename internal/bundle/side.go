// SPDX-License-Identifier: Apache-2.0

package bundle

import (
	"encoding/binary"
	"math"
	"net/netip"

	"lachan/internal/problem"
)

// Side is what one school adds to the bundle that all schools share: which of
// its networks is which band, and the names it allows or denies itself.
type Side struct {
	School   string // the school's id
	Number   uint64 // rises with every change; a node never goes back
	Default  Band   // the school's level, for clients of no listed network
	WeekOnly Bands  // bands of fewer than 20 pupils: counts by the week only
	Networks []Network
	Rules    []Rule
}

// Network gives the clients of a prefix a band. The longest prefix counts.
type Network struct {
	Prefix netip.Prefix
	Band   Band
}

// Rule is one name that the school itself allows or denies. Where both match,
// allow counts (DESIGN.md §7).
type Rule struct {
	Domain Name // and everything below it
	Allow  bool
	Bands  Bands
	Until  int64  // the first microsecond since 1970 UTC when it no longer counts; 0: no end
	Reason string // a code
}

const (
	sideMagic   = "LCSIDE01"
	maxSideSize = 1 << 20
	flagAllow   = 1
)

// Validate lists what is wrong with a side file, nil if nothing is.
func (s *Side) Validate() error {
	p := problem.New("bundle/bad-side")
	if s.School == "" || !isCode(s.School) {
		p.Field("school", "bundle/bad-code")
	}
	if s.Number == 0 {
		p.Field("number", "bundle/no-number")
	}
	if s.Default.String() == "" {
		p.Field("default", "bundle/no-band")
	}
	for _, n := range s.Networks {
		if !n.Prefix.IsValid() || n.Prefix != n.Prefix.Masked() || n.Prefix.Addr().Is4In6() {
			p.Field("networks", "bundle/bad-network")
		}
		if n.Band.String() == "" {
			p.Field("networks", "bundle/no-band")
		}
	}
	for _, r := range s.Rules {
		switch {
		case r.Domain.Labels() < 2:
			p.Field("rules", "bundle/name-too-short")
		case r.Bands == 0:
			p.Field("rules", "bundle/no-band")
		case r.Until < 0:
			p.Field("rules", "bundle/bad-end")
		case !isCode(r.Reason):
			p.Field("rules", "bundle/bad-code")
		}
	}
	return p.OrNil()
}

// Seal checks, encodes and signs the side file.
func (s *Side) Seal(by Signer) ([]byte, error) {
	if err := s.Validate(); err != nil {
		return nil, err
	}
	le := binary.LittleEndian
	b := appendText([]byte(sideMagic), s.School)
	b = le.AppendUint64(b, s.Number)
	b = append(b, byte(s.Default))
	b = le.AppendUint32(b, uint32(s.WeekOnly))
	b = le.AppendUint32(b, uint32(len(s.Networks)))
	for _, n := range s.Networks {
		addr := n.Prefix.Addr().As16()
		four := byte(0)
		if n.Prefix.Addr().Is4() {
			four = 1
		}
		b = append(b, four, byte(n.Prefix.Bits()), byte(n.Band))
		b = append(b, addr[:]...)
	}
	b = le.AppendUint32(b, uint32(len(s.Rules)))
	for _, r := range s.Rules {
		var flags byte
		if r.Allow {
			flags |= flagAllow
		}
		b = append(b, flags)
		b = le.AppendUint32(b, uint32(r.Bands))
		b = le.AppendUint64(b, uint64(r.Until))
		b = append(appendText(b, r.Reason), r.Domain.wire...)
	}
	if len(b)+trailerSize > maxSideSize {
		return nil, problem.New("bundle/side-too-large")
	}
	return seal(b, purposeSide, by)
}

// OpenSide verifies and decodes a sealed side file. Any bytes give a side file
// or an error.
func OpenSide(sealed []byte, trust Trust) (Side, error) {
	if len(sealed) > maxSideSize {
		return Side{}, problem.New("bundle/damaged")
	}
	message, err := trust.open(sealed, purposeSide)
	if err != nil {
		return Side{}, err
	}
	return decodeSide(message)
}

func decodeSide(message []byte) (Side, error) {
	r := &reader{data: message}
	if string(r.take(len(sideMagic))) != sideMagic {
		return Side{}, problem.New("bundle/damaged")
	}
	s := Side{School: r.code(), Number: r.u64(), Default: Band(r.u8()), WeekOnly: Bands(r.u32())}
	for range bounded(r, r.u32(), 19) {
		four, bits, band := r.u8(), r.u8(), Band(r.u8())
		var raw [16]byte
		copy(raw[:], r.take(16))
		addr := netip.AddrFrom16(raw)
		if four == 1 {
			addr = addr.Unmap()
		}
		s.Networks = append(s.Networks, Network{netip.PrefixFrom(addr, int(bits)), band})
		r.bad = r.bad || four > 1
	}
	for range bounded(r, r.u32(), 14) {
		flags, bands, until := r.u8(), Bands(r.u32()), r.u64()
		r.bad = r.bad || flags > flagAllow || until > math.MaxInt64
		s.Rules = append(s.Rules, Rule{Allow: flags == flagAllow, Bands: bands, Until: int64(until), Reason: r.code(), Domain: r.name()})
	}
	if !r.done() || s.Validate() != nil {
		return Side{}, problem.New("bundle/damaged")
	}
	return s, nil
}

// bounded is count, or nothing if so many records of least bytes cannot be
// there: a false count must not make us allocate.
func bounded(r *reader, count uint32, least int) uint32 {
	if uint64(count)*uint64(least) > uint64(len(r.data)) {
		r.bad = true
		return 0
	}
	return count
}

// School is a side file compiled under the seed of a View.
type School struct {
	Side
	index int
	table table
	slots []ruleSlot
}

type ruleSlot struct {
	name  Name
	rules []Rule
}

// Index is the school's place among those of its View, from 0.
func (s *School) Index() int { return s.index }

func newSchool(sd seed, index int, side Side) *School {
	s := &School{Side: side, index: index}
	where := map[Name]int{}
	for _, r := range side.Rules {
		i, ok := where[r.Domain]
		if !ok {
			i = len(s.slots)
			where[r.Domain] = i
			s.slots = append(s.slots, ruleSlot{name: r.Domain})
		}
		s.slots[i].rules = append(s.slots[i].rules, r)
	}
	s.table = newTable(len(s.slots))
	for i, sl := range s.slots {
		putName(&s.table, sd, sl.name, uint32(i+1))
	}
	return s
}

// at is the rules about the name of k's level+1 rightmost labels.
func (s *School) at(k *Key, level int) []Rule {
	v := s.table.find(k.hash[level])
	if v == 0 || int(v) > len(s.slots) || !k.same(level+1, s.slots[v-1].name) {
		return nil
	}
	return s.slots[v-1].rules
}
