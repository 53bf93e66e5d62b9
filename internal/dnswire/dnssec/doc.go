// SPDX-License-Identifier: Apache-2.0

// Package dnssec proves answers: that they are what the owner of a name has
// signed, or that the name is one that nobody signs.
//
// Clause 3 of dispatch 4569/UBND-KGVX has schools choose what pupils reach. A
// school whose answers somebody on the way can change has not chosen. Where
// the settings ask for it, the node therefore follows the chain of signatures
// (RFC 4033 to 4035) from the root's keys down to the answer itself, and takes
// the word of no upstream for it:
//
//	anchors                 the root's keys, or those of the settings
//	DS at each cut          signed above, names the keys below; its signed
//	                        absence (RFC 4035 §5.2) makes all below insecure
//	DNSKEY                  signed by a key that the DS names
//	RRSIG                   over each set of the answer, along its aliases
//	NSEC, NSEC3             where something is not there (RFC 4035 §5.4, RFC 5155 §8)
//
// It asks through the node's own upstreams with CD set, so that they pass on
// what they would withhold. They must be resolvers that pass on signatures.
//
// Whoever owns a zone can make validating it dear (CVE-2023-50387 "KeyTrap",
// CVE-2023-50868): so each answer has a budget of questions, signatures and
// hashes, and NSEC3 with more than 50 iterations is taken as insecure (RFC
// 9276 §3.2). What is beyond the budget is not answered.
package dnssec
