// SPDX-License-Identifier: Apache-2.0

package schools

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"strings"
	"time"

	"lachan/internal/authz"
	"lachan/internal/clock"
	"lachan/internal/id"
	"lachan/internal/locale"
	"lachan/internal/problem"
	"lachan/internal/sqldb"
)

// A node joins with a token that a person made for it: the token is shown
// once, used once, and only its hash is stored. The node brings a public key
// that it made itself, so no secret of a node is ever known to the hub.

// TokenCommand asks for a token that lets one node join for these schools.
type TokenCommand struct {
	Name    string   // of the node, up to 80 letters
	Schools []string // ids, at least one
}

type token struct {
	hash    string
	name    string
	schools []string
	expires int64
	used    int64
	node    string
}

var (
	queryTokenPut = sqldb.Register("schools.token_put", `
		INSERT INTO schools_token (hash, name, schools, by_person, created, expires, used, node) VALUES ($1, $2, $3, $4, $5, $6, 0, '')`)
	queryToken    = sqldb.Register("schools.token", `SELECT hash, name, schools, expires, used, node FROM schools_token WHERE hash = $1`)
	queryTokenUse = sqldb.Register("schools.token_use", `UPDATE schools_token SET used = $2, node = $3 WHERE hash = $1 AND used = 0`)
)

// CreateToken makes a one-time token. It is returned here and never again.
func (s *Service) CreateToken(ctx context.Context, actor authz.Actor, cmd TokenCommand) (text string, expires time.Time, err error) {
	cmd.Name = locale.Normalize(cmd.Name)
	p := problem.New("input/faulty")
	needText(p, "name", cmd.Name, 80, true)
	if len(cmd.Schools) == 0 || len(cmd.Schools) > 500 {
		p.Field("school", "input/required")
	}
	if err := p.OrNil(); err != nil {
		return "", time.Time{}, err
	}
	text = newToken()
	schools, err := json.Marshal(cmd.Schools)
	if err != nil {
		return "", time.Time{}, err
	}
	now := s.clock.Now()
	expires = now.Add(s.settings.TokenFor)
	err = s.db.Tx(ctx, func(ctx context.Context, tx *sqldb.Tx) error {
		permit, err := s.mayEnrol(ctx, tx, actor, cmd.Schools)
		if err != nil {
			return err
		}
		_, err = sqldb.Exec(ctx, tx, queryTokenPut, hashToken(text), cmd.Name, string(schools), actor.Name(), clock.Micro(now), clock.Micro(expires))
		if err != nil {
			return err
		}
		return s.record(ctx, tx, step{kind: "schools.token_made", actor: actor.Name(), permit: permit, details: cmd})
	})
	return text, expires, err
}

// mayEnrol asks for a permit on each of the schools; the last one is returned.
func (s *Service) mayEnrol(ctx context.Context, q sqldb.Queryer, actor authz.Actor, schools []string) (permit authz.Permit, err error) {
	for _, schoolID := range schools {
		school, err := sqldb.One(ctx, q, querySchool, scanSchool, schoolID)
		if err != nil {
			return permit, notFound(err, "schools/no-school")
		}
		if permit, err = s.authz.Check(ctx, actor, "schools.enrol_node", ofSchool(school.ID, school.Unit)); err != nil {
			return permit, err
		}
	}
	return permit, nil
}

// Redeem lets a node join. The same node with the same key may ask again, in
// case the answer was lost; anybody else with a used token is refused.
func (s *Service) Redeem(ctx context.Context, text, nodeKey, version string) (Node, error) {
	if !isNodeKey(nodeKey) {
		return Node{}, problem.New("schools/not-a-node-key")
	}
	var node Node
	err := s.db.Tx(ctx, func(ctx context.Context, tx *sqldb.Tx) error {
		t, err := sqldb.One(ctx, tx, queryToken, scanToken, hashToken(text))
		if err != nil {
			return notFound(err, "schools/unknown-token")
		}
		if t.used != 0 {
			node, err = loadNode(ctx, tx, t.node)
			if err == nil && (node.Key != nodeKey || !node.Revoked.IsZero()) {
				node, err = Node{}, problem.New("schools/token-used")
			}
			return err
		}
		now := s.clock.Now()
		if clock.Micro(now) >= t.expires {
			return problem.New("schools/token-expired")
		}
		node = Node{ID: id.New(), Name: t.name, Key: nodeKey, Version: clip(version, 40), Health: HealthUnknown, Joined: now, Schools: t.schools}
		return s.join(ctx, tx, t, node)
	})
	if err != nil {
		return Node{}, err
	}
	return node, nil
}

func (s *Service) join(ctx context.Context, tx *sqldb.Tx, t token, n Node) error {
	_, err := sqldb.Exec(ctx, tx, queryNodePut, n.ID, n.Name, n.Key, n.Version, n.Bundle, n.Delta, n.Health, n.Sequence, clock.Micro(n.Joined), 0, 0, 0)
	if sqldb.IsUnique(err) {
		return problem.New("schools/key-known").Wrap(err)
	}
	if err != nil {
		return err
	}
	for _, schoolID := range n.Schools {
		if _, err := sqldb.Exec(ctx, tx, queryNodeSchoolPut, n.ID, schoolID); err != nil {
			return err
		}
	}
	if _, err := sqldb.Exec(ctx, tx, queryTokenUse, t.hash, clock.Micro(n.Joined), n.ID); err != nil {
		return err
	}
	return s.record(ctx, tx, step{
		kind: "schools.node_joined", actor: "node:" + n.ID, object: n.ID,
		details: map[string]any{"name": n.Name, "key": n.Key, "schools": n.Schools, "version": n.Version},
	})
}

// newToken is 130 random bits in groups of letters and digits that are hard to
// mistake for each other.
func newToken() string {
	text := rand.Text() // 26 letters of base32, RFC 4648
	var groups []string
	for i := 0; i < len(text); i += 7 {
		groups = append(groups, text[i:min(i+7, len(text))])
	}
	return strings.Join(groups, "-")
}

// hashToken forgives case and the marks between groups.
func hashToken(text string) string {
	plain := strings.ToUpper(strings.NewReplacer("-", "", " ", "").Replace(strings.TrimSpace(text)))
	sum := sha256.Sum256([]byte(plain))
	return hex.EncodeToString(sum[:])
}

// isNodeKey reports whether key has the form of a user's public nkey: 56
// letters of base32 that begin with U. The bus checks its sum.
func isNodeKey(key string) bool {
	return len(key) == 56 && key[0] == 'U' && strings.Trim(key, "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567") == ""
}

func scanToken(r sqldb.Row) (t token, err error) {
	var schools string
	if err := r.Scan(&t.hash, &t.name, &schools, &t.expires, &t.used, &t.node); err != nil {
		return t, err
	}
	return t, json.Unmarshal([]byte(schools), &t.schools)
}
