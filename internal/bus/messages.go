// SPDX-License-Identifier: Apache-2.0

package bus

import (
	"encoding/binary"
	"fmt"
	"hash/fnv"
	"io"
	"time"

	"lachan/internal/problem"
)

// Heartbeat tells nodes how far the hub is. A node that is behind asks.
type Heartbeat struct {
	Bundle uint64 `json:"bundle"` // number of the newest bundle; 0: none yet
	Delta  uint64 `json:"delta"`  // number of the newest decision
	// A bundle may go to some nodes first: Stage in a hundred take it, the
	// others stay with Before. 0: it is for all.
	Stage  int    `json:"stage,omitempty"`
	Before uint64 `json:"before,omitempty"`
	Keys   uint64 `json:"keys,omitempty"` // number of the newest list of signing keys; 0: none yet
}

// For is the number of the bundle that a node shall have. Which nodes are the
// first differs from bundle to bundle, so that no school is always the one on
// which things are tried; whoever takes part at one stage does at the next.
func (h Heartbeat) For(node string) uint64 {
	if h.Stage <= 0 || h.Stage >= 100 {
		return h.Bundle
	}
	sum := fnv.New32a()
	fmt.Fprintf(sum, "%d/%s", h.Bundle, node)
	if int(sum.Sum32()%100) < h.Stage {
		return h.Bundle
	}
	return h.Before
}

// ChunkRequest asks for a piece of a bundle file.
type ChunkRequest struct {
	Number uint64 `json:"number"` // 0: the newest
	Offset uint64 `json:"offset"`
}

// PatchRequest asks for a piece of what turns one bundle into another.
type PatchRequest struct {
	From   uint64 `json:"from"`
	To     uint64 `json:"to"`
	Offset uint64 `json:"offset"`
}

// Chunk is a piece of a bundle file, or of a patch: then Number is the bundle
// that it makes, and a Size of 0 says that there is no patch worth sending.
type Chunk struct {
	Number uint64 // of the bundle
	Size   uint64 // of the whole file, bytes
	Offset uint64
	Data   []byte // at most MaxChunk; the last may be shorter
}

const (
	// MaxChunk is how much of a file one reply carries, bytes.
	MaxChunk = 256 << 10
	// maxReply bounds a run of deltas; what does not fit is asked for again.
	maxReply = 768 << 10

	chunkHead = 24
)

// ReadChunk cuts the asked piece out of a bundle file, for the hub's handler.
func ReadChunk(file io.ReaderAt, number, size uint64, r ChunkRequest) (Chunk, error) {
	if r.Offset > size {
		return Chunk{}, problem.New("bus/bad-request")
	}
	data := make([]byte, min(MaxChunk, size-r.Offset))
	if _, err := file.ReadAt(data, int64(r.Offset)); err != nil && err != io.EOF {
		return Chunk{}, err
	}
	return Chunk{Number: number, Size: size, Offset: r.Offset, Data: data}, nil
}

func (c Chunk) encode() []byte {
	b := make([]byte, 0, chunkHead+len(c.Data))
	b = binary.LittleEndian.AppendUint64(b, c.Number)
	b = binary.LittleEndian.AppendUint64(b, c.Size)
	b = binary.LittleEndian.AppendUint64(b, c.Offset)
	return append(b, c.Data...)
}

func decodeChunk(b []byte) (Chunk, error) {
	if len(b) < chunkHead || len(b) > chunkHead+MaxChunk {
		return Chunk{}, problem.New("bus/bad-reply")
	}
	le := binary.LittleEndian
	return Chunk{le.Uint64(b), le.Uint64(b[8:]), le.Uint64(b[16:]), b[chunkHead:]}, nil
}

// encodeRun frames sealed deltas, each after its length, as many as fit.
func encodeRun(deltas [][]byte) []byte {
	var b []byte
	for _, d := range deltas {
		if len(b) > 0 && len(b)+4+len(d) > maxReply {
			break
		}
		b = binary.LittleEndian.AppendUint32(b, uint32(len(d)))
		b = append(b, d...)
	}
	return b
}

func decodeRun(b []byte) ([][]byte, error) {
	var deltas [][]byte
	for len(b) > 0 {
		if len(b) < 4 {
			return nil, problem.New("bus/bad-reply")
		}
		n := int(binary.LittleEndian.Uint32(b))
		if n < 0 || n > len(b)-4 {
			return nil, problem.New("bus/bad-reply")
		}
		deltas = append(deltas, b[4:4+n])
		b = b[4+n:]
	}
	return deltas, nil
}

// Period is how long a cell of counts covers.
type Period string

// The periods; node/counts says when which is used.
const (
	Hour Period = "hour"
	Day  Period = "day"
	Week Period = "week" // from Monday
)

// LeastDevices is the smallest number of devices that leaves a school.
const LeastDevices = 5

// Cell is how many different devices met a refusal. A node that starts anew
// within an hour may send a second cell for it; which devices are in both
// nobody knows, so the larger one is to be kept, not the sum.
type Cell struct {
	School   string    `json:"school"`
	Band     string    `json:"band"`
	Category string    `json:"category"` // a category, a service, "emergency", "legal", "school"
	Period   Period    `json:"period"`
	Start    time.Time `json:"start"`   // of the period, in Vietnam
	Devices  int       `json:"devices"` // LeastDevices and up
}

// Counts is a batch of cells. A node numbers its batches 1, 2, 3 …
type Counts struct {
	Sequence uint64 `json:"sequence"`
	Cells    []Cell `json:"cells"`
}

const (
	maxCells   = 4096
	maxDevices = 50_000 // more than any school has: a node that says so is broken or lies
)

// Validate bounds what a node may claim.
func (c Counts) Validate() error {
	if c.Sequence == 0 || len(c.Cells) == 0 || len(c.Cells) > maxCells {
		return problem.New("bus/implausible")
	}
	for _, cell := range c.Cells {
		if checkToken(cell.School) != nil || checkToken(cell.Band) != nil || cell.Category == "" || len(cell.Category) > 64 ||
			cell.Devices < LeastDevices || cell.Devices > maxDevices ||
			cell.Period != Hour && cell.Period != Day && cell.Period != Week || cell.Start.Minute() != 0 || cell.Start.Second() != 0 {
			return problem.New("bus/implausible")
		}
	}
	return nil
}

// Health is what a node says of itself, about once a minute and after every
// change of rules.
type Health struct {
	Version   string    `json:"version"`
	Started   time.Time `json:"started"`
	Bundle    uint64    `json:"bundle"`    // number in use; 0: none yet
	Delta     uint64    `json:"delta"`     // last applied
	Resolving bool      `json:"resolving"` // an upstream answers
	Names     int       `json:"names"`     // in the bundle
	Pending   int       `json:"pending"`   // batches of counts not yet acknowledged
	Rejected  uint64    `json:"rejected"`  // number of a bundle that could not be used; 0: none
}

// Ask is a pupil's wish to have a name opened. It has no time and nobody in it.
type Ask struct {
	School string `json:"school"`
	Band   string `json:"band"`
	Domain string `json:"domain"`
	Day    string `json:"day"` // "2026-11-23", in Vietnam
}
