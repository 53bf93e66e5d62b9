// SPDX-License-Identifier: Apache-2.0

package exchange

import (
	"io"
	"strings"
	"time"
)

// stixObject is what of a STIX object matters here.
type stixObject struct {
	Kind        string            `json:"type"`
	ID          string            `json:"id"`
	Name        string            `json:"name"`
	Pattern     string            `json:"pattern"`
	PatternType string            `json:"pattern_type"`
	Created     string            `json:"created"`
	From        string            `json:"valid_from"`
	Until       string            `json:"valid_until"`
	Revoked     bool              `json:"revoked"`
	Labels      []string          `json:"labels"`
	Types       []string          `json:"indicator_types"`
	Value       string            `json:"value"`
	Hashes      map[string]string `json:"hashes"`
}

// stix reads a bundle, or a bare array of objects: indicators whose pattern
// says that something equals a value, and the objects file, url and
// domain-name. Other objects are none of ours and are not counted.
func (r *reading) stix(in io.Reader) error {
	j := newJSON(in)
	first, err := j.src.peek()
	if err != nil {
		return damaged(1, err)
	}
	entry := func() error {
		var o stixObject
		if ok, err := r.entry(j, &o); !ok || err != nil {
			return err
		}
		return r.stixItems(&o, j.began)
	}
	if first == '[' {
		err = j.array(entry)
	} else {
		err = j.object(func(key string) error {
			if key == "objects" {
				return j.array(entry)
			}
			return j.pass()
		})
	}
	if err != nil {
		return err
	}
	return j.end()
}

func (r *reading) stixItems(o *stixObject, line int) error {
	var found []comparison
	switch o.Kind {
	case "indicator":
		if o.PatternType != "" && o.PatternType != "stix" {
			r.report.skip(SkipPattern, line)
			return nil
		}
		var ok bool
		if found, ok = equalities(o.Pattern); !ok {
			r.report.skip(SkipPattern, line)
			return nil
		}
	case "url", "domain-name":
		found = []comparison{{o.Kind, o.Value}}
	case "file":
		for _, name := range []string{"MD5", "SHA-1", "SHA-256", "x_pdq"} {
			if v, ok := o.Hashes[name]; ok {
				found = append(found, comparison{name, v})
			}
		}
	default:
		return nil
	}
	added, okAdded := parseTime(o.From)
	if added.IsZero() {
		added, okAdded = parseTime(o.Created)
	}
	expires, okExpires := parseTime(o.Until)
	if !okAdded || !okExpires {
		r.report.skip(SkipTime, line)
		return nil
	}
	it := Item{Line: line, ID: o.ID, Quality: -1, Note: o.Name, Tags: append(o.Labels, o.Types...), Added: added, Expires: expires, Status: Active}
	if o.Revoked {
		it.Status = Withdrawn
	}
	for _, c := range found {
		one := it
		one.Value = c.value
		var ok bool
		if one.Type, ok = ParseType(c.what); !ok {
			r.report.skip(SkipType, line)
			continue
		}
		if err := r.take(one); err != nil {
			return err
		}
	}
	return nil
}

// comparison is one "object path = 'value'" of a pattern.
type comparison struct{ what, value string }

// equalities reads a pattern (STIX 2.1, part 9) that is nothing but equalities
// joined by OR, in one or more observations joined by OR. Who reads more out
// of AND or FOLLOWEDBY than that would block what the source did not mean.
func equalities(pattern string) ([]comparison, bool) {
	p := &patternReader{rest: pattern}
	var all []comparison
	for {
		if !p.sign("[") {
			return nil, false
		}
		for {
			c, ok := p.comparison()
			if !ok {
				return nil, false
			}
			all = append(all, c)
			if p.sign("]") {
				break
			}
			if !p.sign("OR") {
				return nil, false
			}
		}
		if p.rest = strings.TrimSpace(p.rest); p.rest == "" {
			return all, true
		}
		if !p.sign("OR") || len(all) > 1000 {
			return nil, false
		}
	}
}

type patternReader struct{ rest string }

func (p *patternReader) sign(s string) bool {
	rest, ok := strings.CutPrefix(strings.TrimSpace(p.rest), s)
	if ok {
		p.rest = rest
	}
	return ok
}

func (p *patternReader) comparison() (comparison, bool) {
	path, rest, ok := strings.Cut(p.rest, "=")
	if !ok {
		return comparison{}, false
	}
	p.rest = rest
	value, ok := p.quoted()
	if !ok {
		return comparison{}, false
	}
	path = strings.TrimSpace(path)
	if name, ok := strings.CutPrefix(path, "file:hashes."); ok {
		return comparison{strings.Trim(name, "'"), value}, true
	}
	if kind, ok := strings.CutSuffix(path, ":value"); ok && (kind == "url" || kind == "domain-name") {
		return comparison{kind, value}, true
	}
	return comparison{}, false
}

// quoted reads a text in single quotes, with \' and \\ in it.
func (p *patternReader) quoted() (string, bool) {
	if !p.sign("'") {
		return "", false
	}
	var b strings.Builder
	for i := 0; i < len(p.rest); i++ {
		switch c := p.rest[i]; {
		case c == '\\' && i+1 < len(p.rest):
			i++
			b.WriteByte(p.rest[i])
		case c == '\'':
			p.rest = p.rest[i+1:]
			return b.String(), true
		default:
			b.WriteByte(c)
		}
	}
	return "", false
}

// stixHashes are STIX's names of the digests. PDQ has none: a key of our own
// stands for it, as STIX allows ("Custom hash key").
var stixHashes = map[Type]string{MD5: "MD5", SHA1: "SHA-1", SHA256: "SHA-256", PDQ: "x_pdq"}

// stixPattern is the pattern for one item.
func stixPattern(it Item) string {
	value := strings.NewReplacer(`\`, `\\`, `'`, `\'`).Replace(it.Value)
	switch it.Type {
	case URL:
		return "[url:value = '" + value + "']"
	case Domain:
		return "[domain-name:value = '" + value + "']"
	}
	return "[file:hashes.'" + stixHashes[it.Type] + "' = '" + value + "']"
}

func stixTime(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05.000Z") }
