// SPDX-License-Identifier: Apache-2.0

package upstream

import (
	"bytes"
	"context"
	"encoding/binary"
	"io"
	"net"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"lachan/internal/bundle"
	"lachan/internal/dnswire"
	"lachan/internal/problem"
)

func question(t testing.TB, name string) Question {
	t.Helper()
	n, err := bundle.ParseName(name)
	if err != nil {
		t.Fatal(err)
	}
	return Question{Name: string(n.Wire()), Type: dnswire.TypeA}
}

func parse(t testing.TB, texts ...string) []Server {
	t.Helper()
	var all []Server
	for _, text := range texts {
		s, err := Parse(text)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, s)
	}
	return all
}

func group(t testing.TB, o Options, texts ...string) *Group {
	t.Helper()
	g := NewGroup(parse(t, texts...), o)
	t.Cleanup(g.Close)
	return g
}

func ask(t testing.TB, g *Group, name string) dnswire.Reply {
	t.Helper()
	msg, err := g.Ask(t.Context(), question(t, name))
	if err != nil {
		t.Fatal(err)
	}
	r, err := dnswire.ReadReply(msg)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func authority(t testing.TB) *dnswire.Authority {
	t.Helper()
	a, err := dnswire.NewAuthority("*.site.example. 60 IN A 192.0.2.1\nlong.example. 60 IN TXT \"" + strings.Repeat("x", 250) + "\" \"" + strings.Repeat("y", 250) + "\"")
	if err != nil {
		t.Fatal(err)
	}
	if err := a.Start("127.0.0.1:0"); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { a.Close(context.Background()) })
	return a
}

// fake is a server that does what a test wants, over UDP and TCP.
type fake struct {
	addr     string
	udp, tcp atomic.Int64 // questions
}

// newFake answers each question with what reply makes of it, in order.
func newFake(t testing.TB, reply func(query []byte, tcp bool) [][]byte) *fake {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	u, err := net.ListenPacket("udp", l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close(); u.Close() })
	f := &fake{addr: l.Addr().String()}
	go func() {
		buf := make([]byte, 4096)
		for {
			n, from, err := u.ReadFrom(buf)
			if err != nil {
				return
			}
			f.udp.Add(1)
			for _, r := range reply(slices.Clone(buf[:n]), false) {
				u.WriteTo(r, from)
			}
		}
	}()
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go func() {
				defer c.Close()
				for {
					var size [2]byte
					if _, err := io.ReadFull(c, size[:]); err != nil {
						return
					}
					msg := make([]byte, binary.BigEndian.Uint16(size[:]))
					if _, err := io.ReadFull(c, msg); err != nil {
						return
					}
					f.tcp.Add(1)
					for _, r := range reply(msg, true) {
						c.Write(append(binary.BigEndian.AppendUint16(nil, uint16(len(r))), r...))
					}
				}
			}()
		}
	}()
	return f
}

// plainAnswer is a good answer with the address 192.0.2.last, without OPT.
func plainAnswer(query []byte, last byte) []byte {
	end := dnswire.HeaderSize + bytes.IndexByte(query[dnswire.HeaderSize:], 0) + 5
	msg := slices.Clone(query[:end])
	msg[2], msg[3] = 0x81, 0x80
	copy(msg[4:], []byte{0, 1, 0, 1, 0, 0, 0, 0})
	return append(msg, 0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 60, 0, 4, 192, 0, 2, last)
}

func withCookie(msg, cookie []byte, rcode int) []byte {
	msg = dnswire.AppendOPT(slices.Clone(msg), rcode, false, dnswire.NoEDE)
	msg[3] |= byte(rcode & 0x0f)
	return dnswire.AppendOption(msg, dnswire.OptionCookie, cookie)
}

func cookieOf(query []byte) []byte {
	_, c, _ := dnswire.Extra(query, dnswire.OptionCookie)
	return c
}

func TestParse(t *testing.T) {
	pin := "pin=" + "MTIzNDU2Nzg5MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTI="
	for text, want := range map[string]string{
		"192.0.2.53":                                  "192.0.2.53:53 ",
		"192.0.2.53:5353":                             "192.0.2.53:5353 ",
		"2001:db8::1":                                 "[2001:db8::1]:53 ",
		"[2001:db8::1]:5353":                          "[2001:db8::1]:5353 ",
		"tls://192.0.2.53":                            "192.0.2.53:853 192.0.2.53",
		"tls://192.0.2.53:8853#name=dns.example":      "192.0.2.53:8853 dns.example",
		"tls://192.0.2.53#" + pin:                     "192.0.2.53:853 pinned",
		"tls://192.0.2.53#name=dns.example&" + pin:    "192.0.2.53:853 dns.example pinned",
		"tls://dns.example#at=192.0.2.1,2001:db8::1":  "192.0.2.1:853 [2001:db8::1]:853 dns.example",
		"https://dns.example/dns-query#at=192.0.2.1":  "192.0.2.1:443 dns.example https://dns.example/dns-query",
		"https://192.0.2.1:8443/q?x=1":                "192.0.2.1:8443 192.0.2.1 https://192.0.2.1:8443/q?x=1",
		"https://dns.example:8443/q#at=192.0.2.1:444": "192.0.2.1:444 dns.example https://dns.example:8443/q",
	} {
		s, err := Parse(text)
		if err != nil {
			t.Errorf("%s: %v", text, err)
			continue
		}
		var got []string
		for _, a := range s.at {
			got = append(got, a.String())
		}
		got = append(got, s.name)
		if len(s.pins) > 0 {
			got = append(got, "pinned")
		}
		if s.url != "" {
			got = append(got, s.url)
		}
		if joined := strings.Join(got, " "); strings.ReplaceAll(joined, "  ", " ") != want || s.String() != text {
			t.Errorf("%s: %q, want %q", text, joined, want)
		}
	}
	for _, text := range []string{
		"", "dns.example", "dns.example:53", "192.0.2.1:0", "192.0.2.1:99999", "tls://dns.example", "https://dns.example/dns-query", "https://192.0.2.1",
		"tls://192.0.2.1/path", "tls://192.0.2.1:0", "udp://192.0.2.1", "tls://192.0.2.1#pin=abc", "tls://192.0.2.1#what=1", "tls://u:p@192.0.2.1", "tls://x.example#at=y.example", "https://[::1",
	} {
		if _, err := Parse(text); !problem.Is(err, "node/bad-upstream") {
			t.Errorf("%q: %v", text, err)
		}
	}
}

func TestLettersAreMixedAndMustComeBack(t *testing.T) {
	seen := make(chan []byte, 100)
	f := newFake(t, func(q []byte, tcp bool) [][]byte {
		seen <- q
		return [][]byte{plainAnswer(q, 1)}
	})
	g := group(t, Options{}, f.addr)
	spelled := map[string]bool{}
	for range 5 {
		if r := ask(t, g, "a-name-of-some-length.site.example"); !slices.Equal(r.Answers, []string{"A 192.0.2.1"}) {
			t.Fatalf("%+v", r)
		}
		q := <-seen
		spelled[string(q[dnswire.HeaderSize:dnswire.HeaderSize+30])] = true
	}
	if len(spelled) < 5 || f.tcp.Load() != 0 {
		t.Errorf("%d spellings, %d over TCP", len(spelled), f.tcp.Load())
	}
}

func lower(msg []byte) []byte {
	msg = slices.Clone(msg)
	for i := dnswire.HeaderSize; msg[i] != 0; i++ {
		if 'A' <= msg[i] && msg[i] <= 'Z' {
			msg[i] += 'a' - 'A'
		}
	}
	return msg
}

// Somebody who answers in the server's place without having seen the question
// does not know its letters; the server, asked over TCP, does.
func TestWhoDoesNotKnowTheLettersIsNotBelieved(t *testing.T) {
	f := newFake(t, func(q []byte, tcp bool) [][]byte {
		if tcp {
			return [][]byte{plainAnswer(q, 1)}
		}
		return [][]byte{lower(plainAnswer(q, 66))}
	})
	g := group(t, Options{}, f.addr)
	for range 3 {
		if r := ask(t, g, "a-name-of-some-length.site.example"); !slices.Equal(r.Answers, []string{"A 192.0.2.1"}) {
			t.Errorf("%+v", r)
		}
	}
	if f.tcp.Load() != 3 {
		t.Errorf("%d over TCP", f.tcp.Load())
	}
}

// A server that really has one case only is found out over TCP and then asked
// over UDP again.
func TestServerOfOneCase(t *testing.T) {
	f := newFake(t, func(q []byte, tcp bool) [][]byte { return [][]byte{lower(plainAnswer(q, 1))} })
	g := group(t, Options{}, f.addr)
	for range 4 {
		if r := ask(t, g, "a-name-of-some-length.site.example"); len(r.Answers) != 1 {
			t.Errorf("%+v", r)
		}
	}
	if f.tcp.Load() != 1 || f.udp.Load() != 4 {
		t.Errorf("%d over UDP, %d over TCP", f.udp.Load(), f.tcp.Load())
	}
}

func TestLiesAreWaitedPast(t *testing.T) {
	f := newFake(t, func(q []byte, tcp bool) [][]byte {
		other, id, short := plainAnswer(q, 66), plainAnswer(q, 67), plainAnswer(q, 68)
		other[dnswire.HeaderSize+1] ^= 0x01 // another name
		id[0] ^= 0xff
		echo := slices.Clone(q) // our own question, come back
		return [][]byte{other, id, short[:11], echo, plainAnswer(q, 1)}
	})
	if r := ask(t, group(t, Options{}, f.addr), "a.site.example"); !slices.Equal(r.Answers, []string{"A 192.0.2.1"}) {
		t.Errorf("%+v", r)
	}
}

func TestCookies(t *testing.T) {
	var mode atomic.Value
	mode.Store("good")
	secret := []byte("serverpart")
	var last atomic.Value
	f := newFake(t, func(q []byte, tcp bool) [][]byte {
		c := cookieOf(q)
		last.Store(slices.Clone(c))
		good := withCookie(plainAnswer(q, 1), append(slices.Clone(c[:8]), secret...), 0)
		if tcp {
			return [][]byte{good}
		}
		switch mode.Load() {
		case "forged": // a wrong client's part, then the server itself
			return [][]byte{withCookie(plainAnswer(q, 66), []byte("wrongwrongwrong!"), 0), good}
		case "bare": // by somebody who knows of no cookie
			return [][]byte{plainAnswer(q, 66)}
		case "renewed":
			if !bytes.Contains(c, []byte("newerpart")) {
				return [][]byte{withCookie(plainAnswer(q, 66), append(slices.Clone(c[:8]), "newerpart"...), dnswire.BadCookie)}
			}
			return [][]byte{withCookie(plainAnswer(q, 1), c, 0)}
		}
		return [][]byte{good}
	})
	g := group(t, Options{}, f.addr)
	for _, m := range []string{"good", "forged", "bare", "good", "renewed"} {
		mode.Store(m)
		if r := ask(t, g, "a.site.example"); r.Rcode != dnswire.NoError || !slices.Equal(r.Answers, []string{"A 192.0.2.1"}) {
			t.Errorf("%s: %+v", m, r)
		}
	}
	if f.tcp.Load() != 1 {
		t.Errorf("%d over TCP, want the one without its cookie", f.tcp.Load())
	}
	if c, _ := last.Load().([]byte); !bytes.HasSuffix(c, []byte("newerpart")) {
		t.Errorf("the cookie sent last is %q", c)
	}
}

func TestServerThatFindsCookiesFaulty(t *testing.T) {
	f := newFake(t, func(q []byte, tcp bool) [][]byte {
		a := plainAnswer(q, 1)
		if cookieOf(q) != nil {
			a[3] |= dnswire.FormatError
		}
		return [][]byte{a}
	})
	g := group(t, Options{}, f.addr)
	for range 3 {
		if r := ask(t, g, "a.site.example"); r.Rcode != dnswire.NoError {
			t.Errorf("%+v", r)
		}
	}
	if f.udp.Load() != 4 {
		t.Errorf("%d questions", f.udp.Load())
	}
}

func TestWhatIsTooLongComesOverTCP(t *testing.T) {
	a := authority(t)
	f := newFake(t, func(q []byte, tcp bool) [][]byte {
		r := plainAnswer(q, 1)
		if !tcp {
			r[2] |= 0x02
		}
		return [][]byte{r}
	})
	for _, g := range []*Group{group(t, Options{}, f.addr), group(t, Options{}, a.Addr())} {
		if r := ask(t, g, "a.site.example"); r.Truncated || len(r.Answers) != 1 {
			t.Errorf("%+v", r)
		}
	}
	if f.tcp.Load() != 1 {
		t.Errorf("%d over TCP", f.tcp.Load())
	}
}

func TestTheNextIsAskedBesideOneThatIsLate(t *testing.T) {
	silent := newFake(t, func([]byte, bool) [][]byte { return nil })
	a := authority(t)
	g := group(t, Options{Timeout: 2 * time.Second, Race: 30 * time.Millisecond}, silent.addr, a.Addr())
	start := time.Now()
	if r := ask(t, g, "a.site.example"); len(r.Answers) != 1 || time.Since(start) > time.Second {
		t.Errorf("%v %+v", time.Since(start), r)
	}
	// Its try goes on, ends without an answer, and it rests.
	for deadline := time.Now().Add(10 * time.Second); g.members[0].rest(time.Now()).IsZero(); time.Sleep(10 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("the silent one does not rest")
		}
	}
	asked := silent.udp.Load()
	ask(t, g, "b.site.example")
	if silent.udp.Load() != asked {
		t.Error("the resting one was asked first")
	}
}

func TestNoRaceWaits(t *testing.T) {
	silent := newFake(t, func([]byte, bool) [][]byte { return nil })
	a := authority(t)
	g := group(t, Options{Timeout: 300 * time.Millisecond, Race: NoRace}, silent.addr, a.Addr())
	start := time.Now()
	if r := ask(t, g, "a.site.example"); len(r.Answers) != 1 || time.Since(start) < 290*time.Millisecond {
		t.Errorf("%v %+v", time.Since(start), r)
	}
}

func TestRestsGrowAndEndWithAnAnswer(t *testing.T) {
	m := &member{}
	var last time.Duration
	for range 12 {
		m.mu.Lock()
		m.counted = time.Time{}
		m.mu.Unlock()
		now := time.Now()
		m.failed(now)
		rest := m.rest(now).Sub(now)
		if rest < last-time.Millisecond || rest > longRest+time.Second {
			t.Errorf("%v after %v", rest, last)
		}
		last = rest
	}
	if last < longRest-time.Second {
		t.Errorf("the longest is %v", last)
	}
	before := m.fails
	m.failed(time.Now().Add(-time.Second)) // was under way together with the last
	if m.fails != before {
		t.Error("one outage counted twice")
	}
	m.answered(10 * time.Millisecond)
	if !m.rest(time.Now()).IsZero() {
		t.Error("rests though it answers")
	}
	for range 50 {
		m.answered(200 * time.Millisecond)
	}
	if got := m.margin(Options{Timeout: time.Second}); got < 150*time.Millisecond || got > 500*time.Millisecond {
		t.Errorf("margin %v of one that takes 200 ms", got)
	}
}

func TestAPoorAnswerIsTakenWhenThereIsNoBetter(t *testing.T) {
	poor := newFake(t, func(q []byte, _ bool) [][]byte {
		a := plainAnswer(q, 1)
		a[3] |= dnswire.ServerFailure
		return [][]byte{a}
	})
	a := authority(t)
	if r := ask(t, group(t, Options{}, poor.addr, a.Addr()), "a.site.example"); r.Rcode != dnswire.NoError {
		t.Errorf("%+v", r)
	}
	g := group(t, Options{}, poor.addr, poor.addr)
	if r := ask(t, g, "a.site.example"); r.Rcode != dnswire.ServerFailure || g.Down() {
		t.Errorf("%+v", r)
	}
	if asked := poor.udp.Load(); asked > 5 {
		t.Errorf("asked %d times", asked)
	}
}

func TestNobodyAnswers(t *testing.T) {
	g := group(t, Options{Timeout: 50 * time.Millisecond}, "127.0.0.1:1", "tls://127.0.0.1:1", "https://127.0.0.1:1/dns-query")
	if _, err := g.Ask(t.Context(), question(t, "a.site.example")); !problem.Is(err, "node/upstream-silent") || !g.Down() {
		t.Errorf("%v, down %v", err, g.Down())
	}
	g = group(t, Options{}, newFake(t, func([]byte, bool) [][]byte { return nil }).addr)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := g.Ask(ctx, question(t, "a.site.example")); err == nil || g.Down() {
		t.Errorf("%v, down %v", err, g.Down())
	}
}
