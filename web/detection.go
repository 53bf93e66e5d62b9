// SPDX-License-Identifier: Apache-2.0

package web

import (
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"time"

	"lachan/duty"
	"lachan/duty/detection"
	"lachan/internal/authz"
	"lachan/web/page"
)

const (
	queuePath = "/detection/queue"
	banksPath = "/detection/banks"
)

func itemPath(id string) string { return "/detection/items/" + id }

// detectionRoutes is what is found on public pages: the queue that shows
// nothing before it must, and the banks it is matched with.
//
// Clauses: 2, 5.2
func (s *Server) detectionRoutes() []Route {
	find, judge := []string{"5.2"}, []string{"2", "5.2"}
	item := "/detection/items/{id}"
	return append(s.ruleRoutes(), []Route{
		{Method: http.MethodGet, Path: "/detection", Clauses: find, Do: s.detectionHome},
		{Method: http.MethodGet, Path: queuePath, Clauses: judge, Do: s.reviewQueue},
		{Method: http.MethodPost, Path: queuePath + "/next", Clauses: judge, Do: s.nextItem},
		{Method: http.MethodPost, Path: queuePath + "/care", Clauses: judge, Do: s.setCare},
		{Method: http.MethodPost, Path: queuePath + "/away", Clauses: judge, Do: s.setAway},
		{Method: http.MethodGet, Path: item, Clauses: judge, Do: s.item},
		{Method: http.MethodPost, Path: item + "/take", Clauses: judge, Do: s.takeItem},
		{Method: http.MethodPost, Path: item + "/reveal", Clauses: judge, Do: s.reveal},
		{Method: http.MethodPost, Path: item + "/words", Clauses: judge, Do: s.readWords},
		{Method: http.MethodPost, Path: item + "/decide", Clauses: judge, Do: s.decideItem},
		{Method: http.MethodPost, Path: item + "/agree", Clauses: judge, Do: s.agreeItem},
		{Method: http.MethodPost, Path: item + "/skip", Clauses: judge, Do: s.skipItem},
		{Method: http.MethodPost, Path: item + "/release", Clauses: judge, Do: s.releaseItem},
		{Method: http.MethodPost, Path: item + "/star", Clauses: judge, Do: s.starItem},
		{Method: http.MethodPost, Path: item + "/note", Clauses: judge, Do: s.noteItem},
		{Method: http.MethodGet, Path: item + "/veil/{n}", Clauses: judge, Do: s.veil},
		{Method: http.MethodGet, Path: item + "/picture/{n}", Clauses: judge, Do: s.picture},
		{Method: http.MethodGet, Path: item + "/capture", Clauses: judge, Do: s.capture},
		{Method: http.MethodPost, Path: bringPath, Clauses: find, Limit: bringLimit, Do: s.bring},
		{Method: http.MethodGet, Path: sourcesPath, Clauses: find, Do: s.sources},
		{Method: http.MethodPost, Path: sourcesPath, Clauses: find, Do: s.addSource},
		{Method: http.MethodGet, Path: sourcesPath + "/{id}", Clauses: find, Do: s.source},
		{Method: http.MethodPost, Path: sourcesPath + "/{id}/state", Clauses: find, Do: s.setSource},
		{Method: http.MethodGet, Path: banksPath, Clauses: find, Do: s.banks},
		{Method: http.MethodPost, Path: banksPath, Clauses: find, Do: s.addBank},
		{Method: http.MethodGet, Path: banksPath + "/{name}", Clauses: find, Do: s.bank},
		{Method: http.MethodPost, Path: banksPath + "/{name}/edit", Clauses: find, Do: s.editBank},
		{Method: http.MethodPost, Path: banksPath + "/{name}/add", Clauses: find, Do: s.addContent},
		{Method: http.MethodPost, Path: banksPath + "/{name}/drop", Clauses: find, Do: s.dropContent},
		{Method: http.MethodPost, Path: banksPath + "/{name}/end", Clauses: find, Do: s.dropBank},
	}...)
}

// mayFind asks whether the reader may act on something of detection that
// belongs to his unit.
func (c *visit) mayFind(action string) bool {
	unit, err := c.s.Detection.Unit(c.r.Context(), c.s.Clock.Now())
	return err == nil && c.may(action, authz.Resource{Type: "detection.queue", Attrs: map[string]any{"unit": unit}})
}

// findTabs are the pages of the room that open for the reader.
func (c *visit) findTabs(current string) []page.Tab {
	var tabs []page.Tab
	for _, t := range []struct{ key, href, icon, action string }{
		{"home", "/detection", "radar", "detection.view"},
		{"queue", queuePath, "list", "detection.review"},
		{"sources", sourcesPath, "globe", "detection.source"},
		{"rules", rulesPath, "clipboard", "detection.rule"},
		{"banks", banksPath, "folder", "detection.bank"},
		{"exchanges", exchangesPath, "swap", "detection.exchange"},
		{"model", textModelsPath, "cap", "detection.model_view"},
	} {
		if c.mayFind(t.action) {
			tabs = append(tabs, page.Tab{Key: t.key, Href: t.href, Icon: t.icon, Label: c.p.T("detection.tab." + t.key), Current: t.key == current})
		}
	}
	return tabs
}

func (s *Server) detectionHome(c *visit) error {
	year := s.Clock.Now().Year()
	f, err := s.Detection.Foundings(c.r.Context(), c.who.Actor, duty.Period{
		From: duty.Date{Year: year, Month: time.January, Day: 1}, To: duty.Date{Year: year, Month: time.December, Day: 31},
	})
	if err != nil {
		return err
	}
	c.in("detection", c.p.T("ui.room.detection"))
	p := page.Detection{
		Base: c.base, Tabs: c.findTabs("home"), Year: strconv.Itoa(year), Pages: f.Pages, Scans: f.Scans, Harmful: f.Harmful, First: f.First,
		Asked: f.Asked, Gone: f.Gone, Soon: f.Soon, Review: c.mayFind("detection.review"),
	}
	if f.Harmful > 0 {
		p.Median = c.p.Span(f.Median)
	}
	for _, l := range f.Labels {
		p.Labels = append(p.Labels, page.LabelRow{Label: c.p.T(detection.LabelKey(l.Label)), Found: l.Found, Decided: l.Decided, Dismissed: l.Dismissed})
	}
	if p.Review {
		q, err := s.Detection.Queue(c.r.Context(), c.who.Actor)
		if err != nil {
			return err
		}
		for t, n := range q.Counts {
			p.Waiting += n
			if detection.Tier(t) == detection.Emergency {
				p.Urgent += n
			}
		}
	}
	if p.Free, err = c.freeReviewers(); err != nil {
		return err
	}
	return c.show("detection/home", p)
}

// freeReviewers says who can take an item now, to heads and reviewers of the
// unit: never why somebody cannot.
func (c *visit) freeReviewers() ([]page.FreeRow, error) {
	if !c.mayFind("detection.roster") {
		return nil, nil
	}
	ctx := c.r.Context()
	members, err := c.s.Identity.Members(ctx, c.who.Actor.Unit)
	if err != nil {
		return nil, err
	}
	var rows []page.FreeRow
	var ids []string
	for _, m := range members {
		if slices.Contains(m.Roles, authz.Reviewer) && !slices.Contains(ids, m.Person) {
			ids = append(ids, m.Person)
		}
	}
	free, err := c.s.Detection.Free(ctx, c.who.Actor, ids)
	if err != nil {
		return nil, err
	}
	names, err := c.names(ids...)
	for _, id := range ids {
		rows = append(rows, page.FreeRow{Name: names[id], Free: free[id]})
	}
	return rows, err
}

// tierState is the shape that a tier is shown with.
func tierState(t detection.Tier) string {
	return [...]string{"late", "soon", "ok", "wait"}[t]
}

func itemCode(n int64) string { return fmt.Sprintf("R-%d", n) }
