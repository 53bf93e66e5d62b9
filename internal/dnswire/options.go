// SPDX-License-Identifier: Apache-2.0

package dnswire

import "encoding/binary"

// Options of EDNS that are read or written here.
const (
	OptionCookie    uint16 = 10 // RFC 7873
	OptionKeepalive uint16 = 11 // RFC 7828
	OptionPadding   uint16 = 12 // RFC 7830
	OptionEDE       uint16 = 15 // RFC 8914
)

// HasOption reports whether the client's OPT record carries an option. Ask
// before the query is written over.
func (q *Query) HasOption(code uint16) bool {
	if !q.EDNS {
		return false
	}
	_, ok := option(q.msg[q.optAt:q.optAt+q.optLen], code)
	return ok
}

// Extra reads the OPT record of an answer: the upper bits of its code joined
// with the lower ones, and one option's value, nil if it is not there. ok is
// false without an OPT record.
func Extra(msg []byte, code uint16) (rcode int, value []byte, ok bool) {
	records := ReadRecords(msg)
	for records.Next() {
		if records.Section == AdditionalSection && records.Type == TypeOPT {
			value, _ = option(msg[records.DataAt:records.DataAt+records.DataLen], code)
			return int(records.TTL>>24)<<4 | int(msg[3]&0x0f), value, true
		}
	}
	return 0, nil, false
}

func option(options []byte, code uint16) ([]byte, bool) {
	for len(options) >= 4 {
		size := int(binary.BigEndian.Uint16(options[2:]))
		if 4+size > len(options) {
			return nil, false
		}
		if binary.BigEndian.Uint16(options) == code {
			return options[4 : 4+size], true
		}
		options = options[4+size:]
	}
	return nil, false
}

// AppendOption adds an option to a message that ends with its OPT record. One
// without that record, or with something behind it, stays as it is.
func AppendOption(msg []byte, code uint16, value []byte) []byte {
	at := lengthOfLastOPT(msg)
	if at == 0 {
		return msg
	}
	grow(msg[at:], 4+len(value))
	msg = binary.BigEndian.AppendUint16(msg, code)
	msg = binary.BigEndian.AppendUint16(msg, uint16(len(value)))
	return append(msg, value...)
}

// AppendText gives the extended error with which a message ends its text for a
// person (RFC 8914 §2, EXTRA-TEXT). A message that ends with no extended error
// without text stays as it is.
func AppendText(msg []byte, text string) []byte {
	at := lengthOfLastOPT(msg)
	if at == 0 || len(msg) < at+8 {
		return msg
	}
	last := msg[len(msg)-6:]
	if binary.BigEndian.Uint16(last) != OptionEDE || binary.BigEndian.Uint16(last[2:]) != 2 {
		return msg
	}
	grow(msg[at:], len(text))
	grow(last[2:], len(text))
	return append(msg, text...)
}

// Pad fills a message that ends with its OPT record up to a multiple of block
// bytes (RFC 8467: 468 for answers, 128 for questions), so that its length
// tells an onlooker nothing about the name. One without EDNS stays as it is.
func Pad(msg []byte, block int) []byte {
	const head = 4
	short := (block - (len(msg)+head)%block) % block
	if len(msg)+head+short > 0xffff {
		return msg
	}
	return AppendOption(msg, OptionPadding, make([]byte, short))
}

// lengthOfLastOPT is where the length of the OPT record with which msg ends
// stands, 0 if it ends otherwise.
func lengthOfLastOPT(msg []byte) int {
	records, at := ReadRecords(msg), 0
	for records.Next() {
		at = 0
		if records.Type == TypeOPT && records.DataAt+records.DataLen == len(msg) {
			at = records.DataAt - 2
		}
	}
	if records.Bad {
		return 0
	}
	return at
}

func grow(length []byte, by int) {
	binary.BigEndian.PutUint16(length, binary.BigEndian.Uint16(length)+uint16(by))
}
