// SPDX-License-Identifier: Apache-2.0

package identity

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"lachan/internal/authz"
	"lachan/internal/clock"
	"lachan/internal/id"
	"lachan/internal/locale"
	"lachan/internal/problem"
	"lachan/internal/sqldb"
)

// Token is what a machine shows instead of a password and a code. It is no
// session: nothing unlocks with it, and the policies take some acts away from
// it that its roles would allow a person (identity.machine).
type Token struct {
	ID      string
	Name    string // of the machine or the service, up to 80 letters; no person's
	Person  string // for whom it acts; "": for itself
	Unit    string
	Roles   []string
	By      string // who made it, as the ledger names actors
	Created time.Time
	Expires time.Time // the first instant at which it no longer holds
	Revoked time.Time // zero: it is not
	Used    time.Time // to the hour; zero: never
}

// NewToken asks for a token.
type NewToken struct {
	Name   string
	Person string // id; "": the machine acts for itself
	Unit   string // id
	Roles  []string
	Days   int // 1 to MaxTokenDays
}

// MaxTokenDays is the longest that a token may last.
const MaxTokenDays = 400

// tokenStart lets scanners for secrets know a token when they see one.
const tokenStart = "lachan_"

const purposeToken = "identity.token"

// Validate names every faulty field.
func (n *NewToken) Validate() error {
	n.Name = locale.Normalize(n.Name)
	p := problem.New("input/faulty")
	switch {
	case n.Name == "":
		p.Field("name", "input/required")
	case utf8.RuneCountInString(n.Name) > 80:
		p.Field("name", "input/too-long", "max", 80)
	}
	if n.Unit == "" {
		p.Field("unit", "input/required")
	}
	if len(n.Roles) == 0 {
		p.Field("roles", "input/required")
	}
	if slices.ContainsFunc(n.Roles, func(r string) bool { return !slices.Contains(authz.Roles(), r) }) {
		p.Field("roles", "input/not-a-choice")
	}
	if n.Days < 1 || n.Days > MaxTokenDays {
		p.Field("days", "input/out-of-range", "min", 1, "max", MaxTokenDays)
	}
	return p.OrNil()
}

const tokenColumns = `id, name, person, unit, roles, made_by, created, expires, revoked, used`

var (
	insertToken = sqldb.Register("identity.insert_token", `
		INSERT INTO identity_token (`+tokenColumns+`, hash) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, 0, 0, $9)`)
	allTokens   = sqldb.Register("identity.all_tokens", `SELECT `+tokenColumns+` FROM identity_token ORDER BY created DESC, id`)
	tokenByHash = sqldb.Register("identity.token_by_hash", `SELECT `+tokenColumns+` FROM identity_token WHERE hash = $1`)
	revokeToken = sqldb.Register("identity.revoke_token", `UPDATE identity_token SET revoked = $1 WHERE id = $2 AND revoked = 0`)
	touchToken  = sqldb.Register("identity.touch_token", `UPDATE identity_token SET used = $1 WHERE id = $2`)
)

// AddToken makes a token. Its text is returned here and never again; only a
// keyed hash is stored. One for a person may have no role that the person does
// not hold in the unit now (identity/not-their-role).
func (s *Service) AddToken(ctx context.Context, actor authz.Actor, n NewToken) (text string, t Token, err error) {
	permit, err := s.Authz.Check(ctx, actor, "identity.token", authz.Resource{Type: "identity.token", Attrs: map[string]any{"unit": n.Unit, "roles": n.Roles}})
	if err != nil {
		return "", t, err
	}
	if err := n.Validate(); err != nil {
		return "", t, err
	}
	now := s.Clock.Now()
	text = tokenStart + rand.Text()
	t = Token{
		ID: id.New(), Name: n.Name, Person: n.Person, Unit: n.Unit, Roles: n.Roles, By: actor.Name(),
		Created: now, Expires: now.AddDate(0, 0, n.Days),
	}
	roles, err := json.Marshal(n.Roles)
	if err != nil {
		return "", t, err
	}
	err = s.DB.Tx(ctx, func(ctx context.Context, tx *sqldb.Tx) error {
		if n.Person != "" {
			held, err := s.rolesOf(ctx, tx, n.Person, n.Unit, now)
			if err != nil {
				return err
			}
			if slices.ContainsFunc(n.Roles, func(r string) bool { return !slices.Contains(held, r) }) {
				return problem.New("identity/not-their-role")
			}
		}
		_, err := sqldb.Exec(ctx, tx, insertToken, t.ID, t.Name, t.Person, t.Unit, string(roles), t.By,
			clock.Micro(now), clock.Micro(t.Expires), s.Keys.KeyedHash(purposeToken, text))
		if err != nil {
			return err
		}
		return s.appendEntry(ctx, tx, "identity.token-made", actor.Name(), t.ID, permit)
	})
	if err != nil {
		return "", Token{}, err
	}
	return text, t, nil
}

// rolesOf are the roles that a person holds in a unit now; none for an account
// that has ended.
func (s *Service) rolesOf(ctx context.Context, on sqldb.Queryer, personID, unit string, now time.Time) ([]string, error) {
	row, err := s.personByID(ctx, on, personID)
	if errors.Is(err, sqldb.ErrNoRows) {
		return nil, problem.New("identity/no-such-person")
	}
	if err != nil || row.disabled {
		return nil, err
	}
	units, err := memberships(ctx, on, personID, now)
	var roles []string
	for _, m := range units {
		if m.Unit == unit {
			roles = append(roles, m.Roles...)
		}
	}
	return roles, err
}

// Tokens are all tokens, the newest first, those that are over too.
func (s *Service) Tokens(ctx context.Context, actor authz.Actor) ([]Token, error) {
	if _, err := s.Authz.Check(ctx, actor, "identity.token", authz.Resource{Type: "identity.token"}); err != nil {
		return nil, err
	}
	return sqldb.All(ctx, s.DB.Read(), allTokens, scanToken)
}

// DropToken takes a token back: the next request with it is refused.
func (s *Service) DropToken(ctx context.Context, actor authz.Actor, tokenID string) error {
	permit, err := s.Authz.Check(ctx, actor, "identity.token", authz.Resource{Type: "identity.token", ID: tokenID})
	if err != nil {
		return err
	}
	return s.DB.Tx(ctx, func(ctx context.Context, tx *sqldb.Tx) error {
		n, err := sqldb.Exec(ctx, tx, revokeToken, clock.Micro(s.Clock.Now()), tokenID)
		if err != nil {
			return err
		}
		if n == 0 {
			return problem.New("identity/no-token")
		}
		return s.appendEntry(ctx, tx, "identity.token-revoked", actor.Name(), tokenID, permit)
	})
}

// TokenActor is who a token speaks for. One that is unknown, over or revoked,
// or whose person has gone, gets the same answer: identity/unknown-token.
func (s *Service) TokenActor(ctx context.Context, text string) (authz.Actor, error) {
	unknown := problem.New("identity/unknown-token")
	if !strings.HasPrefix(text, tokenStart) {
		return authz.Actor{}, unknown
	}
	t, err := sqldb.One(ctx, s.DB.Read(), tokenByHash, scanToken, s.Keys.KeyedHash(purposeToken, text))
	if errors.Is(err, sqldb.ErrNoRows) {
		return authz.Actor{}, unknown
	}
	if err != nil {
		return authz.Actor{}, err
	}
	now := s.Clock.Now()
	if !t.Revoked.IsZero() || !now.Before(t.Expires) {
		return authz.Actor{}, unknown
	}
	if t.Person != "" {
		held, err := s.rolesOf(ctx, s.DB.Read(), t.Person, t.Unit, now)
		if err != nil {
			return authz.Actor{}, err
		}
		t.Roles = slices.DeleteFunc(t.Roles, func(r string) bool { return !slices.Contains(held, r) })
		if len(t.Roles) == 0 {
			return authz.Actor{}, unknown
		}
	}
	if now.Sub(t.Used) >= time.Hour {
		err := s.DB.Tx(ctx, func(ctx context.Context, tx *sqldb.Tx) error {
			_, err := sqldb.Exec(ctx, tx, touchToken, clock.Micro(now.Truncate(time.Hour)), t.ID)
			return err
		})
		if err != nil {
			return authz.Actor{}, err
		}
	}
	return authz.Actor{Person: t.Person, Unit: t.Unit, Roles: t.Roles, Token: t.ID}, nil
}

func scanToken(r sqldb.Row) (t Token, err error) {
	var roles string
	var created, expires, revoked, used int64
	if err := r.Scan(&t.ID, &t.Name, &t.Person, &t.Unit, &roles, &t.By, &created, &expires, &revoked, &used); err != nil {
		return t, err
	}
	t.Created, t.Expires, t.Revoked, t.Used = clock.FromMicro(created), clock.FromMicro(expires), clock.FromMicro(revoked), clock.FromMicro(used)
	return t, json.Unmarshal([]byte(roles), &t.Roles)
}
