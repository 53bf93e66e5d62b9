// SPDX-License-Identifier: Apache-2.0

package casework

import (
	"context"
	"encoding/json"
	"errors"
	"time"

	"lachan/internal/clock"
	"lachan/internal/problem"
	"lachan/internal/sqldb"
)

// Status is what a reporter reads with the receipt.
type Status struct {
	Report   string
	Entry    string // ledger entry of the intake, for the proof of submission
	Sent     time.Time
	Plain    string // received, looked_at, working, done: words in casework.status.*
	Stage    int    // 0 to 3, how far along that road
	Outcome  Outcome
	Child    bool // speak as to a child: the outcome's child wording
	Older    bool // 16 and above: "bạn" instead of "em"
	Thread   []Message
	Asked    bool // an answer of the reporter is waited for
	Danger   bool
	Lang     string
	Contact  Contact
	ToldBack ToldWords // the reporter's own words; personal
}

// HeadlineKey and ExplainKey are the locale keys of the status in plain words.
func (s Status) HeadlineKey() string { return "casework.status." + s.Plain + ".headline" }

// ExplainKey is the longer sentence below the headline.
func (s Status) ExplainKey() string {
	if s.Plain == "done" && s.Outcome.Valid() {
		return s.Outcome.TextKey(s.Child)
	}
	return "casework.status." + s.Plain + ".explain"
}

// OpenStatus reads what has become of a report. A wrong check character is
// refused before any look-up; after it there is one look-up by a keyed hash,
// the same for a receipt that exists and one that does not. A receipt of a
// merged, refused or unfounded report works as long as any other.
func (s *Service) OpenStatus(ctx context.Context, receiptText string) (Status, error) {
	receipt, err := s.parseReceipt(receiptText)
	if err != nil {
		return Status{}, err
	}
	q := s.DB.Read()
	p, err := sqldb.One(ctx, q, reportByReceipt, scanReport, receipt.lookup)
	if errors.Is(err, sqldb.ErrNoRows) {
		return Status{}, problem.New("casework/receipt-unknown")
	}
	if err != nil {
		return Status{}, err
	}
	c, err := sqldb.One(ctx, q, caseByID, scanCase, p.Case)
	if err != nil {
		return Status{}, err
	}
	st := Status{
		Report: p.ID, Entry: p.Entry, Sent: p.Received, Plain: c.State.PlainStatus(), Outcome: p.Outcome,
		Child: p.Reporter.Child() || p.Reporter == AnonymousKind, Older: p.Age == "16_17" || p.Age == "18", Asked: p.Asked,
		Danger: p.Danger == Yes || p.Danger == Unsure, Lang: p.Lang, Contact: p.Contact,
	}
	for i, plain := range PlainStatuses() {
		if plain == st.Plain {
			st.Stage = i
		}
	}
	words, err := s.openByReceipt(ctx, q, receipt, p.ID)
	if err != nil {
		return Status{}, err
	}
	if err := json.Unmarshal(words, &st.ToldBack); err != nil {
		return Status{}, problem.New(problem.Unknown)
	}
	if st.Thread, err = sqldb.All(ctx, q, messagesOfReport, scanMessage, p.ID); err != nil {
		return Status{}, err
	}
	for i := range st.Thread {
		text, err := s.openByReceipt(ctx, q, receipt, st.Thread[i].ID)
		if err != nil {
			return Status{}, err
		}
		st.Thread[i].Text = string(text)
	}
	return st, s.seen(ctx, p.ID, st.Thread)
}

// PlainStatuses lists the four words of the road.
func PlainStatuses() []string { return []string{"received", "looked_at", "working", "done"} }

// seen marks the answers as read; only where there is something to mark, so
// that reading a status is almost always reading only.
func (s *Service) seen(ctx context.Context, report string, thread []Message) error {
	unread := false
	for _, m := range thread {
		unread = unread || !m.Mine && m.Seen.IsZero()
	}
	if !unread {
		return nil
	}
	now := clock.Micro(s.now())
	return s.DB.Tx(ctx, func(ctx context.Context, tx *sqldb.Tx) error {
		_, err := sqldb.Exec(ctx, tx, messagesSeen, report, now, false)
		return err
	})
}
