// SPDX-License-Identifier: Apache-2.0

// Package logs is what the operator reads: one wide event a request, a job or
// a minute of a node's work, through log/slog.
//
// A log is not the audit trail (that is internal/ledger) and not a place for
// people: whatever names or reaches a person is of type Personal, which
// prints as [hidden] however it is logged. There is no address of a client, no
// user agent and no query string in any event.
package logs

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"sync"
	"time"
)

// Hidden is what a Personal value prints as.
const Hidden = "[hidden]"

// Personal holds text about a person: a name, a number, a story. It prints as
// Hidden with every verb, in JSON and in the log; Reveal is the only way out.
type Personal string

// Reveal returns the text. Call it where the text is shown to somebody who
// may see it, or sealed; never for a log or an error.
func (p Personal) Reveal() string { return string(p) }

// String implements fmt.Stringer.
func (Personal) String() string { return Hidden }

// GoString implements fmt.GoStringer, for %#v.
func (Personal) GoString() string { return Hidden }

// Format implements fmt.Formatter, so that no verb finds a way around.
func (Personal) Format(f fmt.State, _ rune) { io.WriteString(f, Hidden) } //nolint:errcheck // fmt.State cannot fail

// LogValue implements slog.LogValuer.
func (Personal) LogValue() slog.Value { return slog.StringValue(Hidden) }

// MarshalText implements encoding.TextMarshaler, so that JSON hides it too.
func (Personal) MarshalText() ([]byte, error) { return []byte(Hidden), nil }

// New returns a logger that writes to w at the given level ("debug", "info",
// "warn", "error"), as JSON or as text.
func New(w io.Writer, level string, json bool) *slog.Logger {
	var l slog.Level
	if err := l.UnmarshalText([]byte(level)); err != nil {
		l = slog.LevelInfo
	}
	opts := &slog.HandlerOptions{Level: l}
	if json {
		return slog.New(slog.NewJSONHandler(w, opts))
	}
	return slog.New(slog.NewTextHandler(w, opts))
}

// Event gathers what is to be said about one request or job, and is written
// once, at its end. It is safe for concurrent use.
type Event struct {
	mu    sync.Mutex
	name  string
	start time.Time
	attrs []slog.Attr
	err   error

	observer func(Done) // may be nil
}

type eventKey struct{}

// Begin starts an event and puts it into the context, where Add finds it.
func Begin(ctx context.Context, name string, attrs ...slog.Attr) (context.Context, *Event) {
	e := &Event{name: name, start: time.Now(), attrs: attrs}
	e.observer, _ = ctx.Value(observerKey{}).(func(Done))
	return context.WithValue(ctx, eventKey{}, e), e
}

// Add puts attributes into the event of the context. Without one it does
// nothing.
func Add(ctx context.Context, attrs ...slog.Attr) {
	if e, ok := ctx.Value(eventKey{}).(*Event); ok {
		e.mu.Lock()
		e.attrs = append(e.attrs, attrs...)
		e.mu.Unlock()
	}
}

// Fail notes the error with which the request or job ended.
func Fail(ctx context.Context, err error) {
	if e, ok := ctx.Value(eventKey{}).(*Event); ok && err != nil {
		e.mu.Lock()
		e.err = err
		e.mu.Unlock()
	}
}

// End writes the event with how long it took: at level error if it failed
// through our own fault, else at info.
func (e *Event) End(ctx context.Context, log *slog.Logger, ourFault bool) {
	e.mu.Lock()
	defer e.mu.Unlock()
	took := time.Since(e.start)
	e.done(ourFault, took)
	attrs := append(e.attrs, slog.Duration("took", took))
	level := slog.LevelInfo
	if e.err != nil {
		attrs = append(attrs, slog.String("error", e.err.Error()))
	}
	if ourFault {
		level = slog.LevelError
	}
	log.LogAttrs(ctx, level, e.name, attrs...)
}
