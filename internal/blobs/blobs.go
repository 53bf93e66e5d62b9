// SPDX-License-Identifier: Apache-2.0

// Package blobs keeps sealed files: in a folder by default, in an S3 bucket
// by URL. What is stored here has been sealed by internal/vault and is named
// by a keyed hash; this package never sees what it holds.
//
// A file is on the disk, with its folder, before Put returns. The order of a
// change is: blob first, then the row that names it; a crash between the two
// leaves an orphan, which fsck sweeps, never a row without its file.
package blobs

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"
)

// ErrNotFound is returned by Get for a key that is not there.
var ErrNotFound = errors.New("blobs: not found")

// Info is one stored file.
type Info struct {
	Key      string
	Size     int64 // bytes
	Modified time.Time
}

// Store is a place for sealed files. Keys are 2 to 200 characters of
// a–z 0–9 - _ . / with no empty or dotted part.
type Store interface {
	// Put stores everything from r under key, replacing what was there.
	Put(ctx context.Context, key string, r io.Reader) error
	// Get opens the file at key; ErrNotFound if there is none.
	Get(ctx context.Context, key string) (io.ReadCloser, error)
	// Delete removes the file at key; a missing one is no error.
	Delete(ctx context.Context, key string) error
	// List calls fn for each file whose key starts with prefix, in no order.
	List(ctx context.Context, prefix string, fn func(Info) error) error
	// Close releases the store.
	Close() error
}

// Open opens the store at url, "s3://BUCKET?…" (the parameters of
// gocloud.dev/blob/s3blob), or the folder if url is empty.
func Open(ctx context.Context, url, folder string) (Store, error) {
	if url == "" {
		return openFolder(folder)
	}
	if !strings.HasPrefix(url, "s3://") {
		return nil, errors.New("blobs: unknown kind of store; want s3://")
	}
	return openS3(ctx, url)
}

func checkKey(key string) error {
	bad := fmt.Errorf("blobs: bad key of %d characters", len(key))
	if len(key) < 2 || len(key) > 200 {
		return bad
	}
	for part := range strings.SplitSeq(key, "/") {
		if part == "" || part[0] == '.' {
			return bad
		}
	}
	for _, c := range []byte(key) {
		switch {
		case c >= 'a' && c <= 'z', c >= '0' && c <= '9', c == '-', c == '_', c == '.', c == '/':
		default:
			return bad
		}
	}
	return nil
}
