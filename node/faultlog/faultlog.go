// SPDX-License-Identifier: Apache-2.0

// Package faultlog is what a school may switch on to find a fault.
//
// A node keeps no log of what is asked. Where a lesson's page will not load
// that leaves a teacher in the dark, so the school may have its node remember,
// for at most a day, what became of questions (DESIGN.md §7). What would point
// at a child is not in a line: no address, no port, no word of a device, the
// time to the minute only, and no band of fewer than 20 pupils. What would
// point at one by its name is not taken at all (Speaks): names that answer for
// an address, names of this network, and the node's own.
//
// The lines stand in memory. They end with the log, with a stop at the hub and
// with the process; nothing is written to a disk or sent anywhere. Whoever
// wants to read them needs the word that the hub showed once.
package faultlog

import (
	"crypto/sha256"
	"crypto/subtle"
	"strings"
	"sync"
	"time"

	"lachan/internal/bundle"
)

const (
	// MaxLines is how many lines of a school are remembered; the oldest go first.
	MaxLines = 20_000
	// Longest is how long a log runs, whatever the side file says.
	Longest = 24 * time.Hour
	// maxTries bounds the wrong words a minute, of everybody together.
	maxTries = 5
)

// Outcome is what became of a question.
type Outcome uint8

// The outcomes.
const (
	Answered Outcome = iota // with records, or without any of the type
	Refused                 // by a rule; Line.Code says which
	Another                 // answered as another name: safe search
	NoName                  // there is no such name
	Failed                  // Line.EDE may say why
)

var outcomeCodes = [...]string{"answered", "refused", "another", "no-name", "failed"}

// String is the outcome's code, the last part of its text's key.
func (o Outcome) String() string { return outcomeCodes[o] }

// Line is what became of one question.
type Line struct {
	Minute  time.Time // the beginning of the minute
	Band    bundle.Band
	Few     bool // Band is not said: too few pupils have it
	Name    bundle.Name
	Type    uint16
	Outcome Outcome
	Code    string // of the category, the service or the source that refused
	EDE     uint16 // the extended error of the answer, dnswire.NoEDE for none
}

// Speaks reports whether a name may stand in a line. Reverse names are
// addresses of devices in other letters; single labels and names of the local
// network are what people call their devices.
func Speaks(n bundle.Name) bool {
	if n.Labels() < 2 {
		return false
	}
	switch n.Suffix(1).String() {
	case "arpa", "local", "localhost", "lan", "home", "internal":
		return false
	}
	return true
}

// Log holds the lines of the schools that have one switched on.
type Log struct {
	mu      sync.Mutex
	schools map[string]*one
	minute  int64 // of tries, since 1970
	tries   int   // wrong words in it
}

// one is one school's log under one word.
type one struct {
	word  [32]byte
	until time.Time
	over  bool   // it has ended and does not begin again under this word
	lines []Line // a ring once it is full
	next  int    // where the next line goes then
}

// New is a log with nothing in it.
func New() *Log { return &Log{schools: map[string]*one{}} }

// Note remembers what became of a question of a school's client, where the
// school has a log that runs. The minute is cut from the time here.
func (l *Log) Note(school *bundle.School, now time.Time, line Line) {
	if school == nil || school.Log.Until == 0 || !Speaks(line.Name) {
		return
	}
	line.Minute = now.Truncate(time.Minute)
	if school.WeekOnly.Has(line.Band) {
		line.Band, line.Few = 0, true
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	o := l.running(school, now)
	if o == nil {
		return
	}
	if len(o.lines) < MaxLines {
		o.lines = append(o.lines, line)
		return
	}
	o.lines[o.next] = line
	o.next = (o.next + 1) % MaxLines
}

// running is the school's log if one runs at now; it begins one that is seen
// for the first time, and forgets the lines of one that is over.
func (l *Log) running(school *bundle.School, now time.Time) *one {
	o := l.schools[school.School]
	if o == nil || o.word != school.Log.Word {
		o = &one{word: school.Log.Word, until: now.Add(Longest)}
		l.schools[school.School] = o
	}
	if until := time.UnixMicro(school.Log.Until); until.Before(o.until) {
		o.until = until
	}
	if o.over || !now.Before(o.until) {
		o.over, o.lines, o.next = true, nil, 0
		return nil
	}
	return o
}

// Advance follows the rules in force: logs that were switched on begin, those
// that were stopped or are over are forgotten.
func (l *Log) Advance(v *bundle.View, now time.Time) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.follow(v, now)
}

// follow returns the logs that run, by school.
func (l *Log) follow(v *bundle.View, now time.Time) []*one {
	var on []*one
	wanted := map[string]bool{}
	if v != nil {
		for _, s := range v.Schools() {
			if s.Log.Until == 0 {
				continue
			}
			wanted[s.School] = true
			if o := l.running(s, now); o != nil {
				on = append(on, o)
			}
		}
	}
	for school := range l.schools {
		if !wanted[school] {
			delete(l.schools, school)
		}
	}
	return on
}

// State is what Read found.
type State uint8

// The states.
const (
	Off     State = iota // no school has a log
	Locked               // there is one, and no word was said
	Wrong                // the word opens none
	TooMany              // of wrong words in this minute: none is looked at
	Open
)

// View is what a word opens.
type View struct {
	State State
	Until time.Time
	Lines []Line // newest first, at most as many as were wanted
	Found int    // how many there are with the part
}

// Read opens the log of a word and gives at most most lines whose name has part
// in it. An empty word asks only whether there is a log.
func (l *Log) Read(v *bundle.View, now time.Time, word, part string, most int) View {
	l.mu.Lock()
	defer l.mu.Unlock()
	on := l.follow(v, now)
	if len(on) == 0 {
		return View{}
	}
	if word == "" {
		return View{State: Locked}
	}
	if minute := now.Unix() / 60; minute != l.minute {
		l.minute, l.tries = minute, 0
	}
	if l.tries >= maxTries {
		return View{State: TooMany}
	}
	said := sha256.Sum256([]byte(strings.ToLower(strings.TrimSpace(word))))
	for _, o := range on {
		if subtle.ConstantTimeCompare(said[:], o.word[:]) == 1 {
			return o.view(strings.ToLower(strings.TrimSpace(part)), most)
		}
	}
	l.tries++
	return View{State: Wrong}
}

func (o *one) view(part string, most int) View {
	out := View{State: Open, Until: o.until}
	for i := range o.lines {
		at := (o.next - 1 - i + 2*len(o.lines)) % len(o.lines)
		if line := o.lines[at]; part == "" || strings.Contains(line.Name.String(), part) || strings.Contains(line.Name.Unicode(), part) {
			if out.Found++; len(out.Lines) < most {
				out.Lines = append(out.Lines, line)
			}
		}
	}
	return out
}
