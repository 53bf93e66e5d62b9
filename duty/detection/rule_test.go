// SPDX-License-Identifier: Apache-2.0

package detection_test

import (
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"lachan/duty/detection"
	"lachan/internal/authz"
	"lachan/internal/clock"
	"lachan/internal/id"
	"lachan/internal/vntext/signs"
)

func head() authz.Actor {
	return authz.Actor{Person: "h-" + reviewUnit, Unit: reviewUnit, Roles: []string{authz.Head}}
}

// body reads a rule as an author would write it.
func body(t testing.TB, when, then string) detection.RuleBody {
	t.Helper()
	b, err := detection.ParseRule([]byte(`{"when":` + when + `,"then":` + then + `}`))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// writes saves a rule and stages it.
func (w *world) writes(name, when, then string) int {
	w.t.Helper()
	before := 0
	if all, err := w.RuleVersions(w.ctx, w.an(), name); err == nil {
		before = all[0].Version
	}
	n, err := w.SaveRule(w.ctx, w.an(), detection.RuleCommand{Name: name, Title: "Quy tắc " + name, Body: body(w.t, when, then), After: before})
	w.ok(err)
	w.ok(w.StageRule(w.ctx, w.an(), name, n))
	return n
}

// applies brings a rule all the way to its effect.
func (w *world) applies(name, when, then string) int {
	w.t.Helper()
	n := w.writes(name, when, then)
	_, err := w.TestRule(w.ctx, w.an(), name, n, 30)
	w.ok(err)
	w.ok(w.RuleToLive(w.ctx, head(), name, n))
	return n
}

// TestARuleGoesFromDraftToLive: a version is tried before it counts, counts
// only by another person's word, and is taken back at once.
func TestARuleGoesFromDraftToLive(t *testing.T) {
	w := newWorld(t)
	cmd := detection.RuleCommand{Name: "young-scam", Title: "  Lừa đảo trên tên miền mới ", Body: body(t, `{"is":"listed","label":"scam"}`, `{"tier":"high"}`)}
	n, err := w.SaveRule(w.ctx, w.an(), cmd)
	if w.ok(err); n != 1 {
		t.Fatalf("version %d", n)
	}
	_, err = w.SaveRule(w.ctx, w.an(), cmd)
	wants(t, err, "detection/rule-exists")
	wants(t, w.RuleToLive(w.ctx, head(), cmd.Name, 1), "detection/rule-state")
	if found := w.find(page(t, 1, "scam")); found.Judged.Tier != detection.Normal {
		t.Fatalf("a draft has an effect: %+v", found.Judged)
	}
	w.ok(w.StageRule(w.ctx, w.an(), cmd.Name, 1))
	found := w.find(page(t, 2, "scam"))
	if found.Judged.Tier != detection.Normal {
		t.Fatalf("a staged rule has an effect: %+v", found.Judged)
	}
	w.find(page(t, 2, "scam")) // met again: it counts once
	rules, err := w.Rules(w.ctx, w.an())
	if w.ok(err); len(rules) != 1 || rules[0].Title != "Lừa đảo trên tên miền mới" || !reflect.DeepEqual(rules[0].WouldHave, map[detection.Effect]int{detection.Raised: 1}) || len(rules[0].Hits) != 0 {
		t.Fatalf("rules %+v", rules)
	}
	wants(t, w.RuleToLive(w.ctx, head(), cmd.Name, 1), "detection/rule-untested")
	test, err := w.TestRule(w.ctx, w.an(), cmd.Name, 1, 30)
	if w.ok(err); test.Result.Matched != 2 || test.Result.Effects[detection.Raised] != 2 || test.Result.Tiers[detection.High] != 2 {
		t.Fatalf("back-test %+v", test.Result)
	}
	author := w.an()
	author.Roles = []string{authz.Head}
	wants(t, w.RuleToLive(w.ctx, author, cmd.Name, 1), "authz/forbidden") // nobody alone
	wants(t, w.RuleToLive(w.ctx, w.binh(), cmd.Name, 1), "authz/forbidden")
	w.ok(w.RuleToLive(w.ctx, head(), cmd.Name, 1))
	found = w.find(page(t, 3, "scam"))
	if found.Judged.Tier != detection.High || found.Judged.Label != "scam" {
		t.Fatalf("judged %+v", found.Judged)
	}
	if last := found.Judged.Reasons[len(found.Judged.Reasons)-1]; last.Code != "rule" || last.Ref != cmd.Name {
		t.Fatalf("reasons %+v", found.Judged.Reasons)
	}
	v := w.next(w.an())
	if v.ID != found.Item || len(v.Rules) != 1 || v.Rules[0].Effect != detection.Raised || v.Rules[0].Title == "" || v.Rules[0].Why[0].Place != "when.listed" || v.Rules[0].Why[0].Value != 1 {
		t.Fatalf("the item says %+v", v.Rules)
	}
	// A next version is a draft beside the live one, and takes its place.
	cmd.After, cmd.Body.Then.Tier = 1, "emergency"
	if n, err = w.SaveRule(w.ctx, w.binh(), cmd); err != nil || n != 2 {
		t.Fatalf("version %d, %v", n, err)
	}
	_, err = w.SaveRule(w.ctx, w.an(), cmd)
	wants(t, err, "detection/rule-moved")
	w.ok(w.StageRule(w.ctx, w.an(), cmd.Name, 2))
	wants(t, w.RuleToLive(w.ctx, head(), cmd.Name, 2), "detection/rule-untested") // the test of version 1 does not count
	if found = w.find(page(t, 4, "scam")); found.Judged.Tier != detection.High {
		t.Fatalf("judged %+v", found.Judged)
	}
	_, err = w.TestRule(w.ctx, w.an(), cmd.Name, 2, 30)
	w.ok(err)
	w.ok(w.RuleToLive(w.ctx, head(), cmd.Name, 2))
	all, err := w.RuleVersions(w.ctx, w.an(), cmd.Name)
	if w.ok(err); len(all) != 2 || all[0].State != detection.RuleLive || all[1].State != detection.RuleOff || all[0].Test == nil || all[0].Body.Then.Tier != "emergency" {
		t.Fatalf("versions %+v", all)
	}
	if found = w.find(page(t, 5, "scam")); found.Judged.Tier != detection.Emergency {
		t.Fatalf("judged %+v", found.Judged)
	}
	w.ok(w.RuleToOff(w.ctx, w.an(), cmd.Name, 2))
	if found = w.find(page(t, 6, "scam")); found.Judged.Tier != detection.Normal {
		t.Fatalf("taken back, and still %+v", found.Judged)
	}
	for kind, n := range map[string]int{"saved": 2, "staged": 2, "tested": 2, "live": 2, "off": 1} {
		if got := w.kinds.count("detection.rule_" + kind); got != n {
			t.Errorf("%d entries of %s, want %d", got, kind, n)
		}
	}
	outsider := authz.Actor{Person: "x", Unit: otherUnit, Roles: []string{authz.Reviewer, authz.Head}}
	for _, err := range []error{
		second(w.Rules(w.ctx, outsider)), second(w.RuleVersions(w.ctx, outsider, cmd.Name)), second(w.SaveRule(w.ctx, outsider, cmd)), second(w.LeftOut(w.ctx, outsider)),
		w.StageRule(w.ctx, outsider, cmd.Name, 1), w.RuleToLive(w.ctx, outsider, cmd.Name, 2), w.RuleToOff(w.ctx, outsider, cmd.Name, 2), second(w.TestRule(w.ctx, outsider, cmd.Name, 1, 30)),
	} {
		wants(t, err, "authz/forbidden")
	}
	wants(t, w.StageRule(w.ctx, w.an(), "nothing", 1), "detection/no-rule")
	_, err = w.SaveRule(w.ctx, w.an(), detection.RuleCommand{Name: "new", Title: "x", Body: cmd.Body})
	wants(t, err, "input/faulty")
}

func second[T any](_ T, err error) error { return err }

// TestMarksRunOut: what a rule noted of a host is seen by later findings until
// its time, or until the rule is taken back.
func TestMarksRunOut(t *testing.T) {
	w := newWorld(t)
	marking := w.applies("note-host", `{"is":"listed","label":"scam"}`, `{"mark":{"entity":"host","mark":"seen-scam","days":30}}`)
	w.applies("marked", `{"all":[{"is":"marked","ref":"seen-scam"},{"is":"pictures","least":1}]}`, `{"queue":true,"tier":"high","label":"scam"}`)
	at := func(host string, n int) detection.Finding {
		f := page(t, n, "", picture(t, n))
		f.Address, f.Text = fmt.Sprintf("https://%s/%d", host, n), "Trang về cây lúa"
		return f
	}
	if found := w.find(at("ruong.mau.example", 1)); found.Item != "" {
		t.Fatalf("a quiet host: %+v", found)
	}
	scam := page(t, 2, "scam")
	scam.Address = "https://ruong.mau.example/lua-dao"
	w.find(scam)
	found := w.find(at("ruong.mau.example", 3))
	if found.Judged.Tier != detection.High || found.Judged.Label != "scam" {
		t.Fatalf("on the marked host: %+v", found)
	}
	if found := w.find(at("khac.mau.example", 4)); found.Item != "" {
		t.Fatalf("another host is marked: %+v", found)
	}
	w.clock.Advance(31 * 24 * time.Hour)
	if found := w.find(at("ruong.mau.example", 5)); found.Item != "" {
		t.Fatalf("the mark did not run out: %+v", found)
	}
	scam.Address = "https://ruong.mau.example/lua-dao-2"
	w.find(scam)
	w.ok(w.RuleToOff(w.ctx, w.an(), "note-host", marking))
	if found := w.find(at("ruong.mau.example", 6)); found.Item != "" {
		t.Fatalf("the mark outlives its rule: %+v", found)
	}
	// A staged rule marks nothing.
	w.ok(w.StageRule(w.ctx, w.an(), "note-host", marking))
	scam.Address = "https://ruong.mau.example/lua-dao-3"
	w.find(scam)
	if found := w.find(at("ruong.mau.example", 7)); found.Item != "" {
		t.Fatalf("a staged rule marked: %+v", found)
	}
	rows, err := w.db.Writer().Query(`SELECT hash FROM detection_mark UNION ALL SELECT features FROM detection_feature UNION ALL SELECT why FROM detection_rule_hit`)
	w.ok(err)
	defer rows.Close()
	for rows.Next() {
		var text string
		w.ok(rows.Scan(&text))
		if strings.Contains(text, "ruong") || strings.Contains(text, "cây lúa") {
			t.Fatalf("a word of a page stands open: %s", text)
		}
	}
	w.ok(rows.Err())
}

// TestMarksAreOfWhatTheySay: a mark on a page or a source is seen there and
// nowhere else.
func TestMarksAreOfWhatTheySay(t *testing.T) {
	for _, entity := range detection.MarkEntities() {
		w := newWorld(t)
		w.applies("note", `{"is":"listed","label":"scam"}`, `{"mark":{"entity":"`+entity+`","mark":"noted","days":1}}`)
		w.applies("noted", `{"is":"marked","ref":"noted"}`, `{"queue":true,"tier":"high","label":"violence"}`)
		w.find(page(t, 1, "scam"))
		at := func(address, source string) bool {
			f := page(t, 1, "")
			f.Kind, f.Text, f.Address, f.Source = detection.FilmKind, "Trang về cây lúa", address, source
			return w.find(f).Item != ""
		}
		const here, beside, elsewhere = "https://trang1.mau.example/bai", "https://trang1.mau.example/khac", "https://xa.mau.example/"
		got := []bool{at(here, "source-2"), at(beside, "source-2"), at(elsewhere, "source-1"), at(elsewhere, "source-2")}
		want := map[string][]bool{"address": {true, false, false, false}, "host": {true, true, false, false}, "source": {false, false, true, false}}[entity]
		if !slices.Equal(got, want) {
			t.Errorf("%s: seen %v, want %v", entity, got, want)
		}
	}
}

// TestAHostThatComesAgain: rules see how many items a host had in seven days.
func TestAHostThatComesAgain(t *testing.T) {
	w := newWorld(t)
	w.applies("again", `{"is":"host_recent","least":2}`, `{"tier":"high"}`)
	for n := range 4 {
		f := page(t, n, "scam")
		f.Address = fmt.Sprintf("https://mot.mau.example/%d", n)
		if got := w.find(f).Judged.Tier; (got == detection.High) != (n >= 2) {
			t.Fatalf("item %d: tier %d", n, got)
		}
	}
	w.clock.Advance(8 * 24 * time.Hour)
	f := page(t, 9, "scam")
	f.Address = "https://mot.mau.example/9"
	if got := w.find(f).Judged.Tier; got != detection.Normal {
		t.Fatalf("after a week: %d", got)
	}
}

// TestWhatIsLeftOutStaysVisible: noise is kept out of the queue and counted.
func TestWhatIsLeftOutStaysVisible(t *testing.T) {
	w := newWorld(t)
	w.find(page(t, 1, "gambling"))
	w.applies("noise", `{"all":[{"is":"listed","label":"gambling"},{"is":"source","ref":"source-1"}]}`, `{"leave_out":true}`)
	if found := w.find(page(t, 2, "gambling")); found.Item != "" || found.Judged.Queue {
		t.Fatalf("noise: %+v", found)
	}
	if found := w.find(page(t, 3, "grooming")); found.Judged.Tier != detection.Emergency {
		t.Fatalf("grooming: %+v", found)
	}
	brought := page(t, 4, "gambling")
	brought.Source = ""
	if found, err := w.Find(w.ctx, w.an(), brought); err != nil || found.Item == "" {
		t.Fatalf("brought by a person: %+v, %v", found, err)
	}
	n, err := w.LeftOut(w.ctx, w.an())
	if w.ok(err); n != 1 {
		t.Fatalf("%d left out", n)
	}
	// What was left out is still there to be tried on.
	test, err := w.TestRule(w.ctx, w.an(), "noise", 1, 30)
	if w.ok(err); test.Result.Effects[detection.LeftOut] != 2 || test.Result.Seen != 4 || test.Result.Items != 3 {
		t.Fatalf("back-test %+v", test.Result)
	}
}

// TestHubsAgreeOnRules: a rule that one hub puts to use is in force on the
// other with the next finding.
func TestHubsAgreeOnRules(t *testing.T) {
	w := newWorld(t)
	other, err := detection.New(w.deps)
	w.ok(err)
	defer other.Close()
	w.applies("aa", `{"is":"listed","label":"scam"}`, `{"tier":"high"}`)
	found, err := other.Find(w.ctx, system(), page(t, 1, "scam"))
	if w.ok(err); found.Judged.Tier != detection.High {
		t.Fatalf("the other hub: %+v", found.Judged)
	}
	w.ok(other.RuleToOff(w.ctx, w.binh(), "aa", 1))
	if found := w.find(page(t, 2, "scam")); found.Judged.Tier != detection.Normal {
		t.Fatalf("this hub: %+v", found.Judged)
	}
}

// TestForgetKeepsNinetyDays: numbers of what gave no reason are not kept for
// ever, hits of items are.
func TestForgetKeepsNinetyDays(t *testing.T) {
	w := newWorld(t)
	w.writes("all", `{"is":"kind","ref":"page"}`, `{"tier":"low"}`)
	w.find(page(t, 1, "scam"))
	w.find(page(t, 2, ""))
	count := func(table string) (n int) {
		w.ok(w.db.Writer().QueryRow(`SELECT COUNT(*) FROM ` + table).Scan(&n))
		return n
	}
	w.clock.Advance(89 * 24 * time.Hour)
	w.ok(w.Forget(w.ctx))
	if f, h := count("detection_feature"), count("detection_rule_hit"); f != 2 || h != 2 {
		t.Fatalf("%d features, %d hits", f, h)
	}
	w.clock.Advance(48 * time.Hour)
	w.ok(w.Forget(w.ctx))
	if f, h := count("detection_feature"), count("detection_rule_hit"); f != 0 || h != 1 {
		t.Fatalf("%d features, %d hits", f, h)
	}
}

// past puts findings of the past into the database: some that gave no reason,
// some items, some of them decided. It returns what it put in.
type pastRow struct {
	f       detection.Features
	item    bool
	number  int64
	found   time.Time
	verdict string
}

func (w *world) past(n int) []pastRow {
	w.t.Helper()
	d := rand.New(rand.NewPCG(5, 6))
	var all []pastRow
	tx, err := w.db.Writer().Begin()
	w.ok(err)
	feature, err := tx.Prepare(`INSERT INTO detection_feature (id, scan, source, found, features, item) VALUES ($1,'','source-1',$2,$3,'')`)
	w.ok(err)
	item, err := tx.Prepare(`INSERT INTO detection_item (id, number, unit, source, scan, kind, found, last_seen, seen, tier, label, severity, state, address, address_hash,
		host_hash, text_hash, picture_hash, features, reasons, pictures, spoken, capture_size, capture_sha256, reviewer, held_until, verdict, verdict_label, why,
		decided_by, decided, second_by, case_id, watch, watch_next, watch_checked, gone_at, version)
		VALUES ($1,$2,$3,'source-1','','page',$4,$4,1,2,'scam',2,$5,$6,$7,'','','',$8,'[]','[]',0,0,'','',0,$9,'','','',0,'','','',0,0,0,1)`)
	w.ok(err)
	number := int64(0)
	for i := range n {
		r := pastRow{found: start.Add(-time.Duration(i%60) * 24 * time.Hour), item: i%10 == 0}
		r.f = detection.Features{Kind: detection.PageKind, Source: "page", DomainAge: d.IntN(100) - 20, Reach: -1, Signs: signs.Features{Edition: 1, Scores: map[signs.Label]float64{}}}
		r.f.DomainAge = max(-1, r.f.DomainAge)
		for _, l := range []signs.Label{signs.Scam, signs.Gambling, signs.Violence} {
			if d.IntN(3) == 0 {
				r.f.Signs.Scores[l] = float64(d.IntN(100)) / 100
				if r.item {
					r.f.Signs.Listed = append(r.f.Signs.Listed, l)
				}
			}
		}
		features, err := json.Marshal(r.f)
		w.ok(err)
		if r.item {
			number++
			r.number = number
			state, said := "waiting", ""
			switch i % 30 {
			case 0:
				state, r.verdict = "decided", "dismiss"
			case 10:
				state, r.verdict = "decided", "report"
			case 20:
				state, said = "second", "report" // one of two has spoken: no verdict yet
			}
			if r.verdict != "" {
				said = r.verdict
			}
			_, err = item.Exec(id.New(), number, reviewUnit, clock.Micro(r.found), state, []byte{1}, fmt.Sprint("hash-", i), string(features), said)
		} else {
			_, err = feature.Exec(id.New(), clock.Micro(r.found), string(features))
		}
		w.ok(err)
		all = append(all, r)
	}
	w.ok(tx.Commit())
	return all
}

// TestABackTestIsBruteForce: the figures of a back-test are those that a plain
// count over everything gives, over the borders of its pages.
func TestABackTestIsBruteForce(t *testing.T) {
	w := newWorld(t)
	all := w.past(9000)
	severity := map[string]int{"scam": 2, "gambling": 2, "violence": 3}
	for _, c := range []struct {
		name, when, then string
		holds            func(f *detection.Features) int // 1 yes, 0 cannot say, -1 no
	}{
		{"high-scam", `{"is":"score","label":"scam","least":0.5}`, `{"tier":"high"}`, func(f *detection.Features) int {
			if f.Signs.Scores["scam"] >= 0.5 {
				return 1
			}
			return -1
		}},
		{"young", `{"all":[{"is":"domain_age","least":30},{"any":[{"is":"score","label":"scam","least":0.2},{"is":"score","label":"violence","least":0.2}]}]}`, `{"queue":true,"label":"scam"}`, func(f *detection.Features) int {
			switch {
			case f.Signs.Scores["scam"] < 0.2 && f.Signs.Scores["violence"] < 0.2:
				return -1
			case f.DomainAge < 0:
				return 0
			case f.DomainAge < 30:
				return 1
			}
			return -1
		}},
		{"weak", `{"not":{"is":"score","label":"gambling","least":0.6}}`, `{"leave_out":true}`, func(f *detection.Features) int {
			if f.Signs.Scores["gambling"] < 0.6 {
				return 1
			}
			return -1
		}},
	} {
		n := w.writes(c.name, c.when, c.then)
		got, err := w.TestRule(w.ctx, w.an(), c.name, n, 30)
		w.ok(err)
		want := detection.BackTestResult{Days: 30, Effects: map[detection.Effect]int{}, Labels: map[string]int{}}
		for _, r := range all {
			if r.found.Before(start.AddDate(0, 0, -30)) {
				continue
			}
			want.Seen++
			if r.item {
				want.Items++
			}
			if r.verdict != "" {
				want.Decided++
			}
			switch c.holds(&r.f) {
			case 0:
				want.Missing++
				continue
			case -1:
				continue
			}
			want.Matched++
			// The house's own judgement of these features, by its words in docs/rules.md.
			label, tier := "", detection.Low
			for _, l := range r.f.Signs.Listed {
				of := detection.Normal
				if severity[string(l)] >= 3 && r.f.Signs.Scores[l] >= 0.8 {
					of = detection.High
				}
				if label == "" || of < tier || of == tier && severity[string(l)] > severity[label] {
					label = string(l)
				}
				tier = min(tier, of)
			}
			effect := detection.NoEffect
			switch c.name {
			case "high-scam":
				if label != "" && tier > detection.High {
					effect, tier = detection.Raised, detection.High
				}
			case "young":
				if label == "" {
					effect, tier, label = detection.Queued, detection.Normal, "scam"
				}
			case "weak":
				if label != "" && tier == detection.Normal {
					effect = detection.LeftOut
				}
			}
			want.Effects[effect]++
			if effect != detection.NoEffect {
				want.Labels[label]++
				want.Tiers[tier]++
			}
			switch {
			case r.verdict == "dismiss":
				want.Dismissed++
			case r.verdict != "":
				want.Harmful++
				if effect == detection.LeftOut {
					want.LeftHarmful++
				}
			}
		}
		if len(got.Result.Examples) != 20 || slices.ContainsFunc(got.Result.Examples, func(e detection.Example) bool { return e.Number == 0 || e.Item == "" }) {
			t.Errorf("%s: examples %+v", c.name, got.Result.Examples)
		}
		got.Result.Examples = nil
		if !reflect.DeepEqual(got.Result, want) || want.Matched == 0 {
			t.Errorf("%s:\n got %+v\nwant %+v", c.name, got.Result, want)
		}
		if all, err := w.RuleVersions(w.ctx, w.an(), c.name); err != nil || all[0].Test.ID != got.ID {
			t.Errorf("%s: not on record: %v", c.name, err)
		}
	}
	_, err := w.TestRule(w.ctx, w.an(), "weak", 1, 91)
	wants(t, err, "input/faulty")
}

// TestABackTestCanBeStopped: whoever leaves the page stops it.
func TestABackTestCanBeStopped(t *testing.T) {
	w := newWorld(t)
	n := w.writes("aa", `{"is":"hits","least":1}`, `{"queue":true}`)
	ctx, cancel := context.WithCancel(w.ctx)
	cancel()
	if _, err := w.TestRule(ctx, w.an(), "aa", n, 30); err == nil {
		t.Fatal("it went on")
	}
}

// TestSamplesAreRules: every rule that comes along can be saved as it is.
func TestSamplesAreRules(t *testing.T) {
	w := newWorld(t)
	all := w.SampleRules()
	if len(all) < 6 {
		t.Fatalf("%d samples", len(all))
	}
	for _, one := range all {
		if _, err := w.SaveRule(w.ctx, w.an(), detection.RuleCommand{Name: one.Name, Title: "Mẫu", Body: one.Rule}); err != nil {
			t.Errorf("%s: %v", one.Name, err)
		}
	}
	if rules, err := w.Rules(w.ctx, w.an()); err != nil || len(rules) != len(all) || rules[0].State != detection.RuleDraft {
		t.Fatalf("%d rules, %v", len(rules), err)
	}
}

// BenchmarkBackTest goes through a hundred thousand findings of a month.
func BenchmarkBackTest(b *testing.B) {
	w := newWorld(b)
	w.past(100_000)
	n := w.writes("aa", `{"all":[{"is":"domain_age","least":30},{"is":"score","label":"scam","least":0.5}]}`, `{"queue":true,"tier":"high"}`)
	for b.Loop() {
		if _, err := w.TestRule(w.ctx, w.an(), "aa", n, 90); err != nil {
			b.Fatal(err)
		}
	}
}
