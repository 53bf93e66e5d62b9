// SPDX-License-Identifier: Apache-2.0

package bundle

import (
	"cmp"
	"encoding/binary"
	"errors"
	"os"
	"runtime"
	"slices"
	"time"

	"lachan/internal/clock"
	"lachan/internal/filemap"
	"lachan/internal/problem"
)

// Bundle is one opened, verified file. It is immutable and safe for concurrent
// use. The mapping is given back when the last View over it is gone; until
// then nobody may change or shorten the file: write a new one beside it and
// rename.
type Bundle struct {
	head       header
	data       []byte // the whole file
	names      table
	never      table
	neverSieve sieve
	sets       []byte
	categories []Category
	byCode     map[string]int
	services   Set
	bands      [maxBands][maxPeriods]masks // every period filled in, by AnyTime's where it has none
	policies   []bandPolicy                // as they stand in the file
	rewrites   rewrites
	running    []Entry
	mapped     *filemap.Map
}

// Open maps the file at path, checks its signature and every offset in it.
func Open(path string, trust Trust) (*Bundle, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close() // a mapping outlives its descriptor
	m, err := filemap.Open(f, headerSize, maxFileSize)
	if errors.Is(err, filemap.ErrSize) {
		return nil, problem.New("bundle/damaged")
	}
	if err != nil {
		return nil, err
	}
	b, err := Parse(m.Bytes(), trust)
	if err != nil {
		m.Release()
		return nil, err
	}
	b.mapped = m
	runtime.AddCleanup(b, func(m *filemap.Map) { m.Release() }, m)
	return b, nil
}

// Parse opens a bundle that is in memory already. data is kept and must not
// change. Any bytes give a bundle or an error of code bundle/damaged,
// bundle/unknown-key or bundle/bad-signature.
func Parse(data []byte, trust Trust) (*Bundle, error) {
	if _, ok := decodeHeader(data); !ok {
		return nil, problem.New("bundle/damaged")
	}
	if _, err := trust.open(data, purposeBundle); err != nil {
		return nil, err
	}
	return parse(data)
}

// parse reads what is signed, and still trusts no length in it.
func parse(data []byte) (*Bundle, error) {
	damaged := func() (*Bundle, error) { return nil, problem.New("bundle/damaged") }
	h, ok := decodeHeader(data)
	if !ok {
		return damaged()
	}
	b := &Bundle{head: h, data: data, byCode: map[string]int{}}
	var categories, bands, entries, rewritten, hints []byte
	seen := map[uint32]bool{}
	for _, s := range h.sections {
		part := data[s.offset : s.offset+s.length : s.offset+s.length]
		if seen[s.kind] {
			return damaged()
		}
		seen[s.kind] = true
		switch s.kind {
		case sectionNames:
			b.names, ok = openTable(part)
		case sectionNever:
			if b.never, ok = openTable(part); ok {
				b.neverSieve.fill(&b.never)
			}
		case sectionSets:
			b.sets, ok = part, len(part)%setSize == 0 && len(part)/setSize <= maxSetsInFile
		case sectionCategories:
			categories = part
		case sectionBands:
			bands = part
		case sectionEntries:
			entries = part
		case sectionRewrites:
			rewritten = part
		case sectionHints:
			hints = part
		}
		if !ok {
			return damaged()
		}
	}
	if !b.readCategories(categories) || !b.readBands(bands) || !b.readRewrites(rewritten) {
		return damaged()
	}
	if seen[sectionHints] {
		if uint64(len(hints)) != b.names.buckets*hintSize {
			return damaged()
		}
		b.names.hints = hints
	}
	if entries != nil {
		r := &reader{data: entries}
		b.running = readEntries(r, true)
		if !r.done() {
			return damaged()
		}
	}
	return b, nil
}

func (b *Bundle) readCategories(data []byte) bool {
	r := &reader{data: data}
	for !r.bad && len(r.data) > 0 {
		c := Category{Kind: Kind(r.u8()), Code: r.code()}
		_, twice := b.byCode[c.Code]
		if r.bad || c.Code == "" || twice || c.Kind > KindService || len(b.categories) == maxCategories {
			return false
		}
		i := len(b.categories)
		b.byCode[c.Code] = i
		b.categories = append(b.categories, c)
		if c.Kind == KindService {
			b.services = b.services.with(i)
		}
	}
	return !r.bad
}

// bandPolicy is one record of the section of bands.
type bandPolicy struct {
	band   Band
	period Period
	masks
}

func (b *Bundle) readBands(data []byte) bool {
	if len(data)%bandRecord != 0 {
		return false
	}
	for at := 0; at < len(data); at += bandRecord {
		band, period, flags := data[at], data[at+1], data[at+2]
		video := Video(flags >> bandVideoShift)
		if band >= maxBands || period >= maxPeriods || flags > bandFlags || video > VideoStrict || b.bands[band][period].known {
			return false
		}
		m := masks{true, readSet(data[at+8:]), readSet(data[at+8+setSize:]), flags&bandSafe != 0, video}
		b.bands[band][period] = m
		b.policies = append(b.policies, bandPolicy{Band(band), Period(period), m})
	}
	for band := range b.bands {
		for period := range b.bands[band] {
			if !b.bands[band][period].known {
				b.bands[band][period] = b.bands[band][AnyTime]
			}
		}
	}
	return true
}

func readSet(data []byte) Set {
	_ = data[setSize-1]
	le := binary.LittleEndian
	return Set{le.Uint64(data), le.Uint64(data[8:]), le.Uint64(data[16:]), le.Uint64(data[24:])}
}

func appendSet(b []byte, s Set) []byte {
	for _, w := range s {
		b = binary.LittleEndian.AppendUint64(b, w)
	}
	return b
}

// set is the category set of a value out of the table, empty for a value that
// points nowhere.
func (b *Bundle) set(value uint32) Set {
	at := int(value-1) * setSize
	if value == 0 || at+setSize > len(b.sets) {
		return Set{}
	}
	return readSet(b.sets[at : at+setSize : at+setSize])
}

// Number rises with every bundle; a node refuses one that is not higher than
// what it has (protection against being set back to old rules).
func (b *Bundle) Number() uint64 { return b.head.number }

// Created is when the hub compiled it.
func (b *Bundle) Created() time.Time { return clock.FromMicro(b.head.created) }

// Folded is the highest delta number whose entries are in this bundle.
func (b *Bundle) Folded() uint64 { return b.head.folded }

// Names counts the names in the table, parents' duplicates folded away.
func (b *Bundle) Names() int { return int(b.head.names) }

// Size is the length of the file in bytes.
func (b *Bundle) Size() int64 { return int64(b.head.size) }

// Categories lists the categories by index; the caller must not change it.
func (b *Bundle) Categories() []Category { return b.categories }

// Running lists the entries that the bundle carries on; not to be changed.
func (b *Bundle) Running() []Entry { return b.running }

// Policies lists what each band may see, by band and period.
func (b *Bundle) Policies() []Policy {
	var all []Policy
	for _, m := range b.policies {
		p := Policy{Band: m.band, Period: m.period, SafeSearch: m.safe, Video: m.video}
		for i, c := range b.categories {
			if m.blocked.Has(i) {
				p.Blocked = append(p.Blocked, c.Code)
			}
			if m.allowed.Has(i) {
				p.Allowed = append(p.Allowed, c.Code)
			}
		}
		all = append(all, p)
	}
	slices.SortFunc(all, func(x, y Policy) int { return cmp.Or(cmp.Compare(x.Band, y.Band), cmp.Compare(x.Period, y.Period)) })
	return all
}

// Rewrites lists what answers as something else; the caller must not change it.
func (b *Bundle) Rewrites() []Rewrite { return b.rewrites.all }
