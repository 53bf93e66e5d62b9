// SPDX-License-Identifier: Apache-2.0

package demo

import (
	"context"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// scan has a reviewer add the sample site as a source and waits until what it
// holds stands in the queue. No word of it may stand there.
func (t *tour) scan(ctx context.Context) error {
	b, err := t.desk(ctx, "review1")
	if err != nil {
		return err
	}
	if err := b.open(ctx, "/detection/sources"); err != nil {
		return err
	}
	err = b.send(ctx, "/detection/sources", "", url.Values{
		"title": {t.Printer.T("demo.site")}, "kind": {"page"}, "every": {"0"}, "addresses": {t.in.site.url(t.story.Site)}, "depth": {"2"}, "pages": {"50"},
	})
	if err != nil {
		return err
	}
	at := b.at.Path
	var row *element
	err = until(ctx, 60*time.Second, func() (bool, error) {
		if err := b.open(ctx, at); err != nil {
			return false, err
		}
		row = b.page.first("ul.rows").first("li")
		return row != nil && strings.Contains(row.words(), t.Printer.T("detection.scan.done")), nil
	})
	if err != nil {
		return err
	}
	if n := t.in.site.rude.Load(); n > 0 {
		return wrong("the scan read %d pages that the site asked it not to", n)
	}
	t.say("demo.tour.scan", "scan", row.first("span").words())
	if err := b.open(ctx, "/detection/queue"); err != nil {
		return err
	}
	items := b.page.all("li.case")
	if len(items) != 2 || strings.Contains(b.page.words(), "OTP") {
		return wrong("%d items in the queue", len(items))
	}
	for _, item := range items {
		t.say("demo.tour.item", "tier", item.first(".light").words(), "label", item.first("a").words(), "why", item.first(".tags").words())
	}
	return nil
}

// named: the name of the site that the child told of is known to the room, and
// was not visited, as one report alone would tell on the child.
func (t *tour) named(ctx context.Context) error {
	b := t.desks["review1"]
	if err := b.open(ctx, "/detection/sources"); err != nil {
		return err
	}
	for _, a := range b.page.all("th") {
		if a := a.first("a"); a != nil && a.words() == t.Printer.T("detection.source.kind.reported") {
			if err := b.open(ctx, a.attrs["href"]); err != nil {
				return err
			}
			break
		}
	}
	names := t.Printer.T("detection.source.names.n", "alone", 1, "next", 0, "visited", 0)
	if !strings.Contains(b.page.words(), names) || strings.Contains(b.page.words(), t.story.Domain) {
		return wrong("the page of the source does not say %q", names)
	}
	t.say("demo.tour.named", "names", names)
	return b.open(ctx, "/detection/queue")
}

// unseen: a reviewer takes a break while an emergency waits; who is on call is
// rung instead.
func (t *tour) unseen(ctx context.Context) error {
	b := t.desks["review1"]
	if err := b.send(ctx, "/detection/queue/away", "away", nil); err != nil {
		return err
	}
	title := b.page.first("section.next").first("h2").words()
	// The page offers no item to who is away; a stale page in another tab does.
	next, err := url.Parse("/detection/queue/next")
	if err != nil {
		return err
	}
	if err := b.do(ctx, "POST", next.Path, url.Values{}); err == nil || b.status != http.StatusConflict {
		return wrong("who is away is answered %d: %w", b.status, err)
	}
	duty, err := t.desk(ctx, "duty1")
	if err != nil {
		return err
	}
	var ring *element
	err = until(ctx, 15*time.Second, func() (bool, error) {
		if err := duty.open(ctx, "/casework"); err != nil {
			return false, err
		}
		for _, row := range duty.page.all("li.case") {
			if a := row.first("a"); a != nil && a.attrs["href"] != t.caseAt && row.first(".hot") != nil {
				if err := duty.open(ctx, a.attrs["href"]); err != nil {
					return false, err
				}
				if strings.Contains(duty.page.words(), t.Printer.T("casework.event.exhibit")) {
					ring = duty.page.first(".flash.warn")
					return ring != nil, nil
				}
			}
		}
		return false, nil
	})
	if err != nil {
		return err
	}
	t.say("demo.tour.unseen", "title", title, "ring", ring.first("p").words())
	if err := b.open(ctx, "/detection/queue"); err != nil {
		return err
	}
	return b.send(ctx, "/detection/queue/away", "back", nil)
}

// verdict: the reviewer reads, opens the picture, and has the site blocked; its
// capture lies in the case.
func (t *tour) verdict(ctx context.Context) error {
	b := t.desks["review1"]
	rows := b.page.all("li.case")
	if len(rows) != 2 {
		return wrong("%d items in the queue", len(rows))
	}
	at := rows[1].first("a").attrs["href"] // the first is the emergency, for which who is on call was rung
	if err := b.open(ctx, at); err != nil {
		return err
	}
	if err := b.send(ctx, at+"/take", "", nil); err != nil {
		return err
	}
	mark := b.page.first("mark")
	if mark == nil || b.page.first("img.shown") != nil {
		return wrong("the item shows no reason, or an open picture")
	}
	t.say("demo.tour.found", "label", b.page.first("h1").words(), "mark", strings.TrimSpace(strings.Split(mark.words(), "(")[0]))
	if err := b.send(ctx, at+"/reveal", "", nil); err != nil {
		return err
	}
	if b.page.first("img.shown") == nil {
		return wrong("the picture does not open")
	}
	t.say("demo.tour.budget", "budget", b.page.first("dl.budget").first("dd").words())
	if err := b.send(ctx, at+"/decide", "", url.Values{"verdict": {"block"}, "kind": {"provisional"}}); err != nil {
		return err
	}
	t.domain = t.story.Site
	if err := until(ctx, 5*time.Second, func() (bool, error) {
		r, err := t.ask(ctx)
		return refused(r), err
	}); err != nil {
		return err
	}
	r, err := t.ask(ctx)
	if err != nil {
		return err
	}
	t.say("demo.tour.dns", "domain", t.domain, "answer", answers(r))
	t.domain = t.story.Domain
	if err := b.open(ctx, at); err != nil {
		return err
	}
	t.say("demo.tour.verdict", "verdict", b.page.first("dl.kv").words())
	return nil
}

// foundFigure reads what was found in the form of the unit that reviews: a
// figure that nobody typed.
func (t *tour) foundFigure(ctx context.Context) error {
	b, err := t.formOf(ctx, "focal")
	if err != nil {
		return err
	}
	cell := b.page.first("#f-E13")
	if cell == nil || cell.name != "output" {
		return wrong("the form does not know what was found")
	}
	if n, ok := number(cell.words()); !ok || n != 1 {
		return wrong("the form says that %q were found", cell.words())
	}
	t.say("demo.tour.found-figure", "value", cell.words())
	return nil
}
