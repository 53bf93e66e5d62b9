// SPDX-License-Identifier: Apache-2.0

package resolver

import (
	"net/netip"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"lachan/internal/bundle"
	"lachan/internal/dnswire"
	"lachan/internal/problem"
)

// Settings change again and again while clients ask over every way; not one
// question is lost, and each answer is that of the old or of the new settings.
func TestSwapUnderLoadLosesNothing(t *testing.T) {
	one, two := sites(t, "*.example. 1 IN A 192.0.2.1"), sites(t, "*.example. 1 IN A 192.0.2.2")
	d := openDoors(t, Config{Upstreams: servers(one.Addr())})
	base := d.r.live.Load().cfg
	stop := make(chan struct{})
	var asked atomic.Int64
	var wait sync.WaitGroup
	for c := range 8 {
		wait.Go(func() {
			for i := 0; ; i++ {
				select {
				case <-stop:
					return
				default:
				}
				name := "n" + strconv.Itoa(c) + "x" + strconv.Itoa(i) + ".example"
				network := []string{"udp", "udp", "udp", "tcp"}[c%4]
				r, err := dnswire.Exchange(t.Context(), network, d.at.Plain[0], name, dnswire.TypeA)
				if err != nil || !slices.Equal(r.Answers, []string{"A 192.0.2.1"}) && !slices.Equal(r.Answers, []string{"A 192.0.2.2"}) {
					t.Errorf("%s %s: %v %+v", network, name, err, r)
					return
				}
				asked.Add(1)
			}
		})
	}
	for i := range 60 {
		cfg := base
		cfg.Upstreams = servers([]string{one.Addr(), two.Addr()}[i%2])
		cfg.CacheBytes = (1 + i%3) << 18
		cfg.StripECH = i%5 == 0
		if err := d.r.Swap(cfg); err != nil {
			t.Error(err)
		}
		time.Sleep(10 * time.Millisecond)
	}
	close(stop)
	wait.Wait()
	if asked.Load() < 500 {
		t.Errorf("only %d questions", asked.Load())
	}
	t.Logf("%d questions over 60 changes", asked.Load())
}

func TestSwapPutsSettingsInForce(t *testing.T) {
	a := sites(t, "good.example. 300 IN A 192.0.2.3\ninside.example. 300 IN A 10.0.0.1")
	d := openDoors(t, Config{Upstreams: servers(a.Addr())})
	if r := exchange(t, d.at.Plain[0], "play.example", dnswire.TypeA); r.Rcode != dnswire.NameError {
		t.Errorf("%+v", r)
	}
	if r := exchange(t, d.at.Plain[0], "inside.example", dnswire.TypeA); len(r.Answers) != 0 {
		t.Errorf("%+v", r)
	}
	cfg := d.r.live.Load().cfg
	zones := d.r.live.Load().zones
	cfg.Mode, cfg.Page4 = Page, netip.MustParseAddr("192.0.2.80")
	cfg.PrivateNames = []bundle.Name{names(t, "inside.example")[0]}
	if err := d.r.Swap(cfg); err != nil {
		t.Fatal(err)
	}
	if r := exchange(t, d.at.Plain[0], "play.example", dnswire.TypeA); !slices.Equal(r.Answers, []string{"A 192.0.2.80"}) {
		t.Errorf("the page: %+v", r)
	}
	if r := exchange(t, d.at.Plain[0], "inside.example", dnswire.TypeA); !slices.Equal(r.Answers, []string{"A 10.0.0.1"}) {
		t.Errorf("a name of ours: %+v", r)
	}
	if d.r.live.Load().zones != zones {
		t.Error("the same upstreams were made anew, and forgot their health")
	}
	cfg.Upstreams = nil
	if err := d.r.Swap(cfg); !problem.Is(err, "node/no-upstream") {
		t.Error(err)
	}
	if r := exchange(t, d.at.Plain[0], "play.example", dnswire.TypeA); !slices.Equal(r.Answers, []string{"A 192.0.2.80"}) {
		t.Errorf("after settings that cannot be: %+v", r)
	}
}
