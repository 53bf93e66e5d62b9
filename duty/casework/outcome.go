// SPDX-License-Identifier: Apache-2.0

package casework

import "slices"

// Outcome is how a case ended (reference: casework §10). Each has a wording
// for a child, one for an adult and one for the file; none names anybody.
type Outcome string

// The outcomes.
const (
	ChildSafe       Outcome = "O1"
	ContentRemoved  Outcome = "O2"
	ContentBlocked  Outcome = "O3"
	PlatformRefused Outcome = "O4"
	Investigation   Outcome = "O5"
	Prosecution     Outcome = "O6"
	NotACrime       Outcome = "O7"
	Penalty         Outcome = "O8"
	OtherPlace      Outcome = "O9"
	NotFound        Outcome = "O10"
	Duplicate       Outcome = "O11"
	NotAChild       Outcome = "O12"
	SuspendedCase   Outcome = "O13"
	Mistaken        Outcome = "O14"
	Spam            Outcome = "O15"
)

// Outcomes lists all outcomes.
func Outcomes() []Outcome {
	return []Outcome{
		ChildSafe, ContentRemoved, ContentBlocked, PlatformRefused, Investigation, Prosecution, NotACrime, Penalty,
		OtherPlace, NotFound, Duplicate, NotAChild, SuspendedCase, Mistaken, Spam,
	}
}

// Valid reports whether o is one of the list.
func (o Outcome) Valid() bool { return slices.Contains(Outcomes(), o) }

// Unfounded reports whether nothing was found against the person reported:
// blocks lift the same day, links expire, and no later score remembers it.
func (o Outcome) Unfounded() bool { return o == NotACrime || o == Mistaken || o == Spam }

// Key is the locale key of the outcome's name in the file.
func (o Outcome) Key() string { return "casework.outcome." + string(o) + ".name" }

// TextKey is the locale key of what the reporter is told.
func (o Outcome) TextKey(child bool) string {
	if child {
		return "casework.outcome." + string(o) + ".child"
	}
	return "casework.outcome." + string(o) + ".adult"
}
