// SPDX-License-Identifier: Apache-2.0

package media

import (
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"time"

	"lachan/internal/pdq"
	"lachan/internal/problem"
)

// Between this process and a child go messages: four bytes of length, JSON of
// that length, and the bytes that the JSON announces. Each side bounds what the
// other says: the child since it is the one that is fenced, this one since a
// child may have been taken over.
const (
	mostJSON = 64 << 10
	// maxSide is the longest side that is decoded, as in internal/pdq.
	maxSide = 65535
)

var errWire = errors.New("media: the other side does not keep to the protocol")

// hello is the first that a child says.
type hello struct {
	Held []string `json:"held"` // words of fence
}

// question comes before a file of Size bytes.
type question struct {
	Kind   Kind          `json:"kind"`
	Size   int64         `json:"size"`
	Pixels int64         `json:"pixels"` // at most
	Within time.Duration `json:"within"`
	Crops  bool          `json:"crops"`
}

// answer comes before 3·Wide·High bytes: a small picture, in RGB.
type answer struct {
	Code     string  `json:"code,omitempty"` // why there is nothing else
	Width    int     `json:"width"`
	Height   int     `json:"height"`
	Full     print   `json:"full"`
	Within   print   `json:"within"`
	Variants []print `json:"variants"`
	Inner    []print `json:"inner,omitempty"`
	Crops    []print `json:"crops,omitempty"`
	Wide     int     `json:"wide"`
	High     int     `json:"high"`
}

// print is a hash as 64 digits and its quality.
type print struct {
	Hash    string `json:"h"`
	Quality int    `json:"q"`
}

func printsOf(all []pdq.Print) []print {
	out := make([]print, len(all))
	for i, p := range all {
		out[i] = print{p.Hash.String(), p.Quality}
	}
	return out
}

// read is p if it is a hash.
func (p print) read(c pdq.Convention) (pdq.Print, error) {
	h, err := pdq.Parse(p.Hash)
	if err != nil || p.Quality < 0 || p.Quality > 100 {
		return pdq.Print{}, errWire
	}
	return pdq.Print{Hash: h, Quality: p.Quality, Convention: c}, nil
}

func readPrints(all []print) ([]pdq.Print, error) {
	var out []pdq.Print
	for _, p := range all {
		read, err := p.read(pdq.FullResolution)
		if err != nil {
			return nil, err
		}
		out = append(out, read)
	}
	return out, nil
}

// send writes a message. What follows its JSON is the caller's.
func send(w io.Writer, message any) error {
	body, err := json.Marshal(message)
	if err != nil {
		return fmt.Errorf("media: %w", err)
	}
	if len(body) > mostJSON {
		return errWire
	}
	_, err = w.Write(append(binary.BigEndian.AppendUint32(nil, uint32(len(body))), body...))
	return err
}

// receive reads a message. io.EOF says that the other side ended between two.
func receive(r io.Reader, message any) error {
	var size [4]byte
	if _, err := io.ReadFull(r, size[:]); errors.Is(err, io.ErrUnexpectedEOF) {
		return fmt.Errorf("%w: %w", errWire, err)
	} else if err != nil {
		return err
	}
	n := binary.BigEndian.Uint32(size[:])
	if n > mostJSON {
		return errWire
	}
	body := make([]byte, n)
	if _, err := io.ReadFull(r, body); err != nil {
		return fmt.Errorf("%w: %w", errWire, err)
	}
	if err := json.Unmarshal(body, message); err != nil {
		return fmt.Errorf("%w: %w", errWire, err)
	}
	return nil
}

// faults are all codes that a child may answer.
var faults = []string{"pdq/damaged", "pdq/unsupported", "pdq/too-many-pixels", "pdq/unknown-format", "media/too-slow", "media/too-heavy"}

// into checks the answer to q and writes it into e. small are the pixels that
// came with it.
func (a *answer) into(e *Exam, q question, small []byte) error {
	if a.Code != "" {
		if !slices.Contains(faults, a.Code) || a.Width < 0 || a.Height < 0 || len(small) > 0 {
			return errWire
		}
		e.Fault = problem.New(a.Code, "width", a.Width, "height", a.Height, "megapixels", q.Pixels/1_000_000, "seconds", int(q.Within/time.Second))
		return nil
	}
	switch {
	case a.Width < 1 || a.Height < 1 || a.Width > maxSide || a.Height > maxSide || int64(a.Width)*int64(a.Height) > q.Pixels,
		len(a.Variants) != len(e.Prints.Variants), len(a.Inner) != 0 && len(a.Inner) != len(e.Prints.Variants),
		len(a.Crops) > mostCrops, a.Wide < 1 || a.High < 1:
		return errWire
	}
	var p Prints
	var err error
	if p.Full, err = a.Full.read(pdq.FullResolution); err != nil {
		return err
	}
	if p.Within, err = a.Within.read(pdq.Within512); err != nil {
		return err
	}
	variants, err := readPrints(a.Variants)
	if err != nil {
		return err
	}
	copy(p.Variants[:], variants)
	if p.Inner, err = readPrints(a.Inner); err != nil {
		return err
	}
	if p.Crops, err = readPrints(a.Crops); err != nil {
		return err
	}
	e.Width, e.Height, e.Prints = a.Width, a.Height, p
	return e.show(raster{a.Wide, a.High, small})
}

// mostCrops is how many crops of a picture are hashed (pdq.Crops).
const mostCrops = 16

// receiveAnswer reads an answer and its pixels.
func receiveAnswer(r io.Reader) (a answer, small []byte, err error) {
	if err := receive(r, &a); err != nil {
		return a, nil, err
	}
	if a.Wide < 0 || a.High < 0 || a.Wide > PreviewSide || a.High > PreviewSide {
		return a, nil, errWire
	}
	small = make([]byte, 3*a.Wide*a.High)
	if _, err := io.ReadFull(r, small); err != nil {
		return a, nil, fmt.Errorf("%w: %w", errWire, err)
	}
	return a, small, nil
}
