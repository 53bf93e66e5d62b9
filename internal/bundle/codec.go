// SPDX-License-Identifier: Apache-2.0

package bundle

import "encoding/binary"

// reader walks over bytes that nobody has vouched for: the first read beyond
// the end sets bad, and from then on everything is zero.
type reader struct {
	data []byte
	bad  bool
}

func (r *reader) take(n int) []byte {
	if r.bad || n < 0 || n > len(r.data) {
		r.bad = true
		return nil
	}
	b := r.data[:n]
	r.data = r.data[n:]
	return b
}

func (r *reader) u8() uint8 {
	if b := r.take(1); b != nil {
		return b[0]
	}
	return 0
}

func (r *reader) u16() uint16 {
	if b := r.take(2); b != nil {
		return binary.LittleEndian.Uint16(b)
	}
	return 0
}

func (r *reader) u32() uint32 {
	if b := r.take(4); b != nil {
		return binary.LittleEndian.Uint32(b)
	}
	return 0
}

func (r *reader) u64() uint64 {
	if b := r.take(8); b != nil {
		return binary.LittleEndian.Uint64(b)
	}
	return 0
}

// text reads a string with a length byte.
func (r *reader) text() string { return string(r.take(int(r.u8()))) }

// code reads a text of the letters that codes are made of.
func (r *reader) code() string {
	s := r.text()
	if !isCode(s) {
		r.bad = true
	}
	return s
}

// name reads a wire name and insists on its canonical, lower-case form.
func (r *reader) name() Name {
	end := wireEnd(r.data)
	if r.bad || end == 0 {
		r.bad = true
		return Name{}
	}
	n, _ := NameFromWire(r.data)
	if string(r.take(end)) != n.wire {
		r.bad = true
	}
	return n
}

// done reports whether everything was read, no more and no less.
func (r *reader) done() bool { return !r.bad && len(r.data) == 0 }

func appendText(b []byte, s string) []byte {
	return append(append(b, byte(len(s))), s...)
}

// isCode reports whether s may stand as a code: at most 64 of a–z, 0–9, "-",
// "_", ".", "/". A code is never free text, so it can carry no person's data.
func isCode(s string) bool {
	if len(s) > 64 {
		return false
	}
	for i := range len(s) {
		c := s[i]
		if !('a' <= c && c <= 'z' || '0' <= c && c <= '9' || c == '-' || c == '_' || c == '.' || c == '/') {
			return false
		}
	}
	return true
}
