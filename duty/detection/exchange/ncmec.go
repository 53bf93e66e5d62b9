// SPDX-License-Identifier: Apache-2.0

package exchange

import (
	"encoding/xml"
	"errors"
	"io"
	"strings"
)

// ncmecEntry is a picture or a video of NCMEC's hash sharing, and what is left
// of one that was deleted.
type ncmecEntry struct {
	ID     string `xml:"id"`
	Member struct {
		ID   string `xml:"id,attr"`
		Name string `xml:",chardata"`
	} `xml:"member"`
	Timestamp      string `xml:"timestamp"`
	Classification string `xml:"classification"`
	Fingerprints   struct {
		All []struct {
			XMLName xml.Name
			Value   string `xml:",chardata"`
			ID      string `xml:"id,attr"`
		} `xml:",any"`
	} `xml:"fingerprints"`
	Affirmative []ncmecFeedback `xml:"feedback>affirmativeFeedback"`
	Negative    []ncmecFeedback `xml:"feedback>negativeFeedback"`
}

type ncmecFeedback struct {
	Type    string `xml:"type,attr"`
	Reasons []struct {
		Name string `xml:"name,attr"`
	} `xml:"reasons>reason"`
}

// ncmec reads one page of entries. Each fingerprint of an entry is an item with
// the id of the entry.
func (r *reading) ncmec(in io.Reader) error {
	src := newSource(in)
	d := xml.NewDecoder(src)
	here := func() int { return src.line(d.InputOffset()) }
	depth := 0
	for {
		t, err := d.Token()
		if errors.Is(err, io.EOF) && depth == 0 {
			return nil
		}
		if err != nil {
			return damaged(here(), err)
		}
		switch t := t.(type) {
		case xml.EndElement:
			depth--
		case xml.StartElement:
			line := here()
			if depth == 0 && t.Name.Local != "queryResult" {
				return damaged(line, errors.New("exchange: not a page of entries"))
			}
			switch t.Name.Local {
			case "image", "video", "deletedImage", "deletedVideo":
				var e ncmecEntry
				if err := d.DecodeElement(&e, &t); err != nil {
					return damaged(line, err)
				}
				src.next()
				if err := r.ncmecItems(&e, line, strings.HasPrefix(t.Name.Local, "deleted")); err != nil {
					return err
				}
				continue
			case "images", "videos":
				for _, a := range t.Attr {
					if a.Name.Local == "maxTimestamp" && a.Value > r.report.Checkpoint {
						r.report.Checkpoint = clip(a.Value)
					}
				}
			case "next":
				var next string
				if err := d.DecodeElement(&next, &t); err != nil {
					return damaged(line, err)
				}
				r.report.Next = strings.TrimSpace(next)
				continue
			}
			depth++
		}
	}
}

func (r *reading) ncmecItems(e *ncmecEntry, line int, deleted bool) error {
	added, ok := parseTime(e.Timestamp)
	if !ok {
		r.report.skip(SkipTime, line)
		return nil
	}
	it := Item{Line: line, ID: strings.TrimSpace(e.ID), Quality: -1, Category: e.Classification, Source: strings.TrimSpace(e.Member.Name), Added: added, Status: Active}
	if it.Source == "" {
		it.Source = e.Member.ID
	}
	for _, f := range e.Affirmative {
		it.Tags = append(it.Tags, "affirmed:"+f.Type)
	}
	for _, f := range e.Negative {
		for _, reason := range f.Reasons {
			it.Tags = append(it.Tags, "doubted:"+reason.Name)
		}
	}
	if deleted {
		it.Status = Withdrawn
		if it.ID == "" {
			r.report.skip(SkipEntry, line)
			return nil
		}
		return r.take(it)
	}
	if len(e.Fingerprints.All) == 0 {
		r.report.skip(SkipEntry, line)
	}
	for _, f := range e.Fingerprints.All {
		one := it
		one.Value = f.Value
		if one.Type, ok = ParseType(f.XMLName.Local); !ok {
			r.report.skip(SkipType, line)
			continue
		}
		if err := r.take(one); err != nil {
			return err
		}
	}
	return nil
}
