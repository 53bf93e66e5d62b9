// SPDX-License-Identifier: Apache-2.0

// Package node is the school's end of the system: assembly, and nothing else.
//
// Clause 3 of dispatch 4569/UBND-KGVX puts content filtering into the schools;
// clause 2 wants a block ordered at the province to bite there. A node is one
// small program on a machine of the school, or on one machine for many
// schools. It is made of
//
//	resolver   answers DNS by the rules in force        package resolver
//	sync       follows the hub, keeps the last good rules  package sync
//	counts     how many devices met a refusal, never which package counts
//	blockpage  what a pupil sees in place of a page     package blockpage
//	faultlog   what a school may switch on for a day    package faultlog
//
// and reaches outward only: to its hub over the bus, to its upstream
// resolvers. It imports no duty; what schools are and who may block is the
// hub's affair.
package node
