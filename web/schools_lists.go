// SPDX-License-Identifier: Apache-2.0

package web

import (
	"errors"
	"io"
	"mime/multipart"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"lachan/duty/schools"
	"lachan/internal/authz"
	"lachan/internal/locale"
	"lachan/internal/problem"
	"lachan/web/page"
)

// listLimit is the largest list that may be sent, in bytes: twenty million
// names of the usual length.
const listLimit = 512 << 20

// fieldLimit bounds each field beside the file, in bytes.
const fieldLimit = 4 << 10

// slowly lets an upload or a download take the time that a school's line
// needs: the server's own limits are meant for pages. Only somebody who is
// logged in comes this far.
func (c *visit) slowly() {
	control := http.NewResponseController(c.w)
	// A writer without deadlines (a test's recorder) has none to lift.
	_ = control.SetReadDeadline(time.Time{})
	_ = control.SetWriteDeadline(time.Time{})
}

func (s *Server) lists(c *visit) error {
	p, err := s.listsPage(c)
	if err != nil {
		return err
	}
	return c.show("schools/lists", p)
}

func (s *Server) listsPage(c *visit) (page.Lists, error) {
	ctx := c.r.Context()
	all, err := s.Schools.Lists(ctx, c.who.Actor)
	if err != nil {
		return page.Lists{}, err
	}
	c.in("schools", c.p.T("pages.lists.title"))
	p := page.Lists{Base: c.base, Outs: c.mayExport(), Protected: s.Schools.Catalogue().Protected()}
	imported := c.query("imported")
	for _, l := range all {
		p.Rows = append(p.Rows, s.listRow(c, l))
		if l.Held != nil {
			p.Waiting++
		}
		if l.ID == imported {
			p.Result = importResult(c, l)
		}
	}
	if c.may("schools.list_import", authz.Resource{Type: "schools.list"}) {
		p.Formats, p.Categories = s.listOptions(c, "", "")
	}
	p.Bundle, err = s.bundleInfo(c)
	return p, err
}

// importResult reads the report that is kept with the list, so that the page
// can be opened again.
func importResult(c *visit, l schools.List) *page.ImportResult {
	r := &page.ImportResult{Href: listPath(l.ID), Name: l.Name, Taken: l.Report.Taken, Known: l.Report.Duplicates, Skipped: l.Report.Skipped, Held: l.Report.Held()}
	if ms, err := strconv.Atoi(c.query("ms")); err == nil && ms >= 0 {
		r.Seconds = float64(ms) / 1000
	}
	for _, reason := range l.Report.Reasons {
		r.Reasons = append(r.Reasons, page.KV{Key: c.p.T(reason.Code.Key()), Value: c.p.Int(int64(reason.Count))})
	}
	return r
}

func (s *Server) bundleInfo(c *visit) (*page.BundleInfo, error) {
	info, err := s.Schools.CurrentBundle(c.r.Context())
	if problem.Is(err, "schools/no-bundle") {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	lists, deltas, err := s.Schools.Stale(c.r.Context())
	return &page.BundleInfo{
		Number: info.Number, Names: info.Names, Bytes: info.Bytes, Made: info.Created, Key: info.SHA256, Pending: lists + int(deltas),
	}, err
}

// importList reads the parts as they come: the fields first, then the file,
// which goes straight into the import and never into memory or onto the disk.
func (s *Server) importList(c *visit) error {
	c.slowly()
	parts, err := c.r.MultipartReader()
	if err != nil {
		return s.listFault(c, problem.New("input/faulty").Field("file", "input/required").Wrap(err))
	}
	began := s.Clock.Now()
	list, err := s.readImport(c, parts)
	if err != nil {
		return s.listFault(c, tooLargeList(err))
	}
	q := url.Values{"imported": {list.ID}, "ms": {strconv.FormatInt(s.Clock.Now().Sub(began).Milliseconds(), 10)}}
	return c.done("/schools/lists?"+q.Encode(), "flash.schools.list-imported")
}

func (s *Server) readImport(c *visit, parts *multipart.Reader) (schools.List, error) {
	meta := schools.ListMeta{}
	for {
		part, err := parts.NextPart()
		if errors.Is(err, io.EOF) {
			return schools.List{}, problem.New("input/faulty").Field("file", "input/required")
		}
		if err != nil {
			return schools.List{}, err
		}
		if part.FormName() == "file" {
			if part.FileName() == "" {
				return schools.List{}, problem.New("input/faulty").Field("file", "input/required")
			}
			meta.File = part.FileName()
			return s.Schools.ListImport(c.r.Context(), c.who.Actor, meta, part)
		}
		value, err := io.ReadAll(io.LimitReader(part, fieldLimit))
		if err != nil {
			return schools.List{}, err
		}
		text := locale.Normalize(string(value))
		switch part.FormName() {
		case "name":
			meta.Name = text
		case "format":
			meta.Format = schools.Format(text)
		case "category":
			meta.Category = text
		case "source":
			meta.Source = text
		case "licence":
			meta.Licence = text
		}
	}
}

// tooLargeList names what a cut-off or oversized upload was, instead of an
// unexpected fault.
func tooLargeList(err error) error {
	if _, ok := errors.AsType[*http.MaxBytesError](err); ok {
		return tooLarge(err, listLimit)
	}
	if errors.Is(err, io.ErrUnexpectedEOF) {
		return problem.New("input/faulty").Field("file", "input/required").Wrap(err)
	}
	return err
}

func (s *Server) listFault(c *visit, err error) error {
	if problem.KindOf(err) != problem.Invalid {
		return err
	}
	c.base.Problem = problem.From(err)
	p, failed := s.listsPage(c)
	if failed != nil {
		return failed
	}
	return c.showFault("schools/lists", p, err)
}

func (s *Server) buildBundle(c *visit) error {
	c.slowly()
	if _, err := s.Schools.BuildBundle(c.r.Context(), c.who.Actor); err != nil {
		return err
	}
	return c.done("/schools/lists", "flash.schools.bundle-built")
}
