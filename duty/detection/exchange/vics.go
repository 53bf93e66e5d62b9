// SPDX-License-Identifier: Apache-2.0

package exchange

import (
	"encoding/json"
	"io"
	"strings"
)

// vicsMedia is one record of Project VIC. Programs write its numbers and truth
// values as texts too, and leave out what they do not know.
type vicsMedia struct {
	MediaID  text            `json:"MediaID"`
	Category text            `json:"Category"`
	MD5      text            `json:"MD5"`
	SHA1     text            `json:"SHA1"`
	SHA256   text            `json:"SHA256"`
	Photo    json.RawMessage `json:"PhotoDNA"` // base64, or a list of named hashes
	Hashes   []vicsHash      `json:"AlternativeHashes"`
	Series   text            `json:"Series"`
	Tags     text            `json:"Tags"`
	Comments text            `json:"Comments"`
	Source   text            `json:"PrecategorizationSource"`
	Updated  text            `json:"DateUpdated"`
}

type vicsHash struct {
	Name  text `json:"HashName"`
	Value text `json:"HashValue"`
}

// vics reads a file of media, or of cases with media in them. Each digest of a
// record is an item with the record's id.
func (r *reading) vics(in io.Reader) error {
	j := newJSON(in)
	media := func() error {
		var m vicsMedia
		if ok, err := r.entry(j, &m); !ok || err != nil {
			return err
		}
		return r.vicsItems(&m, j.began)
	}
	ofCases := false
	err := j.object(func(key string) error {
		switch key {
		case "odata.metadata", "@odata.context":
			var about text
			_, err := j.value(&about)
			ofCases = strings.HasSuffix(about.String(), "#Cases")
			return err
		case "value":
			if !ofCases {
				return j.array(media)
			}
			return j.array(func() error {
				return j.object(func(key string) error {
					if key == "Media" {
						return j.array(media)
					}
					return j.pass()
				})
			})
		}
		return j.pass()
	})
	if err != nil {
		return err
	}
	return j.end()
}

func (r *reading) vicsItems(m *vicsMedia, line int) error {
	added, ok := parseTime(m.Updated.String())
	if !ok {
		r.report.skip(SkipTime, line)
		return nil
	}
	it := Item{Line: line, ID: m.MediaID.String(), Quality: -1, Category: m.Category.String(), Source: m.Source.String(), Note: m.Comments.String(), Added: added, Status: Active}
	for _, tag := range []text{m.Series, m.Tags} {
		if tag != "" {
			it.Tags = append(it.Tags, tag.String())
		}
	}
	hashes := []vicsHash{{"md5", m.MD5}, {"sha1", m.SHA1}, {"sha256", m.SHA256}}
	hashes = append(hashes, m.Hashes...)
	var named []vicsHash
	none := true
	if json.Unmarshal(m.Photo, &named) == nil {
		hashes = append(hashes, named...)
	} else if len(m.Photo) > 0 {
		none = false
		r.report.skip(SkipType, line) // PhotoDNA itself
	}
	for _, h := range hashes {
		if h.Value == "" {
			continue
		}
		none = false
		one := it
		one.Value = h.Value.String()
		if one.Type, ok = ParseType(h.Name.String()); !ok {
			r.report.skip(SkipType, line)
			continue
		}
		if err := r.take(one); err != nil {
			return err
		}
	}
	if none {
		r.report.skip(SkipEntry, line)
	}
	return nil
}
