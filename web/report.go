// SPDX-License-Identifier: Apache-2.0

package web

import (
	"net/http"

	"lachan/duty/casework"
	"lachan/internal/authz"
	"lachan/internal/gate"
	"lachan/internal/problem"
	"lachan/web/page"
)

// reportRoutes is the report form and the status page: the only way in which
// a child and the people of the province speak.
//
// Clauses: 2, 5.1
func (s *Server) reportRoutes() []Route {
	intake := []string{"2", "5.1"}
	return []Route{
		{Method: http.MethodGet, Path: "/report", Public: true, Clauses: intake, Do: s.openReport},
		{Method: http.MethodPost, Path: "/report", Public: true, Clauses: intake, Limit: 256 << 10, Do: s.reportStep},
		{Method: http.MethodGet, Path: "/status", Public: true, Clauses: intake, Do: s.openStatus},
		{Method: http.MethodPost, Path: "/status", Public: true, Clauses: intake, Do: s.readStatus},
	}
}

// publicIntake is the actor of a report that nobody typed for somebody else.
func publicIntake() authz.Actor { return authz.System("casework.intake") }

// openReport shows the first step with a new receipt, or says that nobody
// could read a report now and whom to call instead.
func (s *Server) openReport(c *visit) error {
	open, why, err := s.Casework.IntakeOpen(c.r.Context())
	if err != nil {
		return err
	}
	if !open {
		return c.closed(why)
	}
	reading, err := c.reading()
	if err != nil {
		return err
	}
	t := told{step: 1, secret: casework.NewReceipt()}
	return c.show("report/step", t.page(c, reading))
}

// closed says why reports cannot be taken in, with 111 first.
func (c *visit) closed(why string) error {
	c.w.Header().Set("Content-Type", "text/html; charset=utf-8")
	c.w.Header().Set("Retry-After", "3600")
	c.w.WriteHeader(http.StatusServiceUnavailable)
	return c.s.ui.Render(c.w, "report/closed", page.ReportClosed{Base: c.base, Why: c.p.T(why)})
}

// reportStep is every button of the form.
func (s *Server) reportStep(c *visit) error {
	button := c.form("go")
	if button == "check" {
		return s.typedBack(c)
	}
	t := readTold(c)
	reading, err := c.reading()
	if err != nil {
		return err
	}
	switch button {
	case "back":
		t.step = max(1, t.step-1)
	case "send":
		if fault := t.faults(c.p.Lang, steps); fault != nil {
			t.step = stepOf(fault.Fields[0].Name)
			return c.again("report/step", fault, func() (drawn, error) { return t.page(c, reading), nil })
		}
		return s.send(c, t, reading)
	default: // next, skip, the Enter key; a skipped question keeps what was typed
		if fault := t.faults(c.p.Lang, t.step); fault != nil && stepOf(fault.Fields[0].Name) == t.step {
			return c.again("report/step", fault, func() (drawn, error) { return t.page(c, reading), nil })
		}
		t.step = min(steps, t.step+1)
	}
	return c.show("report/step", t.page(c, reading))
}

// send hands the report in. The receipt was made when the form opened, so that
// sending twice, or again after a crash, shows the same receipt: that is free
// whatever the load.
func (s *Server) send(c *visit, t told, reading *page.Reading) error {
	danger := t.danger == string(casework.Yes)
	pass, ask := c.knock(gate.Report, t.secret, danger)
	if ask != nil {
		again, err := s.Casework.Received(c.r.Context(), t.secret)
		if err != nil {
			return err
		}
		if !again {
			return c.waiting(gate.Report, ask, danger, map[string]string{"secret": t.secret})
		}
	}
	taken := false
	if pass != nil {
		defer func() { pass.Done(taken) }()
	}
	done, err := s.Casework.Receive(c.r.Context(), publicIntake(), t.command(c.p.Lang))
	if problem.Is(err, "casework/intake-closed") {
		_, why, err := s.Casework.IntakeOpen(c.r.Context())
		if err != nil || why == "" {
			why = "problem.casework.intake-closed"
		}
		return c.closed(why)
	}
	if err != nil {
		return c.again("report/step", err, func() (drawn, error) { return t.page(c, reading), nil })
	}
	taken = !done.Again
	p, err := receiptPage(c, t.secret, reading)
	if err != nil {
		return err
	}
	p.Danger, p.At = done.Danger, done.Received
	return c.show("report/done", p)
}

// receiptPage spells a receipt out.
func receiptPage(c *visit, secret string, reading *page.Reading) (page.ReportDone, error) {
	spelt, err := casework.SpellReceipt(secret)
	if err != nil {
		return page.ReportDone{}, err
	}
	qr, err := qrSVG(spelt.Secret)
	if err != nil {
		return page.ReportDone{}, err
	}
	return page.ReportDone{Base: c.base, Groups: spelt.Groups[:], Check: spelt.Check, Words: spelt.Words[:], Secret: spelt.Secret, Paid: c.paid(gate.Guess), Reading: reading, QR: qr}, nil
}

// typedBack checks that the child wrote the receipt down rightly.
func (s *Server) typedBack(c *visit) error {
	status, ask, err := s.lookUp(c, c.form("secret"))
	if ask != nil {
		return c.waiting(gate.Guess, ask, false, nil)
	}
	if err != nil {
		return err
	}
	reading, err := c.reading()
	if err != nil {
		return err
	}
	secret, err := casework.SpellReceipt(c.form("secret"))
	if err != nil {
		return err
	}
	typed, wrong := casework.SpellReceipt(c.form("typed"))
	if wrong == nil && typed.Secret != secret.Secret {
		wrong = problem.New("vault/bad-receipt")
	}
	show := func() (page.ReportDone, error) {
		p, err := receiptPage(c, secret.Secret, reading)
		p.Danger, p.At, p.Typed = status.Danger, status.Sent, wrong == nil
		return p, err
	}
	if wrong != nil {
		fault := problem.New("input/faulty").Field("typed", problem.From(wrong).Code)
		return c.again("report/done", fault, func() (drawn, error) { return show() })
	}
	p, err := show()
	if err != nil {
		return err
	}
	return c.show("report/done", p)
}
