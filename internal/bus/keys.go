// SPDX-License-Identifier: Apache-2.0

package bus

import (
	"encoding/json"
	"fmt"
	"log/slog"
	"strings"
	"time"

	"github.com/nats-io/jwt/v2"
	"github.com/nats-io/nkeys"

	"lachan/internal/problem"
)

// Keys are the secrets from which all trust on the bus grows: the operator
// signs accounts, the account signs users. The hub keeps them sealed.
type Keys struct {
	operator, system, account nkeys.KeyPair
}

type storedKeys struct {
	Operator string `json:"operator"`
	System   string `json:"system"`
	Account  string `json:"account"`
}

// NewKeys makes fresh keys.
func NewKeys() (Keys, error) {
	var k Keys
	var err error
	if k.operator, err = nkeys.CreateOperator(); err != nil {
		return Keys{}, fmt.Errorf("bus: %w", err)
	}
	if k.system, err = nkeys.CreateAccount(); err != nil {
		return Keys{}, fmt.Errorf("bus: %w", err)
	}
	if k.account, err = nkeys.CreateAccount(); err != nil {
		return Keys{}, fmt.Errorf("bus: %w", err)
	}
	return k, nil
}

// Encode is the secret form of the keys, for the vault.
func (k Keys) Encode() ([]byte, error) {
	var s storedKeys
	for _, p := range []struct {
		pair nkeys.KeyPair
		into *string
	}{{k.operator, &s.Operator}, {k.system, &s.System}, {k.account, &s.Account}} {
		seed, err := p.pair.Seed()
		if err != nil {
			return nil, fmt.Errorf("bus: %w", err)
		}
		*p.into = string(seed)
	}
	return json.Marshal(s)
}

// DecodeKeys reads what Encode wrote.
func DecodeKeys(data []byte) (Keys, error) {
	var s storedKeys
	if err := json.Unmarshal(data, &s); err != nil {
		return Keys{}, problem.New("bus/bad-keys")
	}
	var k Keys
	for _, p := range []struct {
		seed string
		into *nkeys.KeyPair
		kind nkeys.PrefixByte
	}{{s.Operator, &k.operator, nkeys.PrefixByteOperator}, {s.System, &k.system, nkeys.PrefixByteAccount}, {s.Account, &k.account, nkeys.PrefixByteAccount}} {
		kind, _, err := nkeys.DecodeSeed([]byte(p.seed))
		if err != nil || kind != p.kind {
			return Keys{}, problem.New("bus/bad-keys")
		}
		if *p.into, err = nkeys.FromSeed([]byte(p.seed)); err != nil {
			return Keys{}, problem.New("bus/bad-keys")
		}
	}
	return k, nil
}

// String keeps the seeds out of logs.
func (Keys) String() string { return "bus.Keys(hidden)" }

// LogValue keeps the seeds out of logs.
func (k Keys) LogValue() slog.Value { return slog.StringValue(k.String()) }

// ServerTrust is what a NATS server must know to recognise hub and nodes. It
// holds no secret.
type ServerTrust struct {
	Operator    string            // public key
	OperatorJWT string            // the same, self-signed, for a settings file
	System      string            // public key of the system account
	Accounts    map[string]string // account JWTs by public key
}

// Trust makes it, with the given nodes shut out: public key → when.
func (k Keys) Trust(revoked map[string]time.Time) (ServerTrust, error) {
	t := ServerTrust{Accounts: map[string]string{}}
	var err error
	if t.Operator, err = k.operator.PublicKey(); err != nil {
		return t, fmt.Errorf("bus: %w", err)
	}
	if t.System, err = k.system.PublicKey(); err != nil {
		return t, fmt.Errorf("bus: %w", err)
	}
	operator := jwt.NewOperatorClaims(t.Operator)
	operator.Name, operator.SystemAccount = "lachan", t.System
	if t.OperatorJWT, err = operator.Encode(k.operator); err != nil {
		return t, fmt.Errorf("bus: %w", err)
	}
	system := jwt.NewAccountClaims(t.System)
	system.Name = "lachan-system"
	if t.Accounts[t.System], err = system.Encode(k.operator); err != nil {
		return t, fmt.Errorf("bus: %w", err)
	}
	pub, token, err := k.accountJWT(revoked)
	t.Accounts[pub] = token
	return t, err
}

func (k Keys) accountJWT(revoked map[string]time.Time) (pub, token string, err error) {
	if pub, err = k.account.PublicKey(); err != nil {
		return "", "", fmt.Errorf("bus: %w", err)
	}
	claims := jwt.NewAccountClaims(pub)
	claims.Name = "lachan"
	for node, at := range revoked {
		claims.RevokeAt(node, at)
	}
	if token, err = claims.Encode(k.operator); err != nil {
		return "", "", fmt.Errorf("bus: %w", err)
	}
	return pub, token, nil
}

// Config is the part of a nats-server settings file that makes an external
// server or cluster trust this hub. dir is where the server keeps accounts.
func (t ServerTrust) Config(dir string) string {
	var b strings.Builder
	fmt.Fprintf(&b, "operator: %s\nsystem_account: %s\n", t.OperatorJWT, t.System)
	fmt.Fprintf(&b, "resolver: {\n  type: full\n  dir: %q\n}\nresolver_preload: {\n", dir)
	for pub, token := range t.Accounts {
		fmt.Fprintf(&b, "  %s: %s\n", pub, token)
	}
	b.WriteString("}\n")
	return b.String()
}

// user signs a JWT for a user of an account.
func user(account nkeys.KeyPair, public, name string, shape func(*jwt.UserClaims)) (string, error) {
	claims := jwt.NewUserClaims(public)
	claims.Name = name
	if shape != nil {
		shape(claims)
	}
	token, err := claims.Encode(account)
	if err != nil {
		return "", fmt.Errorf("bus: %w", err)
	}
	return token, nil
}

// nodeToken is a node's user JWT: what it may say and hear, and no more.
func (k Keys) nodeToken(nodeID, nodePublic string, schools []string) (string, error) {
	if err := checkToken(nodeID); err != nil {
		return "", err
	}
	if !nkeys.IsValidPublicUserKey(nodePublic) {
		return "", problem.New("bus/bad-node-key")
	}
	hear := []string{subjectBundles, inbox(nodeID) + ".>"}
	for _, s := range schools {
		if err := checkToken(s); err != nil {
			return "", err
		}
		hear = append(hear, SubjectSide(s))
	}
	return user(k.account, nodePublic, nodeID, func(c *jwt.UserClaims) {
		c.Pub.Allow = jwt.StringList{subjectNode + nodeID + ".>"}
		c.Sub.Allow = hear
	})
}
