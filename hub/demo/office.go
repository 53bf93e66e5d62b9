// SPDX-License-Identifier: Apache-2.0

package demo

import (
	"archive/zip"
	"bytes"
	"encoding/xml"
	"errors"
	"io"
	"path"
	"strconv"
	"strings"
)

// part reads one file of a Word or Excel document, which is a zip (ECMA-376).
func part(document []byte, name string) (*element, error) {
	z, err := zip.NewReader(bytes.NewReader(document), int64(len(document)))
	if err != nil {
		return nil, err
	}
	f, err := z.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return parseXML(f)
}

func parseXML(r io.Reader) (*element, error) {
	d := xml.NewDecoder(r)
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
			e := &element{name: t.Name.Local, attrs: map[string]string{}, above: at}
			for _, a := range t.Attr {
				e.attrs[a.Name.Local] = a.Value
			}
			at.inside = append(at.inside, e)
			at = e
		case xml.EndElement:
			at = at.above
		case xml.CharData:
			at.inside = append(at.inside, &element{text: string(t), above: at})
		}
	}
}

// plain is the text below an element, without anything between its runs.
func (e *element) plain() string {
	text := e.text
	for _, c := range e.inside {
		text += c.plain()
	}
	return text
}

// wordRow is the row of a Word document's tables whose cells name a code; its
// last cell that holds a figure comes last.
func wordRow(document []byte, code string) ([]string, error) {
	doc, err := part(document, "word/document.xml")
	if err != nil {
		return nil, err
	}
	for _, tr := range doc.all("tr") {
		var row []string
		for _, tc := range tr.all("tc") {
			row = append(row, strings.Join(strings.Fields(tc.plain()), " "))
		}
		if named(row, code) {
			return upToFigure(row)
		}
	}
	return nil, wrong("no row of %s", code)
}

// sheetRow is the same of an Excel workbook.
func sheetRow(document []byte, code string) ([]string, error) {
	z, err := zip.NewReader(bytes.NewReader(document), int64(len(document)))
	if err != nil {
		return nil, err
	}
	var shared []string
	if table, err := part(document, "xl/sharedStrings.xml"); err == nil {
		for _, si := range table.all("si") {
			shared = append(shared, si.plain())
		}
	}
	for _, f := range z.File {
		if path.Dir(f.Name) != "xl/worksheets" {
			continue
		}
		sheet, err := part(document, f.Name)
		if err != nil {
			return nil, err
		}
		for _, r := range sheet.all("row") {
			var row []string
			for _, c := range r.all("c") {
				text := c.plain()
				if n, err := strconv.Atoi(text); err == nil && c.attrs["t"] == "s" && n < len(shared) {
					text = shared[n]
				}
				row = append(row, text)
			}
			if named(row, code) {
				return upToFigure(row)
			}
		}
	}
	return nil, wrong("no row of %s", code)
}

func named(row []string, code string) bool {
	for _, cell := range row {
		if cell == code {
			return true
		}
	}
	return false
}

// upToFigure cuts a row after its first figure.
func upToFigure(row []string) ([]string, error) {
	for i, cell := range row {
		if _, ok := number(cell); ok && i > 0 {
			return row[:i+1], nil
		}
	}
	return nil, wrong("no figure in %q", row)
}
