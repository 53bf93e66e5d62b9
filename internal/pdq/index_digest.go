// SPDX-License-Identifier: Apache-2.0

package pdq

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"runtime"
	"slices"
	"sort"
	"unsafe"

	"lachan/internal/filemap"
	"lachan/internal/problem"
)

// The digests by which lists name a file byte for byte, beside or instead of
// the hash of the picture in it.
type (
	MD5    [16]byte
	SHA1   [20]byte
	SHA256 [32]byte
)

// Digest is one of them.
type Digest interface{ MD5 | SHA1 | SHA256 }

// Listed is a digest with the id that its owner gave it.
type Listed[D Digest] struct {
	Digest D
	ID     uint64
}

// compare orders by digest, then by id.
func (l Listed[D]) compare(o Listed[D]) int {
	if c := compareDigests(&l.Digest, &o.Digest); c != 0 || l.ID == o.ID {
		return c
	}
	if l.ID < o.ID {
		return -1
	}
	return 1
}

func compareDigests[D Digest](a, b *D) int { return bytes.Compare(digestBytes(a), digestBytes(b)) }

// digestBytes are those of d, which a generic function cannot slice.
func digestBytes[D Digest](d *D) []byte {
	return unsafe.Slice((*byte)(unsafe.Pointer(d)), unsafe.Sizeof(*d))
}

// DigestIndex answers which ids a digest has: a sorted array of digests, one of
// their ids, and nothing else. It is immutable and safe for concurrent use;
// DigestSet is one that changes.
type DigestIndex[D Digest] struct {
	digests []D
	ids     []uint64
	mapped  *filemap.Map // nil where it was built in memory
}

// BuildDigests sorts listed in place and makes an index of it; a pair that is
// there twice counts once.
func BuildDigests[D Digest](listed []Listed[D]) *DigestIndex[D] {
	slices.SortFunc(listed, Listed[D].compare)
	listed = slices.Compact(listed)
	x := &DigestIndex[D]{make([]D, len(listed)), make([]uint64, len(listed)), nil}
	for i, l := range listed {
		x.digests[i], x.ids[i] = l.Digest, l.ID
	}
	return x
}

// Len is the number of pairs of digest and id.
func (x *DigestIndex[D]) Len() int { return len(x.digests) }

// Find appends the ids of d to into, in rising order.
func (x *DigestIndex[D]) Find(d D, into []uint64) []uint64 {
	defer runtime.KeepAlive(x) // else its mapping might be given back
	for i := x.from(&d); i < len(x.digests) && x.digests[i] == d; i++ {
		into = append(into, x.ids[i])
	}
	return into
}

// Has reports whether d has an id.
func (x *DigestIndex[D]) Has(d D) bool {
	defer runtime.KeepAlive(x)
	i := x.from(&d)
	return i < len(x.digests) && x.digests[i] == d
}

// from is the place of the first digest that is not below d.
func (x *DigestIndex[D]) from(d *D) int {
	return sort.Search(len(x.digests), func(i int) bool { return compareDigests(&x.digests[i], d) >= 0 })
}

// merged is x with added, which is sorted and not in x, and without gone.
func (x *DigestIndex[D]) merged(added []Listed[D], gone map[Listed[D]]bool) *DigestIndex[D] {
	defer runtime.KeepAlive(x)
	size := len(x.digests) + len(added)
	y := &DigestIndex[D]{make([]D, 0, size), make([]uint64, 0, size), nil}
	take := func(l Listed[D]) {
		y.digests, y.ids = append(y.digests, l.Digest), append(y.ids, l.ID)
	}
	for i, d := range x.digests {
		l := Listed[D]{d, x.ids[i]}
		for len(added) > 0 && added[0].compare(l) < 0 {
			take(added[0])
			added = added[1:]
		}
		if !gone[l] {
			take(l)
		}
		giveWay(i)
	}
	for _, l := range added {
		take(l)
	}
	return y
}

const digestMagic = "LCDIGST1"

// SaveSnapshot is as that of Index. The file has the digests, then the ids.
func (x *DigestIndex[D]) SaveSnapshot(path string, mark uint64) error {
	defer runtime.KeepAlive(x)
	var one D
	head := snapshotHead{len(digestBytes(&one)), uint64(len(x.digests)), mark}.encode()
	copy(head, digestMagic)
	return saveFile(path, head, func(w *sectionWriter) {
		write(w, x.digests)
		write(w, x.ids)
	})
}

// OpenDigestSnapshot is as OpenSnapshot; a file of another kind of digest is
// pdq/damaged-snapshot too.
func OpenDigestSnapshot[D Digest](path string) (x *DigestIndex[D], mark uint64, err error) {
	m, err := openFile(path)
	if err != nil {
		return nil, 0, err
	}
	if x, mark, err = parseDigests[D](m.Bytes()); err != nil {
		m.Release()
		return nil, 0, fmt.Errorf("pdq: %s: %w", path, err)
	}
	x.mapped = m
	runtime.AddCleanup(x, func(m *filemap.Map) { m.Release() }, m)
	return x, mark, nil
}

// parseDigests is as parseSnapshot. A file that is out of order is refused.
func parseDigests[D Digest](data []byte) (*DigestIndex[D], uint64, error) {
	damaged := func() (*DigestIndex[D], uint64, error) { return nil, 0, problem.New("pdq/damaged-snapshot") }
	var one D
	width, le := uint64(len(digestBytes(&one))), binary.LittleEndian
	if len(data) < snapshotHeader || string(data[:8]) != digestMagic || le.Uint32(data[8:]) != snapshotVersion || uint64(le.Uint32(data[12:])) != width {
		return damaged()
	}
	count, mark := le.Uint64(data[16:]), le.Uint64(data[24:])
	if count > uint64(len(data)) { // the products below would overflow
		return damaged()
	}
	end := snapshotHeader + count*width
	ids := aligned(end)
	if ids+count*8 != uint64(len(data)) {
		return damaged()
	}
	x := &DigestIndex[D]{column[D](data[snapshotHeader:end]), column[uint64](data[ids:]), nil}
	for i := 1; i < len(x.digests); i++ {
		if (Listed[D]{x.digests[i-1], x.ids[i-1]}).compare(Listed[D]{x.digests[i], x.ids[i]}) >= 0 {
			return damaged()
		}
	}
	return x, mark, nil
}
