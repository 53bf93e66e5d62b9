// SPDX-License-Identifier: Apache-2.0

package web

import (
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"lachan/duty/schools"
	"lachan/internal/authz"
	"lachan/web/page"
)

// schoolsRoutes is the filter in schools: who is protected, by what, and why a
// name is or is not refused. Counts are of devices, never of pupils.
//
// Clauses: 2, 3
func (s *Server) schoolsRoutes() []Route {
	filter, block := []string{"3"}, []string{"2", "3"}
	return []Route{
		{Method: http.MethodGet, Path: "/schools", Clauses: filter, Do: s.schoolList},
		{Method: http.MethodGet, Path: "/schools/{id}", Clauses: filter, Do: s.school},
		{Method: http.MethodPost, Path: "/schools/{id}/networks", Clauses: filter, Do: s.saveNetwork},
		{Method: http.MethodPost, Path: "/schools/{id}/networks/drop", Clauses: filter, Do: s.dropNetwork},
		{Method: http.MethodPost, Path: "/schools/{id}/devices", Clauses: filter, Do: s.saveDevice},
		{Method: http.MethodPost, Path: "/schools/{id}/devices/drop", Clauses: filter, Do: s.dropDevice},
		{Method: http.MethodPost, Path: "/schools/{id}/hours", Clauses: filter, Do: s.saveHours},
		{Method: http.MethodPost, Path: "/schools/{id}/log", Clauses: filter, Do: s.switchFaultLog},
		{Method: http.MethodPost, Path: "/schools/{id}/log/stop", Clauses: filter, Do: s.stopFaultLog},
		{Method: http.MethodPost, Path: "/schools/{id}/changes", Clauses: filter, Do: s.saveChange},
		{Method: http.MethodPost, Path: "/schools/{id}/changes/drop", Clauses: filter, Do: s.dropChange},
		{Method: http.MethodPost, Path: "/schools/{id}/rules", Clauses: filter, Do: s.saveRule},
		{Method: http.MethodPost, Path: "/schools/{id}/rules/drop", Clauses: filter, Do: s.dropRule},
		{Method: http.MethodPost, Path: "/schools/{id}/requests", Clauses: filter, Do: s.answerRequest},
		{Method: http.MethodPost, Path: "/schools/{id}/counsellor", Clauses: filter, Do: s.nameCounsellor},
		{Method: http.MethodGet, Path: "/schools/{id}/filter/preview", Clauses: filter, Do: s.previewChange},
		{Method: http.MethodGet, Path: "/schools/{id}/filter/week", Clauses: filter, Do: s.schoolWeek},
		{Method: http.MethodGet, Path: carePath, Clauses: filter, Do: s.care},
		{Method: http.MethodPost, Path: carePath, Clauses: filter, Do: s.seeCare},
		{Method: http.MethodGet, Path: asksPath, Clauses: filter, Do: s.asks},
		{Method: http.MethodPost, Path: asksPath, Clauses: filter, Do: s.steerRuling},
		{Method: http.MethodGet, Path: askPath, Clauses: filter, Do: s.ask},
		{Method: http.MethodPost, Path: askPath, Clauses: filter, Do: s.decideAsk},
		{Method: http.MethodGet, Path: neverPath, Clauses: block, Do: s.never},
		{Method: http.MethodPost, Path: neverPath, Clauses: block, Do: s.proposeNever},
		{Method: http.MethodPost, Path: neverPath + "/decide", Clauses: block, Do: s.steerRuling},
		{Method: http.MethodGet, Path: "/schools/nodes", Clauses: filter, Do: s.nodes},
		{Method: http.MethodPost, Path: "/schools/nodes/rollout", Clauses: filter, Do: s.steerRollout},
		{Method: http.MethodPost, Path: "/schools/nodes/enrol", Clauses: filter, Do: s.enrolNode},
		{Method: http.MethodPost, Path: "/schools/nodes/{id}/revoke", Clauses: filter, Do: s.revokeNode},
		{Method: http.MethodGet, Path: "/schools/lists", Clauses: block, Do: s.lists},
		{Method: http.MethodPost, Path: "/schools/lists", Clauses: block, Limit: listLimit, Do: s.importList},
		{Method: http.MethodPost, Path: "/schools/lists/build", Clauses: block, Do: s.buildBundle},
		{Method: http.MethodGet, Path: "/schools/lists/subscribe", Clauses: block, Do: s.subscribeForm},
		{Method: http.MethodPost, Path: "/schools/lists/subscribe", Clauses: block, Do: s.subscribe},
		{Method: http.MethodGet, Path: outsPath, Clauses: block, Do: s.outs},
		{Method: http.MethodPost, Path: outsPath, Clauses: block, Do: s.addOut},
		{Method: http.MethodPost, Path: outsPath + "/drop", Clauses: block, Do: s.dropOut},
		{Method: http.MethodPost, Path: outsPath + "/key", Clauses: block, Do: s.giveOutKey},
		{Method: http.MethodPost, Path: outsPath + "/key/drop", Clauses: block, Do: s.dropOutKey},
		{Method: http.MethodGet, Path: "/schools/lists/{id}", Clauses: block, Do: s.list},
		{Method: http.MethodPost, Path: "/schools/lists/{id}/apply", Clauses: block, Do: s.applyList},
		{Method: http.MethodPost, Path: "/schools/lists/{id}/discard", Clauses: block, Do: s.discardList},
		{Method: http.MethodPost, Path: "/schools/lists/{id}/fetch", Clauses: block, Do: s.fetchList},
		{Method: http.MethodPost, Path: "/schools/lists/{id}/unsubscribe", Clauses: block, Do: s.unsubscribeList},
		{Method: http.MethodGet, Path: "/schools/lookup", Clauses: block, Do: s.lookup},
		{Method: http.MethodGet, Path: "/schools/blocked.csv", Clauses: filter, Do: s.blockedCSV},
	}
}

// schoolsAPage is how many schools one page shows.
const schoolsAPage = 50

func (s *Server) schoolList(c *visit) error {
	f := schools.SchoolFilter{Query: c.query("q"), Level: c.query("level")}
	all, err := s.allSchools(c, f)
	if err != nil {
		return err
	}
	view, err := s.nodeView(c)
	if err != nil {
		return err
	}
	light := c.query("light")
	counts := map[string]int{}
	shown := all[:0:0]
	for _, school := range all {
		state := view.ofSchool(school.ID)
		counts[state]++
		if light == "" || light == state {
			shown = append(shown, school)
		}
	}
	c.in("schools", c.p.T("pages.schools.title"))
	p := page.Schools{Base: c.base, Review: c.mayReview(), Filter: f.Query != "" || f.Level != "" || light != ""}
	p.Query = f.Query
	p.Lights = lightsOf(counts, light, "/schools", c.r.URL.Query())
	p.Levels = []page.Option{{Label: c.p.T("pages.schools.every-level"), On: f.Level == ""}}
	for _, level := range schools.Levels() {
		p.Levels = append(p.Levels, page.Option{Value: level, Label: c.p.T(schools.LevelKey(level)), On: level == f.Level})
	}
	var first, last int
	p.Pager, first, last = pagerOf(c, len(shown), schoolsAPage)
	now := s.Clock.Now()
	for _, school := range shown[first:last] {
		row := page.SchoolRow{
			Href: "/schools/" + school.ID, Code: school.Code, Name: school.Name, Place: c.placeName(school.Place),
			Level: c.p.T(schools.LevelKey(school.Level)), Pupils: school.Pupils, Node: view.ofSchool(school.ID), NodeNote: view.note(c, school.ID),
		}
		if row.Blocked, err = s.devicesOf(c, school.ID, now.AddDate(0, 0, -7), now); err != nil {
			return err
		}
		p.Rows = append(p.Rows, row)
	}
	if p.Chart, err = s.blockedChart(c, ""); err != nil {
		return err
	}
	if p.Wishes, err = s.wishes(c); err != nil {
		return err
	}
	return c.show("schools/schools", p)
}

// allSchools reads every school that matches; the service gives at most 1,000
// at a time.
func (s *Server) allSchools(c *visit, f schools.SchoolFilter) ([]schools.School, error) {
	var all []schools.School
	f.Limit = 1000
	for {
		some, err := s.Schools.Schools(c.r.Context(), c.who.Actor, f)
		if err != nil {
			return nil, err
		}
		all = append(all, some...)
		if len(some) < f.Limit {
			return all, nil
		}
		f.After = some[len(some)-1].ID
	}
}

// placeName is the name of a commune, empty where the school has none.
func (c *visit) placeName(id string) string {
	if id == "" {
		return ""
	}
	u, err := c.s.Org.Unit(id, c.s.Org.Today())
	if err != nil {
		return ""
	}
	return u.Name
}

// lightsOf counts the four states; each leads to the list of its state only,
// the one that is chosen leads back to all.
func lightsOf(counts map[string]int, chosen, path string, query url.Values) []page.Light {
	var lights []page.Light
	for _, state := range []string{"late", "soon", "ok", "wait"} {
		to := url.Values{}
		for k, v := range query {
			if k != "light" && k != "page" {
				to[k] = v
			}
		}
		if state != chosen {
			to.Set("light", state)
		}
		href := path
		if len(to) > 0 {
			href += "?" + to.Encode()
		}
		lights = append(lights, page.Light{State: state, Count: counts[state], Href: href, Current: state == chosen})
	}
	return lights
}

// pagerOf cuts a list of n by the parameter "page", which counts from 1.
func pagerOf(c *visit, n, size int) (p page.Pager, first, last int) {
	number, err := strconv.Atoi(c.query("page"))
	if err != nil || number < 1 || (number-1)*size >= n {
		number = 1
	}
	first = (number - 1) * size
	last = min(first+size, n)
	p = page.Pager{From: first + 1, To: last, Total: n}
	to := func(number int) string {
		q := c.r.URL.Query()
		q.Set("page", strconv.Itoa(number))
		return c.r.URL.Path + "?" + q.Encode()
	}
	if number > 1 {
		p.Prev = to(number - 1)
	}
	if last < n {
		p.Next = to(number + 1)
	}
	return p, first, last
}

// mayEditSchool is for showing the forms; the service asks again.
func (c *visit) mayEditSchool(action string, school schools.School) bool {
	return c.may(action, authz.Resource{Type: "schools.school", ID: school.ID, Attrs: map[string]any{"unit": school.Unit}})
}

func (s *Server) school(c *visit) error {
	p, err := s.schoolPage(c, c.r.PathValue("id"))
	if err != nil {
		return err
	}
	return c.show("schools/school", p)
}

func (s *Server) schoolPage(c *visit, id string) (page.School, error) {
	ctx, actor := c.r.Context(), c.who.Actor
	school, err := s.Schools.School(ctx, actor, id)
	if err != nil {
		return page.School{}, err
	}
	c.in("schools", school.Name)
	p := page.School{
		Base: c.base, ID: school.ID, Code: school.Code, Name: school.Name, Place: c.placeName(school.Place),
		Level: c.p.T(schools.LevelKey(school.Level)), Pupils: school.Pupils, CanEdit: c.mayEditSchool("schools.edit", school), Sub: c.schoolHead(school, "filter"),
	}
	p.Bands = c.bandRows(school.Band.String())
	p.BandOptions = s.bandOptions(c, school.Band.String())
	p.EveningOptions = append([]page.Option{{Label: c.p.T("pages.school.evening-same")}}, s.bandOptions(c, "")...)
	for _, reason := range schools.RuleReasons() {
		p.Reasons = append(p.Reasons, page.Option{Value: reason, Label: c.p.T(schools.ReasonKey(reason))})
	}
	p.Ends = c.ends()
	for _, k := range s.Schools.Catalogue().Categories {
		p.Categories = append(p.Categories, page.Option{Value: k.Code, Label: c.p.T("schools.category." + k.Code), Note: c.p.T(k.AboutKey())})
	}
	networks, err := s.Schools.Networks(ctx, actor, id)
	if err != nil {
		return p, err
	}
	for _, n := range networks {
		p.Networks = append(p.Networks, page.NetworkRow{ID: n.ID, Network: n.Prefix.String(), Band: c.bands(n.Band, n.Evening), Note: n.Note})
	}
	rules, err := s.Schools.Rules(ctx, actor, id)
	if err != nil {
		return p, err
	}
	for _, r := range rules {
		kind := "pages.rule.deny"
		if r.Allow {
			kind = "pages.rule.allow"
		}
		p.Rules = append(p.Rules, page.RuleRow{ID: r.ID, Domain: r.Domain, Kind: c.p.T(kind), Reason: c.p.T(schools.ReasonKey(r.Reason)), Last: lastDay(r.Until)})
	}
	requests, err := s.Schools.Requests(ctx, actor, id, schools.Open)
	if err != nil {
		return p, err
	}
	for _, r := range requests {
		p.Requests = append(p.Requests, page.UnblockRow{ID: r.ID, Passed: r.Passed, Domain: r.Domain, Band: c.p.T(schools.BandKey(r.Band)), Asked: r.Asked, On: r.Created})
	}
	if err := s.schoolOwn(c, id, &p); err != nil {
		return p, err
	}
	if err := s.faultLog(c, id, &p); err != nil {
		return p, err
	}
	if err := s.counsellor(c, school, &p); err != nil {
		return p, err
	}
	view, err := s.nodeView(c)
	if err != nil {
		return p, err
	}
	for _, n := range view.nodes {
		if slices.Contains(n.Schools, id) && n.Revoked.IsZero() {
			p.Nodes = append(p.Nodes, view.row(c, n))
		}
	}
	if p.Counts, err = s.countRows(c, id); err != nil {
		return p, err
	}
	p.Chart, err = s.blockedChart(c, id)
	return p, err
}

// bandRows are the bands with what they refuse; a period that refuses more is
// said in the row of its band.
func (c *visit) bandRows(own string) []page.BandRow {
	cat := c.s.Schools.Catalogue()
	var rows []page.BandRow
	for _, policy := range cat.Policies {
		if policy.Period != "" {
			continue
		}
		row := page.BandRow{Band: c.p.T("schools.band." + policy.Band), Default: policy.Band == own, Safe: policy.SafeSearch}
		if policy.Video != "" {
			row.Video = c.p.T(schools.VideoKey(policy.Video))
		}
		for _, code := range policy.Blocked {
			row.Refuses = append(row.Refuses, c.p.T(cat.NameKey(code)))
		}
		for _, other := range cat.Policies {
			if other.Band != policy.Band || other.Period == "" {
				continue
			}
			var more []string
			for _, code := range other.Blocked {
				if !slices.Contains(policy.Blocked, code) {
					more = append(more, c.p.T(cat.NameKey(code)))
				}
			}
			row.Hours = joined(row.Hours, c.p.T("pages.school.period-more", "period", c.p.T("schools.period."+other.Period), "what", strings.Join(more, ", ")))
		}
		rows = append(rows, row)
	}
	return rows
}

func (s *Server) bandOptions(c *visit, chosen string) []page.Option {
	var all []page.Option
	for _, band := range schools.BandCodes() {
		all = append(all, page.Option{Value: band, Label: c.p.T("schools.band." + band), On: band == chosen})
	}
	return all
}
