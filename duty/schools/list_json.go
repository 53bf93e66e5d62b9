// SPDX-License-Identifier: Apache-2.0

package schools

import (
	"bufio"
	"encoding/json"
	"errors"
	"io"
	"strings"
)

// Bounds of a JSON document.
const (
	jsonDepth = 32
	jsonRule  = 3       // how deep a rule lies: the document, its "rules", the rule
	jsonToken = 1 << 20 // bytes from one token to the next
)

// singBox reads a rule set of sing-box: objects with domain, domain_suffix and
// others. The names of an object wait until it ends, since a condition beside
// them ("port", "invert") makes them something else than names to refuse. A
// top-level array of strings is a plain list; lists under other headings are
// not taken, because nothing says what they are of.
func (l *lineReader) singBox(in *bufio.Reader) error {
	feed := &jsonFeed{in: in}
	if head, _ := in.Peek(len(byteOrderMark)); string(head) == byteOrderMark {
		in.Discard(len(byteOrderMark)) //nolint:errcheck // what was peeked is there
	}
	d := &jsonReader{l: l, feed: feed, dec: json.NewDecoder(feed)}
	err := d.document()
	if feed.err != nil {
		return feed.err
	}
	if err != nil { // no longer JSON: the rest cannot be read
		d.seek(feed.given)
		d.entry(func() { l.skip(SkipSyntax, clip(err.Error(), 80)) })
		if _, err := io.Copy(io.Discard, feed); err != nil && !errors.Is(err, errJSONToken) {
			return err
		}
	}
	d.seek(feed.given)
	if feed.last != '\n' && feed.given > 0 {
		l.report.Lines++
	}
	l.report.Notes = l.report.Lines - l.report.Bearing
	return nil
}

var errJSONToken = errors.New("schools: a word of more than a megabyte")

// jsonFeed hands bytes on and remembers where lines ended.
type jsonFeed struct {
	in      *bufio.Reader
	given   int64
	spoken  int64   // what the decoder has made tokens of
	ends    []int64 // offsets behind newlines that were not passed yet
	last    byte
	err     error // of reading
	dropped bool
}

// Read implements io.Reader.
func (f *jsonFeed) Read(p []byte) (int, error) {
	if !f.dropped && f.given-f.spoken > jsonToken {
		f.dropped = true
		return 0, errJSONToken
	}
	n, err := f.in.Read(p)
	for i := range n {
		if p[i] == '\n' {
			f.ends = append(f.ends, f.given+int64(i)+1)
		}
	}
	if n > 0 {
		f.last = p[n-1]
	}
	f.given += int64(n)
	if err != nil && !errors.Is(err, io.EOF) {
		f.err = err
	}
	return n, err
}

type jsonReader struct {
	l    *lineReader
	feed *jsonFeed
	dec  *json.Decoder
	bore int // the last line that bore an entry
}

// jsonItem is a string that waits for the end of its object.
type jsonItem struct {
	key, text string
	line      int
}

// token is the next token; report.Lines is then its line.
func (d *jsonReader) token() (json.Token, error) {
	t, err := d.dec.Token()
	d.feed.spoken = d.dec.InputOffset()
	if err == nil {
		d.seek(d.feed.spoken)
	}
	return t, err
}

// seek counts the lines that end at or before offset.
func (d *jsonReader) seek(offset int64) {
	n := 0
	for n < len(d.feed.ends) && d.feed.ends[n] <= offset {
		n++
	}
	d.l.report.Lines += n
	d.feed.ends = d.feed.ends[n:]
}

// entry counts entries on the line that is reached, which is not ended yet.
func (d *jsonReader) entry(count func()) { d.entryAt(d.l.report.Lines+1, count) }

func (d *jsonReader) entryAt(line int, count func()) {
	ended := d.l.report.Lines
	d.l.report.Lines = line
	count()
	d.l.report.Lines = ended
	if line > d.bore {
		d.bore = line
		d.l.report.Bearing++
	}
}

func (d *jsonReader) document() error {
	for {
		t, err := d.token()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		if err := d.value(t, "", 0, nil); err != nil {
			return err
		}
	}
}

// value reads the value that t begins. items gathers the strings of the object
// around it; nil outside of one.
func (d *jsonReader) value(t json.Token, key string, depth int, items *[]jsonItem) error {
	if depth > jsonDepth {
		return errors.New("too deep")
	}
	switch v := t.(type) {
	case json.Delim:
		if v == '{' {
			return d.object(depth + 1)
		}
		for d.dec.More() {
			t, err := d.token()
			if err != nil {
				return err
			}
			if err := d.value(t, key, depth+1, items); err != nil {
				return err
			}
		}
		_, err := d.token()
		return err
	case string:
		if key == "type" && v == "default" {
			return nil
		}
		if items == nil {
			d.entry(func() { d.l.jsonString("", v) })
		} else {
			*items = append(*items, jsonItem{key, v, d.l.report.Lines + 1})
		}
	default:
		if no, isBool := t.(bool); isBool && !no {
			return nil // "invert": false
		}
		if items != nil && key != "version" && key != "" {
			*items = append(*items, jsonItem{key, "", d.l.report.Lines + 1})
		}
	}
	return nil
}

func (d *jsonReader) object(depth int) error {
	var items []jsonItem
	for d.dec.More() {
		t, err := d.token()
		if err != nil {
			return err
		}
		key, _ := t.(string)
		if t, err = d.token(); err != nil {
			return err
		}
		if err := d.value(t, key, depth, &items); err != nil {
			return err
		}
	}
	if _, err := d.token(); err != nil {
		return err
	}
	conditional := depth > jsonRule // inside a rule that joins others by "and"
	for _, i := range items {
		conditional = conditional || !isDomainKey(i.key)
	}
	for _, i := range items {
		d.entryAt(i.line, func() {
			if conditional && isDomainKey(i.key) {
				d.l.skip(SkipModifier, i.text)
			} else {
				d.l.jsonString(i.key, i.text)
			}
		})
	}
	return nil
}

// isDomainKey reports whether what stands under key is about the name or, as
// one of several choices, about the address: sing-box joins these by "or".
func isDomainKey(key string) bool {
	return strings.HasPrefix(key, "domain") || key == "geosite" || key == "ip_cidr" || key == "geoip"
}

func (l *lineReader) jsonString(key, text string) {
	switch key {
	case "", "domain_suffix":
		l.jsonName(text, l.name)
	case "domain":
		l.jsonName(text, l.exact)
	case "domain_keyword":
		l.skip(SkipKeyword, text)
	case "domain_regex":
		l.skip(SkipRegex, text)
	case "ip_cidr", "geoip":
		l.skip(SkipAddress, text)
	case "geosite":
		l.skip(SkipInclude, text)
	default:
		l.skip(SkipOther, key+": "+clip(text, 60))
	}
}

func (l *lineReader) jsonName(text string, take func(string) bool) {
	if strings.Contains(strings.TrimPrefix(text, "*."), "*") {
		l.skip(SkipPattern, text)
		return
	}
	take(text)
}
