// SPDX-License-Identifier: Apache-2.0

package schools

import (
	"bufio"
	"cmp"
	"context"
	"io"
	"strings"
	"time"

	"lachan/internal/authz"
	"lachan/internal/bundle"
	"lachan/internal/problem"
	"lachan/internal/sqldb"
)

// ExportQuery says what is passed on to a filter of another make.
type ExportQuery struct {
	Band   string // code
	Period string // code; "": what is refused at any time
	Format Format // one of ExportFormats
	School string // id of the school that asks, which gives its own bands only; "": whoever answers for all schools
	// Unlicensed takes lists that carry no licence too. Whoever sets it has
	// asked their makers.
	Unlicensed bool
	Province   string // name, for the head of the file
}

// ExportInfo is what stands in an export. Its fields are in the head of the
// file and in the ledger.
type ExportInfo struct {
	Band    string
	Period  string
	Format  Format
	Bundle  int64
	Delta   int64 // the newest decision that counts
	Names   int
	Allowed int            // names below a refused one that stay open, and the file says so
	Unsaid  int            // such names about which this format cannot say so
	LeftOut int            // refused names that this format cannot carry without harm
	Lists   []ExportedList // that went in, by name
	Without []string       // names of lists left out for want of a licence
	Made    time.Time
}

// ExportedList is a list of which names were passed on.
type ExportedList struct {
	Name     string
	Category string
	Licence  string // "" only with ExportQuery.Unlicensed
}

// Export writes the names that a band's ready policy refuses, with the blocks
// in force, sorted and each once, for a filter of another make. Each name means
// itself and everything below it, as far as the format can say that.
//
// What is refused is asked of the current bundle and the deltas over it, as a
// node does; lists only bring the candidates, and only lists whose category
// the band is refused. So an export never says more than the lists that may be
// passed on, and never other than Lookup.
//
// Candidates are read from the database page by page, twice: once to count
// them for the head of the file and for the ledger, once to write them. If a
// list is replaced meanwhile the error is schools/list-changed, and w may hold
// half a file.
func (s *Service) Export(ctx context.Context, actor authz.Actor, q ExportQuery, w io.Writer) (ExportInfo, error) {
	permit, school, err := s.mayExport(ctx, actor, q.School)
	if err != nil {
		return ExportInfo{}, err
	}
	who, err := q.client(school)
	if err != nil {
		return ExportInfo{}, err
	}
	x, err := s.newExport(ctx, q, who)
	if err != nil {
		return ExportInfo{}, err
	}
	err = x.run(ctx, q.Province, step{kind: "schools.exported", actor: actor.Name(), object: q.School, permit: permit}, w)
	return x.info, err
}

// run counts, tells the ledger, and writes.
func (x *export) run(ctx context.Context, province string, r step, w io.Writer) error {
	if err := x.count(ctx); err != nil {
		return err
	}
	r.details = x.info
	err := x.s.db.Tx(ctx, func(ctx context.Context, tx *sqldb.Tx) error { return x.s.record(ctx, tx, r) })
	if err != nil {
		return wrap("export", err)
	}
	return wrap("export", x.write(ctx, province, w))
}

// mayExport asks for a permit, on the school if one asks.
func (s *Service) mayExport(ctx context.Context, actor authz.Actor, schoolID string) (permit authz.Permit, school School, err error) {
	resource := room("export", "")
	if schoolID != "" {
		if school, err = s.loadSchool(ctx, s.db.Read(), actor, "schools.view", schoolID); err != nil {
			return permit, school, err
		}
		resource = ofSchool(school.ID, school.Unit)
	}
	permit, err = s.authz.Check(ctx, actor, "schools.export", resource)
	return permit, school, err
}

// client reads the query as who would ask a node.
func (q ExportQuery) client(school School) (bundle.Client, error) {
	p := problem.New("input/faulty")
	band, ok := bundle.ParseBand(q.Band)
	if !ok || q.School != "" && !school.teaches(band) {
		p.Field("band", "input/not-a-choice")
	}
	period, ok := bundle.ParsePeriod(cmp.Or(q.Period, bundle.AnyTime.String()))
	if !ok {
		p.Field("period", "input/not-a-choice")
	}
	if _, ok := exportFormat(q.Format); !ok {
		p.Field("format", "input/not-a-choice")
	}
	return bundle.Client{Band: band, Period: period}, p.OrNil()
}

// teaches reports whether a band is one of the school's.
func (s School) teaches(band bundle.Band) bool {
	return band == s.Band || s.BandPupils[band] > 0
}

// refuses asks as a node would.
func (x *export) refuses(text string) (bundle.Name, bool, error) {
	n, err := bundle.ParseName(text)
	if err != nil {
		return n, false, err
	}
	var k bundle.Key
	if !x.view.Read(&k, n.Wire()) || x.never.covers(n) {
		return n, false, nil
	}
	return n, x.view.Decide(&k, x.who, x.now).Blocked, nil
}

// each calls with every name that goes into the file, and counts those that
// must stay out of it: what lies above a never-block name where the format has
// no word for what stays open, and what is too long for it.
func (x *export) each(ctx context.Context, call func(name string) error) (leftOut int, err error) {
	err = x.candidates(ctx, func(text string) error {
		n, refused, err := x.refuses(text)
		if err != nil || !refused {
			return err
		}
		if x.format.allow == nil && x.never.below(n) != nil || len(text) > x.format.longest {
			leftOut++
			return nil
		}
		return call(text)
	})
	return leftOut, err
}

// count goes over the names once and finds out what stays open below them.
func (x *export) count(ctx context.Context) (err error) {
	x.info.LeftOut, err = x.each(ctx, func(name string) error {
		x.info.Names++
		if _, ok := x.parents[name]; ok {
			x.parents[name] = true
		}
		return nil
	})
	if err != nil {
		return wrap("count export", err)
	}
	for _, name := range x.open {
		_, refused, err := x.refuses(name)
		if err != nil {
			return err
		}
		below := false
		for parent := range parents(name) {
			below = below || parent != name && x.parents[parent]
		}
		if below && !refused {
			x.allowed[name] = true
		}
	}
	if x.format.allow == nil {
		x.info.Unsaid, x.allowed = len(x.allowed), nil
	}
	x.info.Allowed = len(x.allowed)
	return nil
}

// write goes over the names a second time.
func (x *export) write(ctx context.Context, province string, w io.Writer) error {
	out := bufio.NewWriterSize(w, 64<<10)
	x.format.head(out, x.info, province)
	for _, name := range x.open {
		if x.allowed[name] {
			x.format.allow(out, name)
		}
	}
	count := 0
	_, err := x.each(ctx, func(name string) error {
		count++
		x.format.refuse(out, name, x.belowAllowed(name))
		return nil
	})
	if err == nil && count != x.info.Names { // a list was replaced between the two
		err = problem.New("schools/list-changed", "name", strings.Join(x.listNames(), ", "))
	}
	if err != nil {
		return err
	}
	return out.Flush()
}

// belowAllowed reports whether an allowed name lies above.
func (x *export) belowAllowed(name string) bool {
	if len(x.allowed) == 0 {
		return false
	}
	for parent := range parents(name) {
		if parent != name && x.allowed[parent] {
			return true
		}
	}
	return false
}

func (x *export) listNames() (names []string) {
	for _, l := range x.lists {
		names = append(names, l.Name)
	}
	return names
}
