// SPDX-License-Identifier: Apache-2.0

package web_test

import (
	"context"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"lachan/duty/casework"
	"lachan/internal/authz"
)

// told is what the invented child of these tests writes.
const told = "Bạn ấy chê em trong nhóm lớp & rủ cả lớp cười."

// thirdStep walks the form to its last step, without scripts.
func thirdStep(t *testing.T, b *browser) string {
	t.Helper()
	body := b.page("/report")
	body = b.send("/report", with(hidden(body), "harm", "bullying", "harm", "private_secrets", "medium", "chat", "words", told, "url", "https://chat.vidu.example/7", "go", "next"))
	has(t, body, `name="age"`)
	return b.send("/report", with(hidden(body), "age", "11_14", "who", "child_self", "relation", "friend", "go", "next"))
}

func receiptOf(t *testing.T, body string) string {
	t.Helper()
	m := regexp.MustCompile(`(?s)<p class="groups"[^>]*>(.*?)</p>`).FindStringSubmatch(body)
	if m == nil {
		t.Fatalf("no receipt: %s", mainOf(body))
	}
	var groups []string
	for _, g := range regexp.MustCompile(`<span[^>]*>([0-9A-Z]+)</span>`).FindAllStringSubmatch(m[1], -1) {
		groups = append(groups, g[1])
	}
	return strings.Join(groups, "-")
}

func wordsOf(t *testing.T, body string) string {
	t.Helper()
	var words []string
	for _, w := range regexp.MustCompile(`<li lang="vi">([^<]+)</li>`).FindAllStringSubmatch(body, -1) {
		words = append(words, w[1])
	}
	if len(words) != 8 {
		t.Fatalf("%d words", len(words))
	}
	return strings.Join(words, " ")
}

func TestAReportInThreeStepsWithoutScripts(t *testing.T) {
	d := newDesk(t)
	d.office()
	child := d.browser()
	body := thirdStep(t, child)
	has(t, body, "Bạn ấy chê em") // what was told is shown back

	// Back keeps every answer.
	back := child.send("/report", with(hidden(body), "more", "Hôm qua", "go", "back"))
	has(t, back, `value="11_14" checked`, `value="friend" checked`)
	again := hidden(back)
	if again.Get("words") != told || again.Get("more") != "Hôm qua" {
		t.Fatalf("back lost answers: %v", again)
	}
	first := child.send("/report", with(again, "age", "11_14", "who", "child_self", "relation", "friend", "go", "back"))
	has(t, first, `value="bullying" checked`, `value="private_secrets" checked`, "https://chat.vidu.example/7")

	form := with(hidden(body), "more", "Hôm qua", "danger", "no", "answer", "code", "go", "send")
	done := child.send("/report", form)
	receipt := receiptOf(t, done)
	has(t, done, "<svg viewBox")
	if twice := child.send("/report", form); receiptOf(t, twice) != receipt {
		t.Fatal("sending twice gave another receipt")
	}
	counts := queueOf(t, d)
	if counts != 1 {
		t.Fatalf("%d cases after sending twice", counts)
	}
	if len(child.jar) != 0 {
		t.Fatalf("the public side set cookies: %v", child.jar)
	}

	// Typing the receipt back.
	right := child.send("/report", with(hidden(done), "typed", strings.ToLower(receipt), "go", "check"))
	has(t, right, d.texts.Printer("vi").T("public.done.typed"))
	wrong := child.post("/report", with(hidden(done), "typed", casework.NewReceipt(), "go", "check"))
	if wrong.status != http.StatusUnprocessableEntity || receiptOf(t, wrong.body) != receipt {
		t.Fatalf("a wrong typing: %d", wrong.status)
	}

	// The status by both spellings, and by none.
	for _, spelling := range []string{receipt, wordsOf(t, done), strings.ToLower(strings.ReplaceAll(receipt, "-", " "))} {
		has(t, child.send("/status", url.Values{"receipt": {spelling}}), d.texts.Printer("vi").T("casework.status.received.headline"))
	}
	for _, bad := range []string{"", "ABCD-EFGH", casework.NewReceipt()} {
		r := child.post("/status", url.Values{"receipt": {bad}})
		if r.status != http.StatusUnprocessableEntity {
			t.Fatalf("%q gives %d", bad, r.status)
		}
		has(t, r.body, `id="f-receipt"`, `aria-invalid="true"`)
	}

	// The proof of submission, once the ledger holds it.
	status := child.send("/status", url.Values{"receipt": {receipt}})
	has(t, status, d.texts.Printer("vi").T("public.status.proof.wait"))
	if _, err := d.ledger.Sequence(context.Background()); err != nil {
		t.Fatal(err)
	}
	has(t, child.send("/status", url.Values{"receipt": {receipt}}), `value="proof"`)
	proof := child.post("/status", url.Values{"receipt": {receipt}, "go": {"proof"}})
	if proof.status != http.StatusOK || !strings.Contains(proof.header.Get("Content-Disposition"), "attachment") || strings.Contains(proof.body, "chê") {
		t.Fatalf("proof: %d %v", proof.status, proof.header)
	}
	has(t, proof.body, "index ")

	// The child writes on.
	replied := child.send("/status", url.Values{"receipt": {receipt}, "go": {"reply"}, "reply": {"Em nhớ thêm một điều."}})
	has(t, replied, "Em nhớ thêm một điều.")
	empty := child.post("/status", url.Values{"receipt": {receipt}, "go": {"reply"}, "reply": {" "}})
	if empty.status != http.StatusUnprocessableEntity {
		t.Fatalf("an empty message gives %d", empty.status)
	}
}

// queueOf counts the open cases of the duty unit.
func queueOf(t *testing.T, d *desk) int {
	t.Helper()
	rows, _, err := d.casework.Queue(context.Background(), authz.Actor{Person: "p", Unit: d.duty, Roles: []string{authz.Triage}}, casework.QueueFilter{}, "")
	if err != nil {
		t.Fatal(err)
	}
	return len(rows)
}

func TestReportErrorsKeepWhatWasTyped(t *testing.T) {
	d := newDesk(t)
	d.office()
	child := d.browser()
	body := child.page("/report")
	r := child.post("/report", with(hidden(body), "words", told, "url", strings.Repeat("x", 2001), "go", "next"))
	if r.status != http.StatusUnprocessableEntity {
		t.Fatalf("%d", r.status)
	}
	has(t, r.body, "Bạn ấy chê em", `id="e-url"`, `name="words"`)

	// A faulty field of an earlier step is shown at that step.
	third := thirdStep(t, child)
	form := with(hidden(third), "answer", "contact", "go", "send")
	r = child.post("/report", form)
	if r.status != http.StatusUnprocessableEntity {
		t.Fatalf("a contact without a number: %d", r.status)
	}
	has(t, r.body, `id="e-contact"`)
	form = hidden(third)
	form.Set("relation", "nobody")
	r = child.post("/report", with(form, "go", "send"))
	has(t, r.body, `name="step" value="2"`)
	if queueOf(t, d) != 0 {
		t.Fatal("a faulty report was taken in")
	}
	// Every question may be skipped.
	body = child.page("/report")
	body = child.send("/report", with(hidden(body), "go", "skip"))
	body = child.send("/report", with(hidden(body), "go", "skip"))
	// The Enter key on the last step sends nothing.
	body = child.send("/report", with(hidden(body), "go", "enter", "more", "Em nghĩ lại"))
	has(t, body, "Em nghĩ lại", `value="send"`)
	if queueOf(t, d) != 0 {
		t.Fatal("the Enter key sent the report")
	}
	receiptOf(t, child.send("/report", with(hidden(body), "go", "send")))
}

func TestIntakeThatNobodyCouldReadIsClosed(t *testing.T) {
	d := newDesk(t)
	child := d.browser()
	r := child.get("/report")
	if r.status != http.StatusServiceUnavailable {
		t.Fatalf("%d", r.status)
	}
	has(t, r.body, "tel:111", d.texts.Printer("vi").T("casework.closed.members"))
	r = child.post("/report", url.Values{"step": {"3"}, "secret": {casework.NewReceipt()}, "words": {told}, "go": {"send"}})
	if r.status != http.StatusServiceUnavailable {
		t.Fatalf("a report was taken in: %d", r.status)
	}
	has(t, r.body, "tel:111")
}

// An empty roster: no page promises when somebody will read.
func TestNoReadingTimeWithoutARoster(t *testing.T) {
	d := newDesk(t)
	_, officer, _ := d.office()
	child := d.browser()
	none := d.texts.Printer("vi").T("public.reading.none")
	now := d.texts.Printer("vi").T("public.reading.now")
	pages := func() (bodies []string) {
		third := thirdStep(t, child)
		done := child.send("/report", with(hidden(third), "danger", "no", "go", "send"))
		return append(bodies, third, done, child.send("/status", url.Values{"receipt": {receiptOf(t, done)}}))
	}
	for i, body := range pages() {
		if !strings.Contains(body, none) || strings.Contains(body, now) {
			t.Errorf("page %d promises something without a roster", i)
		}
	}
	roster := officer.page("/casework/roster")
	m := regexp.MustCompile(`<option value="([0-9a-f-]{36})">`).FindStringSubmatch(roster)
	if m == nil {
		t.Fatal("nobody to put on call")
	}
	from := d.clock.Now().Add(-time.Hour).Format("15:04, 02/01/2006")
	to := d.clock.Now().Add(7 * time.Hour).Format("15:04, 02/01/2006")
	bad := officer.post("/casework/roster", url.Values{"person": {m[1]}, "phone": {"0900 000 111"}, "from": {"soon"}, "to": {to}})
	if bad.status != http.StatusUnprocessableEntity {
		t.Fatalf("a shift from soon on: %d", bad.status)
	}
	officer.send("/casework/roster", url.Values{"person": {m[1]}, "phone": {"0900 000 111"}, "from": {from}, "to": {to}})
	for i, body := range pages() {
		if !strings.Contains(body, now) {
			t.Errorf("page %d does not say that somebody is there", i)
		}
	}
	roster = officer.page("/casework/roster")
	id := regexp.MustCompile(`action="/casework/roster/drop"><input type="hidden" name="id" value="([^"]+)"`).FindStringSubmatch(roster)
	if id == nil {
		t.Fatal("the shift cannot be dropped")
	}
	officer.send("/casework/roster/drop", url.Values{"id": {id[1]}})
	if body := child.page("/"); strings.Contains(body, now) {
		t.Error("the front page promises after the shift was dropped")
	}
}
