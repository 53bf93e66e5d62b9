// SPDX-License-Identifier: Apache-2.0

package ui

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"fmt"
	"io/fs"
	"net/http"
	"path"
	"strings"

	"lachan/internal/look"
	"lachan/web/static"
)

//go:embed css/*.css
var styles embed.FS

// Assets are the files under /static/: styles, scripts, fonts, drawings. They
// are read, hashed and packed once, and served from memory: the first page
// must stay under 300 KB on a slow line, and nothing comes from another host.
type Assets struct {
	files map[string]asset
}

type asset struct {
	body, packed []byte // packed: gzip, nil where it would not help
	kind, tag    string
}

// LoadAssets reads the embedded files.
func LoadAssets() (*Assets, error) {
	a := &Assets{files: map[string]asset{}}
	css, err := fs.Sub(styles, "css")
	if err != nil {
		return nil, fmt.Errorf("ui: styles: %w", err)
	}
	for _, from := range []fs.FS{look.Files, css, static.Files} {
		if err := a.add(from); err != nil {
			return nil, err
		}
	}
	return a, nil
}

func (a *Assets) add(from fs.FS) error {
	return fs.WalkDir(from, ".", func(name string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		body, err := fs.ReadFile(from, name)
		if err != nil {
			return fmt.Errorf("ui: read asset %s: %w", name, err)
		}
		if _, twice := a.files[name]; twice {
			return fmt.Errorf("ui: two assets are called %s", name)
		}
		sum := sha256.Sum256(body)
		file := asset{body: body, kind: kind(name), tag: hex.EncodeToString(sum[:6])}
		if !strings.HasSuffix(name, ".woff2") {
			var b bytes.Buffer
			z, err := gzip.NewWriterLevel(&b, gzip.BestCompression)
			if err != nil {
				return fmt.Errorf("ui: pack %s: %w", name, err)
			}
			if _, err := z.Write(body); err != nil {
				return fmt.Errorf("ui: pack %s: %w", name, err)
			}
			if err := z.Close(); err != nil {
				return fmt.Errorf("ui: pack %s: %w", name, err)
			}
			file.packed = b.Bytes()
		}
		a.files[name] = file
		return nil
	})
}

func kind(name string) string {
	switch path.Ext(name) {
	case ".css":
		return "text/css; charset=utf-8"
	case ".js":
		return "text/javascript; charset=utf-8"
	case ".svg":
		return "image/svg+xml"
	case ".woff2":
		return "font/woff2"
	default:
		return "text/plain; charset=utf-8"
	}
}

// URL is the address of a file with its fingerprint, so that a browser may
// keep it for a year. An unknown name is a fault of the template.
func (a *Assets) URL(name string) (string, error) {
	f, ok := a.files[name]
	if !ok {
		return "", fmt.Errorf("ui: no asset %q", name)
	}
	return "/static/" + name + "?v=" + f.tag, nil
}

// Bytes is how much a browser loads for the named files, packed, in bytes.
func (a *Assets) Bytes(names ...string) int {
	n := 0
	for _, name := range names {
		f := a.files[name]
		if f.packed != nil {
			n += len(f.packed)
		} else {
			n += len(f.body)
		}
	}
	return n
}

// ServeHTTP serves /static/….
func (a *Assets) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	f, ok := a.files[strings.TrimPrefix(r.URL.Path, "/static/")]
	if !ok {
		http.NotFound(w, r)
		return
	}
	h := w.Header()
	h.Set("Content-Type", f.kind)
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("ETag", `"`+f.tag+`"`)
	h.Set("Vary", "Accept-Encoding")
	if r.URL.Query().Get("v") == f.tag {
		h.Set("Cache-Control", "public, max-age=31536000, immutable")
	} else {
		h.Set("Cache-Control", "public, max-age=3600")
	}
	if r.Header.Get("If-None-Match") == `"`+f.tag+`"` {
		w.WriteHeader(http.StatusNotModified)
		return
	}
	body := f.body
	if f.packed != nil && strings.Contains(r.Header.Get("Accept-Encoding"), "gzip") {
		h.Set("Content-Encoding", "gzip")
		body = f.packed
	}
	h.Set("Content-Length", fmt.Sprint(len(body)))
	if r.Method == http.MethodHead {
		return
	}
	_, _ = w.Write(body) // the reader has gone; nothing is left to tell
}
