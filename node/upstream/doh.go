// SPDX-License-Identifier: Apache-2.0

package upstream

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"time"

	"lachan/internal/dnswire"
)

const dnsMessage = "application/dns-message"

// doh asks a server over HTTPS (RFC 8484), HTTP/2 where it has it.
type doh struct {
	url    string
	client *http.Client
	pool   *http.Transport
}

func newDoH(s Server, o Options) *doh {
	pool := &http.Transport{
		DialContext:       func(ctx context.Context, _, _ string) (net.Conn, error) { return dialFirst(ctx, s) },
		TLSClientConfig:   s.tls(o.Roots),
		ForceAttemptHTTP2: true, MaxIdleConnsPerHost: 2, MaxConnsPerHost: 8, IdleConnTimeout: time.Minute,
		MaxResponseHeaderBytes: 16 << 10,
	}
	return &doh{url: s.url, pool: pool, client: &http.Client{
		Transport:     pool,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}
}

func (d *doh) close() { d.pool.CloseIdleConnections() }

func (d *doh) exchange(ctx context.Context, q Question) ([]byte, error) {
	query := dnswire.AppendQuery(make([]byte, 0, 384), 0, []byte(q.Name), q.Type, q.DO, q.CD) // id 0: RFC 8484 §4.1
	question := query[dnswire.HeaderSize : dnswire.HeaderSize+len(q.Name)+4]
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, d.url, bytes.NewReader(dnswire.Pad(query, paddingBlock)))
	if err != nil {
		return nil, fmt.Errorf("upstream: %w", err)
	}
	req.Header.Set("Content-Type", dnsMessage)
	req.Header.Set("Accept", dnsMessage)
	req.Header.Set("User-Agent", "") // says nothing about us
	res, err := d.client.Do(req)
	if err != nil {
		return nil, fmt.Errorf("upstream: %w", err)
	}
	defer res.Body.Close()
	if res.StatusCode != http.StatusOK || res.Header.Get("Content-Type") != dnsMessage {
		return nil, fmt.Errorf("upstream: status %d", res.StatusCode)
	}
	reply, err := io.ReadAll(io.LimitReader(res.Body, 0x10000))
	if err != nil {
		return nil, fmt.Errorf("upstream: %w", err)
	}
	if len(reply) > 0xffff || !dnswire.SameQuestion(reply, 0, question) {
		return nil, errors.New("upstream: answer to another question")
	}
	return reply, nil
}
