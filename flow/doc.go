// SPDX-License-Identifier: Apache-2.0

// Package flow is the story of one report, in the order in which it happens.
//
// A duty knows no other duty. What one of them has done, it says as an event;
// flow turns that event into the next duty's command, and does nothing else:
//
//	emergency-ring    casework.EmergencyRaised → ring who is on call     clause 2
//	decided-enforce   casework.Decided         → schools.Enforce         clause 2 → 3
//	lifted-withdraw   casework.BlockLifted     → schools.LiftCase        clause 2 → 3
//	reported-names    casework.Received        → detection.Hear          clause 2 → 5.2
//	judged-case       detection.Judged         → a case, its block           clause 5.2 → 2
//	unseen-ring       detection.EmergencyUnseen → ring who is on call       clause 5.2 → 2
//	casework-figures  casework.Figures         → the cells of a report   clause 2, 5.1 → 5.3
//	schools-figures   schools.Figures and
//	                  online.Figures           → the cells of a report   clause 3 → 5.3
//	detection-figures detection.Figures        → the cells of a report   clause 5.2 → 5.3
//
// The arrows of the first kind run inside the transaction that made the
// event: a decision without its block, or a block without its decision,
// cannot exist. Ringing goes on after the commit and is a job. Figures are
// asked for when somebody reads a form, so they are never stale.
//
// Besides the story there is the clock: what time alone brings about (a
// provisional block that runs out, a hand-over that nobody answers).
//
// A block in a school can be walked back along the same arrows: entry →
// decision → case → report → clause.
package flow
