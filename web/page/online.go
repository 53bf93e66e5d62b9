// SPDX-License-Identifier: Apache-2.0

package page

import "time"

// SchoolHead names a school above the pages of one school.
type SchoolHead struct {
	ID, Code, Name, Place, Level string
	CanReport                    bool   // may report an incident
	Tab                          string // filter, ready, register, incident: this page
}

// Ready is how far a school is with clause 3: GET /schools/{id}/online/ready.
// POST /schools/{id}/online/state with "what" (rule, staff, skills) and the
// fields "<what>_ref", "<what>_day", "<what>_value", "<what>_total".
type Ready struct {
	Base
	School  SchoolHead
	Lines   []ReadyLine
	Todo    int // lines that ask for something
	CanEdit bool
	Rule    StatedForm
	Staff   StatedForm
	Skills  StatedForm
}

// ReadyLine is one thing that the school shall have.
type ReadyLine struct {
	Title, State, Word string // State as a light: late, soon, ok, wait
	Value              string // the figure or the date, in words
	From               string // counted or stated, in words
	Next, Href, Act    string // what to do, and where; empty: nothing
}

// StatedForm holds what was stated last, or was typed just now.
type StatedForm struct{ Ref, Day, Value, Total string }

// Online is the register of one school: GET /schools/{id}/online. POST
// …/platforms with "platform", "platform_name"; …/platforms/end with "id";
// …/classes with "title", "grade", "use", "pupils", "first", "last";
// …/classes/end with "id".
type Online struct {
	Base
	School                      SchoolHead
	CanEdit                     bool
	Uses                        []UseRow
	Classes                     []ClassRow
	Incidents                   []KV // kinds and how many, this school year
	Since                       time.Time
	Platforms, Grades, UsesList []Option
	Class                       ClassForm
	PlatformName                string
}

// UseRow is a platform of the school.
type UseRow struct {
	ID, Name, Kind string
	Since          time.Time
	Check          CheckState
}

// ClassRow is an online class.
type ClassRow struct {
	ID, Title, Grade, On, Keeper string
	Pupils                       int // -1: not said
	First, Last                  time.Time
	Check                        CheckState
}

// CheckState is how a checklist stands, with its page.
type CheckState struct {
	State, Word, Note, Href string
}

// ClassForm is what was typed into the form of a class.
type ClassForm struct{ Title, Pupils, First, Last string }

// Checklist is the form of a checklist: GET /schools/{id}/online/check with
// "kind" and "subject"; POST with one field for each item.
type Checklist struct {
	Base
	School        SchoolHead
	Kind, Subject string
	Title         string // the class or platform
	Items         []CheckItem
	By            string // who answered last
	At, Due       time.Time
	CanEdit       bool
}

// CheckItem is one sentence to agree with.
type CheckItem struct {
	Name, Text string
	Answers    []Option
}

// Incident is the form for what happened in a lesson: GET
// /schools/{id}/online/incident; POST with "id", "receipt", "kind", "day",
// "danger", "age", "words", "url". Words and URL are personal: they are what was
// typed, shown to the one who typed it. Done stands after it was sent.
type Incident struct {
	Base
	School              SchoolHead
	ID, Receipt         string
	Day, Words, URL     string
	Kinds, Dangers      []Option
	Ages                []Option // of the child
	Done                *Taken
	MayNeedHelp, Closed bool // danger was not denied; nobody reads reports now
}

// Guidances is the list of texts: GET /schools/guidance.
type Guidances struct {
	Base
	Rows []GuidanceRow
	Own  string // name of the reader's school; empty: none
}

// GuidanceRow is one text. State is a light, empty without a school.
type GuidanceRow struct {
	Href, Title, About, State, Word string
	Version                         int
	Issued                          time.Time
}

// Guidance is one text: GET /schools/guidance/{code} with "version". POST
// …/ack with "version"; …/declare with "version", "guidance_day",
// "guidance_value", "guidance_total".
type Guidance struct {
	Base
	Code, Heading, About string
	Version              int
	Issued               time.Time
	Points               []string
	Newest               bool
	Own                  string // name of the reader's school; empty: none
	Mine                 time.Time
	Accounts             int
	Stated               StatedForm
	StatedAt             time.Time // zero: nothing stated
	CanAck, CanState     bool
}

// Models is the list of models: GET /schools/models; POST with "title",
// "design", "criteria" begins one.
type Models struct {
	Base
	Rows    []ModelRow
	CanEdit bool
	Form    ModelForm
}

// ModelRow is a model in the list.
type ModelRow struct {
	Href, Title, State string
	Pilots, Adopters   int
	Met, Criteria      int
	Changed            time.Time
}

// ModelForm is what was typed; Criteria has one a line.
type ModelForm struct{ Title, Design, Criteria string }

// Model is one model: GET /schools/models/{id}. POST …/save as for Models;
// …/move with "to"; …/join and …/leave with "school"; …/judge with "result-N",
// "note-N", "conclusion".
type Model struct {
	Base
	ID, Heading, Design, Evaluation string
	State                           string
	First, Last                     time.Time
	Criteria                        []CriterionRow
	Pilots, Adopters                []MemberRow
	Moves                           []Option
	Schools                         []Option // that may join now
	Form                            ModelForm
	CanEdit, Draft, Judging         bool
	Find                            string // what schools were looked for
}

// CriterionRow is one criterion with its result.
type CriterionRow struct {
	Text, Word, Note, State string
	Results                 []Option
}

// MemberRow is a school of a model.
type MemberRow struct {
	ID, Href, Name, Place string
	Since                 time.Time
	CanLeave              bool
}

// ReadyAll is all schools against clause 3: GET /schools/ready with "q",
// "level", "place", "line", "light", "by" (place: by commune).
type ReadyAll struct {
	Base
	Lights         []Light
	Sums           []ReadySum
	Levels, Places []Option
	Lines          []Option
	Rows           []ReadyRow
	Communes       []ReadyPlace
	Pager          Pager
	Filter         bool
	By             string // "place": communes are shown
	BySchool       string // address of the other view
	ByPlace        string
}

// ReadySum is how many schools have one thing.
type ReadySum struct {
	Title, Href string
	N, Of       int
}

// ReadyRow is a school in the overview.
type ReadyRow struct {
	Href, Code, Name, Place, Level string
	Done, Of                       int
	State, Word                    string
	Open                           []string // titles of what asks for something
}

// ReadyPlace is a commune in the overview.
type ReadyPlace struct {
	Href, Name string
	Schools    int
	Done       []int // by line, as Sums
}
