// SPDX-License-Identifier: Apache-2.0

package warc

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"net/url"
	"strconv"
	"strings"
	"time"

	"lachan/internal/id"
)

// dateForm is W3CDTF with microseconds, in UTC, §5.4.
const dateForm = "2006-01-02T15:04:05.000000Z"

// Writer appends records. It is not safe for concurrent use.
type Writer struct {
	out  io.Writer
	info string
}

// NewWriter writes to out, which the caller closes.
func NewWriter(out io.Writer) *Writer { return &Writer{out: out} }

// Field is a line of a block of fields. A name may stand more than once.
type Field struct{ Name, Value string }

// Fields is the block of a warcinfo or metadata record, §6.2, §6.6. What would
// break a line becomes a space.
func Fields(fields ...Field) []byte {
	var b bytes.Buffer
	for _, f := range fields {
		fmt.Fprintf(&b, "%s: %s\r\n", f.Name, oneLine(f.Value))
	}
	return b.Bytes()
}

func oneLine(s string) string {
	return strings.Map(func(r rune) rune {
		if r < 0x20 || r == 0x7F {
			return ' '
		}
		return r
	}, strings.ToValidUTF8(s, "\uFFFD"))
}

// Info writes the warcinfo record under which all that follow stand, and gives
// its id.
func (w *Writer) Info(at time.Time, file string, fields ...Field) (string, error) {
	fields = append([]Field{{"format", "WARC File Format 1.1"}, {"conformsTo", "https://iipc.github.io/warc-specifications/specifications/warc-format/warc-1.1/"}}, fields...)
	made, err := w.Write(Head{Type: Info, Date: at, File: file, ContentType: TypeFields}, bytes.NewReader(Fields(fields...)))
	w.info = made
	return made, err
}

var errHeadUnfit = errors.New("warc: the head lacks what its type needs, or has an address that is none")

// Write appends a record and gives its id. The block is read twice: once to
// count and hash it, once to write it.
func (w *Writer) Write(h Head, block io.ReadSeeker) (string, error) {
	if h.ID == "" {
		h.ID = "urn:uuid:" + id.New()
	}
	if h.Type == "" || h.Date.IsZero() || h.URI == "" && h.Type != Info || h.URI != "" && !isURI(h.URI) || h.RefersToURI != "" && !isURI(h.RefersToURI) ||
		h.Type == Revisit && h.Profile == "" {
		return "", errHeadUnfit
	}
	sum := sha256.New()
	n, err := io.Copy(sum, block)
	if err != nil {
		return "", fmt.Errorf("warc: read a block: %w", err)
	}
	if _, err := block.Seek(0, io.SeekStart); err != nil {
		return "", fmt.Errorf("warc: read a block: %w", err)
	}
	h.Length, h.BlockDigest, h.InfoID = n, label(sum.Sum(nil)), w.info
	z := gzip.NewWriter(w.out)
	if _, err := z.Write(h.lines()); err != nil {
		return "", fmt.Errorf("warc: write: %w", err)
	}
	switch written, err := io.Copy(z, block); {
	case err != nil:
		return "", fmt.Errorf("warc: write: %w", err)
	case written != n:
		return "", fmt.Errorf("warc: a block of %d bytes has now %d", n, written)
	}
	if _, err := io.WriteString(z, "\r\n\r\n"); err != nil {
		return "", fmt.Errorf("warc: write: %w", err)
	}
	if err := z.Close(); err != nil {
		return "", fmt.Errorf("warc: write: %w", err)
	}
	return h.ID, nil
}

// isURI reports whether s may stand in a head: absolute and of one line.
func isURI(s string) bool {
	u, err := url.Parse(s)
	return err == nil && u.IsAbs() && strings.IndexFunc(s, func(r rune) bool { return r <= 0x20 || r == 0x7F || r == '<' || r == '>' }) < 0
}

// lines is the head as it stands in the file, with the empty line.
func (h Head) lines() []byte {
	var b bytes.Buffer
	b.WriteString("WARC/1.1\r\n")
	put := func(name, value string) {
		if value != "" {
			fmt.Fprintf(&b, "%s: %s\r\n", name, oneLine(value))
		}
	}
	bracket := func(s string) string {
		if s == "" {
			return ""
		}
		return "<" + s + ">"
	}
	put("WARC-Type", string(h.Type))
	put("WARC-Record-ID", bracket(h.ID))
	put("WARC-Date", h.Date.UTC().Format(dateForm))
	put("WARC-Target-URI", h.URI)
	if h.IP.IsValid() {
		put("WARC-IP-Address", h.IP.Unmap().WithZone("").String())
	}
	put("WARC-Filename", h.File)
	if h.Type != Info {
		put("WARC-Warcinfo-ID", bracket(h.InfoID))
	}
	for _, c := range h.Concurrent {
		put("WARC-Concurrent-To", bracket(c))
	}
	put("WARC-Profile", h.Profile)
	put("WARC-Refers-To", bracket(h.RefersTo))
	put("WARC-Refers-To-Target-URI", h.RefersToURI)
	if !h.RefersToDate.IsZero() {
		put("WARC-Refers-To-Date", h.RefersToDate.UTC().Format(dateForm))
	}
	put("WARC-Truncated", h.Truncated)
	put("WARC-Payload-Digest", h.PayloadDigest)
	put("WARC-Block-Digest", h.BlockDigest)
	put("Content-Type", h.ContentType)
	put("Content-Length", strconv.FormatInt(h.Length, 10))
	b.WriteString("\r\n")
	return b.Bytes()
}
