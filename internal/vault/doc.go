// SPDX-License-Identifier: Apache-2.0

// Package vault keeps what a child told us unreadable for everybody but those
// who work on it.
//
// Log-in says who you are; unlocking opens content (DESIGN.md §6). A copy of
// the database and the blobs opens nothing. A copy of the hub's secrets beside
// it lets somebody test guesses of phone numbers and addresses, and opens no
// content either, because no key that opens content is on the hub at rest.
//
// # The chain of keys
//
//	unlock passphrase ─Argon2id─► person's private key
//	person's private key ────────► unit's private key (one seal a member)
//	unit's private key ──────────► data key of one field group of one case
//	data key ────────────────────► content, padded, bound to its place
//
// Key pairs are HPKE (RFC 9180) with the hybrid KEM MLKEM768-X25519, so that
// what is copied today is not opened by a quantum computer later. Every seal
// is bound to what it is for (purpose, object, version): a ciphertext moved to
// another row does not open.
//
// A unit's key is also sealed to a stand-in unit, of which two members must
// act together (Shamir shares), and to the offline recovery key, whose three
// printed shares open by two. The reporter's key pair is derived from the
// receipt, so that answers can be sealed to somebody we do not know.
//
// # Two doors
//
// Sealer knows public keys only. It is what intake, jobs and start-up steps
// get: background work can seal, never open. Unlocked is a person at work: it
// comes out of a passphrase or a session's cookie and dies with the session.
// Opening a case wants an authz.Permit as well: key and permission both.
package vault
