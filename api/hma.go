// SPDX-License-Identifier: Apache-2.0

package api

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"lachan/duty/detection/exchange"
	"lachan/internal/authz"
	"lachan/internal/logs"
	"lachan/internal/problem"
)

// HMAPrefix is where the routes of Meta's Hasher-Matcher-Actioner begin: a
// client whose base address ends with it needs no other change.
const HMAPrefix = "/hma"

// Hasher measures files and reaches what stands at addresses.
type Hasher interface {
	// Hash gives the signals of a file; kind is "photo" or "video". Nothing is
	// given for a picture that is too flat to be told from another.
	Hash(ctx context.Context, kind string, file io.Reader) (map[exchange.Type]string, error)
	// Open fetches what stands at an address of the public Internet; media is
	// its type as the server names it. Errors are problems of fetch.
	Open(ctx context.Context, address string) (file io.ReadCloser, media string, err error)
}

// The bounds of a body sent to HMA's routes, in bytes.
const (
	hmaJSON = 64 << 10
	hmaFile = 100 << 20 // as HMA
)

// hmaCall is one request to HMA's routes with a token that is good.
type hmaCall struct {
	*server
	ctx   context.Context
	w     http.ResponseWriter
	r     *http.Request
	actor authz.Actor
}

func (c *hmaCall) query(name string) string { return c.r.URL.Query().Get(name) }

// isTrue reads a truth value as HMA's clients write it.
func isTrue(text string) bool {
	return slices.Contains([]string{"true", "1", "yes", "on", "t", "y"}, strings.ToLower(text))
}

// hmaAnswer is what a route answers; text is sent as it stands.
type hmaAnswer struct {
	status int
	reply  any
	text   string
	sent   bool // the route wrote its answer itself
}

func ok(reply any) (hmaAnswer, error) { return hmaAnswer{status: http.StatusOK, reply: reply}, nil }

type hmaRoute struct {
	method, path string
	do           func(*hmaCall) (hmaAnswer, error)
	open         bool // whoever watches the process asks without a token
}

func hmaRoutes() []hmaRoute {
	return slices.Concat([]hmaRoute{
		{method: http.MethodGet, path: "/status", do: (*hmaCall).status, open: true},
		{method: http.MethodGet, path: "/status/live", do: (*hmaCall).live, open: true},
		{method: http.MethodGet, path: "/site-map", do: (*hmaCall).siteMap},
	}, hmaMatchRoutes(), hmaBankRoutes(), hmaExchangeRoutes())
}

// registerHMA puts HMA's routes on a mux.
func (a *server) registerHMA(mux *http.ServeMux) {
	for _, rt := range hmaRoutes() {
		path := HMAPrefix + rt.path
		mux.HandleFunc(rt.method+" "+path, func(w http.ResponseWriter, r *http.Request) {
			logs.Add(r.Context(), slog.String("route", r.Pattern))
			answer, err := a.serveHMA(rt, w, r)
			if err != nil {
				a.failHMA(w, r, err)
				return
			}
			if answer.sent {
				return
			}
			if answer.text != "" {
				w.Header().Set("Content-Type", "text/plain; charset=utf-8")
				w.WriteHeader(answer.status)
				_, _ = io.WriteString(w, answer.text) // an error is a caller who has gone
				return
			}
			if err := writeJSON(w, "application/json", answer.status, answer.reply); err != nil {
				a.failHMA(w, r, err)
			}
		})
	}
	mux.HandleFunc(HMAPrefix+"/", func(w http.ResponseWriter, r *http.Request) {
		if all := methodsOf(strings.TrimPrefix(r.URL.Path, HMAPrefix)); all != nil {
			w.Header().Set("Allow", strings.Join(all, ", "))
			a.failHMA(w, r, problem.New("page/method"))
			return
		}
		a.failHMA(w, r, problem.New("page/not-found"))
	})
}

// methodsOf are the methods that a path has.
func methodsOf(path string) (all []string) {
	parts := strings.Split(path, "/")
	for _, rt := range hmaRoutes() {
		same := func(a, b string) bool { return a == b || strings.HasPrefix(a, "{") }
		if slices.EqualFunc(strings.Split(rt.path, "/"), parts, same) && !slices.Contains(all, rt.method) {
			all = append(all, rt.method)
		}
	}
	return all
}

// serveHMA finds out who asks. HMA itself asks nobody; a client of it that can
// carry nothing but an address brings the token as the password of Basic
// authentication.
func (a *server) serveHMA(rt hmaRoute, w http.ResponseWriter, r *http.Request) (hmaAnswer, error) {
	c := &hmaCall{server: a, ctx: r.Context(), w: w, r: r}
	if rt.open {
		return rt.do(c)
	}
	token, bearer := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
	if !bearer {
		_, token, _ = r.BasicAuth()
	}
	var err error
	if c.actor, err = a.Machine(r.Context(), token); err != nil {
		if problem.KindOf(err) == problem.Unauthenticated {
			w.Header().Set("WWW-Authenticate", `Basic realm="lachan", charset="UTF-8"`)
		}
		return hmaAnswer{}, err
	}
	logs.Add(r.Context(), slog.String("token", c.actor.Token))
	return rt.do(c)
}

// failHMA says an error as HMA does: a message, and its status codes.
func (a *server) failHMA(w http.ResponseWriter, r *http.Request, err error) {
	logs.Fail(r.Context(), err)
	p := problem.From(err)
	say := a.Texts.Printer(language(r.Header.Get("Accept-Language")))
	message := say.Problem(p)
	for _, f := range p.Fields {
		message += " " + f.Name + ": " + say.Field(f)
	}
	status := p.Kind().Status()
	switch {
	case p.Code == "page/method":
		status = http.StatusMethodNotAllowed
	case p.Code == "pages/body-too-large" || p.Code == "pdq/too-large" || p.Code == "fetch/too-large":
		status = http.StatusRequestEntityTooLarge
	case p.Code == "detection/bank-exists":
		status = http.StatusForbidden
	case p.Kind() == problem.Invalid || strings.HasPrefix(p.Code, "fetch/"):
		status = http.StatusBadRequest
	}
	w.Header().Set("Content-Language", say.Lang)
	w.Header().Set("Vary", "Accept-Language")
	if err := writeJSON(w, "application/json", status, map[string]string{"message": message}); err != nil {
		logs.Fail(r.Context(), err)
	}
}

// object reads a JSON object; what it holds besides is no fault, as in HMA.
func (c *hmaCall) object(into any) error {
	data, err := io.ReadAll(http.MaxBytesReader(c.w, c.r.Body, hmaJSON))
	if err != nil {
		if _, large := errors.AsType[*http.MaxBytesError](err); large {
			return problem.New("pages/body-too-large", "max", hmaJSON>>10).Wrap(err)
		}
		return problem.New("input/faulty").Wrap(err)
	}
	if err := json.Unmarshal(data, into); err != nil {
		if wrong, is := errors.AsType[*json.UnmarshalTypeError](err); is && wrong.Field != "" {
			return problem.New("input/faulty").Field(wrong.Field, "input/wrong-type")
		}
		return problem.New("pages/not-json")
	}
	return nil
}

// hmaTypes are the types by HMA's names. It knows MD5 only of videos; "md5" is
// understood too.
var hmaTypes = [...]struct {
	name string
	kind exchange.Type
}{
	{"pdq", exchange.PDQ},
	{"video_md5", exchange.MD5},
	{"sha1", exchange.SHA1},
	{"sha256", exchange.SHA256},
	{"url", exchange.URL},
	{"domain", exchange.Domain},
}

func hmaName(kind exchange.Type) string {
	for _, t := range hmaTypes {
		if t.kind == kind {
			return t.name
		}
	}
	return string(kind)
}

func hmaType(name string) (exchange.Type, error) {
	if name == string(exchange.MD5) {
		return exchange.MD5, nil
	}
	for _, t := range hmaTypes {
		if t.name == name {
			return t.kind, nil
		}
	}
	return "", problem.New("input/faulty").Field("signal_type", "input/not-a-choice")
}

func (c *hmaCall) live() (hmaAnswer, error) {
	return hmaAnswer{status: http.StatusOK, text: "I-AM-ALIVE"}, nil
}

// status is good once the index can be asked. It is behind the database by
// nothing, so it is never stale.
func (c *hmaCall) status() (hmaAnswer, error) {
	if _, err := c.Detection.Index(c.ctx, authz.System("detection.match")); err != nil {
		logs.Fail(c.ctx, err)
		return hmaAnswer{status: http.StatusServiceUnavailable, text: "INDEX-NOT-LOADED"}, nil
	}
	return c.live()
}

func (c *hmaCall) siteMap() (hmaAnswer, error) {
	var all []string
	for _, rt := range hmaRoutes() {
		path := strings.NewReplacer("{", "<", "}", ">").Replace(rt.path)
		if !slices.Contains(all, path) {
			all = append(all, path)
		}
	}
	slices.Sort(all)
	return ok(all)
}

// number reads a number of the path; what is none names nothing.
func (c *hmaCall) number(name string) (int64, error) {
	n, err := strconv.ParseInt(c.r.PathValue(name), 10, 64)
	if err != nil {
		return 0, problem.New("detection/no-content")
	}
	return n, nil
}
