// SPDX-License-Identifier: Apache-2.0

package crawl

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net/netip"
	"slices"
	"strings"
	"time"

	"lachan/duty/detection/warc"
	"lachan/internal/fetch"
)

// capture writes what was seen of one item. The zero capture writes nothing.
type capture struct {
	w    *warc.Writer
	seen map[string]earlier // by digest of the payload
}

// earlier is a record whose payload came again.
type earlier struct {
	id, uri string
	at      time.Time
}

func newCapture(out io.Writer, at time.Time, software string) (*capture, error) {
	c := &capture{w: warc.NewWriter(out), seen: map[string]earlier{}}
	if _, err := c.w.Info(at, "", warc.Field{Name: "software", Value: software}, warc.Field{Name: "robots", Value: "RFC 9309"}); err != nil {
		return nil, fmt.Errorf("crawl: write a capture: %w", err)
	}
	return c, nil
}

// exchange writes an answer and the request for it.
func (c *capture) exchange(h hop) error {
	if c.w == nil {
		return nil
	}
	head := warc.Head{Type: warc.Response, Date: h.at, URI: h.URL.String(), IP: h.IP, ContentType: warc.TypeResponse, Truncated: h.Cut}
	block := h.Got
	digest := warc.Digest(h.Payload)
	// The payload's digest would be disputed where the block has chunks, see warc.
	if bytes.Equal(h.Got[h.Head:], h.Payload) {
		head.PayloadDigest = digest
	}
	before, again := c.seen[digest]
	if again && h.Cut == "" && len(h.Payload) > 0 {
		head.Type, head.Profile, head.PayloadDigest = warc.Revisit, warc.ProfileSame, digest
		head.RefersTo, head.RefersToURI, head.RefersToDate = before.id, before.uri, before.at
		block = h.Got[:h.Head]
	}
	id, err := c.w.Write(head, bytes.NewReader(block))
	if err != nil {
		return fmt.Errorf("crawl: write a capture: %w", err)
	}
	if !again && h.Cut == "" {
		c.seen[digest] = earlier{id, head.URI, h.at}
	}
	_, err = c.w.Write(warc.Head{Type: warc.Request, Date: h.at, URI: head.URI, IP: h.IP, ContentType: warc.TypeRequest, Concurrent: []string{id}}, bytes.NewReader(h.Sent))
	if err != nil {
		return fmt.Errorf("crawl: write a capture: %w", err)
	}
	return nil
}

// about writes what else is known of the page.
func (c *capture) about(last hop, w waiting, f *Found) error {
	if c.w == nil {
		return nil
	}
	fields := []warc.Field{{Name: "payloadSha256", Value: f.PayloadSHA256}, {Name: "requestedUri", Value: w.URL}, {Name: "via", Value: w.Via}, {Name: "charset", Value: f.Charset}}
	fields = slices.DeleteFunc(fields, func(f warc.Field) bool { return f.Value == "" })
	_, err := c.w.Write(warc.Head{Type: warc.Metadata, Date: last.at, URI: last.URL.String(), ContentType: warc.TypeFields}, bytes.NewReader(warc.Fields(fields...)))
	if err != nil {
		return fmt.Errorf("crawl: write a capture: %w", err)
	}
	return nil
}

// Exchange is an answer of a capture, to be shown again.
type Exchange struct {
	URI  string
	Date time.Time
	IP   netip.Addr
	Cut  string
	*fetch.Answer
	// Shot is a picture of the page as a browser showed it; Answer is nil then.
	Shot []byte
}

// ErrCapture says that a capture is larger than was allowed.
var ErrCapture = errors.New("crawl: a capture too large to be shown")

// ReadCapture reads a capture again, at most that many bytes of blocks and of
// each body unpacked. What was the same twice has its body twice.
func ReadCapture(in io.Reader, most int64) ([]Exchange, error) {
	r := warc.NewReader(in)
	bodies := map[string]*fetch.Answer{}
	var all []Exchange
	for left := most; ; {
		h, block, err := r.Next()
		if errors.Is(err, io.EOF) {
			return all, nil
		}
		if err != nil {
			return all, fmt.Errorf("crawl: read a capture: %w", err)
		}
		if left -= h.Length; left < 0 {
			return all, ErrCapture
		}
		if h.Type != warc.Response && h.Type != warc.Revisit && h.Type != warc.Resource {
			continue
		}
		text, err := io.ReadAll(block)
		if err != nil {
			return all, fmt.Errorf("crawl: read a capture: %w", err)
		}
		e := Exchange{URI: h.URI, Date: h.Date, IP: h.IP, Cut: h.Truncated}
		if h.Type == warc.Resource {
			if strings.HasPrefix(h.ContentType, "image/") {
				e.Shot = text
				all = append(all, e)
			}
			continue
		}
		if e.Answer, err = fetch.ParseAnswer(text, most); err != nil {
			return all, fmt.Errorf("crawl: read a capture: %w", err)
		}
		if before := bodies[h.RefersTo]; h.Type == warc.Revisit && before != nil {
			e.Payload, e.Body, e.Short = before.Payload, before.Body, before.Short
		}
		bodies[h.ID] = e.Answer
		all = append(all, e)
	}
}

// WriteShot writes a picture of a page as a capture of its own, which may be
// appended to that of the page.
func WriteShot(out io.Writer, software, address string, at time.Time, png []byte) error {
	w := warc.NewWriter(out)
	if _, err := w.Info(at, "", warc.Field{Name: "software", Value: software}); err != nil {
		return fmt.Errorf("crawl: write a picture: %w", err)
	}
	_, err := w.Write(warc.Head{Type: warc.Resource, Date: at, URI: address, ContentType: "image/png", PayloadDigest: warc.Digest(png)}, bytes.NewReader(png))
	if err != nil {
		return fmt.Errorf("crawl: write a picture: %w", err)
	}
	return nil
}
