// SPDX-License-Identifier: Apache-2.0

package api

import (
	"net/http"
	"time"

	"lachan/duty/schools"
)

type listDoc struct {
	ID           string           `json:"id"`
	Name         string           `json:"name"`
	Category     string           `json:"category"`
	Format       string           `json:"format"`
	Trust        string           `json:"trust"`
	Source       string           `json:"source"`
	Licence      string           `json:"licence"`
	Names        int              `json:"names"`
	Updated      time.Time        `json:"updated"`
	Since        time.Time        `json:"since"`
	Report       reportDoc        `json:"report"`
	Subscription *subscriptionDoc `json:"subscription,omitempty"`
	Held         *heldDoc         `json:"held,omitempty"`
}

// reportDoc is what became of the lines of an import.
type reportDoc struct {
	Lines      int            `json:"lines"`
	Taken      int            `json:"taken"`
	Duplicates int            `json:"duplicates"`
	Skipped    int            `json:"skipped"`
	Reasons    map[string]int `json:"reasons"`
	Added      int            `json:"added"`
	Removed    int            `json:"removed"`
}

type subscriptionDoc struct {
	URL      string     `json:"url"`
	Hours    int        `json:"hours"`
	Due      time.Time  `json:"due"`
	Fetched  *time.Time `json:"fetched,omitempty"`
	Outcome  string     `json:"outcome"`
	Why      string     `json:"why,omitempty"`
	Failures int        `json:"failures"`
}

// heldDoc is an update that waits for a person.
type heldDoc struct {
	Report  reportDoc `json:"report"`
	Reasons []string  `json:"reasons"`
	Found   time.Time `json:"found"`
}

type subscribeBody struct {
	Name     string `json:"name"`
	Category string `json:"category"`
	Format   string `json:"format,omitempty"`
	Trust    string `json:"trust,omitempty"`
	Source   string `json:"source,omitempty"`
	Licence  string `json:"licence,omitempty"`
	URL      string `json:"url"`
	Hours    int    `json:"hours"`
}

func docOfReport(r schools.Report) reportDoc {
	d := reportDoc{
		Lines: r.Lines, Taken: r.Taken, Duplicates: r.Duplicates, Skipped: r.Skipped, Reasons: map[string]int{},
		Added: r.Changes.Added, Removed: r.Changes.Removed,
	}
	for _, s := range r.Reasons {
		d.Reasons[string(s.Code)] = s.Count
	}
	return d
}

func docOfList(l schools.List) listDoc {
	d := listDoc{
		ID: l.ID, Name: l.Name, Category: l.Category, Format: string(l.Format), Trust: string(l.Trust), Source: l.Source, Licence: l.Licence,
		Names: l.Names, Updated: l.Updated, Since: l.Since, Report: docOfReport(l.Report),
	}
	if s := l.Subscription; s != nil {
		d.Subscription = &subscriptionDoc{s.URL, s.Hours, s.Due, optional(s.Fetched), string(s.Outcome), s.Why, s.Failures}
	}
	if h := l.Held; h != nil {
		d.Held = &heldDoc{docOfReport(h.Report), each(h.Reasons, func(c schools.Caution) string { return string(c) }), h.Found}
	}
	return d
}

func listRoutes() []route {
	const one = "/api/v1/lists/{id}"
	return []route{
		{id: "lists.list", method: http.MethodGet, path: "/api/v1/lists", query: []string{"after", "limit"}, status: 200, reply: page[listDoc]{}, do: func(c *call) (any, error) {
			all, err := c.Schools.Lists(c.ctx, c.actor)
			if err != nil {
				return nil, err
			}
			return cut(c, each(all, docOfList), func(l listDoc) string { return l.ID })
		}},
		{id: "lists.get", method: http.MethodGet, path: one, status: 200, reply: listDoc{}, do: func(c *call) (any, error) {
			l, err := c.Schools.GetList(c.ctx, c.actor, c.id())
			return docOfList(l), err
		}},
		{
			id: "lists.import", method: http.MethodPost, path: "/api/v1/lists", text: true,
			query:  []string{"name!", "category!", "format", "file", "trust", "source", "licence"},
			status: 201, reply: listDoc{}, do: importList,
		},
		{id: "lists.subscribe", method: http.MethodPost, path: "/api/v1/subscriptions", body: subscribeBody{}, status: 201, reply: listDoc{}, do: subscribe},
		{id: "lists.unsubscribe", method: http.MethodDelete, path: one + "/subscription", status: 204, do: func(c *call) (any, error) {
			return nil, c.Schools.Unsubscribe(c.ctx, c.actor, c.id())
		}},
		{id: "lists.update", method: http.MethodPost, path: one + "/update", status: 202, do: func(c *call) (any, error) {
			return nil, c.Schools.FetchSoon(c.ctx, c.actor, c.id())
		}},
		{id: "lists.apply", method: http.MethodPost, path: one + "/held/apply", status: 200, reply: listDoc{}, do: func(c *call) (any, error) {
			l, err := c.Schools.ApplyHeld(c.ctx, c.actor, c.id())
			return docOfList(l), err
		}},
		{id: "lists.discard", method: http.MethodPost, path: one + "/held/discard", status: 200, reply: listDoc{}, do: func(c *call) (any, error) {
			l, err := c.Schools.DiscardHeld(c.ctx, c.actor, c.id())
			return docOfList(l), err
		}},
		{id: "lists.remove", method: http.MethodDelete, path: one, status: 204, do: func(c *call) (any, error) {
			return nil, c.Schools.RemoveList(c.ctx, c.actor, c.id())
		}},
	}
}

// importList reads the list from the body as it comes; what it is stands in
// the address, so that nothing of it need be held in memory.
func importList(c *call) (any, error) {
	c.slowly()
	l, err := c.Schools.ListImport(c.ctx, c.actor, schools.ListMeta{
		Name: c.query("name"), Category: c.query("category"), Format: schools.Format(c.query("format")), File: c.query("file"),
		Trust: schools.Trust(c.query("trust")), Source: c.query("source"), Licence: c.query("licence"),
	}, c.r.Body)
	return docOfList(l), err
}

func subscribe(c *call) (any, error) {
	var b subscribeBody
	if err := c.read(&b); err != nil {
		return nil, err
	}
	l, err := c.Schools.Subscribe(c.ctx, c.actor, schools.SubscribeCommand{
		ListMeta: schools.ListMeta{
			Name: b.Name, Category: b.Category, Format: schools.Format(b.Format), Trust: schools.Trust(b.Trust), Source: b.Source, Licence: b.Licence,
		},
		URL: b.URL, Hours: b.Hours,
	})
	return docOfList(l), err
}
