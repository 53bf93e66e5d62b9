// SPDX-License-Identifier: Apache-2.0

// Package bundle is what a school's node knows about names, and how it decides.
//
// Dispatch 4569/UBND-KGVX asks for two things of the network: block what the
// competent authority has ordered blocked (clause 2), and filter content in
// schools by the pupils' level (clause 3). Both are decided where a name is
// asked for, in the school, within microseconds and with the province's hub
// out of reach. So the hub compiles everything it knows into one file, signs
// it, and every node maps the same file into memory.
//
// # The words
//
// A category is what a name is ("gambling"); a service is whose it is
// ("tiktok"). A name has a set of them, never just one: real lists collide. A
// band is a level of schooling with its own policy (primary, staff …): policy
// is a mask over the set, so that a name is stored once whatever the number of
// bands, and a query costs one look-up whatever the number of lists.
//
// Every entry means the name and everything below it. "example.com" on a list
// covers "cdn3.www.example.com"; a list that meant the exact host only would
// leak every subdomain.
//
// # The four things a View lays over each other
//
//   - the Bundle: one immutable, signed, memory-mapped file (file.go, docs/
//     bundle-format.md) with every name's set, every band's policy, the
//     never-block names and the entries that are still running;
//   - Deltas: signed and numbered without a gap, one for each decision, so
//     that a decision bites within a second and not with the next bundle;
//   - Sides: one small signed file a school with its networks, its own allows
//     and denials;
//   - the clock: every entry may carry its own end, and lapses by itself.
//
// A View is built off the path and swapped in one atomic store; it never
// changes. View.Decide follows the one fixed order of DESIGN.md §7:
//
//	never-block > emergency > legal > school allow > school deny >
//	service rule > category > allow
//
// # How a name is looked up
//
// One keyed hash runs over the labels from right to left ("com", then
// "example.com", …), so one pass over the name yields the key of every parent
// (Key). Each key is probed in a table of 64-byte buckets, one cache line for
// a label; a word there is 44 bits of fingerprint and 20 bits of value, the
// index of a category set. That is ten bytes a name at load 0.80, without
// pointers: nothing for the collector to scan, nothing to parse at start.
// Before a bucket stands a hint of eight bytes (hintOf): the usual question,
// about a name that nobody listed, is answered by it and never touches the
// bucket.
// The text of names is not in the file. Two different names agree by chance
// once in about 2·10¹² probes; the Builder tries seeds until no protected name
// is touched by such a chance (Builder.Protect).
package bundle
