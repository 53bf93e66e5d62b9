// SPDX-License-Identifier: Apache-2.0

package hub

import (
	"context"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"lachan/internal/authz"
	"lachan/internal/identity"
	"lachan/internal/problem"
)

// tokenActs are the operator's commands on the tokens of machines.
func (h *Hub) tokenActs() map[string]act {
	return map[string]act{
		"token/add": h.adminMachineAdd,
		"token/list": func(ctx context.Context, _ url.Values, _ *http.Request) (any, error) {
			all, err := h.Identity.Tokens(ctx, operator())
			rows := make([]tokenRow, len(all))
			for i, t := range all {
				rows[i] = tokenRow{t.ID, t.Name, t.Person, t.Unit, t.Roles, t.By, t.Created, t.Expires, optional(t.Revoked), optional(t.Used)}
			}
			return rows, err
		},
		"token/drop": func(ctx context.Context, q url.Values, _ *http.Request) (any, error) {
			return map[string]string{"id": q.Get("id")}, h.Identity.DropToken(ctx, operator(), q.Get("id"))
		},
	}
}

// tokenRow is a token in a list.
type tokenRow struct {
	ID      string     `json:"id"`
	Name    string     `json:"name"`
	Person  string     `json:"person,omitempty"`
	Unit    string     `json:"unit"`
	Roles   []string   `json:"roles"`
	By      string     `json:"made_by"`
	Created time.Time  `json:"created"`
	Expires time.Time  `json:"expires"`
	Revoked *time.Time `json:"revoked,omitempty"`
	Used    *time.Time `json:"used,omitempty"`
}

func optional(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	return &t
}

func (h *Hub) adminMachineAdd(ctx context.Context, q url.Values, _ *http.Request) (any, error) {
	unit, err := h.unitOf(q.Get("unit"))
	if err != nil {
		return nil, err
	}
	days, err := strconv.Atoi(q.Get("days"))
	if err != nil {
		return nil, problem.New("input/faulty").Field("days", "input/not-a-number")
	}
	text, made, err := h.Identity.AddToken(ctx, operator(), identity.NewToken{
		Name: q.Get("name"), Person: q.Get("person"), Unit: unit.ID, Roles: q["role"], Days: days,
	})
	return map[string]any{"token": text, "id": made.ID, "until": made.Expires, "url": h.URL() + "/api/v1/"}, err
}

// machine is who a token speaks for, with the functions that its unit holds
// today.
func (h *Hub) machine(ctx context.Context, token string) (authz.Actor, error) {
	a, err := h.Identity.TokenActor(ctx, token)
	if err == nil {
		a.Functions = h.tree(h.clock.Now()).Functions(a.Unit)
	}
	return a, err
}
