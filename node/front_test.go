// SPDX-License-Identifier: Apache-2.0

package node

import (
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"lachan/internal/dnswire"
)

// A school may keep its own resolver and let it ask us: what we refuse is
// refused through it, a decision within seconds, and the rest is answered.
func TestBehindTheSchoolsOwnResolver(t *testing.T) {
	for _, front := range []struct {
		program, file string
		args          []string
		settings      func(listen, node string) string
	}{
		{"unbound", "unbound.conf", []string{"-d", "-c"}, func(listen, node string) string {
			return "server:\n interface: " + at(listen) + "\n username: \"\"\n chroot: \"\"\n pidfile: \"\"\n use-syslog: no\n do-daemonize: no\n do-ip6: no\n" +
				" do-not-query-localhost: no\n module-config: \"iterator\"\nforward-zone:\n name: \".\"\n forward-addr: " + at(node) + "\n"
		}},
		{"dnsdist", "dnsdist.conf", []string{"--supervised", "--disable-syslog", "-C"}, func(listen, node string) string {
			return "setLocal('" + listen + "')\nsetSecurityPollSuffix('')\nnewServer({address='" + node + "', checkName='lesson.example.', checkInterval=1})\n"
		}},
	} {
		t.Run(front.program, func(t *testing.T) {
			path, err := exec.LookPath(front.program)
			if err != nil {
				if path, err = exec.LookPath("/usr/sbin/" + front.program); err != nil {
					t.Skipf("%s is not installed (apt-get install %[1]s)", front.program)
				}
			}
			w := newWorld(t)
			w.publish(1, 0)
			n, _ := w.node(t.TempDir())
			w.ready(n, 1)
			free, err := net.Listen("tcp", "127.0.0.1:0")
			w.must(err)
			listen := free.Addr().String()
			w.must(free.Close())
			file := filepath.Join(t.TempDir(), front.file)
			w.must(os.WriteFile(file, []byte(front.settings(listen, n.DNSAddr())), 0o600))
			cmd := exec.Command(path, append(front.args, file)...)
			cmd.Stdout, cmd.Stderr = t.Output(), t.Output()
			w.must(cmd.Start())
			t.Cleanup(func() {
				_ = cmd.Process.Kill()
				_ = cmd.Wait()
			})
			through := func(name string) dnswire.Reply {
				r, err := dnswire.Exchange(t.Context(), "udp", listen, name, dnswire.TypeA)
				if err != nil {
					time.Sleep(50 * time.Millisecond) // it starts
				}
				return r
			}
			w.until("allowed", func() bool {
				r := through("lesson.example")
				return len(r.Answers) == 1 && r.Answers[0] == "A 192.0.2.10"
			})
			for _, name := range []string{"bet.example", "www.bet.example"} {
				if direct, r := w.ask(n, name, dnswire.TypeA), through(name); r.Rcode != direct.Rcode || len(r.Answers) != len(direct.Answers) || len(r.Answers) > 0 && r.Answers[0] != direct.Answers[0] || !refused(direct) {
					t.Errorf("%s: %+v through it, %+v from us", name, r, direct)
				}
			}
			w.decide(true, w.emergency("fresh.example", true))
			w.until("refused here", func() bool { return refused(w.ask(n, "fresh.example", dnswire.TypeA)) })
			direct := w.ask(n, "fresh.example", dnswire.TypeA)
			if r := through("fresh.example"); r.Rcode != direct.Rcode || len(r.Answers) != len(direct.Answers) {
				t.Errorf("decided: %+v, want %+v", r, direct)
			}
			w.decide(true, w.emergency("fresh.example", false))
			// Whoever was refused may ask again after the TTL of the refusal.
			w.until("taken back", func() bool {
				r := through("fresh.example")
				return len(r.Answers) == 1 && r.Answers[0] == "A 192.0.2.40"
			})
		})
	}
}

// at is an address as Unbound writes it.
func at(address string) string {
	host, port, _ := net.SplitHostPort(address)
	return host + "@" + port
}
