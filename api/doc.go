// SPDX-License-Identifier: Apache-2.0

// Package api is what machines ask of the hub over HTTP.
//
// A school's node asks once in its life: it brings the one-time token that a
// person typed and the public half of a key that it made itself, and is given
// its identity (POST /api/v1/nodes/enrol). From then on it speaks over the
// bus.
//
// A filter of another make fetches what a band is refused, for which it has a
// token of its own (GET /api/v1/export/{band}.{format}); with the ETag of the
// last answer it is told in a line that nothing has changed.
//
// Programs of the province do here what people do with the filter and with
// lessons online on pages, with a token of a unit and its roles (package
// identity): the same services, so the same policies and ledger. Cases are not
// among it, and neither is what only a person can answer for: the words of an
// incident, having read a guidance, being the second of two. One table of
// routes makes the handlers and the OpenAPI document.
//
// The two other addresses are for whatever keeps the hub running:
// /healthz says that the process answers, /readyz that it can also read and
// write (a full disk or a lost database is 503).
//
// Every error is a problem in the form of RFC 9457, application/problem+json,
// with its sentence in Vietnamese or English by Accept-Language (RFC 9110,
// section 12.5.4). The code in "code" is stable; the sentence is for people.
//
// A token never stands in an address, and neither it nor the caller's address
// is logged.
package api
