// SPDX-License-Identifier: Apache-2.0

// Package learn makes a better reader of what people decided. Where there are
// no texts to learn from, the verdicts of reviewers are what there will be
// (dispatch, 2 and 5.2): each of them is an example, and from time to time a
// candidate is trained on them and compared with the model in use.
//
// A candidate that only seems better would be put to use by luck, and be worse
// for the children. So it is measured on verdicts that it has not seen and
// that are newer than those it has; texts that are nearly the same (a message
// sent to a hundred pupils) stand on one side only; the gain must be greater
// than what luck gives; and what the model in use gets right on a fixed set
// must not be lost. Propose says how it went, and never puts anything to use.
//
// Nothing is kept: texts come in and a model goes out, in memory, in the
// session of the person who opened them.
package learn
