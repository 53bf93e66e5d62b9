// SPDX-License-Identifier: Apache-2.0

package blockpage

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"time"
)

// ServeTLS answers on l over HTTPS until ctx ends, for refused names only.
func (p *Page) ServeTLS(ctx context.Context, l net.Listener, a *Authority) error {
	return p.serve(ctx, l, p.tls(a))
}

// Serve answers on l until ctx ends.
func (p *Page) Serve(ctx context.Context, l net.Listener) error { return p.serve(ctx, l, nil) }

func (p *Page) serve(ctx context.Context, l net.Listener, secure *tls.Config) error {
	s := &http.Server{
		Handler: p, ReadHeaderTimeout: 5 * time.Second, ReadTimeout: 10 * time.Second,
		WriteTimeout: 10 * time.Second, IdleTimeout: 30 * time.Second, MaxHeaderBytes: 16 << 10,
		TLSConfig: secure, ErrorLog: slog.NewLogLogger(slog.DiscardHandler, slog.LevelDebug), // its lines name clients
	}
	stop := context.AfterFunc(ctx, func() {
		ending, cancel := context.WithTimeout(context.WithoutCancel(ctx), 3*time.Second)
		defer cancel()
		if s.Shutdown(ending) != nil {
			s.Close()
		}
	})
	defer stop()
	answer := func() error { return s.Serve(l) }
	if secure != nil {
		answer = func() error { return s.ServeTLS(l, "", "") }
	}
	if err := answer(); !errors.Is(err, http.ErrServerClosed) {
		return fmt.Errorf("blockpage: %w", err)
	}
	return nil
}
