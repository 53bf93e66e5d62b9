// SPDX-License-Identifier: Apache-2.0

package resolver

import (
	"context"
	"crypto/rand"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"net/netip"
	"slices"
	"sync/atomic"
	"time"

	"lachan/internal/bundle"
	"lachan/internal/dnswire"
	"lachan/internal/problem"
)

const (
	maxTTL         = 24 * time.Hour
	maxNegativeTTL = time.Hour // RFC 2308 §5: one to three hours work well
	rounds         = 2         // how often every upstream is tried
)

// upstream asks the configured resolvers, the one that answered last first.
type upstream struct {
	servers []netip.AddrPort
	timeout time.Duration
	first   atomic.Int32
	down    atomic.Bool
}

func newUpstream(servers []netip.AddrPort, timeout time.Duration) *upstream {
	if timeout <= 0 {
		timeout = time.Second
	}
	return &upstream{servers: servers, timeout: timeout}
}

// ask sends a question to one upstream after the other until one answers it.
// An answer of SERVFAIL or REFUSED is taken only when nobody has a better one.
func (u *upstream) ask(ctx context.Context, name []byte, qtype uint16, do, cd bool) ([]byte, error) {
	var poor []byte
	var last error
	start := int(u.first.Load())
	for try := range rounds * len(u.servers) {
		i := (start + try) % len(u.servers)
		reply, err := u.exchange(ctx, u.servers[i], name, qtype, do, cd)
		switch {
		case err != nil:
			last = err
		case reply[3]&0x0f == dnswire.ServerFailure || reply[3]&0x0f == dnswire.Refused:
			if poor = reply; try >= len(u.servers)-1 {
				return poor, nil
			}
		default:
			u.first.Store(int32(i))
			u.down.Store(false)
			return reply, nil
		}
		if ctx.Err() != nil {
			break
		}
	}
	if poor != nil {
		return poor, nil
	}
	u.down.Store(true)
	return nil, problem.New("node/upstream-silent").Wrap(last)
}

// exchange asks over UDP, from a fresh port with a random id, and over TCP
// where the answer was cut.
func (u *upstream) exchange(ctx context.Context, server netip.AddrPort, name []byte, qtype uint16, do, cd bool) ([]byte, error) {
	var raw [2]byte
	rand.Read(raw[:]) // never fails since Go 1.24
	id := binary.BigEndian.Uint16(raw[:])
	query := dnswire.AppendQuery(make([]byte, 0, 320), id, name, qtype, do, cd)
	question := query[dnswire.HeaderSize : dnswire.HeaderSize+len(name)+4]
	ctx, cancel := context.WithTimeout(ctx, u.timeout)
	defer cancel()
	reply, err := overUDP(ctx, server, query, id, question)
	if err != nil || reply[2]&0x02 == 0 {
		return reply, err
	}
	return overTCP(ctx, server, query, id, question)
}

func overUDP(ctx context.Context, server netip.AddrPort, query []byte, id uint16, question []byte) ([]byte, error) {
	conn, err := dial(ctx, "udp", server)
	if err != nil {
		return nil, err
	}
	defer conn.Close()
	if _, err := conn.Write(query); err != nil {
		return nil, err
	}
	buf := make([]byte, 4096)
	for {
		n, err := conn.Read(buf)
		if err != nil {
			return nil, err
		}
		if dnswire.SameQuestion(buf[:n], id, question) { // else somebody guesses; wait on
			return slices.Clip(buf[:n]), nil
		}
	}
}

func overTCP(ctx context.Context, server netip.AddrPort, query []byte, id uint16, question []byte) ([]byte, error) {
	conn, err := dial(ctx, "tcp", server)
	if err != nil {
		return nil, err
	}
	defer conn.Close()
	if _, err := conn.Write(append(binary.BigEndian.AppendUint16(nil, uint16(len(query))), query...)); err != nil {
		return nil, err
	}
	var size [2]byte
	if _, err := io.ReadFull(conn, size[:]); err != nil {
		return nil, err
	}
	reply := make([]byte, binary.BigEndian.Uint16(size[:]))
	if _, err := io.ReadFull(conn, reply); err != nil {
		return nil, err
	}
	if !dnswire.SameQuestion(reply, id, question) {
		return nil, errors.New("resolver: answer to another question")
	}
	return reply, nil
}

func dial(ctx context.Context, network string, server netip.AddrPort) (net.Conn, error) {
	var d net.Dialer
	conn, err := d.DialContext(ctx, network, server.String())
	if err != nil {
		return nil, err
	}
	if deadline, ok := ctx.Deadline(); ok {
		if err := conn.SetDeadline(deadline); err != nil {
			return nil, errors.Join(err, conn.Close())
		}
	}
	return conn, nil
}

// question is one question to an upstream, and the key under which its answer
// is kept.
type question struct {
	key    string
	name   string // in wire form, lower case
	qtype  uint16
	do, cd bool
}

// resolve asks an upstream and makes an entry of the answer, stored in the
// cache where its TTLs allow.
func (r *Resolver) resolve(ctx context.Context, l *live, q question) (*entry, error) {
	msg, err := l.upstream.ask(ctx, []byte(q.name), q.qtype, q.do, q.cd)
	if err != nil {
		return nil, err
	}
	if msg, err = dnswire.WithoutOPT(msg); err != nil {
		return nil, err
	}
	if l.cfg.StripECH && (q.qtype == dnswire.TypeHTTPS || q.qtype == dnswire.TypeSVCB) {
		if msg, err = dnswire.WithoutECH(msg); err != nil {
			return nil, err
		}
	}
	e := &entry{key: q.key, msg: slices.Clone(msg), stored: l.cfg.Clock.Now()}
	ttl, err := e.survey()
	if err != nil {
		return nil, err
	}
	r.keep(e, ttl)
	return e, nil
}

// keep stores an entry for as long as it holds.
func (r *Resolver) keep(e *entry, ttl time.Duration) {
	e.expires = e.stored.Add(ttl)
	if ttl > 0 {
		r.cache.put(e)
	}
}

// rewriteTTL is the longest that a client may remember a rewritten answer: a
// device that goes from lesson to break, or out of the school, soon asks anew.
const rewriteTTL = 60

// rewritten answers a name as another one, with the addresses that the other
// has now. Where the other cannot be resolved the question fails: the original
// is never the way out.
func (r *Resolver) rewritten(ctx context.Context, l *live, q question, as bundle.Name) (*entry, error) {
	wire := string(as.Wire())
	flags := q.key[len(q.key)-1] & keyFlags
	target := question{key: wire + string([]byte{byte(q.qtype >> 8), byte(q.qtype), flags}), name: wire, qtype: q.qtype, do: q.do, cd: q.cd}
	reply := r.cache.get([]byte(target.key), l.cfg.Clock.Now())
	if reply == nil {
		var err error
		if reply, err = r.resolve(ctx, l, target); err != nil {
			return nil, err
		}
	}
	asked := []byte(q.name)
	asked = append(binary.BigEndian.AppendUint16(asked, q.qtype), 0, byte(dnswire.ClassIN))
	msg, ttlAt, ttl, ok := dnswire.Alias(asked, []byte(wire), reply.msg, rewriteTTL)
	if !ok {
		return nil, problem.New("node/upstream-silent")
	}
	e := &entry{key: q.key, msg: msg, ttlAt: ttlAt, links: [][]byte{[]byte(wire)}, stored: l.cfg.Clock.Now()}
	r.keep(e, time.Duration(ttl)*time.Second)
	return e, nil
}

// survey walks over the answer: where its TTLs are, how long it may be kept,
// which names it leads to.
func (e *entry) survey() (time.Duration, error) {
	ttl := uint32(maxTTL / time.Second)
	rcode := e.msg[3] & 0x0f
	answers, negative, seen := 0, uint32(maxNegativeTTL/time.Second), false
	var name [255]byte
	records := dnswire.ReadRecords(e.msg)
	for records.Next() {
		if records.TTLAt > 0xffff {
			return 0, fmt.Errorf("resolver: answer too long")
		}
		e.ttlAt = append(e.ttlAt, uint16(records.TTLAt))
		ttl, seen = min(ttl, records.TTL), true
		switch {
		case records.Section == dnswire.AnswerSection:
			answers++
			at := records.DataAt
			if records.Type == dnswire.TypeHTTPS || records.Type == dnswire.TypeSVCB {
				at += 2 // behind the priority stands the target
			} else if records.Type != dnswire.TypeCNAME {
				continue
			}
			if link := dnswire.Expand(e.msg, at, &name); len(link) > 1 {
				e.links = append(e.links, slices.Clone(link))
			}
		case records.Type == dnswire.TypeSOA && records.DataLen >= 22:
			end := records.DataAt + records.DataLen
			negative = min(negative, binary.BigEndian.Uint32(e.msg[end-4:]))
		}
	}
	if records.Bad {
		return 0, fmt.Errorf("resolver: damaged answer")
	}
	switch {
	case !seen || rcode != dnswire.NoError && rcode != dnswire.NameError:
		return 0, nil
	case answers == 0 || rcode == dnswire.NameError:
		ttl = min(ttl, negative)
	}
	return time.Duration(ttl) * time.Second, nil
}
