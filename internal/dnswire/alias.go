// SPDX-License-Identifier: Apache-2.0

package dnswire

import "encoding/binary"

// Alias packs an answer without OPT that says: the asked name is an alias of
// target, and these are target's addresses. question is name, type and class in
// wire form, target a name in uncompressed wire form, reply what an upstream
// said about target and the same type. Of reply only the records of that type
// are taken, whatever aliases lie between; of types other than A and AAAA none,
// so that no hint of the original leads past the alias. No TTL is above
// longest seconds. ttlAt says where the TTLs stand; ok is false if reply is
// damaged or its name does not exist.
func Alias(question, target, reply []byte, longest uint32) (msg []byte, ttlAt []uint16, ttl uint32, ok bool) {
	if len(reply) < HeaderSize || reply[3]&0x0f != NoError {
		return nil, nil, 0, false
	}
	qtype := binary.BigEndian.Uint16(question[len(question)-4:])
	msg = make([]byte, HeaderSize, HeaderSize+len(question)+len(target)+12+16*8)
	msg[2], msg[3] = 0x80, 0x80
	msg[5] = 1
	msg = append(msg, question...)
	msg = append(msg, 0xc0, HeaderSize, 0, byte(TypeCNAME), 0, byte(ClassIN))
	ttlAt, ttl = append(ttlAt, uint16(len(msg))), longest
	msg = binary.BigEndian.AppendUint32(msg, longest)
	msg = binary.BigEndian.AppendUint16(msg, uint16(len(target)))
	owner := len(msg)
	msg = append(msg, target...)
	count := uint16(1)
	records := ReadRecords(reply)
	for records.Next() {
		if records.Section != AnswerSection || records.Type != qtype || qtype != TypeA && qtype != TypeAAAA || len(msg) > MaxUDP {
			continue
		}
		msg = binary.BigEndian.AppendUint16(msg, 0xc000|uint16(owner))
		msg = binary.BigEndian.AppendUint16(msg, qtype)
		msg = binary.BigEndian.AppendUint16(msg, ClassIN)
		ttlAt, ttl = append(ttlAt, uint16(len(msg))), min(ttl, records.TTL)
		msg = binary.BigEndian.AppendUint32(msg, min(longest, records.TTL))
		msg = binary.BigEndian.AppendUint16(msg, uint16(records.DataLen))
		msg = append(msg, reply[records.DataAt:records.DataAt+records.DataLen]...)
		count++
	}
	if records.Bad {
		return nil, nil, 0, false
	}
	binary.BigEndian.PutUint16(msg[6:], count)
	return msg, ttlAt, ttl, true
}
