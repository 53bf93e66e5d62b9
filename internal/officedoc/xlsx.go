// SPDX-License-Identifier: Apache-2.0

package officedoc

import (
	"archive/zip"
	"bytes"
	"cmp"
	"fmt"
	"io"
	"slices"
	"time"
	"unicode/utf8"

	"github.com/xuri/excelize/v2"
)

// Workbook is an Excel file.
type Workbook struct {
	Title  string
	Sheets []Sheet
}

// Sheet is one page of a workbook: a few lines of heading, then a table whose
// head stays in sight.
type Sheet struct {
	Name     string // at most 31 characters, none of []:*?/\
	Title    []string
	Head     []string
	Widths   []float64 // in characters
	Rows     [][]Value
	Strong   []bool // rows in bold; may be shorter than Rows
	Portrait bool
}

// Value is the content of a cell: a text, or a whole number or percentage
// that can be calculated with.
type Value struct {
	Text    string
	Number  int64
	Percent float64 // 0.5 is 50 %
	Kind    ValueKind
}

// ValueKind says which field of a Value counts.
type ValueKind uint8

// The kinds of values.
const (
	KindText ValueKind = iota
	KindNumber
	KindPercent
)

// Text, Number and Percent make values.
func Text(s string) Value { return Value{Text: s} }

// Number is a whole number, shown with its thousands apart.
func Number(n int64) Value { return Value{Number: n, Kind: KindNumber} }

// Percent is a share of one, shown with two decimals.
func Percent(share float64) Value { return Value{Percent: share, Kind: KindPercent} }

type looks struct{ title, head, text, number, percent, boldText, boldNumber, boldPercent int }

// WriteXlsx writes a workbook. The same content gives the same bytes.
func WriteXlsx(w io.Writer, book Workbook) error {
	f := excelize.NewFile()
	defer f.Close()
	if err := fill(f, book); err != nil {
		return fmt.Errorf("officedoc: %w", err)
	}
	var raw bytes.Buffer
	if err := f.Write(&raw); err != nil {
		return fmt.Errorf("officedoc: %w", err)
	}
	return repack(w, raw.Bytes())
}

func fill(f *excelize.File, book Workbook) error {
	if err := f.SetDocProps(&excelize.DocProperties{Title: book.Title, Language: "vi-VN", Created: "2000-01-01T00:00:00Z", Modified: "2000-01-01T00:00:00Z"}); err != nil {
		return err
	}
	if err := f.SetDefaultFont("Times New Roman"); err != nil {
		return err
	}
	l, err := newLooks(f)
	if err != nil {
		return err
	}
	for i, sheet := range book.Sheets {
		if i == 0 {
			err = f.SetSheetName(f.GetSheetName(0), sheet.Name)
		} else {
			_, err = f.NewSheet(sheet.Name)
		}
		if err != nil {
			return err
		}
		if err := fillSheet(f, sheet, l); err != nil {
			return err
		}
	}
	return nil
}

func newLooks(f *excelize.File) (l looks, err error) {
	line := []excelize.Border{{Type: "left", Color: "000000", Style: 1}, {Type: "right", Color: "000000", Style: 1}, {Type: "top", Color: "000000", Style: 1}, {Type: "bottom", Color: "000000", Style: 1}}
	font := func(size float64, bold bool) *excelize.Font {
		return &excelize.Font{Family: "Times New Roman", Size: size, Bold: bold}
	}
	left := &excelize.Alignment{Vertical: "center", WrapText: true}
	right := &excelize.Alignment{Vertical: "center", Horizontal: "right"}
	middle := &excelize.Alignment{Vertical: "center", Horizontal: "center", WrapText: true}
	for _, one := range []struct {
		into  *int
		style excelize.Style
	}{
		{&l.title, excelize.Style{Font: font(13, true), Alignment: &excelize.Alignment{Vertical: "center"}}},
		{&l.head, excelize.Style{Font: font(12, true), Alignment: middle, Border: line, Fill: excelize.Fill{Type: "pattern", Pattern: 1, Color: []string{"E8EEF0"}}}},
		{&l.text, excelize.Style{Font: font(12, false), Alignment: left, Border: line}},
		{&l.number, excelize.Style{Font: font(12, false), Alignment: right, Border: line, NumFmt: 3}},
		{&l.percent, excelize.Style{Font: font(12, false), Alignment: right, Border: line, NumFmt: 10}},
		{&l.boldText, excelize.Style{Font: font(12, true), Alignment: left, Border: line}},
		{&l.boldNumber, excelize.Style{Font: font(12, true), Alignment: right, Border: line, NumFmt: 3}},
		{&l.boldPercent, excelize.Style{Font: font(12, true), Alignment: right, Border: line, NumFmt: 10}},
	} {
		if *one.into, err = f.NewStyle(&one.style); err != nil {
			return l, err
		}
	}
	return l, nil
}

func fillSheet(f *excelize.File, s Sheet, l looks) error {
	for i, width := range s.Widths {
		column, err := excelize.ColumnNumberToName(i + 1)
		if err != nil {
			return err
		}
		if err := f.SetColWidth(s.Name, column, column, width); err != nil {
			return err
		}
	}
	row := 0
	put := func(values []Value, strong bool, style int) error {
		row++
		for i, v := range values {
			at, err := excelize.CoordinatesToCellName(i+1, row)
			if err != nil {
				return err
			}
			c := l.cell(v, strong)
			if style > 0 {
				c.StyleID = style
			}
			if err := f.SetCellValue(s.Name, at, c.Value); err != nil {
				return err
			}
			if err := f.SetCellStyle(s.Name, at, at, c.StyleID); err != nil {
				return err
			}
		}
		// Not every program fits the height to wrapped text when it opens.
		lines := 1
		if style != l.title {
			lines = s.lines(values)
		}
		return f.SetRowHeight(s.Name, row, rowHeight*float64(lines))
	}
	for _, title := range s.Title {
		if err := put([]Value{Text(title)}, false, l.title); err != nil {
			return err
		}
	}
	var head []Value
	for _, h := range s.Head {
		head = append(head, Text(h))
	}
	if err := put(head, true, l.head); err != nil {
		return err
	}
	if err := f.SetPanes(s.Name, &excelize.Panes{Freeze: true, YSplit: row, TopLeftCell: fmt.Sprintf("A%d", row+1), ActivePane: "bottomLeft"}); err != nil {
		return err
	}
	// The head stands on each printed page.
	titles := fmt.Sprintf("'%s'!$%d:$%d", s.Name, row, row)
	if err := f.SetDefinedName(&excelize.DefinedName{Name: "_xlnm.Print_Titles", RefersTo: titles, Scope: s.Name}); err != nil {
		return err
	}
	for i, values := range s.Rows {
		if err := put(values, i < len(s.Strong) && s.Strong[i], 0); err != nil {
			return err
		}
	}
	return page(f, s)
}

// rowHeight is one line of 12-point text, in points.
const rowHeight = 17

// lines is how many lines the longest text of a row wraps to, by the width of
// its column in characters. Capitals and bold are wider: a tenth is kept free.
func (s Sheet) lines(values []Value) int {
	most := 1
	for i, v := range values {
		if v.Kind != KindText || i >= len(s.Widths) {
			continue
		}
		room := max(int(s.Widths[i]*0.9), 1)
		most = max(most, (utf8.RuneCountInString(v.Text)+room-1)/room)
	}
	return most
}

func (l looks) cell(v Value, strong bool) excelize.Cell {
	text, number, percent := l.text, l.number, l.percent
	if strong {
		text, number, percent = l.boldText, l.boldNumber, l.boldPercent
	}
	switch v.Kind {
	case KindNumber:
		return excelize.Cell{StyleID: number, Value: v.Number}
	case KindPercent:
		return excelize.Cell{StyleID: percent, Value: v.Percent}
	default:
		return excelize.Cell{StyleID: text, Value: v.Text}
	}
}

// page sets A4 and the width of one page.
func page(f *excelize.File, s Sheet) error {
	a4, orientation, wide, high := 9, "landscape", 1, 0
	if s.Portrait {
		orientation = "portrait"
	}
	fit := true
	if err := f.SetSheetProps(s.Name, &excelize.SheetPropsOptions{FitToPage: &fit}); err != nil {
		return err
	}
	return f.SetPageLayout(s.Name, &excelize.PageLayoutOptions{Size: &a4, Orientation: &orientation, FitToWidth: &wide, FitToHeight: &high})
}

// repack writes the parts of a zip in the order of their names with a fixed
// time, so that nothing of the moment or of a map's order is left.
func repack(w io.Writer, raw []byte) error {
	in, err := zip.NewReader(bytes.NewReader(raw), int64(len(raw)))
	if err != nil {
		return fmt.Errorf("officedoc: %w", err)
	}
	// The list of parts comes first, as readers expect.
	slices.SortFunc(in.File, func(a, b *zip.File) int { return cmp.Compare(a.Name, b.Name) })
	out := zip.NewWriter(w)
	for _, part := range in.File {
		r, err := part.Open()
		if err != nil {
			return fmt.Errorf("officedoc: %w", err)
		}
		f, err := out.CreateHeader(&zip.FileHeader{Name: part.Name, Method: zip.Deflate, Modified: time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC)})
		if err == nil {
			_, err = io.Copy(f, r) //nolint:gosec // our own file, made a moment ago
		}
		r.Close()
		if err != nil {
			return fmt.Errorf("officedoc: %w", err)
		}
	}
	if err := out.Close(); err != nil {
		return fmt.Errorf("officedoc: %w", err)
	}
	return nil
}
