// SPDX-License-Identifier: Apache-2.0

package casework

import (
	"context"
	"errors"
	"time"

	"lachan/internal/authz"
	"lachan/internal/problem"
	"lachan/internal/sqldb"
)

// Receipted is the answer to a report. The same receipt gets the same answer.
type Receipted struct {
	Report, Case, Code string
	Received           time.Time
	Danger             bool // the reporter said yes or "I do not know": 111 and 113 first
	Again              bool // this receipt was taken in before; nothing was added
}

// intakeActor is who the ledger names for a report from the public.
const intakeActor = "casework.intake"

// IntakeOpen reports whether public intake may be offered; why is a locale
// key for the page, which then shows 111 first.
func (s *Service) IntakeOpen(ctx context.Context) (open bool, why string, err error) {
	unit, err := s.Units.DutyUnit(ctx, s.now())
	if err != nil {
		return false, "", err
	}
	ready, err := s.Vault.Ready(ctx, s.DB.Read(), unit)
	if err != nil {
		return false, "", err
	}
	switch {
	case ready.Open():
		return true, "", nil
	case ready.Members < 2:
		return false, "casework.closed.members", nil
	default:
		return false, "casework.closed.recovery", nil
	}
}

// Receive takes a report in. It is idempotent on the receipt: sending twice,
// or again after a crash, adds nothing and answers alike. It is acknowledged
// only after the commit. Reports that staff type for somebody (phone,
// counter, paper) need a caseworker as actor; for the public's own the actor
// is authz.System.
func (s *Service) Receive(ctx context.Context, actor authz.Actor, cmd ReceiveCommand) (Receipted, error) {
	if err := cmd.Validate(); err != nil {
		return Receipted{}, err
	}
	receipt, err := s.parseReceipt(cmd.Receipt)
	if err != nil {
		return Receipted{}, err
	}
	if again, found, err := s.received(ctx, s.DB.Read(), receipt.lookup); found || err != nil {
		return again, err
	}
	if !actor.System {
		if _, err := s.Authz.Check(ctx, actor, "casework.list", authz.Resource{Type: "casework.intake"}); err != nil {
			return Receipted{}, err
		}
	} else if cmd.Channel == string(Web) {
		if open, _, err := s.IntakeOpen(ctx); err != nil {
			return Receipted{}, err
		} else if !open {
			return Receipted{}, problem.New("casework/intake-closed")
		}
	}
	in, err := s.prepare(ctx, &cmd, receipt)
	if err != nil {
		return Receipted{}, err
	}
	s.intake.Lock()
	defer s.intake.Unlock()
	var answer Receipted
	err = s.DB.Tx(ctx, func(ctx context.Context, tx *sqldb.Tx) error {
		again, found, err := s.received(ctx, tx, receipt.lookup)
		if found || err != nil {
			answer = again
			return err
		}
		answer, err = s.admit(ctx, tx, actor, in)
		return err
	})
	if err != nil {
		return Receipted{}, err
	}
	return answer, nil
}

// Received reports whether a report was taken in under a receipt. It tells
// nothing else: the form asks before it makes somebody wait who has sent
// already.
func (s *Service) Received(ctx context.Context, receiptText string) (bool, error) {
	receipt, err := s.parseReceipt(receiptText)
	if err != nil {
		return false, err
	}
	_, found, err := s.received(ctx, s.DB.Read(), receipt.lookup)
	return found, err
}

func (s *Service) received(ctx context.Context, q sqldb.Queryer, lookup string) (Receipted, bool, error) {
	p, err := sqldb.One(ctx, q, reportByReceipt, scanReport, lookup)
	if errors.Is(err, sqldb.ErrNoRows) {
		return Receipted{}, false, nil
	}
	if err != nil {
		return Receipted{}, false, err
	}
	c, err := sqldb.One(ctx, q, caseByID, scanCase, p.Case)
	if err != nil {
		return Receipted{}, false, err
	}
	return Receipted{
		Report: p.ID, Case: c.ID, Code: c.Code, Received: p.Received,
		Danger: p.Danger == Yes || p.Danger == Unsure, Again: true,
	}, true, nil
}
