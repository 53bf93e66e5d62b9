// SPDX-License-Identifier: Apache-2.0

package vault

import (
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"io"

	"lachan/internal/problem"
)

// Large objects are sealed in chunks of 64 KiB (the STREAM construction, Hoang
// and others, Online Authenticated Encryption, 2015): each chunk carries its
// number and whether it is the last, so that chunks can be neither dropped,
// swapped nor appended. Memory stays at one chunk whatever the size.
//
//	salt (32 bytes) · chunk · chunk · … · last chunk
//
// The key of the chunks is HKDF(key, salt, context): one blob, one key, and
// counted nonces never repeat.
const (
	chunkSize = 64 << 10
	saltSize  = 32
)

func blobAEAD(key, salt []byte, context string) (cipher.AEAD, error) {
	if len(key) != 32 {
		return nil, errors.New("vault: a blob's key has 32 bytes")
	}
	k, err := hkdf.Key(sha256.New, key, salt, "lachan-vault/1 stream "+context, 32)
	if err != nil {
		return nil, fmt.Errorf("vault: blob: %w", err)
	}
	return gcm(k)
}

// streamNonce is the chunk's number and, in the last byte, whether it ends.
func streamNonce(n uint64, last bool) []byte {
	nonce := make([]byte, 12)
	binary.BigEndian.PutUint64(nonce[3:], n)
	if last {
		nonce[11] = 1
	}
	return nonce
}

// SealBlob returns a writer that seals what is written to it into w. Close
// writes the last chunk and must be called; it does not close w.
func SealBlob(w io.Writer, key []byte, context string) (io.WriteCloser, error) {
	salt := random(saltSize)
	aead, err := blobAEAD(key, salt, context)
	if err != nil {
		return nil, err
	}
	if _, err := w.Write(salt); err != nil {
		return nil, err
	}
	return &blobWriter{w: w, aead: aead, buf: make([]byte, 0, chunkSize+aead.Overhead())}, nil
}

type blobWriter struct {
	w    io.Writer
	aead cipher.AEAD
	buf  []byte
	n    uint64
	err  error
}

func (b *blobWriter) Write(p []byte) (int, error) {
	if b.err != nil {
		return 0, b.err
	}
	written := 0
	for len(p) > 0 {
		// A full chunk is kept until more comes: it may be the last.
		if len(b.buf) == chunkSize {
			if b.err = b.flush(false); b.err != nil {
				return written, b.err
			}
		}
		take := min(chunkSize-len(b.buf), len(p))
		b.buf = append(b.buf, p[:take]...)
		p, written = p[take:], written+take
	}
	return written, nil
}

func (b *blobWriter) flush(last bool) error {
	sealed := b.aead.Seal(b.buf[:0], streamNonce(b.n, last), b.buf, nil)
	_, err := b.w.Write(sealed)
	b.buf, b.n = b.buf[:0], b.n+1
	return err
}

func (b *blobWriter) Close() error {
	if b.err != nil {
		return b.err
	}
	b.err = b.flush(true)
	if err := b.err; err != nil {
		return err
	}
	b.err = errors.New("vault: write after Close")
	return nil
}

// OpenBlob returns a reader of what SealBlob sealed under the same key and
// context. A blob that was changed or cut is vault/damaged, at the latest when
// its end is read: nothing may be believed before that.
func OpenBlob(r io.Reader, key []byte, context string) (io.Reader, error) {
	salt := make([]byte, saltSize)
	if _, err := io.ReadFull(r, salt); err != nil {
		return nil, problem.New("vault/damaged").Wrap(err)
	}
	aead, err := blobAEAD(key, salt, context)
	if err != nil {
		return nil, err
	}
	size := chunkSize + aead.Overhead()
	return &blobReader{r: r, aead: aead, next: make([]byte, 0, size), chunk: make([]byte, 0, size)}, nil
}

type blobReader struct {
	r     io.Reader
	aead  cipher.AEAD
	chunk []byte // sealed bytes being opened
	next  []byte // one byte read ahead, to know which chunk is the last
	plain []byte
	n     uint64
	err   error
}

func (b *blobReader) Read(p []byte) (int, error) {
	for len(b.plain) == 0 && b.err == nil {
		b.fill()
	}
	if len(b.plain) == 0 {
		return 0, b.err
	}
	n := copy(p, b.plain)
	b.plain = b.plain[n:]
	return n, nil
}

// fill opens one chunk. A chunk is the last if nothing follows it.
func (b *blobReader) fill() {
	size := cap(b.chunk)
	b.chunk = append(b.chunk[:0], b.next...)
	n, err := io.ReadFull(b.r, b.chunk[len(b.chunk):size])
	b.chunk = b.chunk[:len(b.chunk)+n]
	last := false
	b.next = b.next[:0]
	switch {
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		last = true
	case err != nil:
		b.err = err
		return
	default:
		var one [1]byte
		if _, err := io.ReadFull(b.r, one[:]); errors.Is(err, io.EOF) {
			last = true
		} else if err != nil {
			b.err = err
			return
		} else {
			b.next = append(b.next, one[0])
		}
	}
	plain, err := b.aead.Open(b.chunk[:0], streamNonce(b.n, last), b.chunk, nil)
	if err != nil {
		b.err = problem.New("vault/damaged").Wrap(err)
		return
	}
	b.plain, b.n = plain, b.n+1
	if last {
		b.err = io.EOF
	}
}
