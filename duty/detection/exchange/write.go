// SPDX-License-Identifier: Apache-2.0

package exchange

import (
	"bufio"
	"encoding/csv"
	"io"
	"iter"
	"strconv"
	"strings"
	"time"

	"lachan/internal/problem"
)

// Head is what a list says of itself.
type Head struct {
	Source string    // who hands it on
	Made   time.Time // when
	URL    string    // address under which ids are named in STIX: the hub's
}

// Write writes items as a list, one after another, and keeps none. A format
// that has no place for an item's type or status leaves it out; left counts
// those. It reports code exchange/unknown-format, and what items or w report.
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
