// SPDX-License-Identifier: Apache-2.0

package casework

import (
	"slices"
	"testing"

	"pgregory.net/rapid"

	"lachan/duty"
)

func drawFacts(t *rapid.T) Facts {
	answers := []Answer{Yes, No, Unsure, Skipped}
	return Facts{
		Danger:     rapid.SampledFrom(answers).Draw(t, "danger"),
		StillWith:  rapid.SampledFrom(answers).Draw(t, "still with"),
		Harms:      rapid.SliceOfNDistinct(rapid.SampledFrom(Harms()), 0, 5, rapid.ID).Draw(t, "harms"),
		Cues:       rapid.SliceOfNDistinct(rapid.SampledFrom(cueKinds()), 0, 4, rapid.ID).Draw(t, "cues"),
		Ages:       rapid.SampledFrom(append(duty.AgeParts(), 0)).Draw(t, "age"),
		Relation:   rapid.SampledFrom(append(Relations(), NotAsked)).Draw(t, "relation"),
		Reporter:   rapid.SampledFrom(ReporterKinds()).Draw(t, "reporter"),
		ReporterID: "me",
		Addresses:  rapid.IntRange(0, 3).Draw(t, "addresses"),
		KnownHash:  rapid.Bool().Draw(t, "hash"),
		Generated:  rapid.Bool().Draw(t, "generated"),
		Unreadable: rapid.Bool().Draw(t, "unreadable"),
	}
}

func weights(t interface{ Fatal(...any) }) *Weights {
	w, err := LoadWeights()
	if err != nil {
		t.Fatal(err)
	}
	return w
}

// Reference: casework §4, item 12.
func TestAnAggravatingFactNeverLowersTheScore(t *testing.T) {
	w := weights(t)
	rapid.Check(t, func(t *rapid.T) {
		f := drawFacts(t)
		before := w.Score(f)
		g := f
		switch rapid.IntRange(0, 7).Draw(t, "fact") {
		case 0:
			g.Harms = append(slices.Clone(f.Harms), rapid.SampledFrom(Harms()).Draw(t, "harm"))
		case 1:
			g.Cues = append(slices.Clone(f.Cues), rapid.SampledFrom(cueKinds()).Draw(t, "cue"))
		case 2:
			g.Danger = Yes
		case 3:
			g.StillWith = Yes
		case 4:
			g.KnownHash = true
		case 5:
			g.Generated = true // "made by a machine" is no excuse
		case 6:
			g.Prior = append(slices.Clone(f.Prior), Prior{Reporter: "other"})
		case 7:
			g.Addresses++
		}
		if after := w.Score(g); after.Points < before.Points {
			t.Fatalf("%d became %d", before.Points, after.Points)
		}
	})
}

func TestTheOrderOfFactsIsIrrelevant(t *testing.T) {
	w := weights(t)
	rapid.Check(t, func(t *rapid.T) {
		f := drawFacts(t)
		g := f
		g.Harms = rapid.Permutation(f.Harms).Draw(t, "harms again")
		g.Cues = rapid.Permutation(f.Cues).Draw(t, "cues again")
		a, b := w.Score(f), w.Score(g)
		if a.Points != b.Points || a.Floor != b.Floor || a.Tier != b.Tier || !slices.EqualFunc(a.Factors, b.Factors, func(x, y Factor) bool { return x.Points == y.Points }) {
			t.Fatalf("%+v and %+v", a, b)
		}
	})
}

func TestTenReportsOfOnePersonScoreAsOne(t *testing.T) {
	w := weights(t)
	rapid.Check(t, func(t *rapid.T) {
		f := drawFacts(t)
		alone := w.Score(f).Points
		for range 10 {
			f.Prior = append(f.Prior, Prior{Reporter: "me"})
		}
		if got := w.Score(f).Points; got != alone {
			t.Fatalf("repeating raised %d to %d", alone, got)
		}
		// Another person's report counts, one of an unfounded case does not.
		f.Prior = []Prior{{Reporter: "other", Unfounded: true}}
		if got := w.Score(f).Points; got != alone {
			t.Fatalf("an unfounded report left a stain: %d, %d", alone, got)
		}
		f.Prior = []Prior{{Reporter: "other"}}
		one := w.Score(f).Points
		f.Prior = append(f.Prior, Prior{Reporter: "other"}, Prior{Reporter: "other"})
		if got := w.Score(f).Points; got != one {
			t.Fatalf("one other person counted twice: %d, %d", one, got)
		}
	})
}

func TestFloorsRestOnThisReportAlone(t *testing.T) {
	w := weights(t)
	for _, c := range []struct {
		name  string
		facts Facts
		floor string
		min   int
	}{
		{"danger", Facts{Danger: Yes}, "danger_now", 95},
		{"planned meeting", Facts{Harms: []Harm{WantsMeeting}}, "meeting_planned", 95},
		{"meeting in words", Facts{Cues: []Cue{CueMeeting}}, "meeting_planned", 95},
		{"self-harm", Facts{Cues: []Cue{CueSelfHarm}}, "self_harm_now", 95},
		{"extortion with pictures", Facts{Harms: []Harm{ThreatPictures}}, "picture_extortion", 90},
		{"threat and pictures in words", Facts{Cues: []Cue{CueThreat, CuePictures}}, "picture_extortion", 90},
		{"still with the child", Facts{StillWith: Yes}, "with_child", 85},
		{"violence in the family", Facts{Harms: []Harm{Violence}, Relation: Family}, "with_child", 85},
		{"unsure about danger", Facts{Danger: Unsure}, "danger_unsure", 85},
	} {
		s := w.Score(c.facts)
		if s.Floor != c.floor || s.Points < c.min || !s.Emergency() || s.Tier != Immediate {
			t.Errorf("%s: %+v", c.name, s)
		}
		if len(s.Factors) != len(rules()) {
			t.Errorf("%s: %d factors are listed of %d", c.name, len(s.Factors), len(rules()))
		}
	}
	calm := w.Score(Facts{Harms: []Harm{Bullying}, Ages: duty.From11To14, Danger: No, Prior: []Prior{{Reporter: "a"}, {Reporter: "b"}}})
	if calm.Emergency() || calm.Tier == Immediate {
		t.Errorf("a calm report rings: %+v", calm)
	}
	if s := w.Score(Facts{Unreadable: true}); s.Tier != Urgent || s.Emergency() {
		t.Errorf("what cannot be read: %+v", s)
	}
	if s := w.FailSafeScore(); s.Points != 60 || s.Tier != Urgent {
		t.Errorf("a fault in scoring: %+v", s)
	}
}

func TestCuesAreFoundAtWordBordersOnly(t *testing.T) {
	c, err := LoadCues()
	if err != nil {
		t.Fatal(err)
	}
	for text, want := range map[string][]Cue{
		"Anh ấy rủ gặp em ở cổng trường":        {CueMeeting},
		"anh ay RU  GAP em":                     {CueMeeting},
		"nó dọa, tống tiền em":                  {CueThreat},
		"doan truong em di choi":                nil, // "doa" inside "doan"
		"em không muốn sống nữa":                {CueSelfHarm},
		"họ nói đừng nói với ai. Cả lớp bị rồi": {CueSecrecy, CueSeveral},
		"": nil,
	} {
		got := c.Find(text)
		slices.Sort(want)
		if !slices.Equal(got, want) {
			t.Errorf("%q: %v, want %v", text, got, want)
		}
	}
	// Two texts are not read as one: no phrase runs across the border.
	if got := c.Find("anh ay ru", "gap em"); len(got) != 0 {
		t.Errorf("a phrase across two fields: %v", got)
	}
}

func TestFaultyWeightsAreRefused(t *testing.T) {
	for _, text := range []string{`{`, `{}`, `{"version":"1","points":{"danger":-5}}`} {
		if _, err := parseWeights([]byte(text)); err == nil {
			t.Errorf("taken: %s", text)
		}
	}
}
