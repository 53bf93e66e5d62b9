// SPDX-License-Identifier: Apache-2.0

package schools

import (
	"context"
	"time"

	"lachan/internal/authz"
	"lachan/internal/clock"
	"lachan/internal/problem"
	"lachan/internal/sqldb"
)

// Node is a resolver in a school, or one for several schools.
type Node struct {
	ID       string
	Name     string
	Key      string // public nkey, made on the node; its private half never leaves it
	Version  string
	Bundle   int64 // number in use; 0: none yet
	Delta    int64 // last applied
	Health   string
	Rejected int64 // number of a bundle that it could not use; 0: none
	Sequence int64 // highest batch of counts taken
	Joined   time.Time
	Seen     time.Time
	Revoked  time.Time
	Schools  []string // ids
}

// The codes of Node.Health; words: schools.health.<code>.
const (
	HealthOK       = "ok"
	HealthUpstream = "no-upstream" // filters, but no resolver above it answers
	HealthUnknown  = "unknown"     // joined, and not heard of since
)

// NodeState is what a page shows of a node, in the words of the look.
type NodeState string

// The states.
const (
	NodeOK      NodeState = "ok"
	NodeBehind  NodeState = "soon" // lacks a bundle or a delta, or its upstream
	NodeSilent  NodeState = "late"
	NodeWaiting NodeState = "wait" // joined, nothing heard yet; or revoked
)

// State judges a node against what it should have.
func (s *Service) State(n Node, bundle, delta int64) NodeState {
	switch {
	case !n.Revoked.IsZero() || n.Seen.IsZero():
		return NodeWaiting
	case s.clock.Now().Sub(n.Seen) > s.settings.SilentAfter:
		return NodeSilent
	case n.Bundle < bundle || n.Delta < delta || n.Health != HealthOK:
		return NodeBehind
	default:
		return NodeOK
	}
}

const nodeColumns = `id, name, nkey, version, bundle, delta, health, sequence, joined, seen, revoked, rejected`

var (
	queryNode    = sqldb.Register("schools.node", `SELECT `+nodeColumns+` FROM schools_node WHERE id = $1`)
	queryNodes   = sqldb.Register("schools.nodes", `SELECT `+nodeColumns+` FROM schools_node ORDER BY name, id`)
	queryNodePut = sqldb.Register("schools.node_put", `
		INSERT INTO schools_node (`+nodeColumns+`) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)`)
	queryNodeSchools   = sqldb.Register("schools.node_schools", `SELECT school FROM schools_node_school WHERE node = $1 ORDER BY school`)
	queryNodeLinks     = sqldb.Register("schools.node_links", `SELECT node, school FROM schools_node_school ORDER BY node, school`)
	queryNodeSchoolPut = sqldb.Register("schools.node_school_put", `INSERT INTO schools_node_school (node, school) VALUES ($1, $2)`)
	queryNodeHealth    = sqldb.Register("schools.node_health", `
		UPDATE schools_node SET version = $2, bundle = $3, delta = $4, health = $5, seen = $6, rejected = $7 WHERE id = $1 AND revoked = 0`)
	queryNodeRevoke = sqldb.Register("schools.node_revoke", `UPDATE schools_node SET revoked = $2 WHERE id = $1 AND revoked = 0`)
)

// Nodes are the nodes that serve a school which actor may see: all, or those
// of the own school.
func (s *Service) Nodes(ctx context.Context, actor authz.Actor) ([]Node, error) {
	own := ""
	if _, err := s.authz.Check(ctx, actor, "schools.view", ofSchool("", "(any)")); err != nil {
		if _, err := s.authz.Check(ctx, actor, "schools.view", ofSchool("", actor.Unit)); err != nil {
			return nil, err
		}
		school, err := sqldb.One(ctx, s.db.Read(), querySchoolUnit, scanSchool, actor.Unit)
		if err != nil {
			return nil, notFound(err, "schools/no-school")
		}
		own = school.ID
	}
	nodes, err := sqldb.All(ctx, s.db.Read(), queryNodes, scanNode)
	if err != nil {
		return nil, wrap("nodes", err)
	}
	links, err := sqldb.All(ctx, s.db.Read(), queryNodeLinks, func(r sqldb.Row) (l [2]string, err error) {
		err = r.Scan(&l[0], &l[1])
		return l, err
	})
	if err != nil {
		return nil, wrap("nodes", err)
	}
	served := map[string][]string{}
	for _, l := range links {
		served[l[0]] = append(served[l[0]], l[1])
	}
	kept := nodes[:0]
	for _, n := range nodes {
		n.Schools = served[n.ID]
		for _, school := range n.Schools {
			if own == "" || school == own {
				kept = append(kept, n)
				break
			}
		}
	}
	return kept, nil
}

// Health is what a node says of itself.
type Health struct {
	Version   string
	Bundle    int64
	Delta     int64
	Resolving bool  // an upstream answers
	Rejected  int64 // number of a bundle that could not be used; 0: none
}

// Heartbeat notes a node's health. A revoked node is not taken notice of.
func (s *Service) Heartbeat(ctx context.Context, nodeID string, h Health) error {
	if h.Bundle < 0 || h.Delta < 0 || h.Rejected < 0 {
		return problem.New("schools/implausible")
	}
	code := HealthOK
	if !h.Resolving {
		code = HealthUpstream
	}
	return s.db.Tx(ctx, func(ctx context.Context, tx *sqldb.Tx) error {
		n, err := sqldb.Exec(ctx, tx, queryNodeHealth, nodeID, clip(h.Version, 40), h.Bundle, h.Delta, code, s.now(), h.Rejected)
		if err == nil && n == 0 {
			err = problem.New("schools/no-node")
		}
		return err
	})
}

// RevokeNode ends a node's right to take bundles and send counts. The caller
// withdraws its credentials on the bus by its Key.
func (s *Service) RevokeNode(ctx context.Context, actor authz.Actor, nodeID string) (Node, error) {
	var node Node
	err := s.db.Tx(ctx, func(ctx context.Context, tx *sqldb.Tx) error {
		var err error
		if node, err = loadNode(ctx, tx, nodeID); err != nil {
			return err
		}
		permit, err := s.mayEnrol(ctx, tx, actor, node.Schools)
		if err != nil {
			return err
		}
		now := s.clock.Now()
		n, err := sqldb.Exec(ctx, tx, queryNodeRevoke, nodeID, clock.Micro(now))
		if err != nil {
			return err
		}
		if n == 0 {
			return problem.New("schools/node-revoked")
		}
		node.Revoked = now
		return s.record(ctx, tx, step{kind: "schools.node_revoked", actor: actor.Name(), object: nodeID, permit: permit, details: map[string]any{"name": node.Name}})
	})
	return node, err
}

// RevokedKeys are the public keys of revoked nodes with the time, for the bus.
func (s *Service) RevokedKeys(ctx context.Context) (map[string]time.Time, error) {
	nodes, err := sqldb.All(ctx, s.db.Read(), queryNodes, scanNode)
	keys := map[string]time.Time{}
	for _, n := range nodes {
		if !n.Revoked.IsZero() {
			keys[n.Key] = n.Revoked
		}
	}
	return keys, wrap("revoked keys", err)
}

// NodeServes reports whether a node, not revoked, serves a school.
func (s *Service) NodeServes(ctx context.Context, nodeID, schoolID string) (bool, error) {
	node, err := loadNode(ctx, s.db.Read(), nodeID)
	if err != nil {
		return false, err
	}
	return node.serves(schoolID), nil
}

func (n Node) serves(schoolID string) bool {
	for _, id := range n.Schools {
		if id == schoolID {
			return n.Revoked.IsZero()
		}
	}
	return false
}

func loadNode(ctx context.Context, q sqldb.Queryer, nodeID string) (Node, error) {
	n, err := sqldb.One(ctx, q, queryNode, scanNode, nodeID)
	if err != nil {
		return n, notFound(err, "schools/no-node")
	}
	n.Schools, err = sqldb.All(ctx, q, queryNodeSchools, sqldb.Scalar[string], nodeID)
	return n, err
}

func scanNode(r sqldb.Row) (n Node, err error) {
	var joined, seen, revoked int64
	err = r.Scan(&n.ID, &n.Name, &n.Key, &n.Version, &n.Bundle, &n.Delta, &n.Health, &n.Sequence, &joined, &seen, &revoked, &n.Rejected)
	n.Joined, n.Seen, n.Revoked = clock.FromMicro(joined), clock.FromMicro(seen), clock.FromMicro(revoked)
	return n, err
}
