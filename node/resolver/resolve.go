// SPDX-License-Identifier: Apache-2.0

package resolver

import (
	"context"
	"encoding/binary"
	"fmt"
	"slices"
	"time"

	"lachan/internal/bundle"
	"lachan/internal/dnswire"
	"lachan/internal/problem"
	"lachan/node/upstream"
)

const (
	maxTTL         = 24 * time.Hour
	maxNegativeTTL = time.Hour // RFC 2308 §5: one to three hours work well
)

// question is one question to an upstream, and the key under which its answer
// is kept.
type question struct {
	key    string
	name   string // in wire form, lower case
	qtype  uint16
	do, cd bool
	as     bundle.Name // what the name answers as; zero: itself
}

// ask begins to look for an answer, or joins an equal question that is under
// way; nil where too many are. It goes on whatever becomes of the client.
func (r *Resolver) ask(l *live, q question, most int) *flight {
	return r.flights.start(q.key, most, func() (*entry, error) {
		if q.as == (bundle.Name{}) {
			return r.resolve(r.life, l, q)
		}
		return r.rewritten(r.life, l, q)
	})
}

// resolve asks an upstream and makes an entry of the answer, stored in the
// cache where its TTLs allow.
func (r *Resolver) resolve(ctx context.Context, l *live, q question) (*entry, error) {
	group, local := l.zones.find(q.name)
	if local != "" {
		return r.local(l, q, local)
	}
	proves := l.proofs != nil && group == l.zones.rest && !q.cd
	msg, err := group.Ask(ctx, upstream.Question{Name: q.name, Type: q.qtype, DO: q.do || proves, CD: q.cd || proves})
	if err != nil {
		return nil, err
	}
	if msg, err = dnswire.WithoutOPT(msg); err != nil {
		return nil, err
	}
	if dnswire.IsReferral(msg) {
		return nil, problem.New("node/upstream-silent") // it does not resolve
	}
	if l.proofs != nil {
		msg[3] &^= 0x20 // AD is ours to say
	}
	if proves {
		if msg, err = l.prove(ctx, msg, q); err != nil {
			return r.unproven(l, q, err)
		}
	}
	if l.cfg.StripECH && (q.qtype == dnswire.TypeHTTPS || q.qtype == dnswire.TypeSVCB) {
		if msg, err = dnswire.WithoutECH(msg); err != nil {
			return nil, err
		}
	}
	e := &entry{key: q.key, msg: slices.Clone(msg), ede: dnswire.NoEDE, stored: l.cfg.Clock.Now()}
	e.msg[2] &^= 0x04 // AA is the upstream's to say, not ours
	ttl, err := e.survey()
	if err != nil {
		return nil, err
	}
	if e.inside && !l.mayLeadInside(q.name) {
		return r.keptOut(l, q)
	}
	r.keep(l, e, ttl)
	return e, nil
}

// keep stores an entry for as long as it holds. One that was found under
// settings that no longer count goes to those who wait for it and no further.
func (r *Resolver) keep(l *live, e *entry, ttl time.Duration) {
	e.life, e.fresh = ttl, ttl-ttl/prefetchPart
	if ttl > 0 && r.live.Load() == l {
		r.cache.put(e)
	}
}

// rewriteTTL is the longest that a client may remember a rewritten answer: a
// device that goes from lesson to break, or out of the school, soon asks anew.
const rewriteTTL = 60

// rewritten answers a name as another one, with the addresses that the other
// has now. Where the other cannot be resolved the question fails: the original
// is never the way out.
func (r *Resolver) rewritten(ctx context.Context, l *live, q question) (*entry, error) {
	wire := string(q.as.Wire())
	flags := q.key[len(q.key)-1] & keyFlags
	target := question{key: wire + string([]byte{byte(q.qtype >> 8), byte(q.qtype), flags}), name: wire, qtype: q.qtype, do: q.do, cd: q.cd}
	reply, _, _ := r.cache.get([]byte(target.key), l.cfg.Clock.Now())
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
	e := &entry{key: q.key, msg: msg, ede: dnswire.NoEDE, ttlAt: ttlAt, links: [][]byte{[]byte(wire)}, stored: l.cfg.Clock.Now()}
	r.keep(l, e, time.Duration(ttl)*time.Second)
	return e, nil
}

// survey walks over the answer: where its TTLs are, how long it may be kept,
// which names it leads to, and whether to addresses of this network.
func (e *entry) survey() (time.Duration, error) {
	ttl := uint32(maxTTL / time.Second)
	rcode := e.msg[3] & 0x0f
	answers, negative, seen, soa := 0, uint32(maxNegativeTTL/time.Second), false, false
	var name [255]byte
	records := dnswire.ReadRecords(e.msg)
	for records.Next() {
		if records.TTLAt > 0xffff {
			return 0, fmt.Errorf("resolver: answer too long")
		}
		e.ttlAt = append(e.ttlAt, uint16(records.TTLAt))
		ttl, seen = min(ttl, records.TTL), true
		e.inside = e.inside || leadsInside(e.msg, records.RR)
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
			soa = true
			negative = min(negative, binary.BigEndian.Uint32(e.msg[end-4:]))
		}
	}
	if records.Bad {
		return 0, fmt.Errorf("resolver: damaged answer")
	}
	switch {
	case !seen || rcode != dnswire.NoError && rcode != dnswire.NameError:
		return 0, nil
	case answers == 0 && !soa: // nobody says how long the absence holds (RFC 2308 §5)
		return 0, nil
	case answers == 0 || rcode == dnswire.NameError:
		ttl = min(ttl, negative)
	}
	return time.Duration(ttl) * time.Second, nil
}
