// SPDX-License-Identifier: Apache-2.0

package dnswire

import "encoding/binary"

// Section is where in an answer a record stands.
type Section uint8

// The sections behind the question.
const (
	AnswerSection Section = iota
	AuthoritySection
	AdditionalSection
)

// RR is one record, by its places in the message.
type RR struct {
	Section Section
	Start   int // of the owner's name
	Type    uint16
	Class   uint16
	TTL     uint32 // seconds
	TTLAt   int
	DataAt  int
	DataLen int
}

// readRR reads the record at at and returns where the next begins.
func readRR(msg []byte, at int) (rr RR, next int, ok bool) {
	rr.Start = at
	at, ok = skipName(msg, at)
	if !ok || at+10 > len(msg) {
		return rr, 0, false
	}
	rr.Type = binary.BigEndian.Uint16(msg[at:])
	rr.Class = binary.BigEndian.Uint16(msg[at+2:])
	rr.TTL = binary.BigEndian.Uint32(msg[at+4:])
	rr.TTLAt = at + 4
	rr.DataLen = int(binary.BigEndian.Uint16(msg[at+8:]))
	rr.DataAt = at + 10
	next = rr.DataAt + rr.DataLen
	return rr, next, next <= len(msg)
}

func skipName(msg []byte, at int) (int, bool) {
	for at < len(msg) {
		switch l := int(msg[at]); {
		case l == 0:
			return at + 1, true
		case l >= 0xc0:
			return at + 2, at+2 <= len(msg)
		case l > 63:
			return 0, false
		default:
			at += l + 1
		}
	}
	return 0, false
}

// Records walks over the records of an answer:
//
//	r := dnswire.ReadRecords(msg)
//	for r.Next() { use r.RR }
//	if r.Bad { the message is damaged }
type Records struct {
	RR
	Bad  bool
	msg  []byte
	at   int
	left [3]int
}

// ReadRecords starts behind the question section of msg.
func ReadRecords(msg []byte) Records {
	r := Records{msg: msg, at: HeaderSize}
	if len(msg) < HeaderSize {
		r.Bad = true
		return r
	}
	for range binary.BigEndian.Uint16(msg[4:]) {
		next, ok := skipName(msg, r.at)
		if !ok || next+4 > len(msg) {
			r.Bad = true
			return r
		}
		r.at = next + 4
	}
	for i := range r.left {
		r.left[i] = int(binary.BigEndian.Uint16(msg[6+2*i:]))
	}
	return r
}

// Next moves to the next record.
func (r *Records) Next() bool {
	if r.Bad {
		return false
	}
	for i := range r.left {
		if r.left[i] == 0 {
			continue
		}
		r.left[i]--
		rr, next, ok := readRR(r.msg, r.at)
		if !ok {
			r.Bad = true
			return false
		}
		r.RR, r.RR.Section, r.at = rr, Section(i), next
		return true
	}
	return false
}

// IsReferral reports whether a message sends the asker on to other servers in
// place of an answer (RFC 1034 §4.3.1), perhaps in a circle.
func IsReferral(msg []byte) bool {
	if len(msg) < HeaderSize || msg[3]&0x0f != NoError || binary.BigEndian.Uint16(msg[6:]) != 0 {
		return false
	}
	servers := false
	records := ReadRecords(msg)
	for records.Next() {
		if records.Section == AuthoritySection && records.Type == TypeSOA {
			return false
		}
		servers = servers || records.Section == AuthoritySection && records.Type == TypeNS
	}
	return servers && !records.Bad
}

// Expand writes the name at at, followed through its pointers, into dst and
// returns it in uncompressed wire form, nil if it is no name. Each pointer
// must lead backwards (RFC 1035 §4.1.4), so the walk ends.
func Expand(msg []byte, at int, dst *[255]byte) []byte {
	n, low := 0, at
	for at < len(msg) {
		l := int(msg[at])
		switch {
		case l == 0:
			if n == len(dst) {
				return nil
			}
			dst[n] = 0
			return dst[:n+1]
		case l >= 0xc0:
			if at+2 > len(msg) {
				return nil
			}
			to := int(binary.BigEndian.Uint16(msg[at:]) & 0x3fff)
			if to >= low {
				return nil
			}
			at, low = to, to
		case l > 63 || at+1+l > len(msg) || n+1+l >= len(dst):
			return nil
		default:
			n += copy(dst[n:], msg[at:at+1+l])
			at += l + 1
		}
	}
	return nil
}

// Freshness is how long an answer may be kept, seconds: the least TTL of its
// answers, or what its SOA says of their absence (RFC 8484 §5.1, RFC 2308 §5);
// 0 for what says neither.
func Freshness(msg []byte) uint32 {
	least, found := uint32(0), false
	records := ReadRecords(msg)
	for records.Next() {
		ttl := records.TTL
		switch {
		case records.Section == AnswerSection:
		case records.Section == AuthoritySection && records.Type == TypeSOA && records.DataLen >= 22 && binary.BigEndian.Uint16(msg[6:]) == 0:
			ttl = min(ttl, binary.BigEndian.Uint32(msg[records.DataAt+records.DataLen-4:]))
		default:
			continue
		}
		if !found || ttl < least {
			least, found = ttl, true
		}
	}
	return least
}
