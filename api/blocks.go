// SPDX-License-Identifier: Apache-2.0

package api

import (
	"net/http"
	"slices"
	"time"

	"lachan/duty/schools"
	"lachan/internal/problem"
)

// blockDoc is a block for whoever may see blocks. Who decided stays inside.
type blockDoc struct {
	ID        string     `json:"id"`
	Domain    string     `json:"domain"`
	Kind      string     `json:"kind"`
	State     string     `json:"state"`
	Bands     []string   `json:"bands"`
	Basis     string     `json:"basis"`
	Authority string     `json:"authority,omitempty"`
	Number    string     `json:"number,omitempty"`
	From      time.Time  `json:"from"`
	Until     time.Time  `json:"until"`
	Ended     *time.Time `json:"ended,omitempty"`
	EndReason string     `json:"end_reason,omitempty"`
	Delta     int64      `json:"delta"`
}

func docOfBlock(b schools.Block) blockDoc {
	return blockDoc{
		b.ID, b.Domain, string(b.Kind), string(b.State), b.Bands.Codes(), b.Basis, b.Authority.Name, b.Authority.Number,
		b.From, b.Until, optional(b.Ended), b.EndReason, b.Delta,
	}
}

// blockNumberDoc is a cell of the public page: no name is in it.
type blockNumberDoc struct {
	Month   string `json:"month"`
	Basis   string `json:"basis"`
	Kind    string `json:"kind"`
	Made    int    `json:"made"`
	InForce int    `json:"in_force"`
	Lifted  int    `json:"lifted"`
}

type blockNumbersDoc struct {
	Items []blockNumberDoc `json:"items"`
}

type lookupBody struct {
	Domain string `json:"domain"`
	Band   string `json:"band"`
	Period string `json:"period,omitempty"`
	School string `json:"school,omitempty"`
}

type lookupDoc struct {
	Domain  string     `json:"domain"`
	Band    string     `json:"band"`
	Period  string     `json:"period"`
	Blocked bool       `json:"blocked"`
	Rule    string     `json:"rule"`
	Code    string     `json:"code,omitempty"`
	Matched string     `json:"matched,omitempty"`
	Reason  string     `json:"reason,omitempty"`
	As      string     `json:"as,omitempty"`
	Lists   []hitDoc   `json:"lists"`
	Blocks  []blockDoc `json:"blocks"`
	Bundle  int64      `json:"bundle"`
	Delta   int64      `json:"delta"`
}

type hitDoc struct {
	List     string `json:"list"`
	Category string `json:"category"`
	Domain   string `json:"domain"`
	Pending  bool   `json:"pending"`
	Excepted string `json:"excepted,omitempty"`
}

type overBlockDoc struct {
	Asked    int          `json:"asked"`
	Unread   int          `json:"unread"`
	Refusals []refusalDoc `json:"refusals"`
}

type refusalDoc struct {
	Domain string   `json:"domain"`
	Bands  []string `json:"bands"`
	Code   string   `json:"code"`
	Lists  []string `json:"lists"`
}

func blockRoutes() []route {
	return []route{
		{id: "blocks.list", method: http.MethodGet, path: "/api/v1/blocks", query: []string{"state", "after", "limit"}, status: 200, reply: page[blockDoc]{}, do: listBlocks},
		{id: "blocks.numbers", method: http.MethodGet, path: "/api/v1/block-numbers", query: []string{"since"}, status: 200, reply: blockNumbersDoc{}, do: blockNumbers},
		{id: "lookup", method: http.MethodPost, path: "/api/v1/lookup", body: lookupBody{}, status: 200, reply: lookupDoc{}, do: lookup},
		{id: "overblock", method: http.MethodPost, path: "/api/v1/over-block", query: []string{"band"}, text: true, status: 200, reply: overBlockDoc{}, do: func(c *call) (any, error) {
			c.slowly()
			o, err := c.Schools.CheckOverBlock(c.ctx, c.actor, c.r.URL.Query()["band"], c.r.Body)
			return overBlockDoc{o.Asked, o.Unread, each(o.Refusals, func(r schools.Refusal) refusalDoc {
				return refusalDoc{r.Domain, r.Bands, r.Code, append([]string{}, r.Lists...)}
			})}, err
		}},
	}
}

// mostBlocks is how many blocks the newest pages reach back to.
const mostBlocks = 1000

func listBlocks(c *call) (any, error) {
	state := schools.BlockState(c.query("state"))
	if !slices.Contains([]schools.BlockState{"", schools.Proposed, schools.Active, schools.Confirmed, schools.Withdrawn, schools.Expired}, state) {
		return nil, problem.New("input/faulty").Field("state", "input/not-a-choice")
	}
	all, err := c.Schools.Blocks(c.ctx, c.actor, schools.BlockFilter{State: state, Limit: mostBlocks})
	if err != nil {
		return nil, err
	}
	return cut(c, each(all, docOfBlock), func(b blockDoc) string { return b.ID })
}

// blockNumbers are the numbers that stand on the public page, for any token.
func blockNumbers(c *call) (any, error) {
	var since int64
	if text := c.query("since"); text != "" {
		from, err := time.Parse(time.DateOnly, text)
		if err != nil {
			return nil, problem.New("input/faulty").Field("since", "input/not-a-date")
		}
		since = from.UnixMicro()
	}
	all, err := c.Schools.PublicBlockNumbers(c.ctx, since)
	return blockNumbersDoc{each(all, func(n schools.BlockNumber) blockNumberDoc {
		return blockNumberDoc{n.Month, n.Basis, string(n.Kind), n.Made, n.InForce, n.Lifted}
	})}, err
}

func lookup(c *call) (any, error) {
	var b lookupBody
	if err := c.read(&b); err != nil {
		return nil, err
	}
	a, err := c.Schools.Lookup(c.ctx, c.actor, schools.LookupQuery{Domain: b.Domain, Band: b.Band, Period: b.Period, School: b.School})
	if err != nil {
		return nil, err
	}
	return lookupDoc{
		Domain: a.Domain, Band: a.Band.String(), Period: a.Period.String(), Blocked: a.Blocked, Rule: a.Rule.String(), Code: a.Code,
		Matched: a.Matched, Reason: a.Reason, As: a.As, Bundle: a.Bundle, Delta: a.Delta, Blocks: each(a.Blocks, docOfBlock),
		Lists: each(a.Lists, func(h schools.ListHit) hitDoc { return hitDoc{h.List, h.Category, h.Domain, h.Pending, h.Excepted} }),
	}, nil
}
