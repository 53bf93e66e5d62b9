// SPDX-License-Identifier: Apache-2.0

package page

import "time"

// Exchanges is those whose lists fill banks: GET /detection/exchanges. POST
// there with "name", "bank", "format", "way" (pull, file), "address", "every",
// "type".
type Exchanges struct {
	Base
	Tabs []Tab
	Rows []ExchangeRow
	Form ExchangeForm
}

// ExchangeRow is one exchange.
type ExchangeRow struct {
	Href, Name, Bank, BankHref, Format, Host string
	State, Word                              string // shape and word of its light
	Fault                                    string // why the last pull failed
	Pulls, Paused                            bool
	Every                                    string
	Next                                     time.Time // zero: not asked
	Last                                     *PullRow
}

// ExchangeForm is the form of an exchange, with what was typed.
type ExchangeForm struct {
	Name, Address                       string
	Banks, Formats, Ways, Pauses, Types []Option
}

// ExchangePage is one exchange: GET /detection/exchanges/{name}. POST /edit with
// "every", "type", "address"; /run; /pause with "on"; /access with the fields
// of Access; /import with "file"; /preview with "file"; /columns; /drop.
type ExchangePage struct {
	Base
	Tabs      []Tab
	Exchange  ExchangeRow
	Form      ExchangeForm
	Access    []Named
	HasAccess bool
	Pulls     []PullRow
	Rejects   []RejectRow // of the last pull
	Table     bool        // its lists are tables with columns to choose
	Columns   []ColumnRow
	Headings  []string
	Cells     [][]string
}

// Named is a field by its name and label.
type Named struct{ Name, Label string }

// PullRow is one list taken in.
type PullRow struct {
	Started, Ended                                           time.Time
	State, Word, By, Fault                                   string
	Pages, Entries, Fresh, Changed, Same, Withdrawn, Skipped int
}

// RejectRow is a reason for leaving entries out.
type RejectRow struct {
	Reason string
	Count  int
	Lines  string
}

// ColumnRow is a field of ours with the columns that it may be.
type ColumnRow struct {
	Name, Label string
	Options     []Option
}
