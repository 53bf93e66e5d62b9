// SPDX-License-Identifier: Apache-2.0

package dnswire

import (
	"encoding/binary"
	"time"
)

// Deliver writes a packed answer (without OPT) for this query over msg, the
// query's own bytes, growing it where needed: with the query's id and its
// spelling of the name, TTLs at ttlAt less age, an OPT record if the client
// has EDNS, with the extended error ede or NoEDE. An answer longer than limit
// bytes becomes one that sends the client to TCP.
//
// CD is the client's own bit (RFC 4035 §3.2.2). AD, which says that an upstream
// has validated, goes only to a client that asked for it by AD or DO (RFC 6840
// §5.8).
func (q *Query) Deliver(msg, answer []byte, ttlAt []uint16, age time.Duration, ede uint16, limit int) []byte {
	extra := 0
	if q.EDNS {
		extra = 11
		if ede != NoEDE {
			extra += 6
		}
		if q.cookieLen > 0 {
			extra += 4 + int(q.cookieLen)
		}
	}
	if len(answer)+extra > limit {
		return q.Truncated()
	}
	id, recursion, question := q.ID(), msg[2]&0x01, q.nameEnd+4-HeaderSize
	checking, authentic := msg[3]&0x10, msg[3]&0x20
	if q.DO {
		authentic = 0x20
	}
	var asked [255 + 4]byte
	copy(asked[:], q.Question())
	out := append(msg[:0], answer...)
	binary.BigEndian.PutUint16(out, id)
	out[2] = out[2]&^0x01 | recursion
	out[3] = 0x80 | out[3]&0x0f | checking | out[3]&authentic
	copy(out[HeaderSize:HeaderSize+question], asked[:question])
	if spent := age / time.Second; spent > 0 { // less where a clock was put back
		for _, at := range ttlAt {
			ttl := binary.BigEndian.Uint32(out[at:])
			binary.BigEndian.PutUint32(out[at:], ttl-uint32(min(time.Duration(ttl), spent)))
		}
	}
	return q.opt(out, NoError, ede)
}
