// SPDX-License-Identifier: Apache-2.0

package api

import (
	"net/http"
	"slices"
	"time"

	"lachan/duty/schools"
	"lachan/internal/problem"
)

// What a school sets up for itself besides networks and devices: its hours,
// where it differs from the ready policy, names that it opens or closes, and
// its answers to who asked for a name.

type slotDoc struct {
	Days   uint8  `json:"days"` // bit 0 Monday … bit 6 Sunday
	From   int    `json:"from"` // minutes since midnight
	To     int    `json:"to"`
	Period string `json:"period"`
}

type holidayDoc struct {
	First string `json:"first"`
	Last  string `json:"last"`
}

type hoursDoc struct {
	Slots    []slotDoc    `json:"slots"`
	Holidays []holidayDoc `json:"holidays"`
}

// hoursBody is what people type: "07:00-11:30, 13:30-16:45", and days off as
// "02/09/2026; 26/01/2027-05/02/2027".
type hoursBody struct {
	Rows []struct {
		Period string `json:"period"`
		Days   uint8  `json:"days"`
		Hours  string `json:"hours"`
	} `json:"rows"`
	Holidays string `json:"holidays"`
}

type changeDoc struct {
	ID     string `json:"id"`
	Band   string `json:"band"`
	Period string `json:"period"`
	Code   string `json:"code"`
	Block  bool   `json:"block"`
}

type changeBody struct {
	Band   string `json:"change_band"`
	Period string `json:"change_period,omitempty"`
	Code   string `json:"code"`
	Block  bool   `json:"block"`
}

type ruleDoc struct {
	ID      string     `json:"id"`
	Domain  string     `json:"domain"`
	Allow   bool       `json:"allow"`
	Bands   []string   `json:"bands"`
	Reason  string     `json:"reason"`
	Until   *time.Time `json:"until,omitempty"`
	Created time.Time  `json:"created"`
}

type ruleBody struct {
	Domain string    `json:"domain"`
	Allow  bool      `json:"allow"`
	Reason string    `json:"reason"`
	Until  time.Time `json:"until,omitzero"`
}

type requestDoc struct {
	ID       string     `json:"id"`
	Band     string     `json:"band"`
	Domain   string     `json:"domain"`
	Category string     `json:"category"`
	Day      string     `json:"day"`
	Asked    int        `json:"asked"`
	State    string     `json:"state"`
	Answer   string     `json:"answer"`
	Created  time.Time  `json:"created"`
	Answered *time.Time `json:"answered,omitempty"`
}

// faultLogDoc is whether the school's own node keeps a fault log. No line of it
// is ever here.
type faultLogDoc struct {
	On    bool       `json:"on"`
	Since *time.Time `json:"since,omitempty"`
	Until *time.Time `json:"until,omitempty"`
}

type faultLogBody struct {
	Hours int `json:"hours"`
}

// faultLogWord opens the lines on the node; it is told this once.
type faultLogWord struct {
	Word  string    `json:"word"`
	Until time.Time `json:"until"`
}

type answerBody struct {
	Grant  bool      `json:"grant"`
	Reason string    `json:"reason"`
	Until  time.Time `json:"until,omitzero"`
}

func ownRoutes() []route {
	const one = "/api/v1/schools/{id}"
	paged := []string{"after", "limit"}
	return []route{
		{id: "hours.get", method: http.MethodGet, path: one + "/hours", status: 200, reply: hoursDoc{}, do: getHours},
		{id: "hours.save", method: http.MethodPut, path: one + "/hours", body: hoursBody{}, status: 204, do: saveHours},
		{id: "changes.list", method: http.MethodGet, path: one + "/changes", query: paged, status: 200, reply: page[changeDoc]{}, do: func(c *call) (any, error) {
			all, err := c.Schools.Changes(c.ctx, c.actor, c.id())
			if err != nil {
				return nil, err
			}
			return cut(c, each(all, func(x schools.Change) changeDoc {
				return changeDoc{x.ID, x.Band.String(), x.Period.String(), x.Code, x.Block}
			}), func(x changeDoc) string { return x.ID })
		}},
		{id: "changes.save", method: http.MethodPost, path: one + "/changes", body: changeBody{}, status: 204, do: func(c *call) (any, error) {
			var b changeBody
			if err := c.read(&b); err != nil {
				return nil, err
			}
			return nil, c.Schools.SaveChange(c.ctx, c.actor, schools.ChangeCommand{School: c.id(), Band: b.Band, Period: b.Period, Code: b.Code, Block: b.Block})
		}},
		{id: "changes.drop", method: http.MethodDelete, path: one + "/changes/{item}", status: 204, do: func(c *call) (any, error) {
			return nil, c.Schools.DropChange(c.ctx, c.actor, c.id(), c.item())
		}},
		{id: "rules.list", method: http.MethodGet, path: one + "/rules", query: paged, status: 200, reply: page[ruleDoc]{}, do: func(c *call) (any, error) {
			all, err := c.Schools.Rules(c.ctx, c.actor, c.id())
			if err != nil {
				return nil, err
			}
			return cut(c, each(all, func(x schools.Rule) ruleDoc {
				return ruleDoc{x.ID, x.Domain, x.Allow, x.Bands.Codes(), x.Reason, optional(x.Until), x.Created}
			}), func(x ruleDoc) string { return x.ID })
		}},
		{id: "rules.save", method: http.MethodPost, path: one + "/rules", body: ruleBody{}, status: 204, do: func(c *call) (any, error) {
			var b ruleBody
			if err := c.read(&b); err != nil {
				return nil, err
			}
			return nil, c.Schools.SaveRule(c.ctx, c.actor, schools.RuleCommand{School: c.id(), Domain: b.Domain, Allow: b.Allow, Reason: b.Reason, Until: b.Until})
		}},
		{id: "rules.drop", method: http.MethodDelete, path: one + "/rules/{item}", status: 204, do: func(c *call) (any, error) {
			return nil, c.Schools.DropRule(c.ctx, c.actor, c.id(), c.item())
		}},
		{id: "fault-log.get", method: http.MethodGet, path: one + "/fault-log", status: 200, reply: faultLogDoc{}, do: func(c *call) (any, error) {
			state, err := c.Schools.FaultLog(c.ctx, c.actor, c.id())
			if err != nil {
				return nil, err
			}
			return faultLogDoc{!state.Until.IsZero(), optional(state.Since), optional(state.Until)}, nil
		}},
		{id: "fault-log.switch", method: http.MethodPost, path: one + "/fault-log", body: faultLogBody{}, status: 201, reply: faultLogWord{}, do: func(c *call) (any, error) {
			var b faultLogBody
			if err := c.read(&b); err != nil {
				return nil, err
			}
			word, until, err := c.Schools.SwitchFaultLog(c.ctx, c.actor, c.id(), b.Hours)
			if err != nil {
				return nil, err
			}
			return faultLogWord{word, until}, nil
		}},
		{id: "fault-log.stop", method: http.MethodDelete, path: one + "/fault-log", status: 204, do: func(c *call) (any, error) {
			return nil, c.Schools.StopFaultLog(c.ctx, c.actor, c.id())
		}},
		{id: "requests.list", method: http.MethodGet, path: one + "/requests", query: []string{"state", "after", "limit"}, status: 200, reply: page[requestDoc]{}, do: listRequests},
		{id: "requests.answer", method: http.MethodPost, path: "/api/v1/requests/{id}/answer", body: answerBody{}, status: 204, do: func(c *call) (any, error) {
			var b answerBody
			if err := c.read(&b); err != nil {
				return nil, err
			}
			return nil, c.Schools.AnswerRequest(c.ctx, c.actor, schools.AnswerCommand{RequestID: c.id(), Grant: b.Grant, Reason: b.Reason, Until: b.Until})
		}},
	}
}

func getHours(c *call) (any, error) {
	h, err := c.Schools.Hours(c.ctx, c.actor, c.id())
	if err != nil {
		return nil, err
	}
	return hoursDoc{
		Slots: each(h.Slots, func(s schools.Slot) slotDoc { return slotDoc{s.Days, s.From, s.To, s.Period.String()} }),
		Holidays: each(h.Holidays, func(d schools.Holiday) holidayDoc {
			return holidayDoc{d.First.String(), d.Last.String()}
		}),
	}, nil
}

func saveHours(c *call) (any, error) {
	var b hoursBody
	if err := c.read(&b); err != nil {
		return nil, err
	}
	cmd := schools.HoursCommand{School: c.id(), Holidays: b.Holidays}
	for _, row := range b.Rows {
		cmd.Rows = append(cmd.Rows, schools.HoursRow{Period: row.Period, Days: row.Days, Hours: row.Hours})
	}
	return nil, c.Schools.SaveHours(c.ctx, c.actor, cmd)
}

func listRequests(c *call) (any, error) {
	state := schools.RequestState(c.query("state"))
	if !slices.Contains([]schools.RequestState{"", schools.Open, schools.Granted, schools.Kept}, state) {
		return nil, problem.New("input/faulty").Field("state", "input/not-a-choice")
	}
	all, err := c.Schools.Requests(c.ctx, c.actor, c.id(), state)
	if err != nil {
		return nil, err
	}
	return cut(c, each(all, func(x schools.Request) requestDoc {
		return requestDoc{x.ID, x.Band.String(), x.Domain, x.Category, x.Day, x.Asked, string(x.State), x.Answer, x.Created, optional(x.Answered)}
	}), func(x requestDoc) string { return x.ID })
}
