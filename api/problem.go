// SPDX-License-Identifier: Apache-2.0

package api

import (
	"net/http"
	"strconv"
	"strings"

	"lachan/internal/locale"
	"lachan/internal/logs"
	"lachan/internal/problem"
)

// document is a problem as RFC 9457 writes it. The type is a name, not an
// address: a node in a school must not be sent anywhere by an error.
type document struct {
	Type   string  `json:"type"`
	Title  string  `json:"title"`
	Status int     `json:"status"`
	Code   string  `json:"code"`
	Errors []fault `json:"errors,omitempty"`
}

// fault is one faulty field of the body.
type fault struct {
	Name   string `json:"name"`
	Code   string `json:"code"`
	Detail string `json:"detail"`
}

// fail answers with a problem in the caller's language.
func (a *server) fail(w http.ResponseWriter, r *http.Request, err error) {
	logs.Fail(r.Context(), err)
	p := problem.From(err)
	say := a.Texts.Printer(language(r.Header.Get("Accept-Language")))
	d := document{Type: "urn:lachan:problem:" + strings.ReplaceAll(p.Code, "/", ":"), Title: say.Problem(p), Status: p.Kind().Status(), Code: p.Code}
	if p.Code == "page/method" {
		d.Status = http.StatusMethodNotAllowed
	}
	for _, f := range p.Fields {
		d.Errors = append(d.Errors, fault{Name: f.Name, Code: f.Code, Detail: say.Field(f)})
	}
	if k := p.Kind(); k == problem.Unavailable || k == problem.TooMany {
		w.Header().Set("Retry-After", "30")
	}
	w.Header().Set("Content-Language", say.Lang)
	w.Header().Set("Vary", "Accept-Language")
	if err := writeJSON(w, problemType, d.Status, d); err != nil {
		logs.Fail(r.Context(), err)
	}
}

// language picks the language that the caller likes best among ours, the
// source where it names none of them.
func language(accept string) string {
	best, weight := locale.Source, 0.0
	for item := range strings.SplitSeq(accept, ",") {
		tag, params, _ := strings.Cut(strings.TrimSpace(item), ";")
		q := 1.0
		if text, ok := strings.CutPrefix(strings.TrimSpace(params), "q="); ok {
			var err error
			if q, err = strconv.ParseFloat(text, 64); err != nil {
				continue
			}
		}
		primary, _, _ := strings.Cut(strings.ToLower(strings.TrimSpace(tag)), "-")
		for _, ours := range locale.Languages() {
			if primary == ours && q > weight {
				best, weight = ours, q
			}
		}
	}
	return best
}
