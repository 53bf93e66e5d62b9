// SPDX-License-Identifier: Apache-2.0

package api

import (
	"net/http"
	"slices"
	"strings"
	"time"

	"lachan/duty"
	"lachan/duty/schools/online"
	"lachan/internal/authz"
	"lachan/internal/problem"
)

// What a school teaches on: its platforms and classes, and how their
// checklists stand. Who keeps a class and who answered stays inside.

type platformDoc struct {
	Code string `json:"code"`
	Name string `json:"name,omitempty"`
	Kind string `json:"kind"`
}

type checklistDoc struct {
	Kind  string   `json:"kind"`
	Days  int      `json:"days"` // that answers hold
	Items []string `json:"items"`
}

type registerDoc struct {
	Platforms  []platformDoc  `json:"platforms"`
	Checklists []checklistDoc `json:"checklists"`
	Answers    []string       `json:"answers"`
	Incidents  []string       `json:"incidents"`
}

type useDoc struct {
	ID       string    `json:"id"`
	Platform string    `json:"platform"`
	Name     string    `json:"name"`
	Since    time.Time `json:"since"`
}

type useBody struct {
	Platform string `json:"platform"`
	Name     string `json:"platform_name,omitempty"` // of "other" only
}

type classDoc struct {
	ID     string `json:"id"`
	Title  string `json:"title"`
	Grade  int    `json:"grade"` // 0: several
	Use    string `json:"use"`
	Pupils *int   `json:"pupils,omitempty"`
	First  string `json:"first"`
	Last   string `json:"last"`
}

type classBody struct {
	Title  string `json:"title"`
	Grade  int    `json:"grade,omitempty"`
	Use    string `json:"use"`
	Pupils *int   `json:"pupils,omitempty"`
	First  string `json:"first"`
	Last   string `json:"last"`
}

// checkDoc is how the checklist of a class or a platform stands; one that was
// never answered has neither answers nor days.
type checkDoc struct {
	Kind     string            `json:"kind"`
	Subject  string            `json:"subject"`
	State    string            `json:"state"`
	Answers  map[string]string `json:"answers,omitempty"`
	Gaps     int               `json:"gaps"`
	Answered *time.Time        `json:"answered,omitempty"`
	Due      *time.Time        `json:"due,omitempty"`
}

type checkBody struct {
	Kind    string            `json:"kind"`
	Subject string            `json:"subject"`
	Answers map[string]string `json:"answers"`
}

// incidentsDoc counts what happened in lessons, by kind, since the school year
// began: as the page does, and without a day, a class or a word of it.
type incidentsDoc struct {
	Since string         `json:"since"`
	Kinds map[string]int `json:"kinds"`
}

func docOfUse(r online.Register) func(online.Use) useDoc {
	return func(u online.Use) useDoc { return useDoc{u.ID, u.Platform, u.Called(r), u.Since} }
}

func docOfClass(x online.Class) classDoc {
	d := classDoc{ID: x.ID, Title: x.Title, Grade: x.Grade, Use: x.Use, First: x.First.String(), Last: x.Last.String()}
	if x.Pupils >= 0 {
		d.Pupils = &x.Pupils
	}
	return d
}

func onlineRoutes() []route {
	const one = "/api/v1/schools/{id}"
	paged := []string{"after", "limit"}
	return []route{
		{id: "online.register", method: http.MethodGet, path: "/api/v1/online-register", status: 200, reply: registerDoc{}, do: onlineRegister},
		{id: "platforms.list", method: http.MethodGet, path: one + "/platforms", query: paged, status: 200, reply: page[useDoc]{}, do: func(c *call) (any, error) {
			all, err := c.Online.Uses(c.ctx, c.actor, c.id())
			if err != nil {
				return nil, err
			}
			return cut(c, each(all, docOfUse(c.Online.Register())), func(u useDoc) string { return u.ID })
		}},
		{id: "platforms.save", method: http.MethodPost, path: one + "/platforms", body: useBody{}, status: 201, reply: useDoc{}, do: func(c *call) (any, error) {
			var b useBody
			if err := c.read(&b); err != nil {
				return nil, err
			}
			u, err := c.Online.TakeUse(c.ctx, c.actor, online.UseCommand{School: c.id(), Platform: b.Platform, Name: b.Name})
			return docOfUse(c.Online.Register())(u), err
		}},
		{id: "platforms.drop", method: http.MethodDelete, path: one + "/platforms/{item}", status: 204, do: func(c *call) (any, error) {
			return nil, c.Online.EndUse(c.ctx, c.actor, c.id(), c.item())
		}},
		{id: "classes.list", method: http.MethodGet, path: one + "/classes", query: paged, status: 200, reply: page[classDoc]{}, do: func(c *call) (any, error) {
			all, err := c.Online.Classes(c.ctx, c.actor, c.id())
			if err != nil {
				return nil, err
			}
			return cut(c, each(all, docOfClass), func(x classDoc) string { return x.ID })
		}},
		{id: "classes.save", method: http.MethodPost, path: one + "/classes", body: classBody{}, status: 201, reply: classDoc{}, do: saveClass},
		{id: "classes.end", method: http.MethodDelete, path: one + "/classes/{item}", status: 204, do: func(c *call) (any, error) {
			return nil, c.Online.EndClass(c.ctx, c.actor, c.id(), c.item())
		}},
		{id: "checks.list", method: http.MethodGet, path: one + "/checks", query: paged, status: 200, reply: page[checkDoc]{}, do: listChecks},
		{id: "checks.answer", method: http.MethodPost, path: one + "/checks", body: checkBody{}, status: 200, reply: checkDoc{}, do: func(c *call) (any, error) {
			var b checkBody
			if err := c.read(&b); err != nil {
				return nil, err
			}
			x, err := c.Online.AnswerCheck(c.ctx, c.actor, online.CheckCommand{School: c.id(), Kind: b.Kind, Subject: b.Subject, Answers: b.Answers})
			return c.docOfCheck(x.Kind, x.Subject, x), err
		}},
		{id: "incidents.counts", method: http.MethodGet, path: one + "/incidents", status: 200, reply: incidentsDoc{}, do: incidents},
	}
}

// mayEnter reports whether the caller may know of anything of schools at all:
// what every school has in common is for those.
func (c *call) mayEnter() error {
	_, err := c.Authz.Check(c.ctx, c.actor, "schools.view", authz.Resource{Type: "schools.school", Attrs: map[string]any{"unit": c.actor.Unit}})
	return err
}

func onlineRegister(c *call) (any, error) {
	r := c.Online.Register()
	return registerDoc{
		Platforms:  each(r.Platforms, func(p online.Platform) platformDoc { return platformDoc{p.Code, p.Name, p.Kind} }),
		Checklists: each(r.Checks, func(l online.Checklist) checklistDoc { return checklistDoc{l.Kind, l.Days, l.Items} }),
		Answers:    online.Answers(), Incidents: r.Incidents,
	}, c.mayEnter()
}

// day reads a day of a body; an empty one is the zero Date, which the service
// names.
func day(p *problem.Error, name, text string) duty.Date {
	if text == "" {
		return duty.Date{}
	}
	d, err := duty.ParseDate(text)
	if err != nil {
		p.Field(name, "input/not-a-date")
	}
	return d
}

func saveClass(c *call) (any, error) {
	var b classBody
	if err := c.read(&b); err != nil {
		return nil, err
	}
	p := problem.New("input/faulty")
	cmd := online.ClassCommand{
		School: c.id(), Title: b.Title, Grade: b.Grade, Use: b.Use, Pupils: -1, First: day(p, "first", b.First), Last: day(p, "last", b.Last),
	}
	if b.Pupils != nil {
		if cmd.Pupils = *b.Pupils; cmd.Pupils < 1 { // -1 would be "not said"
			p.Field("pupils", "input/out-of-range", "min", 1, "max", 500)
		}
	}
	if err := p.OrNil(); err != nil {
		return nil, err
	}
	x, err := c.Online.OpenClass(c.ctx, c.actor, cmd)
	return docOfClass(x), err
}

func (c *call) docOfCheck(kind, subject string, x online.Check) checkDoc {
	return checkDoc{kind, subject, string(x.State(c.Clock.Now())), x.Answers, x.Gaps, optional(x.At), optional(x.Due)}
}

// listChecks lists every platform and class of a school with its checklist.
func listChecks(c *call) (any, error) {
	uses, err := c.Online.Uses(c.ctx, c.actor, c.id())
	if err != nil {
		return nil, err
	}
	classes, err := c.Online.Classes(c.ctx, c.actor, c.id())
	if err != nil {
		return nil, err
	}
	checks, err := c.Online.Checks(c.ctx, c.actor, c.id())
	if err != nil {
		return nil, err
	}
	all := slices.Concat(
		each(uses, func(u online.Use) checkDoc { return c.docOfCheck(online.UseCheck, u.ID, checks[u.ID]) }),
		each(classes, func(x online.Class) checkDoc { return c.docOfCheck(online.ClassCheck, x.ID, checks[x.ID]) }),
	)
	slices.SortFunc(all, func(a, b checkDoc) int { return strings.Compare(a.Subject, b.Subject) })
	return cut(c, all, func(x checkDoc) string { return x.Subject })
}

// incidents are read here and never written: a person reports on the page,
// and the words go to casework.
func incidents(c *call) (any, error) {
	since, kinds, err := c.Online.IncidentCounts(c.ctx, c.actor, c.id())
	return incidentsDoc{Since: since.String(), Kinds: kinds}, err
}
