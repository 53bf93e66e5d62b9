// SPDX-License-Identifier: Apache-2.0

package resolver

import (
	"encoding/binary"
	"time"

	"lachan/internal/dnswire"
)

const (
	// clientPatience is how long a client waits before it gets an answer past its
	// time in place of none (RFC 8767 §5: the client response timer).
	clientPatience = 1800 * time.Millisecond
	// atOnce is the patience where the upstreams are known to be gone.
	atOnce = 5 * time.Millisecond
	// recheck is how soon a name is asked for again after that failed (§5: the
	// failure recheck timer), and how long a client may keep what is past its time.
	recheck = 30 * time.Second
)

// past makes of an entry past its time what is given out: short TTLs, and the
// extended error that says so. The entry itself stays.
func (e *entry) past() *entry {
	p := &entry{key: e.key, msg: append([]byte(nil), e.msg...), ttlAt: e.ttlAt, links: e.links, ede: dnswire.EDEStale}
	for _, at := range e.ttlAt {
		binary.BigEndian.PutUint32(p.msg[at:], uint32(recheck/time.Second))
	}
	return p
}

// failedLately reports whether the name was asked for in vain a moment ago.
func (e *entry) failedLately(now time.Time) bool {
	since := now.UnixMicro() - e.failed.Load()
	return since >= 0 && since < recheck.Microseconds()
}
