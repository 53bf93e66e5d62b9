// SPDX-License-Identifier: Apache-2.0

package demo

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"lachan/internal/dnswire"
)

const typeA = 1 // RFC 1035

// ask puts the question of a pupil's device to the school's node.
func (t *tour) ask(ctx context.Context) (dnswire.Reply, error) {
	return dnswire.Exchange(ctx, "udp", t.in.node.DNSAddr(), t.domain, typeA)
}

// refused reports whether an answer is the node's refusal: the block page's
// address, and an extended error that says so (RFC 8914).
func refused(r dnswire.Reply) bool {
	return slices.Contains(r.Answers, "A "+pageAddress) && len(r.EDE) > 0
}

func answers(r dnswire.Reply) string {
	text := strings.Join(r.Answers, ", ")
	for _, code := range r.EDE {
		text += fmt.Sprintf(" (EDE %d)", code)
	}
	return text
}

// before asks for the name while nobody has decided anything. The name is the
// one that the case's page offers to block.
func (t *tour) before(ctx context.Context) error {
	b := t.desks["duty1"]
	if err := b.open(ctx, t.caseAt+"/block"); err != nil {
		return err
	}
	form, err := b.form("/block")
	if err != nil {
		return err
	}
	if t.domain = filled(form).Get("domain"); t.domain != t.story.Domain {
		return wrong("the form offers to block %q", t.domain)
	}
	r, err := t.ask(ctx)
	if err != nil {
		return err
	}
	if refused(r) || len(r.Answers) == 0 {
		return wrong("the node answers %q", answers(r))
	}
	t.say("demo.tour.dns", "domain", t.domain, "answer", answers(r))
	return nil
}

// block decides on the case's page and waits for the node to refuse the name.
func (t *tour) block(ctx context.Context) error {
	b := t.desks["duty1"]
	if err := b.send(ctx, "/block", "preview", url.Values{"why": {t.story.Reason}}); err != nil {
		return err
	}
	covers := b.page.first(".coverage")
	if covers == nil || covers.first(".big").words() != t.domain {
		return wrong("the page does not say what the block covers")
	}
	said := covers.all("p")
	ends := covers.all("dd")
	t.say("demo.tour.covers", "text", said[1].words(), "ends", ends[len(ends)-1].words())

	// The pupil's device asks all the while; the time is from the moment in
	// which the button is pressed.
	began := time.Now()
	at := make(chan time.Duration, 1)
	watch, stop := context.WithCancel(ctx)
	defer stop()
	go func() {
		for watch.Err() == nil {
			if r, err := t.ask(watch); err == nil && refused(r) {
				at <- time.Since(began)
				return
			}
		}
	}()
	if err := b.send(ctx, "/block", "block", nil); err != nil {
		return err
	}
	decided := time.Since(began)
	var gone time.Duration
	select {
	case gone = <-at:
	case <-time.After(5 * time.Second):
		return wrong("the node still answers 5 s after the decision")
	case <-ctx.Done():
		return ctx.Err()
	}
	r, err := t.ask(ctx)
	if err != nil {
		return err
	}
	if !refused(r) {
		return wrong("the node answers %q", answers(r))
	}
	t.say("demo.tour.decided", "event", t.event(b, "blocked"), "took", took(decided))
	t.say("demo.tour.dns", "domain", t.domain, "answer", answers(r))
	t.say("demo.tour.refused-after", "took", took(gone))
	return nil
}

// blockPage opens the refused site as a pupil's browser would.
func (t *tour) blockPage(ctx context.Context) error {
	b, err := newBrowser("http://"+t.in.node.PageAddr(), t.Printer.Lang)
	if err != nil {
		return err
	}
	b.client.Transport = asHost{t.domain}
	err = b.open(ctx, "/")
	if b.page == nil {
		return wrong("no page: %w", err)
	}
	help := 0
	for _, a := range b.page.all("a") {
		if a.attrs["href"] == "tel:111" {
			help++
		}
	}
	main := b.page.first("main")
	if help == 0 || main.first("h1").words() == "" {
		return wrong("the block page has no help line")
	}
	t.say("demo.tour.page", "title", main.first("h1").words(), "text", main.first(".kindly").words())
	return nil
}

// asHost sends requests to their address under another host's name.
type asHost struct{ host string }

// RoundTrip implements http.RoundTripper.
func (a asHost) RoundTrip(r *http.Request) (*http.Response, error) {
	r = r.Clone(r.Context())
	r.Host = a.host
	return http.DefaultTransport.RoundTrip(r)
}

// answer writes to the child, who reads it with the receipt.
func (t *tour) answer(ctx context.Context) error {
	b := t.desks["duty1"]
	if err := b.open(ctx, t.caseAt+"/answer"); err != nil {
		return err
	}
	if err := b.send(ctx, "/answer", "", url.Values{"text": {t.story.Answer}}); err != nil {
		return err
	}
	if err := t.status(ctx, t.receipt); err != nil {
		return err
	}
	said := t.child.page.first("li.ours").first(".say").words()
	if said != t.story.Answer {
		return wrong("the child reads %q", said)
	}
	t.say("demo.tour.answer", "text", said, "status", t.child.page.first("h1").words())
	return nil
}

// devices is how many of the school's devices meet the refusal: five are the
// fewest that a node speaks of.
const devices = 6

// counter lets the devices of the school ask and reads the school's page.
func (t *tour) counter(ctx context.Context) error {
	for n := range devices {
		if err := askFrom(ctx, fmt.Sprintf("127.0.0.%d", n+2), t.in.node.DNSAddr(), t.domain); err != nil {
			return err
		}
	}
	t.in.node.SettleCounts() // the tour cannot wait for the hour to end
	b := t.desks["it"]
	var row *element
	err := until(ctx, 15*time.Second, func() (bool, error) {
		if err := b.open(ctx, t.school); err != nil {
			return false, err
		}
		for _, table := range b.page.all("table.cardtable") {
			row = table.first("tbody").first("tr")
		}
		return row != nil, nil
	})
	if err != nil {
		return err
	}
	cells := row.all("td")
	n, ok := number(cells[len(cells)-1].words())
	if !ok || n < devices {
		return wrong("the page says %q devices", cells[len(cells)-1].words())
	}
	t.say("demo.tour.counter", "category", row.first("th").words(), "when", cells[len(cells)-2].words(), "devices", cells[len(cells)-1].words())
	return nil
}

// lift takes the block back on the case's page.
func (t *tour) lift(ctx context.Context) error {
	b := t.desks["duty1"]
	if err := b.open(ctx, t.caseAt); err != nil {
		return err
	}
	began := time.Now()
	if err := b.send(ctx, "/withdraw", "", nil); err != nil {
		return err
	}
	var last dnswire.Reply
	err := until(ctx, 5*time.Second, func() (ok bool, err error) {
		last, err = t.ask(ctx)
		return !refused(last) && len(last.Answers) > 0, err
	})
	if err != nil {
		return wrong("the node answers %q: %w", answers(last), err)
	}
	t.say("demo.tour.lifted", "event", t.event(b, "lifted"))
	t.say("demo.tour.dns", "domain", t.domain, "answer", answers(last))
	t.say("demo.tour.answered-after", "took", took(time.Since(began)))
	return nil
}
