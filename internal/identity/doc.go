// SPDX-License-Identifier: Apache-2.0

// Package identity knows who is there: accounts, units they belong to,
// log-in, sessions, and the unlocking of sealed content.
//
// Two acts are kept apart. Logging in (password and a time-based code, RFC
// 6238) says who somebody is; unlocking, with a passphrase that the hub never
// stores, opens that person's private key for the session and with it what
// the person's units may read. An administrator of the machine can do the
// first for a new account and never the second.
//
// No account needs an e-mail address: whoever heads a unit hands over a
// printed card with a one-time link. There is no default password.
//
// Names of staff are personal data too. Name and log-in name lie sealed under
// a key of the hub's secrets folder; an account is found by a keyed hash. A
// session is named by a hash of the cookie, which also holds the secret that
// wraps the unlocked key: a copy of the database opens no session, and any hub
// can serve it.
//
// A wrong password and an unknown account take the same time and get the same
// answer. After five failures an account waits, longer each time, up to a
// quarter of an hour; it is never locked for good, since that would let
// anybody keep an officer out.
package identity
