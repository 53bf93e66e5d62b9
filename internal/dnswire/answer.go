// SPDX-License-Identifier: Apache-2.0

package dnswire

import (
	"encoding/binary"
	"net/netip"
)

// Error turns the query into an answer without records. The query must have
// been parsed; for a verdict of Faulty only the header is sent back.
func (q *Query) Error(rcode int, ede uint16) []byte {
	end := HeaderSize
	questions := uint16(0)
	if q.nameEnd > 0 {
		end, questions = q.nameEnd+4, 1
	}
	msg := q.head(q.msg[:end], rcode, questions)
	return q.opt(msg, rcode, ede)
}

// Address turns the query into an answer with one address, for A and AAAA. An
// address of the other family gives an empty answer of the type (NODATA).
// ttl is in seconds; keep it short, so that an unblock acts at once.
func (q *Query) Address(addr netip.Addr, ttl uint32, ede uint16) []byte {
	addr = addr.Unmap()
	fits := q.Type == TypeA && addr.Is4() || q.Type == TypeAAAA && addr.Is6()
	if !fits {
		return q.Negative(NoError, ttl, ede)
	}
	msg := q.head(q.msg[:q.nameEnd+4], NoError, 1)
	binary.BigEndian.PutUint16(msg[6:], 1)
	msg = append(msg, 0xc0, HeaderSize)
	msg = binary.BigEndian.AppendUint16(msg, q.Type)
	msg = binary.BigEndian.AppendUint16(msg, ClassIN)
	msg = binary.BigEndian.AppendUint32(msg, ttl)
	if addr.Is4() {
		a := addr.As4()
		msg = append(append(msg, 0, 4), a[:]...)
	} else {
		a := addr.As16()
		msg = append(append(msg, 0, 16), a[:]...)
	}
	return q.opt(msg, NoError, ede)
}

// Negative turns the query into NXDOMAIN (NameError) or, with NoError, into an
// empty answer. It carries an SOA whose minimum is ttl seconds: without one a
// client keeps the negative answer as long as it likes (RFC 2308 §5).
func (q *Query) Negative(rcode int, ttl uint32, ede uint16) []byte {
	msg := q.head(q.msg[:q.nameEnd+4], rcode, 1)
	binary.BigEndian.PutUint16(msg[8:], 1)
	msg = append(msg, 0xc0, HeaderSize, 0, byte(TypeSOA), 0, byte(ClassIN))
	msg = binary.BigEndian.AppendUint32(msg, ttl)
	msg = append(msg, 0, 22, 0, 0)                   // length; root as server and as mailbox
	msg = binary.BigEndian.AppendUint32(msg, 1)      // serial
	msg = binary.BigEndian.AppendUint32(msg, 3600)   // refresh
	msg = binary.BigEndian.AppendUint32(msg, 600)    // retry
	msg = binary.BigEndian.AppendUint32(msg, 604800) // expire
	msg = binary.BigEndian.AppendUint32(msg, ttl)    // minimum
	return q.opt(msg, rcode, ede)
}

// head writes the answer's header over the query's: same id, opcode and RD,
// QR and RA set, all counts but the question's zero.
func (q *Query) head(msg []byte, rcode int, questions uint16) []byte {
	msg[2] = 0x80 | msg[2]&0x79
	msg[3] = 0x80 | msg[3]&0x10 | byte(rcode&0x0f)
	clear(msg[4:HeaderSize])
	binary.BigEndian.PutUint16(msg[4:], questions)
	return msg
}

// opt appends the OPT record that answers the client's, with the extended
// error in it. A client without EDNS gets neither.
func (q *Query) opt(msg []byte, rcode int, ede uint16) []byte {
	if !q.EDNS {
		return msg
	}
	return appendOPT(msg, rcode, q.DO, q.cookie[:q.cookieLen], ede)
}

// AppendOPT appends an OPT record (RFC 6891 §6.1.2) to a message that has none
// and counts it. ede is NoEDE or the code of an extended error.
func AppendOPT(msg []byte, rcode int, do bool, ede uint16) []byte {
	return appendOPT(msg, rcode, do, nil, ede)
}

// appendOPT writes the extended error last, where AppendText looks for it.
func appendOPT(msg []byte, rcode int, do bool, cookie []byte, ede uint16) []byte {
	binary.BigEndian.PutUint16(msg[10:], binary.BigEndian.Uint16(msg[10:])+1)
	msg = append(msg, 0, 0, byte(TypeOPT))
	msg = binary.BigEndian.AppendUint16(msg, MaxUDP)
	var flags byte
	if do {
		flags = 0x80
	}
	msg = append(msg, byte(rcode>>4), 0, flags, 0)
	size := byte(0)
	if len(cookie) > 0 {
		size += 4 + byte(len(cookie))
	}
	if ede != NoEDE {
		size += 6
	}
	msg = append(msg, 0, size)
	if len(cookie) > 0 {
		msg = append(msg, 0, byte(OptionCookie), 0, byte(len(cookie)))
		msg = append(msg, cookie...)
	}
	if ede == NoEDE {
		return msg
	}
	msg = append(msg, 0, byte(OptionEDE), 0, 2)
	return binary.BigEndian.AppendUint16(msg, ede)
}

// Truncated turns the query into an answer that sends the client to TCP.
func (q *Query) Truncated() []byte {
	msg := q.head(q.msg[:q.nameEnd+4], NoError, 1)
	msg[2] |= 0x02
	return q.opt(msg, NoError, NoEDE)
}

// AppendQuery writes a question of our own, for an upstream: recursion
// desired, EDNS with MaxUDP, AD so that a validating upstream says what it
// found. name is in uncompressed wire form.
func AppendQuery(dst []byte, id uint16, name []byte, qtype uint16, do, cd bool) []byte {
	start := len(dst)
	dst = binary.BigEndian.AppendUint16(dst, id)
	var low byte = 0x20
	if cd {
		low |= 0x10
	}
	dst = append(dst, 0x01, low, 0, 1, 0, 0, 0, 0, 0, 0)
	dst = append(dst, name...)
	dst = binary.BigEndian.AppendUint16(dst, qtype)
	dst = binary.BigEndian.AppendUint16(dst, ClassIN)
	return append(dst[:start], AppendOPT(dst[start:], 0, do, NoEDE)...)
}

// SameQuestion reports whether reply is an answer to question (name, type and
// class in wire form; letters in any case), with the given id.
func SameQuestion(reply []byte, id uint16, question []byte) bool {
	if len(reply) < HeaderSize+len(question) || reply[2]&0x80 == 0 ||
		binary.BigEndian.Uint16(reply) != id || binary.BigEndian.Uint16(reply[4:]) != 1 {
		return false
	}
	name := len(question) - 4
	for i, c := range question {
		d := reply[HeaderSize+i]
		if i < name {
			c, d = lowerByte(c), lowerByte(d)
		}
		if c != d {
			return false
		}
	}
	return true
}

func lowerByte(c byte) byte {
	if 'A' <= c && c <= 'Z' { // never a length byte: those are below 64
		return c + 'a' - 'A'
	}
	return c
}
