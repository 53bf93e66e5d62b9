// SPDX-License-Identifier: Apache-2.0

package exchange

import (
	"bufio"
	"encoding/csv"
	"encoding/json"
	"encoding/xml"
	"io"
	"iter"
	"strconv"
	"strings"
	"time"

	"lachan/internal/id"
	"lachan/internal/problem"
)

// Head is what a list says of itself.
type Head struct {
	Source string    // who hands it on
	Made   time.Time // when
	URL    string    // address under which ids are named in STIX: the hub's
}

// Write writes items as a list, one after another, and keeps none. A format
// that has no place for an item's type leaves it out; Left counts those. It
// reports code exchange/unknown-format, and what items or w report.
func Write(w io.Writer, f Format, h Head, items iter.Seq2[Item, error]) (left int, err error) {
	out := bufio.NewWriterSize(w, 64<<10)
	writers := map[Format]func(*bufio.Writer, Head, iter.Seq2[Item, error]) (int, error){
		CSV: writeCSV, Lines: writeLines, NCMEC: writeNCMEC, StopNCII: writeStopNCII,
		ThreatExchange: writeThreatExchange, STIX: writeSTIX, VICS: writeVICS,
	}
	write, ok := writers[f]
	if !ok {
		return 0, problem.New("exchange/unknown-format")
	}
	if left, err = write(out, h, items); err != nil {
		return left, err
	}
	return left, out.Flush()
}

// writeCSV writes our own columns. A cell never begins with a sign that a
// spreadsheet would take for a formula.
func writeCSV(out *bufio.Writer, h Head, items iter.Seq2[Item, error]) (int, error) {
	c := csv.NewWriter(out)
	if err := c.Write(CSVFields()); err != nil {
		return 0, err
	}
	for it, err := range items {
		if err != nil {
			return 0, err
		}
		quality := ""
		if it.Quality >= 0 {
			quality = strconv.Itoa(it.Quality)
		}
		row := []string{
			string(it.Type), it.Value, quality, it.ID, string(it.Status), it.Category, it.Severity,
			sourceOf(it, h), it.Note, strings.Join(it.Tags, ";"), day(it.Added), day(it.Expires),
		}
		for i := range row {
			if row[i] != "" && strings.ContainsRune("=+-@\t\r", rune(row[i][0])) {
				row[i] = "'" + row[i]
			}
		}
		if err := c.Write(row); err != nil {
			return 0, err
		}
	}
	c.Flush()
	return 0, c.Error()
}

func writeLines(out *bufio.Writer, _ Head, items iter.Seq2[Item, error]) (left int, err error) {
	for it, err := range items {
		if err != nil {
			return left, err
		}
		if it.Status != Active {
			left++
			continue
		}
		if _, err := out.WriteString(string(it.Type) + " " + it.Value + "\n"); err != nil {
			return left, err
		}
	}
	return left, nil
}

func sourceOf(it Item, h Head) string {
	if it.Source != "" {
		return it.Source
	}
	return h.Source
}

func day(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format(time.RFC3339)
}

// list writes the entries of a JSON array between two texts.
func list(out *bufio.Writer, before, after string, items iter.Seq2[Item, error], entry func(Item) any) (left int, err error) {
	if _, err := out.WriteString(before); err != nil {
		return 0, err
	}
	first := true
	for it, err := range items {
		if err != nil {
			return left, err
		}
		e := entry(it)
		if e == nil {
			left++
			continue
		}
		data, err := json.Marshal(e)
		if err != nil {
			return left, err
		}
		if !first {
			data = append([]byte(",\n"), data...)
		}
		first = false
		if _, err := out.Write(data); err != nil {
			return left, err
		}
	}
	_, err = out.WriteString(after)
	return left, err
}

// writeSTIX writes a bundle of indicators. What is harmless is no indicator.
func writeSTIX(out *bufio.Writer, h Head, items iter.Seq2[Item, error]) (int, error) {
	made := stixTime(h.Made)
	bundle := "bundle--" + id.Named(h.URL, made)
	return list(out, `{"type":"bundle","id":"`+bundle+`","objects":[`+"\n", "\n]}\n", items, func(it Item) any {
		if it.Status == Harmless || it.Value == "" {
			return nil
		}
		from := it.Added
		if from.IsZero() {
			from = h.Made
		}
		e := map[string]any{
			"type": "indicator", "spec_version": "2.1", "id": "indicator--" + id.Named(h.URL, string(it.Type)+" "+it.Value),
			"created": stixTime(from), "modified": made, "valid_from": stixTime(from),
			"pattern": stixPattern(it), "pattern_type": "stix", "indicator_types": []string{"malicious-activity"},
		}
		if it.Status == Withdrawn {
			e["revoked"] = true
		}
		if it.Expires.After(from) {
			e["valid_until"] = stixTime(it.Expires)
		}
		if it.Note != "" {
			e["name"] = it.Note
		}
		if len(it.Tags) > 0 {
			e["labels"] = it.Tags
		}
		return e
	})
}

func writeVICS(out *bufio.Writer, _ Head, items iter.Seq2[Item, error]) (int, error) {
	n := 0
	return list(out, `{"odata.metadata":"http://github.com/ICMEC/ProjectVic/DataModels/1.3.xml#Media","value":[`+"\n", "\n]}\n", items, func(it Item) any {
		if it.Status != Active {
			return nil
		}
		n++
		e := map[string]any{"MediaID": n, "Category": nil}
		if c, err := strconv.Atoi(it.Category); err == nil {
			e["Category"] = c
		}
		switch it.Type {
		case MD5:
			e["MD5"] = strings.ToUpper(it.Value)
		case SHA1:
			e["SHA1"] = strings.ToUpper(it.Value)
		case SHA256:
			e["SHA256"] = strings.ToUpper(it.Value)
		case PDQ:
			e["AlternativeHashes"] = []map[string]string{{"HashName": "PDQ", "HashValue": it.Value}}
		default:
			return nil
		}
		if it.Note != "" {
			e["Comments"] = it.Note
		}
		if len(it.Tags) > 0 {
			e["Tags"] = strings.Join(it.Tags, ";")
		}
		if !it.Added.IsZero() {
			e["DateUpdated"] = day(it.Added)
		}
		return e
	})
}

func writeStopNCII(out *bufio.Writer, h Head, items iter.Seq2[Item, error]) (int, error) {
	types := map[Type]string{PDQ: "ImagePDQ", MD5: "VideoMD5", URL: "URL"}
	after := `],"nextPageToken":null,"nextSetTimestamp":` + strconv.FormatInt(h.Made.Unix(), 10) + `,"hasMoreRecords":false}` + "\n"
	return list(out, `{"hashRecords":[`+"\n", "\n"+after, items, func(it Item) any {
		kind, ok := types[it.Type]
		if !ok || it.Status == Harmless {
			return nil
		}
		status := "Active"
		if it.Status == Withdrawn {
			status = "Withdrawn"
		}
		added := it.Added
		if added.IsZero() {
			added = h.Made
		}
		return map[string]any{
			"lastModtimestamp": added.Unix(), "signalType": kind, "hashValue": it.Value, "hashStatus": status,
			"caseNumbers": map[string]string{}, "CSPFeedbacks": []map[string]any{{"source": sourceOf(it, h), "feedbackValue": "None", "tags": it.Tags}},
		}
	})
}

func writeThreatExchange(out *bufio.Writer, h Head, items iter.Seq2[Item, error]) (int, error) {
	types := map[Type]string{PDQ: "HASH_PDQ", MD5: "HASH_MD5", SHA1: "HASH_SHA1", SHA256: "HASH_SHA256", URL: "URI", Domain: "DOMAIN"}
	return list(out, `{"data":[`+"\n", "\n]}\n", items, func(it Item) any {
		e := map[string]any{
			"id": it.ID, "raw_indicator": it.Value, "type": types[it.Type], "owner": map[string]string{"name": sourceOf(it, h)},
			"status": "MALICIOUS", "tags": it.Tags, "added_on": day(it.Added),
		}
		switch {
		case it.Value == "":
			return nil
		case it.Status == Harmless:
			e["status"] = "NON_MALICIOUS"
		case it.Status == Withdrawn:
			e["should_delete"] = true
		}
		if it.Severity != "" {
			e["severity"] = it.Severity
		}
		return e
	})
}

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
