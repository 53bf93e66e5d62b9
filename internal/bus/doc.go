// SPDX-License-Identifier: Apache-2.0

// Package bus carries what the hub and the school nodes say to each other.
//
// A school's node connects out to the hub, over TLS or WebSocket, and then the
// two talk over NATS. The bus carries only what the database already holds
// (DESIGN.md §4): a lost message is asked for again, and nothing is ever
// acknowledged by the bus itself.
//
//	hub → nodes   lachan.v1.bundle.heartbeat   every 2 s: highest bundle and delta number
//	              lachan.v1.bundle.delta       a sealed delta, right after the commit
//	              lachan.v1.bundle.new         a bundle has been compiled
//	              lachan.v1.side.<school>      a sealed side file
//	node → hub    lachan.v1.node.<id>.<verb>   requests: state, chunk, patch, deltas, side, keys, counts, health, ask
//
// # Who may say what
//
// Every node has its own nkey, made in the school; the private half never
// leaves it. At enrolment the hub signs a user JWT for it with its account
// key. The server then lets this node publish under its own id only and read
// bundles, the side files of its schools and its own inbox, so the node id in
// a subject is proven, not claimed. Revoking is an update of the account, and
// works alike on the embedded server (package natsd) and on an external one.
//
// The bus is not trusted with content: bundles, deltas and side files are
// signed (package bundle), and who owns the bus can at most keep silent.
//
// # Counts
//
// A node keeps its counts until Hub.Counts has returned nil, which it does
// after the database commit. (node, sequence) is the key that makes sending
// them again harmless.
//
// Messages are JSON; a chunk of a bundle and a run of deltas are framed bytes.
// No message carries a pupil, a client's address or a time finer than the hour.
package bus
