// SPDX-License-Identifier: Apache-2.0

package casework

import (
	"lachan/duty"
	"lachan/internal/locale"
	"lachan/internal/problem"
)

// Document is the paper on which a suspension, a pause or an extension stands:
// an officer's word alone moves no deadline.
type Document struct {
	Number string `json:"number"` // "09/QĐ"
	Date   string `json:"date"`   // its day, 2026-11-23
}

// check names the faulty fields "number" and "date".
func (d Document) check(p *problem.Error) {
	if locale.Normalize(d.Number) == "" {
		p.Field("number", "input/required")
	}
	if d.Date == "" {
		p.Field("date", "input/required")
	} else if _, err := duty.ParseDate(d.Date); err != nil {
		p.Field("date", "input/not-a-date")
	}
}

// String is number and day as a clock and the ledger keep them.
func (d Document) String() string {
	day, err := duty.ParseDate(d.Date)
	if err != nil { // check let nothing else through
		return d.Number
	}
	return d.Number + " (" + day.Start().Format("02/01/2006") + ")"
}
