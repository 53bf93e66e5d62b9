// SPDX-License-Identifier: Apache-2.0

package demo

import (
	"context"
	"time"

	"lachan/duty"
	"lachan/duty/casework"
	"lachan/internal/authz"
	"lachan/internal/problem"
)

// tale is one invented report and what staff did about it.
type tale struct {
	Ago      float64 `json:"ago"` // hours
	Harm     string  `json:"harm"`
	Medium   string  `json:"medium"`
	Age      int     `json:"age"` // place in duty.AgeParts, from 1; 7: unknown
	Who      string  `json:"who"`
	Relation string  `json:"relation"`
	Danger   string  `json:"danger"`
	Place    string  `json:"place"` // key of a commune
	Link     string  `json:"link"`
	Words    string  `json:"words"`
	Acts     []act   `json:"acts"`
}

// act is one thing that somebody did.
type act struct {
	After     float64 `json:"after"` // minutes after the report came
	By        string  `json:"by"`    // post; "" is the first duty officer, the head for "agree"
	Do        string  `json:"do"`
	Kind      string  `json:"kind"`
	To        string  `json:"to"` // post of somebody in the unit
	Domain    string  `json:"domain"`
	Text      string  `json:"text"`
	Outcome   string  `json:"outcome"`
	Authority string  `json:"authority"`
	Number    string  `json:"number"`
}

// saga is a tale that has begun.
type saga struct {
	in    *instance
	staff *staff
	tale  tale
	code  string // the receipt
	got   casework.Receipted
}

// plan puts the report and its acts among the moments.
func (s *saga) plan(p *past, now time.Time) {
	came := now.Add(-time.Duration(s.tale.Ago * float64(time.Hour)))
	p.at(came, "report", s.send)
	for _, a := range s.tale.Acts {
		p.at(came.Add(time.Duration(a.After*float64(time.Minute))), s.tale.Harm+"/"+a.Do, func(ctx context.Context) error { return s.act(ctx, a) })
	}
}

func (s *saga) send(ctx context.Context) (err error) {
	s.code = casework.NewReceipt()
	cmd := casework.ReceiveCommand{
		Receipt: s.code, Channel: string(casework.Web), URL: s.tale.Link, Words: s.tale.Words, Harms: []string{s.tale.Harm}, Mediums: []string{s.tale.Medium},
		Age: duty.AgeParts()[s.tale.Age-1].Code(), Who: s.tale.Who, Relation: s.tale.Relation, Danger: s.tale.Danger,
	}
	if s.tale.Place != "" {
		commune, err := s.in.hub.Org.ByKey(s.tale.Place)
		if err != nil {
			return err
		}
		cmd.Place = commune.ID
	}
	s.got, err = s.in.hub.Casework.Receive(ctx, authz.System("casework.intake"), cmd)
	return err
}

func (s *saga) act(ctx context.Context, a act) error {
	by := s.staff.byPost[a.By]
	switch {
	case by == nil && a.Do == "agree":
		by = s.staff.byPost["head"]
	case by == nil:
		by = s.staff.byPost["duty1"]
	}
	work, actor, id := s.in.hub.Casework, by.actor(), s.got.Case
	switch a.Do {
	case "look":
		return work.Look(ctx, actor, id)
	case "assign":
		return work.Assign(ctx, actor, id, by.ID)
	case "measure":
		return work.Measure(ctx, actor, casework.MeasureCommand{Case: id, Kind: a.Kind, What: a.Text})
	case "answer":
		return work.Answer(ctx, actor, casework.AnswerCommand{Case: id, Report: s.got.Report, Text: a.Text})
	case "ask":
		return work.Ask(ctx, actor, casework.AnswerCommand{Case: id, Report: s.got.Report, Text: a.Text})
	case "reply":
		return work.Reply(ctx, s.code, a.Text)
	case "close":
		_, err := work.Close(ctx, actor, casework.CloseCommand{Case: id, Outcome: a.Outcome, Note: a.Text})
		return err
	case "block":
		return s.block(ctx, actor, a)
	case "refer":
		u, err := s.staff.opened(ctx, by)
		if err != nil {
			return err
		}
		_, err = work.Refer(ctx, actor, u, casework.ReferCommand{
			Case: id, Kind: a.Kind, To: s.staff.byPost[a.To].Unit, Fields: []string{string(casework.Narrative), string(casework.AboutChild)},
			Consent: string(casework.ConsentLaw), Basis: clause2, Reason: a.Text,
		})
		return err
	}
	return s.onView(ctx, by, a)
}

// clause2 is the basis of what is done on a report.
const clause2 = "4569/2"

func (s *saga) block(ctx context.Context, actor authz.Actor, a act) error {
	cmd := casework.BlockCommand{Case: s.got.Case, Domain: a.Domain, Kind: a.Kind, Basis: clause2, Authority: a.Authority, Number: a.Number, Reason: a.Text}
	if a.Kind == string(casework.BlockLegal) {
		today := duty.DateOf(s.in.clock.Now())
		cmd.Date, cmd.Until = today.String(), today.AddDays(180).String()
	}
	_, err := s.in.hub.Casework.DecideBlock(ctx, actor, cmd)
	return err
}

// onView are the acts that need something of the case as the person sees it.
func (s *saga) onView(ctx context.Context, by *Account, a act) error {
	work, actor := s.in.hub.Casework, by.actor()
	u, err := s.staff.opened(ctx, by)
	if err != nil {
		return err
	}
	v, err := work.Case(ctx, actor, u, s.got.Case)
	if err != nil {
		return err
	}
	switch a.Do {
	case "take":
		for _, r := range v.Rings {
			return work.IHaveIt(ctx, actor, r.ID)
		}
	case "accept", "return":
		for _, r := range v.Referrals {
			if r.To != by.Unit || r.State != casework.ReferralOffered {
				continue
			}
			if a.Do == "accept" {
				return work.Accept(ctx, actor, r.ID)
			}
			return work.Return(ctx, actor, r.ID, "not_enough", a.Text)
		}
	case "end":
		for _, t := range v.Tracks {
			if !t.Open() {
				continue
			}
			if err := work.SetTrack(ctx, actor, casework.TrackCommand{Case: v.ID, Track: string(t.Track), End: "done"}); err != nil {
				return err
			}
		}
		return nil
	case "agree":
		for _, o := range v.Proposals {
			if o.Waiting() {
				return work.Agree(ctx, actor, o.ID)
			}
		}
	}
	return problem.New("demo/nothing-to-do", "what", a.Do)
}
