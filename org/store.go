// SPDX-License-Identifier: Apache-2.0

package org

import "lachan/internal/sqldb"

// The queries of this package.
var (
	qPackDigest = sqldb.Register("org.pack_digest", `SELECT digest FROM org_pack WHERE key = $1`)
	qPackPut    = sqldb.Register("org.pack_put", `
		INSERT INTO org_pack (key, digest, loaded_at) VALUES ($1, $2, $3)
		ON CONFLICT (key) DO UPDATE SET digest = excluded.digest, loaded_at = excluded.loaded_at`)
	qVersion     = sqldb.Register("org.version", `SELECT version FROM org_version WHERE one = 1`)
	qVersionBump = sqldb.Register("org.version_bump", `UPDATE org_version SET version = version + 1 WHERE one = 1`)

	qUnitByKey = sqldb.Register("org.unit_by_key", `SELECT id FROM org_unit WHERE key = $1`)
	qUnitPut   = sqldb.Register("org.unit_put", `
		INSERT INTO org_unit (id, key, pack, valid_from, valid_to, verified) VALUES ($1, $2, $3, $4, $5, $6)
		ON CONFLICT (key) DO UPDATE SET pack = excluded.pack, valid_from = excluded.valid_from,
			valid_to = excluded.valid_to, verified = excluded.verified
		RETURNING id`)
	qNameClear   = sqldb.Register("org.name_clear", `DELETE FROM org_name WHERE unit_id = $1`)
	qCodeClear   = sqldb.Register("org.code_clear", `DELETE FROM org_code WHERE unit_id = $1`)
	qKindClear   = sqldb.Register("org.kind_clear", `DELETE FROM org_kind WHERE unit_id = $1`)
	qParentClear = sqldb.Register("org.parent_clear", `DELETE FROM org_parent WHERE unit_id = $1`)
	qNamePut     = sqldb.Register("org.name_put", `INSERT INTO org_name (unit_id, valid_from, valid_to, name) VALUES ($1, $2, $3, $4)`)
	qCodePut     = sqldb.Register("org.code_put", `INSERT INTO org_code (unit_id, valid_from, valid_to, code) VALUES ($1, $2, $3, $4)`)
	qKindPut     = sqldb.Register("org.kind_put", `
		INSERT INTO org_kind (unit_id, valid_from, valid_to, kind, form, level, school) VALUES ($1, $2, $3, $4, $5, $6, $7)`)
	qParentPut = sqldb.Register("org.parent_put", `
		INSERT INTO org_parent (unit_id, tree, valid_from, valid_to, parent_id) VALUES ($1, $2, $3, $4, $5)`)
	qEventPut = sqldb.Register("org.event_put", `
		INSERT INTO org_event (key, pack, day, basis) VALUES ($1, $2, $3, $4)
		ON CONFLICT (key) DO UPDATE SET pack = excluded.pack, day = excluded.day, basis = excluded.basis`)
	qSuccessionClear = sqldb.Register("org.succession_clear", `DELETE FROM org_succession WHERE event = $1`)
	qSuccessionPut   = sqldb.Register("org.succession_put", `
		INSERT INTO org_succession (event, from_unit, to_unit, mode, type, verified) VALUES ($1, $2, $3, $4, $5, $6)`)
	qFunctionClear = sqldb.Register("org.function_clear", `DELETE FROM org_function WHERE pack = $1`)
	qFunctionPut   = sqldb.Register("org.function_put", `
		INSERT INTO org_function (function, valid_from, valid_to, unit_id, pack, verified) VALUES ($1, $2, $3, $4, $5, $6)`)
	qFunctionEnd = sqldb.Register("org.function_end", `
		UPDATE org_function SET valid_to = $1 WHERE function = $2 AND valid_from < $3 AND valid_to >= $4`)
	qFunctionSet = sqldb.Register("org.function_set", `
		INSERT INTO org_function (function, valid_from, valid_to, unit_id, pack, verified) VALUES ($1, $2, $3, $4, $5, $6)
		ON CONFLICT (function, valid_from) DO UPDATE SET valid_to = excluded.valid_to, unit_id = excluded.unit_id,
			pack = excluded.pack, verified = excluded.verified`)
	qRestPut = sqldb.Register("org.rest_put", `
		INSERT INTO org_rest_day (day, rest, name, verified) VALUES ($1, $2, $3, $4)
		ON CONFLICT (day) DO UPDATE SET rest = excluded.rest, name = excluded.name, verified = excluded.verified`)

	qUnits     = sqldb.Register("org.units", `SELECT id, key, valid_from, valid_to, verified FROM org_unit ORDER BY key`)
	qNames     = sqldb.Register("org.names", `SELECT unit_id, valid_from, valid_to, name FROM org_name`)
	qCodes     = sqldb.Register("org.codes", `SELECT unit_id, valid_from, valid_to, code FROM org_code`)
	qKinds     = sqldb.Register("org.kinds", `SELECT unit_id, valid_from, valid_to, kind, form, level, school FROM org_kind`)
	qParents   = sqldb.Register("org.parents", `SELECT unit_id, tree, valid_from, valid_to, parent_id FROM org_parent`)
	qFunctions = sqldb.Register("org.functions", `SELECT function, unit_id, valid_from, valid_to, verified FROM org_function ORDER BY function, valid_from`)
	qLinks     = sqldb.Register("org.links", `
		SELECT s.from_unit, s.to_unit, s.mode, s.type, s.verified, e.day, e.basis
		FROM org_succession s JOIN org_event e ON e.key = s.event ORDER BY e.day, s.from_unit, s.to_unit`)
	qRest = sqldb.Register("org.rest", `SELECT day, rest, name, verified FROM org_rest_day ORDER BY day`)
)
