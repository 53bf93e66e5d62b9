// SPDX-License-Identifier: Apache-2.0

// Package ledger proves that nothing was changed afterwards.
//
// Every step of a duty (a report received, a decision, a block, a figure
// accepted, a key given to somebody) leaves an entry, written in the same
// transaction as the step itself: either both are there or neither is. An
// auditor, a court or the province's other agencies can later check, without
// trusting the hub, that no entry was altered, removed or slipped in.
//
// # From entry to proof
//
// Append stores an entry without a number. The sequencer then takes what has
// been committed, in order of time and id, gives each entry the next leaf
// index, hashes it into a Merkle tree (RFC 6962 section 2.1, RFC 9162) and
// signs the new root as a checkpoint (C2SP tlog-checkpoint on a signed note,
// Ed25519). That the number comes after the commit keeps the sequencer out of
// everybody's transaction. The tree head is one row moved by compare-and-set,
// and a checkpoint's size is its primary key, so two hubs on one database
// cannot sign two roots for one size.
//
// # What an entry shows
//
// A leaf is a short text in the clear: id, time, kind, actor's id, object's
// id, the policies that allowed it, and a commitment, the SHA-256 of a random
// salt and the details. Salt and details are sealed in a table of their own.
// So the log can be handed to anybody; who may open the details can show that
// they are what was committed to; destroying them (a child's right) leaves the
// log intact. Nothing personal belongs into kind, actor or object: only ids.
//
// # Outside the hub
//
// Export writes the log as C2SP tlog-tiles, which foreign tools read. Verify
// checks such a folder offline against the hub's public key and names the
// first leaf or tile that is wrong. Prove gives one entry's inclusion proof as
// one text file (C2SP tlog-proof) that fits into a QR code or an annex. The
// formats are described in docs/ledger-format.md.
package ledger
