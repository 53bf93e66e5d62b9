// SPDX-License-Identifier: Apache-2.0

package api

import (
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"slices"
	"time"

	"lachan/duty/schools"
	"lachan/internal/problem"
)

// What the department looks at: names that are asked for, with its clock, and
// what it rules about them. A ruling is proposed by a person's token and
// confirmed by a second person on a page; the never-block list is read here
// and changed by persons only.

// askedDoc is a name that schools ask to have opened; only schools that passed
// it on are named.
type askedDoc struct {
	ID       string     `json:"id"` // for pages of this list: a name belongs in no address
	Domain   string     `json:"domain"`
	Category string     `json:"category"`
	Bands    []string   `json:"bands"`
	Schools  int        `json:"schools"`
	Passed   []string   `json:"passed"`
	Times    int        `json:"times"`
	Why      []string   `json:"why"`
	Lists    []blameDoc `json:"lists"`
	Since    time.Time  `json:"since"`
	Due      *time.Time `json:"due,omitempty"`
	State    string     `json:"state"` // ok, soon (within a day), late, wait (the school answers)
}

type blameDoc struct {
	ID    string `json:"id"`
	Name  string `json:"name"`
	Wrong int    `json:"wrong"` // names of it that were opened again lately
}

// askedBody answers every open request for a name: it is opened in the schools
// that passed it on, or stays closed.
type askedBody struct {
	Domain string `json:"domain"`
	Grant  bool   `json:"grant"`
	Reason string `json:"reason"`
}

// rulingDoc is a ruling that waits or is in force. Who decided stays inside.
type rulingDoc struct {
	ID      string     `json:"id"`
	Kind    string     `json:"kind"`
	Domain  string     `json:"domain"`
	List    string     `json:"list,omitempty"`
	Sources []string   `json:"sources"`
	Bands   []string   `json:"bands"`
	Why     string     `json:"why"`
	Basis   string     `json:"basis"`
	State   string     `json:"state"`
	Until   *time.Time `json:"until,omitempty"`
	Created time.Time  `json:"created"`
	Decided *time.Time `json:"decided,omitempty"`
}

// rulingBody proposes to open a name for all schools, or that a list is wrong
// about it. An opening is for the bands that ask, unless for every band.
type rulingBody struct {
	Kind      string    `json:"kind"`
	Domain    string    `json:"domain"`
	List      string    `json:"list,omitempty"`
	EveryBand bool      `json:"every_band,omitempty"`
	Why       string    `json:"why"`
	Basis     string    `json:"basis,omitempty"`
	Until     time.Time `json:"until,omitzero"`
}

type neverDoc struct {
	Domain  string     `json:"domain"`
	Own     bool       `json:"own"` // a host of this installation
	Reason  string     `json:"reason,omitempty"`
	Since   *time.Time `json:"since,omitempty"`
	Pending bool       `json:"pending"` // not in the current bundle yet
}

func departmentRoutes() []route {
	paged := []string{"after", "limit"}
	return []route{
		{id: "requests.pass", method: http.MethodPost, path: "/api/v1/requests/{id}/pass", status: 204, do: func(c *call) (any, error) {
			return nil, c.Schools.PassRequest(c.ctx, c.actor, c.id())
		}},
		{id: "asked.list", method: http.MethodGet, path: "/api/v1/asked", query: paged, status: 200, reply: page[askedDoc]{}, do: func(c *call) (any, error) {
			all, err := c.Schools.Review(c.ctx, c.actor)
			if err != nil {
				return nil, err
			}
			return cut(c, each(all, c.docOfAsked), func(a askedDoc) string { return a.ID })
		}},
		{id: "asked.answer", method: http.MethodPost, path: "/api/v1/asked", body: askedBody{}, status: 204, do: answerAsked},
		{id: "rulings.list", method: http.MethodGet, path: "/api/v1/rulings", query: paged, status: 200, reply: page[rulingDoc]{}, do: func(c *call) (any, error) {
			all, err := c.Schools.Rulings(c.ctx, c.actor, false)
			if err != nil {
				return nil, err
			}
			return cut(c, each(all, docOfRuling), func(r rulingDoc) string { return r.ID })
		}},
		{id: "rulings.propose", method: http.MethodPost, path: "/api/v1/rulings", body: rulingBody{}, status: 201, reply: rulingDoc{}, do: proposeRuling},
		{id: "never.list", method: http.MethodGet, path: "/api/v1/never", query: paged, status: 200, reply: page[neverDoc]{}, do: func(c *call) (any, error) {
			all, err := c.Schools.NeverList(c.ctx, c.actor)
			if err != nil {
				return nil, err
			}
			return cut(c, each(all, func(n schools.Never) neverDoc {
				return neverDoc{n.Domain, n.Own, n.Reason, optional(n.Since), n.Pending}
			}), func(n neverDoc) string { return n.Domain })
		}},
	}
}

func (c *call) docOfAsked(a schools.Asked) askedDoc {
	sum := sha256.Sum256([]byte(a.Domain))
	d := askedDoc{
		ID: hex.EncodeToString(sum[:12]), Domain: a.Domain, Category: a.Category, Bands: a.ForBands().Codes(), Schools: a.Schools,
		Passed: append([]string{}, a.Passed...), Times: a.Times, Why: a.Why, Since: a.Since, Due: optional(a.Due), State: "wait",
		Lists: each(a.Blame, func(b schools.Blame) blameDoc { return blameDoc{b.ID, b.Name, b.Wrong} }),
	}
	if a.Due.IsZero() {
		return d
	}
	switch left := a.Due.Sub(c.Clock.Now()); {
	case left < 0:
		d.State = "late"
	case left < 24*time.Hour:
		d.State = "soon"
	default:
		d.State = "ok"
	}
	return d
}

func answerAsked(c *call) (any, error) {
	var b askedBody
	if err := c.read(&b); err != nil {
		return nil, err
	}
	if b.Grant {
		return nil, c.Schools.OpenWhereAsked(c.ctx, c.actor, b.Domain, b.Reason, time.Time{})
	}
	return nil, c.Schools.KeepClosed(c.ctx, c.actor, b.Domain, b.Reason)
}

func docOfRuling(r schools.Ruling) rulingDoc {
	return rulingDoc{
		r.ID, string(r.Kind), r.Domain, r.List, append([]string{}, r.Sources...), r.Bands.Codes(), r.Reason, r.Basis, string(r.State),
		optional(r.Until), r.Created, optional(r.Decided),
	}
}

func proposeRuling(c *call) (any, error) {
	var b rulingBody
	if err := c.read(&b); err != nil {
		return nil, err
	}
	cmd := schools.RulingCommand{Kind: schools.RulingKind(b.Kind), Domain: b.Domain, List: b.List, Reason: b.Why, Basis: b.Basis, Until: b.Until}
	switch cmd.Kind {
	case schools.OpenForAll, schools.OffList:
	default: // the never-block list among them
		return nil, problem.New("input/faulty").Field("kind", "input/not-a-choice")
	}
	if cmd.Kind == schools.OpenForAll && !b.EveryBand {
		all, err := c.Schools.Review(c.ctx, c.actor)
		if err != nil {
			return nil, err
		}
		i := slices.IndexFunc(all, func(a schools.Asked) bool { return a.Domain == b.Domain })
		if i < 0 {
			return nil, problem.New("schools/no-request")
		}
		cmd.Bands = all[i].ForBands()
	}
	r, err := c.Schools.ProposeRuling(c.ctx, c.actor, cmd)
	return docOfRuling(r), err
}
