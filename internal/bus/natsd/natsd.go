// SPDX-License-Identifier: Apache-2.0

// Package natsd runs the NATS server inside the hub.
//
// A province starts with one machine and nothing else to install, so the hub
// brings its own server: the hub itself talks to it in memory, the nodes over
// TCP with TLS or, where a school lets out only port 443, over WebSocket. A
// province that outgrows one machine points the hub at a cluster by URL
// instead; keys, permissions and revocation stay the same (package bus).
//
// It is a package of its own so that the node, which runs on a router, does
// not link a server. JetStream stays off: the database is the truth, and the
// node's requests (chunks, deltas after a number) are the replay.
package natsd

import (
	"crypto/tls"
	"fmt"
	"net"
	"net/url"
	"strconv"
	"time"

	"github.com/nats-io/nats-server/v2/server"

	"lachan/internal/bus"
	"lachan/internal/problem"
)

// Config is where the server listens.
type Config struct {
	Listen    string // "host:port" for nodes; port 0 takes a free one; "" listens nowhere
	WebSocket string // "host:port" for nodes behind strict firewalls; "" for none
	TLS       *tls.Config
	Trust     bus.ServerTrust
}

// Server is a running server.
type Server struct {
	s  *server.Server
	ws bool // a WebSocket listener was asked for
}

// Start runs a server and waits until it takes connections.
func Start(cfg Config) (*Server, error) {
	resolver := &server.MemAccResolver{}
	for public, token := range cfg.Trust.Accounts {
		if err := resolver.Store(public, token); err != nil {
			return nil, fmt.Errorf("natsd: %w", err)
		}
	}
	opts := &server.Options{
		ServerName: "lachan", NoSigs: true, NoLog: true, DontListen: cfg.Listen == "",
		TrustedKeys: []string{cfg.Trust.Operator}, SystemAccount: cfg.Trust.System, AccountResolver: resolver,
		MaxPayload: 1 << 20, TLSConfig: cfg.TLS, TLSTimeout: 5,
	}
	var err error
	if cfg.Listen != "" {
		if opts.Host, opts.Port, err = split(cfg.Listen); err != nil {
			return nil, err
		}
	}
	if cfg.WebSocket != "" {
		if opts.Websocket.Host, opts.Websocket.Port, err = split(cfg.WebSocket); err != nil {
			return nil, err
		}
		opts.Websocket.TLSConfig, opts.Websocket.NoTLS = cfg.TLS, cfg.TLS == nil
	}
	s, err := server.NewServer(opts)
	if err != nil {
		return nil, fmt.Errorf("natsd: %w", err)
	}
	s.Start()
	if !s.ReadyForConnections(10 * time.Second) {
		s.Shutdown()
		return nil, problem.New("bus/no-listener", "address", cfg.Listen)
	}
	return &Server{s, cfg.WebSocket != ""}, nil
}

// split reads "host:port"; port 0 becomes the library's word for a free one.
func split(addr string) (string, int, error) {
	host, p, err := net.SplitHostPort(addr)
	if err != nil {
		return "", 0, problem.New("bus/no-listener", "address", addr).Wrap(err)
	}
	port, err := strconv.Atoi(p)
	if err != nil {
		return "", 0, problem.New("bus/no-listener", "address", addr).Wrap(err)
	}
	if port == 0 {
		port = server.RANDOM_PORT
	}
	return host, port, nil
}

// InProcessConn is the hub's own way in (bus.InProcess).
func (s *Server) InProcessConn() (net.Conn, error) { return s.s.InProcessConn() }

// URL is where nodes connect, "nats://127.0.0.1:4222"; "" if nowhere.
func (s *Server) URL() string {
	if s.s.Addr() == nil {
		return ""
	}
	return s.s.ClientURL()
}

// WebSocketURL is where nodes connect over WebSocket, "" if nowhere.
func (s *Server) WebSocketURL() string {
	u, err := url.Parse(s.s.WebsocketURL())
	if err != nil || !s.ws {
		return ""
	}
	return u.String()
}

// Connections is how many clients are connected now, the hub's own
// among them.
func (s *Server) Connections() int { return s.s.NumClients() }

// Close stops the server and waits for it.
func (s *Server) Close() {
	s.s.Shutdown()
	s.s.WaitForShutdown()
}
