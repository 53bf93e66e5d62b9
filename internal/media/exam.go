// SPDX-License-Identifier: Apache-2.0

// Package media opens what strangers sent. Finding a picture again that is known
// to harm a child needs its pixels, and a decoder is where whoever sends a file
// attacks: so this process computes the file's digests and nothing more; pixels
// are decoded in a child process that reaches no file, no network and no other
// program, has bounded memory and time, and is ended with the first fault
// (internal/media/fence). What it answers is not trusted either: numbers in their
// ranges, and raw pixels of a small picture, which this process encodes itself.
//
// Nobody has to look at anything to have it compared: Exam.Veiled is what a page
// shows first, too small, grey and blurred to harm.
package media

import (
	"time"

	"lachan/internal/pdq"
	"lachan/internal/problem"
)

// Exam is what is known of a file. The digests are always there; Fault says why
// there is nothing besides them.
type Exam struct {
	Kind   Kind
	Bytes  int64
	MD5    pdq.MD5
	SHA1   pdq.SHA1
	SHA256 pdq.SHA256

	Width, Height int // pixels as stored; of a film, 0
	Prints        Prints

	Frames []Frame // of a film, one a second
	Cut    bool    // the film goes on after the last of Frames

	Preview []byte // JPEG, at most PreviewSide wide or high, turned as a camera says
	Veiled  []byte // JPEG of at most VeiledSide, grey and blurred

	// Fault is nil where the pixels were seen. Its codes: media/unknown-kind,
	// media/no-decoder, media/no-films, media/too-slow, media/too-heavy,
	// media/fell, pdq/damaged, pdq/unsupported, pdq/too-many-pixels.
	Fault *problem.Error
}

// Prints are the hashes of a picture, or of the poster of a film.
type Prints struct {
	Full     pdq.Print    // at full resolution: what is banked and exchanged
	Within   pdq.Print    // in the convention pdq.Within512
	Variants [8]pdq.Print // Full, turned and mirrored, by pdq.Variant
	Inner    []pdq.Print  // the variants of the part inside a border; none without one
	Crops    []pdq.Print  // of pdq.Crops, where they were wanted
}

// ToAsk are the hashes with which the picture is looked for, as
// pdq.Hasher.ToAsk gives them.
func (p Prints) ToAsk() []pdq.Print { return usable(p.Variants[:], p.Inner) }

// ToBank are the hashes under which the picture is kept, as pdq.Hasher.ToBank
// gives them. It wants Wanted.Crops.
func (p Prints) ToBank() []pdq.Print { return usable([]pdq.Print{p.Full}, p.Crops) }

func usable(lists ...[]pdq.Print) []pdq.Print {
	var all []pdq.Print
	for _, list := range lists {
		for _, p := range list {
			if p.Usable() {
				all = append(all, p)
			}
		}
	}
	return all
}

// Frame is a second of a film.
type Frame struct {
	At    time.Duration // from the beginning
	Print pdq.Print
}

// Wanted says what an exam needs beyond the usual.
type Wanted struct {
	Crops bool // for a bank of our own
}
