// SPDX-License-Identifier: Apache-2.0

// Package problem is the one kind of error that reaches a person.
//
// A problem is a code ("casework/already-decided"), arguments, and perhaps a
// list of faulty fields. It holds no sentence: the page, the API (RFC 9457)
// and the command line each say it in the reader's language, from the locale
// key "problem.casework.already-decided". What the operator needs to know
// besides, the cause, is wrapped and goes to the log only.
//
// The codes are data, one file a room under catalogue/, so that the list can
// be printed (docs/errors.md) and a code is never used twice. The catalogue
// gives each code its kind, and with it the HTTP status. Whether a thing that
// the reader may not see is "forbidden" or "not found" is decided there too,
// never by the handler.
package problem

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// Kind groups codes by what the reader can do about them.
type Kind string

// The kinds, each with its HTTP status in Status.
const (
	Invalid         Kind = "invalid"         // the input must be mended
	Unauthenticated Kind = "unauthenticated" // log in, or unlock
	Forbidden       Kind = "forbidden"       // known to exist, not allowed
	NotFound        Kind = "not_found"       // absent, or not to be known
	Conflict        Kind = "conflict"        // the state has moved on
	Gone            Kind = "gone"            // was here, is over
	TooMany         Kind = "too_many"        // wait
	Unavailable     Kind = "unavailable"     // try again
	Internal        Kind = "internal"        // our fault
)

var statuses = map[Kind]int{
	Invalid: 422, Unauthenticated: 401, Forbidden: 403, NotFound: 404,
	Conflict: 409, Gone: 410, TooMany: 429, Unavailable: 503, Internal: 500,
}

// Status is the HTTP status code of k.
func (k Kind) Status() int {
	if s, ok := statuses[k]; ok {
		return s
	}
	return 500
}

// Unknown is the code given to any error that is not a problem.
const Unknown = "internal/unexpected"

// Field is one faulty field, cell or line of the input.
type Field struct {
	Name string // the input's own name for it: "url", "B03/nu", "line 12"
	Code string
	Args []any
}

// Error is a problem. Make one with New.
type Error struct {
	Code   string
	Args   []any // name, value, name, value …
	Fields []Field
	cause  error
}

// New makes a problem of a code of the catalogue. args are names and values
// in turn, for the placeholders of its text; never personal data.
func New(code string, args ...any) *Error { return &Error{Code: code, Args: args} }

// Field adds a faulty field and returns e.
func (e *Error) Field(name, code string, args ...any) *Error {
	e.Fields = append(e.Fields, Field{Name: name, Code: code, Args: args})
	return e
}

// Wrap keeps the cause, for the log, and returns e.
func (e *Error) Wrap(cause error) *Error {
	e.cause = cause
	return e
}

// OrNil is e if it names at least one faulty field, and nil otherwise: the
// last line of a Validate method.
func (e *Error) OrNil() error {
	if len(e.Fields) == 0 {
		return nil
	}
	return e
}

// Error implements error, in the log's language: codes and arguments.
func (e *Error) Error() string {
	var b strings.Builder
	b.WriteString(e.Code)
	for i := 0; i+1 < len(e.Args); i += 2 {
		fmt.Fprintf(&b, " %v=%v", e.Args[i], e.Args[i+1])
	}
	for _, f := range e.Fields {
		fmt.Fprintf(&b, "; %s: %s", f.Name, f.Code)
	}
	if e.cause != nil {
		fmt.Fprintf(&b, ": %v", e.cause)
	}
	return b.String()
}

// Unwrap gives the cause to errors.Is and errors.As.
func (e *Error) Unwrap() error { return e.cause }

// Kind is the kind that the catalogue gives to e's code.
func (e *Error) Kind() Kind { return kindOfCode(e.Code) }

// From finds the problem in err, or makes an internal one of it.
func From(err error) *Error {
	if err == nil {
		return nil
	}
	var e *Error
	if errors.As(err, &e) {
		return e
	}
	return New(Unknown).Wrap(err)
}

// Is reports whether err carries the given code.
func Is(err error, code string) bool {
	var e *Error
	return errors.As(err, &e) && e.Code == code
}

// KindOf is the kind of err; Internal for what is not a problem, and "" for
// nil.
func KindOf(err error) Kind {
	if err == nil {
		return ""
	}
	return From(err).Kind()
}

// Codes lists every code of the catalogue, sorted.
func Codes() []string { return slices.Sorted(maps.Keys(catalogue())) }

// KindOfCode is the kind of a code, and whether the catalogue has it.
func KindOfCode(code string) (Kind, bool) {
	k, ok := catalogue()[code]
	return k, ok
}

// TextKey is the locale key of a code's text.
func TextKey(code string) string {
	return "problem." + strings.ReplaceAll(code, "/", ".")
}
