// SPDX-License-Identifier: Apache-2.0

package dnswire

import (
	"encoding/binary"
	"time"
)

// Deliver writes a packed answer (without OPT) for this query over msg, the
// query's own bytes, growing it where needed: with the query's id and its
// spelling of the name, TTLs at ttlAt less age, an OPT record if the client
// has EDNS. An answer longer than limit bytes becomes one that sends the
// client to TCP.
func (q *Query) Deliver(msg, answer []byte, ttlAt []uint16, age time.Duration, limit int) []byte {
	extra := 0
	if q.EDNS {
		extra = 11
	}
	if len(answer)+extra > limit {
		return q.Truncated()
	}
	id, recursion, question := q.ID(), msg[2]&0x01, q.nameEnd+4-HeaderSize
	var asked [255 + 4]byte
	copy(asked[:], q.Question())
	out := append(msg[:0], answer...)
	binary.BigEndian.PutUint16(out, id)
	out[2] = out[2]&^0x01 | recursion
	out[3] |= 0x80
	copy(out[HeaderSize:HeaderSize+question], asked[:question])
	if spent := uint32(age / time.Second); spent > 0 {
		for _, at := range ttlAt {
			ttl := binary.BigEndian.Uint32(out[at:])
			binary.BigEndian.PutUint32(out[at:], ttl-min(ttl, spent))
		}
	}
	if q.EDNS {
		out = AppendOPT(out, 0, q.DO, NoEDE)
	}
	return out
}
