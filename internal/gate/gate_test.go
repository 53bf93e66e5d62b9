// SPDX-License-Identifier: Apache-2.0

package gate

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"log/slog"
	"strconv"
	"strings"
	"testing"
	"time"

	"lachan/internal/clock"
)

// hall is a gate with its clock and its log; those with one secret agree.
type hall struct {
	*Gate
	clock *clock.Fixed
	log   *bytes.Buffer
}

func newHall(t *testing.T, secret string, free int) *hall {
	t.Helper()
	h := &hall{clock: clock.NewFixed(time.Date(2026, 11, 23, 9, 0, 0, 0, clock.Vietnam)), log: &bytes.Buffer{}}
	h.Gate = New(Deps{
		Settings: Settings{Free: free, MaxWork: 300_000, MaxWait: 30 * time.Second},
		Clock:    h.clock, Log: slog.New(slog.NewTextHandler(h.log, nil)),
		Sign: func(text string) string {
			mac := hmac.New(sha256.New, []byte(secret))
			mac.Write([]byte(text))
			return hex.EncodeToString(mac.Sum(nil))
		},
	})
	return h
}

// take sends n times with a fresh subject each, and pays by the sum where it
// is asked to: the smallest one, since what it costs is another test's.
func (h *hall) take(t *testing.T, kind Kind, n int) {
	t.Helper()
	defer func(most int) { h.MaxWork = most }(h.MaxWork)
	h.MaxWork = MinWork
	for i := range n {
		s := Send{Subject: "crowd-" + strconv.Itoa(i) + h.clock.Now().String()}
		pass, ask := h.Enter(kind, s)
		if ask != nil {
			s.Ticket, s.Answer = ask.Ticket, solve(t, ask)
			if pass, ask = h.Enter(kind, s); ask != nil {
				t.Fatalf("paid, and asked again: %+v", ask)
			}
		}
		pass.Done(true)
	}
}

func solve(t *testing.T, a *Ask) string {
	t.Helper()
	answer, err := Solve(a)
	if err != nil {
		t.Fatal(err)
	}
	return answer
}

func (h *hall) asked(t *testing.T, kind Kind, s Send) *Ask {
	t.Helper()
	pass, ask := h.Enter(kind, s)
	if ask == nil {
		pass.Done(false)
		t.Fatalf("%s was let in for nothing", kind)
	}
	return ask
}

func (h *hall) passes(t *testing.T, kind Kind, s Send) {
	t.Helper()
	pass, ask := h.Enter(kind, s)
	if ask != nil {
		t.Fatalf("%s was asked for %+v", kind, ask)
	}
	pass.Done(true)
}

func TestNothingIsAskedBelowTheThreshold(t *testing.T) {
	h := newHall(t, "one", 300)
	for range 10 { // ten minutes at the full free rate, spread evenly
		for range 300 {
			h.passes(t, Report, Send{Subject: "a"})
			h.clock.Advance(time.Minute / 300)
		}
	}
	if c := h.Counts(Report); c.Free != 3000 || c.Asked != 0 {
		t.Fatalf("%+v", c)
	}
	if h.log.Len() != 0 {
		t.Fatalf("the log speaks of a quiet day: %s", h.log)
	}
	off := newHall(t, "one", 0)
	for range 5000 {
		off.passes(t, Report, Send{Subject: "a"})
	}
}

func TestAFloodThatPaysNothingGetsNothing(t *testing.T) {
	h := newHall(t, "one", 300)
	h.take(t, Report, 300)
	for range 5 { // 3,000 a minute for five minutes
		let := h.Counts(Report)
		for range 3000 {
			h.asked(t, Report, Send{Subject: "flood"})
			h.clock.Advance(time.Minute / 3000)
		}
		if now := h.Counts(Report); now.Free != let.Free || now.Solved+now.Waited != 0 {
			t.Fatalf("%+v after %+v", now, let)
		}
	}
	// And it made nothing dearer for those who pay: only what is let in does.
	ask := h.asked(t, Report, Send{Subject: "child"})
	if ask.Wait != MinWait || ask.Below != (ticket{work: MinWork}).below() {
		t.Fatalf("the price is %+v", ask)
	}
	h.clock.Advance(time.Minute)
	h.passes(t, Report, Send{Subject: "child"}) // the flood is over
	if strings.Count(h.log.String(), "flood gate") != 2 || strings.Contains(h.log.String(), "child") {
		t.Fatalf("the log: %s", h.log)
	}
}

func TestThePriceGrowsWithTheLoadAndIsBounded(t *testing.T) {
	h := newHall(t, "one", 10)
	h.take(t, Report, 10)
	var works []int
	var waits []time.Duration
	for range 12 {
		ask := h.asked(t, Report, Send{Subject: "child"})
		work, err := strconv.Atoi(strings.Split(ask.Ticket, ".")[0])
		if err != nil {
			t.Fatal(err)
		}
		works, waits = append(works, work), append(waits, ask.Wait)
		h.take(t, Report, 10)
	}
	for i := 1; i < len(works); i++ {
		if works[i] < works[i-1] || waits[i] < waits[i-1] {
			t.Fatalf("the price falls as the load grows: %v %v", works, waits)
		}
	}
	last := len(works) - 1
	if works[0] != MinWork || waits[0] != MinWait || works[4] <= works[0] || works[last] != 300_000 || waits[last] != 30*time.Second {
		t.Fatalf("from %d, %v over %d to %d, %v", works[0], waits[0], works[4], works[last], waits[last])
	}
	if works[8] == works[9] || works[9] != works[10] { // 100 sends are ten times the free ten
		t.Fatalf("the ceiling is not where it is said to be: %v", works)
	}
}

func TestATicketIsForOneSubjectOneKindAndOneSpan(t *testing.T) {
	h := newHall(t, "one", 5)
	h.take(t, Report, 5)
	h.take(t, Reply, 5)
	mine := Send{Subject: "mine"}
	ask := h.asked(t, Report, mine)
	mine.Ticket, mine.Answer = ask.Ticket, solve(t, ask)

	other := mine
	other.Subject = "another"
	h.asked(t, Report, other) // another's proof
	h.asked(t, Reply, mine)   // another kind
	bent := mine
	bent.Ticket = "20000." + strings.SplitN(ask.Ticket, ".", 2)[1]
	if bent.Ticket == mine.Ticket {
		bent.Ticket = "1." + strings.SplitN(ask.Ticket, ".", 2)[1]
	}
	h.asked(t, Report, bent) // a price that nobody named
	wrong := mine
	wrong.Answer = strings.Repeat("0.", Pieces-1) + "0"
	if a := h.asked(t, Report, wrong); !a.Early || a.Ticket != ask.Ticket {
		t.Fatalf("a wrong answer: %+v", a)
	}
	for _, garbage := range []string{"x", "1.2.3.4", "...", strings.Repeat("9", 400)} {
		h.asked(t, Report, Send{Subject: "mine", Ticket: garbage, Answer: garbage})
	}
	h.passes(t, Report, mine)
	h.passes(t, Report, mine) // the same form again: casework adds nothing for it

	h.clock.Advance(life + MinWait + time.Second)
	h.take(t, Report, 6)
	if a := h.asked(t, Report, mine); a.Ticket == ask.Ticket || a.Early {
		t.Fatalf("an ended ticket: %+v", a)
	}
}

func TestTheWaitPaysToo(t *testing.T) {
	h := newHall(t, "one", 5)
	h.take(t, Report, 5)
	s := Send{Subject: "mine"}
	first := h.asked(t, Report, s)
	s.Ticket = first.Ticket
	h.clock.Advance(first.Wait - 2*time.Second)
	early := h.asked(t, Report, s)
	if !early.Early || early.Wait != 2*time.Second || early.Ticket != first.Ticket {
		t.Fatalf("pressed early: %+v", early)
	}
	h.clock.Advance(2 * time.Second)
	h.take(t, Report, 6) // still a flood
	h.passes(t, Report, s)
	if c := h.Counts(Report); c.Waited != 1 || c.Early != 1 {
		t.Fatalf("%+v", c)
	}
}

func TestTwoGatesWithOneSecretAgree(t *testing.T) {
	a, b, stranger := newHall(t, "one", 3), newHall(t, "one", 3), newHall(t, "two", 3)
	for _, h := range []*hall{a, b, stranger} {
		h.take(t, Report, 3)
	}
	s := Send{Subject: "mine"}
	ask := a.asked(t, Report, s)
	s.Ticket, s.Answer = ask.Ticket, solve(t, ask)
	b.passes(t, Report, s)
	stranger.asked(t, Report, s)
}

func TestAFloodOfOneKindLeavesTheOthersOpen(t *testing.T) {
	h := newHall(t, "one", 50)
	h.take(t, Guess, 40)
	h.asked(t, Guess, Send{Subject: "mine"})
	h.passes(t, Report, Send{Subject: "mine"})
	h.passes(t, Reply, Send{Subject: "mine/0"})
}

func TestRightReceiptsAreNoLoad(t *testing.T) {
	h := newHall(t, "one", 50)
	for i := range 5000 { // readers of their own threads
		pass, ask := h.Enter(Guess, Send{Subject: strconv.Itoa(i)})
		if ask != nil {
			t.Fatalf("reader %d was asked", i)
		}
		pass.Done(false)
	}
	h.take(t, Guess, 10) // a fifth of 50 in a minute
	h.asked(t, Guess, Send{Subject: "mine"})
}

func TestAChildInDangerWaitsLeastAndTheLaneIsBounded(t *testing.T) {
	h := newHall(t, "one", 20)
	h.take(t, Report, 400)
	if ask := h.asked(t, Report, Send{Subject: "calm"}); ask.Wait != 30*time.Second {
		t.Fatalf("the load is not high: %+v", ask)
	}
	cheap := 0
	for i := range 50 {
		if h.asked(t, Report, Send{Subject: strconv.Itoa(i), Danger: true}).Wait == urgent {
			cheap++
		}
	}
	if cheap != 2 { // a tenth of 20
		t.Fatalf("%d of 50 had the lane", cheap)
	}
	h.clock.Advance(30 * time.Second)
	h.take(t, Report, 400)
	h.clock.Advance(31 * time.Second)
	h.take(t, Report, 1)
	ask := h.asked(t, Report, Send{Subject: "late", Danger: true})
	if ask.Wait != urgent || ask.Below != (ticket{work: MinWork}).below() {
		t.Fatalf("a minute later: %+v", ask)
	}
}

func TestNoMoreThanTogetherAreInside(t *testing.T) {
	h := newHall(t, "one", 1000)
	var inside []*Pass
	for i := range together {
		pass, ask := h.Enter(Report, Send{Subject: strconv.Itoa(i)})
		if ask != nil {
			t.Fatalf("%d were inside: %+v", i, ask)
		}
		inside = append(inside, pass)
	}
	ask := h.asked(t, Report, Send{Subject: "next"})
	if ask.Wait != breath || ask.Early {
		t.Fatalf("%+v", ask)
	}
	inside[0].Done(true)
	h.passes(t, Report, Send{Subject: "next", Ticket: ask.Ticket})
}

func TestTheSumCostsWhatItSays(t *testing.T) {
	h := newHall(t, "one", 1)
	tried, sums := 0, 0
	for range 8 {
		ask := h.issue(Report, strconv.Itoa(sums), 300_000, time.Second, h.clock.Now()).ask(time.Second)
		for _, nonce := range strings.Split(solve(t, ask), ".") {
			n, err := strconv.ParseUint(nonce, 36, 32)
			if err != nil {
				t.Fatal(err)
			}
			tried += int(n) + 1
		}
		sums++
	}
	if mean := tried / sums; mean < 200_000 || mean > 420_000 { // five standard deviations
		t.Fatalf("%d hashes a sum, for 300,000", mean)
	}
}

func BenchmarkEnter(b *testing.B) {
	g := New(Deps{
		Settings: Settings{Free: 1 << 30, MaxWork: 300_000, MaxWait: 30 * time.Second}, Clock: clock.System{},
		Log: slog.New(slog.DiscardHandler), Sign: func(string) string { return "" },
	})
	for b.Loop() {
		pass, _ := g.Enter(Report, Send{Subject: "a"})
		pass.Done(true)
	}
}
