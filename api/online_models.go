// SPDX-License-Identifier: Apache-2.0

package api

import (
	"net/http"
	"slices"
	"time"

	"lachan/duty/schools/online"
	"lachan/internal/problem"
)

// modelRow is a model in a list.
type modelRow struct {
	ID       string    `json:"id"`
	Title    string    `json:"title"`
	State    string    `json:"state"`
	Pilots   int       `json:"pilots"`
	Adopters int       `json:"adopters"`
	Criteria int       `json:"criteria"`
	Met      int       `json:"met"`
	Changed  time.Time `json:"changed"`
}

type criterionDoc struct {
	Text   string `json:"text"`
	Result string `json:"result"` // "": none yet
	Note   string `json:"note"`
}

type memberDoc struct {
	School string `json:"school"`
	Part   string `json:"part"`
	Since  string `json:"since"`
}

// modelDoc is a model with the schools that the caller may know; others are
// counted.
type modelDoc struct {
	ID         string         `json:"id"`
	Title      string         `json:"title"`
	Design     string         `json:"design"`
	Evaluation string         `json:"evaluation"`
	State      string         `json:"state"`
	Next       []string       `json:"next"` // states that may follow
	First      string         `json:"first,omitempty"`
	Last       string         `json:"last,omitempty"`
	Criteria   []criterionDoc `json:"criteria"`
	Schools    []memberDoc    `json:"schools"`
	Others     int            `json:"others"`
	Created    time.Time      `json:"created"`
	Changed    time.Time      `json:"changed"`
}

type modelBody struct {
	Title    string   `json:"title"`
	Design   string   `json:"design"`
	Criteria []string `json:"criteria"`
}

type moveBody struct {
	To string `json:"to"`
}

// judgeBody has a result and a note for each criterion, in their order.
type judgeBody struct {
	Results    []string `json:"results"`
	Notes      []string `json:"notes"`
	Conclusion string   `json:"conclusion"`
}

func modelRoutes() []route {
	const one = "/api/v1/models/{id}"
	return []route{
		{id: "models.list", method: http.MethodGet, path: "/api/v1/models", query: []string{"after", "limit"}, status: 200, reply: page[modelRow]{}, do: func(c *call) (any, error) {
			all, err := c.Online.Models(c.ctx, c.actor)
			if err != nil {
				return nil, err
			}
			return cut(c, each(all, rowOfModel), func(m modelRow) string { return m.ID })
		}},
		{id: "models.add", method: http.MethodPost, path: "/api/v1/models", body: modelBody{}, status: 201, reply: modelDoc{}, do: func(c *call) (any, error) {
			return saveModel(c, "")
		}},
		{id: "models.get", method: http.MethodGet, path: one, status: 200, reply: modelDoc{}, do: func(c *call) (any, error) {
			return getModel(c, c.id())
		}},
		{id: "models.save", method: http.MethodPut, path: one, body: modelBody{}, status: 200, reply: modelDoc{}, do: func(c *call) (any, error) {
			return saveModel(c, c.id())
		}},
		{id: "models.move", method: http.MethodPost, path: one + "/state", body: moveBody{}, status: 200, reply: modelDoc{}, do: moveModel},
		{id: "models.join", method: http.MethodPut, path: one + "/schools/{item}", status: 204, do: func(c *call) (any, error) {
			return nil, c.Online.JoinModel(c.ctx, c.actor, online.MemberCommand{Model: c.id(), School: c.item()})
		}},
		{id: "models.leave", method: http.MethodDelete, path: one + "/schools/{item}", status: 204, do: func(c *call) (any, error) {
			return nil, c.Online.JoinModel(c.ctx, c.actor, online.MemberCommand{Model: c.id(), School: c.item(), Leave: true})
		}},
		{id: "models.judge", method: http.MethodPut, path: one + "/evaluation", body: judgeBody{}, status: 204, do: func(c *call) (any, error) {
			var b judgeBody
			if err := c.read(&b); err != nil {
				return nil, err
			}
			return nil, c.Online.EvaluateModel(c.ctx, c.actor, online.EvaluateCommand{Model: c.id(), Results: b.Results, Notes: b.Notes, Conclusion: b.Conclusion})
		}},
	}
}

func rowOfModel(m online.Model) modelRow {
	row := modelRow{
		ID: m.ID, Title: m.Title, State: string(m.State), Pilots: len(m.Schools(online.PilotSchool)), Adopters: len(m.Schools(online.Adopter)),
		Criteria: len(m.Criteria), Changed: m.Changed,
	}
	for _, x := range m.Criteria {
		if x.Result == online.Met {
			row.Met++
		}
	}
	return row
}

func getModel(c *call, id string) (any, error) {
	m, err := c.Online.Model(c.ctx, c.actor, id)
	if err != nil {
		return nil, err
	}
	d := modelDoc{
		ID: m.ID, Title: m.Title, Design: m.Design, Evaluation: m.Evaluation, State: string(m.State),
		Next:  each(m.State.Next(), func(s online.ModelState) string { return string(s) }),
		First: dayText(m.First), Last: dayText(m.Last), Schools: []memberDoc{}, Created: m.Created, Changed: m.Changed,
		Criteria: each(m.Criteria, func(x online.Criterion) criterionDoc { return criterionDoc{x.Text, x.Result, x.Note} }),
	}
	for _, x := range m.Members {
		_, err := c.Schools.School(c.ctx, c.actor, x.School)
		switch problem.KindOf(err) {
		case problem.Forbidden, problem.NotFound:
			d.Others++
		default:
			if err != nil {
				return nil, err
			}
			d.Schools = append(d.Schools, memberDoc{x.School, x.Part, x.Since.String()})
		}
	}
	return d, nil
}

func saveModel(c *call, id string) (any, error) {
	var b modelBody
	if err := c.read(&b); err != nil {
		return nil, err
	}
	m, err := c.Online.SaveModel(c.ctx, c.actor, online.ModelCommand{ID: id, Title: b.Title, Design: b.Design, Criteria: b.Criteria})
	if err != nil {
		return nil, err
	}
	return getModel(c, m.ID)
}

func moveModel(c *call) (any, error) {
	var b moveBody
	if err := c.read(&b); err != nil {
		return nil, err
	}
	to := online.ModelState(b.To)
	if !slices.Contains(online.ModelStates(), to) {
		return nil, problem.New("input/faulty").Field("to", "input/not-a-choice")
	}
	if err := c.Online.MoveModel(c.ctx, c.actor, c.id(), to); err != nil {
		return nil, err
	}
	return getModel(c, c.id())
}
