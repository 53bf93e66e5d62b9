// SPDX-License-Identifier: Apache-2.0

package api

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"slices"
	"strings"

	"lachan/duty/detection"
	"lachan/duty/schools"
	"lachan/duty/schools/online"
	"lachan/internal/authz"
	"lachan/internal/clock"
	"lachan/internal/locale"
	"lachan/internal/logs"
	"lachan/internal/problem"
)

// Deps is what the API stands on, handed in by hub.
type Deps struct {
	Texts *locale.Texts
	Log   *slog.Logger
	// Machine says for whom a token speaks; identity/unknown-token for one that
	// is none.
	Machine func(ctx context.Context, token string) (authz.Actor, error)
	Authz   *authz.Engine
	Schools *schools.Service
	Online  *online.Service // lessons online
	Clock   clock.Clock
	// Detection and Hasher serve HMA's routes.
	Detection *detection.Service
	Hasher    Hasher
	// Enrol redeems a one-time token for the node of that public key and gives
	// the node's identity, which is sent as JSON: node_id, user_jwt, bus_urls,
	// bundle_public_key, school_ids. The same node may ask again with the same
	// token and key; anybody else is refused.
	Enrol func(ctx context.Context, token, nodePublicKey, version string) (identity any, err error)
	// Export writes what a band is refused to the holder of a subscriber's
	// token. begin is called with a tag that changes when the file would; if it
	// gives no writer, nothing is written.
	Export func(ctx context.Context, token string, q ExportRequest, begin func(tag string) io.Writer) error
	// Ready is nil while the hub can do its work.
	Ready func(ctx context.Context) error
}

// ExportRequest says which export is asked for, by codes.
type ExportRequest struct {
	Band, Format string
	Period       string // "": any time
}

// problemType is the media type of RFC 9457.
const problemType = "application/problem+json"

// New serves /api/, /hma/, /healthz and /readyz.
func New(d Deps) http.Handler {
	a := &server{Deps: d}
	a.routes = a.table()
	mux := http.NewServeMux()
	a.register(mux)
	a.registerHMA(mux)
	mux.HandleFunc("/api/", a.answer(notFound))
	return headers(logs.Requests(a.Log, "api", a.fail, mux))
}

type server struct {
	Deps
	routes []route
}

// table is every address.
func (a *server) table() []route {
	return slices.Concat([]route{
		{id: "enrol", method: http.MethodPost, path: "/api/v1/nodes/enrol", body: enrolRequest{}, status: 201, plain: a.enrol},
		{id: "export", method: http.MethodGet, path: "/api/v1/export/{file}", query: []string{"period"}, status: 200, plain: a.export},
		{id: "openapi", method: http.MethodGet, path: "/api/v1/openapi.json", status: 200, plain: a.openapi},
		{id: "healthz", method: http.MethodGet, path: "/healthz", status: 200, plain: a.healthy},
		{id: "readyz", method: http.MethodGet, path: "/readyz", status: 200, plain: a.ready},
	}, schoolRoutes(), ownRoutes(), nodeRoutes(), listRoutes(), blockRoutes(), figureRoutes(),
		onlineRoutes(), readyRoutes(), modelRoutes(), departmentRoutes(), weekRoutes())
}

func (a *server) openapi(w http.ResponseWriter, r *http.Request) error {
	say := a.Texts.Printer(language(r.Header.Get("Accept-Language")))
	w.Header().Set("Content-Language", say.Lang)
	w.Header().Set("Vary", "Accept-Language")
	return writeJSON(w, "application/json", http.StatusOK, Document(say))
}

// answer runs a handler and says its error as a problem.
func (a *server) answer(do func(http.ResponseWriter, *http.Request) error) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		logs.Add(r.Context(), slog.String("route", r.Pattern))
		if err := do(w, r); err != nil {
			a.fail(w, r, err)
		}
	}
}

// headers says on every answer what a browser may do with it: nothing.
func headers(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Cache-Control", "no-store")
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'")
		next.ServeHTTP(w, r)
	})
}

// enrolRequest is the body of POST /api/v1/nodes/enrol.
type enrolRequest struct {
	Token         string `json:"token"`
	NodePublicKey string `json:"node_public_key"`
	Version       string `json:"version"`
}

func (a *server) enrol(w http.ResponseWriter, r *http.Request) error {
	var body enrolRequest
	if err := readJSON(w, r, &body); err != nil {
		return err
	}
	faults := problem.New("input/faulty")
	for _, f := range []struct{ name, value string }{{"token", body.Token}, {"node_public_key", body.NodePublicKey}} {
		if strings.TrimSpace(f.value) == "" {
			faults.Field(f.name, "input/required")
		}
	}
	if err := faults.OrNil(); err != nil {
		return err
	}
	identity, err := a.Enrol(r.Context(), body.Token, body.NodePublicKey, body.Version)
	if err != nil {
		return err
	}
	return writeJSON(w, "application/json", http.StatusCreated, identity)
}

func readJSON(w http.ResponseWriter, r *http.Request, into any) error {
	data, err := io.ReadAll(http.MaxBytesReader(w, r.Body, bodyLimit))
	if err != nil {
		if _, ok := errors.AsType[*http.MaxBytesError](err); ok {
			return problem.New("pages/body-too-large", "max", bodyLimit>>10).Wrap(err)
		}
		return problem.New("input/faulty").Wrap(err)
	}
	if err := json.Unmarshal(data, into); err != nil {
		// The error's text may quote the body; its type does not.
		return problem.New("pages/not-json").Wrap(fmt.Errorf("%T", err))
	}
	return nil
}

func writeJSON(w http.ResponseWriter, kind string, status int, v any) error {
	data, err := json.Marshal(v)
	if err != nil {
		return fmt.Errorf("api: %w", err)
	}
	w.Header().Set("Content-Type", kind)
	w.WriteHeader(status)
	_, _ = w.Write(append(data, '\n')) // an error is a caller who has gone
	return nil
}

func (a *server) healthy(w http.ResponseWriter, _ *http.Request) error {
	return writeJSON(w, "application/json", http.StatusOK, map[string]string{"status": "ok"})
}

func (a *server) ready(w http.ResponseWriter, r *http.Request) error {
	if err := a.Ready(r.Context()); err != nil {
		return problem.New("pages/not-ready").Wrap(err)
	}
	return writeJSON(w, "application/json", http.StatusOK, map[string]string{"status": "ready"})
}

func notFound(http.ResponseWriter, *http.Request) error { return problem.New("page/not-found") }
