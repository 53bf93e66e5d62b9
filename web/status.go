// SPDX-License-Identifier: Apache-2.0

package web

import (
	"strconv"

	"lachan/duty/casework"
	"lachan/internal/gate"
	"lachan/internal/problem"
	"lachan/web/page"
)

func (s *Server) openStatus(c *visit) error {
	return c.show("report/enter", page.StatusEnter{Base: c.base})
}

// readStatus is every button of the status page. The receipt travels in the
// form, so that nothing of it stands in an address or a cookie.
func (s *Server) readStatus(c *visit) error {
	receipt := c.form("receipt")
	status, ask, err := s.lookUp(c, receipt)
	if ask != nil {
		return c.waiting(gate.Guess, ask, false, nil)
	}
	if err != nil {
		if problem.KindOf(err) == problem.Internal {
			return err
		}
		fault := problem.New("input/faulty").Field("receipt", problem.From(err).Code)
		return c.again("report/enter", fault, func() (drawn, error) {
			return page.StatusEnter{Base: c.base, Receipt: receipt}, nil
		})
	}
	switch c.form("go") {
	case "proof":
		return s.proof(c, status)
	case "reply":
		text := c.form("reply")
		pass, ask := c.knock(gate.Reply, nextReply(receipt, status), false)
		if ask != nil {
			return c.waiting(gate.Reply, ask, false, nil)
		}
		taken := false
		defer func() { pass.Done(taken) }()
		if err := s.Casework.Reply(c.r.Context(), receipt, text); err != nil {
			return c.again("report/status", err, func() (drawn, error) {
				p, err := s.statusPage(c, status, receipt)
				p.Reply = text
				return p, err
			})
		}
		taken = true
		if status, err = s.Casework.OpenStatus(c.r.Context(), receipt); err != nil {
			return err
		}
		c.base.Flash = &page.Flash{Text: c.p.T("flash.report.replied")}
	}
	p, err := s.statusPage(c, status, receipt)
	if err != nil {
		return err
	}
	return c.show("report/status", p)
}

// lookUp opens a receipt. Receipts that nobody has count for the gate, so that
// guessing at them gets slow; one with a wrong check character is refused
// without a look and counts for nothing.
func (s *Server) lookUp(c *visit, receipt string) (casework.Status, *gate.Ask, error) {
	spelt, err := casework.SpellReceipt(receipt)
	if err != nil {
		return casework.Status{}, nil, err
	}
	pass, ask := c.knock(gate.Guess, spelt.Secret, false)
	if ask != nil {
		return casework.Status{}, ask, nil
	}
	unknown := false
	defer func() { pass.Done(unknown) }()
	status, err := s.Casework.OpenStatus(c.r.Context(), receipt)
	unknown = problem.Is(err, "casework/receipt-unknown")
	return status, nil, err
}

// nextReply is what a ticket for a reply is good for: one more message under
// this receipt, and no second.
func nextReply(receipt string, st casework.Status) string {
	mine := 0
	for _, m := range st.Thread {
		if m.Mine {
			mine++
		}
	}
	if spelt, err := casework.SpellReceipt(receipt); err == nil {
		receipt = spelt.Secret
	}
	return receipt + "/" + strconv.Itoa(mine)
}

func (s *Server) statusPage(c *visit, st casework.Status, receipt string) (page.Status, error) {
	reading, err := c.reading()
	if err != nil {
		return page.Status{}, err
	}
	youKey, startKey := casework.VoiceKeys(st.Older)
	you, start := c.p.T(youKey), c.p.T(startKey)
	p := page.Status{
		Base: c.base, Receipt: receipt, Headline: c.p.T(st.HeadlineKey()), Explain: c.p.T(st.ExplainKey(), "you", you, "You", start),
		Sent: st.Sent, Closed: st.Plain == "done", Asked: st.Asked, Reading: reading, Paid: c.paid(gate.Guess),
	}
	for i, plain := range casework.PlainStatuses() {
		state := page.State{Name: c.p.T("web.road." + plain), Is: "next"}
		switch {
		case i < st.Stage || plain == "done" && i == st.Stage:
			state.Is = "done"
		case i == st.Stage:
			state.Is = "now"
		}
		if i == 0 {
			state.At = st.Sent
		}
		p.States = append(p.States, state)
	}
	for _, m := range st.Thread {
		p.Thread = append(p.Thread, page.Message{At: m.At, Mine: m.Mine, Text: m.Text, Unread: !m.Mine && m.Seen.IsZero()})
	}
	proof, err := s.Ledger.Proof(c.r.Context(), st.Entry)
	if err != nil {
		return page.Status{}, err
	}
	if proof != nil {
		p.Proof = &page.File{Name: proofName, Href: "/status", Kind: "txt", Size: int64(len(proof))}
	}
	return p, nil
}

// proofName names no case and no day: the file lies on a child's phone.
const proofName = "lachan-proof.txt"

// proof downloads the proof of submission: what the ledger's tree holds of the
// report, which is its hash and nothing of its words.
func (s *Server) proof(c *visit, st casework.Status) error {
	proof, err := s.Ledger.Proof(c.r.Context(), st.Entry)
	if err != nil {
		return err
	}
	if proof == nil {
		return problem.New("web/proof-not-yet")
	}
	c.w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	c.w.Header().Set("Content-Disposition", `attachment; filename="`+proofName+`"`)
	_, err = c.w.Write(proof)
	return err
}

// drawn is a page struct.
type drawn interface{ Language() string }

// again shows a form once more with what was wrong and everything typed in
// it. An error that no form can mend (nobody is logged in, content is locked,
// it is not there) goes on to visit.fail.
func (c *visit) again(name string, err error, build func() (drawn, error)) error {
	prob := problem.From(err)
	switch prob.Kind() {
	case problem.NotFound, problem.Internal:
		return err
	}
	if asks(err) != "" || prob.Code == "authz/forbidden" {
		return err
	}
	c.base.Problem = prob
	p, failed := build()
	if failed != nil {
		return failed
	}
	return c.showFault(name, p, err)
}
