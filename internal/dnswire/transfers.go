// SPDX-License-Identifier: Apache-2.0

package dnswire

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"sync"
	"time"

	"github.com/miekg/dns"
)

// Transfers gives zones to name servers that hold a key: the serial over UDP
// and TCP, all of a zone (AXFR) or what changed (IXFR) over TCP. A question
// without a signature is refused in as many bytes as it has, so that it floods
// nobody; it never answers for a name in a zone.
type Transfers struct {
	source  ZoneSource
	log     *slog.Logger
	ctx     context.Context // of Serve
	asking  chan struct{}   // questions being answered
	sending chan struct{}   // zones being sent
	mu      sync.Mutex
	byKey   map[string]int // zones being sent
}

// Bounds. A zone of a million names is some 60 MB on the line.
const (
	maxAsking      = 64
	maxLooking     = 32 // signatures being checked
	maxSending     = 16
	maxSendingKey  = 2
	maxConns       = 256
	maxConnsOfOne  = 16
	transferSilent = 30 * time.Second // a client that takes nothing for so long is cut off
	transferIdle   = 30 * time.Second
)

// NewTransfers makes a server; Serve runs it.
func NewTransfers(source ZoneSource, log *slog.Logger) *Transfers {
	return &Transfers{
		source: source, log: log, asking: make(chan struct{}, maxAsking), sending: make(chan struct{}, maxSending), byKey: map[string]int{},
	}
}

// Serve answers on both until ctx is done, and closes them.
func (t *Transfers) Serve(ctx context.Context, tcp net.Listener, udp net.PacketConn) error {
	t.ctx = ctx
	looking := make(chan struct{}, maxLooking)
	bound := &boundListener{Listener: tcp, open: map[string]int{}}
	servers := []*dns.Server{{Listener: bound}, {PacketConn: udp}}
	failed := make(chan error, len(servers))
	started := sync.WaitGroup{}
	started.Add(len(servers))
	for _, s := range servers {
		s.Handler, s.TsigProvider = dns.HandlerFunc(t.answer), provider{ctx, t.source, looking}
		s.IdleTimeout, s.ReadTimeout = func() time.Duration { return transferIdle }, 5*time.Second
		s.NotifyStartedFunc = sync.OnceFunc(started.Done)
		go func() {
			failed <- s.ActivateAndServe()
			s.NotifyStartedFunc() // of one that never started
		}()
	}
	started.Wait()
	var err error
	ended := 0
	select {
	case <-ctx.Done():
	case err = <-failed:
		ended++
	}
	stop, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
	defer cancel()
	for _, s := range servers {
		_ = s.ShutdownContext(stop) // one that has ended already says so
	}
	bound.cut()
	for ; ended < len(servers); ended++ {
		err = errors.Join(err, <-failed)
	}
	if ctx.Err() != nil {
		return nil
	}
	return fmt.Errorf("dnswire: transfers: %w", err)
}

func replyTo(asked *dns.Msg) *dns.Msg {
	m := new(dns.Msg)
	m.SetReply(asked)
	m.Authoritative = true
	if opt := asked.IsEdns0(); opt != nil {
		m.SetEdns0(MaxUDP, opt.Do())
	}
	return m
}

func (t *Transfers) answer(w dns.ResponseWriter, r *dns.Msg) {
	select {
	case t.asking <- struct{}{}:
		defer func() { <-t.asking }()
	default:
		return // it asks again
	}
	tsig := r.IsTsig()
	switch {
	case errors.Is(w.TsigStatus(), errBusy):
		// Nothing is said in a flood; whoever has a key asks again.
	case r.Opcode != dns.OpcodeQuery || len(r.Question) != 1:
		t.refuse(w, r, dns.RcodeNotImplemented)
	case tsig == nil:
		t.refuse(w, r, dns.RcodeRefused)
	case w.TsigStatus() != nil:
		t.mistrust(w, r, tsig, w.TsigStatus())
	default:
		t.serve(w, r, plainName(tsig.Hdr.Name), r.Question[0])
	}
}

// serve answers the holder of a key.
func (t *Transfers) serve(w dns.ResponseWriter, r *dns.Msg, key string, q dns.Question) {
	zone := dns.CanonicalName(q.Name)
	v, err := t.source.Zone(t.ctx, key, plainName(zone))
	if err != nil || q.Qclass != dns.ClassINET {
		t.refuse(w, r, dns.RcodeRefused)
		return
	}
	if v == nil {
		t.refuse(w, r, dns.RcodeServerFailure) // it asks again
		return
	}
	tcp := w.RemoteAddr().Network() == "tcp"
	soa := soaOf(zone, v.Serial())
	m := replyTo(r)
	switch {
	case q.Qtype == dns.TypeSOA:
		m.Answer = []dns.RR{soa}
	case q.Qtype == dns.TypeNS:
		m.Answer = []dns.RR{nsOf(zone)}
	case q.Qtype == dns.TypeIXFR && (!tcp || upToDate(r, v.Serial())):
		m.Answer = []dns.RR{soa} // RFC 1995 §2, §4: nothing newer, or come by TCP
	case tcp && (q.Qtype == dns.TypeIXFR || q.Qtype == dns.TypeAXFR):
		t.send(w, r, key, zone, v)
		return
	default:
		t.refuse(w, r, dns.RcodeRefused)
		return
	}
	signAs(r, m)
	_ = w.WriteMsg(m) // a client that is gone asks again
}

// upToDate reports whether an IXFR comes from somebody with nothing to learn
// (serials compare as in RFC 1982).
func upToDate(r *dns.Msg, now uint32) bool {
	have, ok := serialOf(r)
	return ok && int32(have-now) >= 0
}

func serialOf(r *dns.Msg) (uint32, bool) {
	if len(r.Ns) == 1 {
		if soa, ok := r.Ns[0].(*dns.SOA); ok {
			return soa.Serial, true
		}
	}
	return 0, false
}

// send sends a zone or what changed in it.
func (t *Transfers) send(w dns.ResponseWriter, r *dns.Msg, key, zone string, v ZoneVersion) {
	if !t.enter(key) {
		t.refuse(w, r, dns.RcodeServerFailure) // it tries again after the zone's retry time
		return
	}
	defer t.leave(key)
	s := &sender{w: w, asked: r}
	var err error
	var steps []ZoneStep
	known := false
	if have, ok := serialOf(r); ok && r.Question[0].Qtype == dns.TypeIXFR {
		steps, known, err = v.Since(t.ctx, have)
	}
	switch {
	case err != nil:
	case known:
		err = s.changes(zone, v.Serial(), steps)
	default:
		err = s.whole(t.ctx, zone, v)
	}
	if err != nil {
		// What has gone out is no whole transfer: cut off, so that nobody takes it
		// for one.
		_ = w.Close()
		t.log.WarnContext(t.ctx, "zone not sent", "zone", zone, "key", key, "error", err)
	}
}

func (t *Transfers) enter(key string) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.byKey[key] >= maxSendingKey {
		return false
	}
	select {
	case t.sending <- struct{}{}:
		t.byKey[key]++
		return true
	default:
		return false
	}
}

func (t *Transfers) leave(key string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	<-t.sending
	if t.byKey[key]--; t.byKey[key] == 0 {
		delete(t.byKey, key)
	}
}

func (t *Transfers) refuse(w dns.ResponseWriter, r *dns.Msg, rcode int) {
	m := replyTo(r)
	m.Authoritative, m.Rcode = false, rcode
	if w.TsigStatus() == nil {
		signAs(r, m)
	}
	_ = w.WriteMsg(m)
}

// mistrust says what is wrong with a signature (RFC 8945 §5.2). Only one that
// is right but for its time is answered with a signature.
func (t *Transfers) mistrust(w dns.ResponseWriter, r *dns.Msg, tsig *dns.TSIG, why error) {
	m := replyTo(r)
	m.Authoritative, m.Rcode = false, dns.RcodeNotAuth
	signAs(r, m)
	said := m.IsTsig()
	switch {
	case errors.Is(why, dns.ErrTime):
		said.Error, said.TimeSigned = dns.RcodeBadTime, tsig.TimeSigned
		said.OtherLen, said.OtherData = 6, hex.EncodeToString(bigEndian48(time.Now().Unix()))
	case errors.Is(why, dns.ErrSig):
		said.Error = dns.RcodeBadSig
	default:
		said.Error = dns.RcodeBadKey
	}
	_ = w.WriteMsg(m)
}

func bigEndian48(n int64) []byte {
	return []byte{byte(n >> 40), byte(n >> 32), byte(n >> 24), byte(n >> 16), byte(n >> 8), byte(n)}
}
