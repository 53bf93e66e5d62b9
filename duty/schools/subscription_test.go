// SPDX-License-Identifier: Apache-2.0

package schools

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"lachan/internal/authz"
	"lachan/internal/bundle"
	"lachan/internal/fetch"
	"lachan/internal/problem"
	"lachan/internal/sqldb"
)

// source is a server that publishes one list.
type source struct {
	mu     sync.Mutex
	text   string
	status int
	tags   bool // answers conditional requests
	asked  int
	sent   int
}

func (s *source) set(text string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.text = text
}

func (s *source) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.asked++
	tag := fmt.Sprintf("%q", fmt.Sprint(len(s.text), s.text[:min(len(s.text), 12)]))
	switch {
	case s.status != 0:
		w.WriteHeader(s.status)
		return
	case s.tags && r.Header.Get("If-None-Match") == tag:
		w.WriteHeader(http.StatusNotModified)
		return
	case s.tags:
		w.Header().Set("ETag", tag)
	}
	s.sent++
	io.WriteString(w, s.text) //nolint:errcheck
}

// names writes invented names from n to m.
func names(n, m int) string {
	var b strings.Builder
	for i := n; i < m; i++ {
		fmt.Fprintf(&b, "xau-%d.example\n", i)
	}
	return b.String()
}

func subscribeTo(t *testing.T, text string) (*kit, *source, List) {
	t.Helper()
	k := newKit(t)
	k.fetch = fetch.New(fetch.Options{Agent: "lachan/test", AllowInside: true})
	src := &source{text: text, tags: true}
	server := httptest.NewServer(src)
	t.Cleanup(server.Close)
	list, err := k.Subscribe(context.Background(), lead, SubscribeCommand{
		ListMeta: ListMeta{Name: "Danh sách mẫu", Category: "games", Licence: "MIT"}, URL: server.URL + "/a.txt?key=secret", Hours: 24,
	})
	if err != nil {
		t.Fatal(err)
	}
	return k, src, list
}

// update fetches as the job does and checks the outcome.
func (k *kit) update(t *testing.T, list List, want Outcome) List {
	t.Helper()
	u, err := k.UpdateList(context.Background(), authz.System("schools.list_fetch"), list.ID)
	if err != nil {
		t.Fatal(err)
	}
	got, err := k.GetList(context.Background(), lead, list.ID)
	if err != nil {
		t.Fatal(err)
	}
	if u.Outcome != want || got.Subscription.Outcome != want {
		t.Fatalf("%s (%s), noted %s; want %s", u.Outcome, u.Why, got.Subscription.Outcome, want)
	}
	return got
}

func TestSubscriptionIsKeptUpToDate(t *testing.T) {
	k, src, list := subscribeTo(t, names(0, 1000))
	ctx := context.Background()
	if lists, _, err := k.Stale(ctx); lists != 0 || err != nil {
		t.Errorf("a list that was never fetched makes the bundle stale: %d %v", lists, err)
	}
	got := k.update(t, list, Applied)
	if got.Names != 1000 || got.Report.Format != Plain || !got.Subscription.Due.Equal(k.clock.Now().Add(24*time.Hour)) {
		t.Errorf("%+v %+v", got, got.Subscription)
	}
	if _, err := k.BuildBundle(ctx, lead); err != nil {
		t.Fatal(err)
	}
	if no, _ := k.refused(t, "www.xau-7.example", bundle.Primary); !no {
		t.Error("not refused")
	}
	k.update(t, list, Unchanged)
	if src.sent != 1 || src.asked != 2 {
		t.Errorf("asked %d times, sent %d", src.asked, src.sent)
	}
	src.tags = false // a server without marks: the names tell
	k.update(t, list, Unchanged)
	src.set(names(0, 1100))
	if got = k.update(t, list, Applied); got.Names != 1100 || got.Report.Changes.Added != 100 || k.storedNames(t) != 1100 {
		t.Errorf("%+v", got.Report.Changes)
	}
	for kind, want := range map[string]int{"schools.list_subscribed": 1, "schools.list_updated": 2, "schools.list_held": 0} {
		if n := k.ledger.count(kind); n != want {
			t.Errorf("%s: %d", kind, n)
		}
	}
	for _, e := range k.ledger.kept {
		if strings.Contains(fmt.Sprint(e.Details), "secret") {
			t.Error("the ledger holds the key of an address")
		}
	}
}

func TestAnUpdateThatChangesMuchWaitsForAPerson(t *testing.T) {
	for name, c := range map[string]struct {
		text string
		why  []Caution
	}{
		"grew":      {names(0, 1600), []Caution{Grew}},
		"shrank":    {names(0, 600), []Caution{Shrank}},
		"replaced":  {names(5000, 6000), []Caution{Grew, Shrank}},
		"protected": {names(0, 1000) + "so-mau.gov.vn\n", []Caution{HitsGuarded}},
		"platform":  {names(0, 1000) + "tiktok.com\n", []Caution{HitsPopular}},
	} {
		t.Run(name, func(t *testing.T) {
			k, src, list := subscribeTo(t, names(0, 1000))
			k.update(t, list, Applied)
			src.set(c.text)
			got := k.update(t, list, HeldBack)
			if got.Held == nil || !slices.Equal(got.Held.Reasons, c.why) || got.Names != 1000 {
				t.Fatalf("%+v", got.Held)
			}
			stored := k.storedNames(t)
			k.update(t, list, Unchanged) // the source says: not modified
			src.tags = false
			k.update(t, list, HeldBack)
			if k.storedNames(t) != stored || k.ledger.count("schools.list_held") != 1 {
				t.Error("what waits was written again")
			}
		})
	}
}

func TestSmallAndOldHitsDoNotWait(t *testing.T) {
	k, src, list := subscribeTo(t, names(0, 100)+"so-mau.gov.vn\n")
	k.update(t, list, Applied) // the first edition: somebody asked for it
	src.set(names(0, 190) + "so-mau.gov.vn\n")
	k.update(t, list, Applied)
	src.set(names(0, 120) + "so-mau.gov.vn\n")
	k.update(t, list, Applied)
}

func TestAPersonAppliesOrDiscards(t *testing.T) {
	ctx := context.Background()
	k, src, list := subscribeTo(t, names(0, 1000))
	k.update(t, list, Applied)
	src.tags = false
	src.set(names(0, 400) + "so-mau.gov.vn\ntiktok.com\n")
	got := k.update(t, list, HeldBack)
	if hits := got.Held.Hits(got.Report); !slices.Equal(hits, []string{"so-mau.gov.vn", "tiktok.com"}) {
		t.Errorf("%v", hits)
	}
	for _, who := range []authz.Actor{officer, authz.System("schools.list_fetch"), nobody} {
		if _, err := k.ApplyHeld(ctx, who, list.ID); !problem.Is(err, "authz/forbidden") {
			t.Errorf("%v", err)
		}
	}
	if _, err := k.DiscardHeld(ctx, lead, list.ID); err != nil {
		t.Fatal(err)
	}
	if k.storedNames(t) != 1000 {
		t.Errorf("%d names stored", k.storedNames(t))
	}
	if got = k.update(t, list, Unchanged); got.Held != nil { // the same again: the answer was no
		t.Error("what was discarded waits again")
	}
	src.set(names(0, 401))
	k.update(t, list, HeldBack)
	if got, err := k.ApplyHeld(ctx, lead, list.ID); err != nil || got.Names != 401 || k.storedNames(t) != 401 {
		t.Fatalf("%+v %v", got, err)
	}
	if _, err := k.ApplyHeld(ctx, lead, list.ID); !problem.Is(err, "schools/nothing-held") {
		t.Errorf("%v", err)
	}
	if lists, _, err := k.Stale(ctx); lists != 1 || err != nil {
		t.Errorf("%d stale, %v", lists, err)
	}
	if k.ledger.count("schools.list_discarded") != 1 || k.ledger.count("schools.list_applied") != 1 {
		t.Error("the ledger lacks entries")
	}
	// A quiet update makes what waits pointless; so does an import by hand, and removal leaves nothing.
	src.set(names(0, 10))
	k.update(t, list, HeldBack)
	src.set(names(0, 402))
	if got = k.update(t, list, Applied); got.Held != nil || k.storedNames(t) != 402 {
		t.Errorf("%+v, %d stored", got.Held, k.storedNames(t))
	}
	src.set(names(0, 10))
	k.update(t, list, HeldBack)
	if got := k.importAs(t, list.Name, "games", Plain, names(0, 20)); got.ID != list.ID || k.storedNames(t) != 20 {
		t.Errorf("%d stored", k.storedNames(t))
	}
	src.set(names(1000, 3000))
	k.update(t, list, HeldBack)
	if err := k.RemoveList(ctx, lead, list.ID); err != nil || k.storedNames(t) != 0 {
		t.Errorf("%d names left, %v", k.storedNames(t), err)
	}
	if _, err := k.UpdateList(ctx, lead, list.ID); !problem.Is(err, "schools/no-list") {
		t.Errorf("%v", err)
	}
}

func TestAFailedFetchChangesNothing(t *testing.T) {
	k, src, list := subscribeTo(t, names(0, 1000))
	k.update(t, list, Applied)
	src.status = http.StatusInternalServerError
	for i, wait := range []time.Duration{15 * time.Minute, 30 * time.Minute, time.Hour} {
		got := k.update(t, list, Failed)
		if s := got.Subscription; s.Why != "fetch/status" || s.Failures != i+1 || !s.Due.Equal(k.clock.Now().Add(wait)) || got.Names != 1000 {
			t.Errorf("%+v", s)
		}
	}
	src.status = 0
	src.set("<html>\n<p>moved</p>\n")
	if got := k.update(t, list, Failed); got.Subscription.Why != "schools/empty-list" || k.storedNames(t) != 1000 {
		t.Errorf("%+v", got.Subscription)
	}
	src.set(names(0, 1001))
	if got := k.update(t, list, Applied); got.Subscription.Failures != 0 || got.Subscription.Why != "" {
		t.Errorf("%+v", got.Subscription)
	}
	k.fetch = fetch.New(fetch.Options{Agent: "lachan/test"})
	if got := k.update(t, list, Failed); got.Subscription.Why != "fetch/inside" {
		t.Errorf("%+v", got.Subscription)
	}
}

func TestDueListsAreClaimedOnce(t *testing.T) {
	ctx := context.Background()
	k, _, list := subscribeTo(t, names(0, 10))
	claimed := func() (all []string) {
		err := k.ClaimDue(ctx, func(_ context.Context, _ *sqldb.Tx, id string) error {
			all = append(all, id)
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		return all
	}
	if got := claimed(); !slices.Equal(got, []string{list.ID}) {
		t.Fatalf("%v", got)
	}
	if got := claimed(); got != nil {
		t.Errorf("claimed twice: %v", got)
	}
	k.clock.Advance(claimFor)
	if got := claimed(); len(got) != 1 {
		t.Error("the claim of a dead hub did not lapse")
	}
	k.update(t, list, Applied)
	k.clock.Advance(23 * time.Hour)
	if got := claimed(); got != nil {
		t.Errorf("claimed before its time: %v", got)
	}
	if err := k.FetchSoon(ctx, lead, list.ID); err != nil {
		t.Fatal(err)
	}
	if got := claimed(); len(got) != 1 {
		t.Error("not due after FetchSoon")
	}
	if err := k.Unsubscribe(ctx, lead, list.ID); err != nil {
		t.Fatal(err)
	}
	if err := k.Unsubscribe(ctx, lead, list.ID); !problem.Is(err, "schools/not-subscribed") {
		t.Errorf("%v", err)
	}
	if got, err := k.GetList(ctx, lead, list.Name); err != nil || got.Subscription != nil || got.Names != 10 {
		t.Errorf("%+v %v", got, err)
	}
}

func TestSubscribeNamesFaultyFields(t *testing.T) {
	ctx := context.Background()
	k, _, list := subscribeTo(t, names(0, 10))
	_, err := k.Subscribe(ctx, lead, SubscribeCommand{URL: "file:///etc/passwd"})
	if fields := problem.From(err).Fields; len(fields) != 4 {
		t.Errorf("%+v", fields)
	}
	meta := ListMeta{Name: list.Name, Category: "adult"}
	if _, err := k.Subscribe(ctx, lead, SubscribeCommand{ListMeta: meta, URL: "https://a.example/", Hours: 1}); len(problem.From(err).Fields) != 1 {
		t.Errorf("another category was taken: %v", err)
	}
	if _, err := k.Subscribe(ctx, officer, SubscribeCommand{ListMeta: ListMeta{Name: "x", Category: "games"}, URL: "https://a.example/", Hours: 1}); !problem.Is(err, "authz/forbidden") {
		t.Errorf("%v", err)
	}
}
