// SPDX-License-Identifier: Apache-2.0

package look

// HelpItem is one of the four ways out of a worry. Words are locale keys, so
// that this package holds no visible text.
type HelpItem struct {
	ID      string // adult, call, report, leave: also the CSS class
	Icon    string
	NameKey string // the bold word
	NoteKey string // one line below it on a desk; empty for leave
	Href    string
	// Away is set on the way out: no referrer may travel with it.
	Away bool
}

// ExitPath leads to the hub's exit: it clears what the browser kept of the
// site and redirects to a harmless public page. It is a plain link, so that it
// works without JavaScript.
const ExitPath = "/exit"

// ExitURL is where the exit ends: the national weather forecast, a page that
// anybody may have open.
const ExitURL = "https://nchmf.gov.vn/"

// HelpBar returns the four ways, in the one order that every page keeps: an
// adult the child trusts, 111, report, leave. base is the public address of
// the hub without a final slash; the hub's own pages pass the empty string,
// the block page of a node passes "https://hub.example".
func HelpBar(base string) []HelpItem {
	return []HelpItem{
		{ID: "adult", Icon: "adult", NameKey: "ui.help.adult", NoteKey: "ui.help.adult.note", Href: base + "/trusted-adult"},
		{ID: "call", Icon: "phone", NameKey: "ui.help.call", NoteKey: "ui.help.call.note", Href: "tel:111"},
		{ID: "report", Icon: "speak", NameKey: "ui.help.report", NoteKey: "ui.help.report.note", Href: base + "/report"},
		{ID: "leave", Icon: "exit", NameKey: "ui.help.leave", Href: base + ExitPath, Away: true},
	}
}
