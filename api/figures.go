// SPDX-License-Identifier: Apache-2.0

package api

import (
	"encoding/csv"
	"net/http"
	"strconv"
	"strings"
	"time"

	"lachan/duty"
	"lachan/duty/schools"
	"lachan/internal/authz"
	"lachan/internal/problem"
)

// countDoc is a cell: devices that met a refusal. A cell of fewer than five
// devices is nowhere: it joins a longer span in the node itself, or is lost.
type countDoc struct {
	Band     string    `json:"band"`
	Category string    `json:"category"`
	Span     string    `json:"span"`
	Start    time.Time `json:"start"`
	Devices  int       `json:"devices"`
}

type countsDoc struct {
	Least int        `json:"least"` // no cell speaks of fewer devices
	Items []countDoc `json:"items"`
}

type figuresDoc struct {
	Unit    string           `json:"unit"`
	From    string           `json:"from"`
	To      string           `json:"to"`
	Figures map[string]int64 `json:"figures"`
}

type subscriberDoc struct {
	ID      string     `json:"id"`
	Name    string     `json:"name"`
	Bands   []string   `json:"bands"`
	Created time.Time  `json:"created"`
	Fetched *time.Time `json:"fetched,omitempty"`
}

type subscriberBody struct {
	Name  string   `json:"name"`
	Bands []string `json:"band"`
}

type subscriberMade struct {
	Token string `json:"token"` // shown once
}

func figureRoutes() []route {
	return []route{
		{
			id: "counts", method: http.MethodGet, path: "/api/v1/counts", query: []string{"from!", "to!", "school", "place", "level"},
			status: 200, reply: countsDoc{}, csv: true, do: counts,
		},
		{id: "figures", method: http.MethodGet, path: "/api/v1/figures", query: []string{"from!", "to!", "unit"}, status: 200, reply: figuresDoc{}, do: figures},
		{id: "subscribers.list", method: http.MethodGet, path: "/api/v1/subscribers", query: []string{"after", "limit"}, status: 200, reply: page[subscriberDoc]{}, do: func(c *call) (any, error) {
			all, err := c.Schools.Subscribers(c.ctx, c.actor)
			if err != nil {
				return nil, err
			}
			return cut(c, each(all, func(s schools.Subscriber) subscriberDoc {
				return subscriberDoc{s.ID, s.Name, s.Bands, s.Created, optional(s.Fetched)}
			}), func(s subscriberDoc) string { return s.ID })
		}},
		{id: "subscribers.add", method: http.MethodPost, path: "/api/v1/subscribers", body: subscriberBody{}, status: 201, reply: subscriberMade{}, do: func(c *call) (any, error) {
			var b subscriberBody
			if err := c.read(&b); err != nil {
				return nil, err
			}
			token, err := c.Schools.AddSubscriber(c.ctx, c.actor, b.Name, b.Bands)
			return subscriberMade{token}, err
		}},
		{id: "subscribers.drop", method: http.MethodDelete, path: "/api/v1/subscribers/{id}", status: 204, do: func(c *call) (any, error) {
			all, err := c.Schools.Subscribers(c.ctx, c.actor)
			for _, s := range all {
				if s.ID == c.id() {
					return nil, c.Schools.DropSubscriber(c.ctx, c.actor, s.Name)
				}
			}
			if err == nil {
				err = problem.New("schools/no-subscriber")
			}
			return nil, err
		}},
	}
}

// window reads from and to, days with both ends included, at most a year and
// a day.
func (c *call) window() (duty.Period, error) {
	p := problem.New("input/faulty")
	read := func(name string) duty.Date {
		d, err := duty.ParseDate(c.query(name))
		if err != nil {
			p.Field(name, "input/not-a-date")
		}
		return d
	}
	w := duty.Period{From: read("from"), To: read("to")}
	if len(p.Fields) == 0 && (!w.Valid() || w.Days() > 366) {
		p.Field("to", "input/out-of-range", "min", w.From.String(), "max", w.From.AddDays(365).String())
	}
	return w, p.OrNil()
}

func counts(c *call) (any, error) {
	w, err := c.window()
	if err != nil {
		return nil, err
	}
	from, to := w.Bounds()
	all, err := c.Schools.Counts(c.ctx, c.actor, schools.CountFilter{School: c.query("school"), Place: c.query("place"), Level: c.query("level"), From: from, To: to})
	return countsDoc{schools.LeastDevices, each(all, func(n schools.Count) countDoc {
		return countDoc{n.Band.String(), n.Category, string(n.Span), n.Start, n.Devices}
	})}, err
}

// figures are those of the indicator catalogue for a unit and what lies under
// it: the caller's own where none is named.
func figures(c *call) (any, error) {
	w, err := c.window()
	if err != nil {
		return nil, err
	}
	unit := c.query("unit")
	if unit == "" {
		unit = c.actor.Unit
	}
	_, err = c.Authz.Check(c.ctx, c.actor, "reporting.view", authz.Resource{Type: "reporting.figures", Attrs: map[string]any{"unit": unit}})
	if err != nil {
		return nil, err
	}
	cells, err := c.Schools.Figures(c.ctx, w, unit)
	return figuresDoc{unit, w.From.String(), w.To.String(), cells}, err
}

// wantsTable reports whether the caller asked for CSV (RFC 4180).
func wantsTable(r *http.Request) bool {
	return strings.HasPrefix(strings.TrimSpace(r.Header.Get("Accept")), "text/csv")
}

// table sends the cells as CSV with the codes of the JSON.
func (c *call) table(reply any) error {
	doc, ok := reply.(countsDoc)
	if !ok {
		return problem.New("page/not-found")
	}
	h := c.w.Header()
	h.Set("Content-Type", "text/csv; charset=utf-8; header=present")
	h.Set("Vary", "Accept, Authorization")
	out := csv.NewWriter(c.w)
	rows := [][]string{{"band", "category", "span", "start", "devices"}}
	for _, n := range doc.Items {
		rows = append(rows, []string{n.Band, n.Category, n.Span, n.Start.Format(time.RFC3339), strconv.Itoa(n.Devices)})
	}
	_ = out.WriteAll(rows) // an error is a caller who has gone
	return nil
}
