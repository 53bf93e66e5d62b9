// SPDX-License-Identifier: Apache-2.0

// Package gallery fills the page that shows every component of the console in
// every state. An officer opens it from the question mark to learn what a
// shape or a colour means; whoever changes the look sees there what it does
// to everything. All of it is invented, and says so: its words are locale keys
// named "sample".
package gallery

import (
	"slices"
	"strconv"
	"time"

	"lachan/internal/clock"
	"lachan/internal/look"
	"lachan/internal/problem"
	"lachan/web/page"
)

// Components fills the page of components. The base is the reader's own, so
// that menu, theme and language stay; only its notice and its problem are
// replaced by samples.
func Components(base page.Base) page.Components {
	m := maker{base: base, now: time.Date(2026, 11, 23, 9, 42, 0, 0, clock.Vietnam)}
	base.Flash = nil
	base.Problem = problem.New("input/faulty").Field("domain", "input/required")
	c := page.Components{Base: base, Icons: icons()}
	c.Clocks, c.Scores, c.Rows = m.clocks(), m.scores(), m.cases()
	c.Lights = []page.Light{{State: "late", Count: 1}, {State: "soon", Count: 2}, {State: "ok", Count: 9}, {State: "wait", Count: 3}, {State: "none", Count: 4}}
	c.Days = m.days()
	c.Parties = []page.Party{
		{Role: m.t("party.child"), Seen: m.t("party.child.seen"), Masked: []page.Masked{{What: m.t("party.masked"), Need: m.t("party.need")}}},
		{Role: m.t("party.accused"), Masked: []page.Masked{{What: m.t("party.masked")}}},
	}
	c.States = []page.State{{Name: m.t("state.heard"), Is: "done", At: m.now.Add(-9 * time.Hour)}, {Name: m.t("state.read"), Is: "done", At: m.now.Add(-8 * time.Hour)}, {Name: m.t("state.work"), Is: "now"}, {Name: m.t("state.done"), Is: "next"}}
	c.Files = []page.File{{Name: m.t("file"), Href: "#case", Kind: "docx", Size: 48210}}
	c.Two = []page.TwoPerson{{Act: m.t("two.act")}, {Act: m.t("two.act"), First: m.t("two.who"), At: m.now, Mine: true}, {Act: m.t("two.act"), First: m.t("two.who"), At: m.now}}
	c.Pager = page.Pager{Prev: "#case", Next: "#forms", From: 21, To: 40, Total: 96}
	c.Fields = []page.Field{
		page.Field{Name: "name", Label: m.t("field.label"), Value: "sao-mai.example"}.Hint(m.t("field.hint")),
		page.Field{Name: "domain", Label: m.t("field.label"), Error: m.t("field.fault")}.Hint(m.t("field.hint")).Required(),
		page.Field{Name: "text", Label: m.t("fact.lead")}.As("textarea"),
		page.Field{Name: "pick", Label: m.t("fact.lead")}.Choose([]page.Option{{Value: "1", Label: m.t("fact.unit")}, {Value: "2", Label: m.t("band")}}),
	}
	c.Tiles = []page.Option{{Value: "1", Label: m.t("state.heard"), On: true}, {Value: "2", Label: m.t("state.read"), Note: m.t("next.note")}}
	c.Facts = []page.KV{{Key: m.t("fact.opened"), Value: base.Printer.DateTime(m.now)}, {Key: m.t("fact.lead"), Value: m.t("fact.unit")}}
	c.Empty = page.Empty{Title: base.T("console.work.nothing"), Text: base.T("console.work.nothing.text")}
	c.Acts = m.acts()
	c.Verdict = page.Verdict{
		Domain: "sao-mai.example", Refused: true, Band: m.t("band"), Why: m.t("why"), Matched: "sao-mai.example",
		Steps: []page.VerdictStep{{Name: m.t("rule.first"), Text: m.t("rule.no")}, {Name: m.t("rule.second"), Hit: true, Text: m.t("rule.yes")}, {Name: m.t("rule.third"), Past: true}},
		Trail: []page.KV{{Key: m.t("trail"), Value: "VV-2026-0412"}},
	}
	c.FormCells = []page.Cell{
		{Key: "c1", Label: m.t("cell.female"), State: "value", Value: "128", Last: "119"},
		{Key: "c2", State: "zero", Last: "4"},
		{Key: "c3", State: "missing", Last: "31"},
		{Key: "c4", State: "value", Value: "360", Last: "120", Warn: m.t("cell.warn")},
		{Key: "c5", State: "value", Value: "-2", Error: m.t("cell.fault")},
		{Key: "c6", State: "value", Value: "41", Auto: true},
	}
	c.Columns, c.Map = m.columns(), m.tiles()
	c.Funnel = page.Funnel{
		ID: "funnel", Title: m.t("funnel.title"), Head: [2]string{base.T("ui.map.step"), m.t("chart.count")},
		Steps: []page.Point{{Label: m.t("funnel.open"), Value: 412}, {Label: m.t("funnel.second"), Value: 361}, {Label: m.t("funnel.sent"), Value: 309, Mark: "hi"}},
	}
	c.Spark = page.Spark{Values: []int{2, 3, 3, 5, 4, 6, 7, 9}, Label: m.t("spark")}
	return c
}

// icons lists the drawings by name; none where the sprite cannot be read, in
// which case the pages could not have been parsed either.
func icons() []string {
	d, err := look.Load()
	if err != nil {
		return nil
	}
	return slices.Sorted(slices.Values(d.IconNames()))
}

type maker struct {
	base page.Base
	now  time.Time
}

func (m maker) t(key string, args ...any) string { return m.base.T("console.sample."+key, args...) }

func (m maker) clocks() []page.Clock {
	rule, basis := m.t("clock.platform"), m.t("clock.basis")
	due := func(state string, left time.Duration) page.Clock {
		return page.Clock{State: state, Left: left, At: m.now.Add(left), From: m.now.Add(left - 24*time.Hour), Rule: rule, Basis: basis}
	}
	late := due("late", -5*time.Hour)
	late.Left = 5 * time.Hour // a clock that has run out counts what it is over
	long := page.Clock{State: "ok", Left: 12 * 24 * time.Hour, At: m.now.Add(12 * 24 * time.Hour), From: m.now.Add(-8 * 24 * time.Hour), Rule: m.t("clock.police"), Basis: basis, Notes: []string{m.t("clock.note")}}
	return []page.Clock{late, due("soon", 5*time.Hour+12*time.Minute), long, due("wait", 9*time.Hour), due("done", 0), {State: "none", Rule: m.base.T("web.case.noclock")}}
}

func (m maker) scores() []page.Score {
	factors := []page.Factor{{Points: 40, Text: m.t("factor.harm")}, {Points: 20, Text: m.t("factor.age")}, {Points: 0, Text: m.t("factor.nil")}}
	score := func(points int, tier, floor string) page.Score {
		return page.Score{Points: points, Tier: tier, Factors: factors, Floor: floor, Weights: "2026.1"}
	}
	return []page.Score{score(92, "immediate", m.t("floor")), score(71, "urgent", ""), score(44, "standard", ""), score(12, "monitor", "")}
}

func (m maker) cases() []page.CaseRow {
	clocks, scores := m.clocks(), m.scores()
	return []page.CaseRow{
		{Href: "#case", Code: "VV-2026-0412", Title: m.t("case.meet"), Clock: clocks[1], Tracks: []string{"criminal", "child_support"}, Reports: 2, Score: scores[0], Next: m.t("next.read"), Urgent: true, Selected: true},
		{Href: "#case", Code: "VV-2026-0408", Title: m.t("case.fraud"), Clock: clocks[0], Tracks: []string{"takedown"}, Reports: 1, Score: scores[1], Next: m.t("next.read"), NextNote: m.t("next.note")},
		{Href: "#case", Code: "VV-2026-0399", Title: m.t("case.bully"), Clock: clocks[3], Tracks: []string{"administrative"}, Reports: 1, Score: scores[2], Next: m.t("next.read")},
	}
}

func (m maker) days() []page.Day {
	by := m.t("by")
	return []page.Day{
		{On: m.now, Events: []page.Event{{At: m.now, Kind: "need", Title: m.t("event.need")}, {At: m.now.Add(-20 * time.Minute), Kind: "decision", Title: m.t("event.decided"), By: by}}},
		{On: m.now.Add(-24 * time.Hour), Events: []page.Event{{At: m.now.Add(-12 * time.Hour), Kind: "child", Title: m.t("event.child"), Quote: m.t("event.quote")}, {At: m.now.Add(-13 * time.Hour), Kind: "event", Title: m.t("event.heard"), By: by}}},
	}
}

func (m maker) acts() []page.Act {
	keys := []string{"block", "refer", "answer", "close", "accept", "return", "measure", "phone", "register", "override", "assign", "tracks", "merge", "contact", "exclude", "suspend", "resume", "reopen"}
	acts := make([]page.Act, len(keys))
	for i, k := range keys {
		acts[i] = page.Act{Key: k, Href: "#case", Main: i == 0, Two: k == "block"}
	}
	return acts
}

func (m maker) columns() page.Columns {
	c := page.Columns{ID: "daily", Title: m.t("chart.title"), Sub: m.t("chart.sub"), Head: [2]string{m.t("chart.day"), m.t("chart.count")}, Usual: 9}
	for i, v := range []int{8, 11, 7, 9, 12, 6, 5, 9, 10, 22, 17, 12, 10, 4} {
		p := page.Point{Label: strconv.Itoa(10+i) + "/11", Value: v, Tick: i == 0 || i == 9 || i == 13}
		switch i {
		case 9:
			p.Mark = "hi"
		case 13:
			p.Mark = "now"
		}
		c.Points = append(c.Points, p)
	}
	return c
}

func (m maker) tiles() page.TileMap {
	t := page.TileMap{ID: "places", Title: m.t("map.title"), Steps: [4]string{m.t("map.0"), m.t("map.1"), m.t("map.2"), m.t("map.3")}}
	for i := range 48 {
		t.Tiles = append(t.Tiles, page.MapTile{Col: i % 8, Row: i / 8, Step: (i*7 + i/5) % 4, Name: m.t("map.place", "n", i+1), Own: i == 19})
	}
	return t
}
