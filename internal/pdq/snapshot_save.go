// SPDX-License-Identifier: Apache-2.0

package pdq

import (
	"bufio"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"unsafe"
)

// SaveSnapshot writes the index to path, whole or not at all: into a file
// beside it that takes its name once it is on the disk. mark comes back from
// OpenSnapshot; an owner whose truth is a database writes there up to which
// change the index is.
func (x *Index) SaveSnapshot(path string, mark uint64) error {
	defer runtime.KeepAlive(x) // else its mapping might be given back
	return saveFile(path, snapshotHead{len(x.pieces), uint64(len(x.hashes)), mark}.encode(), func(w *sectionWriter) {
		write(w, x.hashes)
		write(w, x.ids)
		for _, t := range x.tables {
			write(w, t.starts)
			write(w, t.rows)
		}
	})
}

// saveFile writes head and the sections, with their checksum in head.
func saveFile(path string, head []byte, sections func(*sectionWriter)) error {
	f, err := os.CreateTemp(filepath.Dir(path), filepath.Base(path)+".*.part")
	if err != nil {
		return fmt.Errorf("pdq: %w", err)
	}
	err = writeFile(f, head, sections)
	if err = errors.Join(err, f.Sync(), f.Close()); err == nil {
		err = os.Rename(f.Name(), path)
	}
	if err != nil {
		return fmt.Errorf("pdq: saving %s: %w", path, errors.Join(err, os.Remove(f.Name())))
	}
	return syncFolder(filepath.Dir(path))
}

// syncFolder makes a rename last.
func syncFolder(path string) error {
	f, err := os.Open(path)
	if err != nil {
		return fmt.Errorf("pdq: %w", err)
	}
	if err := errors.Join(f.Sync(), f.Close()); err != nil {
		return fmt.Errorf("pdq: syncing %s: %w", path, err)
	}
	return nil
}

func writeFile(f io.WriteSeeker, head []byte, sections func(*sectionWriter)) error {
	sum := sha256.New()
	sum.Write(head[:snapshotSum])
	if _, err := f.Write(head); err != nil {
		return err
	}
	out := bufio.NewWriterSize(io.MultiWriter(f, sum), 1<<20)
	w := &sectionWriter{out: out, written: snapshotHeader}
	sections(w)
	if err := errors.Join(w.err, out.Flush()); err != nil {
		return err
	}
	if _, err := f.Seek(snapshotSum, io.SeekStart); err != nil {
		return err
	}
	_, err := f.Write(sum.Sum(nil))
	return err
}

// cell is what a section is a row of.
type cell interface {
	~uint32 | ~uint64 | ~[4]uint64 | ~[16]byte | ~[20]byte | ~[32]byte
}

type sectionWriter struct {
	out     io.Writer
	written uint64
	err     error
}

func (w *sectionWriter) Write(p []byte) (int, error) {
	n, err := w.out.Write(p)
	w.written += uint64(n)
	return n, err
}

// write begins a section on a multiple of snapshotAlign.
func write[T cell](w *sectionWriter, values []T) {
	if w.err == nil {
		_, w.err = w.Write(make([]byte, aligned(w.written)-w.written))
	}
	for len(values) > 0 && w.err == nil {
		part := values[:min(len(values), 4096)]
		values = values[len(part):]
		if littleEndian() {
			_, w.err = w.Write(unsafe.Slice((*byte)(unsafe.Pointer(&part[0])), uintptr(len(part))*unsafe.Sizeof(part[0])))
		} else {
			w.err = binary.Write(w, binary.LittleEndian, part)
		}
	}
}

// column reads values where they lie, or a copy of them where the machine
// would not read them so: with the other order of bytes, or at an odd address.
func column[T cell](data []byte) []T {
	var one T
	n := len(data) / int(unsafe.Sizeof(one))
	if n == 0 {
		return nil
	}
	if first := unsafe.Pointer(&data[0]); littleEndian() && uintptr(first)%unsafe.Alignof(one) == 0 {
		return unsafe.Slice((*T)(first), n)
	}
	values := make([]T, n)
	if _, err := binary.Decode(data, binary.LittleEndian, values); err != nil {
		panic(err) // the lengths were made to fit above
	}
	return values
}

func littleEndian() bool { return binary.NativeEndian.Uint16([]byte{1, 0}) == 1 }
