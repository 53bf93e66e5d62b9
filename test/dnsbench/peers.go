// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"strings"
)

func echoPlain(ctx context.Context, _ plan, _ *work, _ string) (*server, error) {
	return echo("echo", "plain")
}

func echoBatch(ctx context.Context, _ plan, _ *work, _ string) (*server, error) {
	return echo("echo-batch", "batch")
}

func echo(name, kind string) (*server, error) {
	address, err := freeAddress()
	return &server{name: name, address: address, args: []string{self(), "child", kind, address}}, err
}

// unboundRPZ serves the names as a response policy zone: two records a name,
// so that what lies below is refused too.
func unboundRPZ(_ context.Context, p plan, w *work, upstream string) (*server, error) {
	program, err := exec.LookPath("unbound")
	if err != nil {
		return nil, notInstalled("unbound")
	}
	address, err := freeAddress()
	if err != nil {
		return nil, err
	}
	zone, settings := p.path("rpz.zone"), p.path("unbound.conf")
	head := "$TTL 60\n@ SOA localhost. root.localhost. 1 3600 600 86400 60\n@ NS localhost.\n"
	if err := lines(zone, head, "", w.names, func(out io.Writer, n string) { fmt.Fprintf(out, "%s CNAME .\n*.%s CNAME .\n", n, n) }); err != nil {
		return nil, err
	}
	text := fmt.Sprintf(`server:
  interface: %s
  num-threads: 1
  do-daemonize: no
  chroot: ""
  username: ""
  directory: %q
  pidfile: ""
  use-syslog: no
  verbosity: 0
  do-not-query-localhost: no
  do-ip6: no
  msg-cache-size: 64m
  rrset-cache-size: 128m
  so-rcvbuf: 4m
  access-control: 127.0.0.0/8 allow
  module-config: "respip iterator"
rpz:
  name: "rpz.local."
  zonefile: %q
forward-zone:
  name: "."
  forward-addr: %s
`, strings.Replace(address, ":", "@", 1), p.dir, zone, strings.Replace(upstream, ":", "@", 1))
	if err := os.WriteFile(settings, []byte(text), 0o644); err != nil {
		return nil, err
	}
	return &server{name: "unbound-rpz", address: address, args: []string{program, "-c", settings}, filters: true}, nil
}

// dnsdistCDB looks names up in a constant database file, by suffix.
func dnsdistCDB(ctx context.Context, p plan, w *work, upstream string) (*server, error) {
	tool, err := exec.LookPath("cdb")
	if err != nil {
		return nil, notInstalled("tinycdb")
	}
	input, file := p.path("cdb.in"), p.path("names.cdb")
	err = lines(input, "", "\n", w.names, func(out io.Writer, n string) { fmt.Fprintf(out, "+%d,1:%s->1\n", len(n), n) })
	if err != nil {
		return nil, err
	}
	if out, err := exec.CommandContext(ctx, tool, "-c", file, input).CombinedOutput(); err != nil {
		return nil, fmt.Errorf("cdb: %w: %s", err, out)
	}
	return dnsdist(p, "dnsdist-cdb", upstream, fmt.Sprintf(`kvs = newCDBKVStore(%q, 1)
addAction(KeyValueStoreLookupRule(kvs, KeyValueLookupKeySuffix(1, false)), RCodeAction(DNSRCode.NXDOMAIN))
`, file))
}

// dnsdistTree keeps names in a tree of sets.
func dnsdistTree(_ context.Context, p plan, w *work, upstream string) (*server, error) {
	list := p.path("names.txt")
	if err := lines(list, "", "", w.names, func(out io.Writer, n string) { fmt.Fprintln(out, n) }); err != nil {
		return nil, err
	}
	return dnsdist(p, "dnsdist-tree", upstream, fmt.Sprintf(`smn = newSuffixMatchNode()
for line in io.lines(%q) do smn:add(line) end
addAction(SuffixMatchNodeRule(smn), RCodeAction(DNSRCode.NXDOMAIN))
`, list))
}

func dnsdist(p plan, name, upstream, rules string) (*server, error) {
	program, err := exec.LookPath("dnsdist")
	if err != nil {
		return nil, notInstalled("dnsdist")
	}
	address, err := freeAddress()
	if err != nil {
		return nil, err
	}
	if _, _, err := net.SplitHostPort(address); err != nil {
		return nil, err
	}
	settings := p.path(name + ".conf")
	text := fmt.Sprintf(`setLocal(%q, {reusePort=true})
setACL({"127.0.0.0/8"})
newServer({address=%q, checkName="free.example."})
getPool(""):setCache(newPacketCache(200000))
%s`, address, upstream, rules)
	if err := os.WriteFile(settings, []byte(text), 0o644); err != nil {
		return nil, err
	}
	return &server{name: name, address: address, args: []string{program, "--supervised", "--disable-syslog", "-C", settings}, filters: true}, nil
}
