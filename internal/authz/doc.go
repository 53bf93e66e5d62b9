// SPDX-License-Identifier: Apache-2.0

// Package authz decides who may do what.
//
// A decision is asked for with an actor (a person at work in one unit, with
// the roles held there), an action ("casework.decide") and the thing acted on
// with the attributes that the rules speak of (which units hold the case, who
// is excluded from it, who proposed the step). The rules are Cedar policies in
// package policy, one file a room, written to be read by a lawyer.
//
// Three properties matter more than the rest:
//
//   - Deny by default. No matching rule, a rule that stumbles over a missing
//     attribute, an attribute of a type that rules cannot read: all deny.
//   - A rule that forbids wins over any that permits, so "nobody handles a
//     case about himself" (DESIGN.md §6) cannot be undone by a new permission.
//   - What an actor may not know exists is not found. A forbidding rule with
//     @answer("not-found"), or a Resource marked Hidden, answers so.
//
// A Permit is proof of a decision: only Check can make one. Packages that
// guard something precious (vault) take a Permit instead of trusting their
// caller to have asked; its policy ids go into the ledger with the act.
//
// Lists are not decided row by row: their scope is in SQL, and the room's own
// property test holds the two together.
package authz
