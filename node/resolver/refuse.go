// SPDX-License-Identifier: Apache-2.0

package resolver

import (
	"net/netip"
	"time"

	"lachan/internal/bundle"
	"lachan/internal/dnswire"
	"lachan/node/faultlog"
)

// refuse writes the refusal over the query and counts it. What a family's
// devices meet stands in no figure, not even in a sum, and a page of this
// network would not reach them.
func (w *worker) refuse(d bundle.Decision, from asker) []byte {
	cfg := &w.live.cfg
	ede := w.extendedError(d)
	if w.atHome {
		return w.q.Negative(dnswire.NameError, uint32(cfg.BlockTTL/time.Second), ede)
	}
	w.r.stats.Refused.Add(1)
	w.note(faultlog.Refused, w.view.Code(d), ede)
	if cfg.Counter != nil {
		cfg.Counter.Refused(w.who.School, w.who.Band, w.view.Code(d), from.addr, w.now)
	}
	ttl := uint32(cfg.BlockTTL / time.Second)
	switch {
	case cfg.Mode == NXDomain:
		return w.q.Negative(dnswire.NameError, ttl, ede)
	case w.q.Type == dnswire.TypeA && cfg.Mode == Zero:
		return w.q.Address(netip.IPv4Unspecified(), ttl, ede)
	case w.q.Type == dnswire.TypeAAAA && cfg.Mode == Zero:
		return w.q.Address(netip.IPv6Unspecified(), ttl, ede)
	case w.q.Type == dnswire.TypeA && cfg.Page4.IsValid():
		return w.q.Address(cfg.Page4, ttl, ede)
	case w.q.Type == dnswire.TypeAAAA && cfg.Page6.IsValid():
		return w.q.Address(cfg.Page6, ttl, ede)
	default: // every other type is empty, HTTPS above all: its hints lead past us
		return w.q.Negative(dnswire.NoError, ttl, ede)
	}
}

// extendedError is the code that says who wanted a refusal (RFC 8914 §4.16 to
// §4.18): the authority that ordered it, the family that set the filter up, or
// whoever runs it.
func (w *worker) extendedError(d bundle.Decision) uint16 {
	switch {
	case d.Rule == bundle.ByLegal:
		return dnswire.EDECensored
	case w.atHome:
		return dnswire.EDEFiltered
	default:
		return dnswire.EDEBlocked
	}
}
