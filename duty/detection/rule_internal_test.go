// SPDX-License-Identifier: Apache-2.0

package detection

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"reflect"
	"slices"
	"strings"
	"testing"

	"lachan/internal/problem"
	"lachan/internal/vntext/signs"
)

// dice make findings and rules that are valid and otherwise anything.
type dice struct{ *rand.Rand }

func (d dice) of(all ...string) string { return all[d.IntN(len(all))] }

func (d dice) label() string { return string(signs.Labels()[d.IntN(len(signs.Labels()))]) }

func (d dice) features() Features {
	f := Features{
		Kind: Kinds()[d.IntN(4)], Source: d.of("page", "feed"), Lookalike: d.Float64(), DomainAge: d.IntN(60) - 10, Reach: d.IntN(20_000) - 5000,
		Reports: d.IntN(2), Again: d.IntN(3), HostRecent: d.IntN(4), Pictures: d.IntN(3), Signs: signs.Features{Edition: 1, Scores: map[signs.Label]float64{}, Courses: map[string]float64{}},
	}
	f.DomainAge, f.Reach = max(-1, f.DomainAge), max(-1, f.Reach)
	for range d.IntN(4) {
		l := signs.Label(d.label())
		f.Signs.Scores[l] = d.Float64()
		if d.IntN(2) == 0 && !slices.Contains(f.Signs.Listed, l) {
			f.Signs.Listed = append(f.Signs.Listed, l)
		}
		f.Signs.Patterns = append(f.Signs.Patterns, string(l)+"-0a1b2c3d4e")
	}
	slices.Sort(f.Signs.Patterns)
	if d.IntN(5) == 0 {
		f.Signs.Courses["course-a"] = d.Float64()
	}
	if d.IntN(4) == 0 {
		f.Signs.Models = append(f.Signs.Models, signs.ModelFeature{Model: "shipped", Label: signs.Label(d.label()), Probability: d.Float64()})
	}
	if d.IntN(5) == 0 {
		f.Hits = append(f.Hits, Hit{Bank: d.of("SAMPLE_BANK", DecidedHarmless), Label: d.label(), Severity: 1 + d.IntN(4), Distance: d.IntN(32)})
	}
	if d.IntN(3) == 0 {
		f.Marked = []string{"host:comes-again"}
	}
	return f
}

func (d dice) cond(depth int) Cond {
	if depth < maxDepth && d.IntN(2) == 0 {
		var parts []Cond
		for range 1 + d.IntN(3) {
			parts = append(parts, d.cond(depth+1))
		}
		switch d.IntN(3) {
		case 0:
			return Cond{All: parts}
		case 1:
			return Cond{Any: parts}
		}
		return Cond{Not: &parts[0]}
	}
	f := TestForms()[d.IntN(len(TestForms()))]
	c := Cond{Is: f.Is, Unknown: f.Unknown && d.IntN(2) == 0}
	if f.Label {
		c.Label = d.label()
	}
	switch f.Ref {
	case KindRef:
		c.Ref = string(Kinds()[d.IntN(4)])
	case SourceRef:
		c.Ref = d.of("page", "feed", "source-1")
	case MarkRef:
		c.Ref = d.of("comes-again", "other")
	case PatternRef:
		c.Ref = d.label() + "-0a1b2c3d4e"
	}
	if f.Max > 0 {
		c.Least = f.Min + d.Float64()*(min(f.Max, 100)-f.Min)
		if f.Whole {
			c.Least = float64(1 + d.IntN(3))
		}
	}
	if f.Most > 0 {
		c.Most = d.IntN(f.Most + 1)
	}
	return c
}

func (d dice) rule(n int) *loadedRule {
	r := &loadedRule{name: fmt.Sprintf("rule-%d", n), version: 1, staged: d.IntN(5) == 0, body: RuleBody{Edition: 1, When: d.cond(1)}}
	e := &r.body.Then
	if d.IntN(4) == 0 {
		e.LeaveOut = true
		return r
	}
	e.Queue = d.IntN(2) == 0
	if d.IntN(2) == 0 {
		e.Tier = d.of(TierNames()...)
	}
	if d.IntN(2) == 0 {
		e.Label = d.label()
	}
	if !e.raises() {
		e.Mark = &MarkEffect{Entity: "host", Mark: "comes-again", Days: 30}
	}
	return r
}

func judging(t testing.TB) *Service {
	t.Helper()
	labels, err := loadLabels()
	if err != nil {
		t.Fatal(err)
	}
	return &Service{labels: labels}
}

// TestRulesOnlyRaise: whatever rules a province writes, and in whatever order,
// nothing becomes later, less grave or loses a reason, and what is left out is
// what may be.
func TestRulesOnlyRaise(t *testing.T) {
	s, d := judging(t), dice{rand.New(rand.NewPCG(7, 11))}
	left, raised, queued, calm := 0, 0, 0, 0
	for range 20_000 {
		f, brought := d.features(), d.IntN(6) == 0
		m := met{&f, "source-1"}
		base := s.based(f, brought)
		var rules []*loadedRule
		for n := range 1 + d.IntN(6) {
			r := d.rule(n)
			p := problem.New("input/faulty")
			if s.clean(&r.body, p); p.OrNil() != nil {
				t.Fatalf("%s: %v", r.body.Encode(), p)
			}
			rules = append(rules, r)
		}
		got, hits := s.weigh(base, m, brought, rules)
		d.Shuffle(len(rules), func(a, b int) { rules[a], rules[b] = rules[b], rules[a] })
		if again, _ := s.weigh(base, m, brought, rules); !reflect.DeepEqual(got, again) {
			t.Fatalf("the order matters: %+v and %+v", got, again)
		}
		var live []*loadedRule
		for _, r := range rules {
			if !r.staged {
				live = append(live, r)
			}
		}
		if alone, _ := s.weigh(base, m, brought, live); !reflect.DeepEqual(got, alone) {
			t.Fatalf("a staged rule has an effect: %+v and %+v", got, alone)
		}
		if base.Queue && !got.Queue {
			left++
			if !s.mayLeaveOut(base, &f, brought) || !slices.ContainsFunc(hits, func(h RuleHit) bool { return h.Effect == LeftOut && !h.Staged }) {
				t.Fatalf("left out %+v of %+v", base, f)
			}
			continue
		}
		if got.Tier > base.Tier || base.Queue && s.label(got.Label).Severity < s.label(base.Label).Severity {
			t.Fatalf("lowered %+v to %+v", base, got)
		}
		if s.label(base.Label).Severe && !s.label(got.Label).Severe {
			t.Fatalf("no longer severe: %+v to %+v", base, got)
		}
		if len(got.Reasons) < len(base.Reasons) || !reflect.DeepEqual(got.Reasons[:len(base.Reasons)], base.Reasons) && len(base.Reasons) > 0 {
			t.Fatalf("a reason is lost: %+v to %+v", base, got)
		}
		switch {
		case got.Queue && !base.Queue:
			queued++
		case got.Tier < base.Tier:
			raised++
		default:
			calm++
		}
	}
	if left == 0 || raised == 0 || queued == 0 || calm == 0 {
		t.Fatalf("the dice tried too little: %d left out, %d raised, %d queued, %d as before", left, raised, queued, calm)
	}
}

// TestWhatIsNeverLeftOut names the bounds of a rule against noise one by one.
func TestWhatIsNeverLeftOut(t *testing.T) {
	s := judging(t)
	noise := []*loadedRule{{name: "noise", body: RuleBody{When: Cond{Is: "kind", Ref: "page"}, Then: Effects{LeaveOut: true}}}}
	weak := func(labels ...signs.Label) Features {
		f := Features{Kind: PageKind, DomainAge: -1, Reach: -1, Signs: signs.Features{Scores: map[signs.Label]float64{}, Listed: labels}}
		for _, l := range labels {
			f.Signs.Scores[l] = 0.5
		}
		return f
	}
	hit, course, reported, harmless := weak(signs.Gambling), weak(signs.Gambling), weak(signs.Gambling), weak(signs.Gambling)
	hit.Hits = []Hit{{Bank: "SAMPLE_BANK", Label: "gambling", Severity: 1}}
	course.Signs.Courses = map[string]float64{"course-a": 0.1}
	reported.Reports = 1
	harmless.Hits = []Hit{{Bank: DecidedHarmless}}
	for _, c := range []struct {
		name    string
		f       Features
		brought bool
		kept    bool
	}{
		{"weak words", weak(signs.Gambling), false, false},
		{"a picture judged harmless besides", harmless, false, false},
		{"a known content", hit, false, true},
		{"a course", course, false, true},
		{"reported by somebody", reported, false, true},
		{"brought by a person", weak(signs.Gambling), true, true},
		{"grooming", weak(signs.Grooming), false, true},
		{"self-harm beside", weak(signs.Gambling, signs.SelfHarm), false, true},
		{"sexual beside", weak(signs.Gambling, signs.Sexual), false, true},
	} {
		got, _ := s.weigh(s.based(c.f, c.brought), met{&c.f, "x"}, c.brought, noise)
		if got.Queue != c.kept {
			t.Errorf("%s: in the queue %v", c.name, got.Queue)
		}
	}
	// The house calls every course grooming today; were it to change its mind,
	// the bound stands by itself.
	if s.mayLeaveOut(Judgement{Queue: true, Tier: Normal, Label: "gambling"}, &course, false) {
		t.Error("a course is left out")
	}
	f := weak(signs.Gambling)
	wants := &loadedRule{name: "wants", body: RuleBody{When: Cond{Is: "listed", Label: "gambling"}, Then: Effects{Tier: "high"}}}
	got, hits := s.weigh(s.based(f, false), met{&f, "x"}, false, append(noise, wants))
	if !got.Queue || got.Tier != High || hits[0].Effect != NoEffect {
		t.Fatalf("noise was heard before a rule that wants it seen: %+v %+v", got, hits)
	}
}

// TestAMissingValueSaysNothing: neither a test nor its contrary holds of what
// is not known, unless the rule says so.
func TestAMissingValueSaysNothing(t *testing.T) {
	young := Cond{Is: "domain_age", Least: 30}
	yes, no := Cond{Is: "kind", Ref: "page"}, Cond{Is: "kind", Ref: "film"}
	orUnknown := young
	orUnknown.Unknown = true
	for _, c := range []struct {
		name         string
		c            Cond
		unknown, new Held // of a domain of unknown age, and of one of ten days
	}{
		{"alone", young, Missing, Yes},
		{"not", Cond{Not: &young}, Missing, No},
		{"not of not", Cond{Not: &Cond{Not: &young}}, Missing, Yes},
		{"and what holds", Cond{All: []Cond{yes, young}}, Missing, Yes},
		{"and what does not", Cond{All: []Cond{young, no}}, No, No},
		{"or what holds", Cond{Any: []Cond{young, yes}}, Yes, Yes},
		{"or what does not", Cond{Any: []Cond{no, young}}, Missing, Yes},
		{"with unknown", orUnknown, Yes, Yes},
		{"not with unknown", Cond{Not: &orUnknown}, No, No},
		{"a model that did not speak", Cond{Not: &Cond{Is: "model", Label: "scam", Least: 0.1}}, Missing, Missing},
	} {
		f := Features{Kind: PageKind, DomainAge: -1, Reach: -1}
		if got := c.c.holds(met{&f, ""}); got != c.unknown {
			t.Errorf("%s, unknown: %d", c.name, got)
		}
		f.DomainAge = 10
		if got := c.c.holds(met{&f, ""}); got != c.new {
			t.Errorf("%s, ten days: %d", c.name, got)
		}
	}
	f := Features{DomainAge: -1}
	if why := because(young.tests(), met{&f, ""}); len(why) != 1 || why[0].Held != Missing || why[0].Place != "when.domain_age" {
		t.Fatalf("why %+v", why)
	}
}

// TestEveryTestReadsItsValue: one finding that each test holds of, and one that
// it does not.
func TestEveryTestReadsItsValue(t *testing.T) {
	f := Features{
		Kind: FilmKind, Source: "feed", Lookalike: 0.8, DomainAge: 5, Reach: 100, Reports: 2, Again: 3, HostRecent: 4, Pictures: 5, Films: 6,
		Marked: []string{"host:comes-again"}, Hits: []Hit{{Bank: "A", Severity: 3, Distance: 9}, {Bank: DecidedHarmless, Severity: 4}},
		Signs: signs.Features{
			Scores: map[signs.Label]float64{signs.Scam: 0.7}, Listed: []signs.Label{signs.Scam}, Patterns: []string{"scam-1", "scam-2", "self_harm-3"},
			Courses: map[string]float64{"c": 0.6}, Models: []signs.ModelFeature{{Model: "m", Label: signs.Hate, Probability: 0.4}},
		},
	}
	empty := Features{DomainAge: 1000, Reach: 0}
	for _, c := range []Cond{
		{Is: "score", Label: "scam", Least: 0.7},
		{Is: "listed", Label: "scam"},
		{Is: "patterns", Label: "scam", Least: 2},
		{Is: "pattern", Ref: "self_harm-3"},
		{Is: "course", Least: 0.6},
		{Is: "course", Ref: "c", Least: 0.6},
		{Is: "model", Label: "hate", Least: 0.4},
		{Is: "model", Label: "hate", Ref: "m", Least: 0.4},
		{Is: "hit", Least: 3, Most: 9},
		{Is: "hit", Ref: "A", Least: 3, Most: 31},
		{Is: "hits", Least: 1},
		{Is: "lookalike", Least: 0.8},
		{Is: "domain_age", Least: 6},
		{Is: "reach", Least: 100},
		{Is: "reports", Least: 2},
		{Is: "again", Least: 3},
		{Is: "host_recent", Least: 4},
		{Is: "pictures", Least: 5},
		{Is: "films", Least: 6},
		{Is: "kind", Ref: "film"},
		{Is: "source", Ref: "feed"},
		{Is: "source", Ref: "source-9"},
		{Is: "marked", Ref: "comes-again"},
	} {
		if c.holds(met{&f, "source-9"}) != Yes || c.holds(met{&empty, "x"}) == Yes {
			t.Errorf("%+v: %d and %d", c, c.holds(met{&f, "source-9"}), c.holds(met{&empty, "x"}))
		}
		more := c
		if more.Least++; c.Least > 0 && c.Is != "domain_age" && more.holds(met{&f, ""}) == Yes {
			t.Errorf("%+v holds too", more)
		}
	}
	for _, f := range TestForms() {
		if _, known := (&Cond{Is: f.Is}).value(met{&empty, ""}); !known && f.Is != "model" {
			t.Errorf("%s reads nothing", f.Is)
		}
	}
	near := Cond{Is: "hit", Least: 1, Most: 8}
	if near.holds(met{&f, ""}) == Yes {
		t.Error("a hash that is further off is taken")
	}
}

// TestFaultsOfARuleHaveAPlace checks the names of what is wrong.
func TestFaultsOfARuleHaveAPlace(t *testing.T) {
	s := judging(t)
	deep := `{"is":"hits","least":1}`
	for range maxDepth {
		deep = `{"not":` + deep + `}`
	}
	long := `{"all":[` + strings.TrimSuffix(strings.Repeat(`{"is":"hits","least":1},`, MaxConditions+1), ",") + `]}`
	for _, c := range []struct{ when, then, field, code string }{
		{`{}`, `{"queue":true}`, "when", "detection/rule-empty"},
		{`{"all":[]}`, `{"queue":true}`, "when.all", "detection/rule-empty"},
		{`{"is":"hits","least":1,"not":{"is":"hits","least":1}}`, `{"queue":true}`, "when", "detection/bad-rule"},
		{`{"all":[{"is":"hits","least":1},{"any":[{"is":"score","label":"scam","least":2}]}]}`, `{"queue":true}`, "when.all[1].any[0].score", "input/out-of-range"},
		{`{"is":"score","label":"nothing","least":0.5}`, `{"queue":true}`, "when.score", "input/not-a-choice"},
		{`{"is":"hits","least":1.5}`, `{"queue":true}`, "when.hits", "input/out-of-range"},
		{`{"is":"hit","least":1,"most":32}`, `{"queue":true}`, "when.hit", "input/out-of-range"},
		{`{"is":"hit","least":1,"ref":"no bank"}`, `{"queue":true}`, "when.hit", "detection/bad-rule-ref"},
		{`{"not":{"is":"pattern"}}`, `{"queue":true}`, "when.not.pattern", "input/required"},
		{`{"is":"colour"}`, `{"queue":true}`, "when", "input/not-a-choice"},
		{deep, `{"queue":true}`, "when.not.not.not.not", "detection/rule-too-deep"},
		{long, `{"queue":true}`, "when", "detection/rule-too-long"},
		{`{"is":"hits","least":1}`, `{}`, "then", "detection/rule-no-effect"},
		{`{"is":"hits","least":1}`, `{"tier":"soon"}`, "then.tier", "input/not-a-choice"},
		{`{"is":"hits","least":1}`, `{"label":"x"}`, "then.label", "input/not-a-choice"},
		{`{"is":"hits","least":1}`, `{"leave_out":true,"queue":true}`, "then.leave_out", "detection/rule-leaves-alone"},
		{`{"is":"hits","least":1}`, `{"mark":{"entity":"host","mark":"x y","days":1}}`, "then.mark.mark", "detection/bad-rule-name"},
		{`{"is":"hits","least":1}`, `{"mark":{"entity":"person","mark":"xy","days":1}}`, "then.mark.entity", "input/not-a-choice"},
		{`{"is":"hits","least":1}`, `{"mark":{"entity":"host","mark":"xy","days":400}}`, "then.mark.days", "input/out-of-range"},
	} {
		b, err := ParseRule([]byte(`{"when":` + c.when + `,"then":` + c.then + `}`))
		if err != nil {
			t.Fatalf("%s: %v", c.when, err)
		}
		p := problem.New("input/faulty")
		s.clean(&b, p)
		if !slices.ContainsFunc(p.Fields, func(f problem.Field) bool { return f.Name == c.field && f.Code == c.code }) {
			t.Errorf("%.60s %s: %+v, want %s at %s", c.when, c.then, p.Fields, c.code, c.field)
		}
	}
	if _, err := ParseRule([]byte(`{"when":{"is":"hits","at_least":1}}`)); !problem.Is(err, "detection/bad-rule") {
		t.Fatalf("a field that nobody knows: %v", err)
	}
}

// TestTheFormIsCanonical: what a test does not use is dropped, and equal rules
// have equal bytes.
func TestTheFormIsCanonical(t *testing.T) {
	s := judging(t)
	b := RuleBody{When: Cond{Is: "listed", Label: "scam", Ref: "x", Least: 3, Most: 2, Unknown: true}, Then: Effects{Queue: true}}
	p := problem.New("input/faulty")
	s.clean(&b, p)
	if err := p.OrNil(); err != nil || b.Encode() != `{"edition":1,"when":{"is":"listed","label":"scam"},"then":{"queue":true}}` {
		t.Fatalf("%s, %v", b.Encode(), err)
	}
	d := dice{rand.New(rand.NewPCG(1, 2))}
	for range 500 {
		b := d.rule(1).body
		s.clean(&b, problem.New("input/faulty"))
		again, err := ParseRule([]byte(b.Encode()))
		if err != nil || again.Encode() != b.Encode() {
			t.Fatalf("%s and %s, %v", b.Encode(), again.Encode(), err)
		}
	}
}

// BenchmarkFiftyRules is what one finding costs where a province has fifty
// rules, most of which do not hold.
func BenchmarkFiftyRules(b *testing.B) {
	s, d := judging(b), dice{rand.New(rand.NewPCG(3, 4))}
	var samples []SampleRule
	if err := json.Unmarshal(ruleFile, &samples); err != nil {
		b.Fatal(err)
	}
	var rules []*loadedRule
	for n := range 50 {
		rules = append(rules, newLoaded(fmt.Sprint(n), 1, RuleLive, samples[n%len(samples)].Rule))
	}
	var all []Features
	for range 256 {
		f := d.features()
		f.Hits, f.Reach, f.Marked = nil, -1, nil
		all = append(all, f)
	}
	bases := make([]Judgement, len(all))
	for n := range all {
		bases[n] = s.judge(all[n])
	}
	b.ReportAllocs()
	for n := 0; b.Loop(); n++ {
		s.weigh(bases[n%len(all)], met{&all[n%len(all)], "x"}, false, rules)
	}
}
