// SPDX-License-Identifier: Apache-2.0

package main

import (
	"cmp"
	"encoding/json"
	"slices"
	"strings"

	"lachan/internal/vntext"
	"lachan/internal/vntext/signs"
)

// explainer prints what was read: for people with the places marked in the
// text, for machines with their bytes.
type explainer struct {
	t    *terminal
	json bool
}

// labelJSON is one label for machines. Lines are counted from 1; ranges are
// bytes of the line.
type labelJSON struct {
	Label    signs.Label   `json:"label"`
	Score    float64       `json:"score"`
	Listed   bool          `json:"listed"`
	Measured bool          `json:"measured"` // false: nobody knows how much of this label is found
	Models   []modelJSON   `json:"models,omitempty"`
	Patterns []patternJSON `json:"patterns,omitempty"`
	Courses  []courseJSON  `json:"courses,omitempty"`
}

type placeJSON struct {
	Line int    `json:"line"`
	From int    `json:"from"`
	To   int    `json:"to"`
	Text string `json:"text"`
}

type modelJSON struct {
	Model       string       `json:"model"`
	Probability float64      `json:"probability"`
	Above       bool         `json:"above"`
	Reasons     []reasonJSON `json:"reasons,omitempty"`
}

type reasonJSON struct {
	placeJSON
	Weight float64 `json:"weight"`
}

type patternJSON struct {
	placeJSON
	ID      string `json:"id"`
	Pattern string `json:"pattern"`
	Stage   string `json:"stage,omitempty"`
	Weight  int    `json:"weight"`
	At      string `json:"at"`
}

type courseJSON struct {
	Course   string     `json:"course"`
	Author   string     `json:"author,omitempty"`
	Strength float64    `json:"strength"`
	Steps    []stepJSON `json:"steps"`
}

type stepJSON struct {
	Stage  string      `json:"stage"`
	Places []placeJSON `json:"places"`
}

func place(lines []signs.Line, line int, at vntext.Range) placeJSON {
	return placeJSON{line + 1, at.From, at.To, lines[line].Text[at.From:at.To]}
}

// print says what one text, or one conversation, shows.
func (e *explainer) print(number int, lines []signs.Line, read signs.Signs) error {
	if e.json {
		return e.machine(number, lines, read)
	}
	for i, l := range lines {
		text := marked(l.Text, i, read)
		if l.Author != "" {
			text = l.Author + ": " + text
		}
		e.t.say("cli.classify.text", "n", number+i, "text", text)
	}
	silent := true
	for _, s := range read {
		silent = e.label(lines, s) && silent
	}
	if silent {
		e.t.say("cli.classify.none")
	}
	return nil
}

// close says what is not known of any label, once.
func (e *explainer) close() error {
	if e.json {
		return nil
	}
	var names []string
	for _, l := range signs.Labels() {
		if !l.Measured() {
			names = append(names, e.t.p.T(l.Key()))
		}
	}
	e.t.say("cli.classify.unmeasured", "labels", strings.Join(names, ", "), "what", e.t.p.T(signs.UnmeasuredKey))
	return nil
}

// label prints a label of which something was seen, or says that nothing was.
func (e *explainer) label(lines []signs.Line, s signs.Sign) (silent bool) {
	silent = len(s.Hits) == 0
	if s.Score > 0 {
		key := "cli.classify.hint"
		if s.Listed {
			key = "cli.classify.listed"
		}
		e.t.say(key, "label", e.t.p.T(s.Label.Key()), "score", hundredths(s.Score))
		silent = false
	} else if len(s.Hits) > 0 {
		e.t.say("cli.classify.steps", "label", e.t.p.T(s.Label.Key()))
	}
	for i, h := range s.Hits {
		if i > 0 && h.Line == s.Hits[i-1].Line && h.Range == s.Hits[i-1].Range && source(h) == source(s.Hits[i-1]) {
			continue // two patterns of one meaning at one place
		}
		at := place(lines, h.Line, h.Range)
		e.t.say("cli.classify.pattern", "text", at.Text, "line", at.Line, "weight", h.Weight, "at", source(h))
	}
	for _, f := range s.Found {
		e.t.say("cli.classify.course", "course", e.named("signs.course."+strings.ReplaceAll(f.ID, "/", "-"), f.ID), "author", cmp.Or(f.Author, "–"), "strength", hundredths(f.Strength))
		for _, step := range f.Steps {
			for _, h := range step.Hits {
				at := place(lines, h.Line, h.Range)
				e.t.say("cli.classify.step", "stage", e.named("signs.stage."+step.Stage, step.Stage), "line", at.Line, "text", at.Text)
			}
		}
	}
	for _, m := range s.Models {
		e.t.say("cli.classify.model", "label", e.t.p.T(s.Label.Key()), "model", m.Model, "probability", hundredths(m.Probability), "line", m.Line+1)
		if words := e.reasons(lines, m); words != "" {
			e.t.say("cli.classify.reasons", "words", words)
		}
	}
	return silent
}

func (e *explainer) reasons(lines []signs.Line, m signs.Said) string {
	var words []string
	for _, r := range m.Reasons {
		words = append(words, "«"+lines[m.Line].Text[r.From:r.To]+"»")
	}
	return strings.Join(words, ", ")
}

// named is the word of a key, or the code where a province's own files have
// what no key is for.
func (e *explainer) named(key, code string) string {
	if e.t.p.Has(key) {
		return e.t.p.T(key)
	}
	return code
}

func source(h signs.Hit) string {
	if h.Stage != "" {
		return h.File + " " + h.Stage
	}
	return h.File
}

// marked is a line with the places of all patterns between « and ».
func marked(text string, line int, read signs.Signs) string {
	var ranges []vntext.Range
	for _, s := range read {
		for _, h := range s.Hits {
			if h.Line == line {
				ranges = append(ranges, h.Range)
			}
		}
	}
	slices.SortFunc(ranges, func(a, b vntext.Range) int { return cmp.Or(a.From-b.From, b.To-a.To) })
	var out strings.Builder
	end := 0
	for i := 0; i < len(ranges); {
		from, to := ranges[i].From, ranges[i].To
		for i++; i < len(ranges) && ranges[i].From < to; i++ {
			to = max(to, ranges[i].To)
		}
		out.WriteString(text[end:from] + "«" + text[from:to] + "»")
		end = to
	}
	out.WriteString(text[end:])
	return out.String()
}

func (e *explainer) machine(number int, lines []signs.Line, read signs.Signs) error {
	out := struct {
		Number   int            `json:"number"`
		Labels   []labelJSON    `json:"labels"`
		Features signs.Features `json:"features"`
	}{Number: number, Features: read.Features()}
	for _, s := range read {
		one := labelJSON{Label: s.Label, Score: s.Score, Listed: s.Listed, Measured: s.Label.Measured()}
		for _, m := range s.Models {
			said := modelJSON{Model: m.Model, Probability: m.Probability, Above: m.Above}
			for _, r := range m.Reasons {
				said.Reasons = append(said.Reasons, reasonJSON{place(lines, m.Line, r.Range), float64(r.Weight)})
			}
			one.Models = append(one.Models, said)
		}
		for _, h := range s.Hits {
			one.Patterns = append(one.Patterns, patternJSON{place(lines, h.Line, h.Range), h.ID, h.Text, h.Stage, h.Weight, source(h)})
		}
		for _, f := range s.Found {
			c := courseJSON{Course: f.ID, Author: f.Author, Strength: f.Strength}
			for _, step := range f.Steps {
				st := stepJSON{Stage: step.Stage}
				for _, h := range step.Hits {
					st.Places = append(st.Places, place(lines, h.Line, h.Range))
				}
				c.Steps = append(c.Steps, st)
			}
			one.Courses = append(one.Courses, c)
		}
		out.Labels = append(out.Labels, one)
	}
	raw, err := json.Marshal(out)
	if err != nil {
		return err
	}
	return e.t.json(raw)
}
