// SPDX-License-Identifier: Apache-2.0

package api

import (
	"io"
	"net/http"
	"strings"

	"lachan/internal/problem"
)

// export answers GET /api/v1/export/{band}.{format}?period=…: a list for a
// filter of another make. The subscriber's token comes as a bearer token, or as
// the password of Basic authentication, since most filters take nothing but an
// address with a user in it; the user's name does not count.
func (a *server) export(w http.ResponseWriter, r *http.Request) error {
	token, ok := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
	if !ok {
		_, token, _ = r.BasicAuth()
	}
	band, format, ok := strings.Cut(r.PathValue("file"), ".")
	if !ok {
		return problem.New("page/not-found")
	}
	out := &late{w: w}
	err := a.Export(r.Context(), token, ExportRequest{Band: band, Format: format, Period: r.URL.Query().Get("period")}, func(tag string) io.Writer {
		tag = `"` + tag + `"`
		if matches(r.Header.Get("If-None-Match"), tag) {
			out.head(tag)
			w.WriteHeader(http.StatusNotModified)
			return nil
		}
		out.tag = tag
		return out
	})
	switch {
	case err != nil && out.begun:
		// Half a file has gone: the connection is cut, so that no filter takes
		// it for a whole one.
		panic(http.ErrAbortHandler)
	case problem.KindOf(err) == problem.Unauthenticated:
		w.Header().Set("WWW-Authenticate", `Basic realm="lachan", charset="UTF-8"`)
	}
	return err
}

// matches compares as RFC 9110, section 13.1.2, has it: weakly, any of a list.
func matches(header, tag string) bool {
	for one := range strings.SplitSeq(header, ",") {
		if one = strings.TrimPrefix(strings.TrimSpace(one), "W/"); one == tag || one == "*" {
			return true
		}
	}
	return false
}

// late sends the head of a download with its first byte, so that an error
// before it is still a problem.
type late struct {
	w     http.ResponseWriter
	tag   string
	begun bool
}

func (l *late) head(tag string) {
	h := l.w.Header()
	h.Set("ETag", tag)
	h.Set("Cache-Control", "private, no-cache") // kept by whoever asked, and asked about again
}

func (l *late) Write(b []byte) (int, error) {
	if !l.begun {
		l.begun = true
		l.head(l.tag)
		l.w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	}
	return l.w.Write(b)
}
