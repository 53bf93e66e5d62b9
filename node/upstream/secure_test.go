// SPDX-License-Identifier: Apache-2.0

package upstream

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"encoding/binary"
	"io"
	"log/slog"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"lachan/internal/dnswire"
	"lachan/internal/problem"
)

// keyPair is a certificate for dns.example and 127.0.0.1, valid from one time
// to another, with its pool and its pin.
func keyPair(t testing.TB, from, to time.Time) (tls.Certificate, *x509.CertPool, string) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	c := &x509.Certificate{
		SerialNumber: big.NewInt(1), NotBefore: from, NotAfter: to, DNSNames: []string{"dns.example"}, IPAddresses: []net.IP{{127, 0, 0, 1}},
		BasicConstraintsValid: true, IsCA: true, KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign,
	}
	der, err := x509.CreateCertificate(rand.Reader, c, c, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	parsed, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	pool := x509.NewCertPool()
	pool.AddCert(parsed)
	pin := sha256.Sum256(parsed.RawSubjectPublicKeyInfo)
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key, Leaf: parsed}, pool, "pin=" + base64.StdEncoding.EncodeToString(pin[:])
}

// tlsServer answers over TLS and counts connections and questions. After each
// answer it hangs up if told to.
type tlsServer struct {
	addr         string
	port         string
	conns, asked atomic.Int64
	hangUp       atomic.Bool
	odd          atomic.Bool  // a question was not padded
	delay        atomic.Int64 // before the first answers, ns
}

func newTLSServer(t testing.TB, pair tls.Certificate) *tlsServer {
	t.Helper()
	l, err := tls.Listen("tcp", "127.0.0.1:0", &tls.Config{Certificates: []tls.Certificate{pair}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	s := &tlsServer{addr: l.Addr().String(), port: strconv.Itoa(l.Addr().(*net.TCPAddr).Port)}
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go s.serve(c)
		}
	}()
	return s
}

func (s *tlsServer) serve(c net.Conn) {
	defer c.Close()
	if c.(*tls.Conn).Handshake() != nil {
		return
	}
	s.conns.Add(1)
	var writing sync.Mutex
	for {
		var size [2]byte
		if _, err := io.ReadFull(c, size[:]); err != nil {
			return
		}
		msg := make([]byte, binary.BigEndian.Uint16(size[:]))
		if _, err := io.ReadFull(c, msg); err != nil {
			return
		}
		s.asked.Add(1)
		if len(msg)%paddingBlock != 0 {
			s.odd.Store(true)
		}
		go func() { // in any order
			if msg[0]&1 == 1 {
				time.Sleep(time.Duration(s.delay.Load()))
			}
			answer := plainAnswer(msg, msg[dnswire.HeaderSize+1]-'a') // of the first letter
			writing.Lock()
			defer writing.Unlock()
			c.Write(append(binary.BigEndian.AppendUint16(nil, uint16(len(answer))), answer...))
			if s.hangUp.Load() {
				c.Close()
			}
		}()
	}
}

func year(n int) time.Time { return time.Now().AddDate(n, 0, 0) }

func TestOverTLSOnlyTheRightServerIsBelieved(t *testing.T) {
	good, pool, pin := keyPair(t, year(-1), year(1))
	old, oldPool, oldPin := keyPair(t, year(-3), year(-2)) // for a clock that is wrong, every certificate is like this
	s, expired := newTLSServer(t, good), newTLSServer(t, old)
	for _, c := range []struct {
		text string
		pool *x509.CertPool
		ok   bool
	}{
		{"tls://" + s.addr, pool, true},
		{"tls://" + s.addr, nil, false},
		{"tls://" + s.addr + "#name=dns.example", pool, true},
		{"tls://" + s.addr + "#name=other.example", pool, false},
		{"tls://dns.example:" + s.port + "#at=127.0.0.1", pool, true},
		{"tls://other.example:" + s.port + "#at=127.0.0.1", pool, false},
		{"tls://" + s.addr + "#" + pin, nil, true},
		{"tls://" + s.addr + "#" + oldPin, nil, false},
		{"tls://" + s.addr + "#name=dns.example&" + pin, pool, true},
		{"tls://" + s.addr + "#name=dns.example&" + oldPin, pool, false},
		{"tls://" + s.addr + "#name=dns.example&" + pin, nil, false},
		{"tls://" + expired.addr, oldPool, false},
		{"tls://" + expired.addr + "#" + oldPin, nil, true},
	} {
		g := group(t, Options{Roots: c.pool}, c.text)
		for range 2 { // the second resumes
			msg, err := g.Ask(t.Context(), question(t, "b.site.example"))
			if (err == nil) != c.ok {
				t.Errorf("%s: %v", c.text, err)
			}
			if err == nil {
				if r, err := dnswire.ReadReply(msg); err != nil || !slices.Equal(r.Answers, []string{"A 192.0.2.1"}) {
					t.Errorf("%s: %v %+v", c.text, err, r)
				}
			}
			g.members[0].transport.(*secure).pipe.mu.Lock()
			if l := g.members[0].transport.(*secure).pipe.line; l != nil {
				l.fail(io.EOF)
			}
			g.members[0].transport.(*secure).pipe.mu.Unlock()
		}
	}
	if s.odd.Load() {
		t.Error("a question was not padded")
	}
}

func TestManyQuestionsShareAConnection(t *testing.T) {
	pair, pool, _ := keyPair(t, year(-1), year(1))
	s := newTLSServer(t, pair)
	s.delay.Store(int64(20 * time.Millisecond))
	g := group(t, Options{Roots: pool, Timeout: 5 * time.Second, Race: NoRace}, "tls://"+s.addr)
	var wait sync.WaitGroup
	for i := range 200 {
		wait.Go(func() {
			first := byte('a' + i%26)
			r := ask(t, g, string(first)+"-"+strconv.Itoa(i)+".site.example")
			if want := "A 192.0.2." + strconv.Itoa(i%26); !slices.Equal(r.Answers, []string{want}) {
				t.Errorf("%d got %v", i, r.Answers)
			}
		})
	}
	wait.Wait()
	if s.conns.Load() != 1 || s.asked.Load() != 200 {
		t.Errorf("%d connections, %d questions", s.conns.Load(), s.asked.Load())
	}
}

func TestAConnectionThatEndedIsOpenedAnew(t *testing.T) {
	pair, pool, _ := keyPair(t, year(-1), year(1))
	s := newTLSServer(t, pair)
	s.hangUp.Store(true)
	g := group(t, Options{Roots: pool, Timeout: 5 * time.Second, Race: NoRace}, "tls://"+s.addr)
	for range 20 {
		if r := ask(t, g, "b.site.example"); len(r.Answers) != 1 {
			t.Errorf("%+v", r)
		}
	}
	if g.members[0].fails != 0 {
		t.Errorf("%d failures", g.members[0].fails)
	}
}

func TestASilentConnectionIsGivenUp(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	var accepted atomic.Int64
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			accepted.Add(1)
			defer c.Close()
		}
	}()
	p := &pipe{idle: time.Minute, dial: func(ctx context.Context) (net.Conn, error) {
		var d net.Dialer
		return d.DialContext(ctx, "tcp", l.Addr().String())
	}}
	defer p.close()
	q := question(t, "a.site.example")
	query := dnswire.AppendQuery(nil, 1, []byte(q.Name), q.Type, false, false)
	for range 2 {
		ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
		if _, err := p.exchange(ctx, query, query[12:12+len(q.Name)+4]); err == nil {
			t.Error("an answer from nobody")
		}
		cancel()
	}
	if accepted.Load() != 2 {
		t.Errorf("%d connections", accepted.Load())
	}
}

func TestOverHTTPS(t *testing.T) {
	pair, pool, pin := keyPair(t, year(-1), year(1))
	var mode atomic.Value
	mode.Store("good")
	var protocols sync.Map
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		protocols.Store(r.ProtoMajor, true)
		msg, err := io.ReadAll(r.Body)
		if err != nil || r.Method != http.MethodPost || r.Header.Get("Content-Type") != dnsMessage || r.URL.Path != "/dns-query" || len(msg)%paddingBlock != 0 || !bytes.Equal(msg[:2], []byte{0, 0}) {
			w.WriteHeader(http.StatusBadRequest)
			return
		}
		answer := plainAnswer(msg, 1)
		w.Header().Set("Content-Type", dnsMessage)
		switch mode.Load() {
		case "status":
			w.WriteHeader(http.StatusBadGateway)
		case "type":
			w.Header().Set("Content-Type", "text/html")
		case "moved":
			http.Redirect(w, r, "/dns-query", http.StatusTemporaryRedirect)
			return
		case "other":
			answer[dnswire.HeaderSize+1] ^= 1
		case "endless":
			for range 200 {
				w.Write(make([]byte, 1024))
			}
		}
		w.Write(answer)
	}))
	server.TLS = &tls.Config{Certificates: []tls.Certificate{pair}}
	server.Config.ErrorLog = slog.NewLogLogger(slog.DiscardHandler, slog.LevelDebug)
	server.EnableHTTP2 = true
	server.StartTLS()
	t.Cleanup(server.Close)
	_, port, err := net.SplitHostPort(server.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	for _, text := range []string{"https://dns.example/dns-query#at=127.0.0.1:" + port, "https://127.0.0.1:" + port + "/dns-query", "https://dns.example/dns-query#at=127.0.0.1:" + port + "&" + pin} {
		if r := ask(t, group(t, Options{Roots: pool}, text), "b.site.example"); !slices.Equal(r.Answers, []string{"A 192.0.2.1"}) {
			t.Errorf("%s: %+v", text, r)
		}
	}
	if _, ok := protocols.Load(2); !ok {
		t.Error("not over HTTP/2")
	}
	for _, text := range []string{"https://other.example/dns-query#at=127.0.0.1:" + port, "https://dns.example/nowhere#at=127.0.0.1:" + port} {
		if _, err := group(t, Options{Roots: pool}, text).Ask(t.Context(), question(t, "b.site.example")); !problem.Is(err, "node/upstream-silent") {
			t.Errorf("%s: %v", text, err)
		}
	}
	for _, m := range []string{"status", "type", "moved", "other", "endless"} {
		mode.Store(m)
		if msg, err := group(t, Options{Roots: pool}, "https://127.0.0.1:"+port+"/dns-query").Ask(t.Context(), question(t, "b.site.example")); err == nil {
			t.Errorf("%s: %x", m, msg)
		}
	}
}
