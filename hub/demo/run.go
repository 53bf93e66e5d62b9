// SPDX-License-Identifier: Apache-2.0

package demo

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"time"

	"lachan/duty"
	"lachan/duty/schools"
	"lachan/hub"
	"lachan/internal/identity"
	"lachan/internal/locale"
)

// Options are what the demo is given.
type Options struct {
	Out, Err io.Writer
	Printer  *locale.Printer
	Dir      string // kept, and taken up again; "": a new folder, removed in the end
	Listen   string // of the pages; the next free port where that one is taken
	Version  string
}

// Where the demo's own parts listen, if those ports are free.
const (
	dnsListen  = "127.0.0.1:15353"
	pageListen = "127.0.0.1:18080"
	busListen  = "127.0.0.1:14222"
)

// siteName is the sample site's name in the demo.
const siteName = "mau-ra-quet.example"

// Run serves the hub with sample data until ctx ends. An empty folder is
// filled first; a folder of an earlier run is served as it was left.
func Run(ctx context.Context, o Options) (err error) {
	dir := o.Dir
	if dir == "" {
		if dir, err = os.MkdirTemp("", "lachan-demo-"); err != nil {
			return fmt.Errorf("demo: %w", err)
		}
		defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	} else if err := os.MkdirAll(dir, 0o700); err != nil {
		return fmt.Errorf("demo: %w", err)
	}
	clk := &Shift{}
	kept, err := recall(dir)
	if err != nil {
		return err
	}
	now := time.Now()
	if kept == nil {
		clk.To(beginning(now))
	}
	in, err := open(ctx, clk, setting{
		dir: dir, listen: freePort(o.Listen), bus: freePort(busListen), place: o.Printer.T("demo.place"), logs: o.Err, version: o.Version, site: siteName,
	})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, in.close()) }()
	if kept == nil {
		fmt.Fprintln(o.Err, o.Printer.T("demo.run.filling"))
		if kept, err = in.populate(ctx, now, o.Printer); err != nil {
			return err
		}
		if err := kept.keep(dir); err != nil {
			return err
		}
		fmt.Fprintln(o.Err, o.Printer.T("demo.run.filled", "took", time.Since(now).Round(time.Second/10)))
	}
	sites, err := lines("sites.txt")
	if err != nil {
		return err
	}
	if err := in.answer(sites); err != nil {
		return err
	}
	in.serve(ctx)
	if err := in.ready(ctx); err != nil {
		return err
	}
	if err := in.join(ctx, kept.Token, freePort(dnsListen), freePort(pageListen), o.Version); err != nil {
		return err
	}
	kept.print(o, in)
	return in.wait()
}

// ready waits for the hub's first answer.
func (i *instance) ready(ctx context.Context) error {
	b, err := newBrowser(i.hub.URL(), locale.Source)
	if err != nil {
		return err
	}
	return until(ctx, 10*time.Second, func() (bool, error) { return b.open(ctx, "/readyz") == nil, nil })
}

// beginning is when the demo's year begins: before the report of last year was
// due, after the communes of today were made.
func beginning(now time.Time) time.Time { return now.AddDate(-1, 0, -12) }

// memory is what a folder is taken up again with. It lies beside the hub's
// data, in the clear: these accounts protect nothing.
type memory struct {
	Accounts []*Account
	Token    string // of the school's node
	Code     string // receipt of a report that can be looked up
}

const memoryFile = "demo.json"

func recall(dir string) (*memory, error) {
	data, err := os.ReadFile(filepath.Join(dir, memoryFile))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("demo: %w", err)
	}
	var m memory
	if err := json.Unmarshal(data, &m); err != nil {
		return nil, fmt.Errorf("demo: %s: %w", memoryFile, err)
	}
	return &m, nil
}

func (m *memory) keep(dir string) error {
	data, err := json.MarshalIndent(m, "", " ")
	if err != nil {
		return fmt.Errorf("demo: %w", err)
	}
	return os.WriteFile(filepath.Join(dir, memoryFile), data, 0o600)
}

// print says where everything is, who may come in, and what to try.
func (m *memory) print(o Options, in *instance) {
	say := func(key string, args ...any) { fmt.Fprintln(o.Out, o.Printer.T(key, args...)) }
	base := in.hub.URL()
	say("demo.run.title")
	say("demo.run.front", "url", base+"/")
	say("demo.run.report", "url", base+"/report")
	say("demo.run.status", "url", base+"/status", "code", m.Code)
	say("demo.run.console", "url", base+"/login")
	say("demo.run.page", "url", "http://"+in.node.PageAddr()+"/")
	say("demo.run.dns", "address", in.node.DNSAddr())
	say("demo.run.accounts", "password", m.Accounts[0].Password, "passphrase", m.Accounts[0].Passphrase)
	for _, a := range m.Accounts {
		code, err := identity.Code(a.Secret, time.Now())
		if err != nil {
			continue // a secret that was edited in the file
		}
		say("demo.run.account", "login", fmt.Sprintf("%-9s", a.Login), "secret", a.Secret, "code", code, "post", o.Printer.T("demo.post."+a.Post), "name", a.Name)
	}
	host, port := splitAddr(in.node.DNSAddr())
	say("demo.run.try")
	say("demo.run.try-1", "host", host, "port", port)
	say("demo.run.try-2", "url", base+"/report")
	say("demo.run.try-3", "url", base+"/casework")
	say("demo.run.stop")
}

// populate makes the province's year, in the order in which it happened.
func (i *instance) populate(ctx context.Context, now time.Time, p *locale.Printer) (*memory, error) {
	var people []newcomer
	var list []sample
	var tales []tale
	for name, into := range map[string]any{"people.json": &people, "schools.json": &list, "reports.json": &tales} {
		if err := readData(name, into); err != nil {
			return nil, err
		}
	}
	if err := i.addSchools(ctx, list); err != nil {
		return nil, err
	}
	s := newStaff(i, func(string) (string, string) { return p.T("demo.password"), p.T("demo.passphrase") })
	if err := s.hire(ctx, people); err != nil {
		return nil, err
	}
	lead := s.byPost["lead"].actor()
	clerks, err := i.clerks(ctx, s, 30)
	if err != nil {
		return nil, err
	}
	directive, err := i.hub.Reporting.Directive(hub.Directive)
	if err != nil {
		return nil, err
	}
	year := directive.YearAt(duty.DateOf(now))
	due := directive.Due(directive.MainRule(), year-1).At()
	before := &past{in: i}
	for n, y := range []int{year - 1, year} {
		at := []time.Time{beginning(now).Add(time.Hour), now.AddDate(0, 0, -40)}[n]
		before.at(at, "distribute", func(ctx context.Context) error {
			_, err := i.hub.Reporting.Distribute(ctx, lead, hub.Directive, y)
			return err
		})
	}
	i.lastYear(before, lead, clerks, year-1, due)
	i.thisYear(before, lead, clerks, year, now, p.T("demo.return-why"))
	shown := i.plan(before, s, tales, now)
	var all []schools.School
	before.at(now.AddDate(0, 0, -21), "filter", func(ctx context.Context) (err error) {
		if all, err = i.filterSchools(ctx, lead, list); err != nil {
			return err
		}
		return i.importLists(ctx, lead)
	})
	nodes := map[int]string{}
	before.at(now.AddDate(0, 0, -20), "sample nodes", func(ctx context.Context) (err error) {
		for _, n := range []int{1, 2, 3, 5, 7} {
			if nodes[n], err = i.sampleNode(ctx, lead, all[n]); err != nil {
				return err
			}
		}
		return nil
	})
	before.at(now.AddDate(0, 0, -2), "subscribed list", func(ctx context.Context) error {
		return i.subscribedList(ctx, lead, p.T("demo.subscribed-list"))
	})
	if err := i.teachOnline(before, s, &all, now); err != nil {
		return nil, err
	}
	if err := before.happen(ctx); err != nil {
		return nil, err
	}
	bundle, err := i.hub.Schools.CurrentBundle(ctx)
	if err != nil {
		return nil, err
	}
	for n, node := range nodes {
		if err := i.countWeeks(ctx, node, all[n]); err != nil {
			return nil, err
		}
		health := schools.Health{Version: "demo", Bundle: bundle.Number, Resolving: n != 3}
		if err := i.hub.Schools.Heartbeat(ctx, node, health); err != nil {
			return nil, err
		}
	}
	if err := i.lookAround(ctx, s, p); err != nil {
		return nil, err
	}
	m := &memory{Accounts: s.all, Code: shown.code}
	m.Token, _, err = i.hub.Schools.CreateToken(ctx, lead, schools.TokenCommand{Name: p.T("demo.node"), Schools: []string{all[0].ID}})
	return m, err
}

// plan puts the reports among the moments, with somebody on call from before
// the first until some days from now. It returns the one whose receipt is shown.
func (i *instance) plan(p *past, s *staff, tales []tale, now time.Time) *saga {
	const long = 48 * time.Hour
	for from := now.Add(-15 * 24 * time.Hour); from.Before(now.Add(5 * 24 * time.Hour)); from = from.Add(long) {
		p.at(now.Add(-15*24*time.Hour), "roster", func(ctx context.Context) error { return i.onCall(ctx, s, from, long) })
	}
	var shown *saga
	for _, t := range tales {
		one := &saga{in: i, staff: s, tale: t}
		one.plan(p, now)
		if shown == nil {
			shown = one
		}
	}
	return shown
}

// year is the report year that the instance's today belongs to.
func (i *instance) year() int {
	d, err := i.hub.Reporting.Directive(hub.Directive)
	if err != nil {
		return time.Now().Year() // it is loaded at every start
	}
	return d.YearAt(duty.DateOf(i.clock.Now()))
}

func lines(name string) ([]string, error) {
	data, err := files.ReadFile("data/" + name)
	return strings.Fields(string(data)), err
}

func splitAddr(addr string) (host, port string) {
	u, err := url.Parse("dns://" + addr)
	if err != nil {
		return addr, ""
	}
	return u.Hostname(), u.Port()
}
