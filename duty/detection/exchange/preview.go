// SPDX-License-Identifier: Apache-2.0

package exchange

import (
	"bufio"
	"encoding/csv"
	"errors"
	"io"
	"strings"
)

// Table is how a table begins, for whoever says which of its columns are what.
type Table struct {
	Headings []string
	Rows     [][]string // as wide as Headings, texts clipped
	Columns  map[string]string
}

// The bounds of a preview.
const (
	previewBytes   = 256 << 10
	previewColumns = 40
	previewText    = 60 // letters of a cell
)

// Preview reads the headings and the first rows of a table. Columns has the
// fields that its headings name in our own words. It reports exchange/damaged
// for what is no table.
func Preview(in io.Reader, rows int) (Table, error) {
	src := newSource(io.LimitReader(in, previewBytes))
	buffered := bufio.NewReaderSize(src, 8<<10)
	first, err := buffered.Peek(4096)
	if err != nil && !errors.Is(err, io.EOF) && !errors.Is(err, bufio.ErrBufferFull) {
		return Table{}, damaged(1, err)
	}
	c := csv.NewReader(buffered)
	c.Comma, c.FieldsPerRecord, c.LazyQuotes = dividedBy(first), -1, true
	t := Table{Columns: map[string]string{}}
	head, err := c.Read()
	if err != nil {
		return t, damaged(1, err)
	}
	for _, h := range head[:min(len(head), previewColumns)] {
		h = strings.TrimSpace(h)
		t.Headings = append(t.Headings, firstOf(h))
		for _, field := range CSVFields() {
			if strings.EqualFold(field, h) {
				t.Columns[field] = h
			}
		}
	}
	for len(t.Rows) < rows {
		row, err := c.Read()
		if err != nil {
			return t, nil // what there is of it is shown
		}
		cells := make([]string, len(t.Headings))
		for i := range min(len(row), len(cells)) {
			cells[i] = firstOf(strings.TrimSpace(row[i]))
		}
		t.Rows = append(t.Rows, cells)
	}
	return t, nil
}

func firstOf(text string) string {
	letters := []rune(strings.ToValidUTF8(text, ""))
	if len(letters) <= previewText {
		return string(letters)
	}
	return string(letters[:previewText-1]) + "…"
}
