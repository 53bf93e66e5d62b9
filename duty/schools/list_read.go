// SPDX-License-Identifier: Apache-2.0

package schools

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"unicode/utf8"

	"lachan/internal/bundle"
	"lachan/internal/problem"
)

// MaxLine is the longest line that is read, in bytes; the rest of a longer one
// is passed over and the line is counted as skipped. Formats that are not made
// of lines have no such bound.
const MaxLine = 4096

// Bounds of one list. Beyond them it is refused as a whole: half a list would
// pass for a whole one.
const (
	maxListNames = 8_000_000
	maxListText  = 1 << 30 // bytes, after unpacking
)

const byteOrderMark = "\ufeff"

// ReadOptions say how a list is to be read.
type ReadOptions struct {
	Format Format // Auto or "": by the first lines
	File   string // name of its file, a hint for Auto; may be ""
	// Guard may hold a name back by giving a reason; nil holds none.
	Guard func(bundle.Name) Skip
}

// Reading is a list as it was read.
type Reading struct {
	Report     Report
	names      nameTable
	exceptions []string // below a listed name, and not of this category after all; sorted
}

// ReadList reads a list of up to eight million names into memory: 24 bytes and
// the letters of each. No line is lost in silence: the report accounts for
// each. The error is one of reading; nothing that stands in the list is an
// error. A list packed with gzip is unpacked.
func ReadList(r io.Reader, o ReadOptions) (*Reading, error) {
	in, err := unpacked(r)
	if err != nil {
		return nil, err
	}
	l := &lineReader{guard: o.Guard}
	if o.Format == Auto || o.Format == "" {
		head, err := in.Peek(detectBytes)
		if err != nil && !errors.Is(err, io.EOF) && !errors.Is(err, bufio.ErrBufferFull) {
			return nil, fmt.Errorf("schools: read list: %w", err)
		}
		o.Format, l.report.Detected = detect(head, o.File), true
	}
	s, ok := grammarOf(o.Format)
	if !ok {
		return nil, problem.New("schools/unknown-format", "format", clip(string(o.Format), 40))
	}
	l.report.Format = s.code
	if s.whole != nil {
		err = s.whole(l, in)
	} else {
		err = l.lines(in, s.line)
	}
	if err != nil {
		return nil, fmt.Errorf("schools: read list: %w", err)
	}
	if l.full {
		return nil, problem.New("schools/list-too-long", "max", maxListNames)
	}
	return l.settle(), nil
}

// unpacked reads through gzip if the first bytes say so, and no more than
// maxListText.
func unpacked(r io.Reader) (*bufio.Reader, error) {
	in := bufio.NewReaderSize(r, detectBytes)
	if head, _ := in.Peek(2); len(head) == 2 && head[0] == 0x1f && head[1] == 0x8b {
		z, err := gzip.NewReader(in)
		if err != nil {
			return nil, problem.New("schools/list-damaged").Wrap(err)
		}
		in = bufio.NewReaderSize(&bounded{in: z, left: maxListText}, detectBytes)
	} else {
		in = bufio.NewReaderSize(&bounded{in: in, left: maxListText}, detectBytes)
	}
	return in, nil
}

// bounded fails when more is read than may be.
type bounded struct {
	in   io.Reader
	left int64
}

// Read implements io.Reader.
func (b *bounded) Read(p []byte) (int, error) {
	n, err := b.in.Read(p)
	if b.left -= int64(n); b.left < 0 {
		return n, problem.New("schools/list-too-long", "max", maxListNames)
	}
	if errors.Is(err, gzip.ErrChecksum) || errors.Is(err, gzip.ErrHeader) {
		err = problem.New("schools/list-damaged").Wrap(err)
	}
	return n, err
}

// lines hands each line to parse.
func (l *lineReader) lines(in *bufio.Reader, parse func(*lineReader, string)) error {
	for {
		line, isLong, err := readLine(in)
		if err != nil && !errors.Is(err, io.EOF) {
			return err
		}
		if err == nil || len(line) > 0 {
			l.line(line, isLong, parse)
		}
		if err != nil || l.full {
			return nil
		}
	}
}

func (l *lineReader) line(line []byte, isLong bool, parse func(*lineReader, string)) {
	l.report.Lines++
	if l.report.Lines == 1 {
		line = bytes.TrimPrefix(line, []byte(byteOrderMark))
	}
	l.indented = len(line) > 0 && (line[0] == ' ' || line[0] == '\t')
	text := string(bytes.TrimSpace(line))
	before := l.report.Entries
	switch {
	case isLong:
		l.skip(SkipTooLong, strings.ToValidUTF8(text, "?"))
	case !utf8.ValidString(text):
		l.skip(SkipSyntax, strings.ToValidUTF8(text, "?"))
	case text == "":
		l.note()
	default:
		parse(l, text)
	}
	if l.report.Entries > before {
		l.report.Bearing++
	}
}

// readLine reads up to a newline. Of a line longer than MaxLine it gives the
// beginning and passes over the rest.
func readLine(in *bufio.Reader) (line []byte, isLong bool, err error) {
	line, err = in.ReadSlice('\n')
	if !errors.Is(err, bufio.ErrBufferFull) && len(line) <= MaxLine {
		return line, false, err
	}
	start := slices.Clone(line[:200])
	for errors.Is(err, bufio.ErrBufferFull) {
		_, err = in.ReadSlice('\n')
	}
	return start, true, err
}

// lineReader holds what is known between the lines.
type lineReader struct {
	report     Report
	guard      func(bundle.Name) Skip
	names      nameTable
	exceptions []exception
	cancelled  map[string]bool // adblock's $badfilter: what it cancels, "kind name"
	full       bool

	indented bool   // the line began with white space: a zone file's owner is that of the line before
	section  string // of a file with sections: what its lines are about
	owner    string // RPZ: of the last record; Unbound: the last zone of type redirect
	origin   string // RPZ: $ORIGIN, or the owner of the SOA
	depth    int    // RPZ: open parentheses
	pair     string // RPZ: the name whose "*." twin would complete it
}

// exception is a name that a list takes out again.
type exception struct {
	name bundle.Name
	of   string // "": of the whole list; else only of the rule about this name ($denyallow)
}

func (l *lineReader) note() { l.report.Notes++ }

func (l *lineReader) skip(code Skip, text string) {
	l.report.Entries++
	l.report.skip(code, l.report.Lines, text)
}

// name takes one name and everything below it, as written, or counts why not.
// "*.d" and ".d" mean what lies below d alone: taken as d, which is wider.
func (l *lineReader) name(text string) bool { return l.take(text, 0) }

// exact takes a name that its format means without those below it.
func (l *lineReader) exact(text string) bool { return l.take(text, flagWide) }

// what is known of a taken name beside its letters.
const (
	flagWide      = 1 << iota // written more narrowly than it is taken
	flagImportant             // stands against exceptions of the same list
)

func (l *lineReader) take(text string, flags uint8) bool {
	wide := text
	if t, ok := strings.CutPrefix(wide, "*."); ok {
		wide, flags = t, flags|flagWide
	} else if t, ok := strings.CutPrefix(wide, "."); ok {
		wide, flags = t, flags|flagWide
	}
	name, why := readName(wide)
	if why == "" && l.guard != nil {
		if why = l.guard(name); why != "" {
			l.report.guard(name.String())
		}
	}
	if why != "" {
		l.skip(why, text)
		return false
	}
	l.report.Entries++
	if flags&flagWide != 0 {
		l.report.Widened++
	}
	if !l.names.add(name, l.report.Lines, flags) {
		l.full = true
	}
	return true
}

// maxExceptions is how many exceptions a list may have: each becomes an entry
// over the bundle's table.
const maxExceptions = 20_000

// except takes a name, and everything below it, out of the list again.
func (l *lineReader) except(text string) {
	name, why := readName(strings.TrimPrefix(strings.TrimPrefix(text, "*"), "."))
	switch {
	case why == "" && len(l.exceptions) >= maxExceptions:
		l.skip(SkipException, text)
	case why != "":
		l.skip(why, text)
	default:
		l.report.Entries++
		l.report.Exceptions++
		l.exceptions = append(l.exceptions, exception{name: name})
	}
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
