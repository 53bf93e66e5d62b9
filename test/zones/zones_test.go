// SPDX-License-Identifier: Apache-2.0

// Package zones tries the hub's name server with the programs of others: dig;
// BIND, which takes the zone with a signature and refuses the names; and NSD,
// which takes it with a signature and hands it to Unbound, which refuses the
// names. (Unbound itself signs no transfers: NLnetLabs/unbound#336.)
package zones

import (
	"context"
	"encoding/base64"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"lachan/duty/schools"
	"lachan/hub"
	"lachan/internal/authz"
	"lachan/internal/clock"
	"lachan/internal/dnswire"
	"lachan/internal/sqldb"
	"lachan/test/kit"
)

// spaces stand between the columns of dig.
var spaces = regexp.MustCompile(`[\t ]+`)

var lead = authz.Actor{Person: "lead-1", Unit: "dept", Roles: []string{authz.Lead}}

// program finds a program of another, or skips.
func program(t *testing.T, name, from string) string {
	t.Helper()
	for _, path := range []string{name, "/usr/sbin/" + name} {
		if found, err := exec.LookPath(path); err == nil {
			return found
		}
	}
	t.Skipf("%s is not installed (apt-get install %s)", name, from)
	return ""
}

// giving is a hub that gives zones, with a list and a bundle.
func giving(t *testing.T) *hub.Hub {
	t.Helper()
	cfg := kit.Config(kit.Folder(t), "")
	cfg.Transfer.Listen = "127.0.0.1:0"
	h := kit.Open(t, cfg, hub.Options{})
	meta := schools.ListMeta{Name: "cá cược", Category: "gambling", Format: schools.Plain, Licence: "CC0-1.0"}
	var names strings.Builder
	for i := range 3000 {
		fmt.Fprintf(&names, "ca-cuoc-%d-mau.example\n", i)
	}
	if _, err := h.Schools.ListImport(t.Context(), lead, meta, strings.NewReader(names.String())); err != nil {
		t.Fatal(err)
	}
	if _, err := h.Schools.BuildBundle(t.Context(), lead); err != nil {
		t.Fatal(err)
	}
	if _, err := h.Schools.AddSubscriber(t.Context(), lead, "Trường mẫu", []string{"primary"}); err != nil {
		t.Fatal(err)
	}
	kit.Run(t, h)
	return h
}

// keyOf gives the subscriber a key: as dig takes it, and in its parts.
func keyOf(t *testing.T, h *hub.Hub, algorithm, notify string) (name, secret string) {
	t.Helper()
	key, plain, err := h.Schools.GiveTransferKey(t.Context(), lead, schools.TransferKeyCommand{Subscriber: "Trường mẫu", Algorithm: algorithm, Notify: notify})
	if err != nil {
		t.Fatal(err)
	}
	return key.Name, base64.StdEncoding.EncodeToString(plain)
}

func enforce(t *testing.T, h *hub.Hub, domain string) (b schools.Block) {
	t.Helper()
	err := h.DB.Tx(t.Context(), func(ctx context.Context, tx *sqldb.Tx) (err error) {
		b, err = h.Schools.Enforce(ctx, tx, schools.EnforceCommand{
			DecisionID: "decision-" + domain, CaseID: "case-1", Domain: domain, Kind: schools.Provisional, Basis: "4569/2", ProposedBy: "officer-1",
		})
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// until asks again for up to half a minute.
func until(t *testing.T, what string, ok func() bool) {
	t.Helper()
	for deadline := time.Now().Add(30 * time.Second); !ok(); time.Sleep(50 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal(what)
		}
	}
}

func TestDigTakesTheZone(t *testing.T) {
	dig := program(t, "dig", "bind9-dnsutils")
	h := giving(t)
	host, port, err := net.SplitHostPort(h.ZoneAddr())
	if err != nil {
		t.Fatal(err)
	}
	ask := func(args ...string) string {
		out, _ := exec.Command(dig, append([]string{"@" + host, "-p", port, "+tries=1", "+time=5", "+nocrypto"}, args...)...).CombinedOutput()
		return strings.ReplaceAll(spaces.ReplaceAllString(string(out), " "), " \n", "\n")
	}
	for _, algorithm := range schools.TransferAlgorithms() {
		name, secret := keyOf(t, h, algorithm, "")
		key := algorithm + ":" + name + ":" + secret
		serial := func() (n uint32) {
			text := ask("-y", key, "+short", "primary.rpz.lachan", "SOA")
			fmt.Sscanf(text, "localhost. root.localhost. %d", &n) //nolint:errcheck // 0 is not yet
			return n
		}
		until(t, "there is no zone", func() bool { return serial() > 0 })
		whole := ask("-y", key, "primary.rpz.lachan", "AXFR")
		for _, line := range []string{"ca-cuoc-2999-mau.example.primary.rpz.lachan. 60 IN CNAME .", "*.ca-cuoc-0-mau.example.primary.rpz.lachan. 60 IN CNAME ."} {
			if !strings.Contains(whole, line) {
				t.Errorf("%s: the whole zone does not say %q", algorithm, line)
			}
		}
		if strings.Count(whole, " SOA ") != 2 || strings.Contains(whole, "WARNING") || !strings.Contains(whole, "TSIG") {
			t.Errorf("%s: not a whole transfer with signatures:\n%.600s", algorithm, whole)
		}
		before := serial()
		block := enforce(t, h, "chan-"+algorithm+"-mau.example")
		until(t, "the decision is in no version", func() bool { return serial() > before })
		small := ask("-y", key, "primary.rpz.lachan", fmt.Sprintf("IXFR=%d", before))
		if n := strings.Count(small, " CNAME "); n != 2 || strings.Count(small, " SOA ") != 4 || strings.Contains(small, "WARNING") {
			t.Errorf("%s: a decision is %d names:\n%.600s", algorithm, n, small)
		}
		if _, err := h.Schools.WithdrawBlock(t.Context(), lead, block.ID, "mistake"); err != nil {
			t.Fatal(err)
		}
		decided := serial()
		until(t, "the withdrawal is in no version", func() bool { return serial() > decided })
		if back := ask("-y", key, "primary.rpz.lachan", fmt.Sprintf("IXFR=%d", before)); strings.Count(back, " CNAME ") != 4 {
			t.Errorf("%s: made and withdrawn:\n%.600s", algorithm, back)
		}
		if old := ask("-y", key, "primary.rpz.lachan", "IXFR=1000000"); strings.Count(old, " SOA ") != 1 {
			t.Errorf("%s: newer than we are:\n%.600s", algorithm, old)
		}
		if none := ask("-y", key, "primary.rpz.lachan", "IXFR=0"); strings.Count(none, " CNAME ") < 6000 {
			t.Errorf("%s: too old is answered with %.600s", algorithm, none)
		}
		for what, args := range map[string][]string{
			"no key":            {"primary.rpz.lachan", "AXFR"},
			"no key, serial":    {"primary.rpz.lachan", "SOA"},
			"no key, TCP":       {"+tcp", "primary.rpz.lachan", "SOA"},
			"a wrong secret":    {"-y", algorithm + ":" + name + ":" + base64.StdEncoding.EncodeToString(make([]byte, 32)), "primary.rpz.lachan", "AXFR"},
			"another name":      {"-y", algorithm + ":lachan-x:" + secret, "primary.rpz.lachan", "AXFR"},
			"a weak algorithm":  {"-y", "hmac-md5:" + name + ":" + secret, "primary.rpz.lachan", "AXFR"},
			"another band":      {"-y", key, "staff.rpz.lachan", "AXFR"},
			"another zone":      {"-y", key, "primary.rpz.example", "AXFR"},
			"a name in it":      {"-y", key, "ca-cuoc-1-mau.example.primary.rpz.lachan", "CNAME"},
			"whole, over UDP":   {"-y", key, "+notcp", "primary.rpz.lachan", "ANY"},
			"another algorithm": {"-y", "hmac-sha384:" + name + ":" + secret, "primary.rpz.lachan", "SOA"},
		} {
			if out := ask(args...); strings.Contains(out, " CNAME ") || strings.Contains(out, " SOA ") {
				t.Errorf("%s, %s:\n%.600s", algorithm, what, out)
			}
		}
		if err := h.Schools.DropTransferKey(t.Context(), lead, "Trường mẫu"); err != nil {
			t.Fatal(err)
		}
		if out := ask("-y", key, "primary.rpz.lachan", "SOA"); !strings.Contains(out, "NOTAUTH") || !strings.Contains(out, "BADKEY") {
			t.Errorf("%s: taken back, and still answered: %s", algorithm, out)
		}
	}
}

// upstream answers every name below example.
func upstream(t *testing.T) *dnswire.Authority {
	t.Helper()
	sites, err := dnswire.NewAuthority("*.example. 60 IN A 192.0.2.7\n")
	if err != nil {
		t.Fatal(err)
	}
	if err := sites.Start("127.0.0.1:0"); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { sites.Close(context.Background()) })
	return sites
}

// refuses says how the resolver at a port answers now.
func refuses(t *testing.T, port string) func(name string) bool {
	return func(name string) bool {
		reply, err := dnswire.Exchange(t.Context(), "udp", "127.0.0.1:"+port, name, dnswire.TypeA)
		return err == nil && reply.Rcode == dnswire.NameError
	}
}

// follows wants of a resolver that it refuses what the zone says, and follows a
// decision and its withdrawal.
func follows(t *testing.T, h *hub.Hub, refused func(name string) bool) {
	t.Helper()
	for _, name := range []string{"ca-cuoc-1-mau.example", "ca-cuoc-2999-mau.example", "www.ca-cuoc-7-mau.example"} { // BIND reads a zone in parts
		until(t, name+" is not refused", func() bool { return refused(name) })
	}
	if refused("truong-mau.example") || refused("moi-mau.example") {
		t.Error("what we do not refuse is refused")
	}
	block := enforce(t, h, "moi-mau.example")
	until(t, "the decision did not arrive", func() bool { return refused("x.moi-mau.example") })
	if _, err := h.Schools.WithdrawBlock(t.Context(), lead, block.ID, "mistake"); err != nil {
		t.Fatal(err)
	}
	until(t, "the withdrawal did not arrive", func() bool { return !refused("moi-mau.example") })
}

// BIND takes the zone itself, signed, and is told of each version.
func TestBindRefusesWhatItTook(t *testing.T) {
	named := program(t, "named", "bind9")
	h := giving(t)
	dir := kit.Folder(t)
	_, port, _ := net.SplitHostPort(kit.FreePort(t))
	name, secret := keyOf(t, h, "hmac-sha512", "127.0.0.1:"+port)
	_, hubPort, _ := net.SplitHostPort(h.ZoneAddr())
	_, sitesPort, _ := net.SplitHostPort(upstream(t).Addr())
	write(t, dir, "named.conf", `options {
	directory "`+dir+`"; pid-file none; session-keyfile none; lock-file none;
	listen-on port `+port+` { 127.0.0.1; }; listen-on-v6 { none; };
	recursion yes; forward only; forwarders { 127.0.0.1 port `+sitesPort+`; };
	dnssec-validation no; response-policy { zone "primary.rpz.lachan"; } qname-wait-recurse no min-update-interval 0;
};
controls { };
key "`+name+`" { algorithm hmac-sha512; secret "`+secret+`"; };
zone "primary.rpz.lachan" {
	type secondary; file "primary.db"; primaries { 127.0.0.1 port `+hubPort+` key "`+name+`"; };
	allow-notify { key "`+name+`"; }; allow-query { none; };
};
`)
	said := run(t, named, "-g", "-c", filepath.Join(dir, "named.conf"))
	follows(t, h, refuses(t, port))
	text := said()
	if n := strings.Count(text, "TSIG '"+name+"'"); n < 3 {
		t.Errorf("BIND took %d signed transfers", n)
	}
	// Of a difference it takes a handful of records, of the whole 6,000.
	if !regexp.MustCompile(`Transfer completed: \d+ messages, [1-9]\d? records`).MatchString(text) {
		t.Error("BIND took no differences")
	}
}

// A decision reaches a filter of another make by notice and difference, and a
// withdrawal too.
func TestUnboundRefusesWhatItTook(t *testing.T) {
	nsd, unbound := program(t, "nsd", "nsd"), program(t, "unbound", "unbound")
	h := giving(t)
	sites := upstream(t)
	dir := kit.Folder(t)
	_, nsdPort, _ := net.SplitHostPort(kit.FreePort(t))
	_, unboundPort, _ := net.SplitHostPort(kit.FreePort(t))
	name, secret := keyOf(t, h, "hmac-sha256", "127.0.0.1:"+nsdPort)
	write(t, dir, "nsd.conf", `server:
	ip-address: 127.0.0.1@`+nsdPort+`
	server-count: 1
	username: ""
	zonesdir: "`+dir+`"
	database: ""
	zonelistfile: "`+dir+`/zone.list"
	xfrdfile: "`+dir+`/xfrd.state"
	xfrdir: "`+dir+`"
	pidfile: ""
	logfile: "`+dir+`/nsd.log"
	verbosity: 2
	xfrd-reload-timeout: 0
remote-control:
	control-enable: no
key:
	name: "`+name+`"
	algorithm: hmac-sha256
	secret: "`+secret+`"
zone:
	name: primary.rpz.lachan
	zonefile: primary.zone
	request-xfr: `+strings.Replace(h.ZoneAddr(), ":", "@", 1)+` `+name+`
	allow-notify: 127.0.0.1 `+name+`
	store-ixfr: yes
	provide-xfr: 127.0.0.1 NOKEY
	notify: 127.0.0.1@`+unboundPort+` NOKEY
`)
	write(t, dir, "unbound.conf", `server:
	interface: 127.0.0.1@`+unboundPort+`
	directory: "`+dir+`"
	chroot: ""
	username: ""
	pidfile: ""
	use-syslog: no
	do-daemonize: no
	do-ip6: no
	do-not-query-localhost: no
	module-config: "respip iterator"
	verbosity: 4
forward-zone:
	name: "."
	forward-addr: `+strings.Replace(sites.Addr(), ":", "@", 1)+`
rpz:
	name: primary.rpz.lachan
	primary: 127.0.0.1@`+nsdPort+`
	allow-notify: 127.0.0.1
	zonefile: rpz.zone
`)
	run(t, nsd, "-d", "-c", filepath.Join(dir, "nsd.conf"))
	said := run(t, unbound, "-d", "-c", filepath.Join(dir, "unbound.conf"))
	follows(t, h, refuses(t, unboundPort))
	log, err := os.ReadFile(filepath.Join(dir, "nsd.log"))
	if err != nil {
		t.Fatal(err)
	}
	if n := strings.Count(string(log), "TSIG verified with key "+name); n < 3 {
		t.Errorf("NSD took %d signed transfers:\n%s", n, log)
	}
	if text := said(); !strings.Contains(text, "IXFR") && !strings.Contains(text, "ixfr") {
		t.Error("Unbound took no differences")
	}
}

func write(t *testing.T, dir, name, text string) {
	t.Helper()
	if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

// run starts a program and ends it with the test; said is what it wrote.
func run(t *testing.T, path string, args ...string) (said func() string) {
	t.Helper()
	file, err := os.CreateTemp(t.TempDir(), "said")
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(path, args...)
	cmd.Stdout, cmd.Stderr = file, file
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	said = func() string {
		text, err := os.ReadFile(file.Name())
		if err != nil {
			t.Fatal(err)
		}
		return string(text)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Signal(os.Interrupt)
		done := make(chan struct{})
		go func() { _ = cmd.Wait(); close(done) }()
		select {
		case <-done:
		case <-time.After(5 * time.Second):
			_ = cmd.Process.Kill()
			<-done
		}
		if t.Failed() {
			text := said()
			t.Logf("%s:\n%s", path, text[max(0, len(text)-4000):])
		}
		file.Close()
	})
	return said
}

// A sweep for files that nobody needs leaves the zones.
func TestSweepLeavesZones(t *testing.T) {
	now := clock.NewFixed(time.Now())
	h := kit.Open(t, kit.Config(kit.Folder(t), ""), hub.Options{Clock: now})
	if _, err := h.Schools.BuildBundle(t.Context(), lead); err != nil {
		t.Fatal(err)
	}
	if _, err := h.Schools.AddSubscriber(t.Context(), lead, "Trường mẫu", []string{"primary"}); err != nil {
		t.Fatal(err)
	}
	name, _ := keyOf(t, h, "", "")
	if made, err := h.Schools.RefreshZones(t.Context()); err != nil || len(made) != 1 {
		t.Fatalf("%+v, %v", made, err)
	}
	now.Advance(30 * 24 * time.Hour)
	if _, swept, err := h.Fsck(t.Context()); err != nil || swept != 0 {
		t.Errorf("%d files swept, %v", swept, err)
	}
	z, err := h.Schools.ZoneFor(t.Context(), name, "primary")
	if err != nil {
		t.Fatal(err)
	}
	if err := h.Schools.ZoneWhole(t.Context(), name, z, func(schools.ZoneRule) error { return nil }); err != nil {
		t.Error(err)
	}
}
