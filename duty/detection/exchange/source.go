// SPDX-License-Identifier: Apache-2.0

package exchange

import (
	"bufio"
	"bytes"
	"errors"
	"io"
)

// maxEntry is the most that one entry of a list may take, in bytes: a quote or
// a bracket that is never closed must not read gigabytes into memory.
const maxEntry = 4 << 20

var errEntryTooLong = errors.New("exchange: an entry without an end")

// source is what a decoder reads from. It leaves out what programs of others
// put into their files, NUL bytes and a byte order mark at the beginning, ends
// with an error where an entry does not end, and knows in which line a byte is.
type source struct {
	in      *bufio.Reader
	left    int
	offset  int64   // bytes handed out
	breaks  []int64 // offsets of the line ends handed out and not yet passed
	passed  int     // line ends passed
	started bool
}

func newSource(in io.Reader) *source {
	return &source{in: bufio.NewReaderSize(in, 64<<10), left: maxEntry}
}

// next says that an entry has ended.
func (s *source) next() { s.left = maxEntry }

func (s *source) Read(p []byte) (int, error) {
	if !s.started {
		s.started = true
		if mark, _ := s.in.Peek(3); bytes.Equal(mark, []byte("\ufeff")) {
			_, _ = s.in.Discard(3) // they were peeked at
		}
	}
	for {
		if s.left <= 0 {
			return 0, errEntryTooLong
		}
		n, err := s.in.Read(p[:min(len(p), s.left)])
		s.left -= n
		kept := p[:0]
		for _, b := range p[:n] {
			if b == 0 {
				continue
			}
			if kept = append(kept, b); b == '\n' {
				s.breaks = append(s.breaks, s.offset+int64(len(kept)))
			}
		}
		s.offset += int64(len(kept))
		if len(kept) > 0 || err != nil || len(p) == 0 {
			return len(kept), err
		}
	}
}

// line is the line of the byte at offset, from 1. Offsets must not fall.
func (s *source) line(offset int64) int {
	i := 0
	for i < len(s.breaks) && s.breaks[i] <= offset {
		i++
	}
	s.passed += i
	s.breaks = s.breaks[:copy(s.breaks, s.breaks[i:])]
	return s.passed + 1
}

// peek is the first byte that is no white space, without taking it.
func (s *source) peek() (byte, error) {
	for n := 1; ; n++ {
		head, err := s.in.Peek(n)
		if err != nil {
			return 0, err
		}
		switch c := head[n-1]; c {
		case ' ', '\t', '\r', '\n', 0, 0xef, 0xbb, 0xbf:
		default:
			return c, nil
		}
	}
}
