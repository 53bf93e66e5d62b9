// SPDX-License-Identifier: Apache-2.0

package schools

import "lachan/internal/bundle"

// The keys of the words for this room's codes (internal/locale). Pages and
// commands ask here, so that a code and its word cannot part.

// NameKey is the key of a category's, a service's or a source's name: what
// counts, policies and answers call their "category".
func (c *Catalogue) NameKey(code string) string {
	for _, s := range c.Services {
		if s.Code == code {
			return "schools.service." + code
		}
	}
	return "schools.category." + code
}

// AboutKey is the key of the sentence that says what a category holds.
func (c Category) AboutKey() string { return "schools.category-about." + c.Code }

// BandKey is the key of a band's name.
func BandKey(b bundle.Band) string { return "schools.band." + b.String() }

// BandCodes lists the codes of the bands, from the lowest school level up.
func BandCodes() []string {
	var codes []string
	for _, b := range bundle.AllBands() {
		codes = append(codes, b.String())
	}
	return codes
}

// PeriodKey is the key of the name of a part of the school's day.
func PeriodKey(p bundle.Period) string { return "schools.period." + p.String() }

// PeriodCodes lists the codes of the parts of the day, any time first.
func PeriodCodes() []string {
	var codes []string
	for _, p := range bundle.AllPeriods() {
		codes = append(codes, p.String())
	}
	return codes
}

// HourPeriods lists the codes of the parts of the day that have hours.
func HourPeriods() []string {
	return []string{bundle.Lesson.String(), bundle.Break.String(), bundle.Evening.String()}
}

// VideoKey is the key of the name of a step of restricted video.
func VideoKey(code string) string { return "schools.video." + code }

// LevelKey is the key of the name of a school's level.
func LevelKey(level string) string { return "schools.level." + level }

// RuleKey is the key of the name of a rule of the fixed order.
func RuleKey(r bundle.RuleKind) string { return "schools.rule." + r.String() }

// EndKey is the key of the reason why a block ended.
func EndKey(reason string) string { return "schools.end." + reason }

// ReasonKey is the key of the reason of a school's own rule or answer.
func ReasonKey(reason string) string { return "schools.reason." + reason }

// HealthKey is the key of a node's health.
func HealthKey(code string) string { return "schools.health." + code }

// PendingKey is the key of the remark on a list that waits for the next bundle.
func PendingKey() string { return "schools.list.pending" }

// Key is the key of the reason's sentence.
func (s Skip) Key() string { return "schools.skip." + string(s) }

// Key is the key of the format's name.
func (f Format) Key() string { return "schools.format." + string(f) }

// Key is the key of the caution's sentence.
func (c Caution) Key() string { return "schools.caution." + string(c) }

// Key is the key of the outcome's words.
func (o Outcome) Key() string {
	if o == Untried {
		return "schools.outcome.untried"
	}
	return "schools.outcome." + string(o)
}

// Key is the key of the step's name.
func (t Trust) Key() string { return "schools.trust." + string(t) }

// Key is the key of the concern's sentence.
func (c Concern) Key() string { return "schools.concern." + string(c) }

// Key is the key of the kind's name.
func (k BlockKind) Key() string { return "schools.kind." + string(k) }

// Key is the key of the state's name.
func (s BlockState) Key() string { return "schools.state." + string(s) }

// Key is the key of the state's name.
func (s RequestState) Key() string { return "schools.request." + string(s) }

// Key is the key of the span's name.
func (p Span) Key() string { return "schools.span." + string(p) }

// Key is the key of the kind's name.
func (k RulingKind) Key() string { return "schools.ruling." + string(k) }

// AskedKey is the key of why the department looks at a name.
func AskedKey(code string) string { return "schools.asked." + code }
