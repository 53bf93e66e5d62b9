// SPDX-License-Identifier: Apache-2.0

package resolver

import (
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"lachan/internal/bundle"
	"lachan/internal/clock"
	"lachan/internal/dnswire"
	"lachan/internal/dnswire/dnssec/signed"
	"lachan/internal/problem"
)

// signedTree is a signed root with a good zone, one with signatures past their
// time, one that nobody signs and the zones of TestValidatingBesideTheRules.
func signedTree(t *testing.T) *signed.Tree {
	t.Helper()
	tr := signed.New()
	past := time.Now().Add(-48 * time.Hour)
	for _, z := range []struct {
		name, records string
		o             signed.Options
	}{
		{".", "", signed.Options{}},
		{"example.", "good 300 IN A 192.0.2.1\nh 300 IN HTTPS 1 . alpn=h2 ech=AAAA ipv4hint=192.0.2.9\ncloak 300 IN CNAME play\nplay 300 IN A 192.0.2.2\n", signed.Options{NSEC3: true}},
		{"broken.example.", "www 300 IN A 192.0.2.3", signed.Options{Begin: past, End: past.Add(time.Hour)}},
		{"open.example.", "www 300 IN A 192.0.2.4", signed.Options{Unsigned: true}},
		{"school.example.", "www 300 IN A 192.0.2.5", signed.Options{}},
	} {
		if err := tr.Add(z.name, z.records, z.o); err != nil {
			t.Fatal(err)
		}
	}
	stop, err := tr.Start()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(stop)
	return tr
}

// askBits asks with the given bits and returns flags and the answer.
func askBits(t *testing.T, addr, name string, qtype uint16, do, cd, ad bool) ([]byte, dnswire.Reply) {
	t.Helper()
	conn, err := net.Dial("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	conn.SetDeadline(time.Now().Add(10 * time.Second))
	q := dnswire.AppendQuery(nil, 7, names(t, name)[0].Wire(), qtype, do, cd)
	if !ad {
		q[3] &^= 0x20
	}
	if _, err := conn.Write(framed(q)); err != nil {
		t.Fatal(err)
	}
	msg, err := readFrame(conn)
	if err != nil {
		t.Fatal(err)
	}
	r, err := dnswire.ReadReply(msg)
	if err != nil {
		t.Fatal(err)
	}
	return msg, r
}

func TestAnswersAreProvenWhereAsked(t *testing.T) {
	tr := signedTree(t)
	own := sites(t, "*.truong.local. 300 IN A 192.0.2.7")
	v := bandView(t)
	cfg := Config{
		View: func() *bundle.View { return v }, CacheBytes: 1 << 20, Validate: true, Anchors: tr.Anchor(), Except: names(t, "school.example"),
		Zones: []Zone{{Name: names(t, "truong.local")[0], Servers: servers(own.Addr())}}, Text: func(uint16) string { return "không chứng minh được" },
	}
	_, addr := serve(t, cfg, tr.Addr())
	for range 2 { // from upstream, then from the cache
		for _, c := range []struct {
			name       string
			do, cd, ad bool
			rcode      int
			answers    int
			authentic  bool
			ede        []uint16
		}{
			{"good.example", false, false, false, 0, 1, false, nil},
			{"good.example", false, false, true, 0, 1, true, nil},
			{"good.example", true, false, false, 0, 2, true, nil},
			{"good.example", true, true, true, 0, 2, false, nil}, // the client proves for itself
			{"none.example", false, false, true, dnswire.NameError, 0, true, nil},
			{"www.broken.example", false, false, true, dnswire.ServerFailure, 0, false, []uint16{dnswire.EDESignatureExpired}},
			{"www.broken.example", true, true, true, 0, 2, false, nil},
			{"www.open.example", false, false, true, 0, 1, false, nil},
			{"www.school.example", false, false, true, 0, 1, false, nil}, // excepted
			{"www.truong.local", false, false, true, 0, 1, false, nil},
			{"play.example", false, false, true, dnswire.NameError, 0, false, []uint16{dnswire.EDEBlocked}},
			{"cloak.example", false, false, true, dnswire.NameError, 0, false, []uint16{dnswire.EDEBlocked}},
		} {
			msg, got := askBits(t, addr, c.name, dnswire.TypeA, c.do, c.cd, c.ad)
			if got.Rcode != c.rcode || len(got.Answers) != c.answers || got.Authentic != c.authentic || !slices.Equal(got.EDE, c.ede) || msg[3]&0x10 != 0 != c.cd {
				t.Errorf("%+v: %+v", c, got)
			}
			if got.Rcode == dnswire.ServerFailure && got.Text == "" {
				t.Errorf("%s: no reason in words", c.name)
			}
		}
	}
}

// The encrypted-hello keys go after the proof, and with them the word that the
// answer is proven.
func TestWhatWeChangeIsNotCalledProven(t *testing.T) {
	tr := signedTree(t)
	v := bandView(t)
	_, addr := serve(t, Config{View: func() *bundle.View { return v }, Validate: true, Anchors: tr.Anchor(), StripECH: true}, tr.Addr())
	if _, got := askBits(t, addr, "h.example", dnswire.TypeHTTPS, false, false, true); got.Rcode != 0 || len(got.Answers) != 1 || got.Authentic || strings.Contains(got.Answers[0], "ech=") {
		t.Errorf("%+v", got)
	}
}

// An answer past its time bridges an outage, and never a proof that failed.
func TestABogusAnswerIsNotBridged(t *testing.T) {
	tr := signedTree(t)
	at := clock.NewFixed(time.Now())
	v := bandView(t)
	_, addr := serve(t, Config{
		View: func() *bundle.View { return v }, Clock: at, CacheBytes: 1 << 20, Validate: true, Anchors: tr.Anchor(), StaleFor: 48 * time.Hour,
	}, tr.Addr())
	if _, got := askBits(t, addr, "good.example", dnswire.TypeA, false, false, true); !got.Authentic {
		t.Fatalf("%+v", got)
	}
	at.Advance(25 * time.Hour) // past TTL and signatures
	if _, got := askBits(t, addr, "good.example", dnswire.TypeA, false, false, true); got.Rcode != dnswire.ServerFailure || !slices.Equal(got.EDE, []uint16{dnswire.EDESignatureExpired}) {
		t.Errorf("%+v", got)
	}
	at.Advance(-25 * time.Hour) // the clock is mended, and what was bogus is forgotten
	if _, got := askBits(t, addr, "good.example", dnswire.TypeA, false, false, true); !got.Authentic || got.Rcode != 0 {
		t.Errorf("the clock is right again: %+v", got)
	}
}

// Another's validator, delv of BIND, accepts what comes through the node.
func TestDelvAcceptsWhatComesThrough(t *testing.T) {
	delv, err := exec.LookPath("delv")
	if err != nil {
		t.Skip("delv is not installed (apt-get install bind9-dnsutils)")
	}
	tr := signedTree(t)
	v := bandView(t)
	_, addr := serve(t, Config{View: func() *bundle.View { return v }, CacheBytes: 1 << 20, Validate: true, Anchors: tr.Anchor()}, tr.Addr())
	host, port, err := net.SplitHostPort(addr)
	if err != nil {
		t.Fatal(err)
	}
	key := strings.Fields(tr.Key(".").String())
	anchors := filepath.Join(t.TempDir(), "anchors")
	text := "trust-anchors { . static-key " + strings.Join(key[4:7], " ") + " \"" + strings.Join(key[7:], "") + "\"; };\n"
	if err := os.WriteFile(anchors, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]string{"good.example": "fully validated", "none.example": "negative response, fully validated", "www.open.example": "unsigned answer"} {
		out, err := exec.Command(delv, "@"+host, "-p", port, "-a", anchors, "+root=.", name, "A").CombinedOutput()
		if err != nil || !strings.Contains(string(out), want) {
			t.Errorf("%s: %v\n%s", name, err, out)
		}
	}
}

// Validation is switched by a swap of settings, and what was kept without it is
// not given out with it.
func TestValidationIsSwitchedWhileRunning(t *testing.T) {
	tr := signedTree(t)
	v := bandView(t)
	cfg := Config{
		View: func() *bundle.View { return v }, Clock: clock.System{}, CacheBytes: 1 << 20, Mode: NXDomain, Upstreams: servers(tr.Addr()), Anchors: tr.Anchor(),
	}
	r, addr := serve(t, cfg, tr.Addr())
	for _, validate := range []bool{false, true, false} {
		cfg.Validate = validate
		if err := r.Swap(cfg); err != nil {
			t.Fatal(err)
		}
		for name, rcode := range map[string]int{"good.example": 0, "www.broken.example": map[bool]int{true: dnswire.ServerFailure}[validate]} {
			if _, got := askBits(t, addr, name, dnswire.TypeA, false, false, true); got.Rcode != rcode || got.Authentic != (validate && rcode == 0) {
				t.Errorf("validate %v, %s: %+v", validate, name, got)
			}
		}
	}
	cfg.Validate, cfg.Anchors = true, "example. IN A 192.0.2.1"
	if err := r.Swap(cfg); !problem.Is(err, "node/bad-anchors") {
		t.Errorf("anchors that are none: %v", err)
	}
}
