// SPDX-License-Identifier: Apache-2.0

package resolver

import (
	"net/netip"
	"time"

	"lachan/internal/dnswire"
)

// rebindTTL is how long the absence given in place of a private address holds.
const rebindTTL = 60 // seconds

// inside reports whether an address means a machine of this network, or this
// machine. A public name that leads there lets a page from outside speak to the
// school's printers and routers in the pupil's name (DNS rebinding).
func inside(a netip.Addr) bool {
	a = a.Unmap()
	return a.IsPrivate() || a.IsLoopback() || a.IsLinkLocalUnicast() || a.IsUnspecified()
}

// leadsInside reports whether a record carries an address of this network.
func leadsInside(msg []byte, rr dnswire.RR) bool {
	data := msg[rr.DataAt : rr.DataAt+rr.DataLen]
	found := false
	switch rr.Type {
	case dnswire.TypeA, dnswire.TypeAAAA:
		a, ok := netip.AddrFromSlice(data)
		found = ok && inside(a)
	case dnswire.TypeHTTPS, dnswire.TypeSVCB:
		dnswire.Hints(data, func(a netip.Addr) { found = found || inside(a) })
	}
	return found
}

// mayLeadInside reports whether a name may have addresses of this network: one
// that has its own server here, that the settings list, or the hub's.
func (l *live) mayLeadInside(name string) bool {
	if l.always[name] {
		return true
	}
	for at := 0; at < len(name) && name[at] != 0; at += int(name[at]) + 1 {
		if l.private[name[at:]] || l.zones.bySuffix[name[at:]] != nil {
			return true
		}
	}
	return false
}

// keptOut is the answer in place of one that leads inside: the name has no such
// record, and the operator's policy is why.
func (r *Resolver) keptOut(l *live, q question) (*entry, error) {
	msg, err := absent(q, dnswire.NoError, rebindTTL)
	if err != nil {
		return nil, err
	}
	e := &entry{key: q.key, msg: msg, ede: dnswire.EDEBlocked, stored: l.cfg.Clock.Now()}
	if _, err := e.survey(); err != nil {
		return nil, err
	}
	r.keep(l, e, rebindTTL*time.Second)
	return e, nil
}
