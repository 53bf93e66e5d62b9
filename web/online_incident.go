// SPDX-License-Identifier: Apache-2.0

package web

import (
	"lachan/duty"
	"lachan/duty/casework"
	"lachan/duty/schools"
	"lachan/duty/schools/online"
	"lachan/internal/id"
	"lachan/internal/problem"
	"lachan/web/page"
)

func (s *Server) incident(c *visit) error {
	school, err := s.Online.MayReport(c.r.Context(), c.who.Actor, c.r.PathValue("id"))
	if err != nil {
		return err
	}
	p, err := s.incidentPage(c, school)
	if err != nil {
		return err
	}
	return c.show("schools/incident", p)
}

// incidentPage is the form, empty or as it was typed.
func (s *Server) incidentPage(c *visit, school schools.School) (page.Incident, error) {
	open, _, err := s.Casework.IntakeOpen(c.r.Context())
	if err != nil {
		return page.Incident{}, err
	}
	c.in("schools", c.p.T("pages.incident.title"))
	p := page.Incident{
		Base: c.base, School: c.schoolHead(school, "incident"), ID: c.typed("id", id.New()), Receipt: c.typed("receipt", casework.NewReceipt()),
		Day: c.typed("day", dayText(duty.DateOf(s.Clock.Now()))), Words: c.form("words"), URL: c.form("url"), Ages: c.ages(c.typed("age", duty.AgeUnknown.Code())), Closed: !open,
	}
	for _, kind := range s.Online.Register().Incidents {
		p.Kinds = append(p.Kinds, page.Option{Value: kind, Label: c.p.T(online.IncidentKey(kind)), On: c.form("kind") == kind})
	}
	for _, a := range []casework.Answer{casework.Yes, casework.No, casework.Unsure} {
		p.Dangers = append(p.Dangers, page.Option{Value: string(a), Label: c.p.T(a.Key()), On: c.form("danger") == string(a)})
	}
	return p, nil
}

// sendIncident hands what happened to casework and lets the school count it.
// Both know the form that is sent twice, so a crash between them is mended by
// sending again. The report comes in as the public's do: nothing in it names
// the account, and the school is told nothing of what becomes of it.
func (s *Server) sendIncident(c *visit) error {
	ctx := c.r.Context()
	school, err := s.Online.MayReport(ctx, c.who.Actor, c.r.PathValue("id"))
	if err != nil {
		return err
	}
	again := func(err error) error {
		return c.again("schools/incident", err, func() (drawn, error) { return s.incidentPage(c, school) })
	}
	faults := problem.New("input/faulty")
	count := online.IncidentCommand{ID: c.form("id"), School: school.ID, Kind: c.form("kind"), Day: c.day(faults, "day")}
	if err := faults.OrNil(); err != nil {
		return again(err)
	}
	if err := count.Validate(s.Online.Register(), duty.DateOf(s.Clock.Now())); err != nil {
		return again(err)
	}
	done, err := s.Casework.Receive(ctx, publicIntake(), casework.ReceiveCommand{
		Receipt: c.form("receipt"), Lang: c.p.Lang, Harms: []string{string(harmOf(count.Kind))}, Who: string(casework.Teacher), Danger: c.form("danger"), Age: c.form("age"),
		Words: c.p.T(online.IncidentKey(count.Kind)) + "\n" + c.form("words"), URL: c.form("url"), ChildSchool: school.Name, Place: school.Place,
	})
	if err != nil {
		return again(err)
	}
	if err := s.Online.CountIncident(ctx, c.who.Actor, count); err != nil {
		return again(err)
	}
	spelt, err := casework.SpellReceipt(c.form("receipt"))
	if err != nil {
		return err
	}
	c.in("schools", c.p.T("pages.incident.title"))
	return c.show("schools/incident", page.Incident{
		Base: c.base, School: c.schoolHead(school, "incident"), MayNeedHelp: done.Danger,
		Done: &page.Taken{Groups: spelt.Groups[:], Check: spelt.Check, Words: spelt.Words[:]},
	})
}

// harmOf is the harm by which casework weighs an incident. It errs to the
// graver side only where the kind says so.
func harmOf(kind string) casework.Harm {
	switch kind {
	case "bad-content":
		return casework.HarmfulContent
	case "bullying":
		return casework.Bullying
	case "threat":
		return casework.Violence
	case "recording-shared":
		return casework.PrivateSecrets
	case "account-taken":
		return casework.Fraud
	}
	return casework.OtherHarm
}
