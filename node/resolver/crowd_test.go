// SPDX-License-Identifier: Apache-2.0

package resolver

import (
	"crypto/tls"
	"net"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"lachan/internal/dnswire"
)

// A thousand connections stay open, each is answered, and what they take is
// bounded. Both ends are in this process, so the figure counts them twice;
// TestSoakTenThousandOpenConnections has the other end elsewhere.
func TestAThousandOpenConnectionsAreAnswered(t *testing.T) {
	n := 1_000
	d := openDoors(t, Config{MaxConnections: n, Idle: 5 * time.Minute})
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	conns := make([]*tls.Conn, n)
	var failed atomic.Int64
	var wait sync.WaitGroup
	each := func(do func(i int) error) {
		for start := range 8 {
			wait.Go(func() {
				for i := start; i < n; i += 8 {
					if err := do(i); err != nil {
						failed.Add(1)
						t.Log(err)
						return
					}
				}
			})
		}
		wait.Wait()
	}
	each(func(i int) (err error) {
		conns[i], err = tls.Dial("tcp", d.at.TLS[0], d.tls(nodeHost))
		return err
	})
	defer func() {
		for _, c := range conns {
			if c != nil {
				c.Close()
			}
		}
	}()
	for range 2 { // all are open at once
		each(func(i int) error {
			if _, err := conns[i].Write(framed(packed(t, uint16(i), "good.example", dnswire.TypeA))); err != nil {
				return err
			}
			_, err := readFrame(conns[i])
			return err
		})
	}
	if failed.Load() > 0 {
		t.Errorf("%d workers failed", failed.Load())
	}
	if got := d.s.gates.tls.size(); got != n {
		t.Errorf("%d connections are inside, want %d", got, n)
	}
	runtime.GC()
	runtime.ReadMemStats(&after)
	each1 := (after.HeapInuse + after.StackInuse - before.HeapInuse - before.StackInuse) / uint64(n)
	t.Logf("%d connections, %d bytes for both ends of one", n, each1)
	if each1 > 128<<10 {
		t.Errorf("%d bytes a connection", each1)
	}
}

func TestWhoIsSilentLongestMakesRoom(t *testing.T) {
	d := openDoors(t, Config{MaxConnections: 20})
	active, err := tls.Dial("tcp", d.at.TLS[0], d.tls(nodeHost))
	if err != nil {
		t.Fatal(err)
	}
	defer active.Close()
	ask := func() error {
		if _, err := active.Write(framed(packed(t, 1, "good.example", dnswire.TypeA))); err != nil {
			return err
		}
		_, err := readFrame(active)
		return err
	}
	var silent []net.Conn
	for range 200 { // open and say nothing, not even the first word of TLS
		c, err := net.Dial("tcp", d.at.TLS[0])
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		silent = append(silent, c)
		if err := ask(); err != nil {
			t.Fatalf("a client that asks was shut out after %d: %v", len(silent), err)
		}
	}
	if got := d.s.gates.tls.size(); got > 20 {
		t.Errorf("%d inside", got)
	}
	silent[0].SetReadDeadline(time.Now().Add(5 * time.Second))
	if _, err := silent[0].Read(make([]byte, 1)); err == nil || isTimeout(err) {
		t.Errorf("the longest silent is still there: %v", err)
	}
}

func isTimeout(err error) bool {
	e, ok := err.(net.Error)
	return ok && e.Timeout()
}

// A client that sends a question byte by byte holds up nobody, and goes.
func TestSlowClientGoes(t *testing.T) {
	d := openDoors(t, Config{})
	slow, err := net.Dial("tcp", d.at.Plain[0])
	if err != nil {
		t.Fatal(err)
	}
	defer slow.Close()
	if _, err := slow.Write([]byte{0}); err != nil {
		t.Fatal(err)
	}
	if _, err := dnswire.Exchange(t.Context(), "tcp", d.at.Plain[0], "good.example", dnswire.TypeA); err != nil {
		t.Error(err)
	}
	if testing.Short() {
		t.Skip("waits for its time to run out")
	}
	slow.SetReadDeadline(time.Now().Add(messageTime + 3*time.Second))
	start := time.Now()
	if _, err := slow.Read(make([]byte, 1)); isTimeout(err) || time.Since(start) > messageTime+time.Second {
		t.Errorf("still there after %v: %v", time.Since(start), err)
	}
}
