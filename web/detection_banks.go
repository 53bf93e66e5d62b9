// SPDX-License-Identifier: Apache-2.0

package web

import (
	"math"
	"net/url"
	"strconv"
	"strings"

	"lachan/duty/detection"
	"lachan/duty/detection/exchange"
	"lachan/internal/problem"
	"lachan/web/page"
)

func bankPath(name string) string { return banksPath + "/" + url.PathEscape(name) }

func (s *Server) banks(c *visit) error {
	p, err := s.banksPage(c, detection.Bank{Permille: 1000, Severity: 2}, c.form("ratio"))
	if err != nil {
		return err
	}
	return c.show("detection/banks", p)
}

func (s *Server) banksPage(c *visit, typed detection.Bank, share string) (page.Banks, error) {
	all, err := s.Detection.Banks(c.r.Context(), c.who.Actor)
	if err != nil {
		return page.Banks{}, err
	}
	c.in("detection", c.p.T("detection.tab.banks"))
	p := page.Banks{Base: c.base, Tabs: c.findTabs("banks"), May: c.mayFind("detection.bank"), Form: c.bankForm(typed, share)}
	for _, b := range all {
		p.Rows = append(p.Rows, c.bankRow(b))
	}
	return p, nil
}

func (c *visit) bankRow(b detection.Bank) page.BankRow {
	title := nonEmpty(b.Title, b.Name)
	if detection.IsDecided(b.Name) {
		title = nonEmpty(b.Title, c.p.T("detection.bank.title."+strings.ToLower(b.Name)))
	}
	return page.BankRow{
		Href: bankPath(b.Name), Name: b.Name, Title: title,
		Label: c.p.T(detection.LabelKey(b.Label)), Severity: c.p.T("detection.severity." + strconv.Itoa(b.Severity)),
		Share: c.p.Decimal(float64(b.Permille)/10, 1), Contents: b.Contents, Ours: detection.IsDecided(b.Name),
	}
}

func (c *visit) bankForm(b detection.Bank, share string) page.BankForm {
	if share == "" {
		share = strconv.FormatFloat(float64(b.Permille)/10, 'f', -1, 64)
	}
	f := page.BankForm{Name: b.Name, Title: b.Title, Share: share}
	for _, l := range c.s.Detection.Labels() {
		f.Labels = append(f.Labels, page.Option{Value: l.ID, Label: c.p.T(l.Key()), On: l.ID == b.Label})
	}
	for n := 1; n <= 4; n++ {
		v := strconv.Itoa(n)
		f.Severities = append(f.Severities, page.Option{Value: v, Label: c.p.T("detection.severity." + v), On: n == b.Severity})
	}
	return f
}

// typedBank is a bank as a form sent it; a share that is no number is refused
// by the service as one out of range.
func (c *visit) typedBank(name string) detection.Bank {
	severity, _ := strconv.Atoi(c.form("severity"))
	share, err := strconv.ParseFloat(strings.Replace(c.form("ratio"), ",", ".", 1), 64)
	if err != nil || math.IsNaN(share) || math.Abs(share) > 1000 {
		share = -1
	}
	return detection.Bank{Name: name, Title: c.form("title"), Label: c.form("label"), Severity: severity, Permille: int(math.Round(share * 10))}
}

func (s *Server) addBank(c *visit) error {
	b := c.typedBank(strings.ToUpper(c.form("name")))
	err := s.Detection.AddBank(c.r.Context(), c.who.Actor, b)
	if err == nil {
		return c.done(bankPath(b.Name), "flash.detection.bank-made")
	}
	if !mendable(err) {
		return err
	}
	c.base.Problem = problem.From(err)
	p, failed := s.banksPage(c, b, c.form("ratio"))
	if failed != nil {
		return failed
	}
	return c.showFault("detection/banks", p, err)
}

// contentsAPage is how many contents one page of a bank shows.
const contentsAPage = 100

func (s *Server) bank(c *visit) error {
	p, err := s.bankPage(c, nil)
	if err != nil {
		return err
	}
	return c.show("detection/bank", p)
}

func (s *Server) bankPage(c *visit, typed *detection.Bank) (page.BankPage, error) {
	ctx, name := c.r.Context(), c.r.PathValue("name")
	b, err := s.Detection.Bank(ctx, c.who.Actor, name)
	if err != nil {
		return page.BankPage{}, err
	}
	after, err := strconv.ParseInt(c.query("after"), 10, 64)
	if err != nil {
		after = 0
	}
	all, err := s.Detection.Contents(ctx, c.who.Actor, name, after, contentsAPage+1)
	if err != nil {
		return page.BankPage{}, err
	}
	c.in("detection", name)
	p := page.BankPage{Base: c.base, Tabs: c.findTabs("banks"), Bank: c.bankRow(b), May: c.mayFind("detection.bank") && !detection.IsDecided(name)}
	if typed == nil {
		typed = &b
	}
	p.Form = c.bankForm(*typed, c.form("ratio"))
	p.Form.Name, p.Form.Fixed = name, true
	if c.mayFind("detection.exchange") {
		p.Outs = c.bankOuts(name)
	}
	p.Value, p.Note = c.form("value"), c.form("note")
	for _, t := range exchange.Types() {
		p.Types = append(p.Types, page.Option{Value: string(t), Label: c.p.T("detection.signal." + string(t)), On: string(t) == c.form("type")})
	}
	if len(all) > contentsAPage {
		all = all[:contentsAPage]
		p.Next = bankPath(name) + "?after=" + strconv.FormatInt(all[len(all)-1].ID, 10)
	}
	for _, one := range all {
		p.Contents = append(p.Contents, page.ContentRow{
			ID: one.ID, Note: one.Note, Category: one.Category, Source: nonEmpty(one.Exchange, c.p.T("detection.bank.own")), Made: one.Made,
			Off: one.DisabledUntil.After(s.Clock.Now()),
		})
	}
	return p, nil
}

func (s *Server) editBank(c *visit) error {
	b := c.typedBank(c.r.PathValue("name"))
	return s.bankAnswer(c, s.Detection.EditBank(c.r.Context(), c.who.Actor, b), &b, "flash.detection.bank-saved")
}

func (s *Server) bankAnswer(c *visit, err error, typed *detection.Bank, flash string) error {
	if err == nil {
		return c.done(bankPath(c.r.PathValue("name")), flash)
	}
	if !mendable(err) {
		return err
	}
	c.base.Problem = problem.From(err)
	p, failed := s.bankPage(c, typed)
	if failed != nil {
		return failed
	}
	return c.showFault("detection/bank", p, err)
}

func (s *Server) addContent(c *visit) error {
	kind := exchange.Type(c.form("type"))
	_, err := s.Detection.AddContent(c.r.Context(), c.who.Actor, detection.Content{
		Bank: c.r.PathValue("name"), Signals: []detection.Signal{{Type: kind, Value: c.form("value")}}, Note: c.form("note"),
	})
	return s.bankAnswer(c, valueFault(err, string(kind)), nil, "flash.detection.content-added")
}

// valueFault names the field of the form where the service names the type.
func valueFault(err error, kind string) error {
	p := problem.From(err)
	if err == nil || p.Code != "input/faulty" {
		return err
	}
	for n := range p.Fields {
		if p.Fields[n].Name == kind {
			p.Fields[n].Name = "value"
		}
	}
	return p
}

func (s *Server) dropContent(c *visit) error {
	id, err := strconv.ParseInt(c.form("id"), 10, 64)
	if err != nil {
		return problem.New("detection/no-content")
	}
	return s.bankAnswer(c, s.Detection.DropContent(c.r.Context(), c.who.Actor, id), nil, "flash.detection.content-dropped")
}

func (s *Server) dropBank(c *visit) error {
	if err := s.Detection.DropBank(c.r.Context(), c.who.Actor, c.r.PathValue("name")); err != nil {
		return err
	}
	return c.done(banksPath, "flash.detection.bank-dropped")
}
