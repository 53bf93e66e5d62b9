// SPDX-License-Identifier: Apache-2.0

package officedoc

import (
	"fmt"
	"strconv"
	"strings"
	"unicode"

	"lachan/internal/locale"
)

// Measures in twentieths of a point (twips); 1 mm is 56.7 of them.
const (
	pageShort, pageLong = 11906, 16838 // A4
	marginTop           = 1134         // 20 mm
	marginBottom        = 1134         // 20 mm
	marginLeft          = 1701         // 30 mm
	marginRight         = 851          // 15 mm
	headerFromTop       = 567          // 10 mm
	textWidth           = pageShort - marginLeft - marginRight
	firstLine           = 720 // 1.27 cm
)

// esc makes text safe for XML 1.0, which has no place for control characters.
func esc(s string) string {
	s = strings.Map(func(r rune) rune {
		if r != '\t' && r != '\n' && unicode.IsControl(r) || r == '\uFFFE' || r == '\uFFFF' {
			return -1
		}
		return r
	}, strings.ToValidUTF8(s, "\uFFFD"))
	return strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;", `"`, "&quot;").Replace(s)
}

// font is how a run of text looks.
type font struct {
	half         int // size in half points; 0 is the body's 28
	bold, italic bool
}

func run(text string, f font) string {
	var b strings.Builder
	b.WriteString("<w:r><w:rPr>")
	if f.bold {
		b.WriteString("<w:b/><w:bCs/>")
	}
	if f.italic {
		b.WriteString("<w:i/><w:iCs/>")
	}
	if f.half > 0 {
		fmt.Fprintf(&b, `<w:sz w:val="%d"/><w:szCs w:val="%d"/>`, f.half, f.half)
	}
	b.WriteString("</w:rPr>")
	for i, line := range strings.Split(text, "\n") {
		if i > 0 {
			b.WriteString("<w:br/>")
		}
		b.WriteString(`<w:t xml:space="preserve">` + esc(line) + "</w:t>")
	}
	b.WriteString("</w:r>")
	return b.String()
}

// para is one paragraph; props are its properties in schema order.
func para(props, content string) string {
	if props != "" {
		props = "<w:pPr>" + props + "</w:pPr>"
	}
	return "<w:p>" + props + content + "</w:p>"
}

func spacing(before, after int) string {
	return fmt.Sprintf(`<w:spacing w:before="%d" w:after="%d"/>`, before, after)
}

const centred, toRight, justified = `<w:jc w:val="center"/>`, `<w:jc w:val="right"/>`, `<w:jc w:val="both"/>`

// rule is a thin line of the given width, centred in a column.
func rule(column, width int) string {
	side := (column - width) / 2
	return para(`<w:pBdr><w:top w:val="single" w:sz="6" w:space="1" w:color="000000"/></w:pBdr>`+
		`<w:spacing w:before="60" w:after="0" w:line="120" w:lineRule="exact"/>`+
		fmt.Sprintf(`<w:ind w:left="%d" w:right="%d"/>`, side, side), "")
}

// columns is a table without lines: the head and the end of the document.
func columns(widths []int, cells []string) string {
	var b strings.Builder
	b.WriteString(`<w:tbl><w:tblPr><w:tblW w:w="` + strconv.Itoa(sum(widths)) + `" w:type="dxa"/><w:jc w:val="center"/><w:tblLayout w:type="fixed"/></w:tblPr><w:tblGrid>`)
	for _, w := range widths {
		fmt.Fprintf(&b, `<w:gridCol w:w="%d"/>`, w)
	}
	b.WriteString("</w:tblGrid><w:tr><w:trPr><w:cantSplit/></w:trPr>")
	for i, c := range cells {
		fmt.Fprintf(&b, `<w:tc><w:tcPr><w:tcW w:w="%d" w:type="dxa"/></w:tcPr>%s</w:tc>`, widths[i], c)
	}
	b.WriteString("</w:tr></w:tbl>")
	return b.String()
}

func sum(n []int) (total int) {
	for _, v := range n {
		total += v
	}
	return total
}

// section closes a section: page size, margins, page number.
func section(landscape, first bool) string {
	w, h, orient := pageShort, pageLong, ""
	if landscape {
		w, h, orient = pageLong, pageShort, ` w:orient="landscape"`
	}
	title := ""
	if first {
		title = "<w:titlePg/>"
	}
	return fmt.Sprintf(`<w:sectPr><w:headerReference w:type="default" r:id="rId3"/><w:type w:val="nextPage"/><w:pgSz w:w="%d" w:h="%d"%s/>`+
		`<w:pgMar w:top="%d" w:right="%d" w:bottom="%d" w:left="%d" w:header="%d" w:footer="%d" w:gutter="0"/>%s</w:sectPr>`,
		w, h, orient, marginTop, marginRight, marginBottom, marginLeft, headerFromTop, headerFromTop, title)
}

func documentXML(words *locale.Printer, d Document) string {
	var b strings.Builder
	b.WriteString(xmlHead + "<w:document " + wordNS + "><w:body>")
	b.WriteString(head(words, d))
	b.WriteString(para(spacing(360, 0)+centred, run(strings.ToUpper(d.Type), font{bold: true})))
	b.WriteString(para(spacing(0, 0)+centred, run(d.Subject, font{bold: true})))
	b.WriteString(rule(textWidth, 1800))
	b.WriteString(para(spacing(120, 0), ""))
	for _, one := range d.Body {
		b.WriteString(blockXML(one, textWidth))
	}
	b.WriteString(para(spacing(120, 0), ""))
	b.WriteString(end(words, d))
	if d.Note != "" {
		b.WriteString(para(spacing(240, 0), run(d.Note, font{half: 20, italic: true})))
	}
	if len(d.Annex) == 0 {
		b.WriteString(section(false, true))
	} else {
		b.WriteString("<w:p><w:pPr>" + section(false, true) + "</w:pPr></w:p>")
		for _, one := range d.Annex {
			b.WriteString(blockXML(one, pageLong-marginLeft-marginRight))
		}
		b.WriteString(section(true, false))
	}
	b.WriteString("</w:body></w:document>")
	return b.String()
}

// head is the two columns on top: agency and number, state and date.
func head(words *locale.Printer, d Document) string {
	left, right := 4280, 5280
	side := para(centred, run(strings.ToUpper(d.Superior), font{half: 26}))
	side += para(centred, run(strings.ToUpper(d.Agency), font{half: 26, bold: true}))
	side += rule(left, 1300)
	side += para(spacing(60, 0)+centred, run(words.T("officedoc.number", "symbol", d.Symbol), font{half: 26}))
	state := para(centred, run(words.T("officedoc.state"), font{half: 24, bold: true}))
	state += para(centred, run(words.T("officedoc.motto"), font{half: 26, bold: true}))
	state += rule(right, 3050)
	state += para(spacing(60, 0)+centred, run(words.T("officedoc.dateline", "place", d.Place, "year", strconv.Itoa(d.Year)), font{half: 26, italic: true}))
	return columns([]int{left, right}, []string{side, state})
}

// end is the recipients on the left and the signature on the right.
func end(words *locale.Printer, d Document) string {
	left := para("", run(words.T("officedoc.recipients"), font{half: 24, bold: true, italic: true}))
	for i, r := range d.Recipients {
		stop := ";"
		if i == len(d.Recipients)-1 {
			stop = "."
		}
		left += para("", run("- "+r+stop, font{half: 22}))
	}
	right := ""
	for _, line := range []string{d.Signature.Authority, d.Signature.Position} {
		if line != "" {
			right += para(centred, run(strings.ToUpper(line), font{bold: true}))
		}
	}
	// Room for the signature and the seal.
	right += strings.Repeat(para(centred, run("", font{})), 4) + para(centred, run(words.T("officedoc.signer"), font{bold: true}))
	return columns([]int{4700, 4654}, []string{left, right})
}

func blockXML(one Block, width int) string {
	switch one := one.(type) {
	case Heading:
		text := one.Text
		if one.Level == 1 {
			text = strings.ToUpper(text)
		}
		style := fmt.Sprintf(`<w:pStyle w:val="Heading%d"/>`, min(max(one.Level, 1), 2))
		return para(style+spacing(160, 60)+fmt.Sprintf(`<w:ind w:firstLine="%d"/>`, firstLine)+justified, run(text, font{bold: true}))
	case Paragraph:
		f := font{bold: one.Bold, italic: one.Italic}
		if one.Centre {
			return para(spacing(60, 60)+centred, run(one.Text, f))
		}
		text := one.Text
		if one.Bullet {
			text = "- " + text
		}
		return para(spacing(60, 60)+fmt.Sprintf(`<w:ind w:firstLine="%d"/>`, firstLine)+justified, run(text, f))
	case Table:
		return tableXML(one, width)
	default:
		return ""
	}
}

func tableXML(t Table, width int) string {
	widths := make([]int, len(t.Head))
	total := sum(t.Weights)
	for i := range widths {
		widths[i] = width / len(t.Head)
		if i < len(t.Weights) && total > 0 {
			widths[i] = width * t.Weights[i] / total
		}
	}
	var b strings.Builder
	line := `w:val="single" w:sz="4" w:space="0" w:color="000000"/>`
	fmt.Fprintf(&b, `<w:tbl><w:tblPr><w:tblW w:w="%d" w:type="dxa"/><w:tblBorders><w:top %s<w:left %s<w:bottom %s<w:right %s<w:insideH %s<w:insideV %s</w:tblBorders><w:tblLayout w:type="fixed"/></w:tblPr><w:tblGrid>`,
		sum(widths), line, line, line, line, line, line)
	for _, w := range widths {
		fmt.Fprintf(&b, `<w:gridCol w:w="%d"/>`, w)
	}
	b.WriteString("</w:tblGrid>")
	row := func(cells []string, isHead, strong bool) {
		b.WriteString("<w:tr><w:trPr><w:cantSplit/>")
		if isHead {
			b.WriteString("<w:tblHeader/>")
		}
		b.WriteString("</w:trPr>")
		for i := range widths {
			text, jc := "", ""
			if i < len(cells) {
				text = cells[i]
			}
			switch {
			case isHead:
				jc = centred
			case i < len(t.Numbers) && t.Numbers[i]:
				jc = toRight
			}
			fmt.Fprintf(&b, `<w:tc><w:tcPr><w:tcW w:w="%d" w:type="dxa"/><w:vAlign w:val="center"/></w:tcPr>%s</w:tc>`, widths[i],
				para(spacing(30, 30)+jc, run(text, font{half: 24, bold: isHead || strong})))
		}
		b.WriteString("</w:tr>")
	}
	row(t.Head, true, false)
	for i, cells := range t.Rows {
		row(cells, false, i < len(t.Strong) && t.Strong[i])
	}
	b.WriteString("</w:tbl>" + para(spacing(0, 60), ""))
	return b.String()
}
