// SPDX-License-Identifier: Apache-2.0

package web_test

import (
	"context"
	"net/http"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"lachan/duty/casework"
	"lachan/internal/gate"
)

// crowd makes the load that the gate sees: n of one kind, taken in just now.
func (d *desk) crowd(kind gate.Kind, n int) {
	d.t.Helper()
	for i := range n {
		s := gate.Send{Subject: "crowd-" + strconv.Itoa(i)}
		pass, ask := d.gate.Enter(kind, s)
		if ask != nil {
			s.Ticket, s.Answer = ask.Ticket, sumOf(d.t, ask.Challenge, ask.Below)
			if pass, ask = d.gate.Enter(kind, s); ask != nil {
				d.t.Fatalf("paid, and asked again: %+v", ask)
			}
		}
		pass.Done(true)
	}
}

func sumOf(t testing.TB, challenge string, below uint32) string {
	t.Helper()
	answer, err := gate.Solve(&gate.Ask{Challenge: challenge, Below: below})
	if err != nil {
		t.Fatal(err)
	}
	return answer
}

var (
	puzzleOf  = regexp.MustCompile(`data-challenge="([0-9a-f]{64})" data-below="([0-9]+)" data-pieces="16" data-seconds="([0-9]+)"`)
	answersIn = regexp.MustCompile(`name="(sum_[a-z]+)" value="" data-answer`)
)

// price reads a page that asks for one; it must be one.
func price(t *testing.T, r reply) (seconds int, pay func(url.Values) url.Values) {
	t.Helper()
	m, field := puzzleOf.FindStringSubmatch(r.body), answersIn.FindStringSubmatch(r.body)
	if r.status != http.StatusTooManyRequests || m == nil || field == nil {
		t.Fatalf("no price is asked: %d %s", r.status, mainOf(r.body))
	}
	seconds, err := strconv.Atoi(m[3])
	if err != nil || r.header.Get("Retry-After") != m[3] {
		t.Fatalf("%s seconds, Retry-After %s", m[3], r.header.Get("Retry-After"))
	}
	below, err := strconv.ParseUint(m[2], 10, 32)
	if err != nil {
		t.Fatal(err)
	}
	has(t, r.body, `href="tel:111"`, `href="tel:113"`)
	return seconds, func(form url.Values) url.Values {
		form.Set(field[1], sumOf(t, m[1], uint32(below)))
		return form
	}
}

// lastStep is the form at its last step with every answer in it.
func lastStep(t *testing.T, b *browser, danger string) url.Values {
	t.Helper()
	return with(hidden(thirdStep(t, b)), "more", "Hôm qua & hôm kia", "danger", danger, "answer", "contact",
		"contact", "0900 000 000", "contact_time", "chiều", "contact_hide", "anh mẫu", "go", "send")
}

// same reports the first field of a form that travelled on otherwise.
func same(t *testing.T, carried, sent url.Values) {
	t.Helper()
	for name, values := range sent {
		if strings.Join(carried[name], "|") != strings.Join(values, "|") {
			t.Errorf("%s: %q became %q", name, values, carried[name])
		}
	}
}

func TestNoGateBelowTheThreshold(t *testing.T) {
	d := newDesk(t)
	d.office()
	d.crowd(gate.Report, 299)
	child := d.browser()
	if body := child.send("/report", lastStep(t, child, "no")); strings.Contains(body, "data-challenge") {
		t.Fatal("a price below the threshold")
	}
	if c := d.gate.Counts(gate.Report); c.Free != 300 || c.Asked != 0 {
		t.Fatalf("%+v", c)
	}
}

func TestClause_2_AReportGetsThroughAFloodWithoutScripts(t *testing.T) {
	d := newDesk(t)
	d.office()
	d.gate.Free = 10
	d.crowd(gate.Report, 40)
	child := d.browser()
	form := lastStep(t, child, "no")
	first := child.post("/report", form)
	seconds, _ := price(t, first)
	if seconds <= int(gate.MinWait/time.Second) || seconds > 30 {
		t.Fatalf("%d seconds", seconds)
	}
	carried := hidden(first.body)
	same(t, carried, form)
	if queueOf(t, d) != 0 {
		t.Fatal("a case before the price was paid")
	}

	d.clock.Advance(time.Duration(seconds-3) * time.Second)
	early := child.post("/report", carried)
	left, _ := price(t, early)
	if left != 3 {
		t.Fatalf("%d seconds left", left)
	}
	has(t, early.body, d.texts.Printer("vi").T("public.waiting.early", "n", 3))
	carried = hidden(early.body)
	same(t, carried, form)

	d.clock.Advance(3 * time.Second)
	d.crowd(gate.Report, 11) // the flood goes on
	done := child.send("/report", carried)
	receipt := receiptOf(t, done)
	if !strings.HasPrefix(form.Get("secret"), receipt) {
		t.Fatalf("the form opened with another receipt than %s", receipt)
	}
	// The same form again, with and without its ticket: free, and one case.
	for _, again := range []url.Values{carried, form} {
		if body := child.send("/report", again); receiptOf(t, body) != receipt {
			t.Fatal("sending twice gave another receipt")
		}
	}
	if n := queueOf(t, d); n != 1 {
		t.Fatalf("%d cases", n)
	}
	st, err := d.casework.OpenStatus(context.Background(), receipt)
	if err != nil || st.ToldBack.Words != told || st.ToldBack.More != "Hôm qua & hôm kia" {
		t.Fatalf("what arrived: %+v, %v", st.ToldBack, err)
	}
	if log := d.log.String(); !strings.Contains(log, "gate=report") || strings.Contains(log, receipt) || strings.Contains(log, "0900") {
		t.Fatalf("the log: %s", log)
	}
}

func TestTheSumPaysForOneReceiptOnly(t *testing.T) {
	d := newDesk(t)
	d.office()
	d.gate.Free = 10
	d.crowd(gate.Report, 11)
	child := d.browser()
	asked := child.post("/report", lastStep(t, child, "no"))
	_, pay := price(t, asked)
	paid := pay(hidden(asked.body))
	stolen := url.Values{}
	for name, values := range paid {
		stolen[name] = values
	}
	stolen["secret"] = []string{casework.NewReceipt()}
	price(t, child.post("/report", stolen))
	receiptOf(t, child.send("/report", paid))
	price(t, child.post("/report", stolen)) // spent or not, it is another's
	if n := queueOf(t, d); n != 1 {
		t.Fatalf("%d cases for one sum", n)
	}
	if c := d.gate.Counts(gate.Report); c.Solved < 1 {
		t.Fatalf("%+v", c)
	}
}

// A form that lost its receipt gets a new one, and keeps it while it waits.
func TestAFloodLetsAFormThroughThatLostItsReceipt(t *testing.T) {
	d := newDesk(t)
	d.office()
	d.gate.Free = 10
	d.crowd(gate.Report, 11)
	child := d.browser()
	form := lastStep(t, child, "no")
	form.Del("secret")
	asked := child.post("/report", form)
	seconds, _ := price(t, asked)
	d.clock.Advance(time.Duration(seconds) * time.Second)
	receiptOf(t, child.send("/report", hidden(asked.body)))
}

func TestAChildInDangerIsToldToCallAndWaitsLeast(t *testing.T) {
	d := newDesk(t)
	d.office()
	d.gate.Free = 10
	d.crowd(gate.Report, 120)
	child := d.browser()
	calm, _ := price(t, child.post("/report", lastStep(t, child, "no")))
	asked := child.post("/report", lastStep(t, child, "yes"))
	seconds, _ := price(t, asked)
	if calm != 30 || seconds > 2 {
		t.Fatalf("in danger %d seconds, else %d", seconds, calm)
	}
	call, title := strings.Index(asked.body, d.texts.Printer("vi").T("public.done.danger")), strings.Index(asked.body, "<h1>")
	if phone := strings.Index(asked.body, `href="tel:113"`); call < 0 || call > title || phone > title {
		t.Fatal("113 does not come first")
	}
	d.clock.Advance(2 * time.Second)
	receiptOf(t, child.send("/report", hidden(asked.body)))
}

func TestGuessingAtReceiptsGetsDearAndReportingDoesNot(t *testing.T) {
	d := newDesk(t)
	d.office()
	d.gate.Free = 50
	child := d.browser()
	receipt := receiptOf(t, child.send("/report", lastStep(t, child, "no")))
	for range 30 { // no look is made for these, and none is counted
		if r := child.post("/status", url.Values{"receipt": {"7Q2M"}}); r.status != http.StatusUnprocessableEntity {
			t.Fatalf("half a receipt: %d", r.status)
		}
	}
	thief := d.browser()
	for range 5 { // both places where a receipt can be tried
		thief.post("/status", url.Values{"receipt": {casework.NewReceipt()}})
		thief.post("/report", url.Values{"secret": {casework.NewReceipt()}, "go": {"check"}})
	}
	price(t, thief.post("/status", url.Values{"receipt": {casework.NewReceipt()}}))
	price(t, thief.post("/report", url.Values{"secret": {casework.NewReceipt()}, "go": {"check"}}))

	// The owner pays once, and then reads, and writes under what was paid.
	asked := child.post("/status", url.Values{"receipt": {receipt}})
	_, pay := price(t, asked)
	page := child.send("/status", pay(hidden(asked.body)))
	has(t, page, d.texts.Printer("vi").T("casework.status.received.headline"))
	answered := child.send("/status", with(hidden(page), "reply", "Em nhớ thêm", "go", "reply"))
	has(t, answered, "Em nhớ thêm")
	// And a report is as free as ever.
	other := d.browser()
	receiptOf(t, other.send("/report", lastStep(t, other, "no")))
}

func TestARepliesTicketIsSpentWithTheReply(t *testing.T) {
	d := newDesk(t)
	d.office()
	d.gate.Free = 10
	child := d.browser()
	receipt := receiptOf(t, child.send("/report", lastStep(t, child, "no")))
	d.crowd(gate.Reply, 11)
	asked := child.post("/status", url.Values{"receipt": {receipt}, "reply": {"Còn nữa <b>"}, "go": {"reply"}})
	_, pay := price(t, asked)
	paid := pay(hidden(asked.body))
	if paid.Get("reply") != "Còn nữa <b>" {
		t.Fatalf("the words became %q", paid.Get("reply"))
	}
	has(t, child.send("/status", paid), "Còn nữa &lt;b&gt;")
	price(t, child.post("/status", paid)) // a second message needs a second sum
	st, err := d.casework.OpenStatus(context.Background(), receipt)
	if err != nil || len(st.Thread) != 1 {
		t.Fatalf("%d messages, %v", len(st.Thread), err)
	}
}
