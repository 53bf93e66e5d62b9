// SPDX-License-Identifier: Apache-2.0

package casework

import (
	"context"
	"errors"
	"fmt"
	"time"
	"unicode/utf8"

	"lachan/internal/authz"
	"lachan/internal/clock"
	"lachan/internal/id"
	"lachan/internal/locale"
	"lachan/internal/problem"
	"lachan/internal/sqldb"
)

// MaxMessage is the longest message of the thread, in characters.
const MaxMessage = 4000

// Message is one line of the thread between a reporter and the people who
// handle the case.
type Message struct {
	ID, Case, Report string
	At, Seen         time.Time // Seen by the other side; zero: not yet
	Mine             bool      // from the reporter
	Actor            string    // person who wrote, "" for the reporter
	Text             string    // opened; personal
	Sealed           bool      // the reader's unit holds no key
}

var (
	messageInsert    = sqldb.Register("casework.message_insert", `INSERT INTO casework_message (id, case_id, report_id, at, mine, actor, seen_at) VALUES ($1,$2,$3,$4,$5,$6,0)`)
	messagesOfCase   = sqldb.Register("casework.messages_of_case", `SELECT id, case_id, report_id, at, mine, actor, seen_at FROM casework_message WHERE case_id = $1 ORDER BY at, id LIMIT 1000`)
	messagesOfReport = sqldb.Register("casework.messages_of_report", `SELECT id, case_id, report_id, at, mine, actor, seen_at FROM casework_message WHERE report_id = $1 ORDER BY at, id LIMIT 1000`)
	messagesSeen     = sqldb.Register("casework.messages_seen", `UPDATE casework_message SET seen_at = $2 WHERE report_id = $1 AND seen_at = 0 AND mine = $3`)
)

func scanMessage(r sqldb.Row) (m Message, err error) {
	var at, seen int64
	err = r.Scan(&m.ID, &m.Case, &m.Report, &at, &m.Mine, &m.Actor, &seen)
	m.At, m.Seen = clock.FromMicro(at), clock.FromMicro(seen)
	return m, err
}

func checkMessage(field, text string) (string, error) {
	text = locale.Normalize(text)
	if text == "" {
		return "", problem.New("input/faulty").Field(field, "input/required")
	}
	if utf8.RuneCountInString(text) > MaxMessage {
		return "", problem.New("input/faulty").Field(field, "input/too-long", "max", MaxMessage)
	}
	return text, nil
}

// send seals a message to the units that see the narrative and to the
// reporter's key, and stores it.
func (s *Service) send(ctx context.Context, tx *sqldb.Tx, p *reportRow, m Message) error {
	units, err := s.unitsWith(ctx, tx, p.Case, Narrative)
	if err != nil {
		return err
	}
	if _, err := s.seal(ctx, tx, letter{object: m.ID, group: Narrative, units: units, reporter: p.ReporterKey, plain: []byte(m.Text)}); err != nil {
		return fmt.Errorf("casework: sealing a message: %w", err)
	}
	_, err = sqldb.Exec(ctx, tx, messageInsert, m.ID, p.Case, p.ID, clock.Micro(m.At), m.Mine, m.Actor)
	return err
}

// AnswerCommand writes to the reporters of a case. Report "" means all of
// them, each by his own key.
type AnswerCommand struct {
	Case   string `json:"case"`
	Report string `json:"report"`
	Text   string `json:"text"` // personal
}

// Answer writes to the reporter, who reads it with the receipt.
func (s *Service) Answer(ctx context.Context, actor authz.Actor, cmd AnswerCommand) error {
	return s.write(ctx, actor, cmd, false)
}

// Ask writes a question to the reporter. Clocks that are not urgent keep
// running unless somebody pauses them with a document.
func (s *Service) Ask(ctx context.Context, actor authz.Actor, cmd AnswerCommand) error {
	return s.write(ctx, actor, cmd, true)
}

func (s *Service) write(ctx context.Context, actor authz.Actor, cmd AnswerCommand, question bool) error {
	text, err := checkMessage("text", cmd.Text)
	if err != nil {
		return err
	}
	kind := "answered"
	if question {
		kind = "asked"
	}
	now := s.now()
	return s.change(ctx, actor, cmd.Case, step{action: "casework.answer", kind: "casework." + kind, do: func(ctx context.Context, tx *sqldb.Tx, c *caseRow) (any, error) {
		s.look(c, now)
		reports, err := sqldb.All(ctx, tx, reportsOfCase, scanReport, c.ID)
		if err != nil {
			return nil, err
		}
		sent := 0
		for _, p := range reports {
			if cmd.Report != "" && p.ID != cmd.Report {
				continue
			}
			m := Message{ID: id.New(), At: now, Actor: actor.Person, Text: text}
			if err := s.send(ctx, tx, p, m); err != nil {
				return nil, err
			}
			if _, err := sqldb.Exec(ctx, tx, reportAsked, p.ID, question); err != nil {
				return nil, err
			}
			if err := s.Emit(ctx, tx, Answered{Case: c.ID, Report: p.ID, Message: m.ID, Question: question, At: now}); err != nil {
				return nil, err
			}
			sent++
		}
		if sent == 0 {
			return nil, problem.New("authz/not-found")
		}
		if err := s.note(ctx, tx, actor, c, kind, map[string]string{"report": cmd.Report}, "", now); err != nil {
			return nil, err
		}
		return map[string]any{"reports": sent}, s.meet(ctx, tx, c.ID, now, func(k Clock) bool {
			return k.Code == "FL1D" || k.Code == "HL15" || !question && (k.Code == "NT3W" || k.Code == "RS3D")
		})
	}})
}

// look marks the first human look at a case.
func (s *Service) look(c *caseRow, now time.Time) {
	if c.FirstLook.IsZero() {
		c.FirstLook = now
	}
	if c.State == StateNew {
		c.State = StateTriage
	}
}

// Reply takes what a reporter writes back, under his receipt. New words on a
// case that was closed reopen it: its first receipt time and clocks stay.
func (s *Service) Reply(ctx context.Context, receiptText, text string) error {
	text, err := checkMessage("reply", text)
	if err != nil {
		return err
	}
	receipt, err := s.parseReceipt(receiptText)
	if err != nil {
		return err
	}
	now := s.now()
	cues := s.cues.Find(text)
	return s.DB.Tx(ctx, func(ctx context.Context, tx *sqldb.Tx) error {
		p, err := sqldb.One(ctx, tx, reportByReceipt, scanReport, receipt.lookup)
		if errors.Is(err, sqldb.ErrNoRows) {
			return problem.New("casework/receipt-unknown")
		}
		if err != nil {
			return err
		}
		c, err := sqldb.One(ctx, tx, caseByID, scanCase, p.Case)
		if err != nil {
			return err
		}
		m := Message{ID: id.New(), At: now, Mine: true, Text: text}
		if err := s.send(ctx, tx, p, m); err != nil {
			return err
		}
		if _, err := sqldb.Exec(ctx, tx, reportAsked, p.ID, false); err != nil {
			return err
		}
		system := authz.System(intakeActor)
		if !c.State.Open() {
			if c.State, err = (Standing{State: c.State}).Next(ActReopen); err != nil {
				return err
			}
			c.ClosedAt, c.Outcome = time.Time{}, ""
			if _, err := sqldb.Exec(ctx, tx, reportOutcome, c.ID, ""); err != nil {
				return err
			}
			if err := s.note(ctx, tx, system, c, "reopened", nil, "", now); err != nil {
				return err
			}
		}
		if err := s.note(ctx, tx, system, c, "replied", map[string]string{"report": p.ID}, "", now); err != nil {
			return err
		}
		if err := s.rescore(ctx, tx, c, cues, now); err != nil {
			return err
		}
		if err := s.save(ctx, tx, c); err != nil {
			return err
		}
		if err := s.record(ctx, tx, system, c.ID, "casework.replied", nil, map[string]any{"report": p.ID, "message": m.ID}); err != nil {
			return err
		}
		return s.Emit(ctx, tx, Replied{Case: c.ID, Report: p.ID, Message: m.ID, At: now})
	})
}

// rescore raises a case when a reply holds a cue that the report did not: a
// child often says the worst second. It never lowers, and never touches what
// a person set higher.
func (s *Service) rescore(ctx context.Context, tx *sqldb.Tx, c *caseRow, cues []Cue, now time.Time) error {
	if len(cues) == 0 {
		return nil
	}
	score := s.scoreOf(Facts{Harms: c.Harms, Cues: cues, Ages: c.Ages, Relation: c.Relation})
	if int64(score.Points) <= c.Score {
		return nil
	}
	c.Score, c.Tier, c.Floor = int64(score.Points), score.Tier, score.Floor
	system := authz.System(intakeActor)
	if err := putScore(ctx, tx, c.ID, score, now, system.Name(), ""); err != nil {
		return err
	}
	if err := s.Emit(ctx, tx, Triaged{Case: c.ID, Points: score.Points, Tier: score.Tier, By: system.Name()}); err != nil {
		return err
	}
	if score.Emergency() && !c.Urgent {
		return s.raise(ctx, tx, system, c, now)
	}
	return nil
}
