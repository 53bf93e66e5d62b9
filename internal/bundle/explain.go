// SPDX-License-Identifier: Apache-2.0

package bundle

// Explanation is why a name is or is not refused: the decision and everything
// that had a say, for `lachan lookup` and the page of the same name.
type Explanation struct {
	Decision
	Name    Name
	Code    string // what View.Code says of the decision
	Matched Name   // the parent, or the name itself, that decided; zero if nothing matched
	Matches []Match
	Client  Client
	// As is what the name answers as where it is not refused, zero if itself.
	As Name
}

// Match is one thing that is known about the name or a parent of it.
type Match struct {
	Name    Name
	Rule    RuleKind // where it stands in the order; ByCategory also for what the band may see
	Code    string   // category or service; Emergency, Legal
	Refuses bool     // it would refuse the name for this band if nothing stood above it
	Lapsed  bool     // an entry or rule whose end has passed
	Takes   bool     // an entry that takes back what its source said
	Delta   uint64
	Until   int64
	Reason  string
}

// Explain decides like Decide and says what was found on the way. It is for
// people, not for the path of a query, and allocates.
func (v *View) Explain(name Name, c Client, now int64) Explanation {
	school, band := c.School, c.Band
	x := Explanation{Name: name, Decision: Decision{Category: -1}, Client: c}
	var k Key
	if !v.Read(&k, []byte(name.wire)) {
		return x
	}
	x.Decision = v.Decide(&k, c, now)
	x.Code = v.Code(x.Decision)
	if !x.Blocked {
		x.As, _ = v.Rewrite(&k, c)
	}
	if x.Labels > 0 {
		x.Matched = name.Suffix(x.Labels)
	}
	for level := 1; level < k.n; level++ {
		at := name.Suffix(level + 1)
		x.Matches = append(x.Matches, v.fromLists(&k, level, at, c)...)
		x.Matches = append(x.Matches, v.fromEntries(&k, level, at, c, now)...)
		if school == nil {
			continue
		}
		for _, r := range school.at(&k, level) {
			if !r.Bands.Has(band) {
				continue
			}
			m := Match{Name: at, Rule: SchoolDeny, Refuses: !r.Allow, Until: r.Until, Reason: r.Reason, Lapsed: r.Until != 0 && now >= r.Until}
			if r.Allow {
				m.Rule = SchoolAllow
			}
			x.Matches = append(x.Matches, m)
		}
	}
	return x
}

func (v *View) fromLists(k *Key, level int, at Name, cl Client) []Match {
	b := v.bundle
	if b == nil {
		return nil
	}
	var found []Match
	if b.never.find(k.hash[level]) != 0 {
		found = append(found, Match{Name: at, Rule: NeverBlock})
	}
	set := b.set(b.names.find(k.hash[level]))
	for i, c := range b.categories {
		if set.Has(i) {
			found = append(found, v.categoryMatch(at, i, c, cl))
		}
	}
	return found
}

func (v *View) categoryMatch(at Name, i int, c Category, cl Client) Match {
	policy := v.policy(cl)
	m := Match{Name: at, Rule: ByCategory, Code: c.Code, Refuses: policy.blocked.Has(i)}
	if c.Kind == KindService {
		m.Rule = ServiceBlock
		if policy.allowed.Has(i) && !m.Refuses {
			m.Rule = ServiceAllow
		}
	}
	return m
}

func (v *View) fromEntries(k *Key, level int, at Name, cl Client, now int64) []Match {
	s := v.overlay.at(k, level)
	if s == nil {
		return nil
	}
	var found []Match
	for i := range s.entries {
		e := &s.entries[i]
		if !e.Bands.Has(cl.Band) {
			continue
		}
		m := Match{Name: at, Code: e.Source, Refuses: e.Block}
		switch e.what {
		case whatEmergency:
			m.Rule = ByEmergency
		case whatLegal:
			m.Rule = ByLegal
		case whatUnknown:
			m.Rule, m.Refuses = ByCategory, false
		default:
			m = v.categoryMatch(at, e.what, v.bundle.categories[e.what], cl)
			m.Refuses = m.Refuses && e.Block
		}
		m.Takes, m.Delta, m.Until, m.Reason, m.Lapsed = !e.Block, e.Number, e.Until, e.Reason, !e.live(now)
		found = append(found, m)
	}
	return found
}
