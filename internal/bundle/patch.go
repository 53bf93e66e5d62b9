// SPDX-License-Identifier: Apache-2.0

package bundle

import (
	"bufio"
	"bytes"
	"compress/flate"
	"encoding/binary"
	"io"

	"lachan/internal/problem"
)

// A patch turns one bundle into the next one: what is the same at the same
// place is not sent. Builder.Follow keeps the places where they were, so that
// a list of a thousand changes costs a school's line some ten thousand bytes
// and not fifty million.
//
// A patch carries no signature. What it makes is a whole bundle with the hub's
// own signature over every byte, and is checked like one that was fetched
// whole; a false patch makes a file that is refused.
//
//	"LCPATCH1", from number (8), to number (8), size of from (8), size of to (8),
//	then, deflated (RFC 1951), runs until to is whole: how many bytes stay
//	(uvarint), how many follow (uvarint), and those.

const (
	patchMagic = "LCPATCH1"
	patchHead  = 40
	// patchBlock is the grain at which files are compared, one line of the table.
	patchBlock = bucketSize
)

// Patch is what turns from into to; both are whole files of bundles.
func Patch(from, to []byte) ([]byte, error) {
	old, ok := decodeHeader(from)
	next, okNext := decodeHeader(to)
	if !ok || !okNext {
		return nil, problem.New("bundle/damaged")
	}
	var out bytes.Buffer
	out.WriteString(patchMagic)
	for _, n := range []uint64{old.number, next.number, uint64(len(from)), uint64(len(to))} {
		out.Write(binary.LittleEndian.AppendUint64(nil, n))
	}
	z, err := flate.NewWriter(&out, flate.DefaultCompression)
	if err != nil {
		return nil, err
	}
	same := func(at int) bool {
		end := min(at+patchBlock, len(to))
		return end <= len(from) && bytes.Equal(from[at:end], to[at:end])
	}
	var number []byte
	for at := 0; at < len(to); {
		stay := at
		for at < len(to) && same(at) {
			at = min(at+patchBlock, len(to))
		}
		changed := at
		for at < len(to) && !same(at) {
			at = min(at+patchBlock, len(to))
		}
		number = binary.AppendUvarint(number[:0], uint64(changed-stay))
		number = binary.AppendUvarint(number, uint64(at-changed))
		if _, err := z.Write(number); err != nil {
			return nil, err
		}
		if _, err := z.Write(to[changed:at]); err != nil {
			return nil, err
		}
	}
	if err := z.Close(); err != nil {
		return nil, err
	}
	return out.Bytes(), nil
}

// PatchNumbers reads which bundles a patch lies between.
func PatchNumbers(patch []byte) (from, to uint64, err error) {
	if len(patch) < patchHead || string(patch[:len(patchMagic)]) != patchMagic {
		return 0, 0, problem.New("bundle/damaged")
	}
	le := binary.LittleEndian
	return le.Uint64(patch[8:]), le.Uint64(patch[16:]), nil
}

// Patch writes the bundle that a patch makes of b. Any bytes write something
// or give an error, and never more than the size that the patch itself says,
// which is bounded; what was written must be opened, and so verified, before
// it counts.
func (b *Bundle) Patch(w io.Writer, patch []byte) error {
	from, _, err := PatchNumbers(patch)
	if err != nil {
		return err
	}
	le := binary.LittleEndian
	oldSize, size := le.Uint64(patch[24:]), le.Uint64(patch[32:])
	if from != b.head.number || oldSize != uint64(len(b.data)) || size > maxFileSize {
		return problem.New("bundle/patch-does-not-fit", "number", from)
	}
	in := bufio.NewReader(flate.NewReader(bytes.NewReader(patch[patchHead:])))
	for at := uint64(0); at < size; {
		stay, err := binary.ReadUvarint(in)
		if err != nil || stay > size-at || stay > 0 && at+stay > oldSize {
			return problem.New("bundle/damaged").Wrap(err)
		}
		if _, err := w.Write(b.data[min(at, oldSize):min(at+stay, oldSize)]); err != nil {
			return err
		}
		at += stay
		more, err := binary.ReadUvarint(in)
		if err != nil || more > size-at || stay+more == 0 {
			return problem.New("bundle/damaged").Wrap(err)
		}
		if n, err := io.CopyN(w, in, int64(more)); err != nil {
			if uint64(n) < more {
				return problem.New("bundle/damaged").Wrap(err)
			}
			return err
		}
		at += more
	}
	return nil
}
