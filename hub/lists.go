// SPDX-License-Identifier: Apache-2.0

package hub

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"strconv"
	"time"

	"lachan/duty/schools"
	"lachan/internal/authz"
	"lachan/internal/config"
	"lachan/internal/jobs"
	"lachan/internal/problem"
	"lachan/internal/sqldb"
)

// loadCatalogue reads the room's data and what the installation adds to it.
func loadCatalogue(cfg config.Hub) (*schools.Catalogue, error) {
	extra := schools.Extra{NeverBlock: ownHosts(cfg)}
	for _, f := range []struct {
		path string
		into *io.Reader
	}{{cfg.Lists.ProtectedFile, &extra.Protected}, {cfg.Lists.PopularFile, &extra.Popular}} {
		if f.path == "" {
			continue
		}
		file, err := os.Open(f.path)
		if err != nil {
			return nil, problem.New("config/unreadable", "file", f.path).Wrap(err)
		}
		defer file.Close()
		*f.into = file
	}
	return schools.LoadCatalogue(extra)
}

// How lists are kept up to date: once a minute one hub claims those that are
// due, and a job for each fetches it.
const (
	listsEvery   = time.Minute
	rulingsEvery = 10 * time.Minute // so that several decisions share a bundle
	careEvery    = 6 * time.Hour    // a week's last counts may come late
	fetchLimit   = 10 * time.Minute // of one list with its import; less than a claim holds
)

type listsDueJob struct{}

// Kind implements jobs.Args.
func (listsDueJob) Kind() string { return "schools.lists_due" }

// listFetchJob brings one list up to date.
type listFetchJob struct {
	List string `json:"list"`
}

// Kind implements jobs.Args.
func (listFetchJob) Kind() string { return "schools.list_fetch" }

// bundleJob builds the bundle if lists have changed since the last, or
// decisions should be folded into it.
type bundleJob struct{}

// Kind implements jobs.Args.
func (bundleJob) Kind() string { return "schools.bundle" }

// rulingsJob builds the bundle if what people decided about names waits for
// one.
type rulingsJob struct{}

// Kind implements jobs.Args.
func (rulingsJob) Kind() string { return "schools.rulings" }

// careJob tells counsellors of what asks for care.
type careJob struct{}

// Kind implements jobs.Args.
func (careJob) Kind() string { return "schools.care" }

func (h *Hub) handleLists() {
	jobs.Handle(h.queue, func(ctx context.Context, _ listsDueJob) error {
		return h.Schools.ClaimDue(ctx, func(ctx context.Context, tx *sqldb.Tx, list string) error {
			return h.queue.Insert(ctx, tx, listFetchJob{list}, time.Time{})
		})
	})
	jobs.Every(h.queue, listsEvery, listsDueJob{})
	jobs.HandleLong(h.queue, fetchLimit, func(ctx context.Context, j listFetchJob) error {
		u, err := h.Schools.UpdateList(ctx, authz.System("schools.list_fetch"), j.List)
		if problem.KindOf(err) == problem.NotFound {
			return nil // removed since
		}
		if err != nil || u.Outcome != schools.Applied {
			return err
		}
		return h.DB.Tx(ctx, func(ctx context.Context, tx *sqldb.Tx) error {
			return h.queue.Insert(ctx, tx, bundleJob{}, time.Time{})
		})
	})
	jobs.HandleLong(h.queue, fetchLimit, func(ctx context.Context, _ bundleJob) error {
		due, err := h.Schools.FoldDue(ctx)
		if err != nil || !due {
			return err
		}
		_, err = h.Schools.BuildBundle(ctx, authz.System("schools.bundle"))
		return err
	})
	jobs.Every(h.queue, foldEvery, bundleJob{})
	jobs.HandleLong(h.queue, fetchLimit, func(ctx context.Context, _ rulingsJob) error {
		n, err := h.Schools.RulingsPending(ctx)
		if err != nil || n == 0 {
			return err
		}
		_, err = h.Schools.BuildBundle(ctx, authz.System("schools.bundle"))
		return err
	})
	jobs.Every(h.queue, rulingsEvery, rulingsJob{})
	jobs.Handle(h.queue, func(ctx context.Context, _ careJob) error {
		_, err := h.Schools.TellCounsellors(ctx)
		return err
	})
	jobs.Every(h.queue, careEvery, careJob{})
}

// foldEvery is how often it is asked whether decisions should be folded into a
// new bundle.
const foldEvery = time.Hour

// listActs are the operator's commands on lists.
func (h *Hub) listActs() map[string]act {
	return map[string]act{
		"list/import": h.adminListImport, "list/list": h.adminLists, "list/held": h.adminHeld, "list/show": h.adminListShow,
		"list/subscribe": h.adminSubscribe, "list/unsubscribe": h.adminUnsubscribe, "list/update": h.adminListUpdate,
		"list/check": func(ctx context.Context, q url.Values, r *http.Request) (any, error) {
			return h.Schools.CheckOverBlock(ctx, operator(), q["band"], r.Body)
		},
		"list/apply": h.adminApply, "list/discard": h.adminDiscard,
	}
}

func listMeta(q url.Values) schools.ListMeta {
	return schools.ListMeta{
		Name: q.Get("name"), Category: q.Get("category"), Format: schools.Format(q.Get("format")), File: q.Get("file"),
		Trust: schools.Trust(q.Get("trust")), Source: q.Get("source"), Licence: q.Get("licence"),
	}
}

func (h *Hub) adminListImport(ctx context.Context, q url.Values, r *http.Request) (any, error) {
	list, err := h.Schools.ListImport(ctx, operator(), listMeta(q), r.Body)
	if err != nil {
		return nil, err
	}
	info, err := h.Schools.BuildBundle(ctx, operator())
	return map[string]any{"list": list, "bundle": info}, err
}

func (h *Hub) adminLists(ctx context.Context, _ url.Values, _ *http.Request) (any, error) {
	return h.Schools.Lists(ctx, operator())
}

func (h *Hub) adminHeld(ctx context.Context, _ url.Values, _ *http.Request) (any, error) {
	lists, err := h.Schools.Lists(ctx, operator())
	held := []schools.List{}
	for _, l := range lists {
		if l.Held != nil {
			held = append(held, l)
		}
	}
	return held, err
}

func (h *Hub) adminListShow(ctx context.Context, q url.Values, _ *http.Request) (any, error) {
	return h.Schools.GetList(ctx, operator(), q.Get("list"))
}

// adminSubscribe subscribes and fetches at once, so that whoever typed the
// address sees whether it was right.
func (h *Hub) adminSubscribe(ctx context.Context, q url.Values, _ *http.Request) (any, error) {
	hours, err := strconv.Atoi(q.Get("hours"))
	if err != nil {
		return nil, problem.New("input/faulty").Field("hours", "input/not-a-number")
	}
	list, err := h.Schools.Subscribe(ctx, operator(), schools.SubscribeCommand{ListMeta: listMeta(q), URL: q.Get("url"), Hours: hours})
	if err != nil {
		return nil, err
	}
	return h.updateLists(ctx, []schools.List{list})
}

func (h *Hub) adminListUpdate(ctx context.Context, q url.Values, _ *http.Request) (any, error) {
	if name := q.Get("list"); name != "" {
		list, err := h.Schools.GetList(ctx, operator(), name)
		if err != nil {
			return nil, err
		}
		return h.updateLists(ctx, []schools.List{list})
	}
	lists, err := h.Schools.Lists(ctx, operator())
	if err != nil {
		return nil, err
	}
	var due []schools.List
	for _, l := range lists {
		if l.Subscription != nil {
			due = append(due, l)
		}
	}
	return h.updateLists(ctx, due)
}

// updateLists fetches lists one after the other and builds one bundle.
func (h *Hub) updateLists(ctx context.Context, lists []schools.List) (any, error) {
	rows := []map[string]any{}
	changed := false
	for _, l := range lists {
		u, err := h.Schools.UpdateList(ctx, operator(), l.ID)
		if err != nil {
			return nil, fmt.Errorf("hub: update list: %w", err)
		}
		fresh, err := h.Schools.GetList(ctx, operator(), l.ID)
		if err != nil {
			return nil, err
		}
		row := map[string]any{"list": fresh, "outcome": u.Outcome}
		if p := u.Problem(); p != nil {
			row["problem"] = p
		}
		rows, changed = append(rows, row), changed || u.Outcome == schools.Applied
	}
	reply := map[string]any{"updates": rows}
	if changed {
		info, err := h.Schools.BuildBundle(ctx, operator())
		if err != nil {
			return nil, err
		}
		reply["bundle"] = info
	}
	return reply, nil
}

func (h *Hub) adminUnsubscribe(ctx context.Context, q url.Values, _ *http.Request) (any, error) {
	list, err := h.Schools.GetList(ctx, operator(), q.Get("list"))
	if err != nil {
		return nil, err
	}
	return map[string]any{"list": list}, h.Schools.Unsubscribe(ctx, operator(), list.ID)
}

func (h *Hub) adminApply(ctx context.Context, q url.Values, _ *http.Request) (any, error) {
	list, err := h.Schools.GetList(ctx, operator(), q.Get("list"))
	if err != nil {
		return nil, err
	}
	if list, err = h.Schools.ApplyHeld(ctx, operator(), list.ID); err != nil {
		return nil, err
	}
	info, err := h.Schools.BuildBundle(ctx, operator())
	return map[string]any{"list": list, "bundle": info}, err
}

func (h *Hub) adminDiscard(ctx context.Context, q url.Values, _ *http.Request) (any, error) {
	list, err := h.Schools.GetList(ctx, operator(), q.Get("list"))
	if err != nil {
		return nil, err
	}
	list, err = h.Schools.DiscardHeld(ctx, operator(), list.ID)
	return map[string]any{"list": list}, err
}
