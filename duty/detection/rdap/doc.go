// SPDX-License-Identifier: Apache-2.0

// Package rdap asks since when a domain has been registered. What is made to
// harm seldom lives long: a site of three days that has a bank's name or asks
// children for codes is another matter than one of ten years, and clause 2
// wants harm discovered in time.
//
// RDAP is what registries answer in place of WHOIS: GET {base}/domain/{name}
// (RFC 9082 §3.1.3) gives a JSON object whose events say, among other things,
// when the name was registered (RFC 9083 §4.5). A base is a registry's own
// service, a mirror, or one that sends the asker on to the registry (RFC 7484
// says which is whose). Not every registry has one, and one that has none is
// no fault: the age is not known then.
//
// # Manners
//
// Every question tells a third party which name the province looks at. So
// nobody is asked unless the operator names a base, one question goes out at a
// time with a pause after it, and a server that fails or asks for rest is left
// alone for a while, longer each time. Who calls keeps the answers.
//
// # Why no library
//
// All that is wanted is one date. github.com/openrdap/rdap (MIT) was looked at:
// it brings a command line, HTTP of its own and ten thousand lines of contacts
// that nobody here may see, and would have to be led around internal/fetch,
// where the guard is.
package rdap
