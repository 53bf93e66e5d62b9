// SPDX-License-Identifier: Apache-2.0

package detection

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math"
	"regexp"
	"strings"
	"unicode/utf8"

	"lachan/internal/locale"
	"lachan/internal/problem"
)

// RuleBody is what a rule says: when it holds, and what follows. It is data, so
// that a rule can be read, tried on the past and compared, and it speaks of
// Features alone: a rule sees no text, no address and no picture.
type RuleBody struct {
	Edition int     `json:"edition"` // of this form: 1
	When    Cond    `json:"when"`
	Then    Effects `json:"then"`
}

// Cond is one condition: All, Any or Not of others, or a test of one value
// (Is). Which of the other fields a test uses, its TestForm says.
type Cond struct {
	All     []Cond  `json:"all,omitempty"`
	Any     []Cond  `json:"any,omitempty"`
	Not     *Cond   `json:"not,omitempty"`
	Is      string  `json:"is,omitempty"`
	Label   string  `json:"label,omitempty"`
	Ref     string  `json:"ref,omitempty"`   // pattern, course, model, bank, kind, source or mark
	Least   float64 `json:"least,omitempty"` // of domain_age: the days that it is younger than
	Most    int     `json:"most,omitempty"`  // bits that a hash may differ by
	Unknown bool    `json:"unknown,omitempty"`
}

// Effects is what follows where a rule holds.
type Effects struct {
	Queue bool        `json:"queue,omitempty"`
	Tier  string      `json:"tier,omitempty"` // at least so soon; "" leaves it
	Label string      `json:"label,omitempty"`
	Mark  *MarkEffect `json:"mark,omitempty"`
	// LeaveOut keeps a finding out of the queue. It has force only where
	// mayLeaveOut says so, and stands alone.
	LeaveOut bool `json:"leave_out,omitempty"`
}

// MarkEffect is a note on what the finding was met at, which later findings see
// until it runs out.
type MarkEffect struct {
	Entity string `json:"entity"` // address, host or source
	Mark   string `json:"mark"`
	Days   int    `json:"days"`
}

// Bounds of rules.
const (
	MaxRules      = 200 // names
	MaxConditions = 50  // tests of a rule
	maxDepth      = 4
	maxMarkDays   = 365
	ruleEdition   = 1
	defaultTier   = Normal // of what a rule puts into the queue and says no tier of
)

// RefKind is what a test's Ref names.
type RefKind string

// The kinds; NoRef where a test has none.
const (
	NoRef      RefKind = ""
	PatternRef RefKind = "pattern"
	CourseRef  RefKind = "course"
	ModelRef   RefKind = "model"
	BankRef    RefKind = "bank"
	KindRef    RefKind = "kind"
	SourceRef  RefKind = "source"
	MarkRef    RefKind = "mark"
)

// TestForm says which fields a test uses and their ranges.
type TestForm struct {
	Is       string
	Label    bool
	Ref      RefKind
	RefMust  bool
	Min, Max float64 // of Least; both 0: it has none
	Whole    bool    // Least is a count
	Most     int     // the greatest Most; 0: it has none
	Unknown  bool    // the value may be missing, and the rule may say what then
}

// TestForms lists the tests in the order of the page.
func TestForms() []TestForm {
	count := func(is string, most float64) TestForm { return TestForm{Is: is, Min: 1, Max: most, Whole: true} }
	return []TestForm{
		{Is: "score", Label: true, Min: 0.01, Max: 1},
		{Is: "listed", Label: true},
		{Is: "patterns", Label: true, Min: 1, Max: 1000, Whole: true},
		{Is: "pattern", Ref: PatternRef, RefMust: true},
		{Is: "course", Ref: CourseRef, Min: 0.01, Max: 1},
		{Is: "model", Label: true, Ref: ModelRef, Min: 0.01, Max: 1},
		{Is: "hit", Ref: BankRef, Min: 1, Max: 4, Whole: true, Most: 31},
		count("hits", 1000),
		{Is: "lookalike", Min: 0.01, Max: 1},
		{Is: "domain_age", Min: 1, Max: 36500, Whole: true, Unknown: true},
		{Is: "reach", Min: 1, Max: 1e9, Whole: true, Unknown: true},
		count("reports", 1000), count("again", 100_000), count("host_recent", 1000), count("pictures", 1000), count("films", 1000),
		{Is: "kind", Ref: KindRef, RefMust: true},
		{Is: "source", Ref: SourceRef, RefMust: true},
		{Is: "marked", Ref: MarkRef, RefMust: true},
	}
}

// TestFormOf finds the form of a test.
func TestFormOf(is string) (TestForm, bool) {
	for _, f := range TestForms() {
		if f.Is == is {
			return f, true
		}
	}
	return TestForm{}, false
}

// MarkEntities lists what can be marked.
func MarkEntities() []string { return []string{"address", "host", "source"} }

// TierNames lists the tiers by the names that rules use, the soonest first.
func TierNames() []string { return []string{"emergency", "high", "normal", "low"} }

func tierNamed(name string) (Tier, bool) {
	for n, t := range TierNames() {
		if t == name {
			return Tier(n), true
		}
	}
	return Low, false
}

var (
	ruleName = regexp.MustCompile(`^[a-z0-9][a-z0-9-]{1,47}$`)
	ruleRef  = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9_.:-]{0,79}$`)
)

// ParseRule reads a rule's JSON; a name that the form does not know is refused.
func ParseRule(data []byte) (RuleBody, error) {
	var b RuleBody
	d := json.NewDecoder(bytes.NewReader(data))
	d.DisallowUnknownFields()
	if err := d.Decode(&b); err != nil {
		return b, problem.New("detection/bad-rule").Wrap(err)
	}
	return b, nil
}

// Encode is the canonical JSON of a rule: equal rules have equal bytes.
func (b RuleBody) Encode() string { return encode(b) }

// clean gives a rule its canonical form and names what is wrong with it by
// place: when.all[2].score, then.mark.days.
func (s *Service) clean(b *RuleBody, p *problem.Error) {
	if b.Edition == 0 {
		b.Edition = ruleEdition
	}
	if b.Edition != ruleEdition {
		p.Field("edition", "input/out-of-range", "min", ruleEdition, "max", ruleEdition)
	}
	n := 0
	s.cleanCond(&b.When, "when", 1, &n, p)
	if n > MaxConditions {
		p.Field("when", "detection/rule-too-long", "max", MaxConditions)
	}
	s.cleanEffects(&b.Then, p)
}

func (s *Service) cleanCond(c *Cond, place string, depth int, n *int, p *problem.Error) {
	shapes := flag(c.All != nil) + flag(c.Any != nil) + flag(c.Not != nil) + flag(c.Is != "")
	switch {
	case shapes == 0:
		p.Field(place, "detection/rule-empty")
		return
	case shapes > 1:
		p.Field(place, "detection/bad-rule")
		return
	case depth > maxDepth:
		p.Field(place, "detection/rule-too-deep", "max", maxDepth)
		return
	}
	group := func(name string, of []Cond) {
		if len(of) == 0 {
			p.Field(place+"."+name, "detection/rule-empty")
		}
		// A rule of a million conditions is not walked to its end.
		for i := range of[:min(len(of), MaxConditions+1)] {
			s.cleanCond(&of[i], fmt.Sprintf("%s.%s[%d]", place, name, i), depth+1, n, p)
		}
	}
	switch {
	case c.All != nil:
		*c = Cond{All: c.All}
		group("all", c.All)
	case c.Any != nil:
		*c = Cond{Any: c.Any}
		group("any", c.Any)
	case c.Not != nil:
		*c = Cond{Not: c.Not}
		s.cleanCond(c.Not, place+".not", depth+1, n, p)
	default:
		*n++
		s.cleanTest(c, place, p)
	}
}

func (s *Service) cleanTest(c *Cond, place string, p *problem.Error) {
	f, ok := TestFormOf(c.Is)
	if !ok {
		p.Field(place, "input/not-a-choice")
		return
	}
	place += "." + c.Is
	clean := Cond{Is: c.Is}
	if f.Label {
		if clean.Label = c.Label; !s.hasLabel(c.Label) {
			p.Field(place, "input/not-a-choice")
		}
	}
	if f.Ref != NoRef {
		clean.Ref = strings.TrimSpace(c.Ref)
		if clean.Ref == "" && f.RefMust {
			p.Field(place, "input/required")
		} else if clean.Ref != "" && !refFits(f.Ref, clean.Ref) {
			p.Field(place, "detection/bad-rule-ref")
		}
	}
	if f.Max > 0 {
		clean.Least = c.Least
		if !(c.Least >= f.Min && c.Least <= f.Max) || f.Whole && c.Least != math.Trunc(c.Least) {
			p.Field(place, "input/out-of-range", "min", f.Min, "max", f.Max)
		}
	}
	if f.Most > 0 {
		if clean.Most = c.Most; c.Most < 0 || c.Most > f.Most {
			p.Field(place, "input/out-of-range", "min", 0, "max", f.Most)
		}
	}
	clean.Unknown = f.Unknown && c.Unknown
	*c = clean
}

func refFits(kind RefKind, ref string) bool {
	switch kind {
	case KindRef:
		for _, k := range Kinds() {
			if string(k) == ref {
				return true
			}
		}
		return false
	case BankRef:
		return bankName.MatchString(ref)
	case MarkRef:
		return ruleName.MatchString(ref)
	}
	return ruleRef.MatchString(ref)
}

func (s *Service) cleanEffects(e *Effects, p *problem.Error) {
	if e.Tier != "" {
		if _, ok := tierNamed(e.Tier); !ok {
			p.Field("then.tier", "input/not-a-choice")
		}
	}
	if e.Label != "" && !s.hasLabel(e.Label) {
		p.Field("then.label", "input/not-a-choice")
	}
	if m := e.Mark; m != nil {
		if !ruleName.MatchString(m.Mark) {
			p.Field("then.mark.mark", "detection/bad-rule-name")
		}
		if m.Entity != "address" && m.Entity != "host" && m.Entity != "source" {
			p.Field("then.mark.entity", "input/not-a-choice")
		}
		if m.Days < 1 || m.Days > maxMarkDays {
			p.Field("then.mark.days", "input/out-of-range", "min", 1, "max", maxMarkDays)
		}
	}
	if !e.LeaveOut && !e.raises() && e.Mark == nil {
		p.Field("then", "detection/rule-no-effect")
	}
	if e.LeaveOut && (e.raises() || e.Mark != nil) {
		p.Field("then.leave_out", "detection/rule-leaves-alone")
	}
}

// raises: it can change what becomes of a finding.
func (e *Effects) raises() bool { return e.Queue || e.Tier != "" || e.Label != "" }

const maxRuleTitle = 120

func cleanTitle(title string, p *problem.Error) string {
	title = locale.Normalize(title)
	switch {
	case title == "":
		p.Field("title", "input/required")
	case utf8.RuneCountInString(title) > maxRuleTitle:
		p.Field("title", "input/too-long", "max", maxRuleTitle)
	}
	return title
}
