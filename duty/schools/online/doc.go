// SPDX-License-Identifier: Apache-2.0

// Package online is the part of the room schools that cares for lessons over
// the network: what a school teaches on, how safely, by which guidance, and
// what happened.
//
// It serves dispatch 4569/UBND-KGVX, clause 3: the education sector goes on
// building a model of teaching online, manages it, and guides schools and
// teachers in keeping safe, in lessons and in running the school. The filter,
// the other half of the clause, is package schools; this one stands beside it
// because it shares nothing with the filter but the roster of schools.
//
// # The words
//
// The register names platforms; a Use says that a school works with one. A
// Class is a series of lessons on it, never with a pupil's name. A checklist is
// answered for a class or a use and has to be answered again after some months
// (data/register.json). A Guidance is a text of ours with a version
// (data/guidance.json); a person of the school confirms a version, and for
// teachers without an account the school states how many have confirmed.
//
// A Model (mô hình) is a record of a trial: its design, the schools that try
// it, the criteria, the evaluation, and the schools that take it over.
//
// # An incident
//
// What happened in a lesson belongs into casework, sealed, under the eyes of
// those who may read it. The school keeps that something of one kind took
// place on one day, to be counted (D09), and nothing that leads to the report.
//
// # Stated and counted
//
// A figure is either counted from what the system itself knows or stated by
// the school with a day; each Line of a school's Readiness says which. The
// number of trained staff is stated until the room training counts it.
//
// Clauses: 3
package online
