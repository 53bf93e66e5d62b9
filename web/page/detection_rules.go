// SPDX-License-Identifier: Apache-2.0

package page

import "time"

// Rules is the list of rules: GET /detection/rules.
type Rules struct {
	Base
	Tabs    []Tab
	Rows    []FindRuleRow
	Samples []RuleSample
	LeftOut int // findings that rules kept out of the queue in 30 days
}

// FindRuleRow is one version of a rule.
type FindRuleRow struct {
	Href, Title, Name string
	Version           int
	State             string // shape: ok, soon, wait
	Word              string // the state in words
	Does              string // the effects in words
	Hits, Would       int    // of the last 30 days; Would while it was staged
	Author            string
	Changed           time.Time
}

// RuleSample is a rule that comes with the program.
type RuleSample struct{ Href, Title string }

// RuleWords is a condition in words, with its parts.
type RuleWords struct {
	Text  string
	Parts []RuleWords
}

// RuleWhy is why a rule held of an item.
type RuleWhy struct {
	Href, Title, Effect string
	Version             int
	Staged              bool
	Why                 []string
}

// RulePage is one rule: GET /detection/rules/{name} and, where it begins,
// /detection/rules/new. POST there with the fields of RuleForm and "act" (add,
// drop-N, save); POST /test ("version", "days"), /stage, /live, /off
// ("version").
type RulePage struct {
	Base
	Tabs     []Tab
	New      bool
	Sample   bool // the form begins with a rule that comes along
	Path     string
	Name     string
	Now      RuleNow // the newest version
	Live     int     // an older version that is live; 0: none
	When     RuleWords
	Then     []string
	Editing  bool // the form is open, with what was typed
	Odd      bool // it is written in a form that the page cannot change
	Form     RuleForm
	Test     *RuleTest
	Days     string
	Versions []RuleVersion
}

// RuleNow is what can be done with the newest version.
type RuleNow struct {
	FindRuleRow
	Next                       string // what comes next, in words
	CanStage, CanLive, CanStop bool
}

// RuleVersion is a version in the history, with what can be done with it.
type RuleVersion struct {
	FindRuleRow
	CanStage, CanLive, CanStop bool
}

// RuleForm is a rule as a form: rows of conditions, and effects.
type RuleForm struct {
	Name, Title             string
	After                   int
	Rows                    []RuleFormRow
	Kinds                   []Option // conditions that can be added
	Queue, LeaveOut         bool
	Tiers, Labels, Entities []Option
	Mark, Days              string
	FaultRows, FaultThen    string
}

// RuleFormRow is a condition. A control that its kind lacks is nil or has no
// name.
type RuleFormRow struct {
	N                   int
	Is, Title           string
	Roles               []Option
	Labels, Refs        []Option
	Ref, Least, Most    string
	RefText             string // the label of a free field; "" for none
	LeastText, MostText string
	HasUnknown, Unknown bool
	Fault               string
}

// RuleTest is the result of a back-test.
type RuleTest struct {
	Says     string // in one sentence
	At       time.Time
	Took     string
	Figures  []KV
	Labels   []RuleCount
	Tiers    []RuleCount
	Warn     string // what speaks against the rule; "" for nothing
	Examples []RuleExample
}

// RuleCount is a count by a word.
type RuleCount struct {
	Name  string
	Count int
}

// RuleExample is an item of which the rule held; Href is empty for who does not
// review.
type RuleExample struct{ Href, Code, Effect, Verdict string }
