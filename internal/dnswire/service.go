// SPDX-License-Identifier: Apache-2.0

package dnswire

import (
	"encoding/binary"
	"net/netip"
)

// Keys of SVCB and HTTPS records, RFC 9460 §14.3.2, RFC 9461.
const (
	keyALPN     uint16 = 1
	keyPort     uint16 = 3
	keyIPv4Hint uint16 = 4
	keyIPv6Hint uint16 = 6
	keyDoHPath  uint16 = 7
)

// Service is one SVCB record of a DNS server (RFC 9461).
type Service struct {
	ALPN []string // "dot"; "h2", "h3"; "doq"
	Port uint16
	Path string // of DNS over HTTPS, with its template: "/dns-query{?dns}"
}

// Services turns the query, which asks for SVCB, into an answer that names the
// services of host (in wire form) in order of preference, at the given
// addresses. ttl is in seconds. An answer longer than limit bytes becomes one
// that sends the client to TCP.
func (q *Query) Services(host []byte, services []Service, addresses []netip.Addr, ttl uint32, limit int) []byte {
	var four, six []byte
	for _, a := range addresses {
		if a.Is4() {
			four = append(four, a.AsSlice()...)
		} else {
			six = append(six, a.AsSlice()...)
		}
	}
	var records []byte
	for i, s := range services {
		records = append(records, 0xc0, HeaderSize, 0, byte(TypeSVCB), 0, byte(ClassIN))
		records = binary.BigEndian.AppendUint32(records, ttl)
		data := append([]byte{0, byte(i + 1)}, host...)
		var alpn []byte
		for _, p := range s.ALPN {
			alpn = append(append(alpn, byte(len(p))), p...)
		}
		data = appendParameter(data, keyALPN, alpn)
		data = appendParameter(data, keyPort, binary.BigEndian.AppendUint16(nil, s.Port))
		data = appendParameter(data, keyIPv4Hint, four)
		data = appendParameter(data, keyIPv6Hint, six)
		data = appendParameter(data, keyDoHPath, []byte(s.Path))
		records = append(binary.BigEndian.AppendUint16(records, uint16(len(data))), data...)
	}
	const opt = 11 + 4 + cookieSize
	if q.nameEnd+4+len(records)+opt > limit {
		return q.Truncated()
	}
	msg := q.head(q.msg[:q.nameEnd+4], NoError, 1)
	binary.BigEndian.PutUint16(msg[6:], uint16(len(services)))
	return q.opt(append(msg, records...), NoError, NoEDE)
}

func appendParameter(data []byte, key uint16, value []byte) []byte {
	if len(value) == 0 {
		return data
	}
	data = binary.BigEndian.AppendUint16(data, key)
	data = binary.BigEndian.AppendUint16(data, uint16(len(value)))
	return append(data, value...)
}

// Hints calls f with each address hint of an HTTPS or SVCB record's data. It
// reports false if the data is damaged.
func Hints(data []byte, f func(netip.Addr)) bool {
	at, ok := skipName(data, 2)
	if !ok {
		return false
	}
	for at < len(data) {
		if at+4 > len(data) {
			return false
		}
		key, size := binary.BigEndian.Uint16(data[at:]), int(binary.BigEndian.Uint16(data[at+2:]))
		at += 4
		if at+size > len(data) {
			return false
		}
		value, step := data[at:at+size], 0
		switch key {
		case keyIPv4Hint:
			step = 4
		case keyIPv6Hint:
			step = 16
		}
		for ; step > 0 && len(value) >= step; value = value[step:] {
			if a, ok := netip.AddrFromSlice(value[:step]); ok {
				f(a)
			}
		}
		at += size
	}
	return true
}
