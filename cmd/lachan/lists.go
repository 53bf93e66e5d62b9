// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"encoding/json"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"lachan/internal/problem"
)

type listCmd struct {
	Import      listImportCmd      `cmd:"" help:"${list_import}"`
	List        listListCmd        `cmd:"" help:"${list_list}"`
	Show        listShowCmd        `cmd:"" help:"${list_show}"`
	Subscribe   listSubscribeCmd   `cmd:"" help:"${list_subscribe}"`
	Unsubscribe listUnsubscribeCmd `cmd:"" help:"${list_unsubscribe}"`
	Update      listUpdateCmd      `cmd:"" help:"${list_update}"`
	Held        listHeldCmd        `cmd:"" help:"${list_held}"`
	Apply       listApplyCmd       `cmd:"" help:"${list_apply}"`
	Discard     listDiscardCmd     `cmd:"" help:"${list_discard}"`
	Check       listCheckCmd       `cmd:"" help:"${list_check}"`
	Export      listExportCmd      `cmd:"" help:"${list_export}"`
	Token       listTokenCmd       `cmd:"" help:"${list_token}"`
	Key         listKeyCmd         `cmd:"" help:"${list_key}"`
}

// listInfo is what import and subscribe say of a list.
type listInfo struct {
	Format   string `default:"auto" help:"${flag_format}"`
	Category string `required:"" help:"${flag_category}"`
	Trust    string `help:"${flag_trust}"`
	Source   string `help:"${flag_source}"`
	Licence  string `help:"${flag_licence}"`
}

func (i listInfo) query(name string) url.Values {
	return url.Values{
		"name": {name}, "format": {i.Format}, "category": {i.Category}, "trust": {i.Trust}, "source": {i.Source}, "licence": {i.Licence},
	}
}

// listView is what the hub answers about a list, as far as it is printed.
type listView struct {
	Name, Category string
	Names          int
	Since, Updated time.Time
	Report         listReport
	Subscription   *struct {
		Hours, Failures int
		Due             time.Time
		Outcome, Why    string
	}
	Held *struct {
		Report  listReport
		Reasons []string
		Found   time.Time
	}
}

type listReport struct {
	Format                                                       string
	Lines, Taken, Duplicates, Widened, Exceptions, Kept, Skipped int
	Guarded                                                      []string
	Reasons                                                      []struct {
		Code  string
		Count int
	}
	Changes struct {
		Before, Added, Removed            int
		FirstAdded, FirstRemoved, Popular []string
	}
}

// as reads an answer again in a shape of its own.
func as[T any](v any) (out T) {
	raw, err := json.Marshal(v)
	if err == nil {
		err = json.Unmarshal(raw, &out)
	}
	_ = err // an answer of another version: what is missing is printed as zero
	return out
}

// report says what became of the lines of a list.
func (t *terminal) report(name string, r listReport, span time.Duration) {
	t.say("cli.list.imported", "name", name, "taken", r.Taken, "duplicates", r.Duplicates, "skipped", r.Skipped, "lines", r.Lines, "span", span, "format", r.Format)
	t.say("cli.list.more", "widened", r.Widened, "exceptions", r.Exceptions, "kept", r.Kept, "added", r.Changes.Added, "removed", r.Changes.Removed)
	for _, x := range r.Reasons {
		t.say("cli.list.skipped", "n", x.Count, "why", t.code("schools.skip.", x.Code))
	}
}

// code is the word for a code, or the code where there is none.
func (t *terminal) code(prefix, code string) string {
	if t.p.Has(prefix + code) {
		return t.p.T(prefix + code)
	}
	return code
}

// list says what is known of a list, and what waits for a person.
func (t *terminal) list(l listView) {
	t.say("cli.list.is", "name", l.Name, "category", l.Category, "names", l.Names, "since", l.Since.Format(time.DateOnly), "updated", l.Updated.Format(time.DateOnly))
	if s := l.Subscription; s != nil {
		outcome := s.Outcome
		if outcome == "" {
			outcome = "untried"
		}
		t.say("cli.list.fetched", "hours", s.Hours, "outcome", t.code("schools.outcome.", outcome), "due", s.Due.Format(time.DateTime))
		if s.Why != "" {
			t.say("cli.list.why", "code", s.Why)
		}
	}
	if h := l.Held; h != nil {
		c := h.Report.Changes
		t.say("cli.list.waits", "before", c.Before, "added", c.Added, "removed", c.Removed, "names", h.Report.Taken)
		for _, r := range h.Reasons {
			t.say("cli.list.caution", "why", t.code("schools.caution.", r))
		}
		for _, part := range []struct {
			key   string
			names []string
		}{{"cli.list.adds", c.FirstAdded}, {"cli.list.drops", c.FirstRemoved}, {"cli.list.guarded", h.Report.Guarded}, {"cli.list.popular", c.Popular}} {
			if len(part.names) > 0 {
				t.say(part.key, "names", strings.Join(part.names[:min(len(part.names), 20)], " "))
			}
		}
	}
}

type listImportCmd struct {
	onHub
	listInfo
	File string `arg:"" type:"existingfile" help:"${arg_file}"`
	Name string `help:"${flag_list_name}"`
}

// Run imports a list, builds the bundle and says what was taken and why the
// rest was not.
func (c *listImportCmd) Run(ctx context.Context, t *terminal) error {
	f, err := os.Open(c.File)
	if err != nil {
		return err
	}
	defer f.Close()
	name := c.Name
	if name == "" {
		name = filepath.Base(c.File)
	}
	start := time.Now()
	q := c.query(name)
	q.Set("file", filepath.Base(c.File))
	return c.call(ctx, t, "list/import", q, f, func(r map[string]any) {
		t.report(name, as[listView](r["list"]).Report, time.Since(start).Round(time.Millisecond))
	})
}

type listListCmd struct{ onHub }

// Run lists the lists.
func (c *listListCmd) Run(ctx context.Context, t *terminal) error {
	return c.call(ctx, t, "list/list", nil, nil, nil)
}

type listSubscribeCmd struct {
	onHub
	listInfo
	URL   string `arg:"" help:"${arg_list_url}"`
	Name  string `required:"" help:"${flag_list_named}"`
	Every int    `default:"24" help:"${flag_every}"`
}

// Run subscribes to a list, fetches it at once and builds the bundle.
func (c *listSubscribeCmd) Run(ctx context.Context, t *terminal) error {
	q := c.query(c.Name)
	q.Set("url", c.URL)
	q.Set("hours", strconv.Itoa(c.Every))
	return c.updates(ctx, t, "list/subscribe", q)
}

// updates carries out an act that fetches lists, and says what became of each.
// One that failed makes the command fail.
func (o onHub) updates(ctx context.Context, t *terminal, act string, q url.Values) error {
	start := time.Now()
	var failed []*problem.Error
	err := o.call(ctx, t, act, q, nil, func(r map[string]any) {
		for _, u := range as[[]struct {
			List    listView
			Outcome string
			Problem *struct {
				Code string
				Args []any
			}
		}](r["updates"]) {
			t.say("cli.list.updated", "name", u.List.Name, "outcome", t.code("schools.outcome.", u.Outcome))
			switch u.Outcome {
			case "applied":
				t.report(u.List.Name, u.List.Report, time.Since(start).Round(time.Millisecond))
			case "held":
				t.list(u.List)
			}
			if u.Problem != nil {
				failed = append(failed, problem.New(u.Problem.Code, u.Problem.Args...))
			}
		}
	})
	if err == nil && len(failed) > 0 {
		return failed[0]
	}
	return err
}

type listUpdateCmd struct {
	onHub
	List string `arg:"" optional:"" help:"${arg_list}"`
}

// Run fetches one subscribed list, or all.
func (c *listUpdateCmd) Run(ctx context.Context, t *terminal) error {
	return c.updates(ctx, t, "list/update", url.Values{"list": {c.List}})
}

type listUnsubscribeCmd struct {
	onHub
	List string `arg:"" help:"${arg_list}"`
}

// Run leaves a list as it is from now on.
func (c *listUnsubscribeCmd) Run(ctx context.Context, t *terminal) error {
	return c.call(ctx, t, "list/unsubscribe", url.Values{"list": {c.List}}, nil, func(map[string]any) { t.say("cli.list.unsubscribed", "name", c.List) })
}

type listHeldCmd struct{ onHub }

// Run lists the updates that wait for a person.
func (c *listHeldCmd) Run(ctx context.Context, t *terminal) error {
	if c.JSON {
		return c.call(ctx, t, "list/held", nil, nil, nil)
	}
	var lists []listView
	if err := c.do(ctx, "list/held", nil, nil, &lists); err != nil {
		return err
	}
	for _, l := range lists {
		t.list(l)
	}
	if len(lists) == 0 {
		t.say("cli.list.none-held")
	}
	return nil
}

type listShowCmd struct {
	onHub
	List string `arg:"" help:"${arg_list}"`
}

// Run shows one list, its last report and what waits.
func (c *listShowCmd) Run(ctx context.Context, t *terminal) error {
	return c.call(ctx, t, "list/show", url.Values{"list": {c.List}}, nil, func(r map[string]any) {
		l := as[listView](r)
		t.list(l)
		t.report(l.Name, l.Report, 0)
	})
}

type listApplyCmd struct {
	onHub
	List string `arg:"" help:"${arg_list}"`
}

// Run puts an update that waits in force and builds the bundle.
func (c *listApplyCmd) Run(ctx context.Context, t *terminal) error {
	return c.call(ctx, t, "list/apply", url.Values{"list": {c.List}}, nil, func(r map[string]any) {
		t.say("cli.list.applied", "name", c.List, "names", as[listView](r["list"]).Names)
	})
}

type listDiscardCmd struct {
	onHub
	List string `arg:"" help:"${arg_list}"`
}

// Run drops an update that waits.
func (c *listDiscardCmd) Run(ctx context.Context, t *terminal) error {
	return c.call(ctx, t, "list/discard", url.Values{"list": {c.List}}, nil, func(map[string]any) { t.say("cli.list.discarded", "name", c.List) })
}
