// SPDX-License-Identifier: Apache-2.0

// Package policy holds the rules of who may do what, written in Cedar so that
// a lawyer of the province can read and correct them without reading Go.
//
// One file a room. Each rule carries @id("room.what"), the name under which
// the ledger quotes it ("allowed under casework.decide"), and a comment in
// Vietnamese that says the same in a sentence. Nothing is allowed that no rule
// permits, and a rule that forbids outweighs every rule that permits.
//
// The words that rules may use are those of package authz: the actor
// (principal.id, unit, roles, functions, system) and the attributes that each
// room gives with the thing acted on. An attribute that may be absent is asked
// for with "has" first; a rule that stumbles over an absent one denies.
package policy

import "embed"

// FS holds the policy files, one a room.
//
//go:embed *.cedar
var FS embed.FS
