// SPDX-License-Identifier: Apache-2.0

package vntext

import (
	"math"
	"math/bits"
)

// Shape says which n-grams of a text are its features. They are hashed into
// 2^Bits buckets, each view with a hash of its own. The zero Shape has none.
type Shape struct {
	Bits      int  `json:"bits"`      // 10 to 24
	MaxChar   int  `json:"max_char"`  // n-grams of 1 to MaxChar letters inside a word with its borders, at most 8
	MaxWord   int  `json:"max_word"`  // of 1 to MaxWord words, at most 4
	Raw       bool `json:"raw"`       // the base reading
	Spelled   bool `json:"spelled"`   // short forms written out, with tone marks
	Stripped  bool `json:"stripped"`  // short forms written out, without tone marks
	Sublinear bool `json:"sublinear"` // 1 + ln(count) instead of the count
}

// valid reports whether s can be computed.
func (s Shape) valid() bool {
	return s.Bits >= 10 && s.Bits <= 24 && s.MaxChar >= 0 && s.MaxChar <= 8 && s.MaxWord >= 0 && s.MaxWord <= 4
}

// border stands at both ends of a word in n-grams of letters.
const border = 1

// primes and seeds of the hash; any odd numbers with well mixed bits do.
const (
	mix1     = 0x9E3779B97F4A7C15
	mix2     = 0xBF58476D1CE4E5B9
	seedChar = 0x632BE59BD9B4E019
	seedWord = 0xD6E8FEB86659FD93
)

// gram is one n-gram of a text: its bucket, and the letters of its view.
type gram struct {
	bucket   uint32
	view     uint8
	from, to int32 // letters of the view
}

// reader turns texts into features. It keeps its memory from text to text and
// is used by one goroutine at a time.
type reader struct {
	shape  Shape
	grams  []gram
	slots  []uint32 // open addressing: index in terms, plus one
	terms  []term
	starts []int32
	hashes []uint64
	padded []rune
}

// term is a bucket with how often it occurs in a text.
type term struct {
	bucket uint32
	count  uint32
}

func newReader(s Shape) *reader { return &reader{shape: s} }

// maxRead is the greatest number of letters that a model reads of a text: its
// memory grows with the n-grams, some fifteen for a letter.
const maxRead = 1 << 16

// views are the readings that the shape asks for, with nil for others.
func (r *reader) views(text string) [3]View {
	base := Base(text)
	base = base[:min(len(base), maxRead)]
	var out [3]View
	if r.shape.Raw {
		out[0] = base
	}
	if r.shape.Spelled || r.shape.Stripped {
		spelled := Spelled(Squeezed(Joined(Unleeted(base))))
		if r.shape.Spelled {
			out[1] = spelled
		}
		if r.shape.Stripped {
			out[2] = Stripped(spelled)
		}
	}
	return out
}

// tokens is the number of words and signs in all views of text: the reading
// alone, without features.
func (r *reader) tokens(text string) int {
	n := 0
	for _, v := range r.views(text) {
		for i := 0; i < len(v); {
			var end int
			if i, end = v.token(i); end > i {
				n++
			}
			i = end
		}
	}
	return n
}

// token is the next word, or run of signs, at or after i.
func (v View) token(i int) (from, end int) {
	for i < len(v) && v[i].R == ' ' {
		i++
	}
	if end = v.wordEnd(i); end > i {
		return i, end
	}
	for end < len(v) && v[end].R != ' ' && !inWord(v[end].R) {
		end++
	}
	return i, end
}

// read lists the n-grams of a text, each as often as it occurs.
func (r *reader) read(views [3]View) []gram {
	r.grams = r.grams[:0]
	for i, v := range views {
		if v != nil {
			r.readView(v, uint8(i))
		}
	}
	return r.grams
}

func (r *reader) readView(v View, which uint8) {
	salt := mix1 * uint64(which+1)
	shift := 64 - r.shape.Bits
	r.starts, r.hashes = r.starts[:0], r.hashes[:0]
	for i := 0; i < len(v); {
		from, end := v.token(i)
		if from == end {
			break
		}
		word := uint64(seedWord) ^ salt
		for _, l := range v[from:end] {
			word = (word ^ uint64(l.R)) * mix1
			word ^= word >> 29
		}
		r.starts, r.hashes = append(r.starts, int32(from)), append(r.hashes, word)
		h := word
		for n, at := 1, len(r.hashes)-1; n <= r.shape.MaxWord && at >= 0; n, at = n+1, at-1 {
			if n > 1 {
				h = bits.RotateLeft64(h, 23)*mix2 ^ r.hashes[at]
			}
			r.grams = append(r.grams, gram{uint32(h * mix2 >> shift), which, r.starts[at], int32(end)})
		}
		r.readWord(v, from, end, salt^seedChar, which)
		i = end
	}
}

// readWord adds the n-grams of letters of the word [from, end). A border alone
// is none.
func (r *reader) readWord(v View, from, end int, seed uint64, which uint8) {
	r.padded = append(r.padded[:0], border)
	for _, l := range v[from:end] {
		r.padded = append(r.padded, l.R)
	}
	p := append(r.padded, border)
	r.padded = p
	shift := 64 - r.shape.Bits
	for i := range p {
		h := seed
		for n := 0; n < r.shape.MaxChar && i+n < len(p); n++ {
			h = (h ^ uint64(p[i+n])) * mix1
			h ^= h >> 29
			if p[i+n] == border && n == 0 {
				continue
			}
			r.grams = append(r.grams, gram{uint32(h * mix2 >> shift), which, int32(max(from+i-1, from)), int32(min(from+i+n, end))})
		}
	}
}

// count joins n-grams of one bucket.
func (r *reader) count(grams []gram) []term {
	size := 64
	for size < 2*len(grams) {
		size *= 2
	}
	if len(r.slots) < size {
		r.slots = make([]uint32, size)
	}
	slots := r.slots[:size]
	clear(slots)
	r.terms = r.terms[:0]
	for _, g := range grams {
		at := g.bucket * 0x9E3779B1 >> 7
		for ; ; at++ {
			s := &slots[at&uint32(size-1)]
			if *s == 0 {
				r.terms = append(r.terms, term{g.bucket, 1})
				*s = uint32(len(r.terms))
				break
			}
			if t := &r.terms[*s-1]; t.bucket == g.bucket {
				t.count++
				break
			}
		}
	}
	return r.terms
}

// weight of a count: the count itself, or 1 + ln(count).
func (s Shape) weight(count uint32) float32 {
	if !s.Sublinear || count == 1 {
		return float32(count)
	}
	return 1 + float32(math.Log(float64(count)))
}
