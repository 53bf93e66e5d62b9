// SPDX-License-Identifier: Apache-2.0

// Package exchange reads and writes the lists of signals that those who
// protect children hand to each other: hashes of pictures and videos, addresses
// and domains, never the things themselves.
//
// # The formats
//
//   - CSV, the columns of which the importer names (IWF's members' list is not
//     public, so nothing of it is fixed here);
//   - a bare value a line, or "type value", as HMA's local file exchange has;
//   - NCMEC hash sharing v2 (XML), StopNCII, Meta's ThreatExchange, Tech
//     Against Terrorism (JSON, a page at a time, with the next one's token);
//   - STIX 2.1 bundles and Project VIC's VICS 1.1 to 2.0.
//
// # One way through
//
// Read calls a function for each Item, in order, and keeps none: a VICS file
// may have gigabytes. What it cannot use it counts by Skip and names by line; a
// file that is broken in the middle gives what stood before the break, and an
// error with the line. A source that takes an entry back (a tombstone) yields
// an Item that is Withdrawn, and for some formats has only the source's id.
//
// # What is not taken
//
// PDQ hashes of zeros and of a quality below pdq.MinQuality occur in real lists
// (ThreatExchange issue 1609) and match what is flat: they are refused.
// PhotoDNA and other closed hashes are counted and passed over, since nothing
// here can match them.
package exchange
