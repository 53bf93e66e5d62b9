// SPDX-License-Identifier: Apache-2.0

package ui_test

import (
	"time"

	"lachan/internal/clock"
	"lachan/internal/locale"
	"lachan/web/page"
	"lachan/web/ui/gallery"
)

// now is the moment of all samples: Monday, 23 November 2026, 09:42.
var now = time.Date(2026, 11, 23, 9, 42, 0, 0, clock.Vietnam)

// set holds samples by the name of their template; where a page has states,
// further samples are called "name#state".
type set = map[string]interface{ Language() string }

// maker makes samples in one language and theme. Nothing in them is a real
// person, place or case.
type maker struct {
	p     *locale.Printer
	theme string
}

func (m maker) t(key string, args ...any) string { return m.p.T(key, args...) }

// samples has at least one filled page for every template.
func samples(p *locale.Printer, theme string) set {
	m := maker{p: p, theme: theme}
	all := set{"help/components": gallery.Components(m.console(m.t("console.help.title"), ""))}
	for _, part := range []set{m.public(), m.report(), m.access(), m.casework(), m.schools(), m.online(), m.detection(), m.models(), m.detectionRules(), m.exchanges(), m.reporting(), m.keeping()} {
		for name, sample := range part {
			all[name] = sample
		}
	}
	return all
}

func (m maker) base(title, path string) page.Base {
	return page.Base{Lang: m.p.Lang, Theme: m.theme, Title: title, Path: path, Place: "tỉnh Quảng Ngãi", Printer: m.p, Demo: true}
}

func (m maker) console(title, room string) page.Base {
	b := m.base(title, "/"+room)
	b.User = &page.User{Name: "Trần Thị Mẫu", Initials: "TM", Post: "Ca sáng, đến 15:00", CanSetUp: true}
	b.Unit = page.Unit{ID: "u1", Name: "Tổ tiếp nhận mẫu", Under: "Sở mẫu"}
	b.Units = []page.Unit{b.Unit, {ID: "u2", Name: "Phòng mẫu", Under: "Sở mẫu"}}
	b.Nav = page.Nav(room, map[string]string{"work": "/work", "mission": "/mission", "casework": "/casework", "schools": "/schools", "detection": "/detection", "reporting": "/reporting/totals", "ledger": "/ledger"}, map[string]int{"work": 13, "casework": 41, "reporting": 2})
	b.SearchPath, b.BellPath, b.IntakePath, b.HelpPath, b.Bell = "/casework", "/notices", "/casework/new", "/help/components", 3
	return b
}
