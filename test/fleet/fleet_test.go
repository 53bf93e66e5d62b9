// SPDX-License-Identifier: Apache-2.0

// Package fleet measures how long a decision of a whole hub takes to be in
// force in the schools: at one node, asked over DNS, and at a thousand, each
// with a connection, a state folder and rules of its own (DESIGN.md §13: 50 ms
// and 1 s at the 99th percentile, from the commit).
package fleet

import (
	"context"
	"crypto/ed25519"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/sync/errgroup"

	"lachan/duty/schools"
	"lachan/hub"
	"lachan/internal/authz"
	"lachan/internal/bundle"
	"lachan/internal/bus"
	"lachan/internal/dnswire"
	"lachan/internal/sqldb"
	"lachan/node"
	"lachan/node/sync"
	"lachan/test/kit"
)

// lead may enrol nodes and build bundles.
var lead = authz.Actor{Person: "lead", Unit: "dept", Roles: []string{authz.Lead}}

// operator may change the signing key.
var operator = authz.Actor{Person: "operator", Unit: "dept", Roles: []string{authz.Operator}}

// province is a running hub with one school and a first bundle.
type province struct {
	*hub.Hub
	school schools.School
}

func newProvince(t testing.TB) province {
	t.Helper()
	p := province{Hub: kit.Open(t, kit.Config(kit.Folder(t), ""), hub.Options{})}
	kit.Run(t, p.Hub)
	p.furnish(t)
	return p
}

func (p *province) furnish(t testing.TB) {
	t.Helper()
	ctx := context.Background()
	var err error
	p.school, err = p.Schools.SaveSchool(ctx, lead, schools.SchoolCommand{Unit: "truong-mau", Code: "TM01", Name: "Trường mẫu", Level: "primary", Pupils: 400})
	must(t, err)
	_, err = p.Schools.ListImport(ctx, lead, schools.ListMeta{Name: "mẫu", Category: "gambling", Format: schools.Plain}, strings.NewReader("cuoc-mau.example\n"))
	must(t, err)
	_, err = p.Schools.BuildBundle(ctx, lead)
	must(t, err)
}

// decide blocks a name at once; it returns right after the commit, or later.
func (p province) decide(t testing.TB, domain string) (committed time.Time) {
	t.Helper()
	err := p.DB.Tx(context.Background(), func(ctx context.Context, tx *sqldb.Tx) error {
		_, err := p.Schools.Enforce(ctx, tx, schools.EnforceCommand{
			DecisionID: domain, Domain: domain, Kind: schools.Provisional, Basis: "4569/2", ProposedBy: "officer",
		})
		tx.OnCommit(func() { committed = time.Now() })
		return err
	})
	must(t, err)
	return committed
}

func (p province) token(t testing.TB) string {
	t.Helper()
	token, _, err := p.Schools.CreateToken(context.Background(), lead, schools.TokenCommand{Name: "nút", Schools: []string{p.school.ID}})
	must(t, err)
	return token
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// spread says how times lie: median, 99th percentile and the longest, in ms.
func spread(b *testing.B, unit string, all []time.Duration) {
	slices.Sort(all)
	ms := func(d time.Duration) float64 { return d.Seconds() * 1000 }
	b.ReportMetric(ms(all[len(all)/2]), "p50-"+unit)
	b.ReportMetric(ms(all[len(all)*99/100]), "p99-"+unit)
	b.ReportMetric(ms(all[len(all)-1]), "max-"+unit)
	b.ReportMetric(0, "ns/op")
}

// BenchmarkDecisionToOneNode asks a node for a name that it has in its cache
// as open, while the name is being blocked: the time from the commit to the
// first refusal. -benchtime 200x makes a 99th percentile of it.
func BenchmarkDecisionToOneNode(b *testing.B) {
	p := newProvince(b)
	sites, err := dnswire.NewAuthority("*.mau.example. 3600 IN A 192.0.2.10\n")
	must(b, err)
	must(b, sites.Start("127.0.0.1:0"))
	b.Cleanup(func() { sites.Close(context.Background()) })
	state := filepath.Join(b.TempDir(), "node")
	ctx, stop := context.WithCancel(context.Background())
	_, err = node.Enrol(ctx, nil, state, p.URL(), p.token(b), "bench")
	must(b, err)
	n, err := node.New(ctx, node.Config{State: state, Listen: []string{"127.0.0.1:0"}, Upstreams: []string{sites.Addr()}, PageListen: "off"}, node.Options{Version: "bench"})
	must(b, err)
	done := make(chan error, 1)
	go func() { done <- n.Run(ctx) }()
	b.Cleanup(func() { stop(); must(b, <-done) })
	ask := func(name string) dnswire.Reply {
		r, err := dnswire.Exchange(ctx, "udp", n.DNSAddr(), name, dnswire.TypeA)
		must(b, err)
		return r
	}
	blocked := func(name string) bool { return slices.Contains(ask(name).EDE, dnswire.EDEBlocked) }
	for !blocked("www.cuoc-mau.example") { // the first bundle is there
		time.Sleep(10 * time.Millisecond)
	}
	var all []time.Duration
	for i := 0; b.Loop(); i++ {
		name := fmt.Sprintf("n%d.mau.example", i)
		if r := ask(name); !slices.Equal(r.Answers, []string{"A 192.0.2.10"}) {
			b.Fatalf("before anybody decided: %+v", r)
		}
		committed := make(chan time.Time, 1)
		go func() { committed <- p.decide(b, name) }()
		for !blocked(name) {
		}
		refused := time.Now()
		all = append(all, max(0, refused.Sub(<-committed)))
	}
	spread(b, "ms", all)
}

// simulated is a node without its sockets for DNS: all else is the product's.
type simulated struct{ keeper *sync.Keeper }

func (p province) simulate(ctx context.Context, t testing.TB, dir string, run *errgroup.Group) (simulated, error) {
	key, err := bus.NewNodeKey()
	if err != nil {
		return simulated{}, err
	}
	public, err := key.Public()
	if err != nil {
		return simulated{}, err
	}
	id, err := p.EnrolNode(ctx, p.token(t), public, "bench")
	if err != nil {
		return simulated{}, err
	}
	keeper, err := sync.OpenKeeper(sync.Options{Dir: dir, Keys: []ed25519.PublicKey{id.BundlePublicKey}, Schools: id.SchoolIDs, StandIn: bundle.Primary})
	if err != nil {
		return simulated{}, err
	}
	outbox, err := sync.OpenOutbox(dir)
	if err != nil {
		return simulated{}, err
	}
	health := func() bus.Health {
		b, d := keeper.Numbers()
		return bus.Health{Version: "bench", Bundle: b, Delta: d, Resolving: true}
	}
	syncer := sync.NewSyncer(id.NodeID, keeper, outbox, health, nil)
	conn, err := bus.Dial(bus.NodeConfig{URLs: id.BusURLs, Node: id.NodeID, JWT: id.UserJWT, Key: key, Schools: id.SchoolIDs}, syncer.Events())
	if err != nil {
		return simulated{}, err
	}
	run.Go(func() error {
		defer keeper.Settle()
		defer conn.Close()
		syncer.Run(ctx, conn)
		return nil
	})
	return simulated{keeper}, nil
}

// BenchmarkDecisionToAThousandNodes is from the commit of a decision until each
// of a thousand nodes in this process refuses the name (-short: a hundred).
// Each figure is over all nodes and decisions.
func BenchmarkDecisionToAThousandNodes(b *testing.B) {
	count := 1000
	if testing.Short() {
		count = 100
	}
	p := newProvince(b)
	ctx, stop := context.WithCancel(context.Background())
	var run errgroup.Group
	defer func() { stop(); must(b, run.Wait()) }()
	var nodes []simulated
	for i := range count {
		n, err := p.simulate(ctx, b, filepath.Join(b.TempDir(), fmt.Sprint(i)), &run)
		must(b, err)
		nodes = append(nodes, n)
	}
	refuses := func(n simulated, name bundle.Name) bool {
		v := n.keeper.View()
		var k bundle.Key
		v.Read(&k, append(name.Wire(), make([]byte, 8)...))
		return v.Decide(&k, bundle.Client{Band: bundle.Primary}, 0).Blocked
	}
	everywhere := func(name bundle.Name, from func() time.Time) (all []time.Duration) {
		at := make([]time.Time, len(nodes))
		for left := len(nodes); left > 0; {
			for i, n := range nodes {
				if at[i].IsZero() && refuses(n, name) {
					at[i] = time.Now()
					left--
				}
			}
			time.Sleep(time.Millisecond)
		}
		began := from()
		for _, t := range at {
			all = append(all, max(0, t.Sub(began)))
		}
		return all
	}
	listed, err := bundle.ParseName("www.cuoc-mau.example")
	must(b, err)
	everywhere(listed, time.Now) // all have the first bundle
	var all []time.Duration
	for i := 0; b.Loop(); i++ {
		domain := fmt.Sprintf("n%d.mau.example", i)
		name, err := bundle.ParseName(domain)
		must(b, err)
		committed := make(chan time.Time, 1)
		go func() { committed <- p.decide(b, domain) }()
		all = append(all, everywhere(name, func() time.Time { return <-committed })...)
		for _, n := range nodes {
			n.keeper.Settle() // a thousand schools have a thousand disks; here the next decision waits for this one
		}
	}
	spread(b, "ms", all)
}
