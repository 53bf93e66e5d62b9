// SPDX-License-Identifier: Apache-2.0

package dnswire

import (
	"crypto/rand"
	"crypto/subtle"
	"encoding/binary"
	"net/netip"
	"sync/atomic"
	"time"
)

// Sizes and times of cookies, RFC 7873 §4 and RFC 9018 §4.
const (
	clientCookieSize = 8
	serverCookieSize = 16 // version, three reserved bytes, time, hash
	cookieSize       = clientCookieSize + serverCookieSize
	maxCookieSize    = 40
	cookieLife       = time.Hour        // of a cookie of ours
	cookieAhead      = 5 * time.Minute  // another clock of the same address may be ahead
	cookieRenewal    = 30 * time.Minute // then a client gets a newer one
	secretLife       = 24 * time.Hour
)

// CookieState is what a client's cookie proves.
type CookieState uint8

// The states.
const (
	NoCookie     CookieState = iota // the client sent none
	NewCookie                       // it has none of ours yet, or one that no longer counts
	ValidCookie                     // it received an answer of ours at this address
	FaultyCookie                    // no cookie's length: answer FORMERR (RFC 7873 §5.2.2)
)

// Cookies makes and checks the server's part of DNS cookies (RFC 7873) in the
// form that all servers share (RFC 9018): whoever sends one back has received
// an answer at the address from which it asks, so nobody is flooded in its
// name. Nothing is kept for a client: the cookie is a keyed hash of its address
// and the time.
type Cookies struct {
	secrets atomic.Pointer[cookieSecrets]
}

type cookieSecrets struct {
	now, before [16]byte
	since       time.Time
}

// NewCookies begins with a random secret.
func NewCookies(now time.Time) *Cookies {
	c := new(Cookies)
	s := &cookieSecrets{since: now}
	rand.Read(s.now[:]) // never fails since Go 1.24
	s.before = s.now
	c.secrets.Store(s)
	return c
}

// Rotate puts a new secret in place of one that has served for a day. Cookies
// of the one before go on counting until their hour is over. It is to be called
// by one goroutine, more often than hourly.
func (c *Cookies) Rotate(now time.Time) {
	old := c.secrets.Load()
	if since := now.Sub(old.since); 0 <= since && since < secretLife {
		return
	}
	next := &cookieSecrets{before: old.now, since: now}
	rand.Read(next.now[:])
	c.secrets.Store(next)
}

// Check reads the query's cookie and lays the one that goes back into the
// query, from where each answer takes it. Call it between Parse and the answer.
func (c *Cookies) Check(q *Query, client netip.Addr, now time.Time) CookieState {
	if !q.EDNS || q.optLen == 0 {
		return NoCookie
	}
	sent, ok := option(q.msg[q.optAt:q.optAt+q.optLen], OptionCookie)
	if !ok {
		return NoCookie
	}
	if len(sent) != clientCookieSize && (len(sent) < clientCookieSize+8 || len(sent) > maxCookieSize) {
		return FaultyCookie
	}
	s := c.secrets.Load()
	client = client.Unmap()
	q.cookieLen = uint8(copy(q.cookie[:], sent[:min(len(sent), cookieSize)]))
	state, age := s.check(q.cookie[:q.cookieLen], client, now)
	if len(sent) != cookieSize {
		state = NewCookie
	}
	if state != ValidCookie || age >= cookieRenewal || age < 0 {
		q.cookieLen = cookieSize
		copy(q.cookie[clientCookieSize:], []byte{1, 0, 0, 0})
		binary.BigEndian.PutUint32(q.cookie[12:], uint32(now.Unix()))
		binary.LittleEndian.PutUint64(q.cookie[16:], hashCookie(&s.now, q.cookie[:16], client))
	}
	return state
}

func (s *cookieSecrets) check(cookie []byte, client netip.Addr, now time.Time) (CookieState, time.Duration) {
	if len(cookie) != cookieSize || cookie[clientCookieSize] != 1 {
		return NewCookie, 0
	}
	// Serial numbers (RFC 1982): the difference is right past the year 2106 too.
	age := time.Duration(int32(uint32(now.Unix())-binary.BigEndian.Uint32(cookie[12:]))) * time.Second
	if age > cookieLife || age < -cookieAhead {
		return NewCookie, age
	}
	for _, secret := range []*[16]byte{&s.now, &s.before} {
		var want [8]byte
		binary.LittleEndian.PutUint64(want[:], hashCookie(secret, cookie[:16], client))
		if subtle.ConstantTimeCompare(want[:], cookie[16:]) == 1 {
			if secret == &s.before && s.before != s.now {
				age = cookieRenewal // it is time for one of the new secret
			}
			return ValidCookie, age
		}
	}
	return NewCookie, age
}

func hashCookie(secret *[16]byte, head []byte, client netip.Addr) uint64 {
	var in [32]byte
	n := copy(in[:], head)
	if client.Is4() {
		a := client.As4()
		n += copy(in[n:], a[:])
	} else {
		a := client.As16()
		n += copy(in[n:], a[:])
	}
	return sipHash(secret, in[:n])
}
