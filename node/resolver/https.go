// SPDX-License-Identifier: Apache-2.0

package resolver

import (
	"context"
	"crypto/tls"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"strconv"
	"time"

	"github.com/quic-go/quic-go"
	"github.com/quic-go/quic-go/http3"

	"lachan/internal/bundle"
	"lachan/internal/dnswire"
)

const (
	dohPath = "/dns-query" // the word of a device may follow, "/dns-query/phong-may-2"
	dohType = "application/dns-message"
	// maxHeader bounds a request's header, bytes: a question in a GET takes four
	// thirds of its size.
	maxHeader = 8 << 10
	lastWords = time.Second // that requests have to end when the node stops
)

// web is one address for DNS over HTTPS (RFC 8484): HTTP/1.1 and HTTP/2 over
// TCP, HTTP/3 over UDP at the same port.
type web struct {
	s        *Server
	tcp      net.Listener
	two      *http.Server
	udp      net.PacketConn
	quic     *quic.Transport
	listener *quic.Listener
	three    *http3.Server
}

// contextKey is of what a connection carries for its requests.
type contextKey struct{}

func (s *Server) openHTTPS(_ context.Context, address string) (err error) {
	d := &web{s: s}
	if d.tcp, err = net.Listen("tcp", address); err != nil {
		return err
	}
	if d.udp, err = net.ListenPacket("udp", d.tcp.Addr().String()); err != nil {
		return errors.Join(err, d.tcp.Close())
	}
	d.quic = &quic.Transport{Conn: d.udp, VerifySourceAddress: s.doubts(s.gates.https)}
	if d.listener, err = d.quic.Listen(http3.ConfigureTLSConfig(s.r.tlsConfig()), s.quicConfig()); err != nil {
		return errors.Join(err, d.tcp.Close(), d.udp.Close())
	}
	handler, idle := d.routes(), s.r.live.Load().cfg.Idle
	d.two = &http.Server{
		Handler: handler, TLSConfig: s.r.tlsConfig("h2", "http/1.1"), MaxHeaderBytes: maxHeader,
		ReadHeaderTimeout: handshakeTime, ReadTimeout: handshakeTime + messageTime, WriteTimeout: 30 * time.Second, IdleTimeout: idle,
		ErrorLog: slog.NewLogLogger(slog.DiscardHandler, slog.LevelDebug), // its lines name clients
		HTTP2:    &http.HTTP2Config{MaxConcurrentStreams: 100, MaxReceiveBufferPerConnection: 64 << 10, MaxReceiveBufferPerStream: 64 << 10},
		ConnContext: func(ctx context.Context, conn net.Conn) context.Context {
			return context.WithValue(ctx, contextKey{}, conn.(*tls.Conn).NetConn().(*gated).pass)
		},
	}
	d.three = &http3.Server{
		Handler: handler, MaxHeaderBytes: maxHeader, IdleTimeout: idle,
		ConnContext: func(ctx context.Context, conn *quic.Conn) context.Context {
			return context.WithValue(ctx, contextKey{}, s.enterQUIC(s.gates.https, conn))
		},
	}
	s.https = append(s.https, d)
	return nil
}

func (d *web) serve(ctx context.Context) {
	d.two.BaseContext = func(net.Listener) context.Context { return ctx }
	d.s.wait.Go(func() { _ = d.three.ServeListener(d.listener) }) // ends with close
	_ = d.two.ServeTLS(gatedListener{d.tcp, d.s.gates.https}, "", "")
}

// close lets what is being answered end, for a moment.
func (d *web) close() error {
	ctx, cancel := context.WithTimeout(context.Background(), lastWords)
	defer cancel()
	if d.two.Shutdown(ctx) != nil {
		_ = d.two.Close()
	}
	_ = d.three.Close()
	return errors.Join(d.listener.Close(), d.quic.Close(), d.udp.Close(), d.tcp.Close())
}

// gatedListener lets connections through a gate.
type gatedListener struct {
	net.Listener
	gate *gate
}

// gated is one of its connections.
type gated struct {
	net.Conn
	pass *pass
}

func (l gatedListener) Accept() (net.Conn, error) {
	conn, err := l.Listener.Accept()
	if err != nil {
		return nil, err
	}
	return &gated{conn, l.gate.enter(func() { conn.Close() })}, nil
}

func (c *gated) Close() error {
	c.pass.leave()
	return c.Conn.Close()
}

func (d *web) routes() http.Handler {
	mux := http.NewServeMux()
	port := d.tcp.Addr().(*net.TCPAddr).Port
	for _, method := range []string{http.MethodGet, http.MethodPost} {
		mux.Handle(method+" "+dohPath, d.altService(port, http.HandlerFunc(d.answer)))
		mux.Handle(method+" "+dohPath+"/{word}", d.altService(port, http.HandlerFunc(d.answer)))
		mux.Handle(method+" "+bundle.HomePath+"{word}", d.altService(port, http.HandlerFunc(d.answerHome)))
	}
	return mux
}

// altService tells clients of HTTP/2 that HTTP/3 is there too (RFC 7838).
func (d *web) altService(port int, next http.Handler) http.Handler {
	value := fmt.Sprintf(`h3=":%d"; ma=86400`, port)
	return http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		if r.ProtoMajor < 3 {
			rw.Header().Set("Alt-Svc", value)
		}
		next.ServeHTTP(rw, r)
	})
}

// answerHome is answer for the bands that families may choose, and no other
// word.
func (d *web) answerHome(rw http.ResponseWriter, r *http.Request) {
	if _, ok := bundle.ParseHome(r.PathValue("word")); !ok || !d.s.r.live.Load().cfg.Homes {
		http.NotFound(rw, r)
		return
	}
	d.answer(rw, r)
}

// answer answers one question. What is wrong with the request is a status; what
// is wrong with the question is an answer of DNS (RFC 8484 §4.2.1).
func (d *web) answer(rw http.ResponseWriter, r *http.Request) {
	if p, ok := r.Context().Value(contextKey{}).(*pass); ok {
		p.touch()
	}
	msg, status := dohQuestion(rw, r)
	if status != http.StatusOK {
		http.Error(rw, http.StatusText(status), status)
		return
	}
	peer, err := netip.ParseAddrPort(r.RemoteAddr)
	if err != nil {
		http.Error(rw, http.StatusText(http.StatusBadRequest), http.StatusBadRequest)
		return
	}
	from := asker{addr: peer.Addr(), by: byHTTPS, word: r.PathValue("word")}
	if from.word == "" && r.TLS != nil {
		from.word = wordOf(r.TLS.ServerName, d.s.r.live.Load().cfg.Host)
	}
	if !bundle.ValidDevice(from.word) {
		from.word = ""
	}
	w := d.s.r.workers.Get().(*worker)
	defer d.s.r.workers.Put(w)
	answer, wait := w.begin(msg, from)
	if wait {
		answer = w.finish(r.Context(), msg, from)
	}
	if answer == nil {
		http.Error(rw, http.StatusText(http.StatusBadRequest), http.StatusBadRequest)
		return
	}
	fresh := dnswire.Freshness(answer)
	answer = w.dress(answer, byHTTPS)
	h := rw.Header()
	h.Set("Content-Type", dohType)
	h.Set("Content-Length", strconv.Itoa(len(answer)))
	// Who asks shapes the answer, so no cache on the way may share it.
	h.Set("Cache-Control", "private, max-age="+strconv.FormatUint(uint64(fresh), 10))
	_, _ = rw.Write(answer) // a client that is gone asks again
}

// dohQuestion takes the question out of a request, with room behind it for the
// answer.
func dohQuestion(rw http.ResponseWriter, r *http.Request) ([]byte, int) {
	if r.Method != http.MethodPost {
		text := r.URL.Query().Get("dns")
		if text == "" {
			return nil, http.StatusBadRequest
		}
		if base64.RawURLEncoding.DecodedLen(len(text)) > maxQuestion {
			return nil, http.StatusRequestURITooLong
		}
		msg := make([]byte, base64.RawURLEncoding.DecodedLen(len(text)), packetSize)
		n, err := base64.RawURLEncoding.Decode(msg, []byte(text))
		if err != nil {
			return nil, http.StatusBadRequest
		}
		return msg[:n], http.StatusOK
	}
	if r.Header.Get("Content-Type") != dohType {
		return nil, http.StatusUnsupportedMediaType
	}
	msg, err := io.ReadAll(http.MaxBytesReader(rw, r.Body, maxQuestion))
	var large *http.MaxBytesError
	switch {
	case errors.As(err, &large):
		return nil, http.StatusRequestEntityTooLarge
	case err != nil:
		return nil, http.StatusBadRequest
	}
	return msg, http.StatusOK
}
