// SPDX-License-Identifier: Apache-2.0

package demo

import (
	"context"
	"encoding/binary"
	"errors"
	"net"
	"strings"
	"time"
)

// askFrom asks a node for a name's address from a local address of its own, as
// one of a school's devices. Nodes count devices by their address; all of
// 127.0.0.0/8 is this machine, so six addresses are six devices.
func askFrom(ctx context.Context, device, server, name string) error {
	query := binary.BigEndian.AppendUint16(nil, uint16(time.Now().UnixNano()))
	query = append(query, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0) // recursion desired, one question (RFC 1035, 4.1.1)
	for label := range strings.SplitSeq(name, ".") {
		query = append(append(query, byte(len(label))), label...)
	}
	query = append(query, 0, 0, 1, 0, 1) // root; A; IN
	d := net.Dialer{LocalAddr: &net.UDPAddr{IP: net.ParseIP(device)}, Timeout: time.Second}
	conn, err := d.DialContext(ctx, "udp", server)
	if err != nil {
		return err
	}
	defer conn.Close()
	if err := conn.SetDeadline(time.Now().Add(2 * time.Second)); err != nil {
		return err
	}
	if _, err := conn.Write(query); err != nil {
		return err
	}
	answer := make([]byte, 1500)
	n, err := conn.Read(answer)
	if err != nil {
		return err
	}
	if n < 12 || answer[0] != query[0] || answer[1] != query[1] {
		return errors.New("an answer to another question")
	}
	return nil
}
