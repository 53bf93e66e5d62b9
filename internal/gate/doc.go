// SPDX-License-Identifier: Apache-2.0

// Package gate slows a flood of the public's forms down, without asking who
// anybody is.
//
// What it protects: the report form and the thread behind a receipt. Clause 2
// of the dispatch wants reports taken in day and night, so a script that
// sends thousands a minute must neither fill the disk and the officers' queue
// for nothing nor keep a child out.
//
// Why it counts no addresses: the public side keeps none (DESIGN.md §6), a
// classroom or a whole mobile network stands behind one, and whoever floods
// has many. It counts what comes, for everybody together: in the last minute,
// of each Kind by itself, so that a flood of guesses at receipts makes no
// report slower. Staff never meet it.
//
// What it asks. Below Settings.Free nothing at all: no sum, no wait. Above it
// each sender pays a small price, once, for one form:
//
//   - with scripts, a sum: numbers whose SHA-256 begins below a limit. The
//     page's script finds them by itself. A cheap phone does about 150,000
//     hashes a second in plain JavaScript (Chromium slowed tenfold; 2.5
//     million on a desk; WebCrypto, asked one by one, is eight times slower
//     than plain JavaScript), so that MinWork takes it 0.15 s and the default
//     ceiling of 300,000 2 s. The sum is cut into Pieces: their times average
//     out, and one phone in a hundred needs more than 1.7 times the mean,
//     where one undivided sum would need 4.6 times;
//   - without scripts, a wait: the page carries the answers and its button is
//     good after some seconds, 5 at first and Settings.MaxWait at most.
//
// Both stand in one Ticket, signed under the hub's secrets: nothing is kept
// for it, and any hub of the installation accepts it. It names a kind and a
// subject (the form's receipt) and ends after ten minutes. A receipt makes one
// report however often it is sent, so a report's ticket is spent with it; the
// subject of a reply also holds how many the reader has written already. Two
// replies at the same instant under one ticket can both pass.
//
// How the price grows: it is asked as soon as more than Settings.Free sends
// knocked in a minute, paid or not, so that a flood which pays nothing gets
// nothing. It rises with the sends that were let in, and reaches its ceiling
// at SteepAt times Settings.Free: who only knocks cannot make it dearer for
// the others. A child who ticks "in danger now" pays the lowest price with a
// wait of two seconds; a flood that ticks it too finds that lane closed after
// a tenth of Settings.Free a minute, and pays like everybody.
//
// The default of 300 a minute is 18 times the largest burst of the design
// (1,000 an hour): a school whose thousand pupils all write within ten minutes
// is asked nothing. A flood of 3,000 a minute pays in full. The bar of 200
// reports a second (DESIGN.md §13) is about what stands behind the gate; who
// sends that many either pays or measures with Free set above it.
//
// What it does not do, honestly. The sum stops scripts that were written for
// a form, and makes each browser used for a flood work; a program that hashes
// natively does 300,000 in some milliseconds. The wait stops nobody who holds
// many tickets at once: N of them are N sends each MaxWait, and those hoarded
// for ten minutes can be sent together. What bounds both is that no kind has
// more than 256 sends at work at once; the next are asked to press again, and
// keep what they paid. A flood below Free, 432,000 a day, passes freely, and
// its reports are for the triage and the merging of duplicates to deal with.
// Whoever can pay is let in: the gate never says no, only not yet.
//
// Each hub counts what itself lets in. Nothing about a sender is kept or
// logged: counters, and one event when the asking begins and ends.
package gate
