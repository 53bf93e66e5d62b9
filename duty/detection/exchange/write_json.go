// SPDX-License-Identifier: Apache-2.0

package exchange

import (
	"bufio"
	"encoding/json"
	"iter"
	"strconv"
	"strings"

	"lachan/internal/id"
)

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
