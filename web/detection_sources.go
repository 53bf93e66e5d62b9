// SPDX-License-Identifier: Apache-2.0

package web

import (
	"maps"
	"slices"
	"strconv"
	"time"

	"lachan/duty/detection"
	"lachan/duty/detection/crawl"
	"lachan/internal/problem"
	"lachan/web/page"
)

const sourcesPath = "/detection/sources"

// intervals are the timetables that the form offers, in minutes.
var intervals = [...]int{0, 60, 360, 1440, 10080}

func (s *Server) sources(c *visit) error {
	p, err := s.sourcesPage(c, detection.SourceCommand{Kind: string(crawl.Page), Every: 1440, Depth: 1, Pages: 500})
	if err != nil {
		return err
	}
	return c.show("detection/sources", p)
}

func (s *Server) sourcesPage(c *visit, typed detection.SourceCommand) (page.Sources, error) {
	all, err := s.Detection.Sources(c.r.Context(), c.who.Actor)
	if err != nil {
		return page.Sources{}, err
	}
	c.in("detection", c.p.T("detection.tab.sources"))
	p := page.Sources{Base: c.base, Tabs: c.findTabs("sources")}
	ready, err := s.Detection.Ready(c.r.Context())
	if err != nil {
		return p, err
	}
	p.NoKey = !ready
	for _, o := range all {
		p.Rows = append(p.Rows, c.sourceRow(o))
	}
	p.Form = page.SourceForm{Title: typed.Title, Addresses: typed.Addresses, Depth: strconv.Itoa(typed.Depth), Pages: strconv.Itoa(typed.Pages)}
	for _, k := range detection.SourceKinds() {
		p.Form.Kinds = append(p.Form.Kinds, page.Option{Value: string(k), Label: c.p.T(detection.SourceKey(k)), On: string(k) == typed.Kind})
	}
	if c.mayFind("detection.review") {
		p.Bring = &page.BringForm{}
	}
	for _, n := range intervals {
		p.Form.Every = append(p.Form.Every, page.Option{Value: strconv.Itoa(n), Label: c.every(time.Duration(n) * time.Minute), On: n == typed.Every})
	}
	return p, nil
}

// every says a timetable in words.
func (c *visit) every(d time.Duration) string {
	if d == 0 {
		return c.p.T("detection.source.once")
	}
	return c.p.T("detection.source.every", "t", c.p.Span(d))
}

func (c *visit) sourceRow(o detection.Source) page.SourceRow {
	row := page.SourceRow{
		Href: sourcesPath + "/" + o.ID, Title: o.Title, Kind: c.p.T(detection.SourceKey(o.Kind)), Every: c.every(o.Every), Light: "ok",
		State: c.p.T(o.State.Key()), Last: o.Last.Started, Pages: o.Last.Pages, Items: o.Last.Items,
	}
	switch {
	case o.State != detection.SourceActive:
		row.Light = "wait"
	case o.Last.ID != "":
		row.Light, row.State = scanLight(o.Last.State), c.p.T(o.Last.State.Key())
	}
	return row
}

func scanLight(s detection.ScanState) string {
	switch s {
	case detection.ScanFailed:
		return "late"
	case detection.ScanRunning:
		return "soon"
	case detection.ScanStopped:
		return "wait"
	}
	return "ok"
}

func (s *Server) addSource(c *visit) error {
	number := func(name string) int {
		n, err := strconv.Atoi(c.form(name))
		if err != nil {
			return -1 // refused by name
		}
		return n
	}
	cmd := detection.SourceCommand{
		Kind: c.form("kind"), Title: c.form("title"), Addresses: c.r.PostForm.Get("addresses"), Every: number("every"), Depth: number("depth"), Pages: number("pages"),
	}
	id, err := s.Detection.AddSource(c.r.Context(), c.who.Actor, cmd)
	if err == nil {
		return c.done(sourcesPath+"/"+id, "flash.detection.source-made")
	}
	if !mendable(err) {
		return err
	}
	c.base.Problem = problem.From(err)
	p, failed := s.sourcesPage(c, cmd)
	if failed != nil {
		return failed
	}
	p.Form.Depth, p.Form.Pages = c.form("depth"), c.form("pages")
	return c.showFault("detection/sources", p, err)
}

func (s *Server) source(c *visit) error {
	o, scans, err := s.Detection.Source(c.r.Context(), c.who.Actor, c.r.PathValue("id"))
	if err != nil {
		return err
	}
	names, err := c.names(o.By)
	if err != nil {
		return err
	}
	c.in("detection", o.Title)
	p := page.SourcePage{Base: c.base, Tabs: c.findTabs("sources"), Source: c.sourceRow(o), Path: sourcesPath + "/" + o.ID, Paused: o.State == detection.SourcePaused}
	p.Facts = []page.KV{
		{Key: c.p.T("detection.source.kind"), Value: p.Source.Kind},
		{Key: c.p.T("detection.source.timetable"), Value: p.Source.Every},
		{Key: c.p.T("detection.source.by"), Value: names[o.By]},
	}
	if err := c.whereOf(o, &p); err != nil {
		return err
	}
	if !o.Next.IsZero() && o.State == detection.SourceActive {
		p.Facts = append(p.Facts, page.KV{Key: c.p.T("detection.source.next"), Value: c.p.DateTime(o.Next)})
	}
	for _, one := range scans {
		p.Scans = append(p.Scans, c.scanRow(one))
	}
	return c.show("detection/source", p)
}

// whereOf says where a source looks: its first address, or how many names of
// reports it has.
func (c *visit) whereOf(o detection.Source, p *page.SourcePage) error {
	if o.Kind == detection.Reported {
		n, err := c.s.Detection.NameCounts(c.r.Context(), c.who.Actor)
		p.Names, p.NoNames = c.p.T("detection.source.names.text"), c.p.T("detection.source.names.none")
		p.Facts = append(p.Facts, page.KV{Key: c.p.T("detection.source.names"), Value: c.p.T("detection.source.names.n", "alone", n.Alone, "next", n.Next, "visited", n.Visited)})
		return err
	}
	p.Facts = append(p.Facts, page.KV{Key: c.p.T("detection.source.addresses"), Value: defang(o.Addresses[0])})
	if n := len(o.Addresses); n > 1 {
		p.Facts = append(p.Facts, page.KV{Key: c.p.T("detection.source.more"), Value: c.p.Int(int64(n - 1))})
	}
	return nil
}

func (c *visit) scanRow(one detection.Scan) page.ScanRow {
	row := page.ScanRow{Light: scanLight(one.State), State: c.p.T(one.State.Key()), Started: one.Started, Pages: one.Pages, Items: one.Items}
	for _, why := range slices.Sorted(maps.Keys(one.Report.Counts)) {
		if why == crawl.Fetched || why == crawl.Unchanged || why == crawl.Duplicate {
			continue
		}
		out := page.LeftOut{Why: c.p.T("detection.left." + string(why)), Count: one.Report.Counts[why]}
		for _, sample := range one.Report.Samples[why] {
			out.Samples = append(out.Samples, defang(sample))
		}
		row.Left = append(row.Left, out)
	}
	return row
}

func (s *Server) setSource(c *visit) error {
	id, state := c.r.PathValue("id"), detection.SourceState(c.form("go"))
	if err := s.Detection.SetSource(c.r.Context(), c.who.Actor, id, state); err != nil {
		return err
	}
	switch state {
	case detection.SourceDropped:
		return c.done(sourcesPath, "flash.detection.source-dropped")
	case detection.SourcePaused:
		return c.done(sourcesPath+"/"+id, "flash.detection.source-paused")
	}
	return c.done(sourcesPath+"/"+id, "flash.detection.source-run")
}
