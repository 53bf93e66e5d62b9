// SPDX-License-Identifier: Apache-2.0

package bundle

import (
	"encoding/binary"
	"math"

	"lachan/internal/problem"
)

// The sources of an entry that are no category.
const (
	Emergency = "emergency" // one officer's provisional block, clause 2; lapses unless confirmed
	Legal     = "legal"     // by decision of the competent authority, with number and date at the hub
)

// Entry is one name blocked, or one block taken back, by one decision.
//
// Entries of one source about one name stand over each other: the highest
// number that has not lapsed counts. Between a name and its parent the longer
// name counts. A taken-back category entry says that the name is not of this
// category after all.
type Entry struct {
	Number uint64 // of the delta that brought it; 1 and up
	Domain Name   // and everything below it
	Block  bool   // false: takes back what Source says about Domain
	Source string // Emergency, Legal or the code of a category
	Bands  Bands  // for whom
	Until  int64  // the first microsecond since 1970 UTC when it no longer counts; 0: no end
	Reason string // a code for the page and the counts, never a case number
}

// live reports whether the entry counts at the given microsecond.
func (e *Entry) live(now int64) bool { return e.Until == 0 || now < e.Until }

// Delta is what one decision changed. Deltas are numbered 1, 2, 3 … without a
// gap; a node that misses one asks for it and applies nothing beyond.
type Delta struct {
	Number  uint64
	Entries []Entry // Number of each is set when the delta is opened
}

const (
	deltaMagic      = "LCDELTA1"
	maxDeltaEntries = 4096
	maxDeltaSize    = 1 << 20
	flagBlock       = 1
)

// Seal checks, encodes and signs the delta.
func (d Delta) Seal(by Signer) ([]byte, error) {
	if d.Number == 0 || len(d.Entries) > maxDeltaEntries {
		return nil, problem.New("bundle/bad-delta", "number", d.Number)
	}
	b := append([]byte(nil), deltaMagic...)
	b = binary.LittleEndian.AppendUint64(b, d.Number)
	b, err := appendEntries(b, d.Entries, false)
	if err != nil {
		return nil, err
	}
	return seal(b, purposeDelta, by)
}

// OpenDelta verifies and decodes a sealed delta. Any bytes give a delta or an
// error.
func OpenDelta(sealed []byte, trust Trust) (Delta, error) {
	if len(sealed) > maxDeltaSize {
		return Delta{}, problem.New("bundle/damaged")
	}
	message, err := trust.open(sealed, purposeDelta)
	if err != nil {
		return Delta{}, err
	}
	return decodeDelta(message)
}

func decodeDelta(message []byte) (Delta, error) {
	r := &reader{data: message}
	if string(r.take(len(deltaMagic))) != deltaMagic {
		return Delta{}, problem.New("bundle/damaged")
	}
	d := Delta{Number: r.u64()}
	d.Entries = readEntries(r, false)
	if !r.done() || d.Number == 0 {
		return Delta{}, problem.New("bundle/damaged")
	}
	for i := range d.Entries {
		d.Entries[i].Number = d.Number
	}
	return d, nil
}

// Validate lists what is wrong with an entry, nil if nothing is.
func (e *Entry) Validate() error {
	p := problem.New("bundle/bad-entry")
	if e.Domain.Labels() < 2 {
		p.Field("domain", "bundle/name-too-short")
	}
	if e.Source == "" || !isCode(e.Source) {
		p.Field("source", "bundle/bad-code")
	}
	if !isCode(e.Reason) {
		p.Field("reason", "bundle/bad-code")
	}
	if e.Bands == 0 {
		p.Field("bands", "bundle/no-band")
	}
	if e.Until < 0 {
		p.Field("until", "bundle/bad-end")
	}
	return p.OrNil()
}

// appendEntries writes a count and the entries; numbered adds each one's own
// number, as the list of running entries in a bundle needs.
func appendEntries(b []byte, entries []Entry, numbered bool) ([]byte, error) {
	b = binary.LittleEndian.AppendUint32(b, uint32(len(entries)))
	for i := range entries {
		e := &entries[i]
		if err := e.Validate(); err != nil {
			return nil, err
		}
		if numbered {
			b = binary.LittleEndian.AppendUint64(b, e.Number)
		}
		var flags byte
		if e.Block {
			flags |= flagBlock
		}
		b = append(b, flags)
		b = binary.LittleEndian.AppendUint32(b, uint32(e.Bands))
		b = binary.LittleEndian.AppendUint64(b, uint64(e.Until))
		b = appendText(b, e.Source)
		b = appendText(b, e.Reason)
		b = append(b, e.Domain.wire...)
	}
	return b, nil
}

func readEntries(r *reader, numbered bool) []Entry {
	count := r.u32()
	if uint64(count)*16 > uint64(len(r.data)) { // an entry is longer than that
		r.bad = true
		return nil
	}
	entries := make([]Entry, 0, count)
	for range count {
		var e Entry
		if numbered {
			e.Number = r.u64()
			r.bad = r.bad || e.Number == 0
		}
		flags := r.u8()
		e.Block = flags&flagBlock != 0
		e.Bands = Bands(r.u32())
		until := r.u64()
		r.bad = r.bad || flags > flagBlock || until > math.MaxInt64
		e.Until = int64(until)
		e.Source, e.Reason, e.Domain = r.code(), r.code(), r.name()
		if r.bad || e.Validate() != nil {
			r.bad = true
			return nil
		}
		entries = append(entries, e)
	}
	return entries
}
