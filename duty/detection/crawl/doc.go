// SPDX-License-Identifier: Apache-2.0

// Package crawl looks through what is public on the web: pages, feeds,
// sitemaps, the web view of channels and addresses that somebody listed. The
// dispatch wants harmful content found before a child reports it (2), and found
// lawfully: what a machine may look at is what anybody may.
//
// Crawl takes one source, hands over each item as it is found and ends inside
// its limits. It decides nothing about what it sees.
//
// # Behaviour
//
// Manners is the door for requests of all crawls: one request at a time for a
// host, a pause after each, robots.txt as RFC 9309 has it, and later when a
// host says so. Beneath it lies internal/fetch with its guard, which judges the
// address that is really dialled. Redirects are visited one at a time, and each
// meets the same rules again. No cookie is kept, no form sent, no login made.
//
// # Ends
//
// A crawl has limits in pages, bytes, time, depth and memory, and a page in
// bytes and time; what is larger is read in part and says so. Calendars without
// end are noticed by pages that say the same under addresses of one pattern.
// The state of a crawl is a small piece of JSON: one that was killed goes on.
//
// # Captures
//
// Each item gets one small WARC (duty/detection/warc): the page with the
// redirects that led to it and its pictures, byte for byte.
package crawl
