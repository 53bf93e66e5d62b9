// SPDX-License-Identifier: Apache-2.0

package node

import (
	"context"
	"errors"
	"net"

	"lachan/internal/locale"
	"lachan/internal/problem"
	"lachan/node/blockpage"
	"lachan/node/renew"
)

func (n *Node) prepareRenewal(cfg Config) error {
	if cfg.ACMEDirectory == "" {
		return nil
	}
	roots, err := cfg.acmeRoots()
	if err != nil {
		return err
	}
	n.renewer = renew.New(renew.Config{
		Directory: cfg.ACMEDirectory, Host: cfg.Host, Contact: cfg.ACMEContact, Roots: roots, Dir: cfg.State, Clock: n.opts.Clock, Logger: n.opts.Logger,
		Changed: func() { n.resolver.RefreshCertificate(context.Background()) },
	})
	return nil
}

func (n *Node) preparePage(cfg Config, texts *locale.Texts) error {
	if cfg.PageListen == "off" {
		return nil
	}
	var err error
	page := blockpage.Config{View: n.keeper.View, Wish: n.outbox.Wish, Log: n.log, Texts: texts, HubPublic: cfg.HubPublic, Clock: n.opts.Clock}
	if n.renewer != nil {
		page.Challenge = n.renewer
	}
	n.page, err = blockpage.New(page)
	if err != nil {
		return err
	}
	if n.pageAt, err = net.Listen("tcp", cfg.PageListen); err != nil {
		return problem.New("node/cannot-listen", "address", cfg.PageListen).Wrap(err)
	}
	if cfg.PageAuthority == "" {
		return nil
	}
	if n.issuer, err = blockpage.OpenAuthority(cfg.PageAuthority); err != nil {
		return errors.Join(err, n.closePage())
	}
	if n.secureAt, err = net.Listen("tcp", cfg.PageListenTLS); err != nil {
		return errors.Join(problem.New("node/cannot-listen", "address", cfg.PageListenTLS).Wrap(err), n.closePage())
	}
	return nil
}

func (n *Node) closePage() error {
	var err error
	for _, l := range []net.Listener{n.pageAt, n.secureAt, n.metricsAt} {
		if l != nil {
			err = errors.Join(err, l.Close())
		}
	}
	return err
}
