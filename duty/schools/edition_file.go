// SPDX-License-Identifier: Apache-2.0

package schools

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"iter"

	"lachan/internal/problem"
)

// The file of an edition: its names in the order of the alphabet, so that a
// bundle, a comparison and an export read them from beginning to end without
// asking the database for each. The database stays the truth: where the file
// is gone or damaged, the names are read there, and the file is made anew.
//
//	file  = "LCNAMES1" block…            at least one; the last is empty
//	block = length, checksum (each uint32, little endian), then length bytes
//	name  = shared, rest (a byte each), then rest bytes: the name begins with
//	        the first shared letters of the one before it in the block
//
// The checksum is CRC-32C of the block. It finds what a disk spoils; it is no
// guard against people, who would have the database as well.
const (
	namesMagic = "LCNAMES1"
	namesBlock = 64 << 10 // a block is closed when it has grown so far
	maxBlock   = namesBlock + 512
)

// errDamaged never leaves the room: the names are then read from the database.
var errDamaged = errors.New("schools: the file of an edition is damaged")

func editionKey(edition int64) string { return fmt.Sprintf("editions/%d", edition) }

// writeNames writes the file of an edition, in whose order it is given.
func writeNames(w io.Writer, names iter.Seq2[string, error]) error {
	out := bufio.NewWriterSize(w, namesBlock)
	if _, err := out.WriteString(namesMagic); err != nil {
		return err
	}
	var block []byte
	before := ""
	close := func() error {
		var head [8]byte
		binary.LittleEndian.PutUint32(head[:], uint32(len(block)))
		binary.LittleEndian.PutUint32(head[4:], crc32.Checksum(block, crc32.MakeTable(crc32.Castagnoli)))
		out.Write(head[:])
		_, err := out.Write(block) // it keeps the first error
		block, before = block[:0], ""
		return err
	}
	for name, err := range names {
		if err != nil {
			return err
		}
		if len(name) > maxNameText {
			return problem.New("bundle/name-too-long", "name", name)
		}
		shared := sharedLetters(before, name)
		block = append(append(block, byte(shared), byte(len(name)-shared)), name[shared:]...)
		before = name
		if len(block) >= namesBlock {
			if err := close(); err != nil {
				return err
			}
		}
	}
	if len(block) > 0 {
		if err := close(); err != nil {
			return err
		}
	}
	if err := close(); err != nil { // the empty block: nothing was cut off
		return err
	}
	return out.Flush()
}

// maxNameText is the longest a name can be as people write it (RFC 1035).
const maxNameText = 253

func sharedLetters(a, b string) int {
	n := min(len(a), len(b))
	for i := range n {
		if a[i] != b[i] {
			return i
		}
	}
	return n
}

// readNames gives the names of a file. The last thing it gives is an error if
// the file ends early or is damaged; what came before is right.
func readNames(r io.Reader) iter.Seq2[string, error] {
	return func(yield func(string, error) bool) {
		in := bufio.NewReaderSize(r, 32<<10)
		var magic [len(namesMagic)]byte
		if _, err := io.ReadFull(in, magic[:]); err != nil || string(magic[:]) != namesMagic {
			yield("", errDamaged)
			return
		}
		block := make([]byte, 0, maxBlock)
		for {
			var err error
			if block, err = readBlock(in, block); err != nil {
				yield("", err)
				return
			}
			if len(block) == 0 {
				return
			}
			if !eachInBlock(block, yield) {
				return
			}
		}
	}
}

// readBlock reads the next block into the room of the last one.
func readBlock(in io.Reader, room []byte) ([]byte, error) {
	var head [8]byte
	if _, err := io.ReadFull(in, head[:]); err != nil {
		return nil, errors.Join(errDamaged, err)
	}
	size := binary.LittleEndian.Uint32(head[:])
	if size > maxBlock {
		return nil, errDamaged
	}
	block := room[:size]
	if _, err := io.ReadFull(in, block); err != nil {
		return nil, errors.Join(errDamaged, err)
	}
	if crc32.Checksum(block, crc32.MakeTable(crc32.Castagnoli)) != binary.LittleEndian.Uint32(head[4:]) {
		return nil, errDamaged
	}
	return block, nil
}

// eachInBlock gives the names of a block; false when no more are wanted.
func eachInBlock(block []byte, yield func(string, error) bool) bool {
	var name []byte
	for at := 0; at < len(block); {
		if at+2 > len(block) {
			yield("", errDamaged)
			return false
		}
		shared, rest := int(block[at]), int(block[at+1])
		at += 2
		if shared > len(name) || at+rest > len(block) || shared+rest > maxNameText {
			yield("", errDamaged)
			return false
		}
		name = append(name[:shared], block[at:at+rest]...)
		at += rest
		if !yield(string(name), nil) {
			return false
		}
	}
	return true
}
