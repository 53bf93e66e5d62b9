// SPDX-License-Identifier: Apache-2.0

package ui

import (
	"fmt"
	"html/template"
	"strings"

	"lachan/internal/locale"
	"lachan/web/page"
)

// charts draws plots as SVG on the server: no script, no inline style, and
// the colours are classes, so that they follow the theme and survive print.
// The rules are those of the look: the title says the finding, labels stand on
// the bars, no gridlines, zero-based, a table behind.
type charts struct{ say *locale.Printer }

const (
	chartHeight = 260
	barsBase    = 230
	barsTop     = 34
	barsWidth   = 372
)

// columns draws a column chart; the words around it are the template's.
func (c charts) columns(d page.Columns) template.HTML {
	var b strings.Builder
	fmt.Fprintf(&b, `<svg class="cols" viewBox="0 0 440 %d" role="img" aria-labelledby="%s-t %s-d">`, chartHeight, esc(d.ID), esc(d.ID))
	fmt.Fprintf(&b, `<title id="%s-t">%s</title><desc id="%s-d">%s</desc>`, esc(d.ID), esc(d.Title), esc(d.ID), esc(c.summary(d)))
	top := max(d.Usual, 1)
	for _, p := range d.Points {
		top = max(top, p.Value)
	}
	scale := float64(barsBase-barsTop) / float64(top)
	step := float64(barsWidth) / float64(max(len(d.Points), 1))
	width := step * .78
	for i, p := range d.Points {
		x, h := float64(i)*step, float64(p.Value)*scale
		class := map[string]string{"hi": "hi", "now": "now"}[p.Mark]
		if class == "" {
			class = "c"
		}
		fmt.Fprintf(&b, `<rect class="%s" x="%.1f" y="%.1f" width="%.1f" height="%.1f" rx="3"/>`, class, x, barsBase-h, width, h)
		if p.Tick {
			at, start := x+width/2, ""
			if i == 0 { // centred, it would be cut at the edge
				at, start = 0, ` class="s"`
			}
			fmt.Fprintf(&b, `<text%s x="%.1f" y="252">%s</text>`, start, at, esc(p.Label))
		}
		if p.Mark != "" {
			fmt.Fprintf(&b, `<text class="v" x="%.1f" y="%.1f">%s</text>`, x+width/2, barsBase-h-8, esc(c.say.Int(int64(p.Value))))
		}
	}
	if d.Usual > 0 {
		y := barsBase - float64(d.Usual)*scale
		fmt.Fprintf(&b, `<path class="med" d="M0 %.1fH376"/><text class="ml" x="432" y="%.1f">%s</text><text class="ml" x="432" y="%.1f">%s</text>`,
			y, y-2, esc(c.say.T("ui.chart.usual")), y+15, esc(c.say.Int(int64(d.Usual))))
	}
	fmt.Fprintf(&b, `<path class="base" d="M0 %d.5H%d"/></svg>`, barsBase, barsWidth)
	return template.HTML(b.String())
}

// summary says the chart in words, for those who hear it.
func (c charts) summary(d page.Columns) string {
	parts := make([]string, 0, len(d.Points))
	for _, p := range d.Points {
		parts = append(parts, p.Label+": "+c.say.Int(int64(p.Value)))
	}
	return strings.Join(parts, "; ")
}

// tilemap draws one equal tile a place with its step printed in it.
func (c charts) tilemap(m page.TileMap) template.HTML {
	const cell, side = 29, 26
	cols, rows := 0, 0
	for _, t := range m.Tiles {
		cols, rows = max(cols, t.Col), max(rows, t.Row)
	}
	var b strings.Builder
	n := m.Counts()
	desc := make([]string, 0, 4)
	for i := range n {
		desc = append(desc, fmt.Sprintf("%d, %s: %s", i, m.Steps[i], c.say.Int(int64(n[i]))))
	}
	fmt.Fprintf(&b, `<svg class="tilemap" viewBox="0 0 %d %d" role="img" aria-labelledby="%s-t %s-d"><title id="%s-t">%s</title><desc id="%s-d">%s</desc>`,
		(cols+1)*cell+3, (rows+1)*cell+3, esc(m.ID), esc(m.ID), esc(m.ID), esc(m.Title), esc(m.ID), esc(strings.Join(desc, "; ")))
	for _, t := range m.Tiles {
		x, y, s := 2+t.Col*cell, 2+t.Row*cell, min(max(t.Step, 0), 3)
		fmt.Fprintf(&b, `<g><title>%s: %s</title><rect class="f%d" x="%d" y="%d" width="%d" height="%d" rx="4"/><text class="x%d" x="%d" y="%d">%d</text></g>`,
			esc(t.Name), esc(m.Steps[s]), s, x, y, side, side, s, x+13, y+18, s)
		if t.Own {
			fmt.Fprintf(&b, `<rect class="own" x="%.1f" y="%.1f" width="29" height="29" rx="5"/>`, float64(x)-1.5, float64(y)-1.5)
		}
	}
	b.WriteString(`</svg>`)
	return template.HTML(b.String())
}

// funnel draws how many went on from step to step, as bars from one edge.
func (c charts) funnel(f page.Funnel) template.HTML {
	const row, height = 46, 20
	top := 1
	for _, s := range f.Steps {
		top = max(top, s.Value)
	}
	var b strings.Builder
	desc := make([]string, 0, len(f.Steps))
	for _, s := range f.Steps {
		desc = append(desc, s.Label+": "+c.say.Int(int64(s.Value)))
	}
	fmt.Fprintf(&b, `<svg class="funnel" viewBox="0 0 440 %d" role="img" aria-labelledby="%s-t %s-d"><title id="%s-t">%s</title><desc id="%s-d">%s</desc>`,
		len(f.Steps)*row+4, esc(f.ID), esc(f.ID), esc(f.ID), esc(f.Title), esc(f.ID), esc(strings.Join(desc, "; ")))
	for i, s := range f.Steps {
		y, w := i*row, float64(s.Value)/float64(top)*370
		class := "c"
		if s.Mark != "" {
			class = s.Mark
		}
		fmt.Fprintf(&b, `<text x="0" y="%d">%s</text><rect class="%s" x="0" y="%d" width="%.1f" height="%d" rx="3"/><text class="v" x="%.1f" y="%d">%s</text>`,
			y+14, esc(s.Label), class, y+20, max(w, 2), height, w+8, y+35, esc(c.say.Int(int64(s.Value))))
	}
	b.WriteString(`</svg>`)
	return template.HTML(b.String())
}

// spark draws a line without axes.
func (c charts) spark(s page.Spark) template.HTML {
	if len(s.Values) < 2 {
		return ""
	}
	top := 1
	for _, v := range s.Values {
		top = max(top, v)
	}
	var points []string
	for i, v := range s.Values {
		points = append(points, fmt.Sprintf("%.1f,%.1f", 2+float64(i)*96/float64(len(s.Values)-1), 26-float64(v)/float64(top)*22))
	}
	last := strings.Split(points[len(points)-1], ",")
	return template.HTML(fmt.Sprintf(`<svg class="spark" viewBox="0 0 104 30" role="img" aria-label="%s"><polyline points="%s"/><circle cx="%s" cy="%s" r="3"/></svg>`,
		esc(s.Label), strings.Join(points, " "), last[0], last[1]))
}

// meter draws a share of 0 to 100 as a bar; label says it in words.
func (c charts) meter(percent int, kind, label string) template.HTML {
	percent = min(max(percent, 0), 100)
	return template.HTML(fmt.Sprintf(`<svg class="meter %s" role="img" aria-label="%s" width="100%%" height="8"><rect class="bg" width="100%%" height="8" rx="4"/><rect class="fg" width="%d%%" height="8" rx="4"/></svg>`,
		esc(kind), esc(label), percent))
}

func esc(s string) string { return template.HTMLEscapeString(s) }
