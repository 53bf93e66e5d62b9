// SPDX-License-Identifier: Apache-2.0

package crawl

import (
	"encoding/json"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"net/url"
	"strings"
	"time"

	"golang.org/x/net/html"
)

var errFeed = errors.New("crawl: neither RSS, Atom nor JSON Feed")

// Entry is an entry of a feed. URL is canonical, or empty where it names none.
type Entry struct {
	URL       string
	Title     string
	Text      string
	Published time.Time
}

// ParseFeed reads RSS 0.9 to 2.0, Atom (RFC 4287) or JSON Feed 1.1, at most that
// many entries. One that breaks off gives what stood before.
func ParseFeed(text string, base *url.URL, most int) ([]Entry, error) {
	text = strings.TrimLeft(text, "\uFEFF \t\r\n")
	if strings.HasPrefix(text, "{") {
		return jsonFeed(text, base, most)
	}
	d := xml.NewDecoder(strings.NewReader(text))
	d.Strict, d.Entity = false, xml.HTMLEntity
	d.CharsetReader = already
	var all []Entry
	known := false
	for len(all) < most {
		t, err := d.Token()
		if err != nil {
			if known {
				return all, nil
			}
			return nil, errFeed
		}
		start, ok := t.(xml.StartElement)
		if !ok {
			continue
		}
		switch strings.ToLower(start.Name.Local) {
		case "rss", "rdf", "feed":
			known = true
		case "item", "entry":
			if !known {
				return nil, errFeed
			}
			var e xmlEntry
			if err := d.DecodeElement(&e, &start); err != nil {
				return all, nil //nolint:nilerr // what stood before counts
			}
			all = append(all, e.entry(base))
		}
	}
	return all, nil
}

// already is for texts that were turned into UTF-8 before, whatever they say.
func already(_ string, in io.Reader) (io.Reader, error) { return in, nil }

type xmlEntry struct {
	Title string `xml:"title"`
	Links []struct {
		Href string `xml:"href,attr"`
		Rel  string `xml:"rel,attr"`
		Text string `xml:",chardata"`
	} `xml:"link"`
	GUID struct {
		Text      string `xml:",chardata"`
		Permalink string `xml:"isPermaLink,attr"`
	} `xml:"guid"`
	Description string `xml:"description"`
	Summary     string `xml:"summary"`
	Content     string `xml:"content"`
	Encoded     string `xml:"encoded"`
	PubDate     string `xml:"pubDate"`
	Published   string `xml:"published"`
	Updated     string `xml:"updated"`
	Date        string `xml:"date"`
}

func (e xmlEntry) entry(base *url.URL) Entry {
	out := Entry{Title: cut(plain(e.Title), maxTitle), Text: plain(firstOf(e.Encoded, e.Content, e.Description, e.Summary))}
	for _, l := range e.Links {
		if l.Rel != "" && l.Rel != "alternate" {
			continue
		}
		if u, err := Canon(base, firstOf(l.Href, l.Text)); err == nil && firstOf(l.Href, strings.TrimSpace(l.Text)) != "" {
			out.URL = u
			break
		}
	}
	if guid := strings.TrimSpace(e.GUID.Text); out.URL == "" && guid != "" && e.GUID.Permalink != "false" {
		if u, err := Canon(nil, guid); err == nil {
			out.URL = u
		}
	}
	for _, t := range []string{e.PubDate, e.Published, e.Updated, e.Date} {
		if out.Published = parseTime(t); !out.Published.IsZero() {
			break
		}
	}
	return out
}

// plain is the text of a piece of HTML.
func plain(s string) string {
	if !strings.ContainsAny(s, "<&") {
		return cut(squeeze(s), maxText)
	}
	return cut(squeeze(html.UnescapeString(tokens(s))), maxText)
}

func jsonFeed(text string, base *url.URL, most int) ([]Entry, error) {
	var feed struct {
		Version string `json:"version"`
		Items   []struct {
			URL       string `json:"url"`
			Title     string `json:"title"`
			HTML      string `json:"content_html"`
			Text      string `json:"content_text"`
			Published string `json:"date_published"`
			Modified  string `json:"date_modified"`
		} `json:"items"`
	}
	if err := json.Unmarshal([]byte(text), &feed); err != nil {
		return nil, fmt.Errorf("%w: %w", errFeed, err)
	}
	if !strings.Contains(feed.Version, "jsonfeed.org/version/") {
		return nil, errFeed
	}
	var all []Entry
	for _, i := range feed.Items[:min(len(feed.Items), most)] {
		e := Entry{Title: cut(squeeze(i.Title), maxTitle), Text: firstOf(cut(squeeze(i.Text), maxText), plain(i.HTML)), Published: parseTime(firstOf(i.Published, i.Modified))}
		if u, err := Canon(base, i.URL); err == nil && i.URL != "" {
			e.URL = u
		}
		all = append(all, e)
	}
	return all, nil
}
