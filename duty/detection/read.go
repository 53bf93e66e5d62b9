// SPDX-License-Identifier: Apache-2.0

package detection

import (
	"slices"

	"lachan/internal/vntext/signs"
)

// newReader is the reader that comes with the program: the built-in library
// and the shipped model. Models that grow out of verdicts join it (Voices).
func newReader(voices ...signs.Voice) (*signs.Reader, error) {
	library, err := signs.Builtin()
	if err != nil {
		return nil, err
	}
	shipped, err := signs.Shipped()
	if err != nil {
		return nil, err
	}
	return signs.NewReader(library, append([]signs.Voice{shipped}, voices...)...)
}

// conversation is how many messages with an author make a text a conversation.
const conversation = 3

// read reads a finding's text while it is in memory: into f.Features goes what
// holds no word of it, into f.Marks where it stands.
func (s *Service) read(f *Finding) {
	text := f.Text
	if text == "" {
		text = f.Title
	}
	reader := s.reader.Load()
	got := reader.Read(text)
	f.Features.Signs = got.Features()
	for _, one := range got {
		if f.Text != "" {
			f.Marks = append(f.Marks, weighed(one)...)
		}
		for _, h := range one.Hits {
			if f.Text != "" {
				f.Marks = append(f.Marks, Mark{From: h.From, To: h.To, Label: string(one.Label)})
			}
		}
	}
	slices.SortFunc(f.Marks, func(a, b Mark) int { return a.From - b.From })
	lines := signs.Lines(text)
	authored := 0
	for _, l := range lines {
		if l.Author != "" {
			authored++
		}
	}
	if authored >= conversation {
		f.Features.Signs = merged(f.Features.Signs, reader.ReadLines(lines).Features())
	}
}

// merged is what either reading of a text showed, the stronger of both.
func merged(a, b signs.Features) signs.Features {
	for l, v := range b.Scores {
		a.Scores[l] = max(a.Scores[l], v)
	}
	for id, v := range b.Courses {
		a.Courses[id] = max(a.Courses[id], v)
	}
	for _, l := range b.Listed {
		if !slices.Contains(a.Listed, l) {
			a.Listed = append(a.Listed, l)
		}
	}
	a.Patterns = append(a.Patterns, b.Patterns...)
	slices.Sort(a.Patterns)
	a.Patterns = slices.Compact(a.Patterns)
	for _, m := range b.Models {
		at := slices.IndexFunc(a.Models, func(o signs.ModelFeature) bool { return o.Model == m.Model && o.Label == m.Label })
		if at < 0 {
			a.Models = append(a.Models, m)
		} else {
			a.Models[at].Probability = max(a.Models[at].Probability, m.Probability)
		}
	}
	return a
}
