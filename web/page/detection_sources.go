// SPDX-License-Identifier: Apache-2.0

package page

import "time"

// Sources is where is looked: GET /detection/sources. POST with "kind",
// "title", "addresses", "every", "depth", "pages".
type Sources struct {
	Base
	Tabs []Tab
	Rows []SourceRow
	Form SourceForm
	// NoKey says that the unit has no key yet: scans wait.
	NoKey bool
	// Bring lets the reader bring a file: POST /detection/bring with "address",
	// "words", "file".
	Bring *BringForm
}

// BringForm is what was typed beside a file.
type BringForm struct{ Address, Words string }

// SourceRow is one source with its newest scan.
type SourceRow struct {
	Href, Title, Kind, Every string
	Light, State             string // shape and word
	Last                     time.Time
	Pages, Items             int
}

// SourceForm is the form of a source, with what was typed.
type SourceForm struct {
	Title, Addresses, Depth, Pages string
	Kinds, Every                   []Option
}

// SourcePage is one source: GET /detection/sources/{id}. POST /state with "go"
// (active, paused, dropped).
type SourcePage struct {
	Base
	Tabs   []Tab
	Source SourceRow
	Facts  []KV
	Scans  []ScanRow
	Path   string // of the page
	Paused bool
	// Names says how the names of reports are visited; "" for other sources.
	Names   string
	NoNames string // why nothing was visited yet
}

// ScanRow is one look at the source.
type ScanRow struct {
	Light, State string
	Started      time.Time
	Pages, Items int
	Left         []LeftOut // what was not read
}

// LeftOut is why some pages were not read, with examples.
type LeftOut struct {
	Why     string
	Count   int
	Samples []string
}
