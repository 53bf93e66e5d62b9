// SPDX-License-Identifier: Apache-2.0

package resolver

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"slices"
	"testing"

	"lachan/internal/bundle"
	"lachan/internal/dnswire"
)

// safeView refuses gambling and asks for safe search and strict video in the
// primary band.
func safeView(t *testing.T, extra ...bundle.Rewrite) *bundle.View {
	t.Helper()
	b, err := bundle.NewBuilder([]bundle.Category{{Code: "gambling"}})
	if err != nil {
		t.Fatal(err)
	}
	n := names(t, "www.search.example", "safe.search.example", "www.tube.example", "strict.tube.example", "moderate.tube.example", "bad.search.example", "gone.search.example")
	if err := b.Add(n[5], "gambling"); err != nil {
		t.Fatal(err)
	}
	if err := b.Policy(bundle.Policy{Band: bundle.Primary, Blocked: []string{"gambling"}, SafeSearch: true, Video: bundle.VideoStrict}); err != nil {
		t.Fatal(err)
	}
	for _, r := range append([]bundle.Rewrite{
		{Kind: bundle.RewriteSafe, Name: n[0], Target: n[1]},
		{Kind: bundle.RewriteStrict, Name: n[2], Target: n[3]},
		{Kind: bundle.RewriteModerate, Name: n[2], Target: n[4]},
		{Kind: bundle.RewriteSafe, Name: n[5], Target: n[1]},
		{Kind: bundle.RewriteSafe, Name: n[6], Target: names(t, "nowhere.search.example")[0]},
	}, extra...) {
		if err := b.Rewrite(r); err != nil {
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
	v, err := bundle.NewView(bundle.Parts{Bundle: opened, StandIn: bundle.Primary})
	if err != nil {
		t.Fatal(err)
	}
	return v
}

const searchZone = `
www.search.example. 300 IN A 192.0.2.1
www.search.example. 300 IN AAAA 2001:db8::1
www.search.example. 300 IN HTTPS 1 . alpn=h2 ipv4hint=192.0.2.1
www.search.example. 300 IN TXT "the original"
other.search.example. 300 IN A 192.0.2.2
safe.search.example. 30 IN CNAME vip.search.example.
vip.search.example. 300 IN A 192.0.2.7
vip.search.example. 300 IN AAAA 2001:db8::7
www.tube.example. 300 IN A 192.0.2.3
strict.tube.example. 300 IN A 192.0.2.8
bad.search.example. 300 IN A 192.0.2.4
gone.search.example. 300 IN A 192.0.2.5
`

func TestSafeSearchAnswersAsTheSafeHost(t *testing.T) {
	zone := sites(t, searchZone)
	v := safeView(t)
	_, server := serve(t, Config{View: func() *bundle.View { return v }}, zone.Addr())
	ask := func(name string, qtype uint16) dnswire.Reply {
		t.Helper()
		r, err := dnswire.Exchange(context.Background(), "udp", server, name, qtype)
		if err != nil {
			t.Fatal(err)
		}
		return r
	}
	for range 2 { // from the upstream, then from the cache
		for _, c := range []struct {
			name  string
			qtype uint16
			want  []string
		}{
			{"www.search.example", dnswire.TypeA, []string{"CNAME safe.search.example.", "A 192.0.2.7"}},
			{"wWw.SEARCH.example", dnswire.TypeAAAA, []string{"CNAME safe.search.example.", "AAAA 2001:db8::7"}},
			{"www.search.example", dnswire.TypeHTTPS, []string{"CNAME safe.search.example."}}, // no hint of the original
			{"www.search.example", 16, []string{"CNAME safe.search.example."}},
			{"www.tube.example", dnswire.TypeA, []string{"CNAME strict.tube.example.", "A 192.0.2.8"}},
			{"www.tube.example", dnswire.TypeAAAA, []string{"CNAME strict.tube.example."}},
			{"other.search.example", dnswire.TypeA, []string{"A 192.0.2.2"}},
		} {
			r := ask(c.name, c.qtype)
			if r.Rcode != dnswire.NoError || !slices.Equal(r.Answers, c.want) {
				t.Errorf("%s type %d: %d %v, want %v", c.name, c.qtype, r.Rcode, r.Answers, c.want)
			}
			if len(c.want) > 1 && r.TTL > rewriteTTL {
				t.Errorf("%s may be remembered for %d s", c.name, r.TTL)
			}
		}
	}
	// A block stands above safe search; what has no safe host left fails, and
	// never leads to the original.
	if r := ask("bad.search.example", dnswire.TypeA); r.Rcode != dnswire.NameError {
		t.Errorf("a refused name: %d %v", r.Rcode, r.Answers)
	}
	if r := ask("gone.search.example", dnswire.TypeA); r.Rcode != dnswire.ServerFailure || len(r.Answers) != 0 {
		t.Errorf("without its safe host: %d %v", r.Rcode, r.Answers)
	}
}

// A block of the safe host holds for the name that answers as it.
func TestABlockHoldsBehindARewrite(t *testing.T) {
	zone := sites(t, searchZone+"loop.search.example. 300 IN A 192.0.2.9\n")
	n := names(t, "loop.search.example", "bad.search.example")
	v := safeView(t, bundle.Rewrite{Kind: bundle.RewriteSafe, Name: n[0], Target: n[1]})
	_, server := serve(t, Config{View: func() *bundle.View { return v }}, zone.Addr())
	r, err := dnswire.Exchange(context.Background(), "udp", server, "loop.search.example", dnswire.TypeA)
	if err != nil || r.Rcode != dnswire.NameError {
		t.Errorf("%v %d %v", err, r.Rcode, r.Answers)
	}
}

// With the upstreams gone a rewritten name fails instead of leading to the
// original.
func TestARewriteNeedsItsTarget(t *testing.T) {
	v := safeView(t)
	_, server := serve(t, Config{View: func() *bundle.View { return v }, Timeout: 50e6}, "127.0.0.1:1")
	r, err := dnswire.Exchange(context.Background(), "udp", server, "www.search.example", dnswire.TypeA)
	if err != nil || r.Rcode != dnswire.ServerFailure {
		t.Errorf("%v %d %v", err, r.Rcode, r.Answers)
	}
}
