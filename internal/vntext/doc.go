// SPDX-License-Identifier: Apache-2.0

// Package vntext reads Vietnamese as it is written to and by children: without
// tone marks, in short forms, with letters that look like others, with dots
// between the letters so that a filter does not see the word. The dispatch
// wants harmful content found and passed on (2, 5.2); a machine may point at
// it and say why, and people decide.
//
// A text is read in several views. A View is a list of letters, each of which
// knows the bytes of the original that it was made from, so that whatever is
// found in a view can be shown in the text as its author wrote it. Reading
// takes any bytes, never fails, and takes time and space in proportion to the
// text's length.
//
// On the views stand two tools: a linear model on hashed n-grams (Train,
// Model), which learns from labelled texts and shows what weighed most, and
// patterns (Compile, Patterns), which are for what must not be missed and what
// there is no data for. What is known of harm stands in signs, the learning
// from verdicts in learn. docs/text.md has the figures and their limits.
package vntext
