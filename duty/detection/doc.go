// SPDX-License-Identifier: Apache-2.0

// Package detection finds harmful content on public pages before a child does,
// and shows it to as few people as can be.
//
// It serves dispatch 4569/UBND-KGVX, clause 2 (discover harm to children
// online) and clause 5.2 (look through what is public and find harmful content
// in time).
//
// # The words
//
// A Source is a public place that is looked at: a page, a feed, a sitemap, the
// public page of a channel, a list of links, the names that reports link to. A
// scan is one look at it. What a scan meets is read by machines (words, hashes
// of pictures, names that look like other names); what gives a reason becomes
// an Item of the queue, and only a person judges it. The judgement is a
// Verdict: nothing harmful, a case, a block, a request to take it down, a
// content of a bank.
//
// A Bank holds contents that mean the same when they are met, each with one or
// more signals: hashes of a picture (internal/pdq), of a file, an address, a
// domain. Banks, contents and their numbers are those of HMA, the open matcher
// of the field, so that its clients can ask us.
//
// # Nobody is shown twice what nobody should see
//
// A picture is blurred, grey and small until somebody holds to see it; the
// words come first. What was judged once goes into a bank of ours and is never
// shown again: the next item with it carries the earlier verdict. Each picture,
// each sound and each text in a child's words counts against the day's budget
// of the one who opened it. A spent budget ends the day's reviewing, without a
// reason asked; it never parks an emergency, which then rings who is on call.
// How much a person has had to see is for that person alone: others learn only
// who is free.
//
// # What the machine may keep
//
// Background work seals and never opens. What rules, figures and back-tests
// need later (Features) is computed while the item is in memory and holds not
// a word of it. Text, pictures and the capture of the page are sealed to the
// unit that reviews; an address is boxed under the hub's own key, because the
// hub looks again whether it is gone.
//
// # What learns
//
// A Model of a label learns from verdicts, because there are no other texts to
// learn from. Only the session of an unlocked model keeper can open them: so it
// is a person who lets it learn, who reads how the candidate compared with what
// is in use, and who puts it to use or takes it back (Candidate, PutToUse,
// TakeBack). It is never better because it is newer.
//
// Clauses: 2, 5.2
package detection
