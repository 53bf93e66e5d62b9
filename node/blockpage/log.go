// SPDX-License-Identifier: Apache-2.0

package blockpage

import (
	"fmt"
	"net/http"

	"lachan/internal/clock"
	"lachan/internal/dnswire"
	"lachan/internal/locale"
	"lachan/node/faultlog"
)

// LogPath is where the fault log stands, on the node's own address.
const LogPath = "/nhat-ky"

const (
	maxShown  = 500     // lines on the page; a part of a name finds the others
	maxFilled = 4 << 10 // bytes of the form
)

// logWords is what the template of the fault log reads.
type logWords struct {
	words
	Off, Open                        bool
	Action, Word, Part, Fault, Until string
	Found                            int
	Rows                             []logRow
}

type logRow struct{ Minute, Band, Name, Type, Outcome, Why string }

// log shows whether there is a fault log, and its lines to who knows the word.
// The word comes in the body of a form, never in an address.
func (p *Page) log(w http.ResponseWriter, r *http.Request) {
	if p.look(r).decision.Blocked { // another site's page of that path
		p.show(w, r)
		return
	}
	word, part := "", ""
	if r.Method == http.MethodPost {
		r.Body = http.MaxBytesReader(w, r.Body, maxFilled)
		if err := r.ParseForm(); err != nil {
			w.WriteHeader(http.StatusBadRequest)
			return
		}
		word, part = r.PostForm.Get("word"), r.PostForm.Get("part")
	}
	say := p.cfg.Texts.Printer(language(r))
	page := logWords{words: p.frame(say), Off: true, Action: LogPath, Part: part}
	if say.Lang != locale.Source {
		page.Action += "?lang=" + say.Lang
	}
	status := http.StatusOK
	if p.cfg.Log != nil {
		found := p.cfg.Log.Read(p.cfg.View(), p.cfg.Clock.Now(), word, part, maxShown)
		page.Off, page.Open, page.Found = found.State == faultlog.Off, found.State == faultlog.Open, found.Found
		switch found.State {
		case faultlog.Wrong:
			status, page.Fault = http.StatusForbidden, say.T("node.log.wrong")
		case faultlog.TooMany:
			status, page.Fault = http.StatusTooManyRequests, say.T("node.log.too-many")
		case faultlog.Open:
			page.Word, page.Until = word, say.DateTime(found.Until)
			for _, line := range found.Lines {
				page.Rows = append(page.Rows, row(say, line))
			}
		case faultlog.Off, faultlog.Locked:
		}
	}
	p.send(w, status, "log.tmpl", page)
}

func row(say *locale.Printer, line faultlog.Line) logRow {
	r := logRow{
		Minute: line.Minute.In(clock.Vietnam).Format("15:04 02/01"), Name: line.Name.Unicode(), Type: typeName(line.Type),
		Band: say.T("node.log.few"), Outcome: say.T("node.log.outcome." + line.Outcome.String()),
	}
	if !line.Few {
		r.Band = say.T("schools.band." + line.Band.String())
	}
	switch key := "node.why." + line.Code; {
	case line.Outcome != faultlog.Refused:
		r.Why = errorWhy(say, line.EDE)
	case say.Has(key):
		r.Why = say.T(key)
	default:
		r.Why = say.T("node.why.service") + " (" + line.Code + ")"
	}
	return r
}

// errorWhy says an extended error, "" where there is none.
func errorWhy(say *locale.Printer, ede uint16) string {
	switch ede {
	case dnswire.NoEDE:
		return ""
	case dnswire.EDENoReachable:
		return say.T("node.ede.upstream")
	case dnswire.EDEStale:
		return say.T("node.ede.stale")
	case dnswire.EDEBogus, dnswire.EDESignatureExpired, dnswire.EDESignatureEarly, dnswire.EDENoKey, dnswire.EDENoSignature, dnswire.EDENoDenial:
		return say.T("node.ede.bogus") + fmt.Sprintf(" (EDE %d)", ede)
	default:
		return fmt.Sprintf("EDE %d", ede)
	}
}

// typeName is the usual name of a type of records, or its number (RFC 3597 §5).
func typeName(t uint16) string {
	switch t {
	case dnswire.TypeA:
		return "A"
	case dnswire.TypeAAAA:
		return "AAAA"
	case dnswire.TypeHTTPS:
		return "HTTPS"
	case dnswire.TypeSVCB:
		return "SVCB"
	case dnswire.TypeCNAME:
		return "CNAME"
	case dnswire.TypeNS:
		return "NS"
	case dnswire.TypeSOA:
		return "SOA"
	default:
		return fmt.Sprintf("TYPE%d", t)
	}
}
