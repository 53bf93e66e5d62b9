// SPDX-License-Identifier: Apache-2.0

package bundle

import (
	"encoding/binary"
	"math"
	"net/netip"

	"lachan/internal/problem"
)

// Side is what one school adds to the bundle that all schools share: which of
// its networks and devices is which band, its hours, and the names it allows or
// denies itself.
type Side struct {
	School    string // the school's id
	Number    uint64 // rises with every change; a node never goes back
	Default   Band   // the school's level, for clients of no listed network
	WeekOnly  Bands  // bands of fewer than 20 pupils: counts by the week only
	Networks  []Network
	Devices   []Device
	Timetable Timetable
	Changes   []Change
	Rules     []Rule
	Log       FaultLog // zero: none, as nearly always
}

// FaultLog is a school's wish to find a fault: until its end the node keeps
// what became of questions, and shows it to who knows the word.
type FaultLog struct {
	Until int64    // the first microsecond since 1970 UTC when it is over; 0: there is none
	Word  [32]byte // the SHA-256 of the word
}

// Change is where a school differs from the policy that all schools share: a
// category or service that it opens or closes for a band. Which ones a school
// may open is the hub's to decide (DESIGN.md §7); a node applies what is signed.
type Change struct {
	Band   Band
	Period Period // AnyTime: in every period
	Code   string // of a category or service; one that the bundle lacks changes nothing
	Block  bool
}

// Network gives the clients of a prefix a band. The longest prefix counts.
type Network struct {
	Prefix  netip.Prefix
	Band    Band
	Evening Band // in the evening; the same as Band where nothing changes
}

// Device gives a band to whoever names itself so: by the path of DNS over
// HTTPS or the server name of DNS over TLS and QUIC. It is a word that the
// school chose ("phong-may-2"), never an address of a device or of a person.
type Device struct {
	ID      string // a code, without "/"
	Band    Band
	Evening Band
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
	sideMagic   = "LCSIDE02"
	sideLogs    = "LCSIDE03" // with a fault log behind the rules
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
		if n.Band.String() == "" || n.Evening.String() == "" {
			p.Field("networks", "bundle/no-band")
		}
	}
	for _, d := range s.Devices {
		if !ValidDevice(d.ID) {
			p.Field("devices", "bundle/bad-code")
		}
		if d.Band.String() == "" || d.Evening.String() == "" {
			p.Field("devices", "bundle/no-band")
		}
	}
	for _, c := range s.Changes {
		if c.Band.String() == "" || c.Period.String() == "" {
			p.Field("changes", "bundle/no-band")
		}
		if c.Code == "" || !isCode(c.Code) {
			p.Field("changes", "bundle/bad-code")
		}
	}
	if s.Log.Until < 0 || (s.Log.Until == 0) != (s.Log == FaultLog{}) {
		p.Field("log", "bundle/bad-end")
	}
	if !s.Timetable.valid() {
		p.Field("timetable", "bundle/bad-timetable")
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
	magic := sideMagic
	if s.Log.Until != 0 { // only then, so that nodes of before go on reading the others
		magic = sideLogs
	}
	b := appendText([]byte(magic), s.School)
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
		b = append(b, four, byte(n.Prefix.Bits()), byte(n.Band), byte(n.Evening))
		b = append(b, addr[:]...)
	}
	b = le.AppendUint32(b, uint32(len(s.Devices)))
	for _, d := range s.Devices {
		b = appendText(append(b, byte(d.Band), byte(d.Evening)), d.ID)
	}
	b = s.Timetable.append(b)
	b = le.AppendUint32(b, uint32(len(s.Changes)))
	for _, c := range s.Changes {
		var flags byte
		if c.Block {
			flags |= flagBlock
		}
		b = appendText(append(b, byte(c.Band), byte(c.Period), flags), c.Code)
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
	if s.Log.Until != 0 {
		b = append(le.AppendUint64(b, uint64(s.Log.Until)), s.Log.Word[:]...)
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
	magic := string(r.take(len(sideMagic)))
	if magic != sideMagic && magic != sideLogs {
		return Side{}, problem.New("bundle/damaged")
	}
	s := Side{School: r.code(), Number: r.u64(), Default: Band(r.u8()), WeekOnly: Bands(r.u32())}
	for range bounded(r, r.u32(), 20) {
		four, bits, band, evening := r.u8(), r.u8(), Band(r.u8()), Band(r.u8())
		var raw [16]byte
		copy(raw[:], r.take(16))
		addr := netip.AddrFrom16(raw)
		if four == 1 {
			addr = addr.Unmap()
		}
		s.Networks = append(s.Networks, Network{netip.PrefixFrom(addr, int(bits)), band, evening})
		r.bad = r.bad || four > 1
	}
	for range bounded(r, r.u32(), 4) {
		s.Devices = append(s.Devices, Device{Band: Band(r.u8()), Evening: Band(r.u8()), ID: r.code()})
	}
	s.Timetable = readTimetable(r)
	for range bounded(r, r.u32(), 5) {
		band, period, flags := Band(r.u8()), Period(r.u8()), r.u8()
		r.bad = r.bad || flags > flagBlock
		s.Changes = append(s.Changes, Change{Band: band, Period: period, Block: flags == flagBlock, Code: r.code()})
	}
	for range bounded(r, r.u32(), 14) {
		flags, bands, until := r.u8(), Bands(r.u32()), r.u64()
		r.bad = r.bad || flags > flagAllow || until > math.MaxInt64
		s.Rules = append(s.Rules, Rule{Allow: flags == flagAllow, Bands: bands, Until: int64(until), Reason: r.code(), Domain: r.name()})
	}
	if magic == sideLogs {
		until := r.u64()
		r.bad = r.bad || until == 0 || until > math.MaxInt64
		s.Log.Until = int64(until)
		copy(s.Log.Word[:], r.take(len(s.Log.Word)))
	}
	if !r.done() || s.Validate() != nil {
		return Side{}, problem.New("bundle/damaged")
	}
	return s, nil
}

// ValidDevice reports whether a word may name a device: it must fit into one
// label of a server name, so 1 to 63 of a–z, 0–9 and "-", not at an end.
func ValidDevice(id string) bool {
	if len(id) == 0 || len(id) > 63 || id[0] == '-' || id[len(id)-1] == '-' {
		return false
	}
	for i := range len(id) {
		c := id[i]
		if !('a' <= c && c <= 'z' || '0' <= c && c <= '9' || c == '-') {
			return false
		}
	}
	return true
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
	index  int
	table  table
	slots  []ruleSlot
	period periodCache
	masks  map[Band]*[maxPeriods]masks // of the bands with changes
}

type ruleSlot struct {
	name  Name
	rules []Rule
}

// Index is the school's place among those of its View, from 0.
func (s *School) Index() int { return s.index }

func newSchool(sd seed, index int, side Side, b *Bundle) *School {
	s := &School{Side: side, index: index}
	s.change(b)
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

// change works the school's changes into copies of the bands' masks.
func (s *School) change(b *Bundle) {
	if b == nil || len(s.Changes) == 0 {
		return
	}
	s.masks = map[Band]*[maxPeriods]masks{}
	for _, c := range s.Changes {
		i, ok := b.byCode[c.Code]
		if !ok {
			continue
		}
		m := s.masks[c.Band]
		if m == nil {
			whole := b.bands[c.Band]
			m = &whole
			s.masks[c.Band] = m
		}
		for p := range m {
			if c.Period != AnyTime && Period(p) != c.Period {
				continue
			}
			one := SetOf(i)
			if c.Block {
				m[p].blocked, m[p].allowed = m[p].blocked.or(one), m[p].allowed.minus(one)
			} else {
				m[p].blocked = m[p].blocked.minus(one)
				if b.services.Has(i) {
					m[p].allowed = m[p].allowed.or(one)
				}
			}
		}
	}
}

// at is the rules about the name of k's level+1 rightmost labels.
func (s *School) at(k *Key, level int) []Rule {
	v := s.table.find(k.hash[level])
	if v == 0 || int(v) > len(s.slots) || !k.same(level+1, s.slots[v-1].name) {
		return nil
	}
	return s.slots[v-1].rules
}
