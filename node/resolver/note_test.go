// SPDX-License-Identifier: Apache-2.0

package resolver

import (
	"bytes"
	"crypto/ed25519"
	"crypto/sha256"
	"net/netip"
	"slices"
	"testing"
	"time"

	"lachan/internal/bundle"
	"lachan/internal/clock"
	"lachan/node/faultlog"
)

// What the fault log is given of questions of a school that has one: not the
// names that are never logged, not the node's own with the words of devices
// before it, nothing of families, and nothing before the first bundle.
func TestWhatIsNoted(t *testing.T) {
	b, err := bundle.NewBuilder([]bundle.Category{{Code: "gambling"}})
	if err != nil {
		t.Fatal(err)
	}
	for _, n := range names(t, "bad.example") {
		if err := b.Add(n, "gambling"); err != nil {
			t.Fatal(err)
		}
	}
	for _, band := range bundle.AllBands() {
		if err := b.Policy(bundle.Policy{Band: band, Blocked: []string{"gambling"}}); err != nil {
			t.Fatal(err)
		}
	}
	b.NeverBlock(names(t, "help.example")[0])
	signer := bundle.NewSigner(ed25519.NewKeyFromSeed(bytes.Repeat([]byte{7}, 32)))
	var file bytes.Buffer
	if _, err := b.Build(&file, bundle.Head{Number: 1}, signer); err != nil {
		t.Fatal(err)
	}
	whole, err := bundle.Parse(file.Bytes(), bundle.NewTrust(signer.Public()))
	if err != nil {
		t.Fatal(err)
	}
	now := clock.NewFixed(time.Date(2026, 11, 23, 8, 0, 0, 0, clock.Vietnam))
	side := bundle.Side{
		School: "s1", Number: 1, Default: bundle.Primary, Devices: []bundle.Device{{ID: "phong-may-2", Band: bundle.Primary, Evening: bundle.Primary}},
		Log: bundle.FaultLog{Until: now.Now().UnixMicro() + 3_600_000_000, Word: sha256.Sum256([]byte("abcdefghkm"))},
	}
	view := func(b *bundle.Bundle, s bundle.Side) *bundle.View {
		v, err := bundle.NewView(bundle.Parts{Bundle: b, Sides: []bundle.Side{s}})
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
	off := side
	off.Log = bundle.FaultLog{}
	early := side // where nothing says yet that the name must never be refused
	early.Rules = []bundle.Rule{{Domain: names(t, "help.example")[0], Bands: bundle.EveryBand}}
	site := sites(t, "good.example. 60 IN A 192.0.2.1\nhelp.example. 60 IN A 192.0.2.2\nhub.example. 60 IN A 192.0.2.3\nphong-may-2.loc.example. 60 IN A 192.0.2.4\nalias.example. 60 IN CNAME bad.example.\nbad.example. 60 IN A 192.0.2.5")
	for _, c := range []struct {
		what string
		view *bundle.View
		from asker
		want []string // name and outcome, newest first
	}{
		{"a client", view(whole, side), asker{addr: netip.MustParseAddr("10.0.0.9")}, []string{"alias.example refused", "good.example answered", "bad.example refused"}},
		{"a device by its word", view(whole, side), asker{addr: netip.MustParseAddr("10.0.0.9"), by: byTLS, word: "phong-may-2"}, []string{"alias.example refused", "good.example answered", "bad.example refused"}},
		{"a family", view(whole, side), asker{addr: netip.MustParseAddr("10.0.0.9"), by: byTLS, word: bundle.Homes()[0].Word}, nil},
		{"no log", view(whole, off), asker{addr: netip.MustParseAddr("10.0.0.9")}, nil},
		{"no bundle", view(nil, early), asker{addr: netip.MustParseAddr("10.0.0.9")}, nil},
	} {
		l := faultlog.New()
		r, err := New(Config{
			Mode: NXDomain, View: func() *bundle.View { return c.view }, Clock: now, Upstreams: servers(site.Addr()), Timeout: 5 * time.Second,
			Log: l, Host: "loc.example", Homes: true, AlwaysResolve: names(t, "hub.example"),
		})
		if err != nil {
			t.Fatal(err)
		}
		for _, n := range names(t, "bad.example", "help.example", "hub.example", "phong-may-2.loc.example", "good.example", "alias.example") {
			w := &worker{r: r}
			msg := slices.Grow(append(append([]byte{0, 1, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0}, n.Wire()...), 0, 1, 0, 1), packetSize)
			if _, wait := w.begin(msg, c.from); wait {
				w.finish(t.Context(), msg, c.from)
			}
		}
		var got []string
		for _, line := range l.Read(c.view, now.Now(), "abcdefghkm", "", 100).Lines {
			got = append(got, line.Name.String()+" "+line.Outcome.String())
		}
		if !slices.Equal(got, c.want) {
			t.Errorf("%s: %q, want %q", c.what, got, c.want)
		}
	}
}
