// SPDX-License-Identifier: Apache-2.0

package reporting

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"io"
	"time"

	"lachan/internal/authz"
	"lachan/internal/clock"
	"lachan/internal/locale"
	"lachan/internal/officedoc"
	"lachan/internal/problem"
	"lachan/internal/sqldb"
	"lachan/org"
)

// BuildReport asks for the yearly report of clause 5.3 as a Word file and an
// Excel annex. With the same Pin, At, Frame, Day and Narrative it is the same
// to the byte: Pin fixes the figures, At who had reported by then. Both are in
// Built and in the ledger.
type BuildReport struct {
	Directive string
	Year      int
	Frame     org.FrameKind     // "" is Today
	Day       org.Day           // of the map, for Today and AsOf; "" is today
	Pin       int64             // 0 is the newest acceptance
	At        time.Time         // zero is now
	Narrative map[string]string // title of a section → the text a person wrote
}

// Built says what was built.
type Built struct {
	Pin        int64
	At         time.Time
	Day        org.Day
	Coverage   Coverage
	DocxDigest string // SHA-256, as in the ledger
	XlsxDigest string
}

// BuildReport writes both files; a nil writer skips one. The ledger keeps
// their digests and the number of the acceptance they were built at.
func (s *Service) BuildReport(ctx context.Context, actor authz.Actor, cmd BuildReport, docx, xlsx io.Writer) (Built, error) {
	permit, err := s.Authz.Check(ctx, actor, "reporting.build", authz.Resource{Type: "reporting.directive", ID: cmd.Directive})
	if err != nil {
		return Built{}, err
	}
	if s.Texts == nil {
		return Built{}, problem.New(problem.Unknown)
	}
	if cmd.Frame == "" {
		cmd.Frame = org.Today
	}
	if cmd.Day == "" && cmd.Frame == org.Today {
		cmd.Day = s.Org.Today()
	}
	d, err := s.Directive(cmd.Directive)
	if err != nil {
		return Built{}, err
	}
	q := TotalsQuery{Directive: cmd.Directive, Year: cmd.Year, Frame: cmd.Frame, Day: cmd.Day, Pin: cmd.Pin, At: cmd.At}
	if q.At.IsZero() {
		q.At = s.now().Truncate(time.Microsecond) // as it is stored
	}
	if q.Pin == 0 {
		c := s.cube(d.MainForm, cmd.Year)
		c.mu.RLock()
		q.Pin = c.pin
		c.mu.RUnlock()
	}
	t, err := s.Totals(ctx, actor, q)
	if err != nil {
		return Built{}, err
	}
	plan, err := s.plan(cmd.Directive, cmd.Year)
	if err != nil {
		return Built{}, err
	}
	r := yearly{Totals: t, words: s.Texts.Printer(locale.Source), cat: s.Catalogue, cmd: cmd, plan: plan, at: q.At}
	r.agency = d.Issuer
	if units := s.Org.At(plan.AsOf).Resolve(d.selector(d.Consolidator, "")).Units; len(units) > 0 {
		r.agency = units[0].Name
	}
	out := Built{Pin: t.Pin, At: q.At, Day: t.Day, Coverage: t.Coverage}
	if docx != nil {
		sum := sha256.New()
		if err := officedoc.WriteDocx(io.MultiWriter(docx, sum), r.words, r.document()); err != nil {
			return Built{}, err
		}
		out.DocxDigest = hex.EncodeToString(sum.Sum(nil))
	}
	if xlsx != nil {
		sum := sha256.New()
		if err := officedoc.WriteXlsx(io.MultiWriter(xlsx, sum), r.workbook()); err != nil {
			return Built{}, err
		}
		out.XlsxDigest = hex.EncodeToString(sum.Sum(nil))
	}
	err = s.DB.Tx(ctx, func(ctx context.Context, tx *sqldb.Tx) error {
		return s.record(ctx, tx, "reporting.built", actor, cmd.Directive, permit,
			map[string]any{"year": cmd.Year, "frame": cmd.Frame, "day": t.Day, "pin": t.Pin, "at": clock.Micro(q.At), "docx": out.DocxDigest, "xlsx": out.XlsxDigest})
	})
	return out, err
}
