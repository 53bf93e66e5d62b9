// SPDX-License-Identifier: Apache-2.0

package resolver

import (
	"context"
	"errors"
	"time"

	"lachan/internal/dnswire"
	"lachan/internal/dnswire/dnssec"
	"lachan/internal/problem"
	"lachan/node/upstream"
)

// bogusFor is how long a name that cannot be proven stays unanswered before it
// is tried again (RFC 9520 §3.2: one second to five minutes).
const bogusFor = 10 * time.Second

// validate begins to prove answers where the settings ask for it. The chain of
// trust is asked for at the upstreams of all names: a school's own servers
// (Zones) have names that no public signature speaks for, and stand outside.
func (l *live) validate() error {
	if !l.cfg.Validate {
		return nil
	}
	o := dnssec.Options{Now: l.cfg.Clock.Now, Anchors: l.cfg.Anchors}
	for _, name := range l.cfg.Except {
		o.Except = append(o.Except, name.String())
	}
	// A swap may give these settings the upstreams of those before: so the group
	// is looked up with each question.
	o.Ask = func(ctx context.Context, name []byte, qtype uint16) ([]byte, error) {
		return l.zones.rest.Ask(ctx, upstream.Question{Name: string(name), Type: qtype, DO: true, CD: true})
	}
	var err error
	if l.proofs, err = dnssec.New(o); err != nil {
		return problem.New("node/bad-anchors", "file", "").Wrap(err)
	}
	return nil
}

// proofTime bounds how long the links of one chain may take.
const proofTime = 10 * time.Second

func (l *live) prove(ctx context.Context, msg []byte, q question) ([]byte, error) {
	ctx, cancel := context.WithTimeout(ctx, proofTime)
	defer cancel()
	return l.proofs.Prove(ctx, msg, []byte(q.name), q.qtype, q.do)
}

// unproven is what is given out in place of an answer that cannot be proven:
// none, and why. It is kept for a moment, so that a broken zone is not proven
// broken with every question.
func (r *Resolver) unproven(l *live, q question, err error) (*entry, error) {
	var b *dnssec.Bogus
	if !errors.As(err, &b) {
		return nil, err // nobody answered for a link of the chain
	}
	query, err := bare(q)
	if err != nil {
		return nil, err
	}
	e := &entry{key: q.key, msg: query.Error(dnswire.ServerFailure, dnswire.NoEDE), ede: b.EDE, bogus: true, stored: l.cfg.Clock.Now()}
	r.keep(l, e, bogusFor)
	return e, nil
}
