// SPDX-License-Identifier: Apache-2.0

package resolver

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net/netip"
	"os"
	"sync"
	"sync/atomic"
	"time"

	"lachan/internal/problem"
)

// Certificate is a certificate with its key in two PEM files, read again when
// they change: whoever renews it need not restart the node.
type Certificate struct {
	certFile, keyFile string
	pair              atomic.Pointer[tls.Certificate]

	mu   sync.Mutex
	seen [2]stamp
}

// stamp tells one state of a file from another.
type stamp struct {
	size int64
	at   time.Time
}

// OpenCertificate reads both files. The certificate comes first in its file,
// those that vouch for it behind.
func OpenCertificate(certFile, keyFile string) (*Certificate, error) {
	c := &Certificate{certFile: certFile, keyFile: keyFile}
	if _, err := c.Refresh(); err != nil {
		return nil, err
	}
	return c, nil
}

// AwaitCertificate is a certificate with its key in one PEM file that need not be
// there yet: until it is, nobody gets an encrypted connection.
func AwaitCertificate(file string) (*Certificate, error) {
	c := &Certificate{certFile: file, keyFile: file}
	if _, err := c.Refresh(); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	return c, nil
}

// Refresh reads the files if they changed since and reports whether they did.
// With an error the last good pair stays in use.
func (c *Certificate) Refresh() (changed bool, err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	var now [2]stamp
	for i, path := range []string{c.certFile, c.keyFile} {
		info, err := os.Stat(path)
		if err != nil {
			return false, problem.New("node/bad-certificate", "file", path).Wrap(err)
		}
		now[i] = stamp{info.Size(), info.ModTime()}
	}
	if now == c.seen {
		return false, nil
	}
	pair, err := tls.LoadX509KeyPair(c.certFile, c.keyFile)
	if err != nil {
		return false, problem.New("node/bad-certificate", "file", c.certFile).Wrap(err)
	}
	if pair.Leaf == nil {
		return false, problem.New("node/bad-certificate", "file", c.certFile).Wrap(fmt.Errorf("resolver: no certificate"))
	}
	c.seen = now
	c.pair.Store(&pair)
	return true, nil
}

// covers reports whether the certificate holds for a host, and for which
// addresses.
func (c *Certificate) covers(host string) (addresses []netip.Addr, ok bool) {
	pair := c.pair.Load()
	if pair == nil {
		return nil, false
	}
	leaf := pair.Leaf
	if host == "" || leaf.VerifyHostname(host) != nil {
		return nil, false
	}
	for _, ip := range leaf.IPAddresses {
		if a, ok := netip.AddrFromSlice(ip); ok {
			addresses = append(addresses, a.Unmap())
		}
	}
	return addresses, true
}

// tlsConfig is the server side of TLS for one protocol. The certificate is
// looked up with each handshake, so that a new one counts at once.
func (r *Resolver) tlsConfig(protocols ...string) *tls.Config {
	return &tls.Config{
		MinVersion: tls.VersionTLS12,
		NextProtos: protocols,
		GetCertificate: func(*tls.ClientHelloInfo) (*tls.Certificate, error) {
			c := r.live.Load().cfg.Certificate
			if c == nil || c.pair.Load() == nil {
				return nil, problem.New("node/no-certificate")
			}
			return c.pair.Load(), nil
		},
	}
}

// RefreshCertificate looks now whether the certificate's files have changed;
// otherwise that is done every minute.
func (r *Resolver) RefreshCertificate(ctx context.Context) {
	l := r.live.Load()
	if l.cfg.Certificate == nil {
		return
	}
	changed, err := l.cfg.Certificate.Refresh()
	switch {
	case err != nil && l.cfg.Certificate.pair.Load() == nil: // awaited; who renews it says what is amiss
	case err != nil:
		l.cfg.Logger.LogAttrs(ctx, slog.LevelWarn, "certificate not read; the last one stays", slog.String("error", err.Error()))
	case changed:
		l.cfg.Logger.LogAttrs(ctx, slog.LevelInfo, "certificate read anew")
	}
}
