// SPDX-License-Identifier: Apache-2.0

package api

import (
	"net/http"
	"time"

	"lachan/duty"
	"lachan/duty/schools"
	"lachan/internal/problem"
)

// What a school reads about its filter: what a change would mean before it is
// made, and the week that is over.

// previewDoc says what a change would mean. devices is absent where no cell
// reached five devices.
type previewDoc struct {
	Refused    bool             `json:"refused"` // now
	Bands      []previewBandDoc `json:"bands"`   // of the last seven days
	Names      int              `json:"names"`
	Popular    []string         `json:"popular"`
	PopularAll int              `json:"popular_all"`
}

type previewBandDoc struct {
	Band    string `json:"band"`
	Changes bool   `json:"changes"` // the change is for this band
	Devices *int   `json:"devices,omitempty"`
}

// weekDoc is a school's week as it is printed. A number is absent where no
// cell reached five devices, and trend where one of the two numbers is.
type weekDoc struct {
	Monday   string       `json:"monday"`
	Rows     []weekRowDoc `json:"rows"`
	Asked    int          `json:"asked"`
	Answered int          `json:"answered"`
}

type weekRowDoc struct {
	Category string `json:"category"`
	Devices  *int   `json:"devices,omitempty"`
	Prior    *int   `json:"prior,omitempty"` // in the week before
	Trend    string `json:"trend,omitempty"` // fewer, same, more
}

// counted leaves out a number that is too small to be said.
func counted(n int) *int {
	if n < 0 {
		return nil
	}
	return &n
}

func weekRoutes() []route {
	const one = "/api/v1/schools/{id}"
	return []route{
		{id: "changes.preview", method: http.MethodPost, path: one + "/preview", body: changeBody{}, status: 200, reply: previewDoc{}, do: preview},
		{id: "week.get", method: http.MethodGet, path: one + "/week", query: []string{"day"}, status: 200, reply: weekDoc{}, do: getWeek},
	}
}

func preview(c *call) (any, error) {
	var b changeBody
	if err := c.read(&b); err != nil {
		return nil, err
	}
	p, err := c.Schools.PreviewChange(c.ctx, c.actor, schools.ChangeCommand{School: c.id(), Band: b.Band, Period: b.Period, Code: b.Code, Block: b.Block})
	return previewDoc{
		Refused: p.Refused, Names: p.Names, Popular: append([]string{}, p.Popular...), PopularAll: p.PopularAll,
		Bands: each(p.Bands, func(x schools.PreviewBand) previewBandDoc {
			return previewBandDoc{x.Band.String(), x.Changes, counted(x.Devices)}
		}),
	}, err
}

// getWeek is the last week that is over, or an earlier one.
func getWeek(c *call) (any, error) {
	p := problem.New("input/faulty")
	on := day(p, "day", c.query("day"))
	if err := p.OrNil(); err != nil {
		return nil, err
	}
	at := time.Time{}
	if !on.IsZero() {
		at = on.Start()
	}
	w, err := c.Schools.Week(c.ctx, c.actor, c.id(), at)
	return weekDoc{
		Monday: duty.DateOf(w.Monday).String(), Asked: w.Asked, Answered: w.Answered,
		Rows: each(w.Rows, func(r schools.WeeklyRow) weekRowDoc {
			row := weekRowDoc{Category: r.Category, Devices: counted(r.Devices), Prior: counted(r.Prior)}
			if trend, known := r.Trend(); known {
				row.Trend = [...]string{"fewer", "same", "more"}[trend+1]
			}
			return row
		}),
	}, err
}
