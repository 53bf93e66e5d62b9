// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"net"
	"net/netip"
	"os"

	"golang.org/x/net/ipv4"
)

// child is what this program is when it serves itself: "plain" and "batch"
// send every packet back, "upstream" answers every question with one address.
func child(kind, address string) error {
	at, err := netip.ParseAddrPort(address)
	if err != nil {
		return err
	}
	conn, err := net.ListenUDP("udp", net.UDPAddrFromAddrPort(at))
	if err != nil {
		return err
	}
	if err := conn.SetReadBuffer(4 << 20); err != nil {
		return err
	}
	switch kind {
	case "plain":
		return eachPacket(conn, func(b []byte) []byte { return b })
	case "batch":
		return eachBatch(conn)
	case "upstream":
		return eachPacket(conn, answer)
	}
	return fmt.Errorf("no such child: %s", kind)
}

func eachPacket(conn *net.UDPConn, reply func([]byte) []byte) error {
	buf := make([]byte, 4096)
	for {
		n, from, err := conn.ReadFromUDPAddrPort(buf)
		if err != nil {
			return err
		}
		if out := reply(buf[:n]); out != nil {
			if _, err := conn.WriteToUDPAddrPort(out, from); err != nil {
				fmt.Fprintln(os.Stderr, err)
			}
		}
	}
}

// eachBatch is the usual way of Go programs to take and send many packets in
// one system call.
func eachBatch(conn *net.UDPConn) error {
	const size = 32
	p := ipv4.NewPacketConn(conn)
	in := make([]ipv4.Message, size)
	for i := range in {
		in[i].Buffers = [][]byte{make([]byte, 2048)}
	}
	out := make([]ipv4.Message, size)
	for i := range out {
		out[i].Buffers = make([][]byte, 1)
	}
	for {
		n, err := p.ReadBatch(in, 0)
		if err != nil {
			return err
		}
		for i := range n {
			out[i].Buffers[0], out[i].Addr = in[i].Buffers[0][:in[i].N], in[i].Addr
		}
		for sent := 0; sent < n; {
			m, err := p.WriteBatch(out[sent:n], 0)
			if err != nil {
				return err
			}
			sent += m
		}
	}
}

// answer turns a question into its answer, an address for an hour. Whatever
// stood behind the question is left out.
func answer(q []byte) []byte {
	at := 12
	for at < len(q) && q[at] != 0 {
		at += int(q[at]) + 1
	}
	if at+5 > len(q) {
		return nil
	}
	q[2], q[3] = q[2]|0x80, 0x80
	copy(q[6:12], []byte{0, 1, 0, 0, 0, 0})
	return append(q[:at+5], 0xc0, 12, 0, 1, 0, 1, 0, 0, 0x0e, 0x10, 0, 4, 192, 0, 2, 1)
}
