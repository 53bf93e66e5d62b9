// SPDX-License-Identifier: Apache-2.0

// Package officedoc writes official documents as Word and Excel files.
//
// A report to a ministry has a prescribed look: Decree 30/2020/NĐ-CP, annex I.
// A4, 20 mm above and below, 30 mm left, 15 mm right, Times New Roman in 13
// and 14 points; on top two columns, the agency on the left and the name of
// the state with its motto on the right; the kind of document and its subject
// centred; the body justified with the first line set in; at the end the
// signature on the right and the recipients on the left. The page number
// stands centred in the upper margin and not on the first page. A document
// that does not look so is sent back by the records office whatever its
// figures are.
//
// Word files are a zip of XML written here, part by part (ECMA-376, the
// transitional schemas): there is no template to drift away from the code.
// Excel files go through excelize. Both are deterministic: the same content
// gives the same bytes, so that a report made again from pinned figures can
// be compared with the one that was signed. Number, date and signature are
// left open; they come from the records office.
//
// The words that the decree prescribes are in internal/locale (officedoc.*),
// always in Vietnamese: a document has one language, whoever's screen it is
// made from.
package officedoc
