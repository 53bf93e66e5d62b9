// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"context"
	"encoding/binary"
	"fmt"
	"net"
	"os"
	"os/exec"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"
)

// The swap: a node under load gets a whole new bundle of p.swap names while a
// prober asks for one name every 5 ms. What counts is the longest time in
// which no answer came, beside that of the same prober at a bare echo server
// under the same load (DESIGN.md §13: at most 20 ms more), and that no
// question was lost. The hub of the measurement shares the prober's processor,
// as a hub is another machine.

const (
	probeEvery = 5 * time.Millisecond
	swapLoad   = "4000" // questions a second
)

func swapRounds(ctx context.Context, p plan, w *work, upstream string) error {
	if err := stayOn(loadCPU); err != nil {
		return err
	}
	w.grow(p.swap)
	ours, err := ourNode(ctx, p, w, upstream)
	if err != nil {
		return err
	}
	defer ours.close()
	bare, err := echoPlain(ctx, p, w, upstream)
	if err != nil {
		return err
	}
	fmt.Printf("%d names, %.2f bytes each in the bundle; %s questions a second, a probe every %v\n", len(w.names), ours.perName, swapLoad, probeEvery)
	fmt.Println("round   echo gap ms  lachan gap ms  probes lost  load lost  in force s  peak MB")
	var echoes, gaps []float64
	for round := range p.rounds {
		echo, err := probed(ctx, p, w, bare, nil)
		if err != nil {
			return err
		}
		f, err := probed(ctx, p, w, ours, ours.ready)
		if err != nil {
			return err
		}
		fmt.Printf("%5d %13.1f %14.1f %12d %10d %11.2f %8.1f\n", round+1, echo.gap, f.gap, f.missed, f.lost, f.taken, f.peak)
		echoes, gaps = append(echoes, echo.gap), append(gaps, f.gap)
	}
	slices.Sort(echoes)
	slices.Sort(gaps)
	fmt.Printf("lachan swap names=%d gap=%.1f max=%.1f echo=%.1f echo_max=%.1f above=%.1f\n", len(w.names),
		gaps[len(gaps)/2], gaps[len(gaps)-1], echoes[len(echoes)/2], echoes[len(echoes)-1], gaps[len(gaps)/2]-echoes[len(echoes)/2])
	return nil
}

// swapped is what one round saw.
type swapped struct {
	gap    float64 // longest time without an answer, ms
	missed int     // of the prober's questions
	lost   int     // of the load's
	taken  float64 // from publishing to the new bundle being in force, s
	peak   float64 // MB
}

// probed runs load and prober, and has prepare's change made in the middle.
// prepare does beforehand what need not be done under load; nil: no change.
func probed(ctx context.Context, p plan, w *work, s *server, prepare func() (publish func() error, inForce func() bool, err error)) (swapped, error) {
	var f swapped
	publish, inForce := func() error { return nil }, func() bool { return true }
	run, err := s.start(ctx, w)
	if err != nil {
		return f, err
	}
	defer run.stop()
	if prepare != nil {
		if publish, inForce, err = prepare(); err != nil {
			return f, err
		}
	}
	if _, err := load(ctx, s.address, "-d", w.allowed, "-n", "2", "-l", "3"); err != nil {
		return f, err
	}
	runtime.GC() // what making millions of names left behind must not hold up the prober
	ctx, stop := context.WithTimeout(ctx, time.Duration(p.seconds)*time.Second)
	defer stop()
	group, _ := errgroup.WithContext(ctx)
	group.Go(func() error {
		out, err := load(context.WithoutCancel(ctx), s.address, "-d", w.mix, "-l", strconv.Itoa(p.seconds), "-Q", swapLoad)
		f.lost = int(out.number(`Queries lost:\s+(\d+)`))
		return err
	})
	group.Go(func() (err error) {
		f.gap, f.missed, err = probe(ctx, s.address, w.free)
		return err
	})
	group.Go(func() error {
		time.Sleep(time.Duration(p.seconds) * time.Second / 4)
		began := time.Now()
		if err := publish(); err != nil {
			return err
		}
		for !inForce() {
			if ctx.Err() != nil {
				return fmt.Errorf("%s: the new bundle is not in force after %v", s.name, time.Since(began))
			}
			time.Sleep(20 * time.Millisecond)
		}
		f.taken = time.Since(began).Seconds()
		return nil
	})
	err = group.Wait()
	f.peak = run.memory("VmHWM")
	return f, err
}

// probe asks for name at an even pace until ctx ends. gap is the longest time
// between two answers, in ms; missed counts questions without an answer.
func probe(ctx context.Context, address, name string) (gap float64, missed int, err error) {
	conn, err := net.Dial("udp", address)
	if err != nil {
		return 0, 0, err
	}
	defer conn.Close()
	var mu sync.Mutex
	asked := 0
	answered := map[uint16]bool{}
	last := time.Now()
	done := make(chan struct{})
	go func() {
		defer close(done)
		buf := make([]byte, 2048)
		for {
			n, err := conn.Read(buf)
			if err != nil {
				return // the deadline below, or a closed socket
			}
			now := time.Now()
			if n < 12 {
				continue
			}
			mu.Lock()
			gap, last = max(gap, now.Sub(last).Seconds()*1000), now
			answered[binary.BigEndian.Uint16(buf)] = true
			mu.Unlock()
		}
	}()
	tick := time.NewTicker(probeEvery)
	defer tick.Stop()
	for ctx.Err() == nil {
		if _, err := conn.Write(question(uint16(asked), name)); err != nil {
			return 0, 0, err
		}
		asked++
		<-tick.C
	}
	if err := conn.SetReadDeadline(time.Now().Add(time.Second)); err != nil {
		return 0, 0, err
	}
	<-done
	return gap, asked - len(answered), nil
}

// question is a packet that asks for the addresses of name.
func question(id uint16, name string) []byte {
	q := binary.BigEndian.AppendUint16(nil, id)
	q = append(q, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0)
	for label := range strings.SplitSeq(strings.TrimSuffix(name, "."), ".") {
		q = append(append(q, byte(len(label))), label...)
	}
	return append(q, 0, 0, 1, 0, 1)
}

// grow adds names of the same shape until there are n.
func (w *work) grow(n int) {
	first := len(w.names)
	for i := 0; len(w.names) < n; i++ {
		w.add(fmt.Sprintf("n%d-%s", i/first, w.names[i%first]))
	}
}

// stayOn binds this process, its hub and its prober, to one processor.
func stayOn(processor int) error {
	if _, err := exec.LookPath("taskset"); err != nil {
		return nil
	}
	out, err := exec.Command("taskset", "-a", "-c", "-p", fmt.Sprint(processor), fmt.Sprint(os.Getpid())).CombinedOutput()
	if err != nil {
		return fmt.Errorf("taskset: %w %s", err, bytes.TrimSpace(out))
	}
	return nil
}
