// SPDX-License-Identifier: Apache-2.0

package bundle

// rewrites finds what a name answers as. There are some hundred, so they stand
// in a table of their own, which stays in the processor's cache.
type rewrites struct {
	all   []Rewrite
	table table
	slots []rewriteSlot
}

type rewriteSlot struct {
	name   Name
	target [rewriteKinds]Name
}

func (b *Bundle) readRewrites(data []byte) bool {
	if len(data) == 0 {
		return true // a bundle without any
	}
	r := &reader{data: data}
	where := map[Name]int{}
	for range bounded(r, r.u32(), 1+2*3) {
		one := Rewrite{Kind: RewriteKind(r.u8()), Name: r.name(), Target: r.name()}
		if r.bad || one.Kind == 0 || one.Kind >= rewriteKinds || one.Name.Labels() < 2 || one.Target.Labels() < 2 {
			return false
		}
		i, ok := where[one.Name]
		if !ok {
			i = len(b.rewrites.slots)
			where[one.Name] = i
			b.rewrites.slots = append(b.rewrites.slots, rewriteSlot{name: one.Name})
		}
		b.rewrites.slots[i].target[one.Kind] = one.Target
		b.rewrites.all = append(b.rewrites.all, one)
	}
	if !r.done() || len(b.rewrites.slots) > maxValue {
		return false
	}
	b.rewrites.table = newTable(len(b.rewrites.slots))
	s := newSeed(b.head.seed)
	for i, slot := range b.rewrites.slots {
		putName(&b.rewrites.table, s, slot.name, uint32(i+1))
	}
	return true
}

// Rewrite is what the name that v.Read put into k answers as for a client: the
// target, or the zero Name where the name answers as itself. Ask it after
// Decide has not refused the name: a block stands above it, and no allow takes
// safe search away.
func (v *View) Rewrite(k *Key, c Client) (target Name, kind RewriteKind) {
	b := v.bundle
	if b == nil || k.n < 2 {
		return Name{}, 0
	}
	policy := v.policy(c)
	if !policy.safe && policy.video == VideoFree {
		return Name{}, 0
	}
	found := b.rewrites.table.find(k.hash[k.n-1])
	if found == 0 || int(found) > len(b.rewrites.slots) || !k.same(k.n, b.rewrites.slots[found-1].name) {
		return Name{}, 0
	}
	targets := &b.rewrites.slots[found-1].target
	if policy.video != VideoFree {
		kind = RewriteModerate
		if policy.video == VideoStrict {
			kind = RewriteStrict
		}
		if targets[kind].wire != "" {
			return targets[kind], kind
		}
	}
	if policy.safe && targets[RewriteSafe].wire != "" {
		return targets[RewriteSafe], RewriteSafe
	}
	return Name{}, 0
}
