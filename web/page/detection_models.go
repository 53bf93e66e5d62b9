// SPDX-License-Identifier: Apache-2.0

package page

// TextModels is what reads texts, label by label: GET /detection/model. POST
// /learn ("label").
type TextModels struct {
	Base
	Tabs    []Tab
	May     bool // the reader keeps models
	Shipped []KV
	Rows    []TextModelRow
	Past    []TextModelLine // of all labels, the newest first
}

// TextModelRow is the models of one label.
type TextModelRow struct {
	Label, Value string
	Live         *TextModelLine // in use; nil for none
	Candidate    *TextModelLine // compared, waits; nil for none
	Shipped      bool           // the shipped model knows the label
	Counts       string         // of verdicts, in words
	New          string         // of these, since it last learnt; "" where it never did
	Missing      string         // what there is too little of; "" where it can be learnt
}

// TextModelLine is one model in a list.
type TextModelLine struct {
	Href, Code, Label, Note string
	Good                    bool // may be put to use
}

// TextModelPage is one model and how it compared: GET /detection/model/{id}. POST
// /use, /back ("none": 1).
type TextModelPage struct {
	Base
	Tabs   []Tab
	Href   string
	Code   string
	Label  string
	State  string
	Good   bool
	Answer string   // better or not, and why
	Then   string   // what that means for its use
	Plain  []string // the comparison in sentences
	Rows   []TextModelMeasure
	Few    string // why no shares are given; "" where they are
	Facts  []KV
	May    bool   // the reader keeps models
	Use    bool   // it may be put to use
	Live   bool   // it is in use
	Back   string // what the way back leads to; "" to none
}

// TextModelMeasure is how both find one of the two kinds of verdicts; the shares
// are of a hundred, "" where there were too few.
type TextModelMeasure struct {
	Label         string
	N             int
	Before, After [3]string // precision, recall, F1
}
