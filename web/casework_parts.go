// SPDX-License-Identifier: Apache-2.0

package web

import (
	"slices"
	"strings"

	"lachan/duty/casework"
	"lachan/web/page"
)

func casePath(id string) string { return "/casework/cases/" + id }

// caseTitle says what happened in plain words, from the harms alone: a title
// stands in lists and in the window's history.
func (c *visit) caseTitle(harms []casework.Harm) string {
	words := make([]string, 0, 2)
	for _, h := range harms[:min(2, len(harms))] {
		words = append(words, c.p.T(h.Key()))
	}
	if len(words) == 0 {
		return c.p.T("web.case.untold")
	}
	if more := len(harms) - len(words); more > 0 {
		return c.p.T("web.case.title.more", "harms", strings.Join(words, ", "), "n", more)
	}
	return strings.Join(words, ", ")
}

func (c *visit) caseRow(r casework.QueueRow) page.CaseRow {
	row := page.CaseRow{
		ID: r.ID, Href: casePath(r.ID), Code: r.Code, Title: c.caseTitle(r.Harms), Reports: r.Reports, Urgent: r.Urgent,
		Score: c.explained(r.Why, ""),
		Next:  c.p.T(r.NextKey()), NextNote: c.p.T(r.State.Key()), Clock: c.noClock(r),
	}
	if r.Clock != nil {
		row.Clock = c.clock(*r.Clock)
	}
	for _, t := range r.Tracks {
		if t.Open() {
			row.Tracks = append(row.Tracks, string(t.Track))
		}
	}
	return row
}

// noClock says of a case without an open deadline whether it stands still.
func (c *visit) noClock(r casework.QueueRow) page.Clock {
	out := page.Clock{State: string(r.Light(c.s.Clock.Now())), Rule: c.p.T("web.case.noclock")}
	switch {
	case r.State == casework.StateSuspended:
		out.Rule = c.p.T(r.State.Key())
	case !r.State.Open():
		out.Rule = c.p.T("web.case.overclock")
	}
	return out
}

// clock draws a deadline with its basis in words.
func (c *visit) clock(k casework.Clock) page.Clock {
	now := c.s.Clock.Now()
	out := page.Clock{State: string(k.State(now)), Left: k.Left(now), At: k.Due, Rule: c.p.T(k.Key()), Basis: c.basis(k.Basis), From: k.Started}
	if !k.Met.IsZero() {
		out.At = k.Met
	}
	for _, n := range k.Notes {
		out.Notes = append(out.Notes, c.p.T("web.clock."+n.Kind, "document", n.Document, "at", n.At))
	}
	return out
}

// basis says a basis that the program itself gives; other bases were typed.
func (c *visit) basis(basis string) string {
	if key := casework.BasisKey(basis); c.p.Has(key) {
		return c.p.T(key)
	}
	return basis
}

// explained is a score with every factor, those without points too. change is
// where it may be overruled, "" where it may not.
func (c *visit) explained(score casework.ScoreState, change string) page.Score {
	s := page.Score{Points: score.Points, Tier: string(score.Tier), Weights: score.Weights, Change: change}
	for _, f := range score.Factors {
		s.Factors = append(s.Factors, page.Factor{Points: f.Points, Text: c.p.T(f.Key())})
	}
	if key := score.FloorKey(); key != "" {
		s.Floor = c.p.T(key)
	}
	return s
}

// caseScore explains the score of a case.
func (c *visit) caseScore(v casework.CaseView, mayChange bool) page.Score {
	change := ""
	if mayChange {
		change = casePath(v.ID) + "/score"
	}
	return c.explained(v.Score, change)
}

// safe is how it is safe to answer. It stands above every phone, address and
// referral.
func (c *visit) safe(v casework.CaseView) []page.KV {
	out := []page.KV{{Key: c.p.T("web.safe.how"), Value: c.p.T(v.Contact.Key())}}
	add := func(key, value string) {
		if value != "" {
			out = append(out, page.KV{Key: c.p.T(key), Value: value})
		}
	}
	for _, r := range v.Reports {
		if r.Contact != casework.OnlyCode {
			add("web.safe.to", r.Teller.To)
		}
		add("web.safe.when", r.Words.When)
		add("web.safe.hide", r.Words.Hide)
	}
	return out
}

// teller says who told, without a name: "a child aged 11–14, about a friend".
func (c *visit) teller(r casework.ToldReport) string {
	who := c.p.T(r.Reporter.Key())
	if r.Age != "" && r.Age != "unknown" {
		who = c.p.T("web.case.teller", "who", who, "age", c.p.T("web.age."+r.Age))
	}
	return who + ", " + c.p.T(r.Channel.Key())
}

// parties are the people of a case by role, each with what the reader may see
// and a covered field for what he may not.
func (c *visit) parties(v casework.CaseView) []page.Party {
	var out []page.Party
	for _, r := range v.Reports[:min(5, len(v.Reports))] {
		child := page.Party{Role: c.p.T(casework.AboutChild.Key()), Seen: joined(c.p.T("web.age."+ageOr(r.Age)), r.Child.Name, r.Child.School)}
		child.Masked = c.masked(r, casework.AboutChild)
		reported := page.Party{Role: c.p.T(casework.AboutReported.Key()), Seen: joined(r.Person.Name, r.Person.Phone, r.Words.Account), Masked: c.masked(r, casework.AboutReported)}
		if r.Relation != casework.NotAsked {
			reported.Seen = joined(c.p.T(r.Relation.Key()), reported.Seen)
		}
		teller := page.Party{Role: c.p.T(casework.ReporterIdentity.Key()), Seen: joined(c.p.T(r.Reporter.Key()), r.Teller.Name, r.Teller.Phone), Masked: c.masked(r, casework.ReporterIdentity)}
		out = append(out, child, reported, teller)
	}
	return out
}

func ageOr(age string) string {
	if age == "" {
		return "unknown"
	}
	return age
}

func (c *visit) masked(r casework.ToldReport, g casework.Group) []page.Masked {
	why, has := r.Masks[g]
	if !has || why == casework.MaskNone {
		return nil
	}
	m := page.Masked{What: c.p.T(g.Key()), Need: c.p.T(why.Key())}
	if why == casework.MaskLocked {
		m.Open = "/unlock?next=" + c.r.URL.Path
	}
	return []page.Masked{m}
}

func joined(parts ...string) string {
	return strings.Join(slices.DeleteFunc(parts, func(s string) bool { return s == "" }), ", ")
}
