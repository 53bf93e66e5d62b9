// SPDX-License-Identifier: Apache-2.0

package exchange

import (
	"bufio"
	"bytes"
	"encoding/csv"
	"errors"
	"io"
	"strconv"
	"strings"
)

// CSVFields lists our names of the columns, which are also the headings that
// are looked for where Options.Columns names no other.
func CSVFields() []string {
	return []string{"signal_type", "signal_value", "quality", "id", "status", "category", "severity", "source", "note", "tags", "added_at", "expires_at"}
}

// statusWords has the words for a status in lists that are written by hand.
var statusWords = map[string]Status{
	"": Active, "active": Active, "received": Active, "malicious": Active, "suspicious": Active, "1": Active,
	"harmless": Harmless, "non_malicious": Harmless, "negative": Harmless,
	"withdrawn": Withdrawn, "deleted": Withdrawn, "removed": Withdrawn, "revoked": Withdrawn, "0": Withdrawn,
}

// csv reads a table with headings; a table of one column without one is a list
// of bare values. Commas, semicolons and tabs divide columns, by what the first
// line has most of.
func (r *reading) csv(in io.Reader) error {
	src := newSource(in)
	buffered := bufio.NewReaderSize(src, 8<<10)
	first, err := buffered.Peek(4096)
	if err != nil && !errors.Is(err, io.EOF) && !errors.Is(err, bufio.ErrBufferFull) {
		return damaged(1, err)
	}
	c := csv.NewReader(buffered)
	c.Comma, c.FieldsPerRecord, c.LazyQuotes, c.ReuseRecord = dividedBy(first), -1, true, true
	var at map[string]int
	for {
		row, err := c.Read()
		src.next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		var fault *csv.ParseError
		if errors.As(err, &fault) {
			return damaged(fault.Line, err)
		}
		if err != nil {
			return damaged(0, err)
		}
		line, _ := c.FieldPos(0)
		if at == nil {
			if at = r.headings(row); at != nil {
				continue
			}
			at = map[string]int{"signal_value": 0}
		}
		if err := r.row(row, at, line); err != nil {
			return err
		}
	}
}

// headings finds the columns; nil if the first row is no heading.
func (r *reading) headings(row []string) map[string]int {
	at := map[string]int{}
	for _, field := range CSVFields() {
		want := field
		if other, ok := r.opt.Columns[field]; ok {
			want = other
		}
		for i, heading := range row {
			if strings.EqualFold(strings.TrimSpace(heading), strings.TrimSpace(want)) {
				at[field] = i
				break
			}
		}
	}
	if _, ok := at["signal_value"]; !ok {
		return nil
	}
	return at
}

func (r *reading) row(row []string, at map[string]int, line int) error {
	cell := func(field string) string {
		if i, ok := at[field]; ok && i < len(row) {
			return strings.TrimSpace(row[i])
		}
		return ""
	}
	it := Item{
		Line: line, Value: cell("signal_value"), Quality: -1, ID: cell("id"), Category: cell("category"),
		Severity: cell("severity"), Source: cell("source"), Note: cell("note"),
	}
	if it.Value == "" && it.ID == "" {
		if strings.TrimSpace(strings.Join(row, "")) != "" {
			r.report.skip(SkipEntry, line)
		}
		return nil
	}
	if tags := cell("tags"); tags != "" {
		it.Tags = strings.FieldsFunc(tags, func(c rune) bool { return c == ';' || c == '|' || c == ' ' })
	}
	if q := cell("quality"); q != "" {
		n, err := strconv.Atoi(q)
		if err != nil || n < 0 || n > 100 {
			r.report.skip(SkipNumber, line)
			return nil
		}
		it.Quality = n
	}
	var ok bool
	if it.Status, ok = statusWords[strings.ToLower(cell("status"))]; !ok {
		r.report.skip(SkipStatus, line)
		return nil
	}
	var okAdded, okExpires bool
	it.Added, okAdded = parseTime(cell("added_at"))
	it.Expires, okExpires = parseTime(cell("expires_at"))
	if !okAdded || !okExpires {
		r.report.skip(SkipTime, line)
		return nil
	}
	if skip := r.typed(&it, cell("signal_type")); skip != "" {
		r.report.skip(skip, line)
		return nil
	}
	return r.take(it)
}

// typed gives an item its type: by its own word, by the options, by its length.
func (r *reading) typed(it *Item, word string) Skip {
	switch {
	case it.Status == Withdrawn && it.Value == "":
		return ""
	case word != "":
		t, ok := ParseType(word)
		if !ok {
			return SkipType
		}
		it.Type = t
		return ""
	case r.opt.Type != "":
		it.Type = r.opt.Type
		return ""
	}
	t, skip := typeByLength(it.Value)
	it.Type = t
	return skip
}

// lines reads a value a line, or a type and a value; "#" begins a remark.
func (r *reading) lines(in io.Reader) error {
	src := newSource(in)
	s := bufio.NewScanner(src)
	s.Buffer(make([]byte, 0, 4096), 1<<20)
	line := 0
	for s.Scan() {
		line++
		src.next()
		text := strings.TrimSpace(s.Text())
		if text == "" || text[0] == '#' {
			continue
		}
		it, word := Item{Line: line, Quality: -1, Value: text}, ""
		if before, after, two := strings.Cut(text, " "); two {
			word, it.Value = before, strings.TrimSpace(after)
		}
		if skip := r.typed(&it, word); skip != "" {
			r.report.skip(skip, line)
			continue
		}
		if err := r.take(it); err != nil {
			return err
		}
	}
	if err := s.Err(); err != nil {
		return damaged(line+1, err)
	}
	return nil
}

// dividedBy is the sign that divides the columns of the first line.
func dividedBy(first []byte) rune {
	line, _, _ := bytes.Cut(first, []byte("\n"))
	best, most := ',', 0
	for _, c := range []rune{',', ';', '\t'} {
		if n := bytes.Count(line, []byte(string(c))); n > most {
			best, most = c, n
		}
	}
	return best
}
