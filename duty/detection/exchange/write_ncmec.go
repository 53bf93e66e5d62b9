// SPDX-License-Identifier: Apache-2.0

package exchange

import (
	"bufio"
	"encoding/xml"
	"iter"
	"strconv"
	"time"

	"lachan/internal/id"
)

// ncmecOut is one entry of hash sharing as we write it.
type ncmecOut struct {
	XMLName xml.Name
	Member  struct {
		ID   string `xml:"id,attr"`
		Name string `xml:",chardata"`
	} `xml:"member"`
	Timestamp      string          `xml:"timestamp,omitempty"`
	ID             string          `xml:"id"`
	Classification string          `xml:"classification,omitempty"`
	Fingerprints   *ncmecPrintsOut `xml:"fingerprints,omitempty"`
}

type ncmecPrintsOut struct{ One ncmecPrintOut }

type ncmecPrintOut struct {
	XMLName xml.Name
	Value   string `xml:",chardata"`
}

// writeNCMEC writes one page. The count stands at its head, so the items are
// gone through twice: items must give the same each time.
func writeNCMEC(out *bufio.Writer, h Head, items iter.Seq2[Item, error]) (left int, err error) {
	fits := func(it Item) bool {
		return it.Status == Withdrawn && it.ID != "" || it.Status == Active && (it.Type == PDQ || it.Type == MD5 || it.Type == SHA1)
	}
	n := 0
	for it, err := range items {
		if err != nil {
			return 0, err
		}
		if fits(it) {
			n++
		}
	}
	_, err = out.WriteString(xml.Header + `<queryResult xmlns="https://hashsharing.ncmec.org/hashsharing/v2"><images count="` + strconv.Itoa(n) + `" maxTimestamp="` + h.Made.UTC().Format(time.RFC3339) + `">` + "\n")
	if err != nil {
		return 0, err
	}
	e := xml.NewEncoder(out)
	for it, err := range items {
		if err != nil {
			return left, err
		}
		if !fits(it) {
			left++
			continue
		}
		one := ncmecOut{XMLName: xml.Name{Local: "image"}, ID: it.ID, Timestamp: day(it.Added)}
		one.Member.ID, one.Member.Name = "0", sourceOf(it, h)
		if it.Status == Withdrawn {
			one.XMLName.Local = "deletedImage"
		} else {
			one.Classification = it.Category
			one.Fingerprints = &ncmecPrintsOut{ncmecPrintOut{xml.Name{Local: string(it.Type)}, it.Value}}
		}
		if one.ID == "" {
			one.ID = id.Named(h.URL, string(it.Type)+" "+it.Value)
		}
		if err := e.Encode(one); err != nil {
			return left, err
		}
		if _, err := out.WriteString("\n"); err != nil {
			return left, err
		}
	}
	_, err = out.WriteString("</images></queryResult>\n")
	return left, err
}
