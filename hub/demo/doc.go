// SPDX-License-Identifier: Apache-2.0

// Package demo fills a hub with an invented province's year, and walks one
// report through it.
//
// The dispatch (4569/UBND-KGVX) is a loop: somebody reports (clause 2, 5.1),
// a duty officer decides, schools refuse a name (clause 3), the child hears
// what became of it, and the figures stand in the report before 10 December
// (clause 5.3). Who has to judge such a system should not need a real child's
// report for it. So everything here is invented and says so: schools and
// people are called "Mẫu", sites lie under .example (RFC 2606), which nobody
// can own, and what is told in the reports is mild.
//
//   - Run is `lachan demo`: a hub with all its rooms filled, a school's node
//     and a name server for the sample sites, until it is interrupted.
//   - Tour is `lachan demo --tour`: a hub of its own with names drawn anew,
//     walked over HTTP as a browser without JavaScript would and over DNS as a
//     pupil's device would. What it prints it has read back.
//
// Everything is made through the services that the pages use, under the same
// permissions; nothing is written past them. Events of the past are made by
// setting the hub's clock back (Shift), in the order in which they happened.
package demo
