// SPDX-License-Identifier: Apache-2.0

package web

import (
	"slices"

	"lachan/duty/casework"
	"lachan/internal/authz"
	"lachan/internal/problem"
	"lachan/web/page"
)

// mayType asks whether the reader may take a report for somebody else; the
// service asks the same.
func (s *Server) mayType(c *visit) error {
	_, err := s.Authz.Check(c.r.Context(), c.who.Actor, "casework.list", authz.Resource{Type: "casework.intake"})
	return err
}

func (s *Server) intakePage(c *visit) error {
	if err := s.mayType(c); err != nil {
		return err
	}
	return c.show("casework/intake", s.intakeForm(c, casework.ReceiveCommand{Receipt: casework.NewReceipt(), Channel: string(casework.Phone)}))
}

func (s *Server) intakeForm(c *visit, cmd casework.ReceiveCommand) page.Intake {
	c.in("casework", c.p.T("ui.intake"))
	p := page.Intake{
		Base: c.base, Receipt: cmd.Receipt, Words: cmd.Words, URL: cmd.URL, ChildName: cmd.ChildName, ChildSchool: cmd.ChildSchool,
		ReportedName: cmd.ReportedName, ReportedPhone: cmd.ReportedPhone, ReporterName: cmd.ReporterName, ReporterPhone: cmd.ReporterPhone,
		ContactTo: cmd.ContactTo, ContactTime: cmd.ContactTime, Ages: c.ages(cmd.Age), Relations: append([]page.Option{{Label: c.p.T("casework.answer.skipped")}}, c.relations(cmd.Relation)...),
	}
	for _, k := range typedChannels() {
		p.Channels = append(p.Channels, page.Option{Value: string(k), Label: c.p.T(k.Key()), On: cmd.Channel == string(k)})
	}
	for _, h := range casework.Harms() {
		p.Harms = append(p.Harms, page.Option{Value: string(h), Label: c.p.T(h.Key()), On: slices.Contains(cmd.Harms, string(h))})
	}
	for _, k := range casework.ReporterKinds() {
		p.Whos = append(p.Whos, page.Option{Value: string(k), Label: c.p.T(k.Key()), On: cmd.Who == string(k)})
	}
	for _, k := range casework.Contacts() {
		p.Contacts = append(p.Contacts, page.Option{Value: string(k), Label: c.p.T(k.Key()), On: cmd.Contact == string(k)})
	}
	for _, a := range []casework.Answer{casework.Skipped, casework.Yes, casework.No, casework.Unsure} {
		p.Dangers = append(p.Dangers, page.Option{Value: string(a), Label: c.p.T(a.Key()), On: cmd.Danger == string(a)})
	}
	return p
}

// typedChannels are the ways by which a report comes to an officer's desk.
func typedChannels() []casework.Channel {
	return []casework.Channel{casework.Phone, casework.Counter, casework.Paper, casework.Hotline, casework.Email}
}

// intake takes the report in. The officer tells the caller the receipt, which
// is shown this once and sent again gives the same.
func (s *Server) intake(c *visit) error {
	if err := s.mayType(c); err != nil {
		return err
	}
	cmd := casework.ReceiveCommand{
		Receipt: c.form("receipt"), Channel: c.form("channel"), Lang: c.p.Lang, Words: c.form("words"), URL: c.form("url"), Harms: c.forms("harm"),
		Age: c.form("age"), Who: c.form("who"), Relation: c.form("relation"), Danger: c.form("danger"), ChildName: c.form("child_name"),
		ChildSchool: c.form("child_school"), ReportedName: c.form("reported_name"), ReportedPhone: c.form("reported_phone"),
		ReporterName: c.form("reporter_name"), ReporterPhone: c.form("reporter_phone"), Contact: c.form("contact"), ContactTo: c.form("contact_to"), ContactTime: c.form("contact_time"),
	}
	again := func(err error) error {
		return c.again("casework/intake", err, func() (drawn, error) { return s.intakeForm(c, cmd), nil })
	}
	if !slices.Contains(typedChannels(), casework.Channel(cmd.Channel)) {
		return again(problem.New("input/faulty").Field("channel", "input/not-a-choice"))
	}
	done, err := s.Casework.Receive(c.r.Context(), c.who.Actor, cmd)
	if err != nil {
		return again(err)
	}
	spelt, err := casework.SpellReceipt(cmd.Receipt)
	if err != nil {
		return err
	}
	p := s.intakeForm(c, casework.ReceiveCommand{Receipt: casework.NewReceipt(), Channel: cmd.Channel})
	p.Done = &page.Taken{Code: done.Code, Groups: spelt.Groups[:], Check: spelt.Check, Words: spelt.Words[:]}
	if _, err := s.Casework.Case(c.r.Context(), c.who.Actor, nil, done.Case); err == nil {
		p.Done.Href = casePath(done.Case)
	}
	return c.show("casework/intake", p)
}
