// SPDX-License-Identifier: Apache-2.0

package page

import "time"

// Tab is one page of a room that its reader may open.
type Tab struct {
	Key, Href, Icon, Label string
	Current                bool
}

// Detection is the first page of the room: GET /detection. What was looked at,
// and what was found before anybody reported it.
type Detection struct {
	Base
	Tabs    []Tab
	Year    string
	Review  bool // the reader reviews
	Waiting int
	Urgent  int
	Pages   int64 // looked at this year
	Scans   int64
	Harmful int
	First   int    // of these, before anybody reported
	Median  string // from found to judged; "" while nothing was
	// Asked to be taken down or blocked; of these gone, and gone within 24 hours.
	Asked, Gone, Soon int64
	Labels            []LabelRow
	Free              []FreeRow
}

// FreeRow says whether a reviewer can take an item now, and never why not.
type FreeRow struct {
	Name string
	Free bool
}

// LabelRow is what became of the findings of one label.
type LabelRow struct {
	Label                     string
	Found, Decided, Dismissed int
}

// ReviewQueue is what waits for a reviewer: GET /detection/queue. POST /next;
// /care ("blur", "grey", "mute", "small"); /away ("go": away, back).
type ReviewQueue struct {
	Base
	Tabs    []Tab
	Rows    []ReviewRow
	Starred []ReviewRow
	Lights  []Light
	Second  int
	Stop    string // why nothing new is given out now; "": something is
	Budget  []BudgetRow
	Away    bool
	Care    CareForm
}

// ReviewRow is one item without a word of it.
type ReviewRow struct {
	Href, Code, Tier, State, Label, Kind, Why string
	Found                                     time.Time
	Pictures                                  int
	Known                                     bool // every picture was judged before
	Second                                    bool
	Mine                                      bool
}

// BudgetRow is what the reader has seen today of one kind.
type BudgetRow struct {
	Name     string
	Used, Of int
}

// CareForm is how the reader wants to be shown things.
type CareForm struct {
	Blur              []Option
	Grey, Mute, Small bool
}

// TakeItem is an item before its reader has taken it: GET of an item's address.
// POST /take.
type TakeItem struct {
	Base
	Row     ReviewRow
	Reasons []string
	Path    string
}

// ReviewItem is one item as its reviewer sees it: GET /detection/items/{id}.
// POST /reveal ("n", "why"), /words, /decide, /agree ("go": confirm, refuse),
// /skip ("reason"), /release, /star ("on"), /note ("note").
type ReviewItem struct {
	Base
	Tabs     []Tab
	ID       string
	Code     string
	Tier     string
	State    string // shape of the tier: late, soon, ok
	Label    string
	Kind     string
	Found    time.Time
	Reasons  []string
	Rules    []RuleWhy // of the province that held of it
	Address  string    // personal, shown broken so that no click leads there
	Title    string    // personal
	Text     []TextPart
	Covered  bool
	Pictures []ReviewPicture
	Budget   []BudgetRow
	Care     CareForm
	Blur     int
	Notes    []ReviewNote
	Clusters []ReviewCluster
	Starred  bool
	Open     bool // may be judged by the reader now
	Two      *TwoPerson
	Done     []KV
	CaseHref string
	CaseCode string
	Captured bool // the page as it was found lies sealed
	Policy   []KV // what the law says of each label
	Form     VerdictForm
	Skips    []Option
}

// TextPart is a piece of a text; Label is what was found in it, "" for
// nothing.
type TextPart struct{ Text, Label string }

// ReviewPicture is one picture, veiled.
type ReviewPicture struct {
	N     int
	Alt   string // personal
	Size  string
	Veil  string // address of the veiled picture
	Shown string // address of the open one, for a minute after it was asked for
	Known string // the earlier verdict in words
	Kept  bool
	Why   []Option // reasons, for a known one
	Film  bool
}

// ItemPicture is a picture with the item that it belongs to.
type ItemPicture struct {
	Item    ReviewItem
	Picture ReviewPicture
}

// ReviewNote is a note of a colleague.
type ReviewNote struct {
	By   string
	At   time.Time
	Text string // personal
}

// ReviewCluster is what one verdict can take along.
type ReviewCluster struct {
	Kind  string // in words
	Value string
	Count int
	On    bool
}

// VerdictForm is the form of a verdict, with what was typed.
type VerdictForm struct {
	Verdicts, Labels, Whys, Banks, Kinds []Option
	Domain, Note, Until                  string
	MayBlock                             bool
}

// Banks is the list of banks: GET /detection/banks. POST with "name", "title",
// "label", "severity", "ratio".
type Banks struct {
	Base
	Tabs   []Tab
	Rows   []BankRow
	May    bool
	Form   BankForm
	Hashes int
}

// BankRow is one bank.
type BankRow struct {
	Href, Name, Title, Label, Severity, Share string
	Contents                                  int
	Ours                                      bool
}

// BankForm is the form of a bank, with what was typed.
type BankForm struct {
	Name, Title, Share string
	Labels, Severities []Option
	Fixed              bool // the name stands
}

// BankPage is one bank: GET /detection/banks/{name}. POST /edit as above; /add
// with "type", "value", "note"; /drop with "id"; /end.
type BankPage struct {
	Base
	Tabs     []Tab
	Bank     BankRow
	May      bool
	Form     BankForm
	Types    []Option
	Value    string
	Note     string
	Contents []ContentRow
	Next     string
	Outs     []Option // addresses of the bank as a list, by format
}

// ContentRow is one content without its signals' values.
type ContentRow struct {
	ID                     int64
	Note, Category, Source string
	Made                   time.Time
	Off                    bool
}
