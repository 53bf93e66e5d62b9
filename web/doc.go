// SPDX-License-Identifier: Apache-2.0

// Package web is the pages for people: the public side, where a child reports
// and reads the answer, and the console, where the province does its duty.
//
// One file holds one duty's handlers, and every address stands in its table
// of routes with the clauses of the dispatch that it serves. A handler reads
// the form into a command, calls one method of a service, fills a page struct
// (web/page) and lets web/ui draw it; a POST that succeeded ends in a
// redirect. It holds no rule of its own: who may do what is decided by the
// service through policy/, and every error is a problem that the page says in
// the reader's language, with all that was typed still there.
//
// The public side keeps nothing about who came: no cookie but the chosen
// theme and language, no address, no user agent, no third-party file. Its
// report form carries the answers in hidden fields, so the server keeps
// nothing until the child sends. Under a flood a send has a small price, which
// package internal/gate explains and web/gate.go shows.
//
// Middleware, outermost first, and why in this order (see Handler):
// recovery, the one log event, security headers, limits, the cross-origin
// check, then the routes.
package web
