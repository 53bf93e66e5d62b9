// SPDX-License-Identifier: Apache-2.0

package hub

import (
	"context"
	"crypto/md5"
	"encoding/hex"
	"fmt"
	"io"

	"lachan/api"
	"lachan/duty/detection/exchange"
	"lachan/internal/fetch"
	"lachan/internal/pdq"
)

// hashSeats is how many pictures are decoded at a time for callers of the API:
// each may take 400 MB.
const hashSeats = 2

// hasher measures files for callers of the API.
type hasher struct {
	fetch *fetch.Client
	seats chan struct{}
}

var _ api.Hasher = (*hasher)(nil)

func newHasher(client *fetch.Client) *hasher {
	return &hasher{fetch: client, seats: make(chan struct{}, hashSeats)}
}

// Hash implements api.Hasher: a photo's PDQ as HMA's clients hash it, a video's
// MD5.
func (h *hasher) Hash(ctx context.Context, kind string, file io.Reader) (map[exchange.Type]string, error) {
	if kind == "video" {
		sum := md5.New()
		if _, err := io.Copy(sum, file); err != nil {
			return nil, fmt.Errorf("hub: hash: %w", err)
		}
		return map[exchange.Type]string{exchange.MD5: hex.EncodeToString(sum.Sum(nil))}, nil
	}
	select {
	case h.seats <- struct{}{}:
		defer func() { <-h.seats }()
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	img, err := pdq.Decode(ctx, file, pdq.Limits{})
	if err != nil {
		return nil, err
	}
	var hash pdq.Hasher
	print := hash.Image(img, pdq.FullResolution)
	if !print.Usable() {
		return map[exchange.Type]string{}, nil
	}
	return map[exchange.Type]string{exchange.PDQ: print.Hash.String()}, nil
}

// Open implements api.Hasher.
func (h *hasher) Open(ctx context.Context, address string) (io.ReadCloser, string, error) {
	r, err := h.fetch.Get(ctx, fetch.Request{URL: address, MaxBytes: pdq.DefaultBytes})
	if err != nil {
		return nil, "", err
	}
	return r.Body, r.Type, nil
}
