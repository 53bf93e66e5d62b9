// SPDX-License-Identifier: Apache-2.0

package resolver

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"encoding/binary"
	"encoding/pem"
	"errors"
	"io"
	"math/big"
	"net"
	"net/http"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/quic-go/quic-go"
	"github.com/quic-go/quic-go/http3"

	"lachan/internal/bundle"
	"lachan/internal/clock"
	"lachan/internal/dnswire"
	"lachan/internal/problem"
)

// certificate writes a fresh certificate for the names and addresses, and gives
// the pool that trusts it.
func certificate(t testing.TB, dir string, serial int64, names ...string) (certFile, keyFile string, pool *x509.CertPool) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	c := &x509.Certificate{
		SerialNumber: big.NewInt(serial), Subject: pkix.Name{CommonName: "test"}, NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		BasicConstraintsValid: true, IsCA: true, KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign,
	}
	for _, n := range names {
		if a, err := netip.ParseAddr(n); err == nil {
			c.IPAddresses = append(c.IPAddresses, a.AsSlice())
		} else {
			c.DNSNames = append(c.DNSNames, n)
		}
	}
	der, err := x509.CreateCertificate(rand.Reader, c, c, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	pkcs, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	certFile, keyFile = filepath.Join(dir, "cert.pem"), filepath.Join(dir, "key.pem")
	write := func(path, kind string, der []byte) {
		if err := os.WriteFile(path, pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der}), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write(certFile, "CERTIFICATE", der)
	write(keyFile, "PRIVATE KEY", pkcs)
	pool = x509.NewCertPool()
	parsed, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	pool.AddCert(parsed)
	return certFile, keyFile, pool
}

const nodeHost = "dns.school.example"

// bandView refuses play.example in the primary band and video.example in lower
// secondary; the room "phong-may-2" is lower secondary.
func bandView(t testing.TB) *bundle.View {
	t.Helper()
	b, err := bundle.NewBuilder([]bundle.Category{{Code: "games"}, {Code: "video"}})
	if err != nil {
		t.Fatal(err)
	}
	for name, category := range map[string]string{"play.example": "games", "video.example": "video"} {
		n, err := bundle.ParseName(name)
		if err != nil {
			t.Fatal(err)
		}
		if err := b.Add(n, category); err != nil {
			t.Fatal(err)
		}
	}
	for band, category := range map[bundle.Band]string{bundle.Primary: "games", bundle.LowerSecondary: "video"} {
		if err := b.Policy(bundle.Policy{Band: band, Blocked: []string{category}}); err != nil {
			t.Fatal(err)
		}
	}
	signer := bundle.NewSigner(ed25519.NewKeyFromSeed(bytes.Repeat([]byte{3}, 32)))
	var file bytes.Buffer
	if _, err := b.Build(&file, bundle.Head{Number: 1}, signer); err != nil {
		t.Fatal(err)
	}
	opened, err := bundle.Parse(file.Bytes(), bundle.NewTrust(signer.Public()))
	if err != nil {
		t.Fatal(err)
	}
	v, err := bundle.NewView(bundle.Parts{Bundle: opened, StandIn: bundle.Primary, Sides: []bundle.Side{{
		School: "s1", Number: 1, Default: bundle.Primary,
		Devices: []bundle.Device{{ID: "phong-may-2", Band: bundle.LowerSecondary, Evening: bundle.LowerSecondary}},
	}}})
	if err != nil {
		t.Fatal(err)
	}
	return v
}

// doors is a resolver with every way in, and clients for them.
type doors struct {
	t    testing.TB
	r    *Resolver
	s    *Server
	at   Addresses
	pool *x509.CertPool
	dir  string
}

const doorZone = `
play.example. 300 IN A 192.0.2.1
video.example. 120 IN A 192.0.2.2
good.example. 90 IN A 192.0.2.3
`

func openDoors(t testing.TB, cfg Config) *doors {
	t.Helper()
	d := &doors{t: t, dir: t.TempDir()}
	certFile, keyFile, pool := certificate(t, d.dir, 1, nodeHost, "*."+nodeHost, "127.0.0.1")
	d.pool = pool
	var err error
	if cfg.Certificate, err = OpenCertificate(certFile, keyFile); err != nil {
		t.Fatal(err)
	}
	if len(cfg.Upstreams) == 0 {
		a, err := dnswire.NewAuthority(doorZone)
		if err != nil {
			t.Fatal(err)
		}
		if err := a.Start("127.0.0.1:0"); err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { a.Close(context.Background()) })
		cfg.Upstreams = servers(a.Addr())
	}
	if cfg.View == nil {
		v := bandView(t)
		cfg.View = func() *bundle.View { return v }
	}
	if cfg.Clock == nil {
		cfg.Clock = clock.System{}
	}
	cfg.Mode, cfg.Host, cfg.CacheBytes = NXDomain, nodeHost, 1<<20
	cfg.Text = func(ede uint16) string { return map[uint16]string{dnswire.EDEBlocked: "che lại"}[ede] }
	if d.r, err = New(cfg); err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	one := []string{"127.0.0.1:0"}
	if d.s, err = d.r.Listen(ctx, Addresses{Plain: one, TLS: one, HTTPS: one, QUIC: one}); err != nil {
		t.Fatal(err)
	}
	d.at = d.s.Addresses()
	done := make(chan error, 1)
	go func() { done <- d.s.Serve(ctx) }()
	t.Cleanup(func() {
		stop()
		select {
		case err := <-done:
			if err != nil {
				t.Error(err)
			}
		case <-time.After(10 * time.Second):
			t.Error("the server does not end")
		}
	})
	return d
}

// packed is a question with EDNS.
func packed(t testing.TB, id uint16, name string, qtype uint16) []byte {
	t.Helper()
	n, err := bundle.ParseName(name)
	if err != nil {
		t.Fatal(err)
	}
	return dnswire.AppendQuery(nil, id, n.Wire(), qtype, false, false)
}

func framed(msg []byte) []byte {
	return append(binary.BigEndian.AppendUint16(nil, uint16(len(msg))), msg...)
}

func readFrame(r io.Reader) ([]byte, error) {
	var size [2]byte
	if _, err := io.ReadFull(r, size[:]); err != nil {
		return nil, err
	}
	msg := make([]byte, binary.BigEndian.Uint16(size[:]))
	_, err := io.ReadFull(r, msg)
	return msg, err
}

func (d *doors) tls(serverName string, protocols ...string) *tls.Config {
	return &tls.Config{RootCAs: d.pool, ServerName: serverName, NextProtos: protocols}
}

func (d *doors) overTLS(serverName string, msg []byte) []byte {
	d.t.Helper()
	conn, err := tls.Dial("tcp", d.at.TLS[0], d.tls(serverName, "dot"))
	if err != nil {
		d.t.Fatal(err)
	}
	defer conn.Close()
	if _, err := conn.Write(framed(msg)); err != nil {
		d.t.Fatal(err)
	}
	answer, err := readFrame(conn)
	if err != nil {
		d.t.Fatal(err)
	}
	return answer
}

func (d *doors) overQUIC(serverName string, messages ...[]byte) ([][]byte, error) {
	d.t.Helper()
	conn, err := quic.DialAddr(d.t.Context(), d.at.QUIC[0], d.tls(serverName, "doq"), nil)
	if err != nil {
		return nil, err
	}
	defer conn.CloseWithError(0, "")
	var answers [][]byte
	for _, msg := range messages {
		st, err := conn.OpenStreamSync(d.t.Context())
		if err != nil {
			return answers, err
		}
		if _, err := st.Write(framed(msg)); err != nil {
			return answers, err
		}
		st.Close()
		answer, err := readFrame(st)
		if err != nil {
			return answers, err
		}
		answers = append(answers, answer)
	}
	return answers, nil
}

// client is one of HTTP/1.1, 2 and 3.
func (d *doors) client(version int) *http.Client {
	var rt http.RoundTripper
	switch version {
	case 3:
		tr := &http3.Transport{TLSClientConfig: d.tls("127.0.0.1")}
		d.t.Cleanup(func() { tr.Close() })
		rt = tr
	default:
		tr := &http.Transport{TLSClientConfig: d.tls("127.0.0.1"), ForceAttemptHTTP2: version == 2}
		d.t.Cleanup(tr.CloseIdleConnections)
		rt = tr
	}
	return &http.Client{Transport: rt, Timeout: 5 * time.Second}
}

func (d *doors) overHTTPS(version int, post bool, path string, msg []byte) (*http.Response, []byte) {
	d.t.Helper()
	url := "https://" + d.at.HTTPS[0] + path
	var res *http.Response
	var err error
	if post {
		res, err = d.client(version).Post(url, dohType, bytes.NewReader(msg))
	} else {
		res, err = d.client(version).Get(url + "?dns=" + base64.RawURLEncoding.EncodeToString(msg))
	}
	if err != nil {
		d.t.Fatal(err)
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if err != nil {
		d.t.Fatal(err)
	}
	return res, body
}

func (d *doors) reply(msg []byte) dnswire.Reply {
	d.t.Helper()
	r, err := dnswire.ReadReply(msg)
	if err != nil {
		d.t.Fatal(err)
	}
	return r
}

func TestEveryWayInFiltersByItsWord(t *testing.T) {
	d := openDoors(t, Config{})
	ways := map[string]func(word, name string) []byte{
		"tls": func(word, name string) []byte {
			return d.overTLS(strings.TrimPrefix(word+"."+nodeHost, "."), packed(t, 7, name, dnswire.TypeA))
		},
		"quic": func(word, name string) []byte {
			answers, err := d.overQUIC(strings.TrimPrefix(word+"."+nodeHost, "."), packed(t, 0, name, dnswire.TypeA))
			if err != nil {
				t.Fatal(err)
			}
			return answers[0]
		},
	}
	for version := 1; version <= 3; version++ {
		for _, post := range []bool{false, true} {
			ways[map[bool]string{true: "POST", false: "GET"}[post]+" HTTP/"+string(rune('0'+version))] = func(word, name string) []byte {
				path := dohPath
				if word != "" {
					path += "/" + word
				}
				res, body := d.overHTTPS(version, post, path, packed(t, 0, name, dnswire.TypeA))
				if res.ProtoMajor != version || res.StatusCode != 200 || res.Header.Get("Content-Type") != dohType {
					t.Fatalf("HTTP/%d: %v %d %v", version, res.Proto, res.StatusCode, res.Header)
				}
				return body
			}
		}
	}
	for way, ask := range ways {
		for _, c := range []struct {
			word, name string
			refused    bool
		}{
			{"", "play.example", true},
			{"", "video.example", false},
			{"phong-may-2", "play.example", false},
			{"phong-may-2", "video.example", true},
			{"nobody-knows", "play.example", true}, // as its network says
			{"", "good.example", false},
		} {
			msg := ask(c.word, c.name)
			r := d.reply(msg)
			if refused := r.Rcode == dnswire.NameError && slices.Equal(r.EDE, []uint16{dnswire.EDEBlocked}); refused != c.refused {
				t.Errorf("%s, %q asks %s: %+v", way, c.word, c.name, r)
			}
			if c.refused && r.Text != "che lại" {
				t.Errorf("%s: text %q", way, r.Text)
			}
			if !r.Padded || len(msg)%paddingBlock != 0 {
				t.Errorf("%s: %d bytes, padded %v", way, len(msg), r.Padded)
			}
		}
	}
}

func TestUDPStaysSmall(t *testing.T) {
	d := openDoors(t, Config{})
	r, err := dnswire.Exchange(t.Context(), "udp", d.at.Plain[0], "play.example", dnswire.TypeA)
	if err != nil || r.Text != "" || r.Padded || len(r.EDE) != 1 {
		t.Errorf("%v %+v", err, r)
	}
	r, err = dnswire.Exchange(t.Context(), "tcp", d.at.Plain[0], "play.example", dnswire.TypeA)
	if err != nil || r.Text != "che lại" || r.Padded {
		t.Errorf("%v %+v", err, r)
	}
}

func TestDoHSaysHowLongAnAnswerHolds(t *testing.T) {
	d := openDoors(t, Config{BlockTTL: 10 * time.Second})
	for name, want := range map[string]string{"good.example": "private, max-age=90", "video.example": "private, max-age=120", "play.example": "private, max-age=10", "none.example": "private, max-age=60"} {
		res, _ := d.overHTTPS(2, false, dohPath, packed(t, 0, name, dnswire.TypeA))
		if got := res.Header.Get("Cache-Control"); got != want {
			t.Errorf("%s: %q, want %q", name, got, want)
		}
		if !strings.HasPrefix(res.Header.Get("Alt-Svc"), `h3=":`) {
			t.Errorf("Alt-Svc %q", res.Header.Get("Alt-Svc"))
		}
	}
}

func TestDoHRefusesWhatIsNoQuestion(t *testing.T) {
	d := openDoors(t, Config{})
	base := "https://" + d.at.HTTPS[0]
	good := base64.RawURLEncoding.EncodeToString(packed(t, 0, "good.example", dnswire.TypeA))
	for _, c := range []struct {
		method, path, kind string
		body               int
		status             int
	}{
		{"GET", "/", "", 0, 404},
		{"GET", dohPath, "", 0, 400},
		{"GET", dohPath + "?dns=!!!", "", 0, 400},
		{"GET", dohPath + "?dns=AAAA", "", 0, 400}, // three bytes are no message
		{"GET", dohPath + "?dns=" + strings.Repeat("A", 4000), "", 0, 414},
		{"GET", dohPath + "?dns=" + strings.Repeat("A", 1<<20), "", 0, 431},
		{"GET", dohPath + "/a/b?dns=" + good, "", 0, 404},
		{"POST", dohPath, "text/plain", 40, 415},
		{"POST", dohPath, dohType, 1 << 20, 413},
		{"POST", dohPath, dohType, 3, 400},
		{"PUT", dohPath, dohType, 40, 405},
		{"GET", dohPath + "?dns=" + good, "", 0, 200},
	} {
		req, err := http.NewRequestWithContext(t.Context(), c.method, base+c.path, bytes.NewReader(make([]byte, c.body)))
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("Content-Type", c.kind)
		res, err := d.client(2).Do(req)
		if err != nil {
			if c.status == 431 { // HTTP/2 may end the stream instead
				continue
			}
			t.Errorf("%s %.40s: %v", c.method, c.path, err)
			continue
		}
		res.Body.Close()
		if res.StatusCode != c.status {
			t.Errorf("%s %.40s %s: %d, want %d", c.method, c.path, c.kind, res.StatusCode, c.status)
		}
	}
}

func TestDoQKeepsToItsProtocol(t *testing.T) {
	d := openDoors(t, Config{})
	answers, err := d.overQUIC(nodeHost, packed(t, 0, "good.example", dnswire.TypeA), packed(t, 0, "play.example", dnswire.TypeA))
	if err != nil || len(answers) != 2 || d.reply(answers[1]).Rcode != dnswire.NameError {
		t.Errorf("two streams: %v %d", err, len(answers))
	}
	for what, msg := range map[string][]byte{
		"an id":     packed(t, 7, "good.example", dnswire.TypeA),
		"keepalive": dnswire.AppendOption(packed(t, 0, "good.example", dnswire.TypeA), dnswire.OptionKeepalive, nil),
		"garbage":   {0, 0, 1},
		"an answer": append([]byte{0, 0, 0x81, 0x80}, packed(t, 0, "good.example", dnswire.TypeA)[4:]...),
	} {
		_, err := d.overQUIC(nodeHost, msg)
		var app *quic.ApplicationError
		if !errors.As(err, &app) || app.ErrorCode != doqProtocolError {
			t.Errorf("%s: %v", what, err)
		}
	}
}

func TestStreamSaysHowLongItMayIdleAndEndsThen(t *testing.T) {
	d := openDoors(t, Config{Idle: 300 * time.Millisecond})
	conn, err := tls.Dial("tcp", d.at.TLS[0], d.tls(nodeHost))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if _, err := conn.Write(framed(dnswire.AppendOption(packed(t, 1, "good.example", dnswire.TypeA), dnswire.OptionKeepalive, nil))); err != nil {
		t.Fatal(err)
	}
	msg, err := readFrame(conn)
	if err != nil {
		t.Fatal(err)
	}
	if r := d.reply(msg); r.Keepalive != 300*time.Millisecond {
		t.Errorf("%+v", r)
	}
	if msg := d.overTLS(nodeHost, packed(t, 1, "good.example", dnswire.TypeA)); d.reply(msg).Keepalive != 0 {
		t.Error("said to a client that did not ask")
	}
	start := time.Now()
	conn.SetReadDeadline(start.Add(5 * time.Second))
	if _, err := conn.Read(make([]byte, 1)); !errors.Is(err, io.EOF) || time.Since(start) > 2*time.Second {
		t.Errorf("a silent connection: %v after %v", err, time.Since(start))
	}
}

func TestAnswersOfOneConnectionOvertakeEachOther(t *testing.T) {
	silent, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer silent.Close()
	d := openDoors(t, Config{Upstreams: servers(silent.LocalAddr().String()), Timeout: 300 * time.Millisecond})
	conn, err := tls.Dial("tcp", d.at.TLS[0], d.tls(nodeHost))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if _, err := conn.Write(append(framed(packed(t, 1, "slow.example", dnswire.TypeA)), framed(packed(t, 2, "play.example", dnswire.TypeA))...)); err != nil {
		t.Fatal(err)
	}
	for i, want := range []int{dnswire.NameError, dnswire.ServerFailure} {
		msg, err := readFrame(conn)
		if err != nil {
			t.Fatal(err)
		}
		if r := d.reply(msg); r.Rcode != want {
			t.Errorf("answer %d: %+v", i, r)
		}
	}
}

func TestAKnownWordOpensTheEncryptedWaysOnly(t *testing.T) {
	v := bandView(t)
	far := netip.MustParseAddr("198.51.100.7")
	for _, open := range []bool{false, true} {
		r, err := New(Config{Mode: NXDomain, View: func() *bundle.View { return v }, Clock: clock.System{}, Upstreams: servers("192.0.2.1:53"), OpenToWords: open})
		if err != nil {
			t.Fatal(err)
		}
		for _, c := range []struct {
			from asker
			in   bool
		}{
			{asker{far, "phong-may-2", byTLS}, open},
			{asker{far, "phong-may-2", byHTTPS}, open},
			{asker{far, "phong-may-2", byQUIC}, open},
			{asker{far, "phong-may-9", byTLS}, false},
			{asker{far, "", byTLS}, false},
			{asker{far, "phong-may-2", byUDP}, false},
			{asker{far, "phong-may-2", byTCP}, false},
		} {
			w := &worker{r: r}
			answer, wait := w.begin(slices.Grow(packed(t, 1, "good.example", dnswire.TypeA), 200), c.from)
			if wait != c.in || !wait && answer[3]&0x0f != dnswire.Refused {
				t.Errorf("open %v: %+v let in: %v", open, c.from, wait)
			}
		}
	}
}

func TestCertificateIsReadAnewAndAFaultyOneIsNot(t *testing.T) {
	d := openDoors(t, Config{})
	serial := func() int64 {
		t.Helper()
		conn, err := tls.Dial("tcp", d.at.TLS[0], &tls.Config{InsecureSkipVerify: true})
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
		return conn.ConnectionState().PeerCertificates[0].SerialNumber.Int64()
	}
	c := d.r.live.Load().cfg.Certificate
	if changed, err := c.Refresh(); changed || err != nil || serial() != 1 {
		t.Errorf("untouched: %v %v", changed, err)
	}
	certFile, _, _ := certificate(t, d.dir, 2, nodeHost)
	later := time.Now().Add(time.Minute)
	if err := os.Chtimes(certFile, later, later); err != nil {
		t.Fatal(err)
	}
	if changed, err := c.Refresh(); !changed || err != nil || serial() != 2 {
		t.Errorf("renewed: %v %v", changed, err)
	}
	if err := os.WriteFile(certFile, []byte("half a cert"), 0o600); err != nil {
		t.Fatal(err)
	}
	if changed, err := c.Refresh(); changed || !problem.Is(err, "node/bad-certificate") || serial() != 2 {
		t.Errorf("damaged: %v %v", changed, err)
	}
	if _, err := d.r.Listen(t.Context(), Addresses{TLS: []string{"256.0.0.1:1"}}); !problem.Is(err, "node/cannot-listen") {
		t.Error(err)
	}
}

// A device that asks for the encrypted ways gets this node's own, and only if
// it can check them.
func TestDesignatedWaysAreOwnAndCovered(t *testing.T) {
	d := openDoors(t, Config{})
	ask := func(network string, qtype uint16) dnswire.Reply {
		t.Helper()
		r, err := dnswire.Exchange(t.Context(), network, d.at.Plain[0], "_dns.resolver.arpa", qtype)
		if err != nil {
			t.Fatal(err)
		}
		return r
	}
	port := func(at string) string { _, p, _ := net.SplitHostPort(at); return p }
	want := []string{
		`SVCB 1 dns.school.example. alpn="doq" port="` + port(d.at.QUIC[0]) + `" ipv4hint="127.0.0.1"`,
		`SVCB 2 dns.school.example. alpn="h2,h3" port="` + port(d.at.HTTPS[0]) + `" ipv4hint="127.0.0.1" dohpath="/dns-query{?dns}"`,
		`SVCB 3 dns.school.example. alpn="dot" port="` + port(d.at.TLS[0]) + `" ipv4hint="127.0.0.1"`,
	}
	for _, network := range []string{"udp", "tcp"} {
		if r := ask(network, dnswire.TypeSVCB); !slices.Equal(r.Answers, want) {
			t.Errorf("%s: %q", network, r.Answers)
		}
	}
	if r := ask("udp", dnswire.TypeA); r.Rcode != dnswire.NoError || len(r.Answers) != 0 {
		t.Errorf("%+v", r)
	}
	for _, names := range [][]string{{"other.example", "127.0.0.1"}, {nodeHost}} { // another name; no address
		certFile, _, _ := certificate(t, d.dir, 3, names...)
		later := time.Now().Add(time.Duration(len(names)) * time.Minute)
		if err := os.Chtimes(certFile, later, later); err != nil {
			t.Fatal(err)
		}
		if _, err := d.r.live.Load().cfg.Certificate.Refresh(); err != nil {
			t.Fatal(err)
		}
		if r := ask("udp", dnswire.TypeSVCB); r.Rcode != dnswire.NoError || len(r.Answers) != 0 {
			t.Errorf("%v: %+v", names, r)
		}
	}
}
