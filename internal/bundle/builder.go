// SPDX-License-Identifier: Apache-2.0

package bundle

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/binary"
	"hash"
	"io"
	"math"
	"slices"

	"lachan/internal/problem"
)

// Head is what the hub gives a new bundle to be known by.
type Head struct {
	Number  uint64 // above every earlier one
	Created int64  // µs since 1970 UTC
	Folded  uint64 // the highest delta number whose effect is in the lists or in Run
}

// Stats says what Build made of what was added.
type Stats struct {
	Added  int   // names given to Add, each once
	Folded int   // names left out because a parent has all their categories
	Names  int   // names in the table
	Sets   int   // different category sets
	Seeds  int   // seeds tried; more than 1 when a chance hit was found
	Bytes  int64 // of the file
}

// Builder gathers names and writes a bundle. It needs about 45 bytes a name
// while it works, and is for one goroutine.
type Builder struct {
	categories []Category
	byCode     map[string]int
	policies   []Policy
	arena      []byte // wire names, one behind the other
	refs       []ref
	sets       []Set
	setIndex   map[Set]uint32
	never      []Name
	protected  []Name
	running    []Entry
	rewrites   []Rewrite
	pickSeed   func() uint64
	follow     *Bundle // the last bundle; nil: none
}

// ref is one name: its hash under refSeed, where it stands, its set.
type ref struct {
	hash uint64
	at   uint32
	set  uint32
}

// maxSeeds is how often Build looks for another seed before it gives up; one
// in 10⁵ bundles of a million names should need a second.
const maxSeeds = 64

// NewBuilder starts a bundle with the given categories; their order is free
// and need not be that of the last bundle.
func NewBuilder(categories []Category) (*Builder, error) {
	b := &Builder{
		byCode:   map[string]int{},
		setIndex: map[Set]uint32{},
		pickSeed: func() uint64 {
			var s [8]byte
			rand.Read(s[:]) // never fails since Go 1.24
			return binary.LittleEndian.Uint64(s[:])
		},
	}
	for i, c := range categories {
		_, twice := b.byCode[c.Code]
		if i >= maxCategories || twice || c.Code == "" || !isCode(c.Code) || c.Code == Emergency || c.Code == Legal || c.Kind > KindService {
			return nil, problem.New("bundle/bad-category", "code", c.Code)
		}
		b.byCode[c.Code] = i
		b.categories = append(b.categories, c)
	}
	return b, nil
}

// Policy sets what a band may see in a period; a band without any sees
// everything but emergency and legal blocks.
func (b *Builder) Policy(p Policy) error {
	if p.Band.String() == "" || p.Period.String() == "" || p.Video > VideoStrict {
		return problem.New("bundle/no-band")
	}
	if _, err := b.mask(p.Blocked); err != nil {
		return err
	}
	if _, err := b.mask(p.Allowed); err != nil {
		return err
	}
	b.policies = slices.DeleteFunc(b.policies, func(o Policy) bool { return o.Band == p.Band && o.Period == p.Period })
	b.policies = append(b.policies, p)
	return nil
}

func (b *Builder) mask(codes []string) (Set, error) {
	var s Set
	for _, code := range codes {
		i, ok := b.byCode[code]
		if !ok {
			return s, problem.New("bundle/unknown-category", "code", code)
		}
		s = s.with(i)
	}
	return s, nil
}

// Add puts a name and everything below it into categories, besides those it
// has already.
func (b *Builder) Add(name Name, codes ...string) error {
	if name.Labels() < 2 {
		return problem.New("bundle/name-too-short", "name", name.String())
	}
	set, err := b.mask(codes)
	if err != nil {
		return err
	}
	if set.IsEmpty() {
		return nil
	}
	if uint64(len(b.arena)+len(name.wire)) > math.MaxUint32 {
		return problem.New("bundle/too-many-names")
	}
	index, ok := b.setIndex[set]
	if !ok {
		if index, err = b.addSet(set); err != nil {
			return err
		}
	}
	var k Key
	k.read(refSeed(), []byte(name.wire))
	b.refs = append(b.refs, ref{k.hash[k.n-1], uint32(len(b.arena)), index})
	b.arena = append(b.arena, name.wire...)
	return nil
}

func (b *Builder) addSet(s Set) (uint32, error) {
	if len(b.sets) == maxSetsInFile {
		return 0, problem.New("bundle/too-many-sets")
	}
	i := uint32(len(b.sets))
	b.sets, b.setIndex[s] = append(b.sets, s), i
	return i, nil
}

// NeverBlock names what nothing may refuse, whatever lists, officers and
// schools say: report and status hosts, help lines, health services.
func (b *Builder) NeverBlock(name Name) { b.never = append(b.never, name) }

// Protect names what must not be hit by chance. A protected name may be on a
// list; it is then hit on purpose.
func (b *Builder) Protect(name Name) { b.protected = append(b.protected, name) }

// Run carries an entry on that has not lapsed, so that deltas up to
// Head.Folded need not be sent again.
func (b *Builder) Run(e Entry) error {
	if err := e.Validate(); err != nil {
		return err
	}
	if e.Number == 0 {
		return problem.New("bundle/bad-entry").Field("number", "bundle/no-number")
	}
	b.running = append(b.running, e)
	return nil
}

// Rewrite lets a name answer as another where a policy asks for that kind. Of
// two for the same name and kind the last counts.
func (b *Builder) Rewrite(r Rewrite) error {
	if r.Kind == 0 || r.Kind >= rewriteKinds || r.Name.Labels() < 2 || r.Target.Labels() < 2 || r.Name == r.Target {
		return problem.New("bundle/bad-rewrite", "name", r.Name.String())
	}
	b.rewrites = slices.DeleteFunc(b.rewrites, func(o Rewrite) bool { return o.Kind == r.Kind && o.Name == r.Name })
	b.rewrites = append(b.rewrites, r)
	return nil
}

// Follow lets the next bundle look like the last one: the same seed, the same
// number of buckets while the load allows, the same numbers for the same sets,
// so that a patch between the two is small. Categories must be those of last,
// in the same order; else nothing is followed. Call it before the first Add.
func (b *Builder) Follow(last *Bundle) {
	if len(b.refs) > 0 || len(last.categories) != len(b.categories) || len(last.sets)/setSize > maxFollowedSets {
		return
	}
	for i, c := range last.categories {
		if b.categories[i] != c {
			return
		}
	}
	b.follow = last
	for at := 0; at < len(last.sets); at += setSize {
		s := readSet(last.sets[at:])
		if _, ok := b.setIndex[s]; !ok {
			b.setIndex[s] = uint32(len(b.sets))
		}
		b.sets = append(b.sets, s) // a set that is never used again costs 32 bytes
	}
}

// maxFollowedSets is how many sets may pile up over many bundles before one
// begins anew.
const maxFollowedSets = 1 << 16

// seedFor is the seed of the n-th try.
func (b *Builder) seedFor(try int) uint64 {
	if b.follow != nil && try == 1 {
		return b.follow.head.seed
	}
	return b.pickSeed()
}

// Build writes the signed file. The Builder may go on being filled and build
// again.
func (b *Builder) Build(w io.Writer, head Head, by Signer) (Stats, error) {
	if head.Number == 0 {
		return Stats{}, problem.New("bundle/bad-number")
	}
	if err := b.merge(); err != nil {
		return Stats{}, err
	}
	stats := Stats{Added: len(b.refs), Sets: len(b.sets)}
	var kept []ref
	var names, never table
	var chosen uint64
	for found := false; !found; {
		if stats.Seeds == maxSeeds {
			return stats, problem.New("bundle/no-seed")
		}
		stats.Seeds++
		chosen = b.seedFor(stats.Seeds)
		s := newSeed(chosen)
		all, ok := b.fill(newTable(len(b.refs)), s, b.refs)
		if !ok {
			continue
		}
		kept = b.withoutCovered(s, all)
		if names, ok = b.fill(b.roomFor(len(kept)).withHints(), s, kept); !ok {
			continue
		}
		if never, ok = b.neverTable(s); !ok {
			continue
		}
		plain := names
		plain.hints = nil // a reader that passes over them may be hit by chance more often
		found = !b.hitsByChance(s, plain, never)
	}
	stats.Names, stats.Folded = len(kept), len(b.refs)-len(kept)
	h := header{number: head.Number, created: head.Created, folded: head.Folded, seed: chosen, names: uint64(len(kept))}
	var err error
	stats.Bytes, err = b.write(w, h, names, never, by)
	return stats, err
}

// write lays the sections out and signs what went by.
func (b *Builder) write(w io.Writer, h header, names, never table, by Signer) (int64, error) {
	running, err := appendEntries(nil, b.running, true)
	if err != nil {
		return 0, err
	}
	parts := []struct {
		kind uint32
		data []byte
	}{
		{sectionNames, names.data},
		{sectionSets, b.encodeSets()},
		{sectionCategories, b.encodeCategories()},
		{sectionBands, b.encodeBands()},
		{sectionNever, never.data},
		{sectionEntries, running},
		{sectionRewrites, b.encodeRewrites()},
		{sectionHints, names.hints},
	}
	at := align(uint64(headerSize + sectionSize*len(parts)))
	for _, p := range parts {
		h.sections = append(h.sections, section{p.kind, at, uint64(len(p.data))})
		at = align(at + uint64(len(p.data)))
	}
	h.size = at + uint64(trailerSize)
	if h.size > maxFileSize {
		return 0, problem.New("bundle/too-many-names")
	}
	out := &hashingWriter{w: w, sum: sha256.New()}
	out.write(h.encode())
	for i, p := range parts {
		out.pad(h.sections[i].offset)
		out.write(p.data)
	}
	out.pad(at)
	id := idOf(by.Public())
	out.write(id[:])
	if out.err != nil {
		return 0, out.err
	}
	sig, err := by.Sign(out.sum.Sum([]byte(purposeBundle)))
	if err != nil {
		return 0, problem.New("bundle/cannot-sign").Wrap(err)
	}
	out.write(sig)
	return int64(out.n), out.err
}

func align(n uint64) uint64 { return (n + sectionAlign - 1) &^ (sectionAlign - 1) }

func (b *Builder) encodeSets() []byte {
	data := make([]byte, 0, len(b.sets)*setSize)
	for _, s := range b.sets {
		data = appendSet(data, s)
	}
	return data
}

func (b *Builder) encodeCategories() []byte {
	var data []byte
	for _, c := range b.categories {
		data = appendText(append(data, byte(c.Kind)), c.Code)
	}
	return data
}

func (b *Builder) encodeBands() []byte {
	var data []byte
	for _, p := range b.policies {
		blocked, _ := b.mask(p.Blocked) // Policy checked the codes
		allowed, _ := b.mask(p.Allowed)
		flags := byte(p.Video) << bandVideoShift
		if p.SafeSearch {
			flags |= bandSafe
		}
		data = append(data, byte(p.Band), byte(p.Period), flags, 0, 0, 0, 0, 0)
		data = appendSet(appendSet(data, blocked), allowed)
	}
	return data
}

func (b *Builder) encodeRewrites() []byte {
	data := binary.LittleEndian.AppendUint32(nil, uint32(len(b.rewrites)))
	for _, r := range b.rewrites {
		data = append(data, byte(r.Kind))
		data = append(append(data, r.Name.wire...), r.Target.wire...)
	}
	return data
}

// hashingWriter hashes what it writes, counts it, and keeps the first error.
type hashingWriter struct {
	w   io.Writer
	sum hash.Hash
	n   uint64
	err error
}

func (w *hashingWriter) write(data []byte) {
	if w.err != nil {
		return
	}
	w.sum.Write(data)
	var n int
	n, w.err = w.w.Write(data)
	w.n += uint64(n)
}

func (w *hashingWriter) pad(to uint64) {
	if w.err == nil && w.n < to {
		w.write(make([]byte, to-w.n))
	}
}
