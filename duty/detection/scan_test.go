// SPDX-License-Identifier: Apache-2.0

package detection_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"image/jpeg"
	"io"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"os"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"lachan/duty/detection"
	"lachan/duty/detection/crawl"
	"lachan/duty/detection/lookalike"
	"lachan/duty/detection/warc"
	"lachan/internal/authz"
	"lachan/internal/clock"
	"lachan/internal/fetch"
	"lachan/internal/media"
	"lachan/internal/testkit/site"
	"lachan/internal/testkit/warccheck"
)

// looks lets a room look at local servers without pauses.
func looks(also ...netip.AddrPort) func(*detection.Deps) {
	return func(d *detection.Deps) {
		client := fetch.New(fetch.Options{Agent: "lachan/test (+mailto:phongto@mau.example)", Also: also})
		d.Manners = crawl.NewManners(client, clock.System{}, "lachan", crawl.Pace{Pause: time.Nanosecond, Longest: time.Millisecond, Wait: time.Millisecond})
		d.Software = "lachan/test"
	}
}

// scan runs all that is due to its end.
func (w *world) scan() {
	w.t.Helper()
	for range 1000 {
		worked, err := w.ScanSome(w.ctx, time.Minute)
		w.ok(err)
		if !worked {
			return
		}
	}
	w.t.Fatal("scans have no end")
}

// capture opens a capture as an officer does whose unit has a part in the case.
func (w *world) capture(item string) (io.ReadCloser, error) {
	officer := authz.Actor{Person: "a-" + w.owner, Unit: w.owner, Roles: []string{authz.Handler}, Session: "s-officer"}
	return w.Capture(w.ctx, officer, w.u(officer), item, []string{w.owner})
}

// TestClause_5_2_AScanFillsTheQueue looks a site through with the room: what was
// planted is in the queue with its reason, each once, and each with a capture
// that an independent reader takes; nothing forbidden was touched.
func TestClause_5_2_AScanFillsTheQueue(t *testing.T) {
	articles := 300
	if !testing.Short() && !site.Watched && !onPostgres() {
		articles = site.Size()
	}
	s := site.New(t, articles)
	s.Plant = samples["gambling"]
	w := newWorld(t, looks(s.Also()...), func(d *detection.Deps) { d.Settings.PageTime = 2 * time.Second })
	id, err := w.AddSource(w.ctx, w.an(), detection.SourceCommand{
		Kind: "page", Title: "Trang mẫu", Addresses: s.Main.URL, Depth: 5, Pages: min(2*s.Articles+1000, 20_000), Every: 60,
	})
	w.ok(err)
	// The first looks are cut short, as a hub that is stopped cuts them.
	for range 3 {
		_, err := w.ScanSome(w.ctx, 300*time.Millisecond)
		w.ok(err)
	}
	began := time.Now()
	w.scan()
	o, scans, err := w.Source(w.ctx, w.an(), id)
	w.ok(err)
	if len(scans) != 1 || scans[0].State != detection.ScanDone || scans[0].Items != s.Marks || scans[0].Pages < s.Articles {
		t.Fatalf("%d scans, %+v; %d marks", len(scans), scans, s.Marks)
	}
	t.Logf("%d pages, %d items in %v", scans[0].Pages, scans[0].Items, time.Since(began).Round(time.Millisecond))
	if !o.Next.After(w.clock.Now()) {
		t.Errorf("next look at %v", o.Next)
	}
	if forbidden, inner := s.Touched(); len(forbidden) > 0 || inner > 0 {
		t.Errorf("touched %v, inside %d times", forbidden, inner)
	}
	seen := map[string]int{}
	for range s.Marks {
		item, err := w.Next(w.ctx, w.an())
		w.ok(err)
		v, err := w.Open(w.ctx, w.an(), w.u(w.an()), item)
		w.ok(err)
		seen[v.Address]++
		if v.Label != "gambling" || len(v.Reasons) == 0 || v.Reasons[0].Code != "words" || len(v.Marks) == 0 || !strings.Contains(v.Text, "Nhà cái") {
			t.Fatalf("item %+v, marks %v", v.Item, v.Marks)
		}
		if len(seen)%10 == 1 {
			_, err := w.Decide(w.ctx, w.an(), w.u(w.an()), detection.DecideCommand{Item: v.ID, Verdict: detection.Report, Label: "gambling"})
			w.ok(err)
			c, err := w.capture(v.ID)
			w.ok(err)
			file, err := io.ReadAll(c)
			w.ok(err)
			if records, err := warccheck.Check(file); err != nil || len(records) < 3 {
				t.Fatalf("capture of %d records, %v", len(records), err)
			}
			continue
		}
		w.ok(w.Skip(w.ctx, w.an(), item, ""))
	}
	if len(seen) != s.Marks {
		t.Fatalf("%d different items of %d", len(seen), s.Marks)
	}
	// A second look finds nothing new and reads little.
	w.clock.Advance(time.Hour)
	w.ok(w.SetSource(w.ctx, w.an(), id, detection.SourceActive))
	if articles < site.Size() {
		w.scan()
		if _, scans, _ = w.Source(w.ctx, w.an(), id); scans[0].Items != 0 {
			t.Errorf("the second look found %d", scans[0].Items)
		}
	}
}

// TestPicturesAreFoundAgain: a picture of a page is opened in the fence, matched
// and kept veiled; a page that is gone is seen to be gone.
func TestPicturesAreFoundAgain(t *testing.T) {
	var file bytes.Buffer
	if err := jpeg.Encode(&file, scene(5, 400), &jpeg.Options{Quality: 90}); err != nil {
		t.Fatal(err)
	}
	var gone atomic.Bool
	server := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		switch {
		case r.URL.Path == "/robots.txt" || gone.Load():
			http.NotFound(rw, r)
		case r.URL.Path == "/hinh.jpg":
			rw.Header().Set("Content-Type", "image/jpeg")
			_, _ = rw.Write(file.Bytes())
		case r.URL.Path == "/":
			rw.Header().Set("Content-Type", "text/html; charset=utf-8")
			fmt.Fprint(rw, `<html lang=vi><title>Trang mẫu</title><article><h1>Trang mẫu</h1><p>Chuyện vườn rau nhà em có nhiều loại cây.</p><img src="/hinh.jpg" alt="vườn rau"><p><a href="https://vietc0mbank.example/">xem</a></p></article>`)
		default:
			http.NotFound(rw, r)
		}
	}))
	defer server.Close()
	examiner, err := media.New(media.Options{Workers: 1, FFmpeg: "-"})
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := examiner.Close(); err != nil {
			t.Error(err)
		}
	}()
	w := newWorld(t, looks(netip.MustParseAddrPort(server.Listener.Addr().String())), func(d *detection.Deps) {
		d.Examiner = examiner
		d.Lookalikes = lookalike.New([]string{"vietcombank.example"})
		d.Shoot = func(_ context.Context, address string) ([]byte, error) { return []byte("PNG of " + address), nil }
	})
	a := w.an()
	w.ok(w.AddBank(w.ctx, a, detection.Bank{Name: "SAMPLE", Label: "gambling", Severity: 3, Permille: 1000}))
	_, err = w.AddContent(w.ctx, a, detection.Content{Bank: "SAMPLE", Signals: []detection.Signal{{Type: "pdq", Value: picture(t, 5).Hash.String()}}})
	w.ok(err)
	id, err := w.AddSource(w.ctx, a, detection.SourceCommand{Kind: "channel", Title: "Kênh mẫu", Addresses: server.URL})
	w.ok(err)
	w.scan()
	q, err := w.Queue(w.ctx, a)
	w.ok(err)
	kinds := map[detection.Kind]detection.Item{}
	for _, i := range q.Items {
		kinds[i.Kind] = i
	}
	if len(q.Items) != 2 || kinds[detection.LookalikeKind].Reasons[0].Code != "lookalike" {
		t.Fatalf("queue %+v", q.Items)
	}
	page := kinds[detection.PageKind]
	if page.Tier != detection.High || page.Reasons[0].Code != "bank" || page.Reasons[0].Ref != "SAMPLE" || len(page.Pictures) != 1 || !page.Pictures[0].Kept {
		t.Fatalf("item %+v", page)
	}
	w.ok(w.Take(w.ctx, a, page.ID))
	_, err = w.capture(page.ID)
	wants(t, err, "authz/not-found") // no verdict, no evidence
	veil, err := w.Veil(w.ctx, a, w.u(a), page.ID, 0)
	w.ok(err)
	if cfg, err := jpeg.DecodeConfig(bytes.NewReader(veil)); err != nil || cfg.Width > 64 {
		t.Fatalf("veil %+v, %v", cfg, err)
	}
	w.ok(w.Reveal(w.ctx, a, w.u(a), detection.RevealCommand{Item: page.ID}))
	r, err := w.Picture(w.ctx, a, w.u(a), page.ID, 0)
	w.ok(err)
	if _, err := jpeg.Decode(r); err != nil {
		t.Fatal(err)
	}
	_, err = w.Decide(w.ctx, a, w.u(a), detection.DecideCommand{Item: page.ID, Verdict: detection.Takedown, Label: "gambling", Wish: detection.Wish{Basis: "mau"}})
	w.ok(err)
	c, err := w.capture(page.ID)
	w.ok(err)
	record, err := io.ReadAll(c)
	w.ok(err)
	if _, err := warccheck.Check(record); err != nil || !hasShot(t, record) {
		t.Fatalf("the capture has no picture of the page, or is none: %v", err)
	}
	w.clock.Advance(2 * time.Hour)
	looked, _, err := w.WatchDue(w.ctx, w.Service)
	if w.ok(err); looked != 1 {
		t.Fatalf("looked at %d pages", looked)
	}
	v, err := w.Open(w.ctx, a, w.u(a), page.ID)
	if w.ok(err); v.Watch != detection.There {
		t.Fatalf("watch %s", v.Watch)
	}
	gone.Store(true)
	w.clock.Advance(2 * time.Hour)
	if _, n, err := w.WatchDue(w.ctx, w.Service); err != nil || n != 1 {
		t.Fatalf("%d gone, %v", n, err)
	}
	// The timetable: once is once.
	o, _, err := w.Source(w.ctx, a, id)
	if w.ok(err); !o.Next.IsZero() {
		t.Errorf("a source without a timetable is looked at again at %v", o.Next)
	}
}

// onPostgres is whether the tests run beside PostgreSQL.
func onPostgres() bool { return os.Getenv("LACHAN_TEST_PG") != "" }

// TestNothingIsScannedThatCouldNotBeSealed: until the unit has a key scans wait,
// and nothing is fetched.
func TestNothingIsScannedThatCouldNotBeSealed(t *testing.T) {
	w := newWorld(t, looks(), func(d *detection.Deps) {
		d.Unit = func(context.Context, time.Time) (string, error) { return "unit-without-people", nil }
	})
	who := authz.Actor{Person: "x", Unit: "unit-without-people", Roles: []string{authz.Reviewer}}
	id, err := w.AddSource(w.ctx, who, detection.SourceCommand{Kind: "page", Title: "x", Addresses: "https://mau.example"})
	w.ok(err)
	if worked, err := w.ScanSome(w.ctx, time.Second); worked || err != nil {
		t.Fatalf("scanned: %v, %v", worked, err)
	}
	if _, scans, err := w.Source(w.ctx, who, id); err != nil || len(scans) != 0 {
		t.Fatalf("%d scans, %v", len(scans), err)
	}
}

// hasShot reports whether a capture has the picture of its page.
func hasShot(t *testing.T, file []byte) bool {
	t.Helper()
	r := warc.NewReader(bytes.NewReader(file))
	for {
		h, _, err := r.Next()
		if errors.Is(err, io.EOF) {
			return false
		}
		if err != nil {
			t.Fatal(err)
		}
		if h.Type == warc.Resource && h.ContentType == "image/png" {
			return true
		}
	}
}

// TestASourceIsChecked: what cannot be looked at is refused with its line.
func TestASourceIsChecked(t *testing.T) {
	w := newWorld(t, looks())
	for _, c := range []detection.SourceCommand{
		{Kind: "page", Title: "x", Addresses: "ftp://mau.example"},
		{Kind: "page", Title: "", Addresses: "https://mau.example"},
		{Kind: "page", Title: "x", Addresses: "https://a.example\nhttps://b.example"},
		{Kind: "no", Title: "x", Addresses: "https://mau.example"},
		{Kind: "feed", Title: "x", Addresses: "https://mau.example", Every: 1},
	} {
		_, err := w.AddSource(w.ctx, w.an(), c)
		wants(t, err, "input/faulty")
	}
	c := detection.SourceCommand{Kind: "links", Title: "x", Addresses: "https://a.example\nb.example/muc"}
	id, err := w.AddSource(w.ctx, w.an(), c)
	w.ok(err)
	o, _, err := w.Source(w.ctx, w.an(), id)
	if w.ok(err); len(o.Addresses) != 2 || o.Addresses[1] != "https://b.example/muc" {
		t.Fatalf("addresses %v", o.Addresses)
	}
	_, err = w.AddSource(w.ctx, w.an(), c)
	wants(t, err, "detection/source-exists")
	w.ok(w.SetSource(w.ctx, w.an(), id, detection.SourceDropped))
	if _, err = w.AddSource(w.ctx, w.an(), c); err != nil {
		t.Fatalf("a dropped source does not come back: %v", err)
	}
	var texts []byte
	if err := w.db.Writer().QueryRowContext(context.Background(), `SELECT address FROM detection_source`).Scan(&texts); err != nil || bytes.Contains(texts, []byte("a.example")) {
		t.Fatalf("an address stands open: %v", err)
	}
}
