// SPDX-License-Identifier: Apache-2.0

package casework_test

import (
	"strings"
	"testing"

	"lachan/duty/casework"
	"lachan/internal/locale"
)

// Every value that is stored can be said in both languages.
func TestEveryValueHasItsWords(t *testing.T) {
	texts, err := locale.Load()
	if err != nil {
		t.Fatal(err)
	}
	w := &world{t: t, texts: texts}
	said(w, casework.Harms(), casework.Harm.Key)
	said(w, casework.Mediums(), casework.Medium.Key)
	said(w, casework.ReporterKinds(), casework.ReporterKind.Key)
	said(w, casework.Relations(), casework.Relation.Key)
	said(w, casework.Contacts(), casework.Contact.Key)
	said(w, casework.Channels(), casework.Channel.Key)
	said(w, []casework.Answer{casework.Yes, casework.No, casework.Unsure, casework.Skipped}, casework.Answer.Key)
	said(w, casework.States(), casework.State.Key)
	said(w, casework.Acts(), casework.Act.Key)
	said(w, casework.Tracks(), casework.Track.Key)
	said(w, casework.Groups(), casework.Group.Key)
	said(w, casework.Outcomes(), casework.Outcome.Key)
	said(w, casework.Outcomes(), func(o casework.Outcome) string { return o.TextKey(true) })
	said(w, casework.Outcomes(), func(o casework.Outcome) string { return o.TextKey(false) })
	said(w, casework.ReferralKinds(), casework.ReferralKind.Key)
	said(w, casework.Consents(), casework.Consent.Key)
	said(w, casework.BlockKinds(), casework.BlockKind.Key)
	said(w, casework.TrackEnds(), casework.TrackEndKey)
	said(w, casework.ReturnReasons(), casework.ReturnKey)
	said(w, append(casework.LiftReasons(), "unfounded"), casework.LiftKey)
	said(w, casework.MeasureKinds(), casework.MeasureKey)
	said(w, []casework.RingStep{casework.RingPerson, casework.RingStandIn, casework.RingDesk, casework.RingTaken}, casework.RingStep.Key)
	said(w, []casework.MaskWhy{casework.MaskRole, casework.MaskLocked, casework.MaskNoKey}, casework.MaskWhy.Key)
	said(w, []casework.Tier{casework.Immediate, casework.Urgent, casework.Standard, casework.Monitor}, casework.Tier.Key)
	w.said(casework.Prompts()...)
	for _, plain := range casework.PlainStatuses() {
		st := casework.Status{Plain: plain}
		w.said(st.HeadlineKey(), st.ExplainKey())
	}
	for _, older := range []bool{true, false} {
		you, start := casework.VoiceKeys(older)
		w.said(you, start)
	}
	weights, err := casework.LoadWeights()
	if err != nil {
		t.Fatal(err)
	}
	for code := range weights.Points {
		w.said(casework.Factor{Code: code}.Key())
	}
	for code := range weights.Floors {
		w.said(casework.Score{Floor: code}.FloorKey())
	}
	clocks, err := casework.LoadClocks()
	if err != nil {
		t.Fatal(err)
	}
	said(w, clocks.Clocks, casework.ClockRule.Key)
}

func said[T any](w *world, values []T, key func(T) string) {
	w.t.Helper()
	for _, v := range values {
		w.said(key(v))
	}
}

// What a child reads is short, and calls nobody a culprit (reference: casework
// section 10).
func TestWhatAChildReadsIsShort(t *testing.T) {
	texts, err := locale.Load()
	if err != nil {
		t.Fatal(err)
	}
	for _, o := range casework.Outcomes() {
		text, _ := texts.Raw(locale.Source, o.TextKey(true))
		for _, sentence := range strings.FieldsFunc(text, func(r rune) bool { return r == '.' || r == '?' }) {
			if n := len(strings.Fields(sentence)); n > 12 {
				t.Errorf("%s: %d words in %q", o, n, sentence)
			}
		}
	}
	for _, key := range texts.Keys(locale.Source) {
		if !strings.HasPrefix(key, "casework.") {
			continue
		}
		text, _ := texts.Raw(locale.Source, key)
		for _, word := range []string{"thủ phạm", "hung thủ", "kẻ xấu", "đối tượng", "nghi phạm"} {
			if strings.Contains(strings.ToLower(text), word) {
				t.Errorf("%s says %q: a report is not a finding", key, word)
			}
		}
	}
}
