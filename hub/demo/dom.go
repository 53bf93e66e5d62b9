// SPDX-License-Identifier: Apache-2.0

package demo

import (
	"encoding/xml"
	"errors"
	"io"
	"slices"
	"strings"
)

// element is one element of a page, or a run of text (name ""). Pages are
// small and made by one template engine, so a forgiving XML reader is all the
// parser that is needed.
type element struct {
	name   string
	attrs  map[string]string
	text   string
	inside []*element
	above  *element
}

func parsePage(r io.Reader) (*element, error) {
	d := xml.NewDecoder(r)
	d.Strict, d.AutoClose, d.Entity = false, xml.HTMLAutoClose, xml.HTMLEntity
	root := &element{}
	at := root
	for {
		token, err := d.Token()
		if errors.Is(err, io.EOF) {
			return root, nil
		}
		if err != nil {
			return nil, err
		}
		switch t := token.(type) {
		case xml.StartElement:
			e := &element{name: strings.ToLower(t.Name.Local), attrs: map[string]string{}, above: at}
			for _, a := range t.Attr {
				e.attrs[a.Name.Local] = a.Value
			}
			at.inside = append(at.inside, e)
			at = e
		case xml.EndElement:
			for e := at; e.above != nil; e = e.above {
				if e.name == strings.ToLower(t.Name.Local) {
					at = e.above
					break
				}
			}
		case xml.CharData:
			at.inside = append(at.inside, &element{text: string(t), above: at})
		}
	}
}

// all are the elements below e that match, in the order of the page. A
// pattern is "tag", ".class", "tag.class.class" or "#id".
func (e *element) all(pattern string) []*element {
	var out []*element
	for _, c := range e.inside {
		if c.matches(pattern) {
			out = append(out, c)
		}
		out = append(out, c.all(pattern)...)
	}
	return out
}

// first is the first of all, nil if there is none.
func (e *element) first(pattern string) *element {
	if e == nil {
		return nil
	}
	if all := e.all(pattern); len(all) > 0 {
		return all[0]
	}
	return nil
}

func (e *element) matches(pattern string) bool {
	if e.name == "" {
		return false
	}
	if id, ok := strings.CutPrefix(pattern, "#"); ok {
		return e.attrs["id"] == id
	}
	tag, classes, _ := strings.Cut(pattern, ".")
	if tag != "" && e.name != tag {
		return false
	}
	have := strings.Fields(e.attrs["class"])
	for class := range strings.SplitSeq(classes, ".") {
		if class != "" && !slices.Contains(have, class) {
			return false
		}
	}
	return true
}

func (e *element) has(attr string) bool { _, ok := e.attrs[attr]; return ok }

// words is the text of an element as it is read, on one line.
func (e *element) words() string {
	if e == nil {
		return ""
	}
	return tight.Replace(strings.Join(strings.Fields(e.raw()), " "))
}

// tight takes away the blank that an element's end leaves before a mark.
var tight = strings.NewReplacer(" .", ".", " ,", ",", " :", ":", " )", ")")

func (e *element) raw() string {
	var b strings.Builder
	b.WriteString(e.text)
	for _, c := range e.inside {
		b.WriteString(c.raw())
		if c.name != "" {
			b.WriteByte(' ')
		}
	}
	return b.String()
}
