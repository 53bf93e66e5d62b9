// SPDX-License-Identifier: Apache-2.0

package schools

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"math/big"
	"time"

	"lachan/internal/authz"
	"lachan/internal/bundle"
	"lachan/internal/clock"
	"lachan/internal/problem"
	"lachan/internal/sqldb"
)

// No node keeps what is asked. A school that looks for a fault may have its own
// node keep it for some hours, in memory and without clients (DESIGN.md §7).
// The hub only says so, with the hash of a word that opens the lines; no line
// ever comes here.

const (
	maxFaultHours = 24
	// wordLetters has none that look alike in a teacher's hand: i, j, l, o, q.
	wordLetters = "abcdefghkmnprstuvwxyz"
	wordSize    = 10
)

// FaultLogState is whether a school has a fault log; zero: it has none.
type FaultLogState struct {
	Since, Until time.Time
	By           string // id of the person who switched it on
}

var (
	queryFaultLog = sqldb.Register("schools.fault_log", `
		SELECT since, until, by_person, word_hash FROM schools_fault_log WHERE school = $1 AND until > $2`)
	queryFaultLogPut = sqldb.Register("schools.fault_log_put", `
		INSERT INTO schools_fault_log (school, until, word_hash, by_person, since) VALUES ($1, $2, $3, $4, $5)
		ON CONFLICT (school) DO UPDATE SET until = excluded.until, word_hash = excluded.word_hash,
			by_person = excluded.by_person, since = excluded.since`)
	queryFaultLogDrop = sqldb.Register("schools.fault_log_drop", `DELETE FROM schools_fault_log WHERE school = $1`)
)

type faultLog struct {
	FaultLogState
	hash []byte
}

func scanFaultLog(r sqldb.Row) (l faultLog, err error) {
	var since, until int64
	err = r.Scan(&since, &until, &l.By, &l.hash)
	l.Since, l.Until = clock.FromMicro(since), clock.FromMicro(until)
	return l, err
}

// SwitchFaultLog has the school's node keep a fault log for 1 to 24 hours from
// now, in place of one that runs. The word that opens it on the node is
// returned here and never again.
func (s *Service) SwitchFaultLog(ctx context.Context, actor authz.Actor, schoolID string, hours int) (word string, until time.Time, err error) {
	if hours < 1 || hours > maxFaultHours {
		return "", until, problem.New("input/faulty").Field("hours", "input/not-a-choice")
	}
	if word, err = randomWord(); err != nil {
		return "", until, wrap("fault log", err)
	}
	hash := sha256.Sum256([]byte(word))
	now := s.clock.Now()
	until = now.Add(time.Duration(hours) * time.Hour)
	err = s.editSchool(ctx, actor, schoolID, "schools.fault_log_on", map[string]int{"hours": hours}, func(ctx context.Context, tx *sqldb.Tx, school *School) error {
		_, err := sqldb.Exec(ctx, tx, queryFaultLogPut, school.ID, clock.Micro(until), hash[:], actor.Name(), clock.Micro(now))
		return err
	})
	if err != nil {
		return "", until, err
	}
	return word, until, nil
}

// StopFaultLog ends a school's fault log; its node forgets the lines within
// seconds. Twice is as good as once.
func (s *Service) StopFaultLog(ctx context.Context, actor authz.Actor, schoolID string) error {
	return s.editSchool(ctx, actor, schoolID, "schools.fault_log_off", map[string]string{}, func(ctx context.Context, tx *sqldb.Tx, school *School) error {
		_, err := sqldb.Exec(ctx, tx, queryFaultLogDrop, school.ID)
		return err
	})
}

// FaultLog is whether a school has a fault log now, for those who may switch it.
func (s *Service) FaultLog(ctx context.Context, actor authz.Actor, schoolID string) (FaultLogState, error) {
	if _, err := s.loadSchool(ctx, s.db.Read(), actor, "schools.edit", schoolID); err != nil {
		return FaultLogState{}, err
	}
	logs, err := sqldb.All(ctx, s.db.Read(), queryFaultLog, scanFaultLog, schoolID, clock.Micro(s.clock.Now()))
	if err != nil || len(logs) == 0 {
		return FaultLogState{}, wrap("fault log", err)
	}
	return logs[0].FaultLogState, nil
}

// faultLogFor is the running fault log of a school in the form of nodes.
func (s *Service) faultLogFor(ctx context.Context, q sqldb.Queryer, schoolID string) (l bundle.FaultLog, err error) {
	logs, err := sqldb.All(ctx, q, queryFaultLog, scanFaultLog, schoolID, clock.Micro(s.clock.Now()))
	if err != nil || len(logs) == 0 {
		return l, err
	}
	l.Until = clock.Micro(logs[0].Until)
	copy(l.Word[:], logs[0].hash)
	return l, nil
}

func randomWord() (string, error) {
	word := make([]byte, wordSize)
	for i := range word {
		n, err := rand.Int(rand.Reader, big.NewInt(int64(len(wordLetters))))
		if err != nil {
			return "", err
		}
		word[i] = wordLetters[n.Int64()]
	}
	return string(word), nil
}
