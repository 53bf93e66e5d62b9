// SPDX-License-Identifier: Apache-2.0

package media

import (
	"context"
	"crypto/md5"
	"crypto/sha1"
	"crypto/sha256"
	"fmt"
	"io"
	"os"

	"lachan/internal/problem"
)

// spool takes in a whole file before anybody waits for it: a sender who is slow
// holds no child. What it returns is in memory where the system knows files that
// are, and never has a name; whoever called closes it.
func spool(ctx context.Context, r io.Reader, most int64) (*os.File, Exam, error) {
	f, err := nameless()
	if err != nil {
		return nil, Exam{}, fmt.Errorf("media: %w", err)
	}
	var e Exam
	of5, of1, of256 := md5.New(), sha1.New(), sha256.New() // MD5 and SHA-1 are what lists have
	n, err := io.Copy(io.MultiWriter(f, of5, of1, of256), io.LimitReader(reading{ctx, r}, most+1))
	if err == nil && n > most {
		err = problem.New("media/too-large", "megabytes", most>>20)
	}
	if err == nil {
		err = closed(f)
	}
	if err != nil {
		f.Close()
		return nil, Exam{}, fmt.Errorf("media: %w", err)
	}
	e.Bytes = n
	of5.Sum(e.MD5[:0])
	of1.Sum(e.SHA1[:0])
	of256.Sum(e.SHA256[:0])
	return f, e, nil
}

// reading ends with its context.
type reading struct {
	ctx context.Context
	r   io.Reader
}

func (r reading) Read(p []byte) (int, error) {
	if err := r.ctx.Err(); err != nil {
		return 0, err
	}
	return r.r.Read(p)
}
