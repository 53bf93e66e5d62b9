// SPDX-License-Identifier: Apache-2.0

package demo

import (
	"context"
	"net/url"
	"strings"
	"time"

	"lachan/duty/casework"
	"lachan/hub"
	"lachan/internal/identity"
)

// behind is how far the tour's clock is set back at first: longer than a ring
// waits before it goes on to the stand-in. When the danger has been told the
// clock is put right, which is as if those minutes had passed.
const behind = 6 * time.Minute

// setUp makes the instance: a province without a past, one school, and people
// with names drawn anew.
func (t *tour) setUp(ctx context.Context) error {
	var people []newcomer
	if err := readData("people.json", &people); err != nil {
		return err
	}
	var err error
	if t.story, err = newStory(len(people)); err != nil {
		return err
	}
	clk := &Shift{}
	clk.Back(behind)
	if t.in, err = open(ctx, clk, setting{
		dir: t.dir, listen: "127.0.0.1:0", bus: "127.0.0.1:0", place: t.Printer.T("demo.place"), off: t.Off, version: t.Version, site: t.story.Site,
	}); err != nil {
		return err
	}
	var list []sample
	if err := readData("schools.json", &list); err != nil {
		return err
	}
	list = list[:1]
	if err := t.in.addSchools(ctx, list); err != nil {
		return err
	}
	for i := range people {
		people[i].Name = t.story.Names[i]
		people[i].Login += "." + secret(4)
	}
	t.staff = newStaff(t.in, func(string) (string, string) { return secret(16), secret(20) })
	if err := t.staff.hire(ctx, people); err != nil {
		return err
	}
	if _, err := t.in.filterSchools(ctx, t.staff.byPost["lead"].actor(), list); err != nil {
		return err
	}
	if err := t.in.onCall(ctx, t.staff, clk.Now().Add(-time.Hour), 24*time.Hour); err != nil {
		return err
	}
	lead := t.staff.byPost["lead"].actor()
	if _, err := t.in.hub.Reporting.Distribute(ctx, lead, hub.Directive, t.in.year()); err != nil {
		return err
	}
	if err := t.in.answer([]string{t.story.Domain, t.story.Site}); err != nil {
		return err
	}
	if err := t.in.listen(ctx, t.staff, t.Printer); err != nil {
		return err
	}
	t.in.serve(ctx)
	t.desks = map[string]*browser{}
	if t.child, err = newBrowser(t.in.hub.URL(), t.Printer.Lang); err != nil {
		return err
	}
	if t.danger, err = newBrowser(t.in.hub.URL(), t.Printer.Lang); err != nil {
		return err
	}
	if err := t.in.ready(ctx); err != nil {
		return err
	}
	if err := t.child.open(ctx, "/"); err != nil {
		return err
	}
	t.say("demo.tour.hub", "url", t.child.at.String(), "title", t.child.page.first("h1").words())
	return nil
}

// desk is a member of the staff at a browser, logged in with password and code,
// and unlocked where the person has a passphrase.
func (t *tour) desk(ctx context.Context, post string) (*browser, error) {
	if b := t.desks[post]; b != nil {
		return b, nil
	}
	a := t.staff.byPost[post]
	b, err := newBrowser(t.in.hub.URL(), t.Printer.Lang)
	if err != nil {
		return nil, err
	}
	if err := b.open(ctx, "/login"); err != nil {
		return nil, err
	}
	if err := b.send(ctx, "/login", "", url.Values{"name": {a.Login}, "password": {a.Password}}); err != nil {
		return nil, err
	}
	// A code is good once; this one is of the step after the one that the
	// second factor was confirmed with.
	code, err := identity.Code(a.Secret, t.in.clock.Now().Add(codeStep))
	if err != nil {
		return nil, err
	}
	if err := b.send(ctx, "/login/code", "", url.Values{"code": {code}}); err != nil {
		return nil, err
	}
	if a.Passphrase != "" {
		if err := b.open(ctx, "/unlock"); err != nil {
			return nil, err
		}
		if err := b.send(ctx, "/unlock", "", url.Values{"passphrase": {a.Passphrase}}); err != nil {
			return nil, err
		}
	}
	if b.at.Path != "/work" {
		return nil, wrong("the log-in led to %s", b.at.Path)
	}
	t.desks[post] = b
	return b, nil
}

// codeStep is how long a code is good (RFC 6238).
const codeStep = 30 * time.Second

// directive reads the directive's page.
func (t *tour) directive(ctx context.Context) error {
	b, err := t.desk(ctx, "lead")
	if err != nil {
		return err
	}
	if err := b.open(ctx, "/mission"); err != nil {
		return err
	}
	at := ""
	for _, a := range b.page.all("a") {
		if strings.HasPrefix(a.attrs["href"], "/reporting/directives/") {
			at = a.attrs["href"]
		}
	}
	if err := b.open(ctx, at); err != nil {
		return err
	}
	figures := b.page.first("dl.figures")
	if figures == nil {
		return wrong("the page has no figures")
	}
	keys, values := figures.all("dt"), figures.all("dd")
	for i := range min(len(keys), len(values)) {
		if n, ok := number(values[i].words()); !ok || n == 0 {
			return wrong("%s: %q", keys[i].words(), values[i].words())
		}
		t.say("demo.tour.figure", "name", keys[i].words(), "value", values[i].words())
	}
	if shown := len(b.page.all("article.clause")); len(keys) < 3 || values[0].words() != t.Printer.Int(int64(shown)) {
		return wrong("%d clauses are shown, %s counted", shown, values[0].words())
	}
	return nil
}

// enrolNode lets the school's teacher ask for a token and joins the node.
func (t *tour) enrolNode(ctx context.Context) error {
	b, err := t.desk(ctx, "it")
	if err != nil {
		return err
	}
	if err := b.open(ctx, "/schools/nodes"); err != nil {
		return err
	}
	form, err := b.form("/schools/nodes/enrol")
	if err != nil {
		return err
	}
	if err := b.send(ctx, "/schools/nodes/enrol", "", url.Values{"name": {t.story.School}, "school": choices(form, "school")}); err != nil {
		return err
	}
	token := b.page.first(".once").first("code").words()
	if err := t.in.join(ctx, token, "127.0.0.1:0", "127.0.0.1:0", t.Version); err != nil {
		return err
	}
	if err := b.open(ctx, "/schools"); err != nil {
		return err
	}
	link := b.page.first("table").first("tbody").first("a")
	if link == nil {
		return wrong("the list shows no school")
	}
	t.school = link.attrs["href"]
	name := link.words()
	err = until(ctx, 20*time.Second, func() (bool, error) {
		if err := b.open(ctx, t.school); err != nil {
			return false, err
		}
		return strings.Contains(b.page.first("main").words(), t.Printer.T("ui.node.is.ok")), nil
	})
	if err != nil {
		return err
	}
	if err := b.open(ctx, "/schools/nodes"); err != nil {
		return err
	}
	row := b.page.first("table").first("tbody").first("tr")
	t.say("demo.tour.node", "school", name, "node", joinWords(row.first("th").inside[0].words(), row.first(".light").words()), "dns", t.in.node.DNSAddr())
	return nil
}

// dutyPhone is a number that nobody has: 0255 is the province's area code, and
// no subscriber's number begins with 0.
const dutyPhone = "02550000111"

// onCall puts the duty unit's officers on the roster.
func (i *instance) onCall(ctx context.Context, s *staff, from time.Time, long time.Duration) error {
	first, second := s.byPost["duty1"], s.byPost["duty2"]
	_, err := i.hub.Casework.AddShift(ctx, s.byPost["head"].actor(), casework.ShiftCommand{
		Unit: first.Unit, Person: first.ID, StandIn: second.ID, Phone: dutyPhone, From: from, To: from.Add(long),
	})
	return err
}
