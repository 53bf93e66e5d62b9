// SPDX-License-Identifier: Apache-2.0

package schools

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"unicode/utf8"

	"lachan/internal/bundle"
	"lachan/internal/problem"
)

// Format is how a list is written.
type Format string

// The formats. The others in the wild come with subscriptions.
const (
	Hosts   Format = "hosts"   // "0.0.0.0 example.com", hosts(5)
	Plain   Format = "domains" // one name a line
	Adblock Format = "adblock" // "||example.com^"
)

// Formats lists the formats in the order in which pages offer them.
func Formats() []Format { return []Format{Plain, Hosts, Adblock} }

// MaxLine is the longest line that is read, in bytes; the rest of a longer one
// is passed over and the line is counted as skipped.
const MaxLine = 4096

// batchNames is how many names go to the sink at a time.
const batchNames = 500

// Sink takes names of a list as they are read.
type Sink interface {
	// Add takes names and says how many of them it had not seen before. It must
	// not keep the slice.
	Add(names []bundle.Name) (fresh int, err error)
}

// ReadList reads a list of any length and gives its names to sink. No line is
// lost in silence: the report accounts for each. guard may hold a name back by
// giving a reason; nil holds none. The error is one of reading or of the sink;
// nothing that stands in the list is an error.
func ReadList(r io.Reader, format Format, guard func(bundle.Name) Skip, sink Sink) (Report, error) {
	parse, ok := map[Format]func(*lineReader, string){Hosts: (*lineReader).hosts, Plain: (*lineReader).plain, Adblock: (*lineReader).adblock}[format]
	if !ok {
		return Report{}, problem.New("schools/unknown-format", "format", clip(string(format), 40))
	}
	l := &lineReader{guard: guard, sink: sink, batch: make([]bundle.Name, 0, batchNames)}
	in := bufio.NewReaderSize(r, MaxLine)
	for {
		line, isLong, err := readLine(in)
		if err != nil && !errors.Is(err, io.EOF) {
			return l.report, fmt.Errorf("schools: read list: %w", err)
		}
		if err == nil || len(line) > 0 {
			l.report.Lines++
			text := string(bytes.TrimSpace(line))
			if l.report.Lines == 1 {
				text = strings.TrimPrefix(text, "\ufeff") // byte order mark
			}
			switch {
			case isLong:
				l.report.skip(SkipTooLong, l.report.Lines, strings.ToValidUTF8(text, "?"))
			case !utf8.ValidString(text):
				l.report.skip(SkipSyntax, l.report.Lines, strings.ToValidUTF8(text, "?"))
			case text == "":
				l.report.Notes++
			default:
				parse(l, text)
			}
			if l.err == nil && len(l.batch) >= batchNames {
				l.flush()
			}
			if l.err != nil {
				return l.report, l.err
			}
		}
		if err != nil {
			break
		}
	}
	l.flush()
	l.report.sort()
	return l.report, l.err
}

// readLine reads up to a newline. Of a line longer than the buffer it gives
// the beginning and passes over the rest.
func readLine(in *bufio.Reader) (line []byte, isLong bool, err error) {
	line, err = in.ReadSlice('\n')
	if !errors.Is(err, bufio.ErrBufferFull) {
		return line, false, err
	}
	line = slices.Clone(line[:200])
	for errors.Is(err, bufio.ErrBufferFull) {
		_, err = in.ReadSlice('\n')
	}
	return line, true, err
}

// lineReader holds what is known between the lines.
type lineReader struct {
	report Report
	guard  func(bundle.Name) Skip
	sink   Sink
	batch  []bundle.Name
	err    error
}

func (l *lineReader) note()                       { l.report.Notes++ }
func (l *lineReader) skip(code Skip, text string) { l.report.skip(code, l.report.Lines, text) }

// name takes one name, as written, or counts why not.
func (l *lineReader) name(text string) {
	wide := text
	if t, ok := strings.CutPrefix(wide, "*."); ok {
		wide = t
	} else {
		wide = strings.TrimPrefix(wide, ".")
	}
	name, why := readName(wide)
	if why == "" && l.guard != nil {
		why = l.guard(name)
	}
	if why != "" {
		l.skip(why, text)
		return
	}
	if wide != text {
		l.report.Widened++
	}
	l.batch = append(l.batch, name)
}

// readName reads a name that a list may carry, or says why it may not.
func readName(text string) (bundle.Name, Skip) {
	name, err := bundle.ParseName(text)
	switch {
	case problem.Is(err, "bundle/name-is-address"):
		return bundle.Name{}, SkipAddress
	case err != nil:
		return bundle.Name{}, SkipName
	case isLocal(name.String()):
		return bundle.Name{}, SkipLocal
	case name.Labels() < 2:
		return bundle.Name{}, SkipTLD
	}
	if suffix, byRegistry := publicSuffix(name); suffix {
		if byRegistry {
			return bundle.Name{}, SkipSuffix
		}
		return bundle.Name{}, SkipSharedSuffix
	}
	return name, ""
}

func (l *lineReader) flush() {
	if l.err != nil || len(l.batch) == 0 {
		return
	}
	fresh, err := l.sink.Add(l.batch)
	if err != nil {
		l.err = err
		return
	}
	l.report.Taken += fresh
	l.report.Duplicates += len(l.batch) - fresh
	l.batch = l.batch[:0]
}
