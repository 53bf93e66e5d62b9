// SPDX-License-Identifier: Apache-2.0

// Package static holds the few scripts of the pages. Every page works without
// them (a cheap phone, a locked-down school computer, a strict browser); they
// only make it quicker: the way out blanks the page first, the theme changes
// without a reload, a question is read aloud, clocks tick, keys go through a
// list, a picture is open while a button is held, and under a flood a sum is
// done instead of a wait. Only the held button asks the server for anything.
package static

import "embed"

// Files holds the scripts, served as they are under /static/.
//
//go:embed *.js
var Files embed.FS
