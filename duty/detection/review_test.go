// SPDX-License-Identifier: Apache-2.0

package detection_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"time"

	"lachan/duty"
	"lachan/duty/detection"
	"lachan/duty/detection/exchange"
	"lachan/internal/authz"
	"lachan/internal/problem"
)

// page is a finding of a page with a label's pattern and one picture.
func page(t testing.TB, n int, label string, pictures ...detection.FoundPicture) detection.Finding {
	t.Helper()
	return detection.Finding{
		Source: "source-1", Kind: detection.PageKind, Address: fmt.Sprintf("https://trang%d.mau.example/bai", n), Title: fmt.Sprintf("Trang mẫu %d", n),
		Text: samples[label], TextDigest: fmt.Sprintf("text-%d", n), Pictures: pictures, Capture: []byte("WARC/1.1 of a sample page"),
		Features: detection.Features{Source: "page", DomainAge: -1, Reach: -1},
	}
}

func (w *world) find(f detection.Finding) detection.Found {
	w.t.Helper()
	found, err := w.Find(w.ctx, system(), f)
	w.ok(err)
	return found
}

// next takes the next item and opens it.
func (w *world) next(a authz.Actor) detection.View {
	w.t.Helper()
	item, err := w.Next(w.ctx, a)
	w.ok(err)
	v, err := w.Open(w.ctx, a, w.u(a), item)
	w.ok(err)
	return v
}

func wants(t testing.TB, err error, code string) {
	t.Helper()
	if !problem.Is(err, code) {
		t.Fatalf("got %v, want %s", err, code)
	}
}

// TestClause_5_2_FromFindingToCase walks a finding through the queue: veiled
// first, revealed with a charge and an entry, judged, handed on with its
// capture, and never shown again.
func TestClause_5_2_FromFindingToCase(t *testing.T) {
	w := newWorld(t)
	found := w.find(page(t, 1, "gambling", picture(t, 7)))
	if !found.Fresh || found.Judged.Label != "gambling" || found.Judged.Tier != detection.Normal || len(found.Judged.Reasons) == 0 {
		t.Fatalf("found %+v", found)
	}
	v := w.next(w.an())
	if v.Title != "Trang mẫu 1" || v.Address != "https://trang1.mau.example/bai" || v.Pictures[0].Known != "" {
		t.Fatalf("view %+v", v)
	}
	veil, err := w.Veil(w.ctx, w.an(), w.u(w.an()), v.ID, 0)
	if w.ok(err); string(veil) != "veil of a picture" {
		t.Fatalf("veil %q", veil)
	}
	_, err = w.Picture(w.ctx, w.an(), w.u(w.an()), v.ID, 0)
	wants(t, err, "detection/reveal-first")
	w.ok(w.Reveal(w.ctx, w.an(), w.u(w.an()), detection.RevealCommand{Item: v.ID}))
	r, err := w.Picture(w.ctx, w.an(), w.u(w.an()), v.ID, 0)
	w.ok(err)
	data, err := io.ReadAll(r)
	if w.ok(err); !bytes.HasPrefix(data, []byte{0xff, 0xd8}) {
		t.Fatal("what was revealed is no JPEG")
	}
	b, err := w.Budget(w.ctx, w.an())
	if w.ok(err); b.Used[detection.SawPicture] != 1 || w.kinds.count("detection.revealed") != 1 {
		t.Fatalf("budget %+v, %d entries", b, w.kinds.count("detection.revealed"))
	}
	w.clock.Advance(2 * time.Minute)
	_, err = w.Picture(w.ctx, w.an(), w.u(w.an()), v.ID, 0)
	wants(t, err, "detection/reveal-first")

	out, err := w.Decide(w.ctx, w.an(), w.u(w.an()), detection.DecideCommand{
		Item: v.ID, Verdict: detection.Block, Label: "gambling", Note: "Trang mời chơi có thưởng", Wish: detection.Wish{Kind: "provisional", Basis: "mau"},
	})
	if w.ok(err); out.Case != "case-1" || out.Judged != 1 {
		t.Fatalf("outcome %+v", out)
	}
	judged, ok := w.events[len(w.events)-1].(*detection.Judged)
	if !ok || judged.Domain != "mau.example" || judged.Capture.SHA256 == "" || judged.Address != v.Address {
		t.Fatalf("event %+v", judged)
	}
	// The case's unit opens the capture with its own key; an outsider learns nothing.
	handler := authz.Actor{Person: "a-" + otherUnit, Unit: otherUnit, Roles: []string{authz.Handler}}
	c, err := w.Capture(w.ctx, handler, w.u(handler), v.ID, []string{otherUnit})
	w.ok(err)
	warc, err := io.ReadAll(c)
	if w.ok(err); string(warc) != "WARC/1.1 of a sample page" {
		t.Fatalf("capture %q", warc)
	}
	_, err = w.Capture(w.ctx, handler, w.u(handler), v.ID, nil)
	wants(t, err, "authz/not-found")
	for _, units := range [][]string{nil, {reviewUnit, otherUnit}} {
		_, err = w.Capture(w.ctx, w.an(), w.u(w.an()), v.ID, units) // nothing is downloaded by who reviews
		wants(t, err, "authz/not-found")
	}

	// The same picture elsewhere carries the verdict and is not shown again.
	again := w.find(page(t, 2, "scam", picture(t, 7)))
	if again.Judged.Tier != detection.High {
		t.Fatalf("a known picture came as %+v", again.Judged)
	}
	v = w.next(w.an())
	if v.Pictures[0].Known != "block" || v.Pictures[0].Label != "gambling" {
		t.Fatalf("picture %+v", v.Pictures[0])
	}
	wants(t, w.Reveal(w.ctx, w.an(), w.u(w.an()), detection.RevealCommand{Item: v.ID}), "detection/known-needs-reason")
	w.ok(w.Reveal(w.ctx, w.an(), w.u(w.an()), detection.RevealCommand{Item: v.ID, Why: "doubt"}))
}

// TestTheWorstIsJudgedByTwo: neither a verdict nor a dismissal of the worst
// takes force by one person's word.
func TestTheWorstIsJudgedByTwo(t *testing.T) {
	w := newWorld(t)
	f := page(t, 1, "grooming")
	if found := w.find(f); found.Judged.Tier != detection.Emergency {
		t.Fatalf("judged %+v", found.Judged)
	}
	v := w.next(w.an())
	if !v.Covered || v.Text != "" {
		t.Fatal("a child's words are open before anybody asked for them")
	}
	w.ok(w.ReadWords(w.ctx, w.an(), v.ID))
	if v = w.next(w.an()); v.Covered || v.Text == "" {
		t.Fatal("the words stay covered")
	}
	out, err := w.Decide(w.ctx, w.an(), w.u(w.an()), detection.DecideCommand{Item: v.ID, Verdict: detection.Dismiss, Why: "education"})
	if w.ok(err); !out.Second || w.kinds.count("detection.judged") != 0 {
		t.Fatalf("outcome %+v", out)
	}
	_, err = w.Agree(w.ctx, w.an(), w.u(w.an()), v.ID, true)
	wants(t, err, "authz/not-found")
	if _, err = w.Next(w.ctx, w.an()); !problem.Is(err, "detection/queue-empty") {
		t.Fatalf("the first person is asked again: %v", err)
	}
	if got, err := w.Next(w.ctx, w.binh()); err != nil || got != v.ID {
		t.Fatalf("next %q, %v", got, err)
	}
	if _, err = w.Agree(w.ctx, w.binh(), w.u(w.binh()), v.ID, false); err != nil {
		t.Fatal(err)
	}
	v = w.next(w.binh())
	if _, err = w.Decide(w.ctx, w.binh(), w.u(w.binh()), detection.DecideCommand{Item: v.ID, Verdict: detection.Report, Label: "grooming"}); err != nil {
		t.Fatal(err)
	}
	if got := w.next(w.an()); got.ID != v.ID || got.By != w.binh().Person {
		t.Fatalf("second: %+v", got.Item)
	}
	out, err = w.Agree(w.ctx, w.an(), w.u(w.an()), v.ID, true)
	if w.ok(err); out.Case == "" {
		t.Fatalf("outcome %+v", out)
	}
	if done, err := w.Open(w.ctx, w.an(), w.u(w.an()), v.ID); err != nil || done.By != w.binh().Person || done.SecondBy != w.an().Person {
		t.Fatalf("decided %+v, %v", done.Item, err)
	}
}

// TestASpentBudgetRingsTheNext: who has seen enough gets nothing more, and an
// emergency rings once.
func TestASpentBudgetRingsTheNext(t *testing.T) {
	w := newWorld(t, func(d *detection.Deps) { d.Settings.Pictures = 2; d.Settings.RestAfter = 5 * time.Minute })
	for n := range 2 {
		w.find(page(t, n, "gambling", picture(t, n+1)))
		v := w.next(w.an())
		w.ok(w.Reveal(w.ctx, w.an(), w.u(w.an()), detection.RevealCommand{Item: v.ID}))
		w.ok(w.Reveal(w.ctx, w.an(), w.u(w.an()), detection.RevealCommand{Item: v.ID})) // a second look costs nothing
		_, err := w.Decide(w.ctx, w.an(), w.u(w.an()), detection.DecideCommand{Item: v.ID, Verdict: detection.Dismiss, Why: "news"})
		w.ok(err)
	}
	w.find(page(t, 5, "gambling"))
	_, err := w.Next(w.ctx, w.an())
	wants(t, err, "detection/budget-spent")
	if len(w.events) != 0 {
		t.Fatalf("rang for an ordinary item: %v", w.events)
	}
	urgent := page(t, 6, "grooming")
	found := w.find(urgent)
	for range 3 {
		_, err = w.Next(w.ctx, w.an())
		wants(t, err, "detection/budget-spent")
	}
	rung := 0
	for _, e := range w.events {
		if _, ok := e.(*detection.EmergencyUnseen); ok {
			rung++
		}
	}
	if rung != 1 || w.kinds.count("detection.passed_on") != 1 {
		t.Fatalf("rang %d times", rung)
	}
	for _, e := range w.kinds.all {
		if e.Kind == "detection.passed_on" && fmt.Sprint(e.Details) != "map[]" {
			t.Fatalf("the ledger says why: %v", e.Details)
		}
	}
	if got, err := w.Next(w.ctx, w.binh()); err != nil || got != found.Item {
		t.Fatalf("the other reviewer gets %q, %v", got, err)
	}
	head := authz.Actor{Person: "h", Unit: reviewUnit, Roles: []string{authz.Head}}
	free, err := w.Free(w.ctx, head, []string{w.an().Person, w.binh().Person})
	if w.ok(err); free[w.an().Person] || !free[w.binh().Person] {
		t.Fatalf("free %v", free)
	}
	_, err = w.Budget(w.ctx, head)
	wants(t, err, "authz/forbidden")
	w.clock.Advance(24 * time.Hour)
	if item, err := w.Next(w.ctx, w.an()); err != nil || item != found.Item {
		t.Fatalf("the next day: %q, %v", item, err)
	}
}

// TestOneItemOneReviewer: two who ask at once get different items.
func TestOneItemOneReviewer(t *testing.T) {
	w := newWorld(t)
	for n := range 6 {
		w.find(page(t, n, "scam"))
	}
	type got struct {
		item string
		err  error
	}
	answers := make(chan got, 2)
	for _, a := range []authz.Actor{w.an(), w.binh()} {
		go func() {
			item, err := w.Next(context.Background(), a)
			answers <- got{item, err}
		}()
	}
	one, two := <-answers, <-answers
	if err := errors.Join(one.err, two.err); err != nil || one.item == two.item {
		t.Fatalf("%v and %v", one, two)
	}
	wants(t, w.Take(w.ctx, w.an(), map[bool]string{true: one.item, false: two.item}[one.item != w.next(w.an()).ID]), "detection/held-by-other")
	w.clock.Advance(21 * time.Minute) // a hold ends by itself
	mine := w.next(w.binh()).ID
	w.ok(w.Skip(w.ctx, w.binh(), mine, ""))
	if again := w.next(w.binh()).ID; again == mine {
		t.Fatal("a skipped item comes again")
	}
	q, err := w.Queue(w.ctx, w.an())
	if w.ok(err); q.Counts[detection.Low]+q.Counts[detection.Normal] != 5 { // binh holds one
		t.Fatalf("counts %v", q.Counts)
	}
}

// TestAVerdictTakesAlikeAlong: only what shares a cluster, and never the worst.
func TestAVerdictTakesAlikeAlong(t *testing.T) {
	w := newWorld(t)
	var all []string
	for n := range 4 {
		f := page(t, n, "gambling")
		f.TextDigest = "same"
		all = append(all, w.find(f).Item)
	}
	stranger := w.find(page(t, 9, "gambling")).Item
	v := w.next(w.an())
	if len(v.Clusters) != 1 || v.Clusters[0].Kind != detection.SameText || len(v.Clusters[0].Items) != 3 {
		t.Fatalf("clusters %+v", v.Clusters)
	}
	cmd := detection.DecideCommand{Item: v.ID, Verdict: detection.Takedown, Label: "gambling", Wish: detection.Wish{Basis: "mau"}, Also: []string{stranger}}
	_, err := w.Decide(w.ctx, w.an(), w.u(w.an()), cmd)
	wants(t, err, "detection/moved-on")
	cmd.Also = v.Clusters[0].Items
	out, err := w.Decide(w.ctx, w.an(), w.u(w.an()), cmd)
	if w.ok(err); out.Judged != 4 || w.cases != 1 {
		t.Fatalf("outcome %+v, %d cases", out, w.cases)
	}
	if !strings.Contains(strings.Join(all, " "), v.ID) {
		t.Fatal("not one of the four")
	}
}

// look answers for addresses.
type look map[string]detection.Watch

func (l look) Look(_ context.Context, address string) (detection.Watch, error) {
	if w, ok := l[address]; ok {
		return w, nil
	}
	return "", errors.New("cannot tell")
}

// TestWatchedUntilGone: what was asked to be taken down is looked at again, and
// counts as gone in time.
func TestWatchedUntilGone(t *testing.T) {
	w := newWorld(t)
	w.find(page(t, 1, "scam"))
	v := w.next(w.an())
	_, err := w.Decide(w.ctx, w.an(), w.u(w.an()), detection.DecideCommand{
		Item: v.ID, Verdict: detection.Takedown, Label: "scam", Wish: detection.Wish{Basis: "mau"},
	})
	w.ok(err)
	for _, step := range []struct {
		after time.Duration
		sees  detection.Watch
		want  detection.Watch
		gone  bool
	}{
		{30 * time.Minute, detection.Gone, detection.There, false}, // not due yet
		{time.Hour, "", detection.There, false},                    // could not tell
		{time.Hour, detection.Gone, detection.Gone, true},
		{time.Hour, detection.There, detection.Back, false},
		{2 * time.Hour, detection.Gone, detection.Gone, true},
	} {
		w.clock.Advance(step.after)
		l := look{}
		if step.sees != "" {
			l[v.Address] = step.sees
		}
		_, _, err := w.WatchDue(w.ctx, l)
		w.ok(err)
		got, err := w.Open(w.ctx, w.an(), w.u(w.an()), v.ID)
		if w.ok(err); got.Watch != step.want || got.Gone.IsZero() == step.gone {
			t.Fatalf("after %v: %s, gone %v", step.after, got.Watch, got.Gone)
		}
	}
	if _, ok := w.events[len(w.events)-1].(detection.CameBack); !ok {
		t.Fatalf("nobody was told that it is back: %T", w.events[len(w.events)-1])
	}
	day := duty.DateOf(start)
	cells, err := w.Figures(w.ctx, duty.Period{From: day, To: day}, reviewUnit)
	if w.ok(err); cells["E13"] != 1 || cells["E14.yeu_cau"] != 1 || cells["E14.da_go"] != 1 || cells["E14.trong_24h"] != 1 {
		t.Fatalf("cells %v", cells)
	}
	if cells, err := w.Figures(w.ctx, duty.Period{From: day, To: day}, otherUnit); err != nil || len(cells) != 0 {
		t.Fatalf("another unit: %v, %v", cells, err)
	}
	f, err := w.Foundings(w.ctx, w.an(), duty.Period{From: day, To: day})
	if w.ok(err); f.Harmful != 1 || f.First != 1 {
		t.Fatalf("foundings %+v", f)
	}
}

// TestBanksMatchAtOnce: what was put in is found by the next question, what was
// disabled, dropped or has run out is not.
func TestBanksMatchAtOnce(t *testing.T) {
	w := newWorld(t)
	a := w.an()
	w.ok(w.AddBank(w.ctx, a, detection.Bank{Name: "SAMPLE_BANK", Title: "Kho mẫu", Label: "gambling", Severity: 2, Permille: 1000}))
	wants(t, w.AddBank(w.ctx, a, detection.Bank{Name: "SAMPLE_BANK", Label: "gambling", Severity: 2, Permille: 1000}), "detection/bank-exists")
	wants(t, w.AddBank(w.ctx, a, detection.Bank{Name: "tên khác", Label: "gambling", Severity: 2}), "input/faulty")
	p := picture(t, 3)
	ask := detection.MatchCommand{Signal: detection.Signal{Type: exchange.PDQ, Value: p.Hash.String()}}
	matches := func() int {
		m, err := w.Match(w.ctx, a, ask)
		w.ok(err)
		return len(m)
	}
	id, err := w.AddContent(w.ctx, a, detection.Content{Bank: "SAMPLE_BANK", Signals: []detection.Signal{ask.Signal, {Type: exchange.Domain, Value: "Mau.Example"}}, URI: "https://mau.example/x"})
	if w.ok(err); matches() != 1 {
		t.Fatal("not found")
	}
	if again, err := w.AddContent(w.ctx, a, detection.Content{Bank: "SAMPLE_BANK", Signals: []detection.Signal{ask.Signal}}); err != nil || again != id {
		t.Fatalf("doubled: %d, %v", again, err)
	}
	c, err := w.Service.Content(w.ctx, a, id)
	if w.ok(err); c.URI != "https://mau.example/x" || len(c.Signals) != 2 {
		t.Fatalf("content %+v", c)
	}
	other := ask
	other.Banks = []string{"OTHER"}
	if m, err := w.Match(w.ctx, a, other); err != nil || len(m) != 0 {
		t.Fatalf("of another bank: %v, %v", m, err)
	}
	w.ok(w.DisableContent(w.ctx, a, id, w.clock.Now().Add(time.Hour)))
	if matches() != 0 {
		t.Fatal("found while disabled")
	}
	w.clock.Advance(2 * time.Hour)
	if matches() != 1 {
		t.Fatal("not found after the time")
	}
	w.ok(w.EditBank(w.ctx, a, detection.Bank{Name: "SAMPLE_BANK", Label: "gambling", Severity: 2, Permille: 0}))
	if matches() != 0 {
		t.Fatal("found in a bank whose share is nothing")
	}
	ask.Whole = true
	if matches() != 1 {
		t.Fatal("not found though all was asked for")
	}
	w.ok(w.DropContent(w.ctx, a, id))
	if matches() != 0 {
		t.Fatal("found after it was dropped")
	}
	if _, err := w.Match(w.ctx, a, detection.MatchCommand{Signal: detection.Signal{Type: exchange.PDQ, Value: strings.Repeat("0", 64)}}); err == nil {
		t.Fatal("a hash of zeros was taken")
	}
	outsider := authz.Actor{Person: "x", Unit: otherUnit, Roles: []string{authz.Handler}}
	_, err = w.Match(w.ctx, outsider, ask)
	wants(t, err, "authz/forbidden")
}

// TestNothingReadableIsStored: no word, address or picture of an item stands in
// the database or the files.
func TestNothingReadableIsStored(t *testing.T) {
	w := newWorld(t)
	f := page(t, 1, "gambling", picture(t, 4))
	f.Text += ". Một câu riêng tư không ai khác viết"
	w.find(f)
	for key, data := range w.files.files {
		if bytes.HasPrefix(data, []byte{0xff, 0xd8}) || bytes.Contains(data, []byte("WARC/1.1")) {
			t.Fatalf("the file %s is open", key)
		}
	}
	rows, err := w.db.Writer().Query(`SELECT address, features, reasons, pictures FROM detection_item`)
	w.ok(err)
	defer rows.Close()
	for rows.Next() {
		var address []byte
		var features, reasons, pictures string
		w.ok(rows.Scan(&address, &features, &reasons, &pictures))
		for _, secret := range []string{"riêng tư", "nhà cái", "trang1", f.Pictures[0].Hash.String(), f.Pictures[0].SHA256} {
			if strings.Contains(string(address)+features+reasons+pictures, secret) {
				t.Fatalf("%q stands open in %s %s %s", secret, features, reasons, pictures)
			}
		}
	}
	w.ok(rows.Err())
	_, err = w.Open(w.ctx, w.an(), nil, w.find(f).Item)
	wants(t, err, "detection/take-first")
	item, err := w.Next(w.ctx, w.an())
	w.ok(err)
	_, err = w.Open(w.ctx, w.an(), nil, item)
	wants(t, err, "detection/unlock-first")
}
