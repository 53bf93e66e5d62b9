// SPDX-License-Identifier: Apache-2.0

package page

import "time"

// Clock is one legal or internal deadline. The chip shows the time left and
// the rule; it opens to the basis, pauses and extensions.
type Clock struct {
	State string // late, soon (last quarter), ok, wait (paused), done
	Left  time.Duration
	At    time.Time // due; for done, when it was met
	Rule  string    // "Nền tảng gỡ, 24 giờ"
	Basis string    // "NĐ 147/2024"; empty: the chip does not open
	From  time.Time // when it started
	Notes []string  // pauses and extensions with their documents
	Wide  bool      // fills its column (tracks)
}

// Passed is the share of the clock that has gone, 0 to 100.
func (c Clock) Passed() int {
	whole := c.At.Sub(c.From)
	if whole <= 0 {
		return 100
	}
	gone := 100 - int(100*c.Left/whole)
	return max(0, min(100, gone))
}

// Gone is the time since the clock started.
func (c Clock) Gone() time.Duration { return c.At.Sub(c.From) - c.Left }

// Whole is the length of the clock.
func (c Clock) Whole() time.Duration { return c.At.Sub(c.From) }

// Score is the explained triage score, 0 to 100.
type Score struct {
	Points  int
	Tier    string // immediate, urgent, standard, monitor
	Factors []Factor
	Floor   string // the floor that was hit, in words; empty for none
	Weights string // version of the weights, "2026.3"
	Change  string // where to overrule it, with a reason; empty: not allowed
}

// Factor is one reason for a score, listed even when it gave no point.
type Factor struct {
	Points int
	Text   string
}

// Light is a count of one state that filters the list below it.
type Light struct {
	State   string // late, soon, ok, wait
	Count   int
	Href    string
	Current bool
}

// Event is one entry of a timeline.
type Event struct {
	At    time.Time
	Kind  string // decision, event, child, need
	Title string
	By    string // who, what, basis
	Quote string // the child's own words; personal
	Href  string // what belongs to it; "" for nothing
	Link  string // and its name
}

// Day groups events, newest first.
type Day struct {
	On     time.Time
	Events []Event
}

// Party is a person of a case by role, with what the reader may see.
type Party struct {
	Role   string
	Seen   string // personal
	Masked []Masked
}

// Masked is a covered field: what it hides and what opens it.
type Masked struct {
	What string // "tên, trường"
	Need string // "cần hai người mở"; empty: covered by role
	Open string // where to ask for it; empty: cannot be asked here
}

// State is one step of a stepper.
type State struct {
	Name string
	At   time.Time
	Is   string // done, now, next
}

// File is a link to a document or download.
type File struct {
	Name string
	Href string
	Kind string // "docx", "xlsx", "zip"
	Size int64  // bytes; 0: not said
}

// TwoPerson is the notice that an act needs a second person.
type TwoPerson struct {
	Act     string    // what is waiting
	First   string    // who asked; empty: nobody yet, this is said before the click
	At      time.Time // when
	Mine    bool      // the reader is that first person and cannot be the second
	Confirm string    // POST address for the second person; empty: not this reader
	ID      string
}

// Pager leads through a long list.
type Pager struct {
	Prev, Next      string // addresses; empty: none
	From, To, Total int
}

// Option is one choice of a select, a radio group or a set of tiles.
type Option struct {
	Value string
	Label string
	Note  string
	Icon  string
	On    bool
}

// Field is one field of a form.
type Field struct {
	Name, Label, Value, Error string
	Note                      string
	Type                      string // text (default), password, date, number, email, textarea, select
	Auto                      string // autocomplete
	Options                   []Option
	Must                      bool
	Max                       int // characters; 0: no limit
	Code                      bool
}

// Hint adds a line below the label.
func (f Field) Hint(text string) Field { f.Note = text; return f }

// As sets the kind of control.
func (f Field) As(kind string) Field { f.Type = kind; return f }

// Complete sets the autocomplete token.
func (f Field) Complete(token string) Field { f.Auto = token; return f }

// Choose makes it a select.
func (f Field) Choose(options []Option) Field { f.Type, f.Options = "select", options; return f }

// Required marks that the form cannot go without it.
func (f Field) Required() Field { f.Must = true; return f }

// Limit sets the longest text taken, in characters.
func (f Field) Limit(n int) Field { f.Max = n; return f }

// Mono shows codes in the fixed-width face.
func (f Field) Mono() Field { f.Code = true; return f }

// Described lists the ids that aria-describedby points to.
func (f Field) Described() string {
	switch {
	case f.Note != "" && f.Error != "":
		return "h-" + f.Name + " e-" + f.Name
	case f.Note != "":
		return "h-" + f.Name
	case f.Error != "":
		return "e-" + f.Name
	}
	return ""
}

// KV is one line of a key and value list.
type KV struct{ Key, Value, Href string }

// Empty is a list without rows: what would be here, and at most one act.
type Empty struct{ Title, Text, Href, Act string }

// Choice is one option drawn as a tile or a check box. Kind is "checkbox" or
// "radio".
type Choice struct {
	Kind, Name string
	Option     Option
}

// Scenario is a question to try, with answers that open where they are: no
// script, no score, try again as often as one likes.
type Scenario struct {
	Question string
	Answers  []ScenarioAnswer
}

// ScenarioAnswer is one way to act and what comes of it.
type ScenarioAnswer struct {
	Letter, Text, Reply string
	Good                bool
}
