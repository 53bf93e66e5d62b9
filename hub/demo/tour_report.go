// SPDX-License-Identifier: Apache-2.0

package demo

import (
	"context"
	"net/url"
	"strconv"
	"strings"
	"time"
)

// number reads a figure of a page: digits, grouped as people write them.
func number(text string) (int, bool) {
	n, err := strconv.Atoi(strings.NewReplacer(".", "", ",", "", "\u00a0", "").Replace(strings.TrimSpace(text)))
	return n, err == nil
}

// told is what one reporter types on the three steps of the form.
type told struct{ harm, words, link, who, relation, more, danger string }

// report walks the form's three steps and sends it.
func (t *tour) report(ctx context.Context, b *browser, in told) error {
	if err := b.open(ctx, "/report"); err != nil {
		return err
	}
	first := url.Values{"harm": {in.harm}, "words": {in.words}, "url": {in.link}}
	if err := b.send(ctx, "/report", "next", first); err != nil {
		return err
	}
	form, err := b.form("/report")
	if err != nil {
		return err
	}
	ages := choices(form, "age")
	if len(ages) < 4 {
		return wrong("the form offers %d ages", len(ages))
	}
	second := url.Values{"age": {ages[2]}, "who": {in.who}, "relation": {in.relation}} // 11 to 14
	if err := b.send(ctx, "/report", "next", second); err != nil {
		return err
	}
	kept := b.page.first(".kept").first("blockquote").words()
	if kept != in.words {
		return wrong("the form kept %q", kept)
	}
	t.say("demo.tour.kept", "words", kept)
	return b.send(ctx, "/report", "send", url.Values{"more": {in.more}, "danger": {in.danger}, "answer": {"code"}})
}

// tell sends the child's report. The child leaves no name and no number.
func (t *tour) tell(ctx context.Context) error {
	err := t.report(ctx, t.child, told{
		harm: "harmful_content", words: t.story.Words, link: "http://" + t.story.Domain + "/", who: "child_self", relation: "online_only",
		more: t.story.More, danger: "no",
	})
	if err != nil {
		return err
	}
	t.say("demo.tour.told", "title", t.child.page.first("h1").words())
	return nil
}

// readReceipt reads both spellings off the page and opens the status with each.
func (t *tour) readReceipt(ctx context.Context) error {
	var letters, spelt []string
	for _, g := range t.child.page.first(".groups").all("span") {
		letters = append(letters, g.words())
	}
	for _, w := range t.child.page.first(".eight").all("li") {
		spelt = append(spelt, w.words())
	}
	if len(letters) < 5 || len(spelt) != 8 {
		return wrong("the receipt has %d groups and %d words", len(letters), len(spelt))
	}
	t.receipt = strings.Join(letters, " ")
	t.say("demo.tour.receipt", "letters", t.receipt, "words", strings.Join(spelt, " "))
	heads := map[string]bool{}
	for _, spelling := range []string{strings.Join(spelt, " "), t.receipt} {
		if err := t.status(ctx, spelling); err != nil {
			return err
		}
		heads[t.child.page.first("h1").words()] = true
	}
	if len(heads) != 1 {
		return wrong("the two spellings lead to different pages")
	}
	t.say("demo.tour.status", "status", t.child.page.first("h1").words())
	return nil
}

// status opens the status page with a receipt.
func (t *tour) status(ctx context.Context, receipt string) error {
	if err := t.child.open(ctx, "/status"); err != nil {
		return err
	}
	if err := t.child.send(ctx, "/status", "", url.Values{"receipt": {receipt}}); err != nil {
		return err
	}
	if t.child.page.first(".stepper") == nil {
		return wrong("the status page shows no state")
	}
	return nil
}

// logIn brings the duty officer to the work page.
func (t *tour) logIn(ctx context.Context) error {
	b, err := t.desk(ctx, "duty1")
	if err != nil {
		return err
	}
	who := b.page.first(".who").words()
	if want := t.staff.byPost["duty1"].Name; !strings.Contains(who, want) {
		return wrong("%q is logged in, not %q", who, want)
	}
	t.say("demo.tour.log-in", "name", who, "title", b.page.first("h1").words())
	return nil
}

// triage finds the report in the queue and reads why it stands where it does.
func (t *tour) triage(ctx context.Context) error {
	b := t.desks["duty1"]
	if err := b.open(ctx, "/casework"); err != nil {
		return err
	}
	rows := b.page.all("li.case")
	if len(rows) != 1 {
		return wrong("the queue shows %d cases, not 1", len(rows))
	}
	link := rows[0].first("a")
	t.caseAt = link.attrs["href"]
	t.say("demo.tour.queue", "title", link.words(), "score", rows[0].first(".score").words())
	if err := b.open(ctx, t.caseAt); err != nil {
		return err
	}
	read := b.page.first(".told").first("blockquote").words()
	if want := t.story.Words + " " + t.story.More; read != want {
		return wrong("the case page says %q, not what was told", read)
	}
	t.say("demo.tour.case", "words", read)
	list := b.page.first(".factors")
	points, reasons := list.all("dt"), list.all("dd")
	sum := 0
	for i := range min(len(points), len(reasons)) {
		if n, ok := number(strings.TrimPrefix(points[i].words(), "+")); ok && n > 0 {
			sum += n
			t.say("demo.tour.reason", "points", points[i].words(), "reason", reasons[i].words())
		}
	}
	if n, ok := number(b.page.first(".score").first("b").words()); !ok || n == 0 || n != min(sum, 100) {
		return wrong("the score of %d is not the sum of its reasons, %d", n, sum)
	}
	return nil
}

// ring sends a report of danger and looks for the call to somebody on duty.
// Nobody takes it, so that it goes on to the stand-in.
func (t *tour) ring(ctx context.Context) error {
	err := t.report(ctx, t.danger, told{harm: "wants_meeting", words: t.story.Urgent, who: "child_self", relation: "stranger", danger: "yes"})
	t.in.clock.Right() // and five minutes have passed
	if err != nil {
		return err
	}
	b := t.desks["duty1"]
	if err := b.open(ctx, "/casework"); err != nil {
		return err
	}
	row := b.page.first("li.case")
	if row.first(".hot") == nil {
		return wrong("the report of danger is not first and not marked")
	}
	at := row.first("a").attrs["href"]
	if err := b.open(ctx, at); err != nil {
		return err
	}
	take, err := b.form("/ring")
	if err != nil {
		return err
	}
	t.say("demo.tour.ring", "ring", take.above.first("p").words(), "score", row.first(".score").words())
	moved := ""
	err = until(ctx, 12*time.Second, func() (bool, error) {
		if err := b.open(ctx, at); err != nil {
			return false, err
		}
		moved = t.event(b, "ring")
		return moved != "", nil
	})
	if err != nil {
		return wrong("the ring did not go on: %w", err)
	}
	if err := b.send(ctx, "/ring", "", nil); err != nil {
		return err
	}
	taken := t.event(b, "ring_taken")
	if _, err := b.form("/ring"); err == nil || taken == "" {
		return wrong("the ring goes on after somebody took it")
	}
	t.say("demo.tour.ring-taken", "moved", moved, "taken", taken)
	return nil
}

// event is the newest event of a kind on the case's timeline, as the page says
// it; "" for none.
func (t *tour) event(b *browser, kind string) string {
	name := t.Printer.T("casework.event." + kind)
	for _, e := range b.page.first("ol.tl").all("li") {
		what := e.first(".what").words()
		if what == name || strings.HasPrefix(what, name+":") {
			return joinWords(e.first("time").words(), what, e.first(".by").words())
		}
	}
	return ""
}

func joinWords(words ...string) string { return strings.TrimSpace(strings.Join(words, " ")) }
