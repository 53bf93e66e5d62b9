// SPDX-License-Identifier: Apache-2.0

// Package fetch is the one door for requests that a duty sends out: a list
// that is subscribed to, a feed that is followed. Whoever gives an address to
// the hub makes the hub's machine speak to it; without a guard that reaches
// what only this machine can reach: the database beside it, the router's
// page, a cloud's metadata service (server-side request forgery).
//
// So the guard sits where the connection is made, on the address that is
// really dialled: a name that resolves to another address the second time, or
// a redirect into the own network, meets it too. Only http and https are
// spoken, redirects are few and never from https down to http, everything has
// a limit in bytes and seconds, and what is packed is counted unpacked.
//
// A request says who asks (User-Agent), carries no cookie and no referrer, and
// what failed is told by the host alone: the rest of an address may hold a
// key.
//
// Get follows redirects and hands over what is asked for. Visit asks once,
// follows nothing and hands over the bytes as they were on the wire, which is
// what a capture is made of: whoever calls it decides about each hop. Proxy
// lets a browser on this machine out through the same guard.
package fetch
