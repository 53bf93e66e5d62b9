// SPDX-License-Identifier: Apache-2.0

package bundle

import "slices"

// refSeed keys the Builder's own hashes; it never leaves the process.
func refSeed() seed { return newSeed(0x6c6163) }

// merge sorts the names and joins the sets of those given more than once.
func (b *Builder) merge() error {
	slices.SortFunc(b.refs, func(x, y ref) int {
		switch {
		case x.hash < y.hash:
			return -1
		case x.hash > y.hash:
			return 1
		default:
			return int(x.at) - int(y.at)
		}
	})
	out := b.refs[:0]
	for _, r := range b.refs {
		twin := -1
		for i := len(out) - 1; i >= 0 && out[i].hash == r.hash; i-- {
			if string(b.wireAt(out[i])) == string(b.wireAt(r)) {
				twin = i
				break
			}
		}
		if twin < 0 {
			out = append(out, r)
			continue
		}
		joined := b.sets[out[twin].set].or(b.sets[r.set])
		index, ok := b.setIndex[joined]
		if !ok {
			var err error
			if index, err = b.addSet(joined); err != nil {
				return err
			}
		}
		out[twin].set = index
	}
	b.refs = out
	return nil
}

func (b *Builder) wireAt(r ref) []byte {
	end := int(r.at)
	for b.arena[end] != 0 {
		end += int(b.arena[end]) + 1
	}
	return b.arena[r.at : end+1]
}

// roomFor is a table for n names: as large as the last one while its load stays
// between half and six sevenths, so that names keep their places.
func (b *Builder) roomFor(n int) table {
	if b.follow != nil && b.follow.names.buckets > 0 {
		words := b.follow.names.buckets * bucketWords
		if uint64(n)*2 >= words && uint64(n)*7 <= words*6 {
			return table{data: make([]byte, b.follow.names.buckets*bucketSize), buckets: b.follow.names.buckets}
		}
	}
	return newTable(n)
}

// fill puts refs into a table under a seed; false if two of them cannot be
// told apart under it.
func (b *Builder) fill(t table, s seed, refs []ref) (table, bool) {
	var k Key
	for _, r := range refs {
		k.read(s, b.wireAt(r))
		h := k.hash[k.n-1]
		if t.find(h) != 0 {
			return t, false
		}
		t.put(h, r.set+1)
	}
	return t, true
}

// withoutCovered leaves out every name whose parents together have all its
// categories already: a look-up joins the sets of all parents, so the name
// itself adds nothing. A child with a category of its own stays.
func (b *Builder) withoutCovered(s seed, all table) []ref {
	kept := make([]ref, 0, len(b.refs))
	var k Key
	for _, r := range b.refs {
		k.read(s, b.wireAt(r))
		var above Set
		for level := 1; level < k.n-1; level++ {
			if v := all.find(k.hash[level]); v != 0 {
				above = above.or(b.sets[v-1])
			}
		}
		if !above.covers(b.sets[r.set]) {
			kept = append(kept, r)
		}
	}
	return kept
}

func (b *Builder) neverTable(s seed) (table, bool) {
	t := newTable(len(b.never))
	var k Key
	seen := map[Name]bool{}
	for _, n := range b.never {
		if seen[n] {
			continue
		}
		seen[n] = true
		k.read(s, []byte(n.wire))
		if t.find(k.hash[k.n-1]) != 0 {
			return t, false
		}
		t.put(k.hash[k.n-1], 1)
	}
	return t, true
}

// hitsByChance reports whether a protected or never-block name, or a parent of
// one, is found in the table though nobody put it there; and whether a
// protected name is taken for a never-block name.
func (b *Builder) hitsByChance(s seed, names, never table) bool {
	neverNames := map[Name]bool{}
	for _, n := range b.never {
		neverNames[n] = true
	}
	var k Key
	for _, list := range [][]Name{b.protected, b.never} {
		for _, n := range list {
			k.read(s, []byte(n.wire))
			for level := 1; level < k.n; level++ {
				if names.find(k.hash[level]) != 0 && !b.lists(n.Suffix(level+1)) {
					return true
				}
				if never.find(k.hash[level]) != 0 && !neverNames[n.Suffix(level+1)] {
					return true
				}
			}
		}
	}
	return false
}

// lists reports whether exactly this name was added. The refs are merged.
func (b *Builder) lists(n Name) bool {
	var k Key
	k.read(refSeed(), []byte(n.wire))
	h := k.hash[k.n-1]
	i, _ := slices.BinarySearchFunc(b.refs, h, func(r ref, h uint64) int {
		switch {
		case r.hash < h:
			return -1
		case r.hash > h:
			return 1
		default:
			return 0
		}
	})
	for ; i < len(b.refs) && b.refs[i].hash == h; i++ {
		if string(b.wireAt(b.refs[i])) == n.wire {
			return true
		}
	}
	return false
}
