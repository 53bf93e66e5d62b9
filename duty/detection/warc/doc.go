// SPDX-License-Identifier: Apache-2.0

// Package warc writes and reads captures of pages as WARC 1.1 (ISO 28500:2017),
// the format in which libraries and courts keep the web, so that what a
// reviewer saw can be read in twenty years and without this software. Clause 2
// wants harmful content found and passed on; a page is often gone the next day.
//
// A file is a row of records, each compressed by itself (one gzip member a
// record, annex D), so that a reader may begin at any of them. A record says in
// its head what it is, of which address, from which machine and when, and
// carries the SHA-256 of its block; a response carries that of its payload too.
//
// # Chunks
//
// Blocks are the bytes of the wire. Where an answer came in chunks (RFC 9112
// §7.1) the standard's payload is without them, and most readers hash it with
// them: a digest would be called wrong by one or the other. Such a record has
// its block's digest alone, and the capture's metadata record names the
// payload's.
package warc
