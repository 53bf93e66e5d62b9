// SPDX-License-Identifier: Apache-2.0

package bundle

import "encoding/binary"

// The file: a header of 128 bytes, a table of sections of 24 bytes each, the
// sections, each begun on a multiple of 64, and the trailer of sign.go. All
// numbers are little-endian and lie on multiples of their size, so that a
// 32-bit ARM reads them as they are. docs/bundle-format.md has the drawing.
const (
	fileMagic     = "LACHANB1"
	fileVersion   = 1
	headerSize    = 128
	sectionSize   = 24
	maxSections   = 16
	maxFileSize   = 1<<31 - 1
	sectionAlign  = 64
	setSize       = 32
	bandRecord    = 72 // band u8, period u8, flags u8, five zero bytes, blocked set, allowed set
	maxSetsInFile = maxValue
)

// The sections. A reader skips kinds it does not know.
const (
	sectionNames      = 1 // table: fingerprint ‖ index of a set
	sectionSets       = 2 // sets of 32 bytes
	sectionCategories = 3 // kind u8, code
	sectionBands      = 4 // records of bandRecord bytes
	sectionNever      = 5 // table: fingerprint ‖ 1
	sectionEntries    = 6 // entries that still run, numbered
	sectionRewrites   = 7 // count u32, then kind u8, name, target
	sectionHints      = 8 // for each bucket of names a word of hintOf; a file without them is read too
)

// The flags of a band's record.
const (
	bandSafe       = 1 << 0
	bandVideoShift = 1 // two bits
	bandFlags      = 0x07
)

// header is the fixed part. Its offsets are written once, here.
type header struct {
	number   uint64 // at 16: rises with every bundle; a node never goes back
	created  int64  // at 24: µs since 1970 UTC
	folded   uint64 // at 32: the highest delta number that this bundle holds
	seed     uint64 // at 40
	names    uint64 // at 48: names in the table
	size     uint64 // at 56: of the whole file, trailer included
	sections []section
}

type section struct {
	kind   uint32
	offset uint64
	length uint64
}

func (h *header) encode() []byte {
	b := make([]byte, headerSize+sectionSize*len(h.sections))
	copy(b, fileMagic)
	le := binary.LittleEndian
	le.PutUint32(b[8:], fileVersion)
	le.PutUint32(b[12:], uint32(len(h.sections)))
	le.PutUint64(b[16:], h.number)
	le.PutUint64(b[24:], uint64(h.created))
	le.PutUint64(b[32:], h.folded)
	le.PutUint64(b[40:], h.seed)
	le.PutUint64(b[48:], h.names)
	le.PutUint64(b[56:], h.size)
	for i, s := range h.sections {
		at := headerSize + i*sectionSize
		le.PutUint32(b[at:], s.kind)
		le.PutUint64(b[at+8:], s.offset)
		le.PutUint64(b[at+16:], s.length)
	}
	return b
}

// decodeHeader checks every offset and length against the bytes that are
// there: sections lie behind the table of sections, aligned, in order, without
// overlap, and before the trailer.
func decodeHeader(data []byte) (header, bool) {
	var h header
	if len(data) < headerSize+trailerSize || len(data) > maxFileSize || string(data[:8]) != fileMagic {
		return h, false
	}
	le := binary.LittleEndian
	count := le.Uint32(data[12:])
	if le.Uint32(data[8:]) != fileVersion || count > maxSections {
		return h, false
	}
	h.number = le.Uint64(data[16:])
	h.created = int64(le.Uint64(data[24:]))
	h.folded = le.Uint64(data[32:])
	h.seed = le.Uint64(data[40:])
	h.names = le.Uint64(data[48:])
	h.size = le.Uint64(data[56:])
	end := uint64(len(data) - trailerSize)
	if h.number == 0 || h.size != uint64(len(data)) || headerSize+uint64(count)*sectionSize > end {
		return h, false
	}
	free := headerSize + uint64(count)*sectionSize
	for i := range int(count) {
		at := headerSize + i*sectionSize
		s := section{le.Uint32(data[at:]), le.Uint64(data[at+8:]), le.Uint64(data[at+16:])}
		if s.offset%sectionAlign != 0 || s.offset < free || s.offset > end || s.length > end-s.offset {
			return h, false
		}
		free = s.offset + s.length
		h.sections = append(h.sections, s)
	}
	return h, true
}
