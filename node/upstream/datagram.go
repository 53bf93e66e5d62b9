// SPDX-License-Identifier: Apache-2.0

package upstream

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/binary"
	"errors"
	"net"
	"net/netip"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"lachan/internal/dnswire"
)

const (
	clientCookie = 8  // bytes, RFC 7873 §4
	maxCookie    = 40 // with the server's part
	streamIdle   = 20 * time.Second
)

// errDoubt is an answer that fits but does not prove where it comes from; over
// TCP it would.
var errDoubt = errors.New("upstream: doubtful answer")

// datagram asks a server over UDP, from a fresh port with a random id, and over
// TCP what was cut short or is in doubt.
type datagram struct {
	at     netip.AddrPort
	stream *pipe
	// oneCase is set for a server that gives a name back in other letters than it
	// was asked in, as seen over TCP, where nobody can speak for it.
	oneCase  atomic.Bool
	noCookie atomic.Bool // the server finds cookies faulty

	mu     sync.Mutex
	cookie []byte // the client's eight bytes, and the server's behind them
}

func newDatagram(s Server, _ Options) *datagram {
	d := &datagram{at: s.at[0], cookie: make([]byte, clientCookie)}
	rand.Read(d.cookie) // never fails since Go 1.24
	d.stream = &pipe{idle: streamIdle, dial: func(ctx context.Context) (net.Conn, error) {
		var dialer net.Dialer
		return dialer.DialContext(ctx, "tcp", s.at[0].String())
	}}
	return d
}

func (d *datagram) close() { d.stream.close() }

func (d *datagram) exchange(ctx context.Context, q Question) ([]byte, error) {
	for range 2 { // a second time with what the first taught
		query, question := d.query(q)
		reply, err := d.overUDP(ctx, query, question)
		switch {
		case errors.Is(err, errDoubt):
			return d.overTCP(ctx, query, question)
		case err != nil:
			return nil, err
		}
		switch rcode, _, _ := dnswire.Extra(reply, dnswire.OptionCookie); {
		case rcode == dnswire.BadCookie: // the server's part is newer now
			continue
		case reply[3]&0x0f == dnswire.FormatError && !d.noCookie.Swap(true):
			continue
		case reply[2]&0x02 != 0:
			return d.overTCP(ctx, query, question)
		}
		return reply, nil
	}
	query, question := d.query(q)
	return d.overTCP(ctx, query, question)
}

// query packs a question with a random id, letters in random case and a cookie.
func (d *datagram) query(q Question) (query, question []byte) {
	var raw [2 + 32]byte
	rand.Read(raw[:])
	query = dnswire.AppendQuery(make([]byte, 0, 384), binary.BigEndian.Uint16(raw[:]), []byte(q.Name), q.Type, q.DO, q.CD)
	question = query[dnswire.HeaderSize : dnswire.HeaderSize+len(q.Name)+4]
	if !d.oneCase.Load() {
		mix(question[:len(q.Name)], raw[2:])
	}
	question = slices.Clone(question)
	if !d.noCookie.Load() {
		d.mu.Lock()
		query = dnswire.AppendOption(query, dnswire.OptionCookie, d.cookie)
		d.mu.Unlock()
	}
	return query, question
}

// mix puts letters of a name in the case that random bits say. Length bytes are
// below the letters.
func mix(name, bits []byte) {
	for i, c := range name {
		if 'a' <= c && c <= 'z' && bits[i/8%len(bits)]>>(i%8)&1 == 1 {
			name[i] = c - 'a' + 'A'
		}
	}
}

func (d *datagram) overUDP(ctx context.Context, query, question []byte) ([]byte, error) {
	var dialer net.Dialer
	conn, err := dialer.DialContext(ctx, "udp", d.at.String())
	if err != nil {
		return nil, err
	}
	defer conn.Close()
	stop := context.AfterFunc(ctx, func() { conn.SetDeadline(time.Now()) })
	defer stop()
	if _, err := conn.Write(query); err != nil {
		return nil, err
	}
	buf := make([]byte, 4096)
	for {
		n, err := conn.Read(buf)
		if err != nil {
			return nil, errors.Join(err, ctx.Err())
		}
		reply := buf[:n]
		if !dnswire.SameQuestion(reply, binary.BigEndian.Uint16(query), question) {
			continue // somebody guesses; wait on
		}
		ours, err := d.proven(reply, question)
		if err != nil {
			return nil, err
		}
		if ours {
			return slices.Clip(reply), nil
		}
	}
}

// proven reports whether an answer is the server's: false for one to wait past,
// errDoubt for one to ask for again over TCP.
func (d *datagram) proven(reply, question []byte) (bool, error) {
	if !d.oneCase.Load() && !bytes.Equal(reply[dnswire.HeaderSize:dnswire.HeaderSize+len(question)], question) {
		return false, errDoubt
	}
	if d.noCookie.Load() {
		return true, nil
	}
	_, cookie, _ := dnswire.Extra(reply, dnswire.OptionCookie)
	d.mu.Lock()
	defer d.mu.Unlock()
	switch {
	case len(cookie) >= clientCookie && !bytes.Equal(cookie[:clientCookie], d.cookie[:clientCookie]):
		return false, nil
	case len(cookie) > clientCookie && len(cookie) <= maxCookie:
		d.cookie = slices.Clone(cookie)
	case len(d.cookie) > clientCookie: // it had one before
		return false, errDoubt
	}
	return true, nil
}

func (d *datagram) overTCP(ctx context.Context, query, question []byte) ([]byte, error) {
	reply, err := d.stream.exchange(ctx, query, question)
	if err != nil {
		return nil, err
	}
	if !bytes.Equal(reply[dnswire.HeaderSize:dnswire.HeaderSize+len(question)], question) {
		d.oneCase.Store(true)
	}
	_, cookie, _ := dnswire.Extra(reply, dnswire.OptionCookie)
	d.mu.Lock()
	defer d.mu.Unlock()
	switch {
	case len(cookie) > clientCookie && len(cookie) <= maxCookie && bytes.Equal(cookie[:clientCookie], d.cookie[:clientCookie]):
		d.cookie = slices.Clone(cookie)
	case cookie == nil: // it has given them up
		d.cookie = d.cookie[:clientCookie]
	}
	return reply, nil
}
