// SPDX-License-Identifier: Apache-2.0

package signs

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"lachan/internal/problem"
	"lachan/internal/vntext"
)

// parser reads one file. Lines that begin with @ set what holds for all that
// follow, until it is set anew; other lines are patterns, with what is special
// to one of them after bars:
//
//	@label gambling
//	@weight 3
//	@marks less
//	nổ hũ
//	cá độ | with: kèo; nhà cái | innocent: lá cá độ | note: why
//	(em/bé) .. (mấy/bao nhiêu) tuổi
//
// Choices stand in brackets, and between two parts joined by .. there may be
// some words (Gap).
type parser struct {
	lib    *Library
	bad    *problem.Error
	file   string
	line   int
	proto  Entry
	course *Course
}

func at(file string, line int) string { return fmt.Sprintf("%s:%d", file, line) }

func (p *parser) fault(code string) { p.bad.Field(at(p.file, p.line), code) }

func (p *parser) read(text string) {
	p.proto = Entry{File: p.file, Weight: 3, Pattern: vntext.Pattern{Marks: vntext.MarksLess}}
	for n, line := range strings.Split(text, "\n") {
		p.line = n + 1
		line = strings.TrimSpace(line)
		switch {
		case line == "" || line[0] == '#':
		case line[0] == '@':
			name, value, _ := strings.Cut(line[1:], " ")
			p.set(name, strings.TrimSpace(value))
		default:
			p.entry(line)
		}
	}
	p.endCourse()
}

// set takes a line that begins with @.
func (p *parser) set(name, value string) {
	if name == "course" {
		p.endCourse()
		if value == "" || !p.proto.Label.Valid() {
			p.fault("vntext/signs-label")
		}
		p.course = &Course{ID: string(p.proto.Label) + "/" + value, Label: p.proto.Label, File: p.file, Line: p.line, Least: 2, Lines: 200}
		return
	}
	if p.course != nil && p.setCourse(name, value) {
		return
	}
	p.endCourse()
	switch name {
	case "label":
		p.proto.Label, p.proto.Stage = Label(value), ""
		if !p.proto.Label.Valid() {
			p.fault("vntext/signs-label")
		}
	case "stage":
		p.proto.Stage = value
	default:
		p.setEntry(&p.proto, name, value)
	}
}

// setCourse takes a line below @course, or says that it is none of a course.
func (p *parser) setCourse(name, value string) bool {
	c := p.course
	switch name {
	case "stages":
		c.Stages = strings.Fields(value)
	case "any":
		c.Any = strings.Fields(value)
	case "all":
		c.All = strings.Fields(value)
	case "about":
		c.About = value
	case "least":
		c.Least = p.number(value, 2, 100)
	case "lines":
		c.Lines = p.number(value, 1, MaxLines)
	case "hours":
		c.Hours = p.number(value, 1, 24*366)
	default:
		return false
	}
	return true
}

func (p *parser) number(value string, least, most int) int {
	n, err := strconv.Atoi(value)
	if err != nil || n < least || n > most {
		p.fault("vntext/signs-number")
	}
	return n
}

func (p *parser) endCourse() {
	c := p.course
	if c == nil {
		return
	}
	p.course = nil
	named := func(list []string) bool {
		return !slices.ContainsFunc(list, func(s string) bool { return !slices.Contains(c.Stages, s) })
	}
	if len(c.Stages) < c.Least || !named(c.Any) || !named(c.All) {
		p.bad.Field(at(c.File, c.Line), "vntext/signs-stage")
		return
	}
	p.lib.Courses = append(p.lib.Courses, *c)
}

// setEntry takes what may stand both behind @ and behind a bar.
func (p *parser) setEntry(e *Entry, name, value string) {
	list := func() []string {
		var out []string
		for _, one := range strings.Split(value, ";") {
			if one = strings.TrimSpace(one); one != "" {
				out = append(out, one)
			}
		}
		return out
	}
	switch name {
	case "weight":
		e.Weight = p.number(value, 1, maxWeight)
	case "marks":
		e.Marks = vntext.Marks(value)
		if value == "own" {
			e.Marks = vntext.MarksOwn
		}
	case "inside":
		e.Inside = value == "yes"
	case "innocent":
		e.Innocent = list()
	case "with":
		e.With = list()
	case "without":
		e.Without = list()
	case "note":
		e.Note = value
	case "source":
		e.Source = value
	case "reviewed_by":
		e.ReviewedBy = value
	default:
		p.fault("vntext/signs-setting")
	}
}

// entry takes a line with a pattern.
func (p *parser) entry(line string) {
	p.endCourse()
	e := p.proto
	e.Line = p.line
	parts := strings.Split(line, "|")
	e.Text = strings.TrimSpace(parts[0])
	for _, part := range parts[1:] {
		name, value, _ := strings.Cut(part, ":")
		p.setEntry(&e, strings.TrimSpace(name), strings.TrimSpace(value))
	}
	if !e.Label.Valid() {
		p.fault("vntext/signs-label")
		return
	}
	e.Pattern.Label = string(e.Label)
	e.ID = entryID(e.Label, e.Stage, e.Text)
	var list []vntext.Pattern
	for _, one := range e.spellings() {
		list = append(list, one.Pattern)
	}
	good := len(list) > 0
	for _, near := range slices.Concat(e.With, e.Without) {
		list = append(list, nearby(near))
	}
	if !good || slices.ContainsFunc(list, func(p vntext.Pattern) bool { return !p.Valid() }) {
		p.fault("vntext/signs-pattern")
		return
	}
	p.lib.Entries = append(p.lib.Entries, e)
}

// nearby is what is looked for near a pattern.
func nearby(text string) vntext.Pattern {
	return vntext.Pattern{Text: text, Label: "context", Marks: vntext.MarksLess}
}
