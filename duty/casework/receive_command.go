// SPDX-License-Identifier: Apache-2.0

package casework

import (
	"strings"
	"unicode/utf8"

	"lachan/duty"
	"lachan/internal/locale"
	"lachan/internal/problem"
)

// Limits on what one report may hold, in characters.
const (
	MaxWords = 10000
	MaxLine  = 500
	MaxLinks = 2000
)

// ReceiveCommand is one report as a form or a machine sends it. Every field
// but Receipt may be left empty: a child may skip every question.
type ReceiveCommand struct {
	Receipt  string   `json:"receipt"` // the secret made when the form opened; personal
	Channel  string   `json:"channel"` // "" is web
	Lang     string   `json:"lang"`
	URL      string   `json:"url"`     // one or more addresses; personal
	Account  string   `json:"account"` // of the person reported; personal
	Words    string   `json:"words"`   // personal
	More     string   `json:"more"`    // personal
	Harms    []string `json:"harms"`
	Mediums  []string `json:"mediums"`
	Age      string   `json:"age"` // of the child: a part of duty.Ages
	Who      string   `json:"who"` // ReporterKind
	Relation string   `json:"relation"`
	Danger   string   `json:"danger"`
	// StillWith says whether the person reported is with the child now.
	StillWith string `json:"still_with"`

	ChildName     string `json:"child_name"`     // personal
	ChildSchool   string `json:"child_school"`   // personal
	ReportedName  string `json:"reported_name"`  // personal
	ReportedPhone string `json:"reported_phone"` // personal

	ReporterName  string `json:"reporter_name"`  // personal
	ReporterPhone string `json:"reporter_phone"` // personal

	Contact     string `json:"contact"`      // Contact; "" is only_code
	ContactTo   string `json:"contact_to"`   // number, or teacher; personal
	ContactTime string `json:"contact_time"` // when it is safe; personal
	ContactHide string `json:"contact_hide"` // what must not be shown; personal

	Place string `json:"place"` // org id of the commune, if told
	// AboutUnits are org ids of agencies that the report is about. They are
	// excluded from the case.
	AboutUnits []string `json:"about_units"`

	KnownHash bool `json:"known_hash"` // a picture's hash was known
	Generated bool `json:"generated"`
}

// clean brings the text to its stored form and the enumerations to their
// defaults.
func (c *ReceiveCommand) clean() {
	for _, p := range []*string{
		&c.Receipt, &c.URL, &c.Account, &c.Words, &c.More, &c.ChildName, &c.ChildSchool, &c.ReportedName, &c.ReportedPhone,
		&c.ReporterName, &c.ReporterPhone, &c.ContactTo, &c.ContactTime, &c.ContactHide, &c.Place,
	} {
		*p = locale.Normalize(*p)
	}
	if c.Channel == "" {
		c.Channel = string(Web)
	}
	if c.Lang == "" {
		c.Lang = locale.Source
	}
	if c.Contact == "" {
		c.Contact = string(OnlyCode)
	}
	if c.Who == "" {
		c.Who = string(AnonymousKind)
	}
	if c.Age == "" {
		c.Age = duty.AgeUnknown.Code()
	}
}

// Validate lists every faulty field at once (after filling in the defaults).
func (c *ReceiveCommand) Validate() error {
	c.clean()
	p := problem.New("input/faulty")
	if c.Receipt == "" {
		p.Field("receipt", "input/required")
	}
	choice := func(name string, ok bool) {
		if !ok {
			p.Field(name, "input/not-a-choice")
		}
	}
	for _, h := range c.Harms {
		choice("harm", Harm(h).Valid())
	}
	for _, m := range c.Mediums {
		choice("medium", Medium(m).Valid())
	}
	_, err := duty.ParseAge(c.Age)
	choice("age", err == nil)
	choice("who", ReporterKind(c.Who).Valid())
	choice("relation", Relation(c.Relation).Valid())
	choice("danger", Answer(c.Danger).Valid())
	choice("still_with", Answer(c.StillWith).Valid())
	choice("contact", Contact(c.Contact).Valid())
	choice("channel", Channel(c.Channel).Valid())
	long := func(name, value string, most int) {
		if utf8.RuneCountInString(value) > most {
			p.Field(name, "input/too-long", "max", most)
		}
	}
	long("words", c.Words, MaxWords)
	long("more", c.More, MaxWords)
	long("url", c.URL, MaxLinks)
	for name, value := range map[string]string{
		"account": c.Account, "child_name": c.ChildName, "child_school": c.ChildSchool, "reported_name": c.ReportedName,
		"reported_phone": c.ReportedPhone, "reporter_name": c.ReporterName, "reporter_phone": c.ReporterPhone,
		"contact_to": c.ContactTo, "contact_time": c.ContactTime, "contact_hide": c.ContactHide, "lang": c.Lang, "place": c.Place,
	} {
		long(name, value, MaxLine)
	}
	if len(c.AboutUnits) > 20 {
		p.Field("about_units", "input/too-long", "max", 20)
	}
	return p.OrNil()
}

// nothing reports whether there is nothing to read at all. Such a report is
// taken in: a child who only opened the form may need somebody.
func (c *ReceiveCommand) nothing() bool {
	return strings.TrimSpace(c.Words+c.More+c.URL+c.Account) == ""
}

// facts are what the score rests on, found in memory and kept without text.
func (c *ReceiveCommand) facts(cues *Cues) Facts {
	age, err := duty.ParseAge(c.Age)
	if err != nil {
		age = duty.AgeUnknown
	}
	f := Facts{
		Danger: Answer(c.Danger), StillWith: Answer(c.StillWith), Ages: age, Relation: Relation(c.Relation),
		Reporter: ReporterKind(c.Who), KnownHash: c.KnownHash, Generated: c.Generated,
		Cues:       cues.Find(c.Words, c.More),
		Unreadable: c.nothing() && len(c.Harms) == 0 || c.Lang != "vi" && c.Lang != "en",
	}
	for _, h := range c.Harms {
		f.Harms = append(f.Harms, Harm(h))
	}
	return f
}

// The sealed groups of a report, each one JSON object.
type (
	// ToldWords is the narrative group.
	ToldWords struct {
		URL     string `json:"url,omitempty"`
		Account string `json:"account,omitempty"`
		Words   string `json:"words,omitempty"`
		More    string `json:"more,omitempty"`
		// When and Hide belong to the safe contact, which every reader of the
		// case needs before he does anything.
		When string `json:"when,omitempty"`
		Hide string `json:"hide,omitempty"`
	}
	// ToldChild is the child group.
	ToldChild struct {
		Name   string `json:"name,omitempty"`
		School string `json:"school,omitempty"`
	}
	// ToldPerson is the group of the person reported.
	ToldPerson struct {
		Name  string `json:"name,omitempty"`
		Phone string `json:"phone,omitempty"`
	}
	// ToldReporter is the group of the reporter's identity.
	ToldReporter struct {
		Name  string `json:"name,omitempty"`
		Phone string `json:"phone,omitempty"`
		To    string `json:"to,omitempty"` // number or teacher of the safe contact
	}
)

// letters are the groups to be sealed; a group without anything is left out.
func (c *ReceiveCommand) letters() map[Group]any {
	out := map[Group]any{Narrative: ToldWords{c.URL, c.Account, c.Words, c.More, c.ContactTime, c.ContactHide}}
	if v := (ToldChild{c.ChildName, c.ChildSchool}); v != (ToldChild{}) {
		out[AboutChild] = v
	}
	if v := (ToldPerson{c.ReportedName, c.ReportedPhone}); v != (ToldPerson{}) {
		out[AboutReported] = v
	}
	if v := (ToldReporter{c.ReporterName, c.ReporterPhone, c.ContactTo}); v != (ToldReporter{}) {
		out[ReporterIdentity] = v
	}
	return out
}
