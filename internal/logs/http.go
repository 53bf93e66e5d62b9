// SPDX-License-Identifier: Apache-2.0

package logs

import (
	"fmt"
	"log/slog"
	"net/http"
)

// Requests writes one event of that name for each request, without address,
// user agent or query, and turns a panic into an answer of fail. Where the
// answer had begun already, the connection is cut instead, so that nobody takes
// half an answer for a whole one.
func Requests(log *slog.Logger, name string, fail func(http.ResponseWriter, *http.Request, error), next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		ctx, event := Begin(r.Context(), name, slog.String("method", r.Method))
		r = r.WithContext(ctx)
		seen := &statusWriter{ResponseWriter: w}
		defer func() {
			p := recover()
			if p != nil && p != http.ErrAbortHandler {
				// The value of a panic may hold what a person wrote: only its
				// type is logged.
				err := fmt.Errorf("panic of type %T", p)
				Fail(ctx, err)
				if seen.status == 0 {
					fail(seen, r, err)
					p = nil
				} else {
					// Set for the event alone: what was sent cannot be unsaid.
					seen.status = http.StatusInternalServerError
				}
			}
			Add(ctx, slog.Int("status", seen.status))
			event.End(ctx, log, seen.status >= 500 && seen.status != http.StatusServiceUnavailable)
			if p != nil {
				panic(http.ErrAbortHandler)
			}
		}()
		next.ServeHTTP(seen, r)
	})
}

// statusWriter remembers the status that was sent.
type statusWriter struct {
	http.ResponseWriter
	status int
}

func (w *statusWriter) WriteHeader(status int) {
	if w.status == 0 {
		w.status = status
	}
	w.ResponseWriter.WriteHeader(status)
}

func (w *statusWriter) Write(b []byte) (int, error) {
	if w.status == 0 {
		w.status = http.StatusOK
	}
	return w.ResponseWriter.Write(b)
}

// Unwrap serves http.ResponseController.
func (w *statusWriter) Unwrap() http.ResponseWriter { return w.ResponseWriter }
