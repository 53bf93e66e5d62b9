// SPDX-License-Identifier: Apache-2.0

package exchange

import (
	"context"
	"errors"
	"io"

	"lachan/internal/problem"
)

// Format is how a list is written.
type Format string

// The formats.
const (
	CSV            Format = "csv"
	Lines          Format = "lines"          // a value a line, or "type value"
	NCMEC          Format = "ncmec"          // hash sharing v2, a page of entries
	StopNCII       Format = "stopncii"       // FetchHashes, a page
	ThreatExchange Format = "threatexchange" // threat_descriptors or threat_updates, a page
	TechAgainst    Format = "tat"            // Tech Against Terrorism, a page
	STIX           Format = "stix"           // a bundle of STIX 2.0 or 2.1
	VICS           Format = "vics"           // Project VIC, 1.1 to 2.0
)

// Formats lists them.
func Formats() []Format {
	return []Format{CSV, Lines, NCMEC, StopNCII, ThreatExchange, TechAgainst, STIX, VICS}
}

// Options says what a list does not say itself.
type Options struct {
	Type    Type              // of values whose list names none; "": by their length
	Source  string            // for items whose list names no source
	Columns map[string]string // CSV: our field → the list's heading; see CSVFields
}

// reading is what the readers share.
type reading struct {
	ctx    context.Context
	opt    Options
	each   func(Item) error
	report Report
}

// errStopped carries an error of the caller's function past the decoders.
type errStopped struct{ err error }

func (e errStopped) Error() string { return e.err.Error() }

// take passes an item on, or counts why not.
func (r *reading) take(it Item) error {
	if err := r.ctx.Err(); err != nil {
		return errStopped{err}
	}
	if it.Source == "" {
		it.Source = r.opt.Source
	}
	if it.Status == Withdrawn && it.Value == "" && it.ID != "" {
		it.ID, it.Source = clip(it.ID), clip(it.Source)
	} else if skip := it.finish(); skip != "" {
		r.report.skip(skip, it.Line)
		return nil
	}
	r.report.Entries++
	if it.Status == Withdrawn {
		r.report.Withdrawn++
	} else {
		r.report.Taken++
	}
	if err := r.each(it); err != nil {
		return errStopped{err}
	}
	return nil
}

// Read passes each item of a list to each, which may end it with an error of
// its own. The report is right up to where reading ended. It reports code
// exchange/damaged, with the line, and exchange/unknown-format.
func Read(ctx context.Context, in io.Reader, f Format, o Options, each func(Item) error) (Report, error) {
	r := &reading{ctx: ctx, opt: o, each: each, report: Report{Format: f}}
	readers := map[Format]func(*reading, io.Reader) error{
		CSV: (*reading).csv, Lines: (*reading).lines, NCMEC: (*reading).ncmec, StopNCII: (*reading).stopNCII,
		ThreatExchange: (*reading).threatExchange, TechAgainst: (*reading).techAgainst, STIX: (*reading).stix, VICS: (*reading).vics,
	}
	read, ok := readers[f]
	if !ok {
		return r.report, problem.New("exchange/unknown-format")
	}
	err := read(r, in)
	r.report.sort()
	var stopped errStopped
	if errors.As(err, &stopped) {
		return r.report, stopped.err
	}
	return r.report, err
}

// damaged is the error of a list that breaks off or is not of its format.
func damaged(line int, cause error) error {
	p := problem.New("exchange/damaged", "line", line)
	if cause != nil {
		return p.Wrap(cause)
	}
	return p
}
