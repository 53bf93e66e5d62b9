// SPDX-License-Identifier: Apache-2.0

package web

import (
	"net/url"
	"strconv"

	"lachan/duty/schools"
	"lachan/internal/authz"
	"lachan/internal/problem"
	"lachan/web/page"
)

func listPath(id string) string { return "/schools/lists/" + id }

// listState is the light of a list and the words beside it.
func listState(c *visit, l schools.List) (state, note string) {
	sub := l.Subscription
	switch {
	case l.Held != nil:
		return "soon", c.p.T("pages.list.waits")
	case sub != nil && sub.Outcome == schools.Failed:
		return "late", c.p.T("pages.list.failed", "n", sub.Failures)
	case sub != nil && sub.Outcome == schools.Untried:
		return "wait", c.p.T("pages.list.untried")
	}
	if held := l.Report.Count(schools.SkipProtected) + l.Report.Count(schools.SkipPopular); held > 0 {
		return "ok", c.p.T("pages.list.held", "n", held)
	}
	return "ok", ""
}

func (s *Server) listRow(c *visit, l schools.List) page.ListRow {
	row := page.ListRow{
		Href: listPath(l.ID), Name: l.Name, Category: c.p.T(s.Schools.Catalogue().NameKey(l.Category)),
		Format: c.p.T(l.Format.Key()), Source: l.Source, Names: l.Names, On: l.Updated,
	}
	if l.Report.Format != "" {
		row.Format = c.p.T(l.Report.Format.Key())
	}
	row.State, row.Note = listState(c, l)
	return row
}

// listOptions are the formats and categories to choose from.
func (s *Server) listOptions(c *visit, format, category string) (formats, categories []page.Option) {
	catalogue := s.Schools.Catalogue()
	for _, f := range schools.Formats() {
		formats = append(formats, page.Option{Value: string(f), Label: c.p.T(f.Key()), On: string(f) == format})
	}
	for _, k := range catalogue.Categories {
		categories = append(categories, page.Option{Value: k.Code, Label: c.p.T(catalogue.NameKey(k.Code)), Note: c.p.T(k.AboutKey()), On: k.Code == category})
	}
	return formats, categories
}

func (s *Server) list(c *visit) error {
	p, err := s.listPage(c)
	if err != nil {
		return err
	}
	return c.show("schools/list", p)
}

func (s *Server) listPage(c *visit) (page.List, error) {
	l, err := s.Schools.GetList(c.r.Context(), c.who.Actor, c.r.PathValue("id"))
	if err != nil {
		return page.List{}, err
	}
	catalogue := s.Schools.Catalogue()
	c.in("schools", l.Name)
	p := page.List{
		Base: c.base, ID: l.ID, Name: l.Name, Category: c.p.T(catalogue.NameKey(l.Category)), Format: c.p.T(l.Format.Key()),
		Trust: c.p.T(l.Trust.Key()), Source: l.Source, Licence: l.Licence, Names: l.Names,
		MayEdit: c.may("schools.list_import", authz.Resource{Type: "schools.list"}),
	}
	if k, ok := catalogue.Category(l.Category); ok {
		p.About = c.p.T(k.AboutKey())
	}
	if l.Report.Format != "" {
		p.Format = c.p.T(l.Report.Format.Key())
	}
	if l.Names > 0 {
		p.Since, p.On, p.Report = l.Since, l.Updated, listReport(c, l.Report)
	}
	if sub := l.Subscription; sub != nil {
		p.Sub = &page.ListSource{Hours: sub.Hours, Due: sub.Due, Fetched: sub.Fetched, Outcome: c.p.T(sub.Outcome.Key())}
		if at, err := url.Parse(sub.URL); err == nil {
			p.Sub.Host = at.Host
		}
		if p.MayEdit { // the address may hold a key
			p.Sub.URL = sub.URL
		}
		p.Sub.State, _ = listState(c, l)
		if sub.Why != "" {
			p.Sub.Why = c.p.T(problem.TextKey(sub.Why), "host", p.Sub.Host, "status", "–", "lines", "–", "skipped", "–", "max", "–")
		}
	}
	if h := l.Held; h != nil {
		changes := h.Report.Changes
		p.Held = &page.ListHeld{
			Found: h.Found, Before: changes.Before, Names: h.Report.Taken, Added: changes.Added, Removed: changes.Removed,
			FirstAdded: changes.FirstAdded, FirstRemoved: changes.FirstRemoved, Protected: h.Hits(l.Report),
			MayDecide: c.may("schools.list_apply", authz.Resource{Type: "schools.list"}),
		}
		for _, w := range h.Reasons {
			p.Held.Why = append(p.Held.Why, c.p.T(w.Key()))
		}
	}
	return p, nil
}

// listReport is the report of the edition in force, in words.
func listReport(c *visit, r schools.Report) *page.ListReport {
	out := &page.ListReport{
		Before: r.Changes.Before, Added: r.Changes.Added, Removed: r.Changes.Removed,
		FirstAdded: r.Changes.FirstAdded, FirstRemoved: r.Changes.FirstRemoved, Guarded: r.Guarded,
	}
	for _, f := range []struct {
		key string
		n   int
	}{
		{"console.list.lines", r.Lines},
		{"console.list.notes", r.Notes},
		{"console.lists.taken", r.Taken},
		{"console.list.twice", r.Duplicates},
		{"console.list.widened", r.Widened},
		{"console.list.exceptions", r.Exceptions},
		{"console.list.kept", r.Kept},
		{"console.lists.skipped", r.Skipped},
	} {
		out.Figures = append(out.Figures, page.KV{Key: c.p.T(f.key), Value: c.p.Int(int64(f.n))})
	}
	for _, reason := range r.Reasons {
		row := page.ListReason{Text: c.p.T(reason.Code.Key()), Count: reason.Count}
		for _, l := range reason.Lines {
			row.Lines = append(row.Lines, page.ListLine{Number: l.Number, Text: l.Text})
		}
		out.Reasons = append(out.Reasons, row)
	}
	return out
}

func (s *Server) subscribeForm(c *visit) error {
	if !c.may("schools.list_import", authz.Resource{Type: "schools.list"}) {
		return problem.New("authz/forbidden")
	}
	return c.show("schools/subscribe", s.subscribePage(c))
}

func (s *Server) subscribePage(c *visit) page.ListSubscribe {
	c.in("schools", c.p.T("pages.subscribe.title"))
	p := page.ListSubscribe{
		Base: c.base, Name: c.form("name"), URL: c.form("url"), Hours: c.form("hours"), Source: c.form("source"), Licence: c.form("licence"),
	}
	if p.Hours == "" {
		p.Hours = "24"
	}
	p.Formats, p.Categories = s.listOptions(c, c.form("format"), c.form("category"))
	for _, t := range []schools.Trust{schools.Unproven, schools.Known, schools.Ours} {
		p.Trusts = append(p.Trusts, page.Option{Value: string(t), Label: c.p.T(t.Key()), On: string(t) == c.form("trust")})
	}
	return p
}

// subscribe notes where a list comes from; the hub fetches it within a minute.
func (s *Server) subscribe(c *visit) error {
	hours, err := strconv.Atoi(c.form("hours"))
	if err != nil {
		hours = 0 // named as out of range with the other faults
	}
	list, err := s.Schools.Subscribe(c.r.Context(), c.who.Actor, schools.SubscribeCommand{
		ListMeta: schools.ListMeta{
			Name: c.form("name"), Category: c.form("category"), Format: schools.Format(c.form("format")), Trust: schools.Trust(c.form("trust")),
			Source: c.form("source"), Licence: c.form("licence"),
		},
		URL: c.form("url"), Hours: hours,
	})
	if problem.KindOf(err) == problem.Invalid {
		c.base.Problem = problem.From(err)
		return c.showFault("schools/subscribe", s.subscribePage(c), err)
	}
	if err != nil {
		return err
	}
	return c.done(listPath(list.ID), "flash.schools.list-subscribed")
}

// onList does one act on a list's page.
func (s *Server) onList(c *visit, key string, act func(id string) error) error {
	id := c.r.PathValue("id")
	if err := act(id); err != nil {
		return err
	}
	return c.done(listPath(id), key)
}

func (s *Server) applyList(c *visit) error {
	return s.onList(c, "flash.schools.list-applied", func(id string) error {
		_, err := s.Schools.ApplyHeld(c.r.Context(), c.who.Actor, id)
		return err
	})
}

func (s *Server) discardList(c *visit) error {
	return s.onList(c, "flash.schools.list-discarded", func(id string) error {
		_, err := s.Schools.DiscardHeld(c.r.Context(), c.who.Actor, id)
		return err
	})
}

func (s *Server) fetchList(c *visit) error {
	return s.onList(c, "flash.schools.list-due", func(id string) error { return s.Schools.FetchSoon(c.r.Context(), c.who.Actor, id) })
}

func (s *Server) unsubscribeList(c *visit) error {
	return s.onList(c, "flash.schools.list-unsubscribed", func(id string) error { return s.Schools.Unsubscribe(c.r.Context(), c.who.Actor, id) })
}
