// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"net"
	"strings"
	"testing"
	"time"
)

func TestWhatDnsperfPrintsIsRead(t *testing.T) {
	var b strings.Builder
	for i := range 200 {
		fmt.Fprintf(&b, "> NOERROR a%d.example A 0.%06d\n", i, i+1)
	}
	b.WriteString("> T a.example A timeout\nStatistics:\n  Queries sent: 201\n  Queries completed:    200 (99.50%)\n  Queries lost:  1 (0.50%)\n  Response codes:       NOERROR 100 (50.00%), NXDOMAIN 100 (50.00%)\n  Queries per second:   1234.5\n")
	o := output(b.String())
	if n := o.number(`Queries completed:\s+(\d+)`); n != 200 {
		t.Errorf("completed %v", n)
	}
	if n := o.number(`NXDOMAIN (\d+)`); n != 100 {
		t.Errorf("refused %v", n)
	}
	if n := o.number(`Queries lost:\s+(\d+)`); n != 1 {
		t.Errorf("lost %v", n)
	}
	if p50, p99 := o.latency(); p50 != 0.101 || p99 != 0.199 {
		t.Errorf("median %v, 99th %v", p50, p99)
	}
}

// The children do what the figures take for granted.
func TestChildrenAnswer(t *testing.T) {
	for kind, bit := range map[string]byte{"plain": 0, "batch": 0, "upstream": 0x80} {
		address, err := freeAddress()
		if err != nil {
			t.Fatal(err)
		}
		go child(kind, address) // until the test's process ends
		conn, err := net.Dial("udp", address)
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
		question := "\x00\x07\x01\x00\x00\x01\x00\x00\x00\x00\x00\x00\x01a\x07example\x00\x00\x01\x00\x01"
		buf := make([]byte, 512)
		n := 0
		for range 500 { // the child may not listen yet
			if err = conn.SetDeadline(time.Now().Add(time.Second)); err != nil {
				t.Fatal(err)
			}
			if _, err = conn.Write([]byte(question)); err == nil {
				if n, err = conn.Read(buf); err == nil {
					break
				}
			}
			time.Sleep(10 * time.Millisecond)
		}
		if err != nil {
			t.Fatalf("%s: %v", kind, err)
		}
		if want := len(question) + int(bit/0x80)*16; n != want || buf[2]&0x80 != bit {
			t.Errorf("%s answered %q", kind, buf[:n])
		}
	}
}
