// SPDX-License-Identifier: Apache-2.0

package hub

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"path/filepath"

	"lachan/internal/config"
	"lachan/internal/logs"
	"lachan/internal/problem"
)

// socketName is the hub's admin socket in the data folder. Whoever may enter
// that folder administers the hub, so it is made for its owner alone.
const socketName = "admin.sock"

// Client carries out the operator's commands on a hub: the running one,
// through its socket, or one that it opens for itself when none runs. Both
// answer through the same handler.
type Client struct {
	transport http.RoundTripper
	close     func() error
	Running   bool // a hub was running
}

// Connect finds the hub of the settings.
func Connect(ctx context.Context, cfg config.Hub, opts Options) (*Client, error) {
	socket := filepath.Join(cfg.DataDir, socketName)
	dial := func(ctx context.Context, _, _ string) (net.Conn, error) {
		var d net.Dialer
		return d.DialContext(ctx, "unix", socket)
	}
	if conn, err := dial(ctx, "", ""); err == nil {
		conn.Close()
		transport := &http.Transport{DialContext: dial}
		return &Client{transport: transport, Running: true, close: func() error { transport.CloseIdleConnections(); return nil }}, nil
	}
	opts.Offline = true
	if opts.Logger == nil {
		opts.Logger = logs.New(io.Discard, "error", false)
	}
	h, err := New(ctx, cfg, opts)
	if err != nil {
		return nil, err
	}
	return &Client{transport: inProcess{h.adminHandler()}, close: h.Close}, nil
}

// Close ends the connection, and the hub where Connect opened one.
func (c *Client) Close() error { return c.close() }

// inProcess answers requests by calling the handler.
type inProcess struct{ h http.Handler }

// RoundTrip implements http.RoundTripper.
func (p inProcess) RoundTrip(r *http.Request) (*http.Response, error) {
	w := httptest.NewRecorder()
	if r.Body == nil {
		r.Body = http.NoBody
	}
	p.h.ServeHTTP(w, r)
	return w.Result(), nil
}

// Call does one act: args is sent as JSON, or body as it is where it is not
// nil; the answer is read into reply. A problem on the other side comes back
// as the same problem.
func (c *Client) Call(ctx context.Context, act string, args url.Values, body io.Reader, reply any) error {
	if body == nil {
		body = http.NoBody
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, "http://hub/"+act+"?"+args.Encode(), body)
	if err != nil {
		return fmt.Errorf("hub: %w", err)
	}
	resp, err := (&http.Client{Transport: c.transport}).Do(r)
	if err != nil {
		return fmt.Errorf("hub: admin socket: %w", err)
	}
	defer resp.Body.Close()
	data, err := io.ReadAll(resp.Body)
	if err != nil {
		return fmt.Errorf("hub: admin socket: %w", err)
	}
	if resp.StatusCode != http.StatusOK {
		return readProblem(data)
	}
	if reply == nil {
		return nil
	}
	if err := json.NewDecoder(bytes.NewReader(data)).Decode(reply); err != nil {
		return fmt.Errorf("hub: admin socket: %w", err)
	}
	return nil
}

// sentProblem is a problem on its way through the socket.
type sentProblem struct {
	Code   string      `json:"code"`
	Args   []any       `json:"args,omitempty"`
	Fields []sentField `json:"fields,omitempty"`
	Cause  string      `json:"cause,omitempty"`
}

type sentField struct {
	Name string `json:"name"`
	Code string `json:"code"`
	Args []any  `json:"args,omitempty"`
}

func writeProblem(w http.ResponseWriter, err error) {
	p := problem.From(err)
	out := sentProblem{Code: p.Code, Args: p.Args}
	for _, f := range p.Fields {
		out.Fields = append(out.Fields, sentField(f))
	}
	if cause := errors.Unwrap(p); cause != nil {
		out.Cause = cause.Error()
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(p.Kind().Status())
	json.NewEncoder(w).Encode(out) //nolint:errcheck // the caller has gone
}

func readProblem(data []byte) error {
	var in sentProblem
	if err := json.Unmarshal(data, &in); err != nil || in.Code == "" {
		return errors.New("hub: admin socket: an answer that is none")
	}
	p := problem.New(in.Code, in.Args...)
	for _, f := range in.Fields {
		p.Field(f.Name, f.Code, f.Args...)
	}
	if in.Cause != "" {
		p.Wrap(errors.New(in.Cause))
	}
	return p
}
