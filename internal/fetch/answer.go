// SPDX-License-Identifier: Apache-2.0

package fetch

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"compress/zlib"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
)

// maxHead is the most that the head of an answer may have, in bytes.
const maxHead = 64 << 10

// Answer is an HTTP answer taken apart.
type Answer struct {
	Status int
	Head   int // bytes of the head as it came, with the empty line
	// Payload is the entity body: what came, without the chunks of its
	// transfer (RFC 9112 §7) and still packed.
	Payload []byte
	// Body is Payload unpacked, at most as much as was allowed.
	Body []byte
	// Short says that the end of Body is missing: the answer was cut, broken,
	// packed in a way that is not read, or larger than allowed.
	Short  bool
	cut    bool // of Short: the answer itself has no end
	header http.Header
}

// Header is the first value of a header, at most 4,096 bytes of it.
func (a *Answer) Header(name string) string { return clip(a.header.Get(name)) }

// Headers are all values of a header.
func (a *Answer) Headers(name string) []string {
	values := slices.Clone(a.header.Values(name))
	for i := range values {
		values[i] = clip(values[i])
	}
	return values
}

func clip(s string) string { return s[:min(len(s), 4<<10)] }

// errHead says that what came is no answer of HTTP/1.
var errHead = errors.New("fetch: no head of an HTTP answer")

// ParseAnswer takes apart an answer as it was on the wire or stands in a
// capture. At most maxBody bytes are unpacked. A body that is cut is no error.
func ParseAnswer(wire []byte, maxBody int64) (*Answer, error) {
	end := headEnd(wire)
	if end < 0 {
		return nil, errHead
	}
	in := bytes.NewReader(wire)
	r, err := http.ReadResponse(bufio.NewReader(in), &http.Request{Method: http.MethodGet})
	if err != nil {
		return nil, fmt.Errorf("%w: %w", errHead, err)
	}
	defer r.Body.Close()
	a := &Answer{Status: r.StatusCode, Head: end, header: r.Header}
	a.Payload, err = io.ReadAll(r.Body)
	a.cut = err != nil
	a.Body, a.Short = unpack(a.Payload, r.Header.Values("Content-Encoding"), maxBody)
	a.Short = a.Short || a.cut
	return a, nil
}

// headEnd is where the head ends, or -1.
func headEnd(wire []byte) int {
	wire = wire[:min(len(wire), maxHead)]
	if i := bytes.Index(wire, []byte("\r\n\r\n")); i >= 0 {
		return i + 4
	}
	return -1
}

// unpack undoes the content's packing, at most two layers.
func unpack(packed []byte, codings []string, most int64) (body []byte, short bool) {
	var layers []string
	for _, c := range strings.Split(strings.Join(codings, ","), ",") {
		if c = strings.ToLower(strings.TrimSpace(c)); c != "" && c != "identity" {
			layers = append(layers, c)
		}
	}
	if len(layers) > 2 {
		return nil, true
	}
	body = packed
	for _, c := range slices.Backward(layers) {
		var in io.Reader
		var err error
		switch c {
		case "gzip", "x-gzip":
			in, err = gzip.NewReader(bytes.NewReader(body))
		case "deflate":
			in, err = zlib.NewReader(bytes.NewReader(body))
		default:
			return nil, true
		}
		if err != nil {
			return nil, len(body) > 0
		}
		var n int64
		var out bytes.Buffer
		n, err = io.Copy(&out, io.LimitReader(in, most+1))
		short = short || err != nil || n > most
		body = out.Bytes()
		body = body[:min(int64(len(body)), most)]
	}
	if int64(len(body)) > most {
		return body[:most], true
	}
	return body, short
}
