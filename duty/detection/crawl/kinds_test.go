// SPDX-License-Identifier: Apache-2.0

package crawl

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"lachan/internal/testkit/site"
	"lachan/internal/testkit/warccheck"
)

func crawl(t *testing.T, p Plan, d Deps) Report {
	t.Helper()
	report, _, err := Crawl(context.Background(), p, d, nil)
	if err != nil {
		t.Fatal(err)
	}
	return report
}

func TestAFeedIsFollowedFreshFirst(t *testing.T) {
	s := site.New(t, 100)
	l := lookAt(s, quick())
	report := crawl(t, Plan{Kind: Feed, URLs: []string{s.Main.URL + "/feed.xml"}}, l.Deps)
	if report.Counts[Fetched] != 31 || len(l.found) != 32 {
		t.Fatalf("%v, %d items", report.Counts, len(l.found))
	}
	if l.found[0].Kind != ItemEntry || l.found[0].Text != site.Mark("loi nhan") || !strings.HasSuffix(l.found[2].URL, "/tin/23") || !strings.HasSuffix(l.found[31].URL, "/tin/24") {
		t.Errorf("%s %q, then %s … %s", l.found[0].Kind, l.found[0].Text, l.found[2].URL, l.found[31].URL)
	}
}

func TestASitemapEndsInsideItsLimits(t *testing.T) {
	s := site.New(t, 300)
	l := lookAt(s, quick())
	report, rest, err := Crawl(context.Background(), Plan{Kind: Sitemap, URLs: []string{s.Main.URL + "/sitemap-muc-luc.xml"}, Limits: Limits{Pages: 60, Queue: 20_000}}, l.Deps, nil)
	if err != nil || report.End != EndPages || report.Counts[Overflow] != 30_000 || report.Waiting < 19_900 || report.Counts[OffScope] != 1 {
		t.Fatalf("%+v %v", report, err)
	}
	t.Logf("a state with %d addresses waiting has %d KiB", report.Waiting, len(rest)>>10)
	if len(rest) > 8<<20 {
		t.Error("the state is not small")
	}
}

func TestAChannelComesWithItsPictures(t *testing.T) {
	s := site.New(t, 10)
	l := lookAt(s, quick())
	var capture []byte
	l.check = func(_ string, file []byte) { capture = bytes.Clone(file) }
	report := crawl(t, Plan{Kind: Channel, URLs: []string{s.Main.URL + "/kenh"}}, l.Deps)
	if report.Pictures != 3 || len(l.found) != 1 || report.Counts[Fetched] != 1 || s.Asked("/phim.mp4") != 0 || s.Asked("/tin/1") != 0 {
		t.Fatalf("%+v", report)
	}
	if forbidden, _ := s.Touched(); len(forbidden) > 0 {
		t.Error(forbidden)
	}
	f := l.found[0]
	if f.Pictures[0].Alt != "mot" || f.Pictures[0].SHA256 == "" || f.Pictures[3].SHA256 != "" || len(f.Videos) != 1 || f.Videos[0].Poster != s.Main.URL+"/anh/3.png" {
		t.Errorf("%+v %+v", f.Pictures, f.Videos)
	}
	records, err := warccheck.Check(capture)
	if err != nil {
		t.Fatal(err)
	}
	kinds := map[string]int{}
	for _, r := range records {
		kinds[r.One("WARC-Type")]++
	}
	if kinds["response"] != 2 || kinds["revisit"] != 2 || kinds["request"] != 4 || kinds["metadata"] != 1 { // the pictures are the same one
		t.Error(kinds)
	}
	again, err := ReadCapture(bytes.NewReader(capture), 1<<20)
	if err != nil || len(again) != 4 || !bytes.Contains(again[0].Body, []byte("<video")) || !bytes.HasPrefix(again[3].Body, []byte("\x89PNG")) || again[1].Header("Content-Type") != "image/png" || again[0].IP.String() != "127.0.0.1" {
		t.Errorf("%d exchanges, %v", len(again), err)
	}
	if _, err := ReadCapture(bytes.NewReader(capture), 100); !errors.Is(err, ErrCapture) {
		t.Error(err)
	}
	var shot bytes.Buffer
	shot.Write(capture)
	if err := WriteShot(&shot, "lachan/test", f.FinalURL, f.Fetched, []byte("\x89PNG…")); err != nil {
		t.Fatal(err)
	}
	if _, err := warccheck.Check(shot.Bytes()[len(capture):]); err != nil {
		t.Error(err)
	}
	if again, err := ReadCapture(bytes.NewReader(shot.Bytes()), 1<<20); err != nil || len(again) != 5 || string(again[4].Shot) != "\x89PNG…" {
		t.Error("a picture of the page after its capture:", len(again), err)
	}
}

func TestWhatIsKnownIsReadOnlyWhenNew(t *testing.T) {
	version := 1
	s, d := serve(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/html")
		switch r.URL.Path {
		case "/etag":
			w.Header().Set("ETag", fmt.Sprint(`"`, version, `"`))
			if r.Header.Get("If-None-Match") == fmt.Sprint(`"`, version, `"`) {
				w.WriteHeader(http.StatusNotModified)
				return
			}
			fmt.Fprint(w, "bản ", version)
		case "/plain":
			fmt.Fprint(w, "luôn thế")
		default:
			http.NotFound(w, r)
		}
	}), quick())
	memory := map[string]Known{}
	var got []string
	d.Known = func(_ context.Context, url string) (Known, bool, error) { k, ok := memory[url]; return k, ok, nil }
	d.Found = func(_ context.Context, f Found, _ func() ([]byte, error)) error {
		memory[f.URL] = Known{URL: f.URL, ETag: f.ETag, SHA256: f.PayloadSHA256, NearDigest: f.NearDigest}
		got = append(got, strings.TrimPrefix(f.URL, s.URL))
		return nil
	}
	p := Plan{Kind: Links, URLs: []string{s.URL + "/etag", s.URL + "/plain"}}
	for i, want := range []string{"/etag /plain", "", "/etag"} {
		if i == 2 {
			version = 2
		}
		got = nil
		report := crawl(t, p, d)
		if strings.Join(got, " ") != want || report.Counts[Unchanged]+report.Counts[Fetched] != 2 {
			t.Errorf("time %d: %v %v", i, got, report.Counts)
		}
	}
}

func TestAScanThatWasKilledGoesOn(t *testing.T) {
	s := site.New(t, 400)
	l := lookAt(s, quick())
	l.Capture = nil
	p := Plan{Kind: Page, URLs: []string{s.Main.URL + "/muc/0", s.Main.URL + "/muc/1", s.Main.URL + "/muc/2", s.Main.URL + "/muc/3"}, Depth: 1, Limits: Limits{PageLinks: 2000}}
	kills := 0
	var report Report
	for {
		l.stop = len(l.found) + 90
		var err error
		report, _, err = Crawl(context.Background(), p, l.Deps, l.rest)
		if err == nil {
			break
		}
		if !errors.Is(err, errStop) {
			t.Fatal(err)
		}
		kills++
	}
	seen := map[string]int{}
	for _, f := range l.found {
		seen[f.URL]++
	}
	if kills < 4 || len(seen) != 404 || len(l.found) != 404 || report.Counts[Fetched] < 404 {
		t.Errorf("killed %d times, %d items of %d addresses, %v", kills, len(l.found), len(seen), report.Counts)
	}
	for _, bad := range []string{"", "{}", `{"version":2}`, `{"version":1,"seen":"x"}`, `{"version":1,"seen":null}`} {
		if _, _, err := Crawl(context.Background(), p, l.Deps, []byte(bad)); !errors.Is(err, errState) {
			t.Errorf("%q: %v", bad, err)
		}
	}
}

func TestAnAskedForEndIsAnEnd(t *testing.T) {
	s := site.New(t, 100)
	l := lookAt(s, quick())
	ctx, cancel := context.WithCancel(context.Background())
	found := l.Found
	l.Found = func(ctx context.Context, f Found, rest func() ([]byte, error)) error {
		if len(l.found) == 10 {
			cancel()
		}
		return found(ctx, f, rest)
	}
	p := Plan{Kind: Page, URLs: []string{s.Main.URL + "/muc/0"}, Depth: 1, Limits: Limits{PageLinks: 2000}}
	_, rest, err := Crawl(ctx, p, l.Deps, nil)
	if !errors.Is(err, context.Canceled) || rest == nil {
		t.Fatal(err)
	}
	if _, _, err := Crawl(context.Background(), p, l.Deps, rest); err != nil {
		t.Fatal(err)
	}
	seen := map[string]int{}
	for _, f := range l.found {
		seen[f.URL]++
	}
	if len(seen) != 101 || len(l.found) != 101 {
		t.Errorf("%d items of %d addresses", len(l.found), len(seen))
	}
}

func TestAScanEndsAtItsBytesAndItsTime(t *testing.T) {
	s := site.New(t, 300)
	p := Plan{Kind: Page, URLs: []string{s.Main.URL + "/muc/0"}, Depth: 1, Limits: Limits{PageLinks: 2000, TotalBytes: 40_000}}
	l := lookAt(s, quick())
	report, rest, err := Crawl(context.Background(), p, l.Deps, nil)
	if err != nil || report.End != EndBytes || report.Bytes < 40_000 || report.Bytes > 60_000 || rest == nil || report.Waiting == 0 {
		t.Errorf("%+v %v", report, err)
	}
	l = lookAt(s, Pace{Pause: 100 * time.Millisecond})
	p.Limits = Limits{PageLinks: 2000, TotalTime: 700 * time.Millisecond}
	report, rest, err = Crawl(context.Background(), p, l.Deps, nil)
	if err != nil || report.End != EndTime || report.Took > 5*time.Second || rest == nil || len(l.found) == 0 {
		t.Fatalf("%+v %v", report, err)
	}
	p.Limits.TotalTime = time.Minute
	before := len(l.found)
	l.Manners = lookAt(s, quick()).Manners
	if report, _, err = Crawl(context.Background(), p, l.Deps, rest); err != nil || report.End != EndDone || len(l.found) != 101 || before >= 101 {
		t.Errorf("%+v, %d items, %v", report, len(l.found), err)
	}
}
