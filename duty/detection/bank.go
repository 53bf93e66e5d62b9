// SPDX-License-Identifier: Apache-2.0

package detection

import (
	"context"
	"regexp"
	"strings"
	"time"

	"lachan/internal/authz"
	"lachan/internal/clock"
	"lachan/internal/problem"
	"lachan/internal/sqldb"
)

// Bank holds contents that mean the same when they are met.
type Bank struct {
	Name     string // A-Z, 0-9 and _, as HMA has them
	Title    string // for people
	Label    string
	Severity int // 1 to 4
	// Permille is how many of a thousand contents are matched (HMA's
	// matching_enabled_ratio): a new foreign list may begin small.
	Permille int
	Made     time.Time
	By       string // id of the person
	Contents int    // that are there now
}

// The banks of our own verdicts. They exist from the first verdict on, and no
// exchange writes into them.
const (
	DecidedHarmful  = "DECIDED_HARMFUL"
	DecidedHarmless = "DECIDED_HARMLESS"
)

// IsDecided reports whether a bank is one of our own verdicts.
func IsDecided(bank string) bool { return bank == DecidedHarmful || bank == DecidedHarmless }

var bankName = regexp.MustCompile(`^[A-Z0-9_]{1,64}$`)

// Bounds of a bank's texts, in characters.
const (
	maxTitle = 200
	maxNote  = 255 // as HMA
)

var (
	queryBank = sqldb.Register("detection.bank", `
		SELECT name, title, label, severity, permille, made, by_person, 0 FROM detection_bank WHERE name = $1 AND dropped = 0`)
	queryBanks = sqldb.Register("detection.banks", `
		SELECT b.name, b.title, b.label, b.severity, b.permille, b.made, b.by_person,
			(SELECT COUNT(*) FROM detection_content c WHERE c.bank = b.name AND c.gone = 0)
		FROM detection_bank b WHERE b.dropped = 0 ORDER BY b.name`)
	queryBankPut = sqldb.Register("detection.bank_put", `
		INSERT INTO detection_bank (name, title, label, severity, permille, made, by_person, dropped) VALUES ($1,$2,$3,$4,$5,$6,$7,0)
		ON CONFLICT (name) DO UPDATE SET title = excluded.title, label = excluded.label, severity = excluded.severity,
			permille = excluded.permille, dropped = 0`)
	queryBankDrop = sqldb.Register("detection.bank_drop", `UPDATE detection_bank SET dropped = $2 WHERE name = $1`)
)

func scanBank(r sqldb.Row) (b Bank, err error) {
	var made int64
	err = r.Scan(&b.Name, &b.Title, &b.Label, &b.Severity, &b.Permille, &made, &b.By, &b.Contents)
	b.Made = clock.FromMicro(made)
	return b, err
}

// Validate lists every faulty field.
func (s *Service) validateBank(b *Bank) error {
	b.Title = strings.TrimSpace(b.Title)
	p := problem.New("input/faulty")
	if !bankName.MatchString(b.Name) {
		p.Field("name", "detection/bad-bank-name")
	}
	if len([]rune(b.Title)) > maxTitle {
		p.Field("title", "input/too-long", "max", maxTitle)
	}
	if !s.hasLabel(b.Label) {
		p.Field("label", "input/not-a-choice")
	}
	if b.Severity < 1 || b.Severity > 4 {
		p.Field("severity", "input/not-a-choice")
	}
	if b.Permille < 0 || b.Permille > 1000 {
		p.Field("ratio", "input/not-a-choice")
	}
	return p.OrNil()
}

// Banks lists the banks by name.
func (s *Service) Banks(ctx context.Context, actor authz.Actor) ([]Bank, error) {
	if _, err := s.check(ctx, actor, "detection.view", "bank", ""); err != nil {
		return nil, err
	}
	all, err := sqldb.All(ctx, s.DB.Read(), queryBanks, scanBank)
	return all, wrap("banks", err)
}

// Bank is one bank; detection/no-bank if there is none.
func (s *Service) Bank(ctx context.Context, actor authz.Actor, name string) (Bank, error) {
	if _, err := s.check(ctx, actor, "detection.view", "bank", name); err != nil {
		return Bank{}, err
	}
	return s.bank(ctx, s.DB.Read(), name)
}

func (s *Service) bank(ctx context.Context, q sqldb.Queryer, name string) (Bank, error) {
	b, err := sqldb.One(ctx, q, queryBank, scanBank, name)
	return b, notFound(err, "detection/no-bank")
}

// AddBank makes a bank; detection/bank-exists if there is one of that name.
func (s *Service) AddBank(ctx context.Context, actor authz.Actor, b Bank) error {
	return s.saveBank(ctx, actor, b, true)
}

// EditBank changes a bank's title, label, severity and ratio.
func (s *Service) EditBank(ctx context.Context, actor authz.Actor, b Bank) error {
	return s.saveBank(ctx, actor, b, false)
}

func (s *Service) saveBank(ctx context.Context, actor authz.Actor, b Bank, fresh bool) error {
	permit, err := s.check(ctx, actor, "detection.bank", "bank", b.Name)
	if err != nil {
		return err
	}
	if err := s.validateBank(&b); err != nil {
		return err
	}
	return s.DB.Tx(ctx, func(ctx context.Context, tx *sqldb.Tx) error {
		_, err := s.bank(ctx, tx, b.Name)
		if there := err == nil; there == fresh {
			if there {
				return problem.New("detection/bank-exists").Field("name", "detection/bank-exists")
			}
			return err
		}
		if err != nil && !problem.Is(err, "detection/no-bank") {
			return err
		}
		if err := s.putBank(ctx, tx, actor, b); err != nil {
			return err
		}
		kind := "detection.bank_changed"
		if fresh {
			kind = "detection.bank_made"
		}
		return s.record(ctx, tx, actor, b.Name, kind, permit, map[string]any{"label": b.Label, "severity": b.Severity, "permille": b.Permille})
	})
}

func (s *Service) putBank(ctx context.Context, tx *sqldb.Tx, actor authz.Actor, b Bank) error {
	_, err := sqldb.Exec(ctx, tx, queryBankPut, b.Name, b.Title, b.Label, b.Severity, b.Permille, clock.Micro(s.now()), actor.Name())
	if err != nil {
		return err
	}
	// Its contents are judged anew by every matcher.
	return s.touchBank(ctx, tx, b.Name)
}

// DropBank takes a bank and all of its contents out. Numbers are never given
// again.
func (s *Service) DropBank(ctx context.Context, actor authz.Actor, name string) error {
	permit, err := s.check(ctx, actor, "detection.bank", "bank", name)
	if err != nil {
		return err
	}
	if IsDecided(name) {
		return problem.New("detection/bank-is-ours")
	}
	return s.DB.Tx(ctx, func(ctx context.Context, tx *sqldb.Tx) error {
		if _, err := s.bank(ctx, tx, name); err != nil {
			return err
		}
		change, err := next(ctx, tx, changeCounter)
		if err != nil {
			return err
		}
		now := clock.Micro(s.now())
		n, err := sqldb.Exec(ctx, tx, queryContentsGone, name, now, change)
		if err != nil {
			return err
		}
		if _, err := sqldb.Exec(ctx, tx, queryBankDrop, name, now); err != nil {
			return err
		}
		return s.record(ctx, tx, actor, name, "detection.bank_dropped", permit, map[string]int64{"contents": n})
	})
}

// ownBank makes one of the banks of our own verdicts if it is not there yet.
func (s *Service) ownBank(ctx context.Context, tx *sqldb.Tx, actor authz.Actor, name string) error {
	_, err := s.bank(ctx, tx, name)
	if err == nil || !problem.Is(err, "detection/no-bank") {
		return err
	}
	severity := 1
	if name == DecidedHarmful {
		severity = 3
	}
	return s.putBank(ctx, tx, actor, Bank{Name: name, Label: OtherLabel, Severity: severity, Permille: 1000})
}
