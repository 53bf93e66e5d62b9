// SPDX-License-Identifier: Apache-2.0

package ui

import (
	"fmt"
	"html/template"
	"strings"
	"time"

	"lachan/internal/clock"
	"lachan/internal/locale"
	"lachan/internal/look"
	"lachan/web/page"
)

// funcs are the words that templates know, bound to one language.
func funcs(p *locale.Printer, d *look.Drawings, assets *Assets) template.FuncMap {
	chart := charts{say: p}
	return template.FuncMap{
		// words
		"t": p.T,
		// tj joins a prefix, a name and an ending to a key: for lists whose
		// members are data ("public.topic.", "private", ".title").
		"tj":   func(parts ...string) string { return p.T(strings.Join(parts, "")) },
		"lang": func() string { return p.Lang },

		// figures and times, in the reader's language and in Vietnam's time
		"date":   p.Date,
		"stamp":  p.DateTime,
		"hhmm":   p.Clock,
		"span":   p.Span,
		"num":    func(n int) string { return p.Int(int64(n)) },
		"num64":  p.Int,
		"size":   func(n int64) string { return size(p, n) },
		"dec":    p.Decimal,
		"iso":    func(t time.Time) string { return t.In(clock.Vietnam).Format(time.RFC3339) },
		"unix":   func(t time.Time) int64 { return t.Unix() },
		"isZero": func(t time.Time) bool { return t.IsZero() },
		"weekday": func(t time.Time) string {
			return p.T(fmt.Sprintf("ui.weekday.%d", int(t.In(clock.Vietnam).Weekday())))
		},

		// drawings
		"icon": func(name string) (template.HTML, error) { return safe(d.Icon(name)) },
		"art":  func(name string) (template.HTML, error) { return safe(d.Art(name)) },
		// svg lets through a drawing that the server itself made (a QR code).
		"svg":      func(s string) template.HTML { return template.HTML(s) },
		"asset":    assets.URL,
		"exitpath": func() string { return look.ExitPath },
		"tel":      func(href string) template.URL { return template.URL(href) },
		"helpbar":  func() []look.HelpItem { return look.HelpBar("") },

		// charts and bars
		"columns": chart.columns,
		"tilemap": chart.tilemap,
		"funnel":  chart.funnel,
		"spark":   chart.spark,
		"meter":   chart.meter,

		// parts made in place
		"field": func(name, label, value, fault string) page.Field {
			return page.Field{Name: name, Label: label, Value: value, Error: fault}
		},
		"choice": func(kind, name string, o page.Option) page.Choice {
			return page.Choice{Kind: kind, Name: name, Option: o}
		},
		"ofItem": func(i page.ReviewItem, p page.ReviewPicture) page.ItemPicture {
			return page.ItemPicture{Item: i, Picture: p}
		},
		// scenario says a question and its answers from the keys below a
		// prefix that ends in a dot: q, a, a.reply …; best is the letter of the good answer.
		"scenario": func(prefix, best string) page.Scenario {
			s := page.Scenario{Question: p.T(prefix + "q")}
			for _, letter := range []string{"a", "b", "c"} {
				s.Answers = append(s.Answers, page.ScenarioAnswer{
					Letter: strings.ToUpper(letter), Good: letter == best,
					Text: p.T(prefix + letter), Reply: p.T(prefix + letter + ".reply"),
				})
			}
			return s
		},
		"empty": func(title, text string) page.Empty { return page.Empty{Title: title, Text: text} },
		"light": func(state string, n int) page.Light { return page.Light{State: state, Count: n} },
		"words": func(s ...string) []string { return s },
		"add":   func(a, b int) int { return a + b },
		"share": func(part, whole int) int { // percent, 0 to 100
			if whole <= 0 {
				return 0
			}
			return min(100, max(0, 100*part/whole))
		},
	}
}

func safe(s string, err error) (template.HTML, error) { return template.HTML(s), err }

// size says a number of bytes in the unit a person would use.
func size(p *locale.Printer, n int64) string {
	switch {
	case n < 1000:
		return p.T("ui.size.bytes", "n", n)
	case n < 1000*1000:
		return p.T("ui.size.kb", "n", p.Decimal(float64(n)/1000, 0))
	default:
		return p.T("ui.size.mb", "n", p.Decimal(float64(n)/1000/1000, 1))
	}
}
