// SPDX-License-Identifier: Apache-2.0

package api

import (
	"net/http"
	"strings"
	"time"

	"lachan/duty/schools"
	"lachan/internal/authz"
	"lachan/internal/problem"
)

// nodeDoc is a node. state is ok, soon (behind), late (silent) or wait.
type nodeDoc struct {
	ID       string     `json:"id"`
	Name     string     `json:"name"`
	State    string     `json:"state"`
	Health   string     `json:"health"`
	Version  string     `json:"version"`
	Bundle   int64      `json:"bundle"`
	Delta    int64      `json:"delta"`
	Rejected int64      `json:"rejected,omitempty"`
	Schools  []string   `json:"schools"`
	Joined   time.Time  `json:"joined"`
	Seen     *time.Time `json:"seen,omitempty"`
	Revoked  *time.Time `json:"revoked,omitempty"`
}

type nodeTokenBody struct {
	Name    string   `json:"name"`
	Schools []string `json:"school"`
}

type nodeTokenDoc struct {
	Token   string    `json:"token"` // shown once
	Expires time.Time `json:"expires"`
}

type rolloutDoc struct {
	Bundle int64      `json:"bundle"` // 0: none went by stages yet
	Before int64      `json:"before"`
	Stage  int        `json:"stage"` // nodes in a hundred
	Since  *time.Time `json:"since,omitempty"`
	Halted *time.Time `json:"halted,omitempty"`
	Why    string     `json:"why,omitempty"`
	Nodes  int        `json:"nodes"`
	Have   int        `json:"have"`
	Ill    int        `json:"ill"`
}

type bundleDoc struct {
	Number  int64     `json:"number"`
	SHA256  string    `json:"sha256"`
	Bytes   int64     `json:"bytes"`
	Names   int       `json:"names"`
	Folded  int64     `json:"folded"` // the highest delta that is in it
	Created time.Time `json:"created"`
	Lists   []string  `json:"lists"`
	// What the next bundle would take up.
	PendingLists  int   `json:"pending_lists"`
	PendingDeltas int64 `json:"pending_deltas"`
}

type keysDoc struct {
	List   int64  `json:"list"` // number of the newest list of keys; 0: the first key is the only one
	Signer string `json:"signer"`
	Keys   int    `json:"keys"`
	Bundle int64  `json:"bundle"`
}

// nodeRoutes are the fleet and what it is given: nodes, roll-out, bundle, and
// the keys that sign.
func nodeRoutes() []route {
	return []route{
		{id: "nodes.list", method: http.MethodGet, path: "/api/v1/nodes", query: []string{"state", "after", "limit"}, status: 200, reply: page[nodeDoc]{}, do: listNodes},
		{id: "nodes.token", method: http.MethodPost, path: "/api/v1/node-tokens", body: nodeTokenBody{}, status: 201, reply: nodeTokenDoc{}, do: func(c *call) (any, error) {
			var b nodeTokenBody
			if err := c.read(&b); err != nil {
				return nil, err
			}
			text, until, err := c.Schools.CreateToken(c.ctx, c.actor, schools.TokenCommand{Name: b.Name, Schools: b.Schools})
			return nodeTokenDoc{text, until}, err
		}},
		{id: "nodes.revoke", method: http.MethodPost, path: "/api/v1/nodes/{id}/revoke", status: 204, do: func(c *call) (any, error) {
			_, err := c.Schools.RevokeNode(c.ctx, c.actor, c.id())
			return nil, err
		}},
		{id: "rollout.get", method: http.MethodGet, path: "/api/v1/rollout", status: 200, reply: rolloutDoc{}, do: func(c *call) (any, error) {
			r, err := c.Schools.RolloutState(c.ctx, c.actor)
			return rolloutDoc{r.Bundle, r.Before, r.Stage, optional(r.Since), optional(r.Halted), r.Why, r.Nodes, r.Have, r.Ill}, err
		}},
		{id: "rollout.halt", method: http.MethodPost, path: "/api/v1/rollout/halt", status: 204, do: func(c *call) (any, error) {
			return nil, c.Schools.HaltRollout(c.ctx, c.actor)
		}},
		{id: "rollout.all", method: http.MethodPost, path: "/api/v1/rollout/all", status: 204, do: func(c *call) (any, error) {
			return nil, c.Schools.FinishRollout(c.ctx, c.actor)
		}},
		{id: "bundle.get", method: http.MethodGet, path: "/api/v1/bundle", status: 200, reply: bundleDoc{}, do: func(c *call) (any, error) {
			if err := c.see("schools.bundle"); err != nil {
				return nil, err
			}
			info, err := c.Schools.CurrentBundle(c.ctx)
			if err != nil {
				return nil, err
			}
			return c.bundle(info)
		}},
		{id: "bundle.build", method: http.MethodPost, path: "/api/v1/bundle", status: 201, reply: bundleDoc{}, do: func(c *call) (any, error) {
			c.slowly()
			info, err := c.Schools.BuildBundle(c.ctx, c.actor)
			if err != nil {
				return nil, err
			}
			return c.bundle(info)
		}},
		{id: "keys.get", method: http.MethodGet, path: "/api/v1/keys", status: 200, reply: keysDoc{}, do: func(c *call) (any, error) {
			if err := c.see("schools.bundle"); err != nil {
				return nil, err
			}
			k, err := c.Schools.Keys(c.ctx)
			return keysDoc{k.Number, k.Signer, k.Keys, k.Bundle}, err
		}},
	}
}

// see asks whether the caller may see what belongs to no school.
func (c *call) see(kind string) error {
	_, err := c.Authz.Check(c.ctx, c.actor, "schools.view", authz.Resource{Type: kind, Attrs: map[string]any{"unit": "(any)"}})
	return err
}

// slowly lets a large list, or a bundle of many names, take its time: the
// server's own limits are meant for pages.
func (c *call) slowly() {
	control := http.NewResponseController(c.w)
	// A writer without deadlines (a test's recorder) has none to lift.
	_ = control.SetReadDeadline(time.Time{})
	_ = control.SetWriteDeadline(time.Time{})
}

func (c *call) bundle(info schools.BundleInfo) (any, error) {
	lists, deltas, err := c.Schools.Stale(c.ctx)
	d := bundleDoc{
		Number: info.Number, SHA256: info.SHA256, Bytes: info.Bytes, Names: info.Names, Folded: info.Folded, Created: info.Created,
		PendingLists: lists, PendingDeltas: deltas,
	}
	d.Lists = each(info.Lists, func(l schools.BundledList) string { return l.Name })
	return d, err
}

func listNodes(c *call) (any, error) {
	state := c.query("state")
	if state != "" && !strings.Contains(" ok soon late wait ", " "+state+" ") {
		return nil, problem.New("input/faulty").Field("state", "input/not-a-choice")
	}
	nodes, err := c.Schools.Nodes(c.ctx, c.actor)
	if err != nil {
		return nil, err
	}
	info, err := c.Schools.CurrentBundle(c.ctx)
	if err != nil && !problem.Is(err, "schools/no-bundle") {
		return nil, err
	}
	rollout, err := c.Schools.Rollout(c.ctx)
	if err != nil {
		return nil, err
	}
	delta, err := c.Schools.HighestDelta(c.ctx)
	if err != nil {
		return nil, err
	}
	docs := []nodeDoc{}
	for _, n := range nodes {
		is := string(c.Schools.State(n, rollout.Expected(n.ID, info.Number), delta))
		if state == "" || state == is {
			docs = append(docs, nodeDoc{
				n.ID, n.Name, is, n.Health, n.Version, n.Bundle, n.Delta, n.Rejected, n.Schools, n.Joined, optional(n.Seen), optional(n.Revoked),
			})
		}
	}
	return cut(c, docs, func(n nodeDoc) string { return n.ID })
}
