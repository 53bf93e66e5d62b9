// SPDX-License-Identifier: Apache-2.0

package api

import (
	"net/http"
	"slices"
	"strings"
	"time"

	"lachan/duty/schools"
	"lachan/internal/problem"
)

// schoolDoc is a school.
type schoolDoc struct {
	ID         string         `json:"id"`
	Unit       string         `json:"unit"`
	Code       string         `json:"code"`
	Name       string         `json:"name"`
	Place      string         `json:"place"`
	Level      string         `json:"level"`
	Band       string         `json:"band"`
	Pupils     int            `json:"pupils"`
	Devices    int            `json:"devices"`
	BandPupils map[string]int `json:"band_pupils,omitempty"`
	Changed    time.Time      `json:"changed"`
}

type schoolBody struct {
	Unit       string         `json:"unit"`
	Code       string         `json:"code,omitempty"`
	Name       string         `json:"name"`
	Place      string         `json:"place,omitempty"`
	Level      string         `json:"level"`
	Band       string         `json:"band,omitempty"`
	Pupils     int            `json:"pupils,omitempty"`
	Devices    int            `json:"devices,omitempty"`
	BandPupils map[string]int `json:"band_pupils,omitempty"`
}

func docOfSchool(s schools.School) schoolDoc {
	d := schoolDoc{
		ID: s.ID, Unit: s.Unit, Code: s.Code, Name: s.Name, Place: s.Place, Level: s.Level, Band: s.Band.String(),
		Pupils: s.Pupils, Devices: s.Devices, Changed: s.Changed,
	}
	for band, n := range s.BandPupils {
		if d.BandPupils == nil {
			d.BandPupils = map[string]int{}
		}
		d.BandPupils[band.String()] = n
	}
	return d
}

type networkDoc struct {
	ID      string `json:"id"`
	Network string `json:"network"`
	Band    string `json:"band"`
	Evening string `json:"evening"`
	Note    string `json:"note"`
}

type networkBody struct {
	Network string `json:"network"`
	Band    string `json:"band"`
	Evening string `json:"evening,omitempty"`
	Note    string `json:"note,omitempty"`
}

func docOfNetwork(n schools.Network) networkDoc {
	return networkDoc{ID: n.ID, Network: n.Prefix.String(), Band: n.Band.String(), Evening: n.Evening.String(), Note: n.Note}
}

type networkSaved struct {
	ID string `json:"id"`
	// Networks of the same school that it lies in or holds; the longest prefix
	// counts.
	Overlaps []networkDoc `json:"overlaps"`
}

type deviceDoc struct {
	ID      string `json:"id"`
	Word    string `json:"word"`
	Band    string `json:"band"`
	Evening string `json:"evening"`
	Note    string `json:"note"`
}

type deviceBody struct {
	Word    string `json:"word"`
	Band    string `json:"device_band"`
	Evening string `json:"device_evening,omitempty"`
	Note    string `json:"device_note,omitempty"`
}

// schoolRoutes are a school with its networks and devices; what else is its
// own stands in own.go.
func schoolRoutes() []route {
	const one = "/api/v1/schools/{id}"
	return []route{
		{id: "schools.list", method: http.MethodGet, path: "/api/v1/schools", query: []string{"q", "level", "place", "unit", "after", "limit"}, status: 200, reply: page[schoolDoc]{}, do: listSchools},
		{id: "schools.save", method: http.MethodPost, path: "/api/v1/schools", body: schoolBody{}, status: 200, reply: schoolDoc{}, do: saveSchool},
		{id: "schools.get", method: http.MethodGet, path: one, status: 200, reply: schoolDoc{}, do: func(c *call) (any, error) {
			s, err := c.Schools.School(c.ctx, c.actor, c.id())
			return docOfSchool(s), err
		}},
		{id: "networks.list", method: http.MethodGet, path: one + "/networks", query: []string{"after", "limit"}, status: 200, reply: page[networkDoc]{}, do: func(c *call) (any, error) {
			all, err := c.Schools.Networks(c.ctx, c.actor, c.id())
			if err != nil {
				return nil, err
			}
			return cut(c, each(all, docOfNetwork), func(n networkDoc) string { return n.ID })
		}},
		{id: "networks.save", method: http.MethodPost, path: one + "/networks", body: networkBody{}, status: 200, reply: networkSaved{}, do: func(c *call) (any, error) {
			var b networkBody
			if err := c.read(&b); err != nil {
				return nil, err
			}
			saved, over, err := c.Schools.SaveNetwork(c.ctx, c.actor, schools.NetworkCommand{School: c.id(), Prefix: b.Network, Band: b.Band, Evening: b.Evening, Note: b.Note})
			return networkSaved{ID: saved.ID, Overlaps: each(over, docOfNetwork)}, err
		}},
		{id: "networks.drop", method: http.MethodDelete, path: one + "/networks/{item}", status: 204, do: func(c *call) (any, error) {
			return nil, c.Schools.DropNetwork(c.ctx, c.actor, c.id(), c.item())
		}},
		{id: "devices.list", method: http.MethodGet, path: one + "/devices", query: []string{"after", "limit"}, status: 200, reply: page[deviceDoc]{}, do: func(c *call) (any, error) {
			all, err := c.Schools.Devices(c.ctx, c.actor, c.id())
			if err != nil {
				return nil, err
			}
			return cut(c, each(all, func(d schools.Device) deviceDoc {
				return deviceDoc{d.ID, d.Word, d.Band.String(), d.Evening.String(), d.Note}
			}), func(d deviceDoc) string { return d.ID })
		}},
		{id: "devices.save", method: http.MethodPost, path: one + "/devices", body: deviceBody{}, status: 204, do: func(c *call) (any, error) {
			var b deviceBody
			if err := c.read(&b); err != nil {
				return nil, err
			}
			return nil, c.Schools.SaveDevice(c.ctx, c.actor, schools.DeviceCommand{School: c.id(), Word: b.Word, Band: b.Band, Evening: b.Evening, Note: b.Note})
		}},
		{id: "devices.drop", method: http.MethodDelete, path: one + "/devices/{item}", status: 204, do: func(c *call) (any, error) {
			return nil, c.Schools.DropDevice(c.ctx, c.actor, c.id(), c.item())
		}},
	}
}

func listSchools(c *call) (any, error) {
	limit, err := c.number("limit", pageSize, 1, pageMost-1)
	if err != nil {
		return nil, err
	}
	if level := c.query("level"); level != "" && !slices.Contains(schools.Levels(), level) {
		return nil, problem.New("input/faulty").Field("level", "input/not-a-choice")
	}
	all, err := c.Schools.Schools(c.ctx, c.actor, schools.SchoolFilter{
		Query: c.query("q"), Level: c.query("level"), Place: c.query("place"), Unit: c.query("unit"), After: c.query("after"), Limit: limit + 1,
	})
	if err != nil {
		return nil, err
	}
	p := page[schoolDoc]{Items: each(all, docOfSchool)}
	if len(all) > limit {
		p.Items = p.Items[:limit]
		p.Next = p.Items[limit-1].ID
	}
	return p, nil
}

func saveSchool(c *call) (any, error) {
	var b schoolBody
	if err := c.read(&b); err != nil {
		return nil, err
	}
	s, err := c.Schools.SaveSchool(c.ctx, c.actor, schools.SchoolCommand{
		Unit: b.Unit, Code: b.Code, Name: strings.TrimSpace(b.Name), Place: b.Place, Level: b.Level, Band: b.Band,
		Pupils: b.Pupils, Devices: b.Devices, BandPupils: b.BandPupils,
	})
	return docOfSchool(s), err
}

// each makes documents of what a service gave; never null.
func each[A, B any](all []A, doc func(A) B) []B {
	out := make([]B, len(all))
	for i, one := range all {
		out[i] = doc(one)
	}
	return out
}

// optional leaves a time out that is none.
func optional(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	return &t
}
