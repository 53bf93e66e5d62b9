// SPDX-License-Identifier: Apache-2.0

// Package signs is what the reader of texts knows. The dispatch wants content
// that harms children found and passed on (2, 5.2): insults and hate, of which
// there is a set of texts to learn from; and grooming, solicitation, self-harm,
// violence, gambling and scams, for which no licensed Vietnamese texts exist,
// so that nobody can say how much of them is found. For these the product says
// so (Label.Measured) and gives no figure.
//
// Three things speak, each with its reason:
//
//   - patterns, words and phrases of data/*.txt, which officers can read, mend
//     and add to;
//   - sequences: a course of steps that is harmless step by step, such as to
//     ask for the age, to move to another platform, to ask for secrecy; the
//     stages and their phrases are data too (Lines, Course);
//   - models, the shipped one (Shipped) and those that a province trains from
//     its reviewers' decisions.
//
// A Reader asks all of them at once (Read, ReadLines). What it says is listed
// for a person where it is strong enough, and only raises the priority where it
// is not; nothing is decided. Features keeps what later work may know of a
// text, and has none of it.
package signs
