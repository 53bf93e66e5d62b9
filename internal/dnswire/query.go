// SPDX-License-Identifier: Apache-2.0

package dnswire

import "encoding/binary"

// Types of records, RFC 1035 §3.2.2, RFC 3596, RFC 6891, RFC 9460.
const (
	TypeA     uint16 = 1
	TypeNS    uint16 = 2
	TypeCNAME uint16 = 5
	TypeSOA   uint16 = 6
	TypeAAAA  uint16 = 28
	TypeOPT   uint16 = 41
	TypeSVCB  uint16 = 64
	TypeHTTPS uint16 = 65
	TypeAXFR  uint16 = 252
	TypeANY   uint16 = 255

	ClassIN uint16 = 1
)

// Codes of answers, RFC 1035 §4.1.1, RFC 6891 §9.
const (
	NoError        = 0
	FormatError    = 1
	ServerFailure  = 2
	NameError      = 3 // NXDOMAIN
	NotImplemented = 4
	Refused        = 5
	BadVersion     = 16
	BadCookie      = 23 // RFC 7873
)

// Extended errors, RFC 8914 §4.
const (
	NoEDE               uint16 = 0xffff
	EDEStale            uint16 = 3  // older than its TTL: no upstream has a newer one
	EDEBogus            uint16 = 6  // not what the owner signed
	EDESignatureExpired uint16 = 7  // signed for a time that is over, or a clock ahead
	EDESignatureEarly   uint16 = 8  // signed for a time to come, or a clock behind
	EDENoKey            uint16 = 9  // no key fits what the zone above says
	EDENoSignature      uint16 = 10 // a signed zone's records without signatures
	EDENoDenial         uint16 = 12 // an absence without proof
	EDENotReady         uint16 = 14 // no bundle yet
	EDEBlocked          uint16 = 15 // by the operator's policy
	EDECensored         uint16 = 16 // by order from outside: a legal block
	EDEFiltered         uint16 = 17 // asked for by the client: a home profile
	EDENoReachable      uint16 = 22 // no upstream answered
)

const (
	// HeaderSize is the fixed part of every message.
	HeaderSize = 12
	// MaxUDP is the largest answer given over UDP (the value of DNS Flag Day
	// 2020, which passes every path without fragments).
	MaxUDP = 1232
	// MinUDP is what a client without EDNS can take.
	MinUDP = 512
	// Spare is how much room behind a query its buffer needs for Answer.
	Spare = 160
)

// Verdict says what to do with a message.
type Verdict uint8

// The verdicts.
const (
	Good   Verdict = iota
	Drop           // no query, or too short to be answered
	Faulty         // answer FORMERR
	Unable         // answer NOTIMP
	TooNew         // answer BADVERS
)

// Query is one question, in place. It is made for reuse.
type Query struct {
	msg     []byte
	nameEnd int
	Type    uint16
	Class   uint16
	EDNS    bool
	DO      bool   // the client asks for DNSSEC records, RFC 3225
	UDPSize uint16 // what the client can take over UDP
	optAt   int    // where the options of the OPT record stand, and their length
	optLen  int

	cookie    [cookieSize]byte // goes out with the answer
	cookieLen uint8
}

// Parse reads the question at the start of msg. msg stays the caller's; Answer
// and Error write over it and into its spare capacity.
func (q *Query) Parse(msg []byte) Verdict {
	*q = Query{msg: msg, UDPSize: MinUDP}
	if len(msg) < HeaderSize || msg[2]&0x80 != 0 {
		return Drop
	}
	if msg[2]>>3&0x0f != 0 {
		return Unable // only QUERY
	}
	if binary.BigEndian.Uint16(msg[4:]) != 1 {
		return Faulty
	}
	at := HeaderSize
	for {
		if at >= len(msg) || at-HeaderSize > 254 {
			return Faulty
		}
		l := int(msg[at])
		if l == 0 {
			at++
			break
		}
		if l > 63 {
			return Faulty // a question cannot point anywhere
		}
		at += l + 1
	}
	if at-HeaderSize > 255 || at+4 > len(msg) {
		return Faulty
	}
	q.nameEnd = at
	q.Type = binary.BigEndian.Uint16(msg[at:])
	q.Class = binary.BigEndian.Uint16(msg[at+2:])
	records := int(binary.BigEndian.Uint16(msg[6:])) + int(binary.BigEndian.Uint16(msg[8:]))
	extra := int(binary.BigEndian.Uint16(msg[10:]))
	if records == 0 && extra == 0 {
		return Good
	}
	return q.readExtra(at+4, records, extra)
}

// readExtra finds the OPT record among the additional ones.
func (q *Query) readExtra(at, skip, extra int) Verdict {
	for i := range skip + extra {
		rr, next, ok := readRR(q.msg, at)
		if !ok {
			return Faulty
		}
		if i >= skip && rr.Type == TypeOPT {
			if q.EDNS || q.msg[at] != 0 {
				return Faulty // RFC 6891 §6.1.1: once, at the root
			}
			q.EDNS, q.optAt, q.optLen = true, rr.DataAt, rr.DataLen
			q.UDPSize = min(max(rr.Class, MinUDP), MaxUDP)
			q.DO = rr.TTL&0x8000 != 0
			if rr.TTL>>16&0xff != 0 {
				return TooNew
			}
		}
		at = next
	}
	return Good
}

// ID is the query's id.
func (q *Query) ID() uint16 { return binary.BigEndian.Uint16(q.msg) }

// Wire is the message from the start of the name on: the uncompressed name,
// as the client wrote it, and what follows.
func (q *Query) Wire() []byte { return q.msg[HeaderSize:] }

// NameWire is the asked name alone.
func (q *Query) NameWire() []byte { return q.msg[HeaderSize:q.nameEnd] }

// Question is name, type and class as they stand in the message.
func (q *Query) Question() []byte { return q.msg[HeaderSize : q.nameEnd+4] }

// CheckingDisabled is the CD bit, RFC 4035 §3.2.2.
func (q *Query) CheckingDisabled() bool { return q.msg[3]&0x10 != 0 }
