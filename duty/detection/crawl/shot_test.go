// SPDX-License-Identifier: Apache-2.0

package crawl

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"image/png"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"lachan/internal/fetch"
)

func TestABrowserShowsThePageAndReachesNothingElse(t *testing.T) {
	path, err := exec.LookPath("chromium")
	if err != nil {
		t.Skip("no chromium here")
	}
	var mu sync.Mutex
	var inside, outside []string
	inner := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		mu.Lock()
		defer mu.Unlock()
		inside = append(inside, r.URL.Path)
	}))
	defer inner.Close()
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		outside = append(outside, r.URL.Path)
		mu.Unlock()
		switch r.URL.Path {
		case "/":
			w.Header().Set("Content-Type", "text/html")
			fmt.Fprintf(w, `<body style="margin:0;background:#00f"><div style="height:100px;background:#f00"></div>
<img src="%[1]s/anh"><iframe src="%[1]s/khung"></iframe><iframe src="file:///etc/passwd"></iframe><img src="http://localhost:%[2]s/ten">
<script>fetch("%[1]s/goi").catch(()=>0); new WebSocket("ws://127.0.0.1:%[2]s/o"); fetch("/cung-nha"); window.open("%[1]s/mo")</script>`, inner.URL, inner.URL[strings.LastIndexByte(inner.URL, ':')+1:])
		case "/treo":
			w.(http.Flusher).Flush()
			<-r.Context().Done()
		}
	}))
	defer s.Close()
	defer s.CloseClientConnections()
	b := Browser{Path: path, Client: fetch.New(fetch.Options{Agent: "lachan/test", Also: []netip.AddrPort{netip.MustParseAddrPort(s.Listener.Addr().String())}}), Agent: "lachan/test", Width: 400, Height: 600, Bare: os.Getuid() == 0}
	shot, err := b.Shot(context.Background(), s.URL+"/")
	if err != nil {
		t.Fatal(err)
	}
	picture, err := png.Decode(bytes.NewReader(shot))
	if err != nil || picture.Bounds().Dx() != 400 || picture.Bounds().Dy() != 600 {
		t.Fatal(err, picture.Bounds())
	}
	if r, _, blue, _ := picture.At(10, 10).RGBA(); r>>8 != 255 || blue != 0 {
		t.Error("the page does not look as it should")
	}
	mu.Lock()
	if len(inside) > 0 || !strings.Contains(strings.Join(outside, " "), "/cung-nha") {
		t.Errorf("inside %v, outside %v", inside, outside)
	}
	mu.Unlock()
	began := time.Now()
	b.Within = 6 * time.Second
	if _, err := b.Shot(context.Background(), s.URL+"/treo"); err != nil && !errors.Is(err, ErrShot) {
		t.Error(err)
	}
	if took := time.Since(began); took > 15*time.Second {
		t.Error("a page that hangs took", took)
	}
	if _, err := b.Shot(context.Background(), "file:///etc/passwd"); err == nil {
		t.Error("a file was shown")
	}
	if err := b.Works(context.Background()); err != nil {
		t.Error(err)
	}
	b.Path = "/bin/false"
	if _, err := b.Shot(context.Background(), s.URL); !errors.Is(err, ErrShot) {
		t.Error(err)
	}
}

// What a browser draws is sealed later: until then it is in memory alone.
func TestABrowserLeavesNothingOnADisk(t *testing.T) {
	dir := t.TempDir()
	picture := filepath.Join(dir, "mau.png")
	if err := os.WriteFile(picture, []byte(pngHead+"mau"), 0o600); err != nil {
		t.Fatal(err)
	}
	// A program that draws only where all that it may write to is in memory.
	program := filepath.Join(dir, "ve")
	script := `#!/bin/sh
case "$HOME:$TMPDIR:$PWD" in /dev/shm/lachan-shot-*:/dev/shm/lachan-shot-*:/dev/shm/lachan-shot-*) ;; *) exit 1 ;; esac
for a; do case "$a" in --screenshot=*) cp ` + picture + ` "${a#--screenshot=}" ;; --user-data-dir=/dev/shm/*) echo "$HOME" > ` + dir + `/home ;; esac; done
`
	if err := os.WriteFile(program, []byte(script), 0o700); err != nil { //nolint:gosec // it is run
		t.Fatal(err)
	}
	b := Browser{Path: program, Client: fetch.New(fetch.Options{Agent: "lachan/test"}), Agent: "lachan/test"}
	shot, err := b.Shot(context.Background(), "https://trang-mau.example/")
	if err != nil || string(shot) != pngHead+"mau" {
		t.Fatal(err)
	}
	home, err := os.ReadFile(filepath.Join(dir, "home"))
	if err != nil {
		t.Fatal("its profile lies elsewhere", err)
	}
	if _, err := os.Stat(strings.TrimSpace(string(home))); !errors.Is(err, fs.ErrNotExist) {
		t.Error("its folder is left", err)
	}
	if _, err := newHome("/proc"); !errors.Is(err, errOnDisk) {
		t.Error("a folder that is not in memory was taken", err)
	}
}

func TestWhatAKilledBrowserLeftIsRemoved(t *testing.T) {
	dir := t.TempDir()
	now := time.Now()
	for name, age := range map[string]time.Duration{"lachan-shot-cu": time.Hour, "lachan-shot-dang-ve": time.Minute, "lachan-shot-moi": 0, "cua-nguoi-khac": time.Hour} {
		at := filepath.Join(dir, name)
		if err := errors.Join(os.Mkdir(at, 0o700), os.Chtimes(at, now.Add(-age), now.Add(-age))); err != nil {
			t.Fatal(err)
		}
	}
	sweepHomes(filepath.Join(dir, "lachan-shot-moi"))
	left, err := filepath.Glob(filepath.Join(dir, "*"))
	if err != nil || len(left) != 3 || filepath.Base(left[1]) != "lachan-shot-dang-ve" {
		t.Error(left, err)
	}
}
