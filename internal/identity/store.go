// SPDX-License-Identifier: Apache-2.0

package identity

import (
	"context"
	"encoding/json"
	"errors"
	"time"

	"lachan/internal/clock"
	"lachan/internal/sqldb"
)

// The kinds of credentials.
const (
	kindPassword = "password"
	kindTOTP     = "totp"
)

const personColumns = `id, name_sealed, login_sealed, disabled_at IS NOT NULL, failures, locked_until`

var (
	countPersons  = sqldb.Register("identity.count_persons", `SELECT COUNT(*) FROM identity_person`)
	personByID    = sqldb.Register("identity.person_by_id", `SELECT `+personColumns+` FROM identity_person WHERE id = $1`)
	personByLogin = sqldb.Register("identity.person_by_login", `SELECT `+personColumns+` FROM identity_person WHERE login_hash = $1`)
	allPersons    = sqldb.Register("identity.all_persons", `SELECT `+personColumns+` FROM identity_person ORDER BY id`)
	insertPerson  = sqldb.Register("identity.insert_person", `
		INSERT INTO identity_person (id, name_sealed, login_hash, login_sealed, created_at, failures, locked_until)
		VALUES ($1, $2, $3, $4, $5, 0, 0)`)
	disablePerson = sqldb.Register("identity.disable_person", `UPDATE identity_person SET disabled_at = $1 WHERE id = $2 AND disabled_at IS NULL`)
	setFailures   = sqldb.Register("identity.set_failures", `UPDATE identity_person SET failures = $1, locked_until = $2 WHERE id = $3`)

	credentialOf  = sqldb.Register("identity.credential_of", `SELECT data_sealed, step, confirmed FROM identity_credential WHERE person_id = $1 AND kind = $2`)
	upsertCredent = sqldb.Register("identity.upsert_credential", `
		INSERT INTO identity_credential (person_id, kind, data_sealed, step, confirmed, created_at) VALUES ($1, $2, $3, 0, $4, $5)
		ON CONFLICT (person_id, kind) DO UPDATE SET data_sealed = excluded.data_sealed, step = 0, confirmed = excluded.confirmed, created_at = excluded.created_at`)
	confirmCredential = sqldb.Register("identity.confirm_credential", `UPDATE identity_credential SET confirmed = $1 WHERE person_id = $2 AND kind = $3`)
	useStep           = sqldb.Register("identity.use_step", `UPDATE identity_credential SET step = $1 WHERE person_id = $2 AND kind = $3 AND step < $1`)

	insertMember = sqldb.Register("identity.insert_member", `
		INSERT INTO identity_member (id, person_id, unit_id, roles, valid_from) VALUES ($1, $2, $3, $4, $5)`)
	membersOfPerson = sqldb.Register("identity.members_of_person", `
		SELECT person_id, unit_id, roles FROM identity_member
		WHERE person_id = $1 AND valid_from <= $2 AND (valid_to IS NULL OR valid_to > $2) ORDER BY id`)
	membersOfUnit = sqldb.Register("identity.members_of_unit", `
		SELECT m.person_id, m.unit_id, m.roles FROM identity_member m JOIN identity_person p ON p.id = m.person_id
		WHERE m.unit_id = $1 AND m.valid_from <= $2 AND (m.valid_to IS NULL OR m.valid_to > $2) AND p.disabled_at IS NULL ORDER BY m.id`)
	endMemberships = sqldb.Register("identity.end_memberships", `UPDATE identity_member SET valid_to = $1 WHERE person_id = $2 AND valid_to IS NULL`)

	insertSession = sqldb.Register("identity.insert_session", `
		INSERT INTO identity_session (id_hash, id, secret_hash, person_id, unit_id, state, created_at, seen_at, expires_at, step_up_at)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)`)
	sessionByHash = sqldb.Register("identity.session_by_hash", `
		SELECT s.id, s.secret_hash, s.person_id, s.unit_id, s.state, s.seen_at, s.expires_at, s.step_up_at,
		       COALESCE(s.wrapped_key, ''), p.name_sealed, p.disabled_at IS NOT NULL
		FROM identity_session s JOIN identity_person p ON p.id = s.person_id WHERE s.id_hash = $1`)
	touchSession     = sqldb.Register("identity.touch_session", `UPDATE identity_session SET seen_at = $1 WHERE id = $2`)
	setSessionUnit   = sqldb.Register("identity.set_session_unit", `UPDATE identity_session SET unit_id = $1 WHERE id = $2`)
	setSessionKey    = sqldb.Register("identity.set_session_key", `UPDATE identity_session SET wrapped_key = $1 WHERE id = $2`)
	setStepUp        = sqldb.Register("identity.set_step_up", `UPDATE identity_session SET step_up_at = $1 WHERE id = $2`)
	deleteSession    = sqldb.Register("identity.delete_session", `DELETE FROM identity_session WHERE id = $1`)
	deleteSessionsOf = sqldb.Register("identity.delete_sessions_of", `DELETE FROM identity_session WHERE person_id = $1`)
	sweepSessions    = sqldb.Register("identity.sweep_sessions", `DELETE FROM identity_session WHERE expires_at <= $1 OR seen_at < $2`)
	lastSeen         = sqldb.Register("identity.last_seen", `SELECT COALESCE(MAX(seen_at), 0) FROM identity_session WHERE person_id = $1`)

	insertInvite = sqldb.Register("identity.insert_invite", `INSERT INTO identity_invite (token_hash, person_id, created_at, expires_at) VALUES ($1, $2, $3, $4)`)
	inviteByHash = sqldb.Register("identity.invite_by_hash", `SELECT COALESCE(person_id, ''), expires_at, used_at IS NOT NULL FROM identity_invite WHERE token_hash = $1`)
	useInvite    = sqldb.Register("identity.use_invite", `UPDATE identity_invite SET used_at = $1 WHERE token_hash = $2 AND used_at IS NULL AND expires_at > $3`)
	sweepInvites = sqldb.Register("identity.sweep_invites", `DELETE FROM identity_invite WHERE expires_at <= $1`)
)

type person struct {
	id, nameSealed, loginSealed string
	disabled                    bool
	failures, lockedUntil       int64
}

func scanPerson(r sqldb.Row) (p person, err error) {
	err = r.Scan(&p.id, &p.nameSealed, &p.loginSealed, &p.disabled, &p.failures, &p.lockedUntil)
	return p, err
}

func scanMember(r sqldb.Row) (m Membership, err error) {
	var roles string
	if err := r.Scan(&m.Person, &m.Unit, &roles); err != nil {
		return m, err
	}
	return m, json.Unmarshal([]byte(roles), &m.Roles)
}

// memberships are a person's units at a time, oldest first.
func memberships(ctx context.Context, on sqldb.Queryer, personID string, at time.Time) ([]Membership, error) {
	return sqldb.All(ctx, on, membersOfPerson, scanMember, personID, clock.Micro(at))
}

type credentialRow struct {
	sealed    string
	step      int64
	confirmed bool
}

// credential is a person's credential of a kind; empty if there is none.
func credential(ctx context.Context, on sqldb.Queryer, personID, kind string) (credentialRow, error) {
	row, err := sqldb.One(ctx, on, credentialOf, func(r sqldb.Row) (c credentialRow, err error) {
		err = r.Scan(&c.sealed, &c.step, &c.confirmed)
		return c, err
	}, personID, kind)
	if errors.Is(err, sqldb.ErrNoRows) {
		return credentialRow{}, nil
	}
	return row, err
}

func putCredential(ctx context.Context, tx *sqldb.Tx, personID, kind, sealed string, confirmed bool, at time.Time) error {
	_, err := sqldb.Exec(ctx, tx, upsertCredent, personID, kind, sealed, confirmed, clock.Micro(at))
	return err
}

type sessionRow struct {
	id, secretHash, person, unit, state, wrapped, nameSealed string
	seen, expires, stepUp                                    int64
	disabled                                                 bool
}

func scanSession(r sqldb.Row) (s sessionRow, err error) {
	err = r.Scan(&s.id, &s.secretHash, &s.person, &s.unit, &s.state, &s.seen, &s.expires, &s.stepUp, &s.wrapped, &s.nameSealed, &s.disabled)
	return s, err
}

func scanInvite(r sqldb.Row) (i inviteRow, err error) {
	err = r.Scan(&i.person, &i.expires, &i.used)
	return i, err
}
