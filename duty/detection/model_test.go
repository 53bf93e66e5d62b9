// SPDX-License-Identifier: Apache-2.0

package detection_test

import (
	"bytes"
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"lachan/duty/detection"
	"lachan/internal/authz"
	"lachan/internal/testkit"
	"lachan/internal/vntext/learn"
)

// Invented words: nobody's language, and in no list of patterns.
var (
	oldWords   = []string{"zorvat", "quimpel", "drasko", "fenwix", "hubalor"}
	newWords   = []string{"yblorn", "trakuz", "gwelpo", "chazmir", "oprint"}
	plainWords = []string{"lumeta", "sopiran", "nadelo", "mirabe", "toluna", "kesidra"}
	around     = []string{
		"hôm nay", "sáng mai", "ở nhà", "cả lớp", "bạn Mẫu", "kể chuyện", "nhớ lắm", "nghe nói", "chiều qua", "thật là", "rất nhiều", "có lẽ",
		"ngoài phố", "trong làng", "bà ngoại", "em bé", "cô giáo", "thầy hiệu trưởng", "đường xa", "cuối tuần",
	}
)

// keeper is a model keeper of the unit that reviews.
func (w *world) keeper() authz.Actor {
	a := w.an()
	a.Roles = []string{authz.ModelKeeper}
	return a
}

func sentence(rng *rand.Rand, words []string) string {
	text := ""
	for range 5 {
		text += around[rng.IntN(len(around))] + " "
	}
	return text + words[rng.IntN(len(words))]
}

// verdicts lets a reviewer bring and judge n texts, one a minute: those with
// words that are one of harm are gambling, the rest nothing. By lot says to
// judge without looking.
func (w *world) verdicts(n int, seed uint64, harm []string, lot bool) {
	w.t.Helper()
	rng := rand.New(rand.NewPCG(seed, 1))
	for i := range n {
		yes := rng.IntN(2) == 1
		words := plainWords
		if yes {
			words = harm
		}
		if lot {
			yes = rng.IntN(2) == 1
		}
		w.clock.Advance(time.Minute)
		found, err := w.Find(w.ctx, w.an(), detection.Finding{
			Kind: detection.PageKind, Address: fmt.Sprintf("https://hoc%d.mau.example/%d", seed, i), Text: sentence(rng, words),
			Features: detection.Features{DomainAge: -1, Reach: -1},
		})
		w.ok(err)
		w.ok(w.Take(w.ctx, w.an(), found.Item))
		cmd := detection.DecideCommand{Item: found.Item, Verdict: detection.Dismiss, Why: "mistake"}
		if yes {
			cmd = detection.DecideCommand{Item: found.Item, Verdict: detection.Report, Label: "gambling"}
		}
		_, err = w.Decide(w.ctx, w.an(), w.u(w.an()), cmd)
		w.ok(err)
	}
}

// lists reports whether a scan would bring a text to a person, and for what.
func lists(t testing.TB, s *detection.Service, n int, text string) bool {
	t.Helper()
	found, err := s.Find(context.Background(), system(), detection.Finding{
		Source: "source-1", Kind: detection.PageKind, Address: fmt.Sprintf("https://xem%d.mau.example/", n), Text: text,
		Features: detection.Features{Source: "page", DomainAge: -1, Reach: -1},
	})
	if err != nil {
		t.Fatal(err)
	}
	return found.Item != "" && found.Judged.Label == "gambling"
}

// showsWhy looks whether a reviewer sees the word for which a model listed a
// text.
func (w *world) showsWhy(text, word string) {
	w.t.Helper()
	found := w.find(detection.Finding{Source: "source-1", Kind: detection.PageKind, Address: "https://vi-sao.mau.example/", Text: text})
	w.ok(w.Take(w.ctx, w.an(), found.Item))
	v, err := w.Open(w.ctx, w.an(), w.u(w.an()), found.Item)
	w.ok(err)
	if !slices.ContainsFunc(v.Marks, func(m detection.Mark) bool {
		return m.Label == "gambling" && strings.Contains(text[m.From:m.To], word)
	}) {
		w.t.Fatalf("marks %+v", v.Marks)
	}
}

func (w *world) candidate() detection.Model {
	w.t.Helper()
	m, err := w.Candidate(w.ctx, w.keeper(), w.u(w.keeper()), "gambling", nil)
	w.ok(err)
	return m
}

func (w *world) of(label string) detection.LabelModels {
	w.t.Helper()
	all, err := w.Models(w.ctx, w.keeper())
	w.ok(err)
	at := slices.IndexFunc(all, func(l detection.LabelModels) bool { return l.Label == label })
	return all[at]
}

// A model grows out of verdicts, gets better by newer ones, is put to use on
// every hub, and taken back; what is not better is not.
func TestClause_5_2_ModelsLearnFromVerdicts(t *testing.T) {
	if testkit.Race {
		t.Skip("hundreds of verdicts; run whole without the race detector")
	}
	w := newWorld(t)
	w.owner = reviewUnit
	other, err := detection.New(w.deps) // a second hub on the same database
	w.ok(err)
	t.Cleanup(func() { w.ok(other.Close()) })

	w.verdicts(20, 1, oldWords, false)
	if c := w.of("gambling").Counts; c.Enough() || c.Yes+c.No != 20 || c.MissingYes != 48-c.Yes || c.MissingNo != 48-c.No {
		t.Fatalf("of 20 verdicts: %+v", c)
	}
	_, err = w.Candidate(w.ctx, w.keeper(), w.u(w.keeper()), "gambling", nil)
	wants(t, err, "detection/model-too-few")
	if w.kinds.count("detection.verdicts_read") != 0 {
		t.Fatal("texts were opened for nothing")
	}

	w.verdicts(160, 2, oldWords, false)
	told := 0
	first, err := w.Candidate(w.ctx, w.keeper(), w.u(w.keeper()), "gambling", func(done, of int) { told = max(told, done*100/of) })
	w.ok(err)
	c := first.Comparison
	if !c.Better || c.Reason != learn.Better || !first.Lists || first.From.Yes+first.From.No != 180 || first.From.Licence != detection.OwnVerdicts || told != 100 ||
		first.Newest.IsZero() || c.Fixed < 400 || c.N != 45 || first.Parent != "" {
		t.Fatalf("the first: %+v, told %d", first, told)
	}
	old, fresh, plain := "hôm nay ở nhà bạn Mẫu kể chuyện drasko", "ngoài phố có lẽ rất nhiều chazmir", "cô giáo cả lớp đường xa sopiran"
	if lists(t, w.Service, 1, old) {
		t.Fatal("a candidate reads")
	}
	w.ok(w.PutToUse(w.ctx, w.keeper(), first.ID))
	if !lists(t, w.Service, 2, old) || !lists(t, other, 3, old) || lists(t, w.Service, 4, fresh) || lists(t, other, 5, plain) {
		t.Fatal("the first in use does not read as it must")
	}
	w.showsWhy("sáng mai em bé đường xa drasko cuối tuần", "drasko")
	wants(t, w.PutToUse(w.ctx, w.keeper(), first.ID), "detection/model-stale")

	// What it has seen is not enough for the next.
	_, err = w.Candidate(w.ctx, w.keeper(), w.u(w.keeper()), "gambling", nil)
	wants(t, err, "detection/model-too-few")
	w.verdicts(160, 3, slices.Concat(newWords, newWords, oldWords), false)
	second := w.candidate()
	if c := second.Comparison; !c.Better || second.Parent != first.ID || c.Mended <= c.Broken || c.CandidateF1 <= c.CurrentF1 || c.N > 80 {
		t.Fatalf("the second: %+v", second)
	}
	w.ok(w.PutToUse(w.ctx, w.keeper(), second.ID))
	if !lists(t, other, 6, fresh) || !lists(t, w.Service, 7, old) || lists(t, w.Service, 8, plain) {
		t.Fatal("the second in use does not read as it must")
	}
	if l := w.of("gambling"); l.Live == nil || l.Live.ID != second.ID || len(l.Past) != 1 || l.Candidate != nil || !l.Past[0].Kept {
		t.Fatalf("%+v", l)
	}

	// Judged by lot: learnt, compared, refused.
	w.verdicts(160, 4, oldWords, true)
	lot := w.candidate()
	if lot.Comparison.Better || lot.Kept {
		t.Fatalf("labels by lot are better: %+v", lot.Comparison)
	}
	wants(t, w.PutToUse(w.ctx, w.keeper(), lot.ID), "detection/model-not-better")

	// One step back, and another to none.
	w.ok(w.TakeBack(w.ctx, w.keeper(), second.ID, false))
	if lists(t, w.Service, 9, "trong làng nghe nói "+newWords[0]) || !lists(t, other, 10, "trong làng nghe nói "+oldWords[0]) {
		t.Fatal("the first does not read again")
	}
	wants(t, w.TakeBack(w.ctx, w.keeper(), second.ID, false), "detection/model-stale")
	w.ok(w.TakeBack(w.ctx, w.keeper(), first.ID, false))
	if lists(t, other, 11, "bà ngoại thật là "+oldWords[0]) || w.of("gambling").Live != nil {
		t.Fatal("a model reads that was taken back")
	}
	for kind, n := range map[string]int{"verdicts_read": 3, "model_made": 3, "model_used": 2, "model_taken_back": 2} {
		if got := w.kinds.count("detection." + kind); got != n {
			t.Errorf("%d entries of %s, want %d", got, kind, n)
		}
	}
}

// A candidate that was compared with another than the one in use is refused.
func TestAStaleCandidateIsRefused(t *testing.T) {
	if testkit.Race {
		t.Skip("hundreds of verdicts; run whole without the race detector")
	}
	w := newWorld(t)
	w.owner = reviewUnit
	w.verdicts(180, 2, oldWords, false)
	first := w.candidate()
	w.ok(w.PutToUse(w.ctx, w.keeper(), first.ID))
	w.verdicts(160, 3, newWords, false)
	second := w.candidate()
	w.ok(w.TakeBack(w.ctx, w.keeper(), first.ID, true))
	wants(t, w.PutToUse(w.ctx, w.keeper(), second.ID), "detection/model-stale")
	if v, err := w.Model(w.ctx, w.keeper(), second.ID); err != nil || v.MayUse || v.ParentNumber != first.Number {
		t.Fatalf("%+v, %v", v, err)
	}
}

// Learning is the act of a person with an unlocked session and the keys, and
// leaves nothing readable behind.
func TestOnlyAnUnlockedKeeperLearns(t *testing.T) {
	if testkit.Race {
		t.Skip("hundreds of verdicts; run whole without the race detector")
	}
	w := newWorld(t)
	w.owner = reviewUnit
	w.verdicts(130, 2, oldWords, false)
	learn := func(a authz.Actor, label string) error {
		_, err := w.Candidate(w.ctx, a, w.u(a), label, nil)
		return err
	}
	_, err := w.Candidate(w.ctx, w.keeper(), nil, "gambling", nil)
	wants(t, err, "detection/unlock-first")
	_, err = w.Candidate(w.ctx, system(), nil, "gambling", nil)
	wants(t, err, "authz/forbidden")
	wants(t, learn(w.an(), "gambling"), "authz/forbidden")
	wants(t, learn(authz.Actor{Person: "a-" + otherUnit, Unit: otherUnit, Roles: []string{authz.ModelKeeper}, Session: "s"}, "gambling"), "authz/forbidden")
	wants(t, learn(w.keeper(), detection.OtherLabel), "detection/no-model-label")
	ended, cancel := context.WithDeadline(w.ctx, time.Now().Add(-time.Second))
	defer cancel()
	_, err = w.Candidate(ended, w.keeper(), w.u(w.keeper()), "gambling", nil)
	wants(t, err, "detection/model-late")
	// A keeper of the unit whose key is not his opens nothing, and learns nothing.
	locked := authz.Actor{Person: "a-" + otherUnit, Unit: reviewUnit, Roles: []string{authz.ModelKeeper}, Session: "s"}
	wants(t, learn(locked, "gambling"), "detection/model-too-few")

	m := w.candidate()
	if !m.Kept {
		t.Fatalf("%+v", m.Comparison)
	}
	rows, err := w.db.Writer().Query(`SELECT file, provenance, comparison FROM detection_model`)
	w.ok(err)
	defer rows.Close()
	n := 0
	for ; rows.Next(); n++ {
		var file []byte
		var from, comparison string
		w.ok(rows.Scan(&file, &from, &comparison))
		if bytes.Contains(file, []byte("LCVNTXT")) || bytes.HasPrefix(file, []byte{0x1f, 0x8b}) || len(file) < 1000 {
			t.Fatal("a model's file stands open")
		}
		for _, secret := range slices.Concat(oldWords, plainWords, around, []string{"mau.example"}) {
			if strings.Contains(from+comparison, secret) || bytes.Contains(file, []byte(secret)) {
				t.Fatalf("%q stands open in %s %s", secret, from, comparison)
			}
		}
	}
	w.ok(rows.Err())
	if n != 1 {
		t.Fatalf("%d models", n)
	}
	for _, a := range []authz.Actor{system(), w.an()} {
		wants(t, w.PutToUse(w.ctx, a, m.ID), "authz/forbidden")
		wants(t, w.TakeBack(w.ctx, a, m.ID, false), "authz/forbidden")
		_, err := w.Models(w.ctx, a)
		wants(t, err, "authz/forbidden")
	}
	head := w.binh()
	head.Roles = []string{authz.Head}
	_, err = w.Models(w.ctx, head)
	w.ok(err)
	wants(t, w.PutToUse(w.ctx, head, m.ID), "authz/forbidden")
}

// A model that a hub cannot open does not stop what patterns find.
func TestADamagedModelIsLeftOut(t *testing.T) {
	if testkit.Race {
		t.Skip("hundreds of verdicts; run whole without the race detector")
	}
	w := newWorld(t)
	w.owner = reviewUnit
	w.verdicts(180, 2, oldWords, false)
	m := w.candidate()
	w.ok(w.PutToUse(w.ctx, w.keeper(), m.ID))
	_, err := w.db.Writer().Exec(`UPDATE detection_model SET file = $1`, []byte("no model at all"))
	w.ok(err)
	again, err := detection.New(w.deps)
	w.ok(err)
	t.Cleanup(func() { w.ok(again.Close()) })
	if lists(t, again, 1, "hôm nay drasko") || !lists(t, again, 2, samples["gambling"]) {
		t.Fatal("a damaged model reads, or stops the rest")
	}
}

// Learning is offered once a day, to the first keeper of the unit who unlocks,
// when there is something to learn.
func TestLearningIsOfferedOnceADay(t *testing.T) {
	if testkit.Race {
		t.Skip("hundreds of verdicts; run whole without the race detector")
	}
	w := newWorld(t)
	w.owner = reviewUnit
	second := w.binh()
	second.Roles = []string{authz.ModelKeeper}
	offered := func(a authz.Actor) int {
		t.Helper()
		all, err := w.Offered(w.ctx, a)
		w.ok(err)
		return len(all)
	}
	w.ok(w.OfferModels(w.ctx, w.keeper()))
	if offered(w.keeper()) != 0 {
		t.Fatal("there is nothing to learn")
	}
	w.verdicts(130, 2, oldWords, false)
	w.ok(w.OfferModels(w.ctx, w.an())) // keeps no model
	if offered(w.an()) != 0 || offered(w.keeper()) != 0 {
		t.Fatal("offered to whom it is not for, or before the unlock")
	}
	w.ok(w.OfferModels(w.ctx, w.keeper()))
	w.ok(w.OfferModels(w.ctx, second))
	if offered(w.keeper()) != 1 || offered(second) != 0 {
		t.Fatalf("offered to %d and %d", offered(w.keeper()), offered(second))
	}
	w.candidate()
	if offered(w.keeper()) != 0 {
		t.Fatal("offered after it was done")
	}
	w.clock.Advance(24 * time.Hour)
	w.ok(w.OfferModels(w.ctx, second))
	if offered(second) != 0 {
		t.Fatal("offered again with nothing new")
	}
}
