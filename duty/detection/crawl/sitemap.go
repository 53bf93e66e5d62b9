// SPDX-License-Identifier: Apache-2.0

package crawl

import (
	"bytes"
	"compress/gzip"
	"encoding/xml"
	"errors"
	"io"
	"net/url"
	"strings"
	"time"
)

var errSitemap = errors.New("crawl: no sitemap")

// Place is a line of a sitemap: a page, or in an index another sitemap.
type Place struct {
	URL      string
	Modified time.Time
}

// gunzip unpacks a file that is packed by itself and not by its transfer, at
// most that many bytes of it.
func gunzip(body []byte, most int64) []byte {
	if len(body) < 2 || body[0] != 0x1F || body[1] != 0x8B {
		return body
	}
	z, err := gzip.NewReader(bytes.NewReader(body))
	if err != nil {
		return nil
	}
	out, _ := io.ReadAll(io.LimitReader(z, most)) //nolint:errcheck // what could be read counts
	return out
}

// ParseSitemap reads a sitemap, a sitemap index, or a text file with an address
// a line (sitemaps.org/protocol.html), at most that many places. One that
// breaks off gives what stood before.
func ParseSitemap(text string, base *url.URL, most int) (places []Place, index bool, err error) {
	text = strings.TrimLeft(text, "\uFEFF \t\r\n")
	if !strings.HasPrefix(text, "<") {
		return textSitemap(text, base, most)
	}
	d := xml.NewDecoder(strings.NewReader(text))
	d.Strict, d.Entity, d.CharsetReader = false, xml.HTMLEntity, already
	known := false
	for len(places) < most {
		t, err := d.Token()
		if err != nil {
			if known {
				return places, index, nil
			}
			return nil, false, errSitemap
		}
		start, ok := t.(xml.StartElement)
		if !ok {
			continue
		}
		switch start.Name.Local {
		case "urlset":
			known = true
		case "sitemapindex":
			known, index = true, true
		case "url", "sitemap":
			if !known {
				return nil, false, errSitemap
			}
			var e struct {
				Loc     string `xml:"loc"`
				LastMod string `xml:"lastmod"`
			}
			if err := d.DecodeElement(&e, &start); err != nil {
				return places, index, nil //nolint:nilerr // what stood before counts
			}
			if u, err := Canon(base, e.Loc); err == nil && strings.TrimSpace(e.Loc) != "" {
				places = append(places, Place{URL: u, Modified: parseTime(e.LastMod)})
			}
		}
	}
	return places, index, nil
}

func textSitemap(text string, base *url.URL, most int) (places []Place, index bool, err error) {
	for line := range strings.Lines(text) {
		line = strings.TrimSpace(line)
		if line == "" {
			continue
		}
		u, err := Canon(nil, line)
		if err != nil {
			return places, false, errSitemap
		}
		if places = append(places, Place{URL: u}); len(places) >= most {
			break
		}
	}
	if len(places) == 0 {
		return nil, false, errSitemap
	}
	return places, false, nil
}
