// SPDX-License-Identifier: Apache-2.0

package dnswire

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"time"

	"github.com/miekg/dns"
)

// TSIG (RFC 8945) signs each message with a secret that both sides have. Only
// the two algorithms that RFC 8945 §6 asks for are taken, and no MAC that was
// cut short.

// fudge is how far the clocks of the two sides may be apart, seconds.
const fudge = 300

const notifyWait = 2 * time.Second

// provider checks and makes signatures with the keys of a source.
type provider struct {
	ctx     context.Context // of the server: the library hands none on
	source  ZoneSource
	looking chan struct{} // bounds how many signatures are checked at once; nil: no bound
}

// errBusy is of a signature that was not checked, since too many are: a key is
// looked up in the database, and anybody can send names of keys.
var errBusy = errors.New("dnswire: too many signatures at once")

// Generate implements dns.TsigProvider.
func (p provider) Generate(msg []byte, t *dns.TSIG) ([]byte, error) {
	secret, algorithm, err := p.source.Secret(p.ctx, plainName(t.Hdr.Name))
	if err != nil {
		return nil, fmt.Errorf("%w: %w", dns.ErrSecret, err)
	}
	made := map[string]func() hash.Hash{"hmac-sha256": sha256.New, "hmac-sha512": sha512.New}[algorithm]
	if made == nil || plainName(t.Algorithm) != algorithm {
		return nil, dns.ErrKeyAlg
	}
	mac := hmac.New(made, secret)
	mac.Write(msg)
	return mac.Sum(nil), nil
}

// Verify implements dns.TsigProvider.
func (p provider) Verify(msg []byte, t *dns.TSIG) error {
	if p.looking != nil {
		select {
		case p.looking <- struct{}{}:
			defer func() { <-p.looking }()
		default:
			return errBusy
		}
	}
	want, err := p.Generate(msg, t)
	if err != nil {
		return err
	}
	got, err := hex.DecodeString(t.MAC)
	if err != nil || !hmac.Equal(got, want) {
		return dns.ErrSig
	}
	return nil
}

func sign(m *dns.Msg, key, algorithm string) {
	m.SetTsig(dns.Fqdn(key), dns.Fqdn(algorithm), fudge, time.Now().Unix())
}

// signAs makes an answer signed with the key of its question.
func signAs(asked, m *dns.Msg) {
	if t := asked.IsTsig(); t != nil {
		sign(m, t.Hdr.Name, t.Algorithm)
	}
}
