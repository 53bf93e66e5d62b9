// SPDX-License-Identifier: Apache-2.0

package api

import (
	"net/http"
	"slices"
	"strings"

	"lachan/duty"
	"lachan/duty/schools"
	"lachan/duty/schools/online"
	"lachan/internal/problem"
)

// How far schools are with lessons online: readiness line by line, what a
// school states, and the guidance. To confirm a guidance is its reader's own
// act, so there is no route for it.

type lineDoc struct {
	Code    string `json:"code"`
	State   string `json:"state"`
	Counted bool   `json:"counted"` // by the system; false: stated by the school
	N       int    `json:"n"`
	Of      int    `json:"of"` // 0: no count
	Ref     string `json:"ref,omitempty"`
	Day     string `json:"day,omitempty"`
}

type readyDoc struct {
	School string    `json:"school"`
	Unit   string    `json:"unit"`
	Name   string    `json:"name"`
	Place  string    `json:"place"`
	Level  string    `json:"level"`
	Online bool      `json:"online"` // lessons online run now
	State  string    `json:"state"`  // the worst of the lines
	Lines  []lineDoc `json:"lines"`
}

// statedBody is a figure that a school states; ref is the number of the rule,
// the school year, or a version of a guidance ("lessons/1").
type statedBody struct {
	What  string `json:"what"`
	Ref   string `json:"ref,omitempty"`
	Day   string `json:"day"`
	Value int    `json:"value"`
	Total int    `json:"total,omitempty"`
}

type guidanceRow struct {
	Code    string `json:"code"`
	Version int    `json:"version"`
	Issued  string `json:"issued"`
	Title   string `json:"title"`
	About   string `json:"about"`
}

type guidanceDoc struct {
	Code    string   `json:"code"`
	Version int      `json:"version"`
	Issued  string   `json:"issued"`
	Title   string   `json:"title"`
	About   string   `json:"about"`
	Points  []string `json:"points"`
}

// readingDoc is how far a guidance has come in a school: how many accounts
// confirmed it, and what the school states of teachers without one.
type readingDoc struct {
	Code     string `json:"code"`
	Version  int    `json:"version"`
	Done     bool   `json:"done"`
	Accounts int    `json:"accounts"`
	Stated   int    `json:"stated"`
	Of       int    `json:"of"` // 0: nothing stated
	Day      string `json:"day,omitempty"`
}

func docOfReady(r online.Readiness) readyDoc {
	return readyDoc{
		School: r.School.ID, Unit: r.School.Unit, Name: r.School.Name, Place: r.School.Place, Level: r.School.Level,
		Online: r.Online, State: string(r.State()),
		Lines: each(r.Lines, func(l online.Line) lineDoc {
			return lineDoc{l.Code, string(l.State), l.Counted, l.N, l.Of, l.Ref, dayText(l.Day)}
		}),
	}
}

// dayText is a day, empty for none.
func dayText(d duty.Date) string {
	if d.IsZero() {
		return ""
	}
	return d.String()
}

func readyRoutes() []route {
	const one = "/api/v1/schools/{id}"
	paged := []string{"after", "limit"}
	return []route{
		{id: "readiness.get", method: http.MethodGet, path: one + "/readiness", status: 200, reply: readyDoc{}, do: func(c *call) (any, error) {
			r, err := c.Online.Readiness(c.ctx, c.actor, c.id())
			return docOfReady(r), err
		}},
		{id: "readiness.list", method: http.MethodGet, path: "/api/v1/readiness", query: []string{"q", "level", "place", "after", "limit"}, status: 200, reply: page[readyDoc]{}, do: listReady},
		{id: "stated.save", method: http.MethodPost, path: one + "/stated", body: statedBody{}, status: 204, do: saveStated},
		{id: "guidance.list", method: http.MethodGet, path: "/api/v1/guidance", query: paged, status: 200, reply: page[guidanceRow]{}, do: listGuidance},
		{id: "guidance.get", method: http.MethodGet, path: "/api/v1/guidance/{id}", query: []string{"version"}, status: 200, reply: guidanceDoc{}, do: getGuidance},
		{id: "guidance.read", method: http.MethodGet, path: one + "/guidance", query: paged, status: 200, reply: page[readingDoc]{}, do: func(c *call) (any, error) {
			all, err := c.Online.Readings(c.ctx, c.actor, c.id())
			if err != nil {
				return nil, err
			}
			return cut(c, each(all, func(r online.Reading) readingDoc {
				return readingDoc{r.Guidance.Code, r.Guidance.Version, r.Done(), r.Accounts, r.Stated.Value, r.Stated.Total, dayText(r.Stated.Day)}
			}), func(r readingDoc) string { return r.Code })
		}},
	}
}

func listReady(c *call) (any, error) {
	if level := c.query("level"); level != "" && !slices.Contains(schools.Levels(), level) {
		return nil, problem.New("input/faulty").Field("level", "input/not-a-choice")
	}
	all, err := c.Online.Overview(c.ctx, c.actor, schools.SchoolFilter{Query: c.query("q"), Level: c.query("level"), Place: c.query("place")})
	if err != nil {
		return nil, err
	}
	return cut(c, each(all, docOfReady), func(r readyDoc) string { return r.School })
}

func saveStated(c *call) (any, error) {
	var b statedBody
	if err := c.read(&b); err != nil {
		return nil, err
	}
	p := problem.New("input/faulty")
	on := day(p, "day", b.Day)
	if err := p.OrNil(); err != nil {
		return nil, err
	}
	err := c.Online.State(c.ctx, c.actor, online.StateCommand{School: c.id(), What: b.What, Ref: b.Ref, Day: on, Value: b.Value, Total: b.Total})
	if !problem.Is(err, "input/faulty") {
		return nil, err
	}
	// The page has a form for each kind, and the service names its fields.
	for _, f := range problem.From(err).Fields {
		p.Field(strings.TrimPrefix(f.Name, b.What+"_"), f.Code, f.Args...)
	}
	return nil, p
}

func listGuidance(c *call) (any, error) {
	if err := c.mayEnter(); err != nil {
		return nil, err
	}
	all := c.Online.Register().Current(duty.DateOf(c.Clock.Now()))
	return cut(c, each(all, func(g online.Guidance) guidanceRow {
		text := g.In(c.lang())
		return guidanceRow{g.Code, g.Version, g.Issued, text.Title, text.About}
	}), func(g guidanceRow) string { return g.Code })
}

// getGuidance is the newest version unless one is named.
func getGuidance(c *call) (any, error) {
	if err := c.mayEnter(); err != nil {
		return nil, err
	}
	version, err := c.number("version", 0, 1, 1000)
	if err != nil {
		return nil, err
	}
	g, ok := c.Online.Register().Version(c.id(), version, duty.DateOf(c.Clock.Now()))
	if !ok {
		return nil, problem.New("schools/no-guidance")
	}
	text := g.In(c.lang())
	return guidanceDoc{g.Code, g.Version, g.Issued, text.Title, text.About, append([]string{}, text.Points...)}, nil
}

// lang is the language of an answer that has words in it.
func (c *call) lang() string {
	lang := c.Texts.Printer(language(c.r.Header.Get("Accept-Language"))).Lang
	c.w.Header().Set("Content-Language", lang)
	return lang
}
