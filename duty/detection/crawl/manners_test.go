// SPDX-License-Identifier: Apache-2.0

package crawl

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"lachan/internal/fetch"
)

func TestRobotsAsTheRFCHasThem(t *testing.T) {
	for _, c := range []struct {
		name, text, path string
		want             bool
	}{
		{"empty", "", "/a", true},
		{"all", "User-agent: *\nDisallow: /", "/a", false},
		{"robots.txt itself", "User-agent: *\nDisallow: /", "/robots.txt", true},
		{"empty rule", "User-agent: *\nDisallow:", "/a", true},
		{"ours before all", "User-agent: *\nDisallow: /\nUser-agent: LaChan\nDisallow: /b", "/a", true},
		{"ours, its rule", "User-agent: *\nAllow: /\nUser-agent: lachan/2.0\nDisallow: /b", "/b/c", false},
		{"ours without rules", "User-agent: lachan\nUser-agent: other\nDisallow: /x\n\nUser-agent: *\nDisallow: /", "/a", true},
		{"two groups of ours", "User-agent: lachan\nDisallow: /a\nUser-agent: x\nDisallow: /\nUser-agent: lachan\nDisallow: /b", "/a", false},
		{"part of a name is another", "User-agent: lachanbot\nDisallow: /", "/a", true},
		{"longest", "User-agent: *\nDisallow: /a\nAllow: /a/b", "/a/b/c", true},
		{"longest, in any order", "User-agent: *\nAllow: /a/b\nDisallow: /a", "/a/c", false},
		{"allow wins a tie", "User-agent: *\nDisallow: /a\nAllow: /a", "/a", true},
		{"star", "User-agent: *\nDisallow: /*.gif$", "/x/y.gif", false},
		{"star and end", "User-agent: *\nDisallow: /*.gif$", "/x/y.gif?z", true},
		{"stars", "User-agent: *\nDisallow: /a*b*c", "/aXbXcX", false},
		{"end takes the last", "User-agent: *\nDisallow: /a*b$", "/ab-b", false},
		{"percent", "User-agent: *\nDisallow: /%e1%ba%a3", "/%E1%BA%A3/x", false},
		{"letters", "User-agent: *\nDisallow: /ả", "/%E1%BA%A3/x", false},
		{"unreserved", "User-agent: *\nDisallow: /%61", "/a", false},
		{"escaped slash is none", "User-agent: *\nDisallow: /a%2Fb", "/a/b", true},
		{"comments and blanks", " # x\r\n  User-Agent : *  # y\r\n\tDISALLOW:/a # z\r\n", "/ab", false},
		{"mark at the beginning", "\uFEFFUser-agent: *\nDisallow: /a", "/a", false},
		{"rule before any group", "Disallow: /\nUser-agent: *\nDisallow: /b", "/a", true},
		{"other lines do not end a group", "User-agent: x\nSitemap: http://a.example/\nUser-agent: *\nDisallow: /", "/a", false},
	} {
		if got := ParseRobots(c.text, "lachan").Allows(c.path); got != c.want {
			t.Errorf("%s: %s %v", c.name, c.path, got)
		}
	}
	r := ParseRobots("User-agent: *\nCrawl-delay: 1.5\nSitemap: http://a.example/s.xml\n", "lachan")
	if r.Delay != 1500*time.Millisecond || len(r.Sitemaps) != 1 {
		t.Errorf("%+v", r)
	}
	big := "User-agent: *\nDisallow: /a\n" + strings.Repeat("# x\n", 200_000) + "Disallow: /\n"
	if r := ParseRobots(big, "lachan"); r.Allows("/a") || !r.Allows("/b") {
		t.Error("what is beyond 500 KiB counts")
	}
	began := time.Now()
	slow := ParseRobots("User-agent: *\nDisallow: /"+strings.Repeat("*a", 2000)+"$", "lachan")
	slow.Allows("/" + strings.Repeat("a", 3000) + "b")
	if took := time.Since(began); took > time.Second {
		t.Error("a rule took", took)
	}
}

// times keeps when a server was asked, and how many at once.
type times struct {
	mu   sync.Mutex
	at   []time.Time
	now  int
	most int
}

func (s *times) begin() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.at = append(s.at, time.Now())
	s.now++
	s.most = max(s.most, s.now)
}

func (s *times) end() { s.mu.Lock(); s.now--; s.mu.Unlock() }

func TestOneHostIsAskedOneAtATimeWithPauses(t *testing.T) {
	var log times
	s, d := serve(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		log.begin()
		defer log.end()
		if r.URL.Path == "/robots.txt" {
			fmt.Fprint(w, "User-agent: *\nCrawl-delay: 0.08\n")
			return
		}
		time.Sleep(20 * time.Millisecond)
		fmt.Fprint(w, "x")
	}), Pace{Pause: 30 * time.Millisecond, Longest: 60 * time.Millisecond})
	var wg sync.WaitGroup
	for range 5 {
		wg.Go(func() {
			if _, err := d.Manners.Visit(context.Background(), fetch.Visit{URL: s.URL + "/a"}); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	if log.most != 1 || len(log.at) != 6 {
		t.Fatalf("%d at once, %d requests", log.most, len(log.at))
	}
	for i := 2; i < len(log.at); i++ { // after the first page: 20 ms of answer, and the site's delay up to our bound
		if gap := log.at[i].Sub(log.at[i-1]); gap < 80*time.Millisecond || gap > 500*time.Millisecond {
			t.Errorf("gap %d of %v", i, gap)
		}
	}
}

func TestAHostThatSaysLaterIsLeftAlone(t *testing.T) {
	calls := 0
	s, d := serve(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/robots.txt" {
			http.NotFound(w, r)
			return
		}
		calls++
		w.Header().Set("Retry-After", "3600")
		w.WriteHeader(http.StatusTooManyRequests)
	}), quick())
	var l look
	d.Found = func(_ context.Context, f Found, _ func() ([]byte, error)) error {
		l.found = append(l.found, f)
		return nil
	}
	report, _, err := Crawl(context.Background(), Plan{Kind: Links, URLs: []string{s.URL + "/a", s.URL + "/b", s.URL + "/c"}}, d, nil)
	if err != nil || report.Counts[Busy] != 3 || calls != 1 || len(l.found) != 0 {
		t.Errorf("%+v, %d calls, %v", report, calls, err)
	}
	m := d.Manners
	now := time.Date(2026, 11, 28, 15, 0, 0, 0, time.UTC)
	for text, want := range map[string]time.Duration{"120": 2 * time.Minute, "Sat, 28 Nov 2026 15:01:00 GMT": time.Minute, "Sat, 28 Nov 2026 14:00:00 GMT": 0, "999999999": 24 * time.Hour} {
		if got := m.later(text, 1, now); got != want {
			t.Errorf("%s: %v", text, got)
		}
	}
}

func TestASiteWhoseRulesCannotBeHadIsNotRead(t *testing.T) {
	for status, allowed := range map[int]bool{404: true, 403: true, 410: true, 500: false, 503: false, 429: false} {
		asked := 0
		s, d := serve(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if r.URL.Path == "/robots.txt" {
				w.WriteHeader(status)
				return
			}
			asked++
		}), quick())
		_, err := d.Manners.Visit(context.Background(), fetch.Visit{URL: s.URL + "/a"})
		if allowed != (err == nil) || allowed != (asked == 1) || !allowed && !errors.Is(err, errRobots) && !errors.Is(err, errBusy) {
			t.Errorf("%d: asked %d times, %v", status, asked, err)
		}
	}
}
