// SPDX-License-Identifier: Apache-2.0

package web

import (
	"errors"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"lachan/duty/detection"
	"lachan/duty/detection/exchange"
	"lachan/internal/problem"
	"lachan/web/page"
)

const exchangesPath = "/detection/exchanges"

func exchangePath(name string) string { return exchangesPath + "/" + url.PathEscape(name) }

// exchangeRoutes is those whose lists fill banks, and banks that go out.
//
// Clauses: 5.2
func (s *Server) exchangeRoutes() []Route {
	find := []string{"5.2"}
	const one = exchangesPath + "/{name}"
	return []Route{
		{Method: http.MethodGet, Path: exchangesPath, Clauses: find, Do: s.exchanges},
		{Method: http.MethodPost, Path: exchangesPath, Clauses: find, Do: s.addExchange},
		{Method: http.MethodGet, Path: one, Clauses: find, Do: s.exchange},
		{Method: http.MethodPost, Path: one + "/edit", Clauses: find, Do: s.editExchange},
		{Method: http.MethodPost, Path: one + "/run", Clauses: find, Do: s.runExchange},
		{Method: http.MethodPost, Path: one + "/pause", Clauses: find, Do: s.pauseExchange},
		{Method: http.MethodPost, Path: one + "/access", Clauses: find, Fleeting: true, Do: s.setAccess},
		{Method: http.MethodPost, Path: one + "/import", Clauses: find, Limit: listLimit, Do: s.importSignals},
		{Method: http.MethodPost, Path: one + "/preview", Clauses: find, Limit: listLimit, Do: s.previewSignals},
		{Method: http.MethodPost, Path: one + "/columns", Clauses: find, Do: s.mapColumns},
		{Method: http.MethodPost, Path: one + "/drop", Clauses: find, Do: s.dropExchange},
		{Method: http.MethodGet, Path: banksPath + "/{name}/export", Clauses: find, Do: s.exportBank},
	}
}

func (s *Server) exchanges(c *visit) error {
	p, err := s.exchangesPage(c, detection.Exchange{Every: 60, Pulls: true, Format: exchange.CSV})
	if err != nil {
		return err
	}
	return c.show("detection/exchanges", p)
}

func (s *Server) exchangesPage(c *visit, typed detection.Exchange) (page.Exchanges, error) {
	ctx := c.r.Context()
	all, err := s.Detection.Exchanges(ctx, c.who.Actor)
	if err != nil {
		return page.Exchanges{}, err
	}
	c.in("detection", c.p.T("detection.tab.exchanges"))
	p := page.Exchanges{Base: c.base, Tabs: c.findTabs("exchanges")}
	for _, e := range all {
		row, _, err := s.exchangeRow(c, e, 1)
		if err != nil {
			return p, err
		}
		p.Rows = append(p.Rows, row)
	}
	p.Form = c.exchangeForm(typed)
	banks, err := s.Detection.Banks(ctx, c.who.Actor)
	for _, b := range banks {
		if !detection.IsDecided(b.Name) {
			p.Form.Banks = append(p.Form.Banks, page.Option{Value: b.Name, Label: nonEmpty(b.Title, b.Name), On: b.Name == typed.Bank})
		}
	}
	return p, err
}

// exchangeRow is an exchange with its last pulls, the newest first.
func (s *Server) exchangeRow(c *visit, e detection.Exchange, most int) (page.ExchangeRow, []detection.Pull, error) {
	row := page.ExchangeRow{
		Href: exchangePath(e.Name), Name: e.Name, Bank: e.Bank, BankHref: bankPath(e.Bank), Format: c.p.T("detection.exchange.format." + string(e.Format)),
		Host: e.Host, Pulls: e.Pulls, Paused: e.State == detection.ExchangePaused, Next: e.Next,
	}
	if e.Pulls {
		row.Every = c.pause(e.Every)
	}
	pulls, err := s.Detection.Pulls(c.r.Context(), c.who.Actor, e.Name, most)
	if err != nil {
		return row, nil, err
	}
	names, err := c.pullers(pulls)
	if err != nil {
		return row, nil, err
	}
	if len(pulls) > 0 {
		last := c.pullRow(pulls[0], names)
		row.Last = &last
	}
	state := "ok"
	switch {
	case row.Paused:
		row.State, state = "wait", "paused"
	case e.Fault != nil:
		row.State, state, row.Fault = "late", "fault", c.p.Problem(e.Fault)
	case len(pulls) == 0:
		row.State, state = "wait", "new"
	default:
		row.State = "ok"
	}
	row.Word = c.p.T("detection.exchange.state." + state)
	return row, pulls, nil
}

func (c *visit) pullers(pulls []detection.Pull) (map[string]string, error) {
	var ids []string
	for _, p := range pulls {
		ids = append(ids, p.By)
	}
	return c.names(ids...)
}

func (c *visit) pullRow(p detection.Pull, names map[string]string) page.PullRow {
	row := page.PullRow{
		Started: p.Started, Ended: p.Ended, By: nonEmpty(names[p.By], c.p.T("detection.exchange.machine")), Pages: p.Pages, Entries: p.Counts.Entries,
		Fresh: p.Counts.Fresh, Changed: p.Counts.Changed, Same: p.Counts.Same, Withdrawn: p.Counts.Withdrawn, Skipped: p.Counts.Skipped,
		State: map[detection.PullState]string{detection.PullRunning: "soon", detection.PullDone: "ok", detection.PullFailed: "late"}[p.State],
		Word:  c.p.T("detection.pull.state." + string(p.State)),
	}
	if p.Fault != nil {
		row.Fault = c.p.Problem(p.Fault)
	}
	return row
}

// pauses are the choices of the time between two pulls, in minutes.
func pauses() []int { return []int{15, 60, 360, 1440, 10080} }

func (c *visit) pause(minutes int) string {
	switch {
	case minutes%1440 == 0:
		return c.p.T("detection.exchange.days", "n", minutes/1440)
	case minutes%60 == 0:
		return c.p.T("detection.exchange.hours", "n", minutes/60)
	}
	return c.p.T("detection.exchange.minutes", "n", minutes)
}

func (c *visit) exchangeForm(e detection.Exchange) page.ExchangeForm {
	f := page.ExchangeForm{Name: e.Name, Address: e.Address}
	for _, one := range exchange.Formats() {
		f.Formats = append(f.Formats, page.Option{Value: string(one), Label: c.p.T("detection.exchange.format." + string(one)), On: one == e.Format})
	}
	for _, way := range []string{"pull", "file"} {
		f.Ways = append(f.Ways, page.Option{Value: way, Label: c.p.T("detection.exchange.way." + way), On: (way == "pull") == e.Pulls})
	}
	for _, n := range pauses() {
		f.Pauses = append(f.Pauses, page.Option{Value: strconv.Itoa(n), Label: c.pause(n), On: n == e.Every})
	}
	f.Types = []page.Option{{Label: c.p.T("detection.exchange.type.none"), On: e.Type == ""}}
	for _, t := range exchange.Types() {
		f.Types = append(f.Types, page.Option{Value: string(t), Label: c.p.T("detection.signal." + string(t)), On: t == e.Type})
	}
	return f
}

func (c *visit) typedExchange(name string) detection.Exchange {
	every, _ := strconv.Atoi(c.form("every"))
	return detection.Exchange{
		Name: name, Bank: c.form("bank"), Format: exchange.Format(c.form("format")), Pulls: c.form("way") == "pull", Every: every,
		Address: strings.TrimSpace(c.r.PostForm.Get("address")), Type: exchange.Type(c.form("type")),
	}
}

func (s *Server) addExchange(c *visit) error {
	e := c.typedExchange(strings.ToUpper(c.form("name")))
	err := s.Detection.AddExchange(c.r.Context(), c.who.Actor, e)
	if err == nil {
		return c.done(exchangePath(e.Name), "flash.detection.exchange-made")
	}
	if !mendable(err) {
		return err
	}
	c.base.Problem = problem.From(err)
	p, failed := s.exchangesPage(c, e)
	if failed != nil {
		return failed
	}
	return c.showFault("detection/exchanges", p, err)
}

func (s *Server) exchange(c *visit) error {
	p, err := s.exchangePage(c, nil)
	if err != nil {
		return err
	}
	return c.show("detection/exchange", p)
}

// pullsShown is how many pulls the page of an exchange shows.
const pullsShown = 20

func (s *Server) exchangePage(c *visit, table *exchange.Table) (page.ExchangePage, error) {
	e, err := s.Detection.Exchange(c.r.Context(), c.who.Actor, c.r.PathValue("name"))
	if err != nil {
		return page.ExchangePage{}, err
	}
	c.in("detection", e.Name)
	p := page.ExchangePage{Base: c.base, Tabs: c.findTabs("exchanges"), Form: c.exchangeForm(e), HasAccess: e.Access, Table: e.Format == exchange.CSV}
	var pulls []detection.Pull
	if p.Exchange, pulls, err = s.exchangeRow(c, e, pullsShown); err != nil {
		return p, err
	}
	names, err := c.pullers(pulls)
	if err != nil {
		return p, err
	}
	for i, one := range pulls {
		p.Pulls = append(p.Pulls, c.pullRow(one, names))
		if i > 0 {
			continue
		}
		for _, r := range one.Rejects {
			p.Rejects = append(p.Rejects, page.RejectRow{Reason: c.p.T("exchange.skip." + string(r.Code)), Count: r.Count, Lines: c.lines(r.Lines)})
		}
	}
	if e.Pulls {
		for _, field := range detection.AccessFields(e.Format) {
			p.Access = append(p.Access, page.Named{Name: field, Label: c.p.T("detection.access." + strings.ReplaceAll(field, "_", "-"))})
		}
	}
	if p.Table {
		c.columns(&p, e, table)
	}
	return p, nil
}

func (c *visit) lines(numbers []int) string {
	texts := make([]string, len(numbers))
	for i, n := range numbers {
		texts[i] = strconv.Itoa(n)
	}
	return strings.Join(texts, ", ")
}

// columnOrder is our fields with what a list cannot do without first.
func columnOrder() []string {
	all := exchange.CSVFields()
	i := slices.Index(all, "signal_value")
	return append([]string{"signal_value"}, slices.Delete(all, i, i+1)...)
}

// columns lets each field of ours be one of the table's columns: those of the
// preview, else those that were chosen before.
func (c *visit) columns(p *page.ExchangePage, e detection.Exchange, table *exchange.Table) {
	var headings []string
	chosen := e.Columns
	if table != nil {
		headings, p.Headings, p.Cells = table.Headings, table.Headings, table.Rows
		if len(chosen) == 0 {
			chosen = table.Columns
		}
	} else {
		for _, field := range exchange.CSVFields() {
			if h := e.Columns[field]; h != "" {
				headings = append(headings, h)
			}
		}
	}
	if len(headings) == 0 {
		return
	}
	for _, field := range columnOrder() {
		row := page.ColumnRow{Name: "column-" + field, Label: c.p.T("detection.column." + strings.ReplaceAll(field, "_", "-"))}
		row.Options = []page.Option{{Label: c.p.T("detection.column.none"), On: chosen[field] == ""}}
		for _, h := range headings {
			row.Options = append(row.Options, page.Option{Value: h, Label: h, On: h == chosen[field]})
		}
		p.Columns = append(p.Columns, row)
	}
}

func (s *Server) exchangeAnswer(c *visit, err error, flash string) error {
	if err == nil {
		return c.done(exchangePath(c.r.PathValue("name")), flash)
	}
	if !mendable(err) {
		return err
	}
	c.base.Problem = problem.From(err)
	p, failed := s.exchangePage(c, nil)
	if failed != nil {
		return failed
	}
	return c.showFault("detection/exchange", p, err)
}

func (s *Server) editExchange(c *visit) error {
	name := c.r.PathValue("name")
	old, err := s.Detection.Exchange(c.r.Context(), c.who.Actor, name)
	if err != nil {
		return err
	}
	e := c.typedExchange(name)
	e.Columns = old.Columns
	return s.exchangeAnswer(c, s.Detection.EditExchange(c.r.Context(), c.who.Actor, e), "flash.detection.exchange-saved")
}

func (s *Server) runExchange(c *visit) error {
	return s.exchangeAnswer(c, s.Detection.PullSoon(c.r.Context(), c.who.Actor, c.r.PathValue("name")), "flash.detection.exchange-soon")
}

func (s *Server) pauseExchange(c *visit) error {
	paused := c.form("on") == "1"
	flash := "flash.detection.exchange-resumed"
	if paused {
		flash = "flash.detection.exchange-paused"
	}
	return s.exchangeAnswer(c, s.Detection.PauseExchange(c.r.Context(), c.who.Actor, c.r.PathValue("name"), paused), flash)
}

// setAccess keeps credentials; they are typed and never shown again.
func (s *Server) setAccess(c *visit) error {
	ctx, name := c.r.Context(), c.r.PathValue("name")
	e, err := s.Detection.Exchange(ctx, c.who.Actor, name)
	if err != nil {
		return err
	}
	access := map[string]string{}
	for _, field := range detection.AccessFields(e.Format) {
		access[field] = c.r.PostForm.Get("access-" + field) // as typed: a password is not normalized
	}
	return s.exchangeAnswer(c, s.Detection.SetAccess(ctx, c.who.Actor, name, e.Format, access), "flash.detection.access-set")
}

func (s *Server) dropExchange(c *visit) error {
	if err := s.Detection.DropExchange(c.r.Context(), c.who.Actor, c.r.PathValue("name")); err != nil {
		return err
	}
	return c.done(exchangesPath, "flash.detection.exchange-dropped")
}

// sentFile is the file of a form, as it comes: it is never whole in memory, nor
// on the disk.
func (c *visit) sentFile() (io.Reader, error) {
	missing := problem.New("input/faulty").Field("file", "input/required")
	parts, err := c.r.MultipartReader()
	if err != nil {
		return nil, missing
	}
	for {
		part, err := parts.NextPart()
		if errors.Is(err, io.EOF) {
			return nil, missing
		}
		if err != nil {
			return nil, tooLargeList(err)
		}
		if part.FormName() == "file" && part.FileName() != "" {
			return part, nil
		}
	}
}

// importSignals takes a list that a person brings; what became of it is the
// newest pull of the page.
func (s *Server) importSignals(c *visit) error {
	c.slowly()
	file, err := c.sentFile()
	if err == nil {
		_, err = s.Detection.ImportList(c.r.Context(), c.who.Actor, c.r.PathValue("name"), file)
		err = tooLargeList(err)
	}
	return s.exchangeAnswer(c, err, "flash.detection.list-imported")
}

// previewRows is how many rows of a table are shown.
const previewRows = 5

// previewSignals shows how a table begins and lets its columns be chosen. The
// file is not kept.
func (s *Server) previewSignals(c *visit) error {
	file, err := c.sentFile()
	if err != nil {
		return s.exchangeAnswer(c, err, "")
	}
	table, err := exchange.Preview(file, previewRows)
	if err != nil {
		return s.exchangeAnswer(c, err, "")
	}
	p, err := s.exchangePage(c, &table)
	if err != nil {
		return err
	}
	return c.show("detection/exchange", p)
}

func (s *Server) mapColumns(c *visit) error {
	columns := map[string]string{}
	for _, field := range exchange.CSVFields() {
		if h := c.form("column-" + field); h != "" {
			columns[field] = h
		}
	}
	return s.exchangeAnswer(c, s.Detection.MapColumns(c.r.Context(), c.who.Actor, c.r.PathValue("name"), columns), "flash.detection.columns-set")
}

// exportBank hands a bank out as a list: with a fresh second factor, since it
// leaves the house.
func (s *Server) exportBank(c *visit) error {
	if err := c.fresh(); err != nil {
		return err
	}
	c.slowly()
	name, f := c.r.PathValue("name"), exchange.Format(c.query("format"))
	out := &late{c: c, name: name + "." + string(f) + ".txt", kind: "text/plain; charset=utf-8"}
	_, err := s.Detection.ExportBank(c.r.Context(), c.who.Actor, name, f, exchange.Head{Source: s.Place, URL: s.BaseURL}, func() io.Writer {
		out.name = name + ending(f)
		return out
	})
	if err == nil && !out.begun {
		_, err = out.Write(nil) // an empty list is a file too
	}
	if err != nil && out.begun {
		panic(http.ErrAbortHandler)
	}
	return err
}

// ending is the end of the name of a list's file.
func ending(f exchange.Format) string {
	switch f {
	case exchange.CSV:
		return ".csv"
	case exchange.NCMEC:
		return ".ncmec.xml"
	case exchange.Lines:
		return ".txt"
	case exchange.StopNCII, exchange.ThreatExchange, exchange.TechAgainst, exchange.STIX, exchange.VICS:
	}
	return "." + string(f) + ".json"
}

// outs are the links by which a bank goes out.
func (c *visit) bankOuts(name string) (all []page.Option) {
	for _, f := range detection.OutFormats() {
		all = append(all, page.Option{Value: bankPath(name) + "/export?format=" + string(f), Label: c.p.T("detection.exchange.format." + string(f))})
	}
	return all
}
