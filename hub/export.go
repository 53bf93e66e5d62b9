// SPDX-License-Identifier: Apache-2.0

package hub

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/url"
	"os"
	"path/filepath"

	"lachan/api"
	"lachan/duty/schools"
	"lachan/internal/problem"
)

// exportActs are the operator's commands on what is passed on.
func (h *Hub) exportActs() map[string]act {
	return map[string]act{
		"list/export": h.adminListExport, "list/token/add": h.adminTokenAdd, "list/token/list": h.adminTokens, "list/token/drop": h.adminTokenDrop,
		"list/key/add": h.adminKeyAdd, "list/key/drop": h.adminKeyDrop,
	}
}

// exportFor answers the holder of a subscriber's token.
func (h *Hub) exportFor(ctx context.Context, token string, r api.ExportRequest, begin func(tag string) io.Writer) error {
	return h.Schools.ExportFor(ctx, token, schools.ExportQuery{
		Band: r.Band, Period: r.Period, Format: schools.Format(r.Format), Province: h.cfg.Province.Name,
	}, begin)
}

func (h *Hub) adminTokenAdd(ctx context.Context, q url.Values, _ *http.Request) (any, error) {
	token, err := h.Schools.AddSubscriber(ctx, operator(), q.Get("name"), q["band"])
	return map[string]string{"token": token, "url": h.URL() + "/api/v1/export/"}, err
}

func (h *Hub) adminTokens(ctx context.Context, _ url.Values, _ *http.Request) (any, error) {
	return h.Schools.Subscribers(ctx, operator())
}

func (h *Hub) adminTokenDrop(ctx context.Context, q url.Values, _ *http.Request) (any, error) {
	return map[string]string{"name": q.Get("name")}, h.Schools.DropSubscriber(ctx, operator(), q.Get("name"))
}

// adminListExport writes an export beside its place and moves it there when it
// is whole, so that a filter that watches the file never reads half of one.
func (h *Hub) adminListExport(ctx context.Context, q url.Values, _ *http.Request) (_ any, err error) {
	path := q.Get("file")
	cannot := func(err error) error {
		return problem.New("hub/cannot-write", "folder", filepath.Dir(path)).Wrap(err)
	}
	file, err := os.CreateTemp(filepath.Dir(path), ".lachan-export-*")
	if err != nil {
		return nil, cannot(err)
	}
	defer os.Remove(file.Name()) // gone already if all went well
	defer file.Close()
	info, err := h.Schools.Export(ctx, operator(), schools.ExportQuery{
		Band: q.Get("band"), Period: q.Get("period"), Format: schools.Format(q.Get("format")), School: q.Get("school"),
		Unlicensed: q.Get("unlicensed") == "true", Province: h.cfg.Province.Name,
	}, file)
	if err != nil {
		return nil, err
	}
	// Other programs read it: it holds nothing that is not for passing on.
	if err := errors.Join(file.Chmod(0o644), file.Sync(), file.Close()); err != nil {
		return nil, cannot(err)
	}
	if err := os.Rename(file.Name(), path); err != nil {
		return nil, cannot(err)
	}
	return info, nil
}
