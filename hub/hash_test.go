// SPDX-License-Identifier: Apache-2.0

package hub

import (
	"bytes"
	"context"
	"image"
	"image/color"
	"image/png"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"

	"lachan/duty/detection/exchange"
	"lachan/internal/fetch"
	"lachan/internal/media"
	"lachan/internal/problem"
)

func gradient(t *testing.T, flat bool) []byte {
	t.Helper()
	img := image.NewGray(image.Rect(0, 0, 128, 128))
	for i := range img.Pix {
		if x, y := i%128, i/128; !flat {
			img.SetGray(x, y, color.Gray{Y: uint8((x/16*37 + y/16*91) % 256)})
		}
	}
	var b bytes.Buffer
	if err := png.Encode(&b, img); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func TestHasher(t *testing.T) {
	ctx := context.Background()
	picture := gradient(t, false)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "image/png")
		_, _ = w.Write(picture)
	}))
	t.Cleanup(server.Close)
	examiner, err := media.New(media.Options{Workers: 1, FFmpeg: "-"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := examiner.Close(); err != nil {
			t.Error(err)
		}
	})
	h := &hasher{fetch.New(fetch.Options{Agent: "lachan/test", AllowInside: true}), examiner}
	file, kind, err := h.Open(ctx, server.URL+"/a.png")
	if err != nil || kind != "image/png" {
		t.Fatalf("%s %v", kind, err)
	}
	defer file.Close()
	got, err := h.Hash(ctx, "photo", file)
	if err != nil || len(got[exchange.PDQ]) != 64 {
		t.Errorf("%v %v", got, err)
	}
	if got, err := h.Hash(ctx, "photo", bytes.NewReader(gradient(t, true))); err != nil || len(got) != 0 {
		t.Errorf("a flat picture: %v %v", got, err)
	}
	if _, err := h.Hash(ctx, "photo", strings.NewReader("no picture")); problem.KindOf(err) != problem.Invalid {
		t.Errorf("%v", err)
	}
	if got, err := h.Hash(ctx, "video", strings.NewReader("a film")); err != nil || got[exchange.MD5] != "4bb9c7ebce490264f7903f3b8c1bdbf3" {
		t.Errorf("%v %v", got, err)
	}
	outside := &hasher{fetch.New(fetch.Options{Agent: "lachan/test"}), examiner}
	if _, _, err := outside.Open(ctx, server.URL); !problem.Is(err, "fetch/inside") {
		t.Errorf("the own network was asked: %v", err)
	}
	gone, cancel := context.WithCancel(ctx)
	cancel()
	if _, err := h.Hash(gone, "photo", bytes.NewReader(picture)); err == nil {
		t.Error("hashed for a caller who is gone")
	}
}

// TestMain lends this program to the children in which pictures are opened.
func TestMain(m *testing.M) {
	if media.IsChild(os.Args) {
		os.Exit(media.Main(os.Args, os.Stdin, os.Stdout, os.Stderr))
	}
	os.Exit(m.Run())
}
