// SPDX-License-Identifier: Apache-2.0

package signs

import (
	"cmp"
	"slices"

	"lachan/internal/problem"
	"lachan/internal/vntext"
)

// Reader reads texts with a library and models. It is made once, does not
// change and is safe for use by several goroutines.
type Reader struct {
	finder  *finder
	courses []Course
	voices  []Voice
}

// NewReader makes a Reader. It reports code vntext/bad-signs with a field
// "FILE:LINE" for a course whose stages have no patterns, and for a model with
// a class of nobody (named by its ID).
func NewReader(lib *Library, voices ...Voice) (*Reader, error) {
	bad := problem.New("vntext/bad-signs")
	stages := lib.stages()
	for _, c := range lib.Courses {
		if slices.ContainsFunc(c.Stages, func(s string) bool { return !slices.Contains(stages, s) }) {
			bad.Field(at(c.File, c.Line), "vntext/signs-stage")
		}
	}
	for _, v := range voices {
		for _, s := range v.Speaks {
			if !s.Label.Valid() || len(s.Classes) == 0 || slices.ContainsFunc(s.Classes, func(c string) bool { return !slices.Contains(v.Model.Labels(), c) }) {
				bad.Field(v.ID, "vntext/signs-label")
			}
		}
	}
	if err := bad.OrNil(); err != nil {
		return nil, err
	}
	f, err := newFinder(lib.Entries)
	if err != nil {
		return nil, err
	}
	return &Reader{f, lib.Courses, voices}, nil
}

// Signs is what a text or a conversation shows: each label, in the order of
// Labels.
type Signs []Sign

// Sign is what speaks for one label.
type Sign struct {
	Label  Label
	Models []Said  // one for each model that has the label; none: no model can say anything of it
	Hits   []Hit   // patterns, those of stages too, in the order of the text
	Found  []Found // courses, the strongest first
	Score  float64 // 0 to 1: the strongest of what spoke; no probability
	Listed bool    // strong enough to be shown to a person for this alone
}

// Said is what a model says of a label.
type Said struct {
	Model       string // ID of the voice
	Probability float64
	Above       bool            // at or above the model's threshold
	Line        int             // of a conversation, the line that has it
	Reasons     []vntext.Reason // the words that weighed most in that line, at most maxReasons; none below leastReason
}

// Reasons take as long as all the rest, and nobody asks why a text is no
// insult.
const (
	maxReasons  = 5
	leastReason = 0.2
)

// listing is the score from which patterns and courses list a text: a pattern
// of weight 3, or several weaker ones together.
const listing = 0.55

// Of is the sign of one label.
func (s Signs) Of(l Label) Sign {
	for _, one := range s {
		if one.Label == l {
			return one
		}
	}
	return Sign{Label: l}
}

// Listed are the labels that a person is shown the text for.
func (s Signs) Listed() []Label {
	var out []Label
	for _, one := range s {
		if one.Listed {
			out = append(out, one.Label)
		}
	}
	return out
}

// Read reads one text, which may be any bytes.
func (r *Reader) Read(text string) Signs { return r.ReadLines([]Line{{Text: text}}) }

// ReadLines reads a conversation. A course counts when the lines of one author
// follow it; of each label the line with the greatest probability speaks. Of
// more than MaxLines the beginning is read.
func (r *Reader) ReadLines(lines []Line) Signs {
	lines = lines[:min(len(lines), MaxLines)]
	var hits []Hit
	for i, l := range lines {
		hits = append(hits, r.finder.find(l.Text, i)...)
	}
	found := r.follow(lines, hits)
	said := r.ask(lines)
	out := make(Signs, 0, len(Labels()))
	for _, label := range Labels() {
		s := Sign{Label: label, Models: said[label]}
		for _, h := range hits {
			if h.Label == label {
				s.Hits = append(s.Hits, h)
			}
		}
		for _, f := range found {
			if f.Label == label {
				s.Found = append(s.Found, f)
			}
		}
		s.weigh(r.lists)
		out = append(out, s)
	}
	return out
}

// follow looks for all courses, author by author.
func (r *Reader) follow(lines []Line, hits []Hit) []Found {
	var authors []string
	of := map[string][]Hit{}
	for _, h := range hits {
		if h.Stage == "" {
			continue
		}
		a := lines[h.Line].Author
		if of[a] == nil {
			authors = append(authors, a)
		}
		of[a] = append(of[a], h)
	}
	var out []Found
	for _, a := range authors {
		for i := range r.courses {
			if f := r.courses[i].follow(a, lines, of[a]); f != nil {
				out = append(out, *f)
			}
		}
	}
	slices.SortStableFunc(out, func(a, b Found) int { return cmp.Compare(b.Strength, a.Strength) })
	return out
}

// ask lets each model read each line.
func (r *Reader) ask(lines []Line) map[Label][]Said {
	out := map[Label][]Said{}
	for _, v := range r.voices {
		best := make([]Said, len(v.Speaks))
		for i, l := range lines {
			probabilities := v.Model.Classify(l.Text).Probabilities
			for n, s := range v.Speaks {
				if p := s.of(v.Model, probabilities); i == 0 || p > best[n].Probability {
					best[n] = Said{Model: v.ID, Probability: p, Line: i}
				}
			}
		}
		for n, s := range v.Speaks {
			if len(lines) == 0 {
				continue
			}
			one := best[n]
			one.Above = one.Probability >= s.Threshold
			if text := lines[one.Line].Text; one.Probability >= leastReason {
				one.Reasons = wholeWords(text, v.Model.Reasons(text, s.heaviest(v.Model, v.Model.Classify(text).Probabilities), 4*maxReasons))
			}
			out[s.Label] = append(out[s.Label], one)
		}
	}
	return out
}

func (s Speech) of(m *vntext.Model, probabilities []float32) float64 {
	sum := 0.0
	for _, c := range s.Classes {
		sum += float64(probabilities[slices.Index(m.Labels(), c)])
	}
	return min(sum, 1)
}

// heaviest is the index of the likeliest of the classes.
func (s Speech) heaviest(m *vntext.Model, probabilities []float32) int {
	best := slices.Index(m.Labels(), s.Classes[0])
	for _, c := range s.Classes[1:] {
		if i := slices.Index(m.Labels(), c); probabilities[i] > probabilities[best] {
			best = i
		}
	}
	return best
}

// lists reports whether a model's word alone lists a text for a label.
func (r *Reader) lists(model string, label Label) bool {
	return slices.ContainsFunc(r.voices, func(v Voice) bool {
		return v.ID == model && slices.ContainsFunc(v.Speaks, func(s Speech) bool { return s.Label == label && s.Lists })
	})
}

// agreement is how much a model that does not list counts beside patterns: it
// lists together with a pattern of weight 2, never alone.
const agreement = 0.4

// weigh fills in Score and Listed. Different patterns at different places add
// up; stages count in courses alone.
func (s *Sign) weigh(lists func(string, Label) bool) {
	doubt := s.doubt()
	alone := 0.0
	for _, m := range s.Models {
		switch {
		case !m.Above:
		case lists(m.Model, s.Label):
			alone = max(alone, m.Probability)
		default:
			doubt *= 1 - agreement*m.Probability
		}
	}
	s.Score = 1 - doubt
	for _, f := range s.Found {
		s.Score = max(s.Score, f.Strength)
	}
	s.Listed = s.Score >= listing || alone > 0
	s.Score = max(s.Score, alone)
}

// doubt is what patterns leave of the doubt, 1 to 0. Of those upon each other
// the heaviest counts.
func (s *Sign) doubt() float64 {
	heavy := make([]Hit, 0, len(s.Hits))
	for _, h := range s.Hits {
		if h.Stage == "" {
			heavy = append(heavy, h)
		}
	}
	slices.SortStableFunc(heavy, func(a, b Hit) int { return cmp.Compare(b.Weight, a.Weight) })
	left := 1.0
	var counted []Hit
	for _, h := range heavy {
		if left < 1e-4 {
			break
		}
		if !slices.ContainsFunc(counted, func(c Hit) bool {
			return c.ID == h.ID || c.Line == h.Line && c.From < h.To && h.From < c.To
		}) {
			counted = append(counted, h)
			left *= 1 - strength(h.Weight)
		}
	}
	return left
}
