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
	"lachan/internal/media"
	"lachan/internal/pdq"
)

// hasher measures files for callers of the API: in the fence, as what scans
// bring, and fetched by the client that reaches nothing inside.
type hasher struct {
	fetch    *fetch.Client
	examiner *media.Examiner
}

var _ api.Hasher = (*hasher)(nil)

// Hash implements api.Hasher: a photo's PDQ as HMA's clients hash it, a video's
// MD5. A picture of too little detail has none.
func (h *hasher) Hash(ctx context.Context, kind string, file io.Reader) (map[exchange.Type]string, error) {
	if kind == "video" {
		sum := md5.New()
		if _, err := io.Copy(sum, file); err != nil {
			return nil, fmt.Errorf("hub: hash: %w", err)
		}
		return map[exchange.Type]string{exchange.MD5: hex.EncodeToString(sum.Sum(nil))}, nil
	}
	e, err := h.examiner.Examine(ctx, file, media.Wanted{})
	switch {
	case err != nil:
		return nil, err
	case e.Fault != nil:
		return nil, e.Fault
	case !e.Prints.Full.Usable():
		return map[exchange.Type]string{}, nil
	}
	return map[exchange.Type]string{exchange.PDQ: e.Prints.Full.Hash.String()}, nil
}

// Open implements api.Hasher.
func (h *hasher) Open(ctx context.Context, address string) (io.ReadCloser, string, error) {
	r, err := h.fetch.Get(ctx, fetch.Request{URL: address, MaxBytes: pdq.DefaultBytes})
	if err != nil {
		return nil, "", err
	}
	return r.Body, r.Type, nil
}
