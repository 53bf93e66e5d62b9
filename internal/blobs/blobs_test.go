// SPDX-License-Identifier: Apache-2.0

package blobs_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/johannesboyne/gofakes3"
	"github.com/johannesboyne/gofakes3/backend/s3mem"

	"lachan/internal/blobs"
)

// stores opens each kind of store for the suite that they all must pass.
func stores(t *testing.T) map[string]blobs.Store {
	t.Helper()
	ctx := context.Background()
	folder, err := blobs.Open(ctx, "", filepath.Join(t.TempDir(), "blobs"))
	if err != nil {
		t.Fatal(err)
	}
	backend := s3mem.New()
	if err := backend.CreateBucket("sealed"); err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(gofakes3.New(backend).Server())
	t.Cleanup(server.Close)
	t.Setenv("AWS_ACCESS_KEY_ID", "test")
	t.Setenv("AWS_SECRET_ACCESS_KEY", "test")
	s3, err := blobs.Open(ctx, "s3://sealed?region=us-east-1&use_path_style=true&disable_https=true&endpoint="+server.URL, "")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { folder.Close(); s3.Close() })
	return map[string]blobs.Store{"folder": folder, "s3": s3}
}

func TestStores(t *testing.T) {
	for name, s := range stores(t) {
		t.Run(name, func(t *testing.T) {
			ctx := context.Background()
			if _, err := s.Get(ctx, "no/such"); !errors.Is(err, blobs.ErrNotFound) {
				t.Fatalf("Get of nothing: %v", err)
			}
			big := bytes.Repeat([]byte("sealed "), 100_000)
			for key, data := range map[string][]byte{"ab/one": []byte("1"), "ab/two": big, "cd/three": nil} {
				if err := s.Put(ctx, key, bytes.NewReader(data)); err != nil {
					t.Fatal(err)
				}
				r, err := s.Get(ctx, key)
				if err != nil {
					t.Fatal(err)
				}
				got, err := io.ReadAll(r)
				r.Close()
				if err != nil || !bytes.Equal(got, data) {
					t.Fatalf("%s: %d bytes, %v; want %d", key, len(got), err, len(data))
				}
			}
			if err := s.Put(ctx, "ab/one", strings.NewReader("replaced")); err != nil {
				t.Fatal(err)
			}
			sizes := map[string]int64{}
			if err := s.List(ctx, "ab/", func(i blobs.Info) error { sizes[i.Key] = i.Size; return nil }); err != nil {
				t.Fatal(err)
			}
			if len(sizes) != 2 || sizes["ab/one"] != 8 || sizes["ab/two"] != int64(len(big)) {
				t.Fatalf("listed %v", sizes)
			}
			for range 2 { // a second time is no error
				if err := s.Delete(ctx, "ab/one"); err != nil {
					t.Fatal(err)
				}
			}
			if _, err := s.Get(ctx, "ab/one"); !errors.Is(err, blobs.ErrNotFound) {
				t.Fatalf("after Delete: %v", err)
			}
		})
	}
}

func TestABrokenUploadLeavesNothing(t *testing.T) {
	for name, s := range stores(t) {
		t.Run(name, func(t *testing.T) {
			ctx := context.Background()
			broken := io.MultiReader(strings.NewReader("half"), iotest.ErrReader(errors.New("line cut")))
			if err := s.Put(ctx, "ab/half", broken); err == nil {
				t.Fatal("no error")
			}
			if _, err := s.Get(ctx, "ab/half"); !errors.Is(err, blobs.ErrNotFound) {
				t.Fatalf("half a file is there: %v", err)
			}
		})
	}
}

func TestBadKeysAreRefused(t *testing.T) {
	for name, s := range stores(t) {
		for _, key := range []string{"", "a", "../x", "a//b", "/ab", "ab/", "ab/.x", "AB", "a b", "ab/\x00", strings.Repeat("a", 201)} {
			if err := s.Put(context.Background(), key, strings.NewReader("x")); err == nil {
				t.Errorf("%s: %q was taken", name, key)
			}
		}
	}
}

func TestAPartialFileIsNotListed(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, ".partial-123"), []byte("x"), 0o600); err != nil {
		t.Fatal(err)
	}
	s, err := blobs.Open(context.Background(), "", dir)
	if err != nil {
		t.Fatal(err)
	}
	err = s.List(context.Background(), "", func(i blobs.Info) error { t.Errorf("listed %s", i.Key); return nil })
	if err != nil {
		t.Fatal(err)
	}
}
