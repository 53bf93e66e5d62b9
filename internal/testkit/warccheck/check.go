// SPDX-License-Identifier: Apache-2.0

// Package warccheck reads captures by means that have nothing in common with
// duty/detection/warc: a reader written from the standard alone (ISO
// 28500:2017, in its public form WARC 1.1), and the one of the National Library
// of Norway in its strictest mode. What both read, an archive can read.
package warccheck

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/base32"
	"errors"
	"fmt"
	"io"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/nlnwa/gowarc/v3"
)

// Record is a record as the standard describes it.
type Record struct {
	Fields map[string][]string // by name in small letters
	Block  []byte
	Offset int // of its gzip member in the file
}

// One is the single value of a field, or empty.
func (r Record) One(name string) string {
	if v := r.Fields[strings.ToLower(name)]; len(v) == 1 {
		return v[0]
	}
	return ""
}

// Check reads a compressed file with both readers and gives its records.
func Check(file []byte) ([]Record, error) {
	records, err := bySpec(file)
	if err != nil {
		return nil, err
	}
	n, err := byLibrary(file)
	if err != nil {
		return nil, err
	}
	if n != len(records) {
		return nil, fmt.Errorf("warccheck: %d records by the standard and %d by the library", len(records), n)
	}
	return records, nil
}

func byLibrary(file []byte) (int, error) {
	in, err := gowarc.NewWarcFileReaderFromStream(bytes.NewReader(file), 0, gowarc.WithStrictValidation(), gowarc.WithBlockErrorPolicy(gowarc.ErrFail))
	if err != nil {
		return 0, fmt.Errorf("warccheck: %w", err)
	}
	for n := 0; ; n++ {
		r, err := in.Next()
		if errors.Is(err, io.EOF) {
			return n, nil
		}
		if err != nil {
			return n, fmt.Errorf("warccheck: library, record %d: %w", n, err)
		}
		faults, err := r.WarcRecord.ValidateDigest()
		if err = errors.Join(append(append(faults, r.Validation...), err)...); err != nil {
			return n, fmt.Errorf("warccheck: library, record %d (%s): %w", n, r.WarcRecord.Type(), err)
		}
		if err := r.Close(); err != nil {
			return n, fmt.Errorf("warccheck: library: %w", err)
		}
	}
}

func bySpec(file []byte) ([]Record, error) {
	in := bytes.NewReader(file)
	var all []Record
	for in.Len() > 0 {
		at := len(file) - in.Len()
		z, err := gzip.NewReader(in)
		if err != nil {
			return nil, fmt.Errorf("warccheck: at %d: %w", at, err)
		}
		z.Multistream(false)
		text, err := io.ReadAll(z)
		if err != nil {
			return nil, fmt.Errorf("warccheck: at %d: %w", at, err)
		}
		r, err := parse(text)
		if err != nil {
			return nil, fmt.Errorf("warccheck: at %d: %w", at, err)
		}
		r.Offset = at
		all = append(all, r)
	}
	return all, rules(all)
}

// parse reads header, CRLF, block, CRLF CRLF, §4.
func parse(text []byte) (Record, error) {
	head, rest, ok := bytes.Cut(text, []byte("\r\n\r\n"))
	if !ok {
		return Record{}, errors.New("no end of the header")
	}
	lines := strings.Split(string(head), "\r\n")
	if lines[0] != "WARC/1.1" {
		return Record{}, fmt.Errorf("version %q", lines[0])
	}
	r := Record{Fields: map[string][]string{}}
	for _, l := range lines[1:] {
		name, value, ok := strings.Cut(l, ": ")
		if !ok || !regexp.MustCompile(`^[A-Za-z-]+$`).MatchString(name) || strings.ContainsAny(value, "\r\n\x00") {
			return Record{}, fmt.Errorf("line %q", l)
		}
		r.Fields[strings.ToLower(name)] = append(r.Fields[strings.ToLower(name)], value)
	}
	n, err := strconv.Atoi(r.One("Content-Length"))
	if err != nil || len(rest) != n+4 || string(rest[n:]) != "\r\n\r\n" {
		return Record{}, fmt.Errorf("block of %d bytes, Content-Length %q", len(rest)-4, r.One("Content-Length"))
	}
	r.Block = rest[:n]
	return r, nil
}

func digest(b []byte) string {
	sum := sha256.Sum256(b)
	return "sha256:" + base32.StdEncoding.EncodeToString(sum[:])
}

// rules are those of §5 and §6 for the kinds that may stand in a file.
func rules(all []Record) error {
	uuid := regexp.MustCompile(`^<urn:uuid:[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}>$`)
	date := regexp.MustCompile(`^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,9})?Z$`)
	ids, info := map[string]Record{}, ""
	for i, r := range all {
		fail := func(what string) error {
			return fmt.Errorf("warccheck: record %d, %s: %s", i, r.One("WARC-Type"), what)
		}
		for name, values := range r.Fields {
			if len(values) > 1 && name != "warc-concurrent-to" {
				return fail(name + " stands twice")
			}
		}
		kind, id := r.One("WARC-Type"), r.One("WARC-Record-ID")
		if _, twice := ids[id]; twice || !uuid.MatchString(id) || !date.MatchString(r.One("WARC-Date")) {
			return fail("id or date")
		}
		ids[id] = r
		if r.One("WARC-Block-Digest") != digest(r.Block) {
			return fail("block digest")
		}
		// Captures may be joined (§4.2): each record belongs to the warcinfo before it.
		if kind == "warcinfo" {
			info = id
		}
		if info == "" || (kind == "warcinfo") != (r.One("WARC-Target-URI") == "") || kind != "warcinfo" && r.One("WARC-Warcinfo-ID") != info {
			return fail("its place under a warcinfo")
		}
		if !slices.Contains([]string{"warcinfo", "request", "response", "revisit", "metadata", "resource"}, kind) || r.One("Content-Type") == "" {
			return fail("its kind")
		}
		if p := r.One("WARC-Payload-Digest"); p != "" && (kind == "response" || kind == "resource") {
			payload := r.Block
			if kind == "response" {
				_, payload, _ = bytes.Cut(r.Block, []byte("\r\n\r\n"))
			}
			if p != digest(payload) {
				return fail("payload digest")
			}
		}
		if kind == "revisit" && (r.One("WARC-Profile") == "" || strings.Contains(r.One("WARC-Profile"), "identical") && r.One("WARC-Payload-Digest") == "") {
			return fail("a revisit without its profile or digest")
		}
	}
	for i, r := range all {
		for _, other := range r.Fields["warc-concurrent-to"] {
			if _, ok := ids[other]; !ok {
				return fmt.Errorf("warccheck: record %d goes with %s, which is not there", i, other)
			}
		}
	}
	return nil
}
