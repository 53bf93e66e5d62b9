// SPDX-License-Identifier: Apache-2.0

package resolver

import (
	"bufio"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"lachan/internal/dnswire"
)

const soakEnv, crowdEnv = "LACHAN_SOAK", "LACHAN_CROWD" // "address authority-file connections"

// Ten thousand clients over TLS in a process of their own stay open and are
// answered; beyond the bound whoever comes is let in, and who was silent
// longest goes.
func TestSoakTenThousandOpenConnections(t *testing.T) {
	if os.Getenv(soakEnv) == "" {
		t.Skipf("minutes of work for a machine: set %s", soakEnv)
	}
	const n = 10_000
	d := openDoors(t, Config{MaxConnections: n, Idle: 10 * time.Minute})
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	crowd := exec.Command(os.Args[0], "-test.run", "^TestCrowd$", "-test.v", "-test.timeout", "10m")
	crowd.Env = append(os.Environ(), fmt.Sprintf("%s=%s %s %d", crowdEnv, d.at.TLS[0], filepath.Join(d.dir, "cert.pem"), n))
	in, err := crowd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := crowd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := crowd.Start(); err != nil {
		t.Fatal(err)
	}
	answered := 0
	lines := bufio.NewScanner(out)
	for answered == 0 && lines.Scan() {
		_, _ = fmt.Sscanf(lines.Text(), "answered %d", &answered)
	}
	if answered != n || d.s.gates.tls.size() != n {
		t.Fatalf("%d of %d were answered, %d are inside", answered, n, d.s.gates.tls.size())
	}
	runtime.GC()
	runtime.ReadMemStats(&after)
	t.Logf("%d connections open, %d bytes of heap and stacks each", n, (after.HeapInuse+after.StackInuse-before.HeapInuse-before.StackInuse)/n)
	for range 100 {
		c, err := tls.Dial("tcp", d.at.TLS[0], d.tls(nodeHost))
		if err != nil {
			t.Fatalf("beyond the bound: %v", err)
		}
		defer c.Close()
		if _, err := c.Write(framed(packed(t, 1, "good.example", dnswire.TypeA))); err != nil {
			t.Fatal(err)
		}
		if _, err := readFrame(c); err != nil {
			t.Fatalf("beyond the bound: %v", err)
		}
	}
	if got := d.s.gates.tls.size(); got > n {
		t.Errorf("%d are inside, the bound is %d", got, n)
	}
	in.Close()
	for lines.Scan() {
	}
	if err := crowd.Wait(); err != nil {
		t.Error(err)
	}
}

// TestCrowd is the other end of TestSoakTenThousandOpenConnections.
func TestCrowd(t *testing.T) {
	if os.Getenv(crowdEnv) == "" {
		t.Skip("the other end of TestSoakTenThousandOpenConnections")
	}
	what := strings.Fields(os.Getenv(crowdEnv))
	pem, err := os.ReadFile(what[1])
	if err != nil {
		t.Fatal(err)
	}
	n, err := strconv.Atoi(what[2])
	if err != nil {
		t.Fatal(err)
	}
	pool := x509.NewCertPool()
	pool.AppendCertsFromPEM(pem)
	config := &tls.Config{RootCAs: pool, ServerName: nodeHost, NextProtos: []string{"dot"}}
	conns := make([]*tls.Conn, n)
	var answered atomic.Int64
	var wait sync.WaitGroup
	for start := range 8 {
		wait.Go(func() {
			for i := start; i < n; i += 8 {
				c, err := tls.Dial("tcp", what[0], config)
				if err != nil {
					t.Error(err)
					return
				}
				conns[i] = c
			}
		})
	}
	wait.Wait()
	for start := range 8 { // all are open
		wait.Go(func() {
			for i := start; i < n && conns[i] != nil; i += 8 {
				if _, err := conns[i].Write(framed(packed(t, uint16(i), "good.example", dnswire.TypeA))); err != nil {
					t.Error(err)
					continue
				}
				if _, err := readFrame(conns[i]); err != nil {
					t.Error(err)
					continue
				}
				answered.Add(1)
			}
		})
	}
	wait.Wait()
	fmt.Printf("answered %d\n", answered.Load())
	_, _ = bufio.NewReader(os.Stdin).ReadByte() // until the other end is done
	for _, c := range conns {
		if c != nil {
			c.Close()
		}
	}
}
