// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"sync/atomic"

	"lachan/internal/bundle"
	"lachan/internal/bus"
	"lachan/internal/bus/natsd"
	"lachan/node"
)

// school is the hub that the node under measurement joins: it enrols over
// HTTP and takes its rules over the bus, as in a school.
type school struct {
	signer bundle.Signer
	newest atomic.Pointer[edition]
	has    atomic.Uint64 // bundle that the node said it has in force
	bus    *bus.Bus
	close  func()
}

// edition is one bundle; all hold the same names.
type edition struct {
	number uint64
	file   []byte
}

// ourNode enrols a node once; each round starts the program anew with what it
// keeps on its disk.
func ourNode(ctx context.Context, p plan, w *work, upstream string) (*server, error) {
	if _, err := os.Stat(p.node); err != nil {
		return nil, fmt.Errorf("%w; make build", err)
	}
	_, key, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		return nil, err
	}
	s := &school{signer: bundle.NewSigner(key)}
	if err := s.compile(w, 1); err != nil {
		return nil, err
	}
	address, err := freeAddress()
	if err != nil {
		return nil, err
	}
	settings := p.path("node.toml")
	text := fmt.Sprintf("state = %q\nlisten = [%q]\nupstreams = [%q]\nblock = \"nxdomain\"\n", p.path("node"), address, upstream)
	if err := os.WriteFile(settings, []byte(text), 0o600); err != nil {
		return nil, err
	}
	if err := s.open(ctx, p.path("node")); err != nil {
		return nil, err
	}
	out := &server{
		name: "lachan", address: address, close: s.close, perName: float64(len(s.newest.Load().file)) / float64(len(w.names)),
		args: []string{p.node, settings}, filters: true,
		swap: func() error {
			number := s.newest.Load().number + 1
			if err := s.compile(w, number); err != nil {
				return err
			}
			return s.bus.PublishBundle(number)
		},
	}
	out.ready = func() (publish func() error, inForce func() bool, err error) {
		number := s.newest.Load().number + 1
		next, err := s.build(w, number)
		publish = func() error {
			s.newest.Store(next)
			return s.bus.PublishBundle(number)
		}
		return publish, func() bool { return s.has.Load() >= number }, err
	}
	// The first start fetches the rules; it is not measured.
	running, err := out.start(ctx, w)
	if err != nil {
		return nil, err
	}
	running.stop()
	return out, nil
}

// compile makes the next bundle and the newest of it.
func (s *school) compile(w *work, number uint64) error {
	next, err := s.build(w, number)
	if err == nil {
		s.newest.Store(next)
	}
	return err
}

func (s *school) build(w *work, number uint64) (*edition, error) {
	b, err := bundle.NewBuilder([]bundle.Category{{Code: "gambling"}})
	if err != nil {
		return nil, err
	}
	for _, text := range w.names {
		n, err := bundle.ParseName(text)
		if err == nil {
			err = b.Add(n, "gambling")
		}
		if err != nil {
			return nil, err
		}
	}
	if err := b.Policy(bundle.Policy{Band: bundle.Primary, Blocked: []string{"gambling"}}); err != nil {
		return nil, err
	}
	var out bytes.Buffer
	_, err = b.Build(&out, bundle.Head{Number: number}, s.signer)
	return &edition{number, out.Bytes()}, err
}

// open starts the bus and enrols the node whose state folder is dir.
func (s *school) open(ctx context.Context, dir string) error {
	keys, err := bus.NewKeys()
	if err != nil {
		return err
	}
	trust, err := keys.Trust(nil)
	if err != nil {
		return err
	}
	server, err := natsd.Start(natsd.Config{Listen: "127.0.0.1:0", Trust: trust})
	if err != nil {
		return err
	}
	if s.bus, err = bus.Open(ctx, bus.Config{InProcess: server, Keys: keys}); err != nil {
		return err
	}
	if err := s.bus.Serve(ctx, s); err != nil {
		return err
	}
	go s.bus.Beat(ctx, s.State)
	s.close = func() {
		s.bus.Close()
		server.Close()
	}
	hub := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		var req node.EnrolRequest
		if err := json.NewDecoder(r.Body).Decode(&req); err != nil {
			http.Error(rw, "", http.StatusBadRequest)
			return
		}
		token, err := s.bus.Enrol("bench", req.NodePublicKey, nil)
		if err != nil {
			http.Error(rw, "", http.StatusInternalServerError)
			return
		}
		_ = json.NewEncoder(rw).Encode(node.Identity{NodeID: "bench", UserJWT: token, BusURLs: []string{server.URL()}, BundlePublicKey: s.signer.Public()})
	}))
	defer hub.Close()
	_, err = node.Enrol(ctx, nil, dir, hub.URL, "once", "bench")
	return err
}

// The hub's side of the bus.

func (s *school) State(context.Context) (bus.Heartbeat, error) {
	return bus.Heartbeat{Bundle: s.newest.Load().number}, nil
}

func (s *school) BundleChunk(_ context.Context, _ string, r bus.ChunkRequest) (bus.Chunk, error) {
	e := s.newest.Load()
	return bus.ReadChunk(bytes.NewReader(e.file), e.number, uint64(len(e.file)), r)
}

// BundlePatch offers none: what is measured is a whole bundle's swap.
func (s *school) BundlePatch(_ context.Context, _ string, r bus.PatchRequest) (bus.Chunk, error) {
	return bus.Chunk{Number: r.To, Offset: r.Offset}, nil
}

func (s *school) DeltasAfter(context.Context, string, uint64) ([][]byte, error) { return nil, nil }
func (s *school) KeyLists(context.Context, string, uint64) ([][]byte, error)    { return nil, nil }
func (s *school) Side(context.Context, string, string) ([]byte, error)          { return nil, nil }
func (s *school) Counts(context.Context, string, bus.Counts) error              { return nil }
func (s *school) Ask(context.Context, string, bus.Ask) error                    { return nil }

// Health hears which bundle the node has in force.
func (s *school) Health(_ context.Context, _ string, h bus.Health) error {
	s.has.Store(h.Bundle)
	return nil
}

// freeAddress is one of this machine that nobody listens on.
func freeAddress() (string, error) {
	conn, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	defer conn.Close()
	return conn.LocalAddr().String(), nil
}
