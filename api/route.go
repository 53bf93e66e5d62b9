// SPDX-License-Identifier: Apache-2.0

package api

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"lachan/internal/authz"
	"lachan/internal/logs"
	"lachan/internal/problem"
)

// route is one address with one method. The same table makes the handlers and
// the OpenAPI document, so that neither knows of anything that the other does
// not.
type route struct {
	id     string // "schools.list"; its words are api.route.<id>
	method string
	path   string
	query  []string // names of the parameters taken; "x!" must be given
	body   any      // a value of the type of the body in JSON; nil: none
	text   bool     // the body is a text of up to textLimit
	status int      // of a good answer
	reply  any      // a value of the type of the answer; nil: none
	csv    bool     // the answer can be had as a table (Accept: text/csv)
	do     func(*call) (any, error)
	// plain serves those who bring no token of a machine: a node, a filter of
	// another make, whatever watches the process.
	plain func(http.ResponseWriter, *http.Request) error
}

// The bounds of a body, in bytes.
const (
	bodyLimit = 16 << 10
	textLimit = 512 << 20 // a list of twenty million names
)

// call is one request with a token that is good.
type call struct {
	*server
	ctx   context.Context
	w     http.ResponseWriter
	r     *http.Request
	actor authz.Actor
}

func (c *call) id() string               { return c.r.PathValue("id") }
func (c *call) item() string             { return c.r.PathValue("item") }
func (c *call) query(name string) string { return c.r.URL.Query().Get(name) }

// register puts the table on a mux; each other method of a path of the table
// is answered with those that it has.
func (a *server) register(mux *http.ServeMux) {
	methods := map[string][]string{}
	for _, rt := range a.routes {
		do := rt.plain
		if do == nil {
			do = func(w http.ResponseWriter, r *http.Request) error { return a.serve(rt, w, r) }
		}
		mux.HandleFunc(rt.method+" "+rt.path, a.answer(do))
		methods[rt.path] = append(methods[rt.path], rt.method)
		if rt.method == http.MethodGet {
			methods[rt.path] = append(methods[rt.path], http.MethodHead)
		}
	}
	for path, all := range methods {
		slices.Sort(all)
		mux.HandleFunc(path, a.answer(func(w http.ResponseWriter, _ *http.Request) error {
			w.Header().Set("Allow", strings.Join(all, ", "))
			return problem.New("page/method")
		}))
	}
}

// serve answers one request: who asks, what exactly, and then the service,
// which asks the policies.
func (a *server) serve(rt route, w http.ResponseWriter, r *http.Request) error {
	text, ok := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
	if !ok {
		text = ""
	}
	actor, err := a.Machine(r.Context(), text)
	if err != nil {
		if problem.KindOf(err) == problem.Unauthenticated {
			w.Header().Set("WWW-Authenticate", `Bearer realm="lachan"`)
		}
		return err
	}
	logs.Add(r.Context(), slog.String("token", actor.Token))
	if err := checkQuery(rt, r); err != nil {
		return err
	}
	if rt.text {
		r.Body = http.MaxBytesReader(w, r.Body, textLimit)
	}
	c := &call{server: a, ctx: r.Context(), w: w, r: r, actor: actor}
	reply, err := rt.do(c)
	if err != nil {
		if _, ok := errors.AsType[*http.MaxBytesError](err); ok {
			return problem.New("input/too-large", "max", textLimit>>20).Wrap(err)
		}
		return err
	}
	if rt.csv && wantsTable(r) {
		return c.table(reply)
	}
	if rt.reply == nil {
		w.WriteHeader(rt.status)
		return nil
	}
	return c.send(rt, reply)
}

// checkQuery refuses parameters that the route does not know: a misspelt
// filter would otherwise list everything.
func checkQuery(rt route, r *http.Request) error {
	p := problem.New("input/faulty")
	given := r.URL.Query()
	for name := range given {
		if !slices.ContainsFunc(rt.query, func(q string) bool { return strings.TrimSuffix(q, "!") == name }) {
			p.Field("query", "input/unknown-field")
			break
		}
	}
	for _, q := range rt.query {
		if name, must := strings.CutSuffix(q, "!"); must && given.Get(name) == "" {
			p.Field(name, "input/required")
		}
	}
	return p.OrNil()
}

// send writes an answer; one to a GET has a tag, and is not sent again to who
// has it already (RFC 9110, section 13.1.2).
func (c *call) send(rt route, reply any) error {
	if rt.method != http.MethodGet {
		return writeJSON(c.w, "application/json", rt.status, reply)
	}
	data, err := json.Marshal(reply)
	if err != nil {
		return err
	}
	sum := sha256.Sum256(data)
	tag := `"` + hex.EncodeToString(sum[:12]) + `"`
	h := c.w.Header()
	h.Set("ETag", tag)
	h.Set("Cache-Control", "private, no-cache")
	h.Set("Vary", "Accept, Accept-Language, Authorization")
	if matches(c.r.Header.Get("If-None-Match"), tag) {
		c.w.WriteHeader(http.StatusNotModified)
		return nil
	}
	h.Set("Content-Type", "application/json")
	c.w.WriteHeader(rt.status)
	_, _ = c.w.Write(append(data, '\n')) // an error is a caller who has gone
	return nil
}

// read reads the body into v and names the field that does not fit. Fields
// that are not known are refused.
func (c *call) read(v any) error {
	data, err := io.ReadAll(http.MaxBytesReader(c.w, c.r.Body, bodyLimit))
	if err != nil {
		if _, ok := errors.AsType[*http.MaxBytesError](err); ok {
			return problem.New("pages/body-too-large", "max", bodyLimit>>10).Wrap(err)
		}
		return problem.New("input/faulty").Wrap(err)
	}
	dec := json.NewDecoder(bytes.NewReader(data))
	dec.DisallowUnknownFields()
	err = dec.Decode(v)
	if wrong, ok := errors.AsType[*json.UnmarshalTypeError](err); ok && wrong.Field != "" {
		return problem.New("input/faulty").Field(wrong.Field, "input/wrong-type")
	}
	switch {
	case err == nil && !dec.More():
		return nil
	case err != nil && json.Valid(data) && bytes.HasPrefix(bytes.TrimSpace(data), []byte("{")):
		return problem.New("input/faulty").Field("body", "input/unknown-field")
	}
	// What a decoder says may quote the body.
	return problem.New("pages/not-json")
}

// number reads a parameter between least and most, otherwise where it is not
// given.
func (c *call) number(name string, otherwise, least, most int) (int, error) {
	text := c.query(name)
	if text == "" {
		return otherwise, nil
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < least || n > most {
		return 0, problem.New("input/faulty").Field(name, "input/out-of-range", "min", least, "max", most)
	}
	return n, nil
}

// page is a part of a list. next is the value of after for the part that
// follows, absent at the end.
type page[T any] struct {
	Items []T    `json:"items"`
	Next  string `json:"next,omitempty"`
}

const (
	pageSize = 100
	pageMost = 1000
)

// cut is the page that c asks for of a whole list in its order.
func cut[T any](c *call, all []T, idOf func(T) string) (page[T], error) {
	p := page[T]{Items: []T{}}
	limit, err := c.number("limit", pageSize, 1, pageMost)
	if err != nil {
		return p, err
	}
	if after := c.query("after"); after != "" {
		i := slices.IndexFunc(all, func(x T) bool { return idOf(x) == after })
		if i < 0 {
			return p, problem.New("input/faulty").Field("after", "input/not-a-choice")
		}
		all = all[i+1:]
	}
	if len(all) > limit {
		all = all[:limit]
		p.Next = idOf(all[limit-1])
	}
	p.Items = append(p.Items, all...)
	return p, nil
}
