// SPDX-License-Identifier: Apache-2.0

package bundle

// RuleKind says which rule of the fixed order decided.
type RuleKind uint8

// The rules in their order; the first that matches decides.
const (
	NoRule       RuleKind = iota // nothing matched: answered
	NeverBlock                   // answered, never counted, never logged
	ByEmergency                  // refused by an officer's provisional block
	ByLegal                      // refused by decision of an authority
	SchoolAllow                  // answered by the school's own rule
	SchoolDeny                   // refused by the school's own rule
	ServiceBlock                 // refused as a service
	ServiceAllow                 // answered as a service, whatever its category
	ByCategory                   // refused by category
)

var ruleCodes = [...]string{"none", "never-block", "emergency", "legal", "school-allow", "school-deny", "service-block", "service-allow", "category"}

// String is the rule's code, the last part of its text's key.
func (r RuleKind) String() string { return ruleCodes[r] }

// Decision is what becomes of a query. It is a value: deciding allocates
// nothing.
type Decision struct {
	Blocked  bool
	Rule     RuleKind
	Category int    // index in Bundle.Categories for the last three rules, else -1
	Labels   int    // how many labels of the name matched, from the right
	Delta    uint64 // number of the delta that brought the entry; 0: lists, school
	Reason   string // the entry's or the school rule's reason code
}

// Final reports whether the asked name itself is answered by a rule that holds
// for everything its CNAMEs lead to: an allow is for the asked name, a block
// for any link of the chain.
func (d Decision) Final() bool {
	return d.Rule == NeverBlock || d.Rule == SchoolAllow || d.Rule == ServiceAllow
}

// Code is the category, service or source to show and to count: "gambling",
// "emergency", "legal", "school"; "" for an answered name.
func (v *View) Code(d Decision) string {
	switch {
	case !d.Blocked:
		return ""
	case d.Rule == ByEmergency:
		return Emergency
	case d.Rule == ByLegal:
		return Legal
	case d.Rule == SchoolDeny:
		return "school"
	case v.bundle != nil && d.Category >= 0 && d.Category < len(v.bundle.categories):
		return v.bundle.categories[d.Category].Code
	default:
		return ""
	}
}

// walk is what is known after some labels of a name.
type walk struct {
	cats      Set // categories so far
	taken     Set // categories taken back so far: lists further down do not count
	catAt     int // the level that brought the last refused category
	serviceAt int // and the last service with a rule
	delta     uint64
	emergency *overEntry
	legal     *overEntry
	atEmerg   int
	atLegal   int
	allow     *Rule
	deny      *Rule
	atAllow   int
	atDeny    int
	reason    string
}

// What counts in a view without a bundle.
var (
	noPolicy   = masks{}
	noServices = Set{}
)

// Decide says what becomes of the name that v.Read put into k, for a client, at
// now, microseconds since 1970 UTC. It goes from the right over every level
// but the bare top-level domain, with at most one probe of the big table for each.
func (v *View) Decide(k *Key, c Client, now int64) Decision {
	policy, services := v.policy(c), &noServices
	b := v.bundle
	if b != nil {
		services = &b.services
	}
	school, band := c.School, c.Band
	var w walk
	overlaid := len(v.overlay.slots) > 0
	ruled := school != nil && len(school.slots) > 0
	for level := 1; level < k.n; level++ {
		if b != nil {
			h := k.hash[level]
			if b.neverSieve.mayHold(h) && b.never.find(h) != 0 {
				return Decision{Rule: NeverBlock, Category: -1, Labels: level + 1}
			}
			if value := b.names.find(h); value != 0 {
				w.addLists(b.set(value), policy, services, level+1)
			}
		}
		if overlaid {
			if s := v.overlay.at(k, level); s != nil {
				w.addEntries(s, policy, services, band, now, level+1)
			}
		}
		if ruled {
			w.addRules(school.at(k, level), band, now, level+1)
		}
	}
	return w.decide(policy, services)
}

// addLists joins the categories that the lists give to this level.
func (w *walk) addLists(s Set, policy *masks, services *Set, labels int) {
	s = s.minus(w.taken)
	w.cats = w.cats.or(s)
	w.mark(s, policy, services, labels, 0, "")
}

// mark notes which level matters, for the answer to "why".
func (w *walk) mark(s Set, policy *masks, services *Set, labels int, delta uint64, reason string) {
	if ruled := s.and(policy.blocked.or(policy.allowed)).and(*services); !ruled.IsEmpty() {
		w.serviceAt = labels
	}
	if refused := s.and(policy.blocked).minus(*services); !refused.IsEmpty() {
		w.catAt, w.delta, w.reason = labels, delta, reason
	}
}

// addEntries applies the entries of one name: of each source the newest that
// runs and is for this band.
func (w *walk) addEntries(s *slot, policy *masks, services *Set, band Band, now int64, labels int) {
	done := whatUnknown
	for i := range s.entries {
		e := &s.entries[i]
		if e.what == done || e.what == whatUnknown || !e.Bands.Has(band) || !e.live(now) {
			continue
		}
		done = e.what
		switch {
		case e.what == whatEmergency:
			w.emergency, w.atEmerg = nil, labels
			if e.Block {
				w.emergency = e
			}
		case e.what == whatLegal:
			w.legal, w.atLegal = nil, labels
			if e.Block {
				w.legal = e
			}
		case e.Block:
			one := SetOf(e.what)
			w.taken = w.taken.minus(one)
			w.cats = w.cats.or(one)
			w.mark(one, policy, services, labels, e.Number, e.Reason)
		default:
			one := SetOf(e.what)
			w.taken = w.taken.or(one)
			w.cats = w.cats.minus(one)
		}
	}
}

func (w *walk) addRules(rules []Rule, band Band, now int64, labels int) {
	for i := range rules {
		r := &rules[i]
		switch {
		case !r.Bands.Has(band) || r.Until != 0 && now >= r.Until:
		case r.Allow:
			w.allow, w.atAllow = r, labels
		default:
			w.deny, w.atDeny = r, labels
		}
	}
}

// decide is the fixed order of DESIGN.md §7 behind never-block.
func (w *walk) decide(policy *masks, services *Set) Decision {
	switch {
	case w.emergency != nil:
		return Decision{Blocked: true, Rule: ByEmergency, Category: -1, Labels: w.atEmerg, Delta: w.emergency.Number, Reason: w.emergency.Reason}
	case w.legal != nil:
		return Decision{Blocked: true, Rule: ByLegal, Category: -1, Labels: w.atLegal, Delta: w.legal.Number, Reason: w.legal.Reason}
	case w.allow != nil:
		return Decision{Rule: SchoolAllow, Category: -1, Labels: w.atAllow, Reason: w.allow.Reason}
	case w.deny != nil:
		return Decision{Blocked: true, Rule: SchoolDeny, Category: -1, Labels: w.atDeny, Reason: w.deny.Reason}
	}
	if w.cats.IsEmpty() {
		return Decision{Category: -1}
	}
	blocked := w.cats.and(policy.blocked)
	if i := blocked.and(*services).first(); i >= 0 {
		return Decision{Blocked: true, Rule: ServiceBlock, Category: i, Labels: w.serviceAt}
	}
	if i := w.cats.and(policy.allowed).and(*services).first(); i >= 0 {
		return Decision{Rule: ServiceAllow, Category: i, Labels: w.serviceAt}
	}
	if i := blocked.minus(*services).first(); i >= 0 {
		return Decision{Blocked: true, Rule: ByCategory, Category: i, Labels: w.catAt, Delta: w.delta, Reason: w.reason}
	}
	return Decision{Category: -1}
}
