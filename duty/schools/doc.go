// SPDX-License-Identifier: Apache-2.0

// Package schools is the filter of the province's schools, seen from the hub:
// which schools there are, what their networks may see, what is blocked by
// whose decision, and what the nodes in the schools count.
//
// It serves dispatch 4569/UBND-KGVX, clause 2 (block what harms children, at
// once and provably) and clause 3 (the education sector filters by school
// level and protects devices and networks in schools).
//
// Lessons online, the other half of clause 3, are package online below this
// one.
//
// # The words
//
// A School stands in one place, has a level and a number of pupils. A Network
// of it (a CIDR) belongs to a band. A band is a level of schooling, never an
// age: the law's ages decide about children, bands decide about networks.
//
// A list brings names of one category: "gambling". A name may stand on many
// lists and so have many categories. A policy says for each band which
// categories are refused. Names, categories and policies are compiled into one
// signed bundle for all schools (internal/bundle), the same file everywhere.
//
// # A block
//
// A block is a name, not a page, and never a person's taste: it has a basis, an
// end and somebody who answers for it.
//
//   - provisional: one officer, at once, for 72 hours (a setting); gone
//     unless confirmed;
//   - emergency: two persons, for at most seven days (a setting);
//   - legal: by the decision of a competent authority, with its number and
//     date and an end.
//
// A name that many people need (a protected name, a public suffix, a shared
// host, a popular name) is weighed first (Assess): taking the page down at its
// platform comes first, and a second person must agree before the block takes
// force. Withdrawing is as fast as blocking: both are one delta.
//
// Each change of what is blocked takes the next delta number inside the
// transaction that decided it (Enforce), so that numbers have no gap and a node
// that has heard number 41 and then 43 knows that it must ask for 42. The
// publisher is told after the commit; the guarantee does not rest on it.
//
// # Who is asked
//
// Methods with an actor ask package authz (policy/schools.cedar). Those without
// one serve nodes and the hub's own work: what they hand out is signed and for
// every node (Deltas, OpenBundle), or follows a decision that was allowed in
// another room (Enforce, LiftCase), or is published anyway (PublicBlockNumbers).
//
// # Counts
//
// Nodes send how many devices met a refusal, by school, band, category and
// hour; never what a pupil looked at. A cell of fewer than five devices does
// not leave the node; here it is refused as well.
package schools
