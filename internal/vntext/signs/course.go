// SPDX-License-Identifier: Apache-2.0

package signs

import (
	"slices"
	"strings"
	"time"
)

// MaxLines is the greatest number of lines that are read of a conversation.
const MaxLines = 10_000

// Line is one message of a conversation.
type Line struct {
	Author string
	Text   string
	At     time.Time // zero if not known
}

// Lines reads a conversation, one message a line, each "author: text". What
// has no author belongs to the message before it. Of more than MaxLines the
// beginning is read.
func Lines(text string) []Line {
	var out []Line
	for line := range strings.Lines(text) {
		line = strings.TrimRight(line, "\r\n")
		author, rest, named := strings.Cut(line, ":")
		author = strings.TrimSpace(author)
		switch {
		case strings.TrimSpace(line) == "":
		case named && author != "" && len(author) <= maxAuthor && !strings.HasPrefix(rest, "//"):
			if len(out) == MaxLines {
				return out
			}
			out = append(out, Line{Author: author, Text: strings.TrimSpace(rest)})
		case len(out) > 0:
			out[len(out)-1].Text += "\n" + line
		default:
			out = append(out, Line{Text: line})
		}
	}
	return out
}

const maxAuthor = 64 // bytes of an author's name

// Step is one stage that was seen.
type Step struct {
	Stage string
	Hits  []Hit // of the window, in the order of the conversation; of those upon each other the first
}

// Found is a course that one author's lines follow.
type Found struct {
	*Course
	Author   string
	Strength float64 // 0 to 1: which stages, and how far in their order
	InOrder  int     // stages of the longest chain that comes in the course's order
	Steps    []Step  // in the course's order
}

// follow looks for a course in the stage hits of one author, and is nil where
// there is none.
func (c *Course) follow(author string, lines []Line, hits []Hit) *Found {
	mine := make([]Hit, 0, len(hits))
	for _, h := range hits {
		if slices.Contains(c.Stages, h.Stage) {
			mine = append(mine, h)
		}
	}
	from, to, best := c.window(lines, mine)
	if best == 0 {
		return nil
	}
	window := mine[from:to]
	f := &Found{Course: c, Author: author}
	for _, stage := range c.Stages {
		step := Step{Stage: stage}
		for _, h := range window {
			if n := len(step.Hits); h.Stage == stage && (n == 0 || step.Hits[n-1].Line != h.Line || step.Hits[n-1].To <= h.From) {
				step.Hits = append(step.Hits, h)
			}
		}
		if len(step.Hits) > 0 {
			f.Steps = append(f.Steps, step)
		}
	}
	f.InOrder = c.inOrder(window)
	f.Strength = best * (0.7 + 0.3*float64(f.InOrder)/float64(len(f.Steps)))
	return f
}

// window is the part of hits, which are in the order of the conversation, in
// which most of the course is seen, and how strong that is; 0 if nowhere enough.
func (c *Course) window(lines []Line, hits []Hit) (from, to int, best float64) {
	weights := map[string][maxWeight + 1]int{} // of each stage: hits by weight
	count := func(h Hit, by int) {
		w := weights[h.Stage]
		w[h.Weight] += by
		weights[h.Stage] = w
	}
	begin := 0
	for end, h := range hits {
		count(h, 1)
		for c.apart(lines, hits[begin], h) {
			count(hits[begin], -1)
			begin++
		}
		if s := c.sum(weights); s > best+1e-9 {
			from, to, best = begin, end+1, s
		}
	}
	return from, to, best
}

// apart reports whether two hits lie too far from each other for one course.
func (c *Course) apart(lines []Line, a, b Hit) bool {
	if b.Line-a.Line >= c.Lines {
		return true
	}
	x, y := lines[a.Line].At, lines[b.Line].At
	return c.Hours > 0 && !x.IsZero() && !y.IsZero() && y.Sub(x) > time.Duration(c.Hours)*time.Hour
}

// sum is how strong the stages seen are together, 0 if they are too few or
// not those that there must be. Each stage counts once, by its heaviest hit.
func (c *Course) sum(weights map[string][maxWeight + 1]int) float64 {
	seen, doubt, any := 0, 1.0, len(c.Any) == 0
	for _, stage := range c.Stages {
		top := 0
		for w, n := range weights[stage] {
			if n > 0 {
				top = w
			}
		}
		if top == 0 {
			if slices.Contains(c.All, stage) {
				return 0
			}
			continue
		}
		seen++
		doubt *= 1 - strength(top)
		any = any || slices.Contains(c.Any, stage)
	}
	if seen < c.Least || !any {
		return 0
	}
	return 1 - doubt
}

// inOrder is the number of stages of the longest chain of hits whose stages
// rise in the course's order; others may stand between.
func (c *Course) inOrder(hits []Hit) int {
	longest := make([]int, len(c.Stages)) // of the chains that end with a stage
	for _, h := range hits {
		at := slices.Index(c.Stages, h.Stage)
		before := 0
		for _, n := range longest[:at] {
			before = max(before, n)
		}
		longest[at] = max(longest[at], before+1)
	}
	return slices.Max(longest)
}
