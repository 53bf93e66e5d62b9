// SPDX-License-Identifier: Apache-2.0

package officedoc

// Document is an official document of a named type (report, plan).
type Document struct {
	Superior, Agency string // the agency above and the issuing one; set in capitals here
	Symbol           string // "BC-SKHCN": after the number, which stays open
	Place            string // before the date, "Quảng Ngãi"
	Year             int    // of the date, whose day and month stay open
	Type, Subject    string // "Báo cáo" and what it is about
	Body             []Block
	Signature        Signature
	Recipients       []string
	Annex            []Block // on pages of its own, landscape
	Title            string  // of the file's properties
	Note             string  // small line at the end: which figures these are
}

// Signature is the block on the right at the end. The name stays open.
type Signature struct {
	Authority string // "TM. ỦY BAN NHÂN DÂN", may be ""
	Position  string // "GIÁM ĐỐC"
}

// Block is one piece of the body: Heading, Paragraph or Table.
type Block interface{ block() }

// Heading is a numbered heading; the number is part of the text. Level 1 is
// bold capitals, 2 is bold.
type Heading struct {
	Level int
	Text  string
}

// Paragraph is running text. Bullet sets a dash before it.
type Paragraph struct {
	Text   string
	Bullet bool
	Bold   bool
	Italic bool
	Centre bool
}

// Table has a head that is repeated on each page.
type Table struct {
	Head    []string
	Rows    [][]string
	Weights []int  // relative widths of the columns
	Numbers []bool // columns set to the right
	Strong  []bool // rows in bold; may be shorter than Rows
}

func (Heading) block()   {}
func (Paragraph) block() {}
func (Table) block()     {}
