// SPDX-License-Identifier: Apache-2.0

package detection

import (
	"encoding/json"
	"maps"
	"slices"

	"lachan/internal/vntext/signs"
)

// Features is what is kept of a finding for rules, figures and back-tests. It
// holds no word of a text, no address and no hash of a picture: it is computed
// while the finding is in memory, because nothing can open it afterwards.
type Features struct {
	Kind   Kind   `json:"kind"`
	Source string `json:"source,omitempty"` // kind of source; "" for what an officer brought
	// Signs is what the words showed, by ids and numbers.
	Signs     signs.Features `json:"signs"`
	Hits      []Hit          `json:"hits,omitempty"`
	Pictures  int            `json:"pictures,omitempty"`
	Films     int            `json:"films,omitempty"`
	Lookalike float64        `json:"lookalike,omitempty"` // 0 to 1: how near a protected name
	DomainAge int            `json:"domain_age"`          // days; -1: not known
	Reach     int            `json:"reach"`               // followers or views that the page states; -1: not known
	Reports   int            `json:"reports,omitempty"`   // open cases about the address
	Again     int            `json:"again,omitempty"`     // how often it was met before
	// What rules of the province look back to.
	HostRecent int      `json:"host_recent,omitempty"` // other items of the same host in the seven days before
	Marked     []string `json:"marked,omitempty"`      // "host:MARK": marks that held when it was met
}

// Hit is a content of a bank that was met.
type Hit struct {
	Bank     string `json:"bank"`
	Content  int64  `json:"content"`
	Label    string `json:"label"`
	Severity int    `json:"severity"`
	Distance int    `json:"distance,omitempty"`
	Picture  int    `json:"picture"` // which of the item's, from 0; -1: the address
	Verdict  string `json:"verdict,omitempty"`
}

// Kind says what an item is.
type Kind string

// The kinds.
const (
	PageKind      Kind = "page"
	PictureKind   Kind = "picture"
	FilmKind      Kind = "film"
	LookalikeKind Kind = "lookalike"
)

// Kinds lists them.
func Kinds() []Kind { return []Kind{PageKind, PictureKind, FilmKind, LookalikeKind} }

// Key is the locale key of the kind's name.
func (k Kind) Key() string { return "detection.kind." + string(k) }

// Tier is how soon a person must look.
type Tier int

// The tiers.
const (
	Emergency Tier = iota
	High
	Normal
	Low
)

// Key is the locale key of the tier's name.
func (t Tier) Key() string {
	return "detection.tier." + [...]string{"emergency", "high", "normal", "low"}[t]
}

// Reason is why an item is in the queue, said in words by its code
// (detection.reason.CODE) with arguments.
type Reason struct {
	Code  string  `json:"code"` // bank, decided, words, course, lookalike, rule, brought
	Label string  `json:"label"`
	Ref   string  `json:"ref,omitempty"` // bank, rule or course
	Value float64 `json:"value,omitempty"`
}

// Key is the locale key of the reason.
func (r Reason) Key() string { return "detection.reason." + r.Code }

// Judgement is what is to become of a finding.
type Judgement struct {
	Queue   bool
	Tier    Tier
	Label   string
	Reasons []Reason
}

// The strengths from which the built-in judgement acts; rules of a province come
// on top and may only raise.
const (
	strong        = 0.80
	courseUrgent  = 0.70
	lookalikeFrom = 0.70
)

// judge is the judgement that holds before any rule of the province: whatever
// gives a reason goes to a person, and the gravest reason decides how soon.
func (s *Service) judge(f Features) Judgement {
	j := Judgement{Tier: Low}
	add := func(t Tier, r Reason) {
		j.Queue = true
		j.Reasons = append(j.Reasons, r)
		if t < j.Tier || j.Label == "" || t == j.Tier && s.label(r.Label).Severity > s.label(j.Label).Severity {
			j.Label = r.Label
		}
		j.Tier = min(j.Tier, t)
	}
	for _, h := range f.Hits {
		switch {
		case h.Bank == DecidedHarmless:
			// Seen and found harmless: no reason by itself.
		case h.Bank == DecidedHarmful:
			add(High, Reason{Code: "decided", Label: h.Label, Ref: h.Verdict})
		case h.Severity >= 3:
			add(High, Reason{Code: "bank", Label: h.Label, Ref: h.Bank, Value: float64(h.Distance)})
		default:
			add(Normal, Reason{Code: "bank", Label: h.Label, Ref: h.Bank, Value: float64(h.Distance)})
		}
	}
	for _, l := range f.Signs.Listed {
		score := f.Signs.Scores[l]
		t := Normal
		if score >= strong && s.label(string(l)).Severity >= 3 || s.label(string(l)).ID == string(signs.SelfHarm) {
			t = High
		}
		add(t, Reason{Code: "words", Label: string(l), Value: score})
	}
	for _, id := range slices.Sorted(maps.Keys(f.Signs.Courses)) {
		strength := f.Signs.Courses[id]
		t := High
		if strength >= courseUrgent {
			t = Emergency
		}
		add(t, Reason{Code: "course", Label: string(signs.Grooming), Ref: id, Value: strength})
	}
	if f.Lookalike >= lookalikeFrom {
		add(Normal, Reason{Code: "lookalike", Label: "scam", Value: f.Lookalike})
	}
	if j.Queue && f.Reports > 0 && j.Tier > High {
		j.Tier = High
	}
	slices.SortStableFunc(j.Reasons, func(a, b Reason) int { return s.label(b.Label).Severity - s.label(a.Label).Severity })
	return j
}

func encode(v any) string {
	b, err := json.Marshal(v)
	if err != nil {
		return "null" // none of our own types fails
	}
	return string(b)
}

func decode[T any](text string) (v T) {
	_ = json.Unmarshal([]byte(text), &v) // written by encode
	return v
}
