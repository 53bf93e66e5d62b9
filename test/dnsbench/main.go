// SPDX-License-Identifier: Apache-2.0

// Command dnsbench measures the school's filter beside its peers, as whole
// processes, in one run: make bench-dns.
//
// The yardstick is two servers that do nothing but send a packet back, in this
// same program: what they cost is the kernel's share, and what a filter costs
// above it is its own (DESIGN.md §13). Unbound with a response policy zone and
// dnsdist with a CDB file and with a suffix tree are measured where Debian's
// packages are installed. All serve the same million names; half the questions
// are for listed names and half for others. The server has one processor, the
// load (dnsperf) and a stub upstream the other; rounds are interleaved, so
// that a busy minute of the machine hits all alike.
//
// Nothing is asserted: a ratio is read by a person on an idle machine. The
// last line is for a script:
//
//	lachan ratio=1.18 min=1.15 max=1.22 cpus=2
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"time"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx, os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "dnsbench:", err)
		os.Exit(1)
	}
}

// plan is what one run does.
type plan struct {
	rounds  int
	seconds int // of load in each measurement
	node    string
	data    string
	only    string
	swap    int    // names of the bundle that is swapped under load; 0: measure the peers
	dir     string // of this run, removed at its end
}

func run(ctx context.Context, args []string) error {
	if len(args) == 3 && args[0] == "child" {
		return child(args[1], args[2])
	}
	var p plan
	flags := flag.NewFlagSet("dnsbench", flag.ContinueOnError)
	flags.IntVar(&p.rounds, "rounds", 5, "interleaved rounds")
	flags.IntVar(&p.seconds, "seconds", 10, "seconds of load in each measurement")
	flags.StringVar(&p.node, "node", "bin/lachan-node", "the node's program")
	flags.StringVar(&p.data, "data", "../shared/data/domains/lists-1m", "folder of the million names; generated names where it is absent")
	flags.StringVar(&p.only, "only", "", "servers to measure, comma between; all that are installed if empty")
	flags.IntVar(&p.swap, "swap", 0, "instead of the peers: swap a whole bundle of so many names under load, 5000000 say")
	if err := flags.Parse(args); err != nil {
		return err
	}
	if _, err := exec.LookPath("dnsperf"); err != nil {
		return errors.New("dnsperf makes the load and is not installed; on Debian: apt-get install dnsperf unbound dnsdist tinycdb")
	}
	var err error
	if p.dir, err = os.MkdirTemp("", "dnsbench-"); err != nil {
		return err
	}
	defer os.RemoveAll(p.dir)
	work, err := loadWork(p)
	if err != nil {
		return err
	}
	fmt.Printf("%s %s, %d processors, %s\n", runtime.GOOS, runtime.GOARCH, runtime.NumCPU(), runtime.Version())
	fmt.Printf("%d names (%s), half the questions for listed ones\n", len(work.names), work.from)
	upstream, err := startUpstream(ctx)
	if err != nil {
		return err
	}
	defer upstream.stop()
	if p.swap > 0 {
		return swapRounds(ctx, p, work, upstream.addr)
	}
	servers, err := prepare(ctx, p, work, upstream.addr)
	if err != nil {
		return err
	}
	defer func() {
		for _, s := range servers {
			if s.close != nil {
				s.close()
			}
		}
	}()
	all := map[string][]figures{}
	for round := range p.rounds {
		fmt.Printf("\nround %d of %d\n%s\n", round+1, p.rounds, headline)
		// Each round begins with another server, so that none is always first.
		for i := range servers {
			s := servers[(i+round)%len(servers)]
			f, err := measure(ctx, p, work, s)
			if err != nil {
				return fmt.Errorf("%s: %w", s.name, err)
			}
			all[s.name] = append(all[s.name], f)
			fmt.Println(f.row(s.name))
		}
	}
	summarise(all, servers, p.rounds)
	return nil
}

// prepare makes the files of all servers that shall be measured.
func prepare(ctx context.Context, p plan, w *work, upstream string) ([]*server, error) {
	var servers []*server
	for _, make := range []func(context.Context, plan, *work, string) (*server, error){echoPlain, echoBatch, ourNode, dnsdistCDB, dnsdistTree, unboundRPZ} {
		s, err := make(ctx, p, w, upstream)
		var absent notInstalled
		switch {
		case errors.As(err, &absent):
			fmt.Printf("SKIP %s\n", err)
		case err != nil:
			return servers, err
		case p.only == "" || slices.Contains(strings.Split(p.only, ","), s.name):
			servers = append(servers, s)
		case s.close != nil:
			s.close()
		}
	}
	return servers, nil
}

type notInstalled string

func (n notInstalled) Error() string { return string(n) + ": not installed" }

// self is this program, for its child processes.
func self() string {
	path, err := os.Executable()
	if err != nil {
		return os.Args[0]
	}
	return path
}

// pinned is a command on one processor, where there are two.
func pinned(ctx context.Context, processor int, name string, args ...string) *exec.Cmd {
	if _, err := exec.LookPath("taskset"); err != nil || runtime.NumCPU() < 2 {
		return exec.CommandContext(ctx, name, args...)
	}
	return exec.CommandContext(ctx, "taskset", append([]string{"-c", fmt.Sprint(processor), name}, args...)...)
}

// The processors: the server's, and that of everything else.
const (
	serverCPU = 0
	loadCPU   = 1
)

func (p plan) path(name string) string { return filepath.Join(p.dir, name) }

// patience is how long a server may take to be ready.
const patience = 3 * time.Minute
