// SPDX-License-Identifier: Apache-2.0

package fleet

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"lachan/duty/schools"
	"lachan/internal/dnswire"
	"lachan/internal/testkit"
	"lachan/test/kit"
)

// TestNodeIsKilledDuringSwaps kills the node's own program at random moments
// while bundle after bundle comes in. It must start again, filter with what it
// had from its first answer on, never go back, and find the newest bundle.
func TestNodeIsKilledDuringSwaps(t *testing.T) { killNode(t, 25) }

// TestSoakNodeKills is the same, 500 times.
func TestSoakNodeKills(t *testing.T) {
	if os.Getenv("LACHAN_SOAK") == "" {
		t.Skip("for make soak")
	}
	killNode(t, 500)
}

func killNode(t *testing.T, kills int) {
	if testing.Short() || testkit.Race {
		kills = min(kills, 5)
	}
	dir := t.TempDir()
	program := filepath.Join(dir, "lachan-node")
	build := exec.Command("go", "build", "-o", program, "lachan/cmd/lachan-node")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	p := newProvince(t)
	sites, err := dnswire.NewAuthority("*.mau.example. 3600 IN A 192.0.2.10\n")
	must(t, err)
	must(t, sites.Start("127.0.0.1:0"))
	t.Cleanup(func() { sites.Close(context.Background()) })
	state, settings, address := filepath.Join(dir, "node"), filepath.Join(dir, "node.toml"), kit.FreePort(t)
	text := fmt.Sprintf("state = %q\nlisten = [%q]\nupstreams = [%q]\npage_listen = \"off\"\n", state, address, sites.Addr())
	must(t, os.WriteFile(settings, []byte(text), 0o600))
	enrol := exec.Command(program, "enrol", settings, p.URL(), p.token(t))
	if out, err := enrol.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	refused := func(name string) (yes, answered bool) {
		ctx, cancel := context.WithTimeout(context.Background(), 200*time.Millisecond)
		defer cancel()
		r, err := dnswire.Exchange(ctx, "udp", address, name, dnswire.TypeA)
		return err == nil && slices.Contains(r.EDE, dnswire.EDEBlocked), err == nil
	}
	name := func(edition int) string { return fmt.Sprintf("lan%d.mau.example", edition) }
	const filled = 25              // editions whose names make the file large enough to be caught half-way
	publish := func(edition int) { // every edition has the names of the last ones, and its own
		var listed strings.Builder
		for e := range edition + 1 {
			fmt.Fprintln(&listed, name(e))
			for i := 0; i < 8000 && e > edition-filled; i++ {
				fmt.Fprintf(&listed, "n%d-%d.danh-sach.example\n", e, i)
			}
		}
		_, err := p.Schools.ListImport(context.Background(), lead, schools.ListMeta{Name: "mẫu", Category: "gambling", Format: schools.Plain}, strings.NewReader(listed.String()))
		must(t, err)
		_, err = p.Schools.BuildBundle(context.Background(), lead)
		must(t, err)
	}
	publish(0)
	seen := -1 // the highest edition that the node has shown
	for edition := 1; edition <= kills; edition++ {
		node := exec.Command(program, settings)
		node.Stderr = t.Output()
		must(t, node.Start())
		first := time.Now()
		for {
			old, answered := seen < 0, false
			if seen >= 0 {
				old, answered = refused(name(seen))
			} else if _, answered = refused(name(0)); answered {
				break
			}
			if answered && !old {
				t.Fatalf("kill %d: the node went back behind edition %d", edition-1, seen)
			}
			if answered {
				break
			}
			if time.Since(first) > 20*time.Second {
				t.Fatalf("kill %d: the node does not start again", edition-1)
			}
			time.Sleep(time.Millisecond)
		}
		for yes := false; !yes; yes, _ = refused(name(edition - 1)) { // it finds the newest
			if time.Since(first) > 60*time.Second {
				t.Fatalf("kill %d: edition %d does not arrive", edition-1, edition-1)
			}
			time.Sleep(2 * time.Millisecond)
		}
		seen = edition - 1
		publish(edition)
		time.Sleep(time.Duration(rand.IntN(120)) * time.Millisecond)
		if yes, _ := refused(name(edition)); yes {
			seen = edition
		}
		must(t, node.Process.Kill())
		_ = node.Wait() // it was killed
	}
	nodes, err := p.Schools.Nodes(context.Background(), lead)
	if err != nil || len(nodes) != 1 || nodes[0].Rejected != 0 {
		t.Errorf("%+v, %v", nodes, err)
	}
}
