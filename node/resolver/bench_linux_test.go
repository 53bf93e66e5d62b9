// SPDX-License-Identifier: Apache-2.0

package resolver

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"context"
	"crypto/ed25519"
	"encoding/binary"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"lachan/internal/bundle"
	"lachan/internal/clock"
	"lachan/internal/dnswire"
)

// BenchmarkCPUPerQuery measures what a query costs the server, in CPU time of
// its process, against two servers that do nothing but send the packet back.
// All run one after another in the same rounds, the ratio is what counts
// (DESIGN.md §13: at most 1.25 times the faster echo). It needs no peers and
// asserts nothing. The million names are those of ../shared/data where they
// are present.
func BenchmarkCPUPerQuery(b *testing.B) {
	file := filepath.Join(b.TempDir(), "million.lcb")
	blocked := million(b, file)
	var packets [][]byte
	r := rand.New(rand.NewPCG(1, 2))
	for i := range 20_000 {
		name := blocked[r.IntN(len(blocked))]
		if i%2 == 1 {
			name = mustName(b, fmt.Sprintf("ok%d.edu.vn", r.IntN(5000)))
		}
		p := append([]byte{0, 0, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0}, name.Wire()...)
		packets = append(packets, append(p, 0, 1, 0, 1))
	}
	const rounds, each = 5, 120_000
	kinds := []string{"echo", "echo-batch", "node"}
	cost := map[string][]float64{}
	for b.Loop() {
		for range rounds {
			for _, kind := range kinds {
				s := startServer(b, kind, file)
				s.load(b, packets, 20_000) // warm: the cache of answers, the pages of the file
				before := s.cpu(b)
				lost := s.load(b, packets, each)
				cost[kind] = append(cost[kind], (s.cpu(b)-before).Seconds()*1e6/float64(each-lost))
				if lost > 0 {
					b.Logf("%s: %d of %d not answered", kind, lost, each)
				}
				if kind == "node" {
					b.ReportMetric(s.rss(b), "RSS-MB")
				}
				s.stop()
			}
		}
	}
	median := func(kind string) float64 {
		slices.Sort(cost[kind])
		return cost[kind][len(cost[kind])/2]
	}
	for _, kind := range kinds {
		b.ReportMetric(median(kind), kind+"-µs/query")
	}
	b.ReportMetric(median("node")/min(median("echo"), median("echo-batch")), "×echo")
	b.ReportMetric(0, "ns/op")
}

func mustName(tb testing.TB, s string) bundle.Name {
	tb.Helper()
	n, err := bundle.ParseName(s)
	if err != nil {
		tb.Fatal(err)
	}
	return n
}

func benchKey() ed25519.PrivateKey {
	return ed25519.NewKeyFromSeed(bytes.Repeat([]byte{5}, ed25519.SeedSize))
}

// million writes a bundle of a million names and returns some of them.
func million(b *testing.B, file string) []bundle.Name {
	b.Helper()
	builder, err := bundle.NewBuilder([]bundle.Category{{Code: "gambling"}})
	if err != nil {
		b.Fatal(err)
	}
	var names []bundle.Name
	add := func(s string) {
		if n, err := bundle.ParseName(s); err == nil && n.Labels() > 1 {
			if err := builder.Add(n, "gambling"); err != nil {
				b.Fatal(err)
			}
			if len(names) < 50_000 {
				names = append(names, n)
			}
		}
	}
	if f, err := os.Open("../../../shared/data/domains/lists-1m/domains-1m.txt.gz"); err == nil {
		defer f.Close()
		z, err := gzip.NewReader(f)
		if err != nil {
			b.Fatal(err)
		}
		for s := bufio.NewScanner(z); s.Scan(); {
			add(s.Text())
		}
	} else {
		b.Log("SKIPPED ../shared/data/domains/lists-1m is absent: generated names")
		for i := range 1_000_000 {
			add(fmt.Sprintf("h%x.n%x.example", i%8, i))
		}
	}
	if err := builder.Policy(bundle.Policy{Band: bundle.Primary, Blocked: []string{"gambling"}}); err != nil {
		b.Fatal(err)
	}
	out, err := os.Create(file)
	if err != nil {
		b.Fatal(err)
	}
	if _, err := builder.Build(out, bundle.Head{Number: 1}, bundle.NewSigner(benchKey())); err != nil {
		b.Fatal(err)
	}
	if err := out.Close(); err != nil {
		b.Fatal(err)
	}
	return names
}

// server is a child process: this test binary, told what to be.
type server struct {
	cmd  *exec.Cmd
	in   io.WriteCloser
	addr string
}

func startServer(b *testing.B, kind, file string) *server {
	b.Helper()
	s := &server{cmd: exec.Command(os.Args[0], "-test.run=^TestBenchServer$")}
	s.cmd.Env = append(os.Environ(), "LACHAN_BENCH_SERVER="+kind, "LACHAN_BENCH_FILE="+file, "GOMAXPROCS=1")
	var err error
	if s.in, err = s.cmd.StdinPipe(); err != nil {
		b.Fatal(err)
	}
	out, err := s.cmd.StdoutPipe()
	if err != nil {
		b.Fatal(err)
	}
	if err := s.cmd.Start(); err != nil {
		b.Fatal(err)
	}
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		b.Fatal(err)
	}
	s.addr = strings.TrimSpace(line)
	return s
}

func (s *server) stop() {
	s.in.Close() // the child ends with its standard input
	_ = s.cmd.Wait()
}

// cpu is utime and stime of the child (proc(5)); a tick is 10 ms.
func (s *server) cpu(b *testing.B) time.Duration {
	b.Helper()
	data, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", s.cmd.Process.Pid))
	if err != nil {
		b.Fatal(err)
	}
	fields := strings.Fields(string(data[bytes.LastIndexByte(data, ')')+2:]))
	var ticks int
	for _, f := range fields[11:13] {
		n, err := strconv.Atoi(f)
		if err != nil {
			b.Fatal(err)
		}
		ticks += n
	}
	return time.Duration(ticks) * 10 * time.Millisecond
}

func (s *server) rss(b *testing.B) float64 {
	b.Helper()
	data, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", s.cmd.Process.Pid))
	if err != nil {
		b.Fatal(err)
	}
	for line := range strings.Lines(string(data)) {
		if rest, ok := strings.CutPrefix(line, "VmRSS:"); ok {
			kb, err := strconv.Atoi(strings.Fields(rest)[0])
			if err != nil {
				b.Fatal(err)
			}
			return float64(kb) / 1024
		}
	}
	return 0
}

// load puts n questions, 200 on their way at a time, from ten sockets.
func (s *server) load(b *testing.B, packets [][]byte, n int) (lost int) {
	b.Helper()
	const sockets, window = 10, 20
	done := make(chan int, sockets)
	for i := range sockets {
		conn, err := net.Dial("udp", s.addr)
		if err != nil {
			b.Fatal(err)
		}
		go func() {
			defer conn.Close()
			done <- client(conn, packets[i*len(packets)/sockets:], n/sockets, window)
		}()
	}
	for range sockets {
		lost += n/sockets - <-done
	}
	return lost
}

func client(conn net.Conn, packets [][]byte, n, window int) (answered int) {
	buf := make([]byte, 2048)
	query := make([]byte, 512)
	sent := 0
	send := func() {
		p := packets[sent%len(packets)]
		query = append(query[:0], p...)
		binary.BigEndian.PutUint16(query, uint16(sent))
		if _, err := conn.Write(query); err == nil {
			sent++
		}
	}
	for range window {
		send()
	}
	for answered < n {
		conn.SetReadDeadline(time.Now().Add(2 * time.Second))
		if _, err := conn.Read(buf); err != nil {
			return answered
		}
		answered++
		if sent < n {
			send()
		}
	}
	return answered
}

// TestBenchServer is the child process of the benchmark, and nothing without
// its environment.
func TestBenchServer(t *testing.T) {
	kind := os.Getenv("LACHAN_BENCH_SERVER")
	if kind == "" {
		t.Skip("the benchmark's child process")
	}
	switch kind {
	case "echo":
		conn, err := net.ListenUDP("udp", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
		if err != nil {
			t.Fatal(err)
		}
		if err := conn.SetReadBuffer(receiveBuffer); err != nil {
			t.Fatal(err)
		}
		go func() {
			buf := make([]byte, 2048)
			for {
				n, from, err := conn.ReadFromUDPAddrPort(buf)
				if err != nil {
					return
				}
				_, _ = conn.WriteToUDPAddrPort(buf[:n], from)
			}
		}()
		fmt.Println(conn.LocalAddr())
	case "echo-batch":
		conn, err := net.ListenUDP("udp", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
		if err != nil {
			t.Fatal(err)
		}
		if err := conn.SetReadBuffer(receiveBuffer); err != nil {
			t.Fatal(err)
		}
		go echoBatch(conn)
		fmt.Println(conn.LocalAddr())
	case "node":
		benchNode(t)
	}
	_, _ = io.Copy(io.Discard, os.Stdin) // until the parent closes it
}

// echoBatch is the loop of udp_linux.go without anything of ours in it.
func echoBatch(conn *net.UDPConn) {
	raw, err := conn.SyscallConn()
	if err != nil {
		return
	}
	b := newBatch()
	receive, transmit := b.receive, b.transmit
	for raw.Read(receive) == nil {
		b.send = b.count
		for i := range b.count {
			b.outVec[i].Base = &b.buf[i][0]
			b.outVec[i].SetLen(int(b.in[i].n))
			b.out[i].Name, b.out[i].Namelen = b.in[i].Name, b.in[i].Namelen
		}
		b.count = 0
		if raw.Write(transmit) != nil {
			return
		}
	}
}

func benchNode(t *testing.T) {
	opened, err := bundle.Open(os.Getenv("LACHAN_BENCH_FILE"), bundle.NewTrust(bundle.NewSigner(benchKey()).Public()))
	if err != nil {
		t.Fatal(err)
	}
	view, err := bundle.NewView(bundle.Parts{Bundle: opened, StandIn: bundle.Primary})
	if err != nil {
		t.Fatal(err)
	}
	sites, err := dnswire.NewAuthority("*.edu.vn. 3600 IN A 192.0.2.1")
	if err != nil {
		t.Fatal(err)
	}
	if err := sites.Start("127.0.0.1:0"); err != nil {
		t.Fatal(err)
	}
	r, err := New(Config{
		View: func() *bundle.View { return view }, Mode: NXDomain, CacheBytes: 8 << 20, Clock: clock.System{},
		Upstreams: servers(sites.Addr()),
	})
	if err != nil {
		t.Fatal(err)
	}
	s, err := r.Listen(context.Background(), Addresses{Plain: []string{"127.0.0.1:0"}})
	if err != nil {
		t.Fatal(err)
	}
	go s.Serve(context.Background())
	runtime.GC()
	fmt.Println(s.Addresses().Plain[0])
}
