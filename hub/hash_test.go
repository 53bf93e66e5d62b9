// SPDX-License-Identifier: Apache-2.0

package hub

import (
	"bytes"
	"context"
	"image"
	"image/color"
	"image/png"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"lachan/duty/detection/exchange"
	"lachan/internal/fetch"
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
	h := newHasher(fetch.New(fetch.Options{Agent: "lachan/test", AllowInside: true}))
	file, media, err := h.Open(ctx, server.URL+"/a.png")
	if err != nil || media != "image/png" {
		t.Fatalf("%s %v", media, err)
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
	outside := newHasher(fetch.New(fetch.Options{Agent: "lachan/test"}))
	if _, _, err := outside.Open(ctx, server.URL); !problem.Is(err, "fetch/inside") {
		t.Errorf("the own network was asked: %v", err)
	}
	// Whoever waits for a seat waits no longer than the caller does.
	for range hashSeats {
		h.seats <- struct{}{}
	}
	gone, cancel := context.WithCancel(ctx)
	cancel()
	if _, err := h.Hash(gone, "photo", io.LimitReader(nil, 0)); err == nil {
		t.Error("hashed without a seat")
	}
}
