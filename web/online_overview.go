// SPDX-License-Identifier: Apache-2.0

package web

import (
	"net/url"
	"slices"
	"strings"

	"lachan/duty/schools"
	"lachan/duty/schools/online"
	"lachan/internal/locale"
	"lachan/web/page"
)

// readyAll is every school against clause 3, by school or by commune.
func (s *Server) readyAll(c *visit) error {
	f := schools.SchoolFilter{Query: c.query("q"), Level: c.query("level"), Place: c.query("place")}
	all, err := s.Online.Overview(c.r.Context(), c.who.Actor, f)
	if err != nil {
		return err
	}
	c.in("schools", c.p.T("pages.readyall.title"))
	line, light := c.query("line"), c.query("light")
	p := page.ReadyAll{
		Base: c.base, By: c.query("by"), Filter: f != schools.SchoolFilter{} || line != "" || light != "",
		BySchool: c.with("by", ""), ByPlace: c.with("by", "place"),
	}
	p.Query = f.Query
	counts := map[string]int{}
	var shown []online.Readiness
	for _, r := range all {
		state := lightOf(r.State())
		counts[state]++
		if (light == "" || light == state) && (line == "" || r.Line(line).State.Asks()) {
			shown = append(shown, r)
		}
	}
	p.Lights = lightsOf(counts, light, "/schools/ready", c.r.URL.Query())
	p.Levels = []page.Option{{Label: c.p.T("pages.schools.every-level"), On: f.Level == ""}}
	for _, level := range schools.Levels() {
		p.Levels = append(p.Levels, page.Option{Value: level, Label: c.p.T(schools.LevelKey(level)), On: level == f.Level})
	}
	p.Lines = []page.Option{{Label: c.p.T("pages.readyall.every-line"), On: line == ""}}
	for _, code := range online.LineCodes() {
		title := c.p.T(online.Line{Code: code}.Key())
		p.Lines = append(p.Lines, page.Option{Value: code, Label: c.p.T("pages.readyall.lacks", "what", title), On: code == line})
		sum := page.ReadySum{Title: title, Href: c.with("line", code)}
		sum.N, sum.Of = has(all, code)
		p.Sums = append(p.Sums, sum)
	}
	if p.Places, err = s.schoolPlaces(c, f.Place); err != nil {
		return err
	}
	if p.By == "place" {
		p.Communes = c.readyPlaces(shown)
		return c.show("schools/overview", p)
	}
	var first, last int
	p.Pager, first, last = pagerOf(c, len(shown), schoolsAPage)
	for _, r := range shown[first:last] {
		p.Rows = append(p.Rows, c.readyRow(r))
	}
	return c.show("schools/overview", p)
}

// with is this page's address with one parameter set ("": taken out), from
// the first page on.
func (c *visit) with(name, value string) string {
	q := url.Values{}
	for k, v := range c.r.URL.Query() {
		if k != "page" && k != name {
			q[k] = v
		}
	}
	if value != "" {
		q.Set(name, value)
	}
	if len(q) == 0 {
		return c.r.URL.Path
	}
	return c.r.URL.Path + "?" + q.Encode()
}

// has counts the schools that have a thing, of those whom it applies to.
func has(all []online.Readiness, code string) (n, of int) {
	for _, r := range all {
		if state := r.Line(code).State; state != online.Apart {
			of++
			if !state.Asks() || state == online.Soon {
				n++
			}
		}
	}
	return n, of
}

func (c *visit) readyRow(r online.Readiness) page.ReadyRow {
	row := page.ReadyRow{
		Href: onlinePath(r.School.ID, "ready"), Code: r.School.Code, Name: r.School.Name, Place: c.placeName(r.School.Place),
		Level: c.p.T(schools.LevelKey(r.School.Level)), State: lightOf(r.State()), Word: c.p.T(r.State().Key()),
	}
	for _, l := range r.Lines {
		if l.State != online.Apart {
			row.Of++
		}
		if l.State == online.Done {
			row.Done++
		}
	}
	for _, l := range r.Open() {
		row.Open = append(row.Open, c.p.T(l.Key()))
	}
	return row
}

// schoolPlaces are the communes that have a school the reader may see.
func (s *Server) schoolPlaces(c *visit, chosen string) ([]page.Option, error) {
	all, err := s.allSchools(c, schools.SchoolFilter{})
	if err != nil {
		return nil, err
	}
	seen := map[string]bool{"": true}
	var places []page.Option
	for _, school := range all {
		if !seen[school.Place] {
			seen[school.Place] = true
			places = append(places, page.Option{Value: school.Place, Label: c.placeName(school.Place), On: school.Place == chosen})
		}
	}
	slices.SortFunc(places, func(a, b page.Option) int { return strings.Compare(locale.SortKey(a.Label), locale.SortKey(b.Label)) })
	return append([]page.Option{{Label: c.p.T("pages.readyall.every-place"), On: chosen == ""}}, places...), nil
}

func (c *visit) readyPlaces(all []online.Readiness) []page.ReadyPlace {
	by := map[string][]online.Readiness{}
	var order []string
	for _, r := range all {
		if by[r.School.Place] == nil {
			order = append(order, r.School.Place)
		}
		by[r.School.Place] = append(by[r.School.Place], r)
	}
	var rows []page.ReadyPlace
	for _, place := range order {
		row := page.ReadyPlace{Href: "/schools/ready?place=" + url.QueryEscape(place), Name: c.placeName(place), Schools: len(by[place])}
		for _, code := range online.LineCodes() {
			n, _ := has(by[place], code)
			row.Done = append(row.Done, n)
		}
		rows = append(rows, row)
	}
	slices.SortStableFunc(rows, func(a, b page.ReadyPlace) int { return strings.Compare(locale.SortKey(a.Name), locale.SortKey(b.Name)) })
	return rows
}

// workReady shows what the reader's own school should do next.
func (s *Server) workReady(c *visit, p *page.Work) error {
	school, mine, err := s.ownSchool(c)
	if err != nil || !mine {
		return err
	}
	r, err := s.Online.Readiness(c.r.Context(), c.who.Actor, school.ID)
	if err != nil {
		return err
	}
	for _, l := range r.Open() {
		row := c.readyLine(school.ID, l)
		if strings.HasPrefix(row.Href, "#") {
			row.Href = onlinePath(school.ID, "ready") + row.Href
		}
		p.Ready = append(p.Ready, row)
	}
	if !r.Line(online.LineGuidance).State.Asks() {
		if err := s.workUnread(c, school.ID, p); err != nil {
			return err
		}
	}
	p.ReadyHref = onlinePath(school.ID, "ready")
	if p.Next == nil && len(p.Ready) > 0 {
		first := p.Ready[0]
		p.Next = &page.NextCard{Code: school.Name, Title: first.Title, Why: first.Next, Href: first.Href, Open: first.Act}
	}
	return nil
}

// workUnread shows the reader what colleagues have confirmed and he has not.
func (s *Server) workUnread(c *visit, school string, p *page.Work) error {
	readings, err := s.Online.Readings(c.r.Context(), c.who.Actor, school)
	if err != nil {
		return err
	}
	unread := count(readings, func(r online.Reading) bool { return r.Mine.IsZero() })
	if unread == 0 {
		return nil
	}
	row := c.readyLine(school, online.Line{Code: online.LineGuidance, State: online.Part, Counted: true, N: len(readings) - unread, Of: len(readings)})
	row.Title = c.p.T("pages.ready.unread", "n", unread)
	p.Ready = append(p.Ready, row)
	return nil
}
