// SPDX-License-Identifier: Apache-2.0

// Package hub puts the hub together, and does nothing else.
//
// New builds every part in the order in which they need each other, in
// straight lines: settings, secrets, database, ledger, keys, permissions,
// duties, the flow between them, pages. Run starts what runs by itself
// (sequencer, jobs, bus, pages) and stops it in the opposite order. What
// production, the demo, the tour and the end-to-end tests call is the same
// New; they differ in Options.
//
// One hub holds the lock of its data folder while anything in that folder is
// its own (SQLite, the embedded bus, a folder of blobs). On PostgreSQL with an
// external bus and bucket any number of hubs run side by side.
package hub
