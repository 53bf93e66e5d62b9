// SPDX-License-Identifier: Apache-2.0

package hub

import (
	"context"
	"net/http"
	"net/url"
)

// keyActs are the operator's commands on the keys that sign for nodes.
func (h *Hub) keyActs() map[string]act {
	return map[string]act{
		"key/list": func(ctx context.Context, _ url.Values, _ *http.Request) (any, error) {
			l, err := h.Schools.Keys(ctx)
			return map[string]any{"list": l.Number, "signer": l.Signer, "keys": l.Keys}, err
		},
		"key/new": func(ctx context.Context, _ url.Values, _ *http.Request) (any, error) {
			id, file, err := h.Schools.PrepareKey(ctx, operator())
			return map[string]any{"id": id, "file": file}, err
		},
		"key/rotate": func(ctx context.Context, q url.Values, _ *http.Request) (any, error) {
			l, err := h.Schools.RotateKey(ctx, operator(), q.Get("id"))
			if err != nil {
				return nil, err
			}
			info, err := h.Schools.BuildBundle(ctx, operator()) // the new key's first
			return map[string]any{"list": l.Number, "signer": l.Signer, "bundle": info.Number}, err
		},
		"key/retire": func(ctx context.Context, _ url.Values, _ *http.Request) (any, error) {
			l, err := h.Schools.RetireKey(ctx, operator())
			return map[string]any{"list": l.Number, "signer": l.Signer, "keys": l.Keys}, err
		},
	}
}
