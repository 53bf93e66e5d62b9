// SPDX-License-Identifier: Apache-2.0

package web

import (
	"slices"
	"strconv"
	"strings"

	"lachan/duty/casework"
	"lachan/internal/problem"
	"lachan/org"
	"lachan/web/page"
)

// voice is how the youngest reporter of a case is addressed.
func (c *visit) voice(v casework.CaseView) (you, start string) {
	older := len(v.Reports) > 0
	for _, r := range v.Reports {
		older = older && (r.Age == "16_17" || r.Age == "18")
	}
	youKey, startKey := casework.VoiceKeys(older)
	return c.p.T(youKey), c.p.T(startKey)
}

func (s *Server) answerPage(c *visit) error {
	v, err := c.view(c.r.PathValue("id"))
	if err != nil {
		return err
	}
	return c.show("casework/answer", s.answerForm(c, v, "", nil))
}

func (s *Server) answerForm(c *visit, v casework.CaseView, text string, prompts []string) page.Answer {
	c.in("casework", v.Code)
	you, start := c.voice(v)
	p := page.Answer{Base: c.base, ID: v.ID, Code: v.Code, Text: text, Safe: c.safe(v), Voice: you}
	for _, key := range casework.Prompts() {
		p.Prompts = append(p.Prompts, page.Option{Value: key, Label: c.p.T(key, "you", you, "You", start), On: slices.Contains(prompts, key)})
	}
	for _, m := range v.Thread {
		text := m.Text
		if m.Sealed {
			text = c.p.T("web.thread.sealed")
		}
		p.Thread = append(p.Thread, page.Message{At: m.At, Mine: m.Mine, Text: text})
	}
	return p
}

// answer writes to the reporter: the sentences chosen, then what was typed.
func (s *Server) answer(c *visit) error {
	v, err := c.covered(c.r.PathValue("id"))
	if err != nil {
		return err
	}
	text, prompts := c.form("text"), c.forms("prompt")
	you, start := c.voice(v)
	var lines []string
	for _, key := range casework.Prompts() {
		if slices.Contains(prompts, key) {
			lines = append(lines, c.p.T(key, "you", you, "You", start))
		}
	}
	if text != "" {
		lines = append(lines, text)
	}
	cmd := casework.AnswerCommand{Case: v.ID, Text: strings.Join(lines, "\n")}
	if c.form("go") == "ask" {
		err = s.Casework.Ask(c.r.Context(), c.who.Actor, cmd)
	} else {
		err = s.Casework.Answer(c.r.Context(), c.who.Actor, cmd)
	}
	if err != nil {
		return c.againCase("casework/answer", err, v.ID, func(v casework.CaseView) (drawn, error) { return s.answerForm(c, v, text, prompts), nil })
	}
	return c.done(casePath(v.ID), "flash.case.answered")
}

func (s *Server) closePage(c *visit) error {
	v, err := c.view(c.r.PathValue("id"))
	if err != nil {
		return err
	}
	return c.show("casework/close", s.closeForm(c, v, casework.CloseCommand{}))
}

func (s *Server) closeForm(c *visit, v casework.CaseView, cmd casework.CloseCommand) page.Close {
	c.in("casework", v.Code)
	p := page.Close{Base: c.base, ID: v.ID, Code: v.Code, Note: cmd.Note, Text: cmd.Text, Two: true}
	you, start := c.voice(v)
	for _, o := range casework.Outcomes() {
		p.Outcomes = append(p.Outcomes, page.Option{Value: string(o), Label: c.p.T(o.Key()), Note: c.p.T(o.TextKey(true), "you", you, "You", start), On: cmd.Outcome == string(o)})
	}
	for _, t := range v.Tracks {
		if t.Open() {
			p.Open = append(p.Open, c.p.T(t.Track.Key()))
		}
	}
	return p
}

func (s *Server) close(c *visit) error {
	v, err := c.covered(c.r.PathValue("id"))
	if err != nil {
		return err
	}
	cmd := casework.CloseCommand{Case: v.ID, Outcome: c.form("outcome"), Note: c.form("note"), Text: c.form("text")}
	if _, err := s.Casework.Close(c.r.Context(), c.who.Actor, cmd); err != nil {
		return c.againCase("casework/close", err, v.ID, func(v casework.CaseView) (drawn, error) { return s.closeForm(c, v, cmd), nil })
	}
	return c.done(casePath(v.ID), "flash.case.proposed")
}

func (s *Server) measurePage(c *visit) error {
	v, err := c.view(c.r.PathValue("id"))
	if err != nil {
		return err
	}
	kind := ""
	if v.State == casework.StateEmergency {
		kind = casework.MeasureKinds()[0]
	}
	return c.show("casework/measure", s.measureForm(c, v, kind, page.Measure{When: c.p.DateTime(s.Clock.Now())}))
}

func (s *Server) measureForm(c *visit, v casework.CaseView, kind string, p page.Measure) page.Measure {
	c.in("casework", v.Code)
	p.Base, p.ID, p.Code = c.base, v.ID, v.Code
	p.Kinds = []page.Option{{Label: c.p.T("web.choose"), On: kind == ""}}
	for _, k := range casework.MeasureKinds() {
		p.Kinds = append(p.Kinds, page.Option{Value: k, Label: c.p.T(casework.MeasureKey(k)), On: k == kind})
	}
	return p
}

// measure records what was done for the child.
func (s *Server) measure(c *visit) error {
	v, err := c.covered(c.r.PathValue("id"))
	if err != nil {
		return err
	}
	kind := c.form("kind")
	p := page.Measure{What: c.form("what"), Who: c.form("who"), When: c.form("at")}
	again := func(err error) error {
		return c.againCase("casework/measure", err, v.ID, func(v casework.CaseView) (drawn, error) { return s.measureForm(c, v, kind, p), nil })
	}
	what := p.What
	if p.When != "" && what != "" {
		at, ok := parseTime(p.When)
		if !ok {
			return again(problem.New("input/faulty").Field("at", "input/not-a-date"))
		}
		what = c.p.DateTime(at) + ". " + what
	}
	if err := s.Casework.Measure(c.r.Context(), c.who.Actor, casework.MeasureCommand{Case: v.ID, What: what, Who: p.Who, Kind: kind}); err != nil {
		return again(err)
	}
	return c.done(casePath(v.ID), "flash.case.measure")
}

// unitNamed is the id of a unit as an officer writes its name or code; the
// words themselves where none fits, for a body outside of the province.
func (s *Server) unitNamed(words string) string {
	if words == "" {
		return ""
	}
	found := s.Org.At(org.DayOf(s.Clock.Now())).Search(words, 2)
	if len(found) == 1 {
		return found[0].ID
	}
	return words
}

func (s *Server) scorePage(c *visit) error {
	v, err := c.view(c.r.PathValue("id"))
	if err != nil {
		return err
	}
	return c.show("casework/override", s.scoreForm(c, v, strconv.Itoa(v.Score.Points), ""))
}

func (s *Server) scoreForm(c *visit, v casework.CaseView, points, reason string) page.Override {
	c.in("casework", v.Code)
	return page.Override{
		Base: c.base, ID: v.ID, Code: v.Code, Score: c.caseScore(v, false), Points: points, Reason: reason, Two: v.Score.Floor != "",
		Raise: v.State.Open() && v.State != casework.StateEmergency && c.may("casework.triage", c.about(v)),
	}
}

func (s *Server) score(c *visit) error {
	v, err := c.covered(c.r.PathValue("id"))
	if err != nil {
		return err
	}
	again := func(err error) error {
		return c.againCase("casework/override", err, v.ID, func(v casework.CaseView) (drawn, error) {
			return s.scoreForm(c, v, c.form("points"), c.form("reason")), nil
		})
	}
	points, err := strconv.Atoi(c.form("points"))
	if err != nil {
		return again(problem.New("input/faulty").Field("points", "input/not-a-number"))
	}
	proposal, err := s.Casework.Override(c.r.Context(), c.who.Actor, casework.OverrideCommand{Case: v.ID, Points: points, Reason: c.form("reason")})
	if err != nil {
		return again(err)
	}
	if proposal != "" {
		return c.done(casePath(v.ID), "flash.case.proposed")
	}
	return c.done(casePath(v.ID), "flash.case.scored")
}

// raise calls an emergency by a person: whoever is on call is rung, and the
// case leaves that state only with a named measure.
func (s *Server) raise(c *visit) error {
	v, err := c.covered(c.r.PathValue("id"))
	if err != nil {
		return err
	}
	again := func(err error) error {
		return c.againCase("casework/override", err, v.ID, func(v casework.CaseView) (drawn, error) {
			return s.scoreForm(c, v, strconv.Itoa(v.Score.Points), ""), nil
		})
	}
	if c.form("raise") == "" {
		return again(problem.New("input/faulty").Field("raise", "input/required"))
	}
	if err := s.Casework.Raise(c.r.Context(), c.who.Actor, v.ID, c.form("raise")); err != nil {
		return again(err)
	}
	return c.done(casePath(v.ID), "flash.case.raised")
}
