// SPDX-License-Identifier: Apache-2.0

// Package dnswire reads and writes DNS messages for the school node, and gives
// the hub's zones to name servers of others.
//
// A refused name must cost no more than the kernel's own work of passing a
// packet (DESIGN.md §13), so the questions of pupils are read where they lie
// in the buffer and a refusal is written over the same bytes: nothing is
// unpacked, nothing allocated. RFC 1035 gives the message, RFC 6891 the OPT
// record that carries the sizes, RFC 8914 the extended error with which a
// refusal says that it is one (15 Blocked, 16 Censored, 17 Filtered).
//
// What is rare goes the comfortable way: taking parameters out of HTTPS
// records, the client of the tests and of the tour (Exchange), the little
// authoritative server of the sample sites (Authority) and the proofs of DNSSEC
// (package dnssec, below) use miekg/dns, which no other package imports. So does
// Transfers, which sends a band's refusals as a response policy zone: whole
// (RFC 5936) or what changed (RFC 1995), told by NOTIFY (RFC 1996), and every
// message signed (TSIG, RFC 8945), since a zone is for whoever was given a key
// and for nobody else.
package dnswire
