// SPDX-License-Identifier: Apache-2.0

package warc

import (
	"bufio"
	"compress/gzip"
	"crypto/sha256"
	"errors"
	"fmt"
	"hash"
	"io"
	"net/netip"
	"strconv"
	"strings"
	"time"
)

// maxHead is the most that the head of a record may have, in bytes.
const maxHead = 64 << 10

// ErrDigest says that a block is not the one that was written.
var ErrDigest = errors.New("warc: the block does not have its digest")

// ErrForm says that a file is no WARC, or one that is broken off.
var ErrForm = errors.New("warc: not the form of a record")

// Reader reads a file of records, compressed each by itself or not at all. It
// is not safe for concurrent use.
type Reader struct {
	in   *bufio.Reader
	zip  *gzip.Reader // of the present member; nil: not compressed
	text *bufio.Reader
	left *block
}

// NewReader reads from in.
func NewReader(in io.Reader) *Reader { return &Reader{in: bufio.NewReader(in)} }

// Next gives the next record. Its block is good until Next is called again,
// and reading it to its end gives io.EOF, or ErrDigest where it is not the one
// that was written. At the end of the file the error is io.EOF itself.
func (r *Reader) Next() (Head, io.Reader, error) {
	if r.left != nil {
		if err := r.finish(); err != nil {
			return Head{}, nil, err
		}
	}
	first, err := r.in.Peek(2)
	if errors.Is(err, io.EOF) && len(first) == 0 {
		return Head{}, nil, io.EOF
	}
	if err != nil {
		return Head{}, nil, fmt.Errorf("%w: %w", ErrForm, err)
	}
	r.text, r.zip = r.in, nil
	if first[0] == 0x1F && first[1] == 0x8B {
		if r.zip, err = gzip.NewReader(r.in); err != nil {
			return Head{}, nil, fmt.Errorf("%w: %w", ErrForm, err)
		}
		r.zip.Multistream(false)
		r.text = bufio.NewReader(r.zip)
	}
	h, err := readHead(r.text)
	if err != nil {
		return Head{}, nil, err
	}
	r.left = &block{in: io.LimitReader(r.text, h.Length), left: h.Length}
	if strings.HasPrefix(h.BlockDigest, "sha256:") {
		r.left.sum, r.left.want = sha256.New(), h.BlockDigest
	}
	return h, r.left, nil
}

// finish passes over what is left of a record.
func (r *Reader) finish() error {
	if _, err := io.Copy(io.Discard, r.left); err != nil && !errors.Is(err, ErrDigest) {
		return err
	}
	r.left = nil
	var end [4]byte
	if _, err := io.ReadFull(r.text, end[:]); err != nil || string(end[:]) != "\r\n\r\n" {
		return fmt.Errorf("%w: the end of a record", ErrForm)
	}
	if r.zip != nil {
		if n, err := io.Copy(io.Discard, r.text); err != nil || n > 0 {
			return fmt.Errorf("%w: more than one record, or a broken end", ErrForm)
		}
	}
	return nil
}

// block is read to its end and then compared.
type block struct {
	in   io.Reader
	left int64
	sum  hash.Hash // nil: nothing to compare with
	want string
}

// Read implements io.Reader.
func (b *block) Read(p []byte) (int, error) {
	n, err := b.in.Read(p)
	b.left -= int64(n)
	if b.sum != nil {
		b.sum.Write(p[:n]) // a hash gives no error
	}
	switch {
	case err == nil:
	case !errors.Is(err, io.EOF):
		err = fmt.Errorf("%w: %w", ErrForm, err)
	case b.left > 0:
		err = fmt.Errorf("%w: a block broken off", ErrForm)
	case b.sum != nil && label(b.sum.Sum(nil)) != b.want:
		err = ErrDigest
	}
	return n, err
}

func readHead(in *bufio.Reader) (Head, error) {
	size := 0
	line := func() (string, error) {
		var whole []byte
		for {
			piece, more, err := in.ReadLine()
			if size += len(piece) + 2; err != nil || size > maxHead {
				return "", fmt.Errorf("%w: the head of a record", ErrForm)
			}
			if whole = append(whole, piece...); !more {
				return string(whole), nil
			}
		}
	}
	version, err := line()
	if err != nil {
		return Head{}, err
	}
	if version != "WARC/1.1" && version != "WARC/1.0" {
		return Head{}, fmt.Errorf("%w: no version", ErrForm)
	}
	h := Head{Length: -1}
	for {
		text, err := line()
		if err != nil {
			return Head{}, err
		}
		if text == "" {
			break
		}
		name, value, ok := strings.Cut(text, ":")
		if !ok || !h.set(strings.ToLower(name), strings.TrimSpace(value)) {
			return Head{}, fmt.Errorf("%w: a line of a head", ErrForm)
		}
	}
	if h.Length < 0 || h.Type == "" || h.ID == "" || h.Date.IsZero() {
		return Head{}, fmt.Errorf("%w: a head that lacks what each has", ErrForm)
	}
	return h, nil
}

// set takes one line of a head in, and reports whether it can be read.
func (h *Head) set(name, value string) bool {
	ref := strings.TrimSuffix(strings.TrimPrefix(value, "<"), ">")
	var err error
	switch name {
	case "warc-type":
		h.Type = Type(value)
	case "warc-record-id":
		h.ID = ref
	case "warc-date":
		h.Date, err = time.Parse(time.RFC3339Nano, value)
	case "warc-target-uri":
		h.URI = ref // 1.0 had brackets
	case "warc-ip-address":
		h.IP, err = netip.ParseAddr(value)
	case "warc-filename":
		h.File = value
	case "warc-warcinfo-id":
		h.InfoID = ref
	case "warc-concurrent-to":
		h.Concurrent = append(h.Concurrent, ref)
	case "warc-profile":
		h.Profile = ref
	case "warc-refers-to":
		h.RefersTo = ref
	case "warc-refers-to-target-uri":
		h.RefersToURI = ref
	case "warc-refers-to-date":
		h.RefersToDate, err = time.Parse(time.RFC3339Nano, value)
	case "warc-truncated":
		h.Truncated = value
	case "warc-payload-digest":
		h.PayloadDigest = value
	case "warc-block-digest":
		h.BlockDigest = value
	case "content-type":
		h.ContentType = value
	case "content-length":
		h.Length, err = strconv.ParseInt(value, 10, 64)
		return err == nil && h.Length >= 0
	}
	return err == nil
}
