// SPDX-License-Identifier: Apache-2.0

package fleet

import (
	"context"
	"fmt"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"lachan/internal/bundle"
	"lachan/internal/dnswire"
	"lachan/internal/problem"
	"lachan/node"
)

// member is a node of the province that can be stopped and started again.
type member struct {
	t     *testing.T
	state string
	sites string
	*node.Node
	stop func()
}

func (m *member) start() {
	m.t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	n, err := node.New(ctx, node.Config{State: m.state, Listen: []string{"127.0.0.1:0"}, Upstreams: []string{m.sites}, PageListen: "off"}, node.Options{Version: "test"})
	must(m.t, err)
	done := make(chan error, 1)
	go func() { done <- n.Run(ctx) }()
	m.Node = n
	m.stop = func() { cancel(); must(m.t, <-done); m.stop = func() {} }
}

func (m *member) refuses(name string) bool {
	r, err := dnswire.Exchange(context.Background(), "udp", m.DNSAddr(), name, dnswire.TypeA)
	return err == nil && slices.Contains(r.EDE, dnswire.EDEBlocked)
}

func (m *member) soon(name string) {
	m.t.Helper()
	for start := time.Now(); !m.refuses(name); time.Sleep(5 * time.Millisecond) {
		if time.Since(start) > 20*time.Second {
			m.t.Fatalf("%s is not refused", name)
		}
	}
}

// The signing key changes and the old one is taken away; nodes that were
// there, that were away all the while, and that join later follow. What the
// old key signs after that counts nowhere, and a node without its hub keeps
// the rules it has.
func TestTheSigningKeyChanges(t *testing.T) {
	p := newProvince(t)
	sites, err := dnswire.NewAuthority("*.mau.example. 3600 IN A 192.0.2.10\n")
	must(t, err)
	must(t, sites.Start("127.0.0.1:0"))
	t.Cleanup(func() { sites.Close(context.Background()) })
	join := func(name string) *member {
		m := &member{t: t, state: filepath.Join(t.TempDir(), name), sites: sites.Addr()}
		_, err := node.Enrol(context.Background(), nil, m.state, p.URL(), p.token(t), "test")
		must(t, err)
		m.start()
		t.Cleanup(func() { m.stop() })
		m.soon("cuoc-mau.example")
		return m
	}
	here, away := join("here"), join("away")
	away.stop()

	ctx := context.Background()
	old, _, err := p.Schools.TrustedKeys(ctx)
	must(t, err)
	if _, err := p.Schools.RetireKey(ctx, operator); !problem.Is(err, "schools/no-key-to-retire") {
		t.Fatalf("the only key: %v", err)
	}
	if _, _, err := p.Schools.PrepareKey(ctx, lead); problem.KindOf(err) != problem.Forbidden {
		t.Fatalf("somebody else changes keys: %v", err)
	}
	if _, err := p.Schools.RotateKey(ctx, operator, "0123456789abcdef"); !problem.Is(err, "schools/signing-key-missing") {
		t.Fatalf("a key that is not there: %v", err)
	}
	id, _, err := p.Schools.PrepareKey(ctx, operator)
	must(t, err)
	p.decide(t, "truoc.mau.example") // by the old key
	l, err := p.Schools.RotateKey(ctx, operator, id)
	if err != nil || l.Number != 1 || l.Signer != id || l.Keys != 2 {
		t.Fatalf("%+v, %v", l, err)
	}
	p.decide(t, "giua.mau.example") // by the new key, over a bundle of the old
	here.soon("giua.mau.example")
	if _, err := p.Schools.RetireKey(ctx, operator); !problem.Is(err, "schools/key-still-needed") {
		t.Fatalf("the bundle in force is the old key's: %v", err)
	}
	between := join("between")
	between.soon("truoc.mau.example")
	_, err = p.Schools.BuildBundle(ctx, lead)
	must(t, err)
	l, err = p.Schools.RetireKey(ctx, operator)
	if err != nil || l.Number != 2 || l.Keys != 1 {
		t.Fatalf("%+v, %v", l, err)
	}
	p.decide(t, "sau.mau.example")
	away.start()
	for who, m := range map[string]*member{"here": here, "away": away, "between": between, "later": join("later")} {
		for _, name := range []string{"truoc", "giua", "sau"} {
			m.soon(name + ".mau.example")
		}
		t.Log(who, "has followed")
	}

	// Without its hub a node starts with what it has.
	here.stop()
	here.start()
	if !here.refuses("sau.mau.example") {
		t.Error("the rules are gone after a restart")
	}
	trusted, number, err := p.Schools.TrustedKeys(ctx)
	if err != nil || number != 2 || len(trusted) != 1 || bundle.IDOf(trusted[0]) != id || trusted[0].Equal(old[0]) {
		t.Errorf("%d keys in list %d, %v", len(trusted), number, err)
	}
	t.Run("a list that the old key signs", func(t *testing.T) {
		sealed, err := p.Schools.KeyLists(ctx, 0)
		must(t, err)
		if _, err := bundle.OpenKeyList(sealed[1], bundle.NewTrust(old[0])); err == nil {
			t.Error("the second list is signed by the first key")
		}
		if len(sealed) != 2 {
			t.Error(fmt.Sprint(len(sealed), " lists"))
		}
	})
}
