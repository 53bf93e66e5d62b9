// SPDX-License-Identifier: Apache-2.0

// Package upstream asks other resolvers what the node itself does not know.
//
// A filter that makes lessons wait is soon switched off, so clause 3 of
// dispatch 4569/UBND-KGVX stands or falls with what happens when a resolver
// above is slow, gone or lying. A Group asks its servers in the order of the
// settings:
//
//   - one that failed rests, twice as long each time (health);
//   - one that is later than it usually is has the next asked beside it, and
//     the first good answer counts (race);
//   - an answer that does not fit its question, or does not prove that it comes
//     from the server asked, is passed over: a fresh port, a random id, letters
//     in random case (draft-vixie-dnsext-dns0x20) and cookies (RFC 7873) over
//     UDP; certificate or pin over TLS (RFC 7858) and HTTPS (RFC 8484), where
//     questions are padded too (RFC 8467).
//
// Connections stay open and carry many questions at once.
package upstream
