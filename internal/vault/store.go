// SPDX-License-Identifier: Apache-2.0

package vault

import "lachan/internal/sqldb"

var (
	queryPerson = sqldb.Register("vault.person", `
		SELECT version, public, sealed, salt, memory_kib, passes, threads FROM vault_person WHERE person = $1`)
	queryPersonPublic = sqldb.Register("vault.person_public", `
		SELECT public FROM vault_person WHERE person = $1`)
	querySavePerson = sqldb.Register("vault.save_person", `
		INSERT INTO vault_person (person, version, public, sealed, salt, memory_kib, passes, threads, made_at)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
		ON CONFLICT (person) DO UPDATE SET version = excluded.version, public = excluded.public, sealed = excluded.sealed,
			salt = excluded.salt, memory_kib = excluded.memory_kib, passes = excluded.passes, threads = excluded.threads,
			made_at = excluded.made_at`)
	queryUnitLatest = sqldb.Register("vault.unit_latest", `
		SELECT version, public FROM vault_unit_key WHERE unit = $1 ORDER BY version DESC LIMIT 1`)
	queryUnitVersion = sqldb.Register("vault.unit_version", `
		SELECT version, public FROM vault_unit_key WHERE unit = $1 AND version = $2`)
	queryAddUnit = sqldb.Register("vault.add_unit", `
		INSERT INTO vault_unit_key (unit, version, public, made_at) VALUES ($1, $2, $3, $4)
		ON CONFLICT (unit, version) DO NOTHING`)
	queryAddSeal = sqldb.Register("vault.add_seal", `
		INSERT INTO vault_unit_seal (unit, version, kind, holder, sealed, made_at) VALUES ($1, $2, $3, $4, $5, $6)
		ON CONFLICT (unit, version, kind, holder) DO UPDATE SET sealed = excluded.sealed, made_at = excluded.made_at`)
	querySeal = sqldb.Register("vault.seal", `
		SELECT sealed FROM vault_unit_seal WHERE unit = $1 AND version = $2 AND kind = $3 AND holder = $4`)
	queryMemberSeals = sqldb.Register("vault.member_seals", `
		SELECT version, sealed FROM vault_unit_seal
		WHERE unit = $1 AND kind = 'member' AND holder = $2 AND version >= $3 ORDER BY version`)
	queryUnitsOf = sqldb.Register("vault.units_of", `
		SELECT DISTINCT unit FROM vault_unit_seal WHERE kind = 'member' AND holder = $1 ORDER BY unit`)
	queryHoldersOf = sqldb.Register("vault.holders_of", `
		SELECT holder FROM vault_unit_seal WHERE unit = $1 AND version = $2 AND kind = $3 ORDER BY holder`)
	queryDropMember = sqldb.Register("vault.drop_member", `
		DELETE FROM vault_unit_seal WHERE unit = $1 AND kind = 'member' AND holder = $2`)
	queryDropPerson = sqldb.Register("vault.drop_person", `
		DELETE FROM vault_unit_seal WHERE holder = $1 AND kind IN ('member', 'stand_in')`)
	queryDropStandIn = sqldb.Register("vault.drop_stand_in", `
		DELETE FROM vault_unit_seal WHERE unit = $1 AND version = $2 AND kind = 'stand_in'`)
	queryWait = sqldb.Register("vault.wait", `
		INSERT INTO vault_waiting (unit, person, since) VALUES ($1, $2, $3) ON CONFLICT (unit, person) DO NOTHING`)
	queryWaitDone = sqldb.Register("vault.wait_done", `
		DELETE FROM vault_waiting WHERE unit = $1 AND person = $2`)
	queryWaiting = sqldb.Register("vault.waiting", `
		SELECT unit, person, since FROM vault_waiting WHERE unit = $1 ORDER BY since, person`)
	queryDropWaiting = sqldb.Register("vault.drop_waiting", `
		DELETE FROM vault_waiting WHERE person = $1`)
	queryAddHelp = sqldb.Register("vault.add_help", `
		INSERT INTO vault_help (unit, version, target, helper, sealed, made_at) VALUES ($1, $2, $3, $4, $5, $6)
		ON CONFLICT (unit, version, target, helper) DO UPDATE SET sealed = excluded.sealed, made_at = excluded.made_at`)
	queryHelp = sqldb.Register("vault.help", `
		SELECT helper, sealed FROM vault_help WHERE unit = $1 AND version = $2 AND target = $3 ORDER BY made_at, helper`)
	queryDropHelp = sqldb.Register("vault.drop_help", `
		DELETE FROM vault_help WHERE unit = $1 AND target = $2`)
	queryDropHelpOf = sqldb.Register("vault.drop_help_of", `
		DELETE FROM vault_help WHERE target = $1 OR helper = $1`)
	queryRecovery = sqldb.Register("vault.recovery", `
		SELECT version, public, share_hashes, COALESCE(confirmed_at, 0) FROM vault_recovery ORDER BY version DESC LIMIT 1`)
	queryAddRecovery = sqldb.Register("vault.add_recovery", `
		INSERT INTO vault_recovery (version, public, share_hashes, made_at) VALUES ($1, $2, $3, $4)`)
	queryConfirmRecovery = sqldb.Register("vault.confirm_recovery", `
		UPDATE vault_recovery SET confirmed_at = $1 WHERE version = $2 AND confirmed_at IS NULL`)
	queryAddCaseKey = sqldb.Register("vault.add_case_key", `
		INSERT INTO vault_case_key (case_id, field_group, version, kind, holder, holder_version, sealed, made_at)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
		ON CONFLICT (case_id, field_group, version, kind, holder) DO UPDATE
		SET holder_version = excluded.holder_version, sealed = excluded.sealed, made_at = excluded.made_at`)
	queryCaseKeys = sqldb.Register("vault.case_keys", `
		SELECT field_group, version, kind, holder, holder_version, sealed FROM vault_case_key
		WHERE case_id = $1 ORDER BY field_group, version, kind DESC, holder`)
	queryRevokeCase = sqldb.Register("vault.revoke_case", `
		DELETE FROM vault_case_key WHERE case_id = $1 AND kind = 'unit' AND holder = $2`)
	queryShredCase = sqldb.Register("vault.shred_case", `
		DELETE FROM vault_case_key WHERE case_id = $1`)
)

// The kinds of seals.
const (
	kindMember   = "member"
	kindStandIn  = "stand_in"
	kindRecovery = "recovery"
	kindLater    = "later"
	kindUnit     = "unit"
	kindReporter = "reporter"
)

type unitKey struct {
	version int64
	public  []byte
}

func scanUnitKey(r sqldb.Row) (k unitKey, err error) {
	err = r.Scan(&k.version, &k.public)
	return k, err
}
