// SPDX-License-Identifier: Apache-2.0

package dnswire

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"runtime"
	"sync/atomic"
	"testing"
	"time"

	"github.com/miekg/dns"
)

// shelf is a source with one key and one zone.
type shelf struct {
	secret []byte
	rules  int
	fails  int           // the rule at which Whole fails; 0: never
	hold   chan struct{} // if there is one, Whole waits for it
	slow   time.Duration // of looking up a key
	looks  atomic.Int32  // keys being looked up
	looked atomic.Int32  // the most at once
	inside atomic.Int32  // calls of Whole so far
	heap   atomic.Uint64 // the most that was in use while rules were asked for
}

func (s *shelf) Secret(_ context.Context, key string) ([]byte, string, error) {
	now := s.looks.Add(1)
	defer s.looks.Add(-1)
	for most := s.looked.Load(); now > most && !s.looked.CompareAndSwap(most, now); most = s.looked.Load() {
	}
	time.Sleep(s.slow)
	if key != "khoa" {
		return nil, "", errors.New("no such key")
	}
	return s.secret, "hmac-sha256", nil
}

func (s *shelf) Zone(_ context.Context, _, zone string) (ZoneVersion, error) {
	switch zone {
	case "rpz.example":
		return s, nil
	case "soon.example":
		return nil, nil
	}
	return nil, errors.New("not for you")
}

func (s *shelf) Serial() uint32 { return 7 }

func (s *shelf) Since(context.Context, uint32) ([]ZoneStep, bool, error) { return nil, false, nil }

func (s *shelf) Whole(ctx context.Context, call func(ZoneRule) error) error {
	s.inside.Add(1)
	if s.hold != nil {
		select {
		case <-s.hold:
		case <-ctx.Done():
		}
	}
	for i := 1; i <= s.rules; i++ {
		if i == s.fails {
			return errors.New("the file ends too soon")
		}
		if i%100_000 == 0 {
			var m runtime.MemStats
			runtime.ReadMemStats(&m)
			s.heap.Store(max(s.heap.Load(), m.HeapAlloc))
		}
		if err := call(ZoneRule{Name: fmt.Sprintf("n%07d.mau.example", i)}); err != nil {
			return err
		}
	}
	return nil
}

// open serves a shelf and gives its address.
func (s *shelf) open(t *testing.T) string {
	t.Helper()
	s.secret = []byte("mot bi mat dai ba muoi hai byte.")
	tcp, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	udp, err := net.ListenPacket("udp", tcp.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- NewTransfers(s, slog.New(slog.DiscardHandler)).Serve(ctx, tcp, udp) }()
	t.Cleanup(func() {
		stop()
		select {
		case err := <-done:
			if err != nil {
				t.Error(err)
			}
		case <-time.After(10 * time.Second):
			t.Error("the server does not end")
		}
	})
	return tcp.Addr().String()
}

func (s *shelf) keys() map[string]string {
	return map[string]string{"khoa.": base64.StdEncoding.EncodeToString(s.secret)}
}

// take transfers the zone and counts its records.
func (s *shelf) take(addr string) (records, soas int, err error) {
	m := new(dns.Msg)
	m.SetAxfr("rpz.example.")
	m.SetTsig("khoa.", dns.HmacSHA256, fudge, time.Now().Unix())
	tr := dns.Transfer{TsigSecret: s.keys(), ReadTimeout: 20 * time.Second}
	got, err := tr.In(m, addr)
	if err != nil {
		return 0, 0, err
	}
	for e := range got {
		if e.Error != nil {
			err = e.Error
		}
		for _, rr := range e.RR {
			if records++; rr.Header().Rrtype == dns.TypeSOA {
				soas++
			}
		}
	}
	return records, soas, err
}

func TestAMillionNamesGoOutAsTheyAreRead(t *testing.T) {
	if testing.Short() {
		t.Skip("takes seconds")
	}
	s := &shelf{rules: 1_000_000}
	addr := s.open(t)
	start := time.Now()
	records, soas, err := s.take(addr)
	if err != nil || records != 2*s.rules+3 || soas != 2 {
		t.Fatalf("%d records, %d SOA, %v", records, soas, err)
	}
	// Two million records as a whole would be some 400 MB. The client of the
	// test is in the same process, and holds a message at a time too.
	if most := s.heap.Load(); most > 64<<20 {
		t.Errorf("%d MB in use", most>>20)
	}
	t.Logf("%d records in %v, at most %d MB in use", records, time.Since(start), s.heap.Load()>>20)
}

func TestHalfAZoneIsNeverTakenForAWholeOne(t *testing.T) {
	s := &shelf{rules: 50_000, fails: 40_000}
	records, soas, err := s.take(s.open(t))
	if err == nil || soas > 1 || records == 0 {
		t.Errorf("%d records, %d SOA, %v", records, soas, err)
	}
}

func TestTransfersAreBounded(t *testing.T) {
	s := &shelf{rules: 10, hold: make(chan struct{})}
	addr := s.open(t)
	ends := make(chan error, maxSendingKey)
	for range maxSendingKey {
		go func() { _, _, err := s.take(addr); ends <- err }()
	}
	for deadline := time.Now().Add(5 * time.Second); s.inside.Load() < maxSendingKey; time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("they do not begin")
		}
	}
	if r, err := s.ask(addr, "tcp", "rpz.example.", dns.TypeAXFR, time.Now(), "khoa.", 5*time.Second); err != nil || r.Rcode != dns.RcodeServerFailure {
		t.Errorf("a third transfer with one key: %v, %v", r, err)
	}
	close(s.hold)
	for range maxSendingKey {
		if err := <-ends; err != nil {
			t.Error(err)
		}
	}
	if _, _, err := s.take(addr); err != nil {
		t.Errorf("afterwards: %v", err)
	}
	// Silent connections of one address are held in bounds, and others come in
	// when they go.
	var open []net.Conn
	for range maxConnsOfOne + 4 {
		conn, err := net.Dial("tcp", addr)
		if err != nil {
			t.Fatal(err)
		}
		open = append(open, conn)
	}
	last := open[len(open)-1]
	if err := last.SetReadDeadline(time.Now().Add(3 * time.Second)); err != nil {
		t.Fatal(err)
	}
	if _, err := last.Read(make([]byte, 1)); err == nil || errors.Is(err, context.DeadlineExceeded) || isTimeout(err) {
		t.Errorf("one connection too many stays open: %v", err)
	}
	for _, conn := range open {
		conn.Close()
	}
}

func isTimeout(err error) bool {
	var n net.Error
	return errors.As(err, &n) && n.Timeout()
}

func (s *shelf) ask(addr, network, zone string, qtype uint16, at time.Time, key string, wait time.Duration) (*dns.Msg, error) {
	m := new(dns.Msg)
	m.SetQuestion(zone, qtype)
	c := dns.Client{Net: network, Timeout: wait}
	if key != "" {
		c.TsigSecret = map[string]string{key: base64.StdEncoding.EncodeToString(s.secret)}
		m.SetTsig(key, dns.HmacSHA256, fudge, at.Unix())
	}
	r, _, err := c.Exchange(m, addr)
	return r, err
}

func TestWhatASignatureIsWorth(t *testing.T) {
	s := &shelf{rules: 1}
	addr := s.open(t)
	for _, network := range []string{"udp", "tcp"} {
		for what, c := range map[string]struct {
			zone, key string
			at        time.Time
			rcode     int
			tsig      uint16
		}{
			"right":      {"RPZ.example.", "khoa.", time.Now(), dns.RcodeSuccess, 0},
			"none":       {"rpz.example.", "", time.Now(), dns.RcodeRefused, 0},
			"other key":  {"rpz.example.", "khac.", time.Now(), dns.RcodeNotAuth, dns.RcodeBadKey},
			"too old":    {"rpz.example.", "khoa.", time.Now().Add(-time.Hour), dns.RcodeNotAuth, dns.RcodeBadTime},
			"other zone": {"staff.example.", "khoa.", time.Now(), dns.RcodeRefused, 0},
			"not yet":    {"soon.example.", "khoa.", time.Now(), dns.RcodeServerFailure, 0},
			"a name":     {"n0000001.mau.example.rpz.example.", "khoa.", time.Now(), dns.RcodeRefused, 0},
		} {
			r, err := s.ask(addr, network, c.zone, dns.TypeSOA, c.at, c.key, 5*time.Second)
			if r == nil {
				t.Errorf("%s, %s: %v", network, what, err)
				continue
			}
			if r.Rcode != c.rcode || (len(r.Answer) == 1) != (c.rcode == dns.RcodeSuccess) {
				t.Errorf("%s, %s: %v %v", network, what, r, err)
			}
			if sig := r.IsTsig(); (sig == nil) != (c.key == "") || sig != nil && sig.Error != c.tsig {
				t.Errorf("%s, %s: signed %v", network, what, sig)
			}
			if c.rcode == dns.RcodeRefused && c.key == "" && r.Len() > 40 {
				t.Errorf("%s, %s: %d bytes for a stranger", network, what, r.Len())
			}
		}
	}
	if r, err := s.ask(addr, "udp", "rpz.example.", dns.TypeAXFR, time.Now(), "khoa.", 5*time.Second); err != nil || r.Rcode != dns.RcodeRefused {
		t.Errorf("a zone over UDP: %v %v", r, err)
	}
	if r, err := s.ask(addr, "udp", "rpz.example.", dns.TypeIXFR, time.Now(), "khoa.", 5*time.Second); err != nil || len(r.Answer) != 1 {
		t.Errorf("changes over UDP are the serial: %v %v", r, err)
	}
}

// In a flood of made-up keys only some are looked up, and whoever has a key is
// answered as soon as there is room.
func TestAFloodOfKeysIsShed(t *testing.T) {
	s := &shelf{rules: 1, slow: 50 * time.Millisecond}
	addr := s.open(t)
	conn, err := net.Dial("udp", addr)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	m := new(dns.Msg)
	m.SetQuestion("rpz.example.", dns.TypeSOA)
	m.SetTsig("khac.", dns.HmacSHA256, fudge, time.Now().Unix())
	packet, _, err := dns.TsigGenerate(m, base64.StdEncoding.EncodeToString(s.secret), "", false)
	if err != nil {
		t.Fatal(err)
	}
	for range 2000 {
		if _, err := conn.Write(packet); err != nil {
			t.Fatal(err)
		}
	}
	for deadline := time.Now().Add(10 * time.Second); ; {
		r, err := s.ask(addr, "tcp", "rpz.example.", dns.TypeSOA, time.Now(), "khoa.", time.Second)
		if err == nil && r.Rcode == dns.RcodeSuccess {
			break
		}
		if time.Now().After(deadline) {
			t.Fatalf("%v %v", r, err)
		}
	}
	if most := s.looked.Load(); most > maxLooking+1 {
		t.Errorf("%d keys looked up at once", most)
	}
}

func TestNotifyIsSignedAndAskedAgain(t *testing.T) {
	s := &shelf{secret: []byte("mot bi mat dai ba muoi hai byte.")}
	udp, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	var heard atomic.Int32
	server := &dns.Server{PacketConn: udp, TsigSecret: s.keys(), MsgAcceptFunc: func(dns.Header) dns.MsgAcceptAction { return dns.MsgAccept }}
	server.Handler = dns.HandlerFunc(func(w dns.ResponseWriter, r *dns.Msg) {
		if heard.Add(1) == 1 {
			return // lost on the way
		}
		m := new(dns.Msg)
		m.SetReply(r)
		if r.Opcode != dns.OpcodeNotify || r.IsTsig() == nil || w.TsigStatus() != nil || len(r.Answer) != 1 || r.Answer[0].(*dns.SOA).Serial != 9 {
			m.Rcode = dns.RcodeRefused
		}
		m.SetTsig("khoa.", dns.HmacSHA256, fudge, time.Now().Unix())
		_ = w.WriteMsg(m)
	})
	started := make(chan struct{})
	server.NotifyStartedFunc = func() { close(started) }
	go func() { _ = server.ActivateAndServe() }()
	<-started
	t.Cleanup(func() { _ = server.Shutdown() })
	if err := Notify(t.Context(), udp.LocalAddr().String(), "rpz.example", 9, "khoa", s); err != nil || heard.Load() != 2 {
		t.Errorf("heard %d times: %v", heard.Load(), err)
	}
	if err := Notify(t.Context(), udp.LocalAddr().String(), "rpz.example", 10, "khoa", s); err == nil {
		t.Error("a refusal is taken for an answer")
	}
}
