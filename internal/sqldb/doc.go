// SPDX-License-Identifier: Apache-2.0

// Package sqldb is the one door to the database, which is the truth: SQLite
// in a file by default, PostgreSQL by changing one URL, one SQL text for both.
//
// # One text
//
// Placeholders are $1, $2 …; times are BIGINT microseconds UTC; ids and JSON
// are TEXT; flags are booleans bound as Go bools. Every statement is
// registered by name (Register) where it is used, and a test prepares all of
// them on both databases, so a misspelt column is found without a generator.
// What preparing cannot find (NULL order, rounding, text compared with text)
// belongs in the suite that runs on both. The dialect's own words stay in the
// files that end in _sqlite.go and _postgres.go.
//
// # Transactions
//
// A change, its ledger entry and the job that follows share one Tx. Any error
// ends it: PostgreSQL forbids going on after a failed statement and SQLite
// would silently allow it, so "already there" is ON CONFLICT, never a caught
// error. Tx retries what the database asks to be retried; the function must
// therefore touch nothing but the transaction. OnCommit runs what must wait
// for the commit, such as waking a listener.
//
// # Durability
//
// SQLite runs in WAL mode with synchronous=FULL: a commit returns after the
// log is on the disk, so that what was acknowledged survives a power cut.
// Writes go through one connection, which queues them; reads have a pool of
// their own in which writing is refused.
package sqldb
