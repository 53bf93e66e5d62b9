// SPDX-License-Identifier: Apache-2.0

package web

import (
	"log/slog"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"time"

	"lachan/internal/gate"
	"lachan/internal/logs"
	"lachan/web/page"
)

// The fields of a form in which a ticket of the gate and the answer to its sum
// travel. Each kind has its own, so that a form can pass two gates.
func ticketField(k gate.Kind) string { return "ticket_" + string(k) }
func sumField(k gate.Kind) string    { return "sum_" + string(k) }

// knock asks the gate to let this send in. Where there is a price instead, it
// returns what is asked, which waiting shows.
func (c *visit) knock(kind gate.Kind, subject string, danger bool) (*gate.Pass, *gate.Ask) {
	return c.s.Gate.Enter(kind, gate.Send{
		Subject: subject, Ticket: c.form(ticketField(kind)), Answer: c.form(sumField(kind)), Danger: danger,
	})
}

// waiting shows the price: with scripts the page pays and sends by itself,
// without them its button does after a while. Every answer travels on in
// hidden fields as it came, but for those that set replaces.
func (c *visit) waiting(kind gate.Kind, ask *gate.Ask, danger bool, set map[string]string) error {
	p := page.Waiting{
		Base: c.base, Action: c.r.URL.Path, Seconds: int(ask.Wait / time.Second), Early: ask.Early, Danger: danger,
		Challenge: ask.Challenge, Below: ask.Below, Pieces: gate.Pieces, Answer: sumField(kind),
	}
	p.Hidden = c.hidden(func(name string) (string, bool) {
		_, replaced := set[name]
		return name, !replaced && name != ticketField(kind) && name != sumField(kind)
	})
	for _, name := range slices.Sorted(maps.Keys(set)) {
		p.Hidden = append(p.Hidden, page.Hidden{Name: name, Value: set[name]})
	}
	p.Hidden = append(p.Hidden, page.Hidden{Name: ticketField(kind), Value: ask.Ticket})
	logs.Add(c.r.Context(), slog.String("gate", string(kind)))
	c.w.Header().Set("Content-Type", "text/html; charset=utf-8")
	c.w.Header().Set("Retry-After", strconv.Itoa(p.Seconds))
	c.w.WriteHeader(http.StatusTooManyRequests)
	return c.s.ui.Render(c.w, "report/waiting", p)
}

// paid are the fields of a ticket that this request came in with, for the next
// form of the same reader: looking again at the same receipt costs nothing.
func (c *visit) paid(kind gate.Kind) []page.Hidden {
	var out []page.Hidden
	for _, name := range []string{ticketField(kind), sumField(kind)} {
		if v := c.form(name); v != "" {
			out = append(out, page.Hidden{Name: name, Value: v})
		}
	}
	return out
}
