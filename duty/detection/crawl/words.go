// SPDX-License-Identifier: Apache-2.0

package crawl

import (
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"golang.org/x/net/html"

	"lachan/internal/clock"
)

func attr(n *html.Node, name string) string {
	for _, a := range n.Attr {
		if a.Key == name {
			return strings.TrimSpace(a.Val)
		}
	}
	return ""
}

func has(n *html.Node, name string) bool {
	for _, a := range n.Attr {
		if a.Key == name {
			return true
		}
	}
	return false
}

func firstOf(texts ...string) string {
	for _, t := range texts {
		if t != "" {
			return t
		}
	}
	return ""
}

// cut shortens a text to at most n bytes, between two letters.
func cut(s string, n int) string {
	if len(s) <= n {
		return s
	}
	for n > 0 && !utf8.RuneStart(s[n]) {
		n--
	}
	return s[:n]
}

// squeeze makes one space of many within a line, and one break of many lines.
func squeeze(s string) string {
	var b strings.Builder
	for line := range strings.Lines(s) {
		first := true
		for w := range strings.FieldsSeq(line) {
			switch {
			case !first:
				b.WriteByte(' ')
			case b.Len() > 0:
				b.WriteByte('\n')
			}
			b.WriteString(w)
			first = false
		}
	}
	return b.String()
}

// largest is the picture of a srcset that is widest, or densest.
func largest(srcset string) string {
	best, size := "", -1.0
	for _, one := range strings.Split(srcset, ",") {
		fields := strings.Fields(one)
		if len(fields) == 0 {
			continue
		}
		n := 1.0
		if len(fields) > 1 && len(fields[1]) > 1 {
			if f, err := strconv.ParseFloat(fields[1][:len(fields[1])-1], 64); err == nil {
				n = f
			}
		}
		if n > size {
			best, size = fields[0], n
		}
	}
	return best
}

// parseTime reads the forms in which pages and feeds write a time; one without a
// zone is Vietnam's. Zero where it is none.
func parseTime(s string) time.Time {
	s = strings.TrimSpace(s)
	if len(s) < 8 || len(s) > 60 {
		return time.Time{}
	}
	for _, form := range []string{
		time.RFC3339Nano, "2006-01-02T15:04:05Z0700", "2006-01-02T15:04Z07:00", "2006-01-02T15:04:05", "2006-01-02T15:04", "2006-01-02 15:04:05", "2006-01-02 15:04", "2006-01-02",
		time.RFC1123Z, time.RFC1123, "Mon, 2 Jan 2006 15:04:05 -0700", "Mon, 2 Jan 2006 15:04:05 MST", "2 Jan 2006 15:04:05 -0700", "Mon, 2 Jan 2006 15:04 -0700", "02/01/2006 15:04", "02/01/2006",
	} {
		if t, err := time.ParseInLocation(form, s, clock.Vietnam); err == nil && t.Year() > 1990 && t.Year() < 2200 {
			return t
		}
	}
	return time.Time{}
}

// atTag parts a text before its n-th tag, as a tree of many small elements has
// many times the size of its page.
func atTag(text string, n int) (before, after string) {
	at := 0
	for range n {
		i := strings.IndexByte(text[at:], '<')
		if i < 0 {
			return text, ""
		}
		at += i + 1
	}
	return text[:at-1], text[at-1:]
}

// tokens is the text of a page that is no tree.
func tokens(text string) string {
	var b strings.Builder
	for z := html.NewTokenizer(strings.NewReader(text)); b.Len() < 2*maxText; {
		switch z.Next() {
		case html.ErrorToken:
			return b.String()
		case html.TextToken:
			b.Write(z.Text())
		case html.StartTagToken:
			b.WriteByte(' ')
		}
	}
	return b.String()
}
