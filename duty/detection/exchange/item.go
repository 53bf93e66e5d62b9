// SPDX-License-Identifier: Apache-2.0

package exchange

import (
	"encoding/hex"
	"net/url"
	"strconv"
	"strings"
	"time"

	"lachan/internal/bundle"
	"lachan/internal/pdq"
)

// Type is what a signal is.
type Type string

// The types that can be matched.
const (
	PDQ    Type = "pdq"
	MD5    Type = "md5"
	SHA1   Type = "sha1"
	SHA256 Type = "sha256"
	URL    Type = "url"
	Domain Type = "domain"
)

// Types lists them.
func Types() []Type { return []Type{PDQ, MD5, SHA1, SHA256, URL, Domain} }

// digests has the length of each digest in hexadecimal digits.
var digests = map[Type]int{MD5: 32, SHA1: 40, SHA256: 64}

// Status is what the source says of an item now.
type Status string

// The statuses.
const (
	Active    Status = "active"    // it is what the list is about
	Harmless  Status = "harmless"  // the source says that it is not
	Withdrawn Status = "withdrawn" // the source takes it back
)

// Item is one signal of a list. Texts of the source stand as they came, clipped.
type Item struct {
	Line     int // where it begins, from 1
	Type     Type
	Value    string // canonical: lower-case hex, lower-case host; "" where a tombstone has only an id
	Quality  int    // of a PDQ hash, 0 to 100; -1: not said
	ID       string // the source's own id for the entry
	Status   Status
	Category string // the source's own word: "A1", "2", "csam"
	Severity string // the source's own word
	Source   string // who put it there
	Note     string
	Tags     []string
	Added    time.Time // zero: not said
	Expires  time.Time // zero: never
}

// maxText is the longest text of a source that is kept, in bytes.
const maxText = 500

func clip(s string) string {
	s = strings.ToValidUTF8(strings.TrimSpace(s), "")
	if len(s) <= maxText {
		return s
	}
	cut := maxText
	for cut > 0 && s[cut]&0xc0 == 0x80 {
		cut--
	}
	return s[:cut]
}

// names has the spellings that the formats use for the types.
var names = map[string]Type{
	"pdq": PDQ, "hash_pdq": PDQ, "imagepdq": PDQ, "x_pdq": PDQ,
	"md5": MD5, "hash_md5": MD5, "imagemd5": MD5, "videomd5": MD5, "video_md5": MD5,
	"sha1": SHA1, "sha-1": SHA1, "hash_sha1": SHA1,
	"sha256": SHA256, "sha-256": SHA256, "hash_sha256": SHA256,
	"url": URL, "uri": URL, "raw_url": URL,
	"domain": Domain, "domain-name": Domain,
}

// ParseType reads the name of a type as any of the formats spells it.
func ParseType(s string) (Type, bool) {
	t, ok := names[strings.ToLower(strings.TrimSpace(s))]
	return t, ok
}

// typeByLength guesses the type of a bare value; 64 digits may be either of two.
func typeByLength(value string) (Type, Skip) {
	if _, err := hex.DecodeString(value); err == nil {
		switch len(value) {
		case digests[MD5]:
			return MD5, ""
		case digests[SHA1]:
			return SHA1, ""
		case digests[SHA256]:
			return "", SkipAmbiguous
		}
		return "", SkipValue
	}
	switch {
	case strings.Contains(value, "://"):
		return URL, ""
	case strings.Contains(value, "."):
		return Domain, ""
	}
	return "", SkipValue
}

// canonical checks a value and gives the one spelling in which it is matched.
func canonical(t Type, value string) (string, Skip) {
	value = strings.TrimSpace(value)
	switch t {
	case PDQ:
		h, err := pdq.Parse(value)
		switch {
		case err != nil:
			return "", SkipValue
		case h.IsZero():
			return "", SkipZero
		}
		return h.String(), ""
	case MD5, SHA1, SHA256:
		raw, err := hex.DecodeString(value)
		if err != nil || len(value) != digests[t] {
			return "", SkipValue
		}
		return hex.EncodeToString(raw), ""
	case Domain:
		n, err := bundle.ParseName(value)
		if err != nil || n.Labels() < 2 {
			return "", SkipValue
		}
		return n.String(), ""
	case URL:
		return canonicalURL(value)
	}
	return "", SkipType
}

// canonicalURL lowers scheme and host and drops what no server sees.
func canonicalURL(value string) (string, Skip) {
	u, err := url.Parse(value)
	if err != nil || u.Host == "" || u.Opaque != "" || len(value) > 4096 {
		return "", SkipValue
	}
	u.Scheme = strings.ToLower(u.Scheme)
	if u.Scheme != "http" && u.Scheme != "https" {
		return "", SkipValue
	}
	host := u.Hostname()
	if n, err := bundle.ParseName(host); err == nil {
		host = n.String()
	} else if !strings.Contains(u.Host, "[") && strings.Trim(host, "0123456789.") != "" {
		return "", SkipValue
	}
	if strings.Contains(host, ":") {
		host = "[" + host + "]"
	}
	if port := u.Port(); port != "" && !(u.Scheme == "http" && port == "80") && !(u.Scheme == "https" && port == "443") {
		host += ":" + port
	}
	u.Host, u.User, u.Fragment, u.RawFragment = host, nil, "", ""
	if u.Path == "" {
		u.Path = "/"
	}
	return u.String(), ""
}

// finish makes an item whole: its value canonical, its texts short.
func (it *Item) finish() Skip {
	value, skip := canonical(it.Type, it.Value)
	if skip != "" {
		return skip
	}
	if it.Type == PDQ && it.Quality >= 0 && it.Quality < pdq.MinQuality {
		return SkipQuality
	}
	it.Value = value
	it.ID, it.Category, it.Severity, it.Source, it.Note = clip(it.ID), clip(it.Category), clip(it.Severity), clip(it.Source), clip(it.Note)
	if len(it.Tags) > maxTags {
		it.Tags = it.Tags[:maxTags]
	}
	for i := range it.Tags {
		it.Tags[i] = clip(it.Tags[i])
	}
	if it.Status == "" {
		it.Status = Active
	}
	return ""
}

const maxTags = 50

// times are the spellings of a moment that the formats use.
var times = []string{time.RFC3339Nano, "2006-01-02T15:04:05", "2006-01-02 15:04:05", "2006-01-02T15:04:05-0700", "2006-01-02", "02/01/2006"}

// parseTime reads a moment; without a zone it is UTC. "" is the zero time.
func parseTime(s string) (time.Time, bool) {
	s = strings.TrimSpace(s)
	if s == "" {
		return time.Time{}, true
	}
	for _, layout := range times {
		if t, err := time.Parse(layout, s); err == nil {
			return t.UTC(), true
		}
	}
	return time.Time{}, false
}

// fromUnix reads seconds since 1970 UTC; the zero time if s is no such number.
func fromUnix(s string) time.Time {
	n, err := strconv.ParseInt(s, 10, 64)
	if err != nil || n <= 0 || n > 1<<35 {
		return time.Time{}
	}
	return time.Unix(n, 0).UTC()
}

// Canonical is the one spelling in which a value of a type is matched; not ok
// for what cannot be matched: a wrong shape, a PDQ hash of zeros.
func Canonical(t Type, value string) (string, bool) {
	v, skip := canonical(t, value)
	return v, skip == ""
}
