// SPDX-License-Identifier: Apache-2.0

package rdap

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"lachan/internal/clock"
	"lachan/internal/fetch"
	"lachan/internal/problem"
)

var now = time.Date(2026, time.November, 23, 9, 42, 0, 0, clock.Vietnam)

// service is a server, how often each path of it was asked, and a client of it.
type service struct {
	*httptest.Server
	*Client
	clock *clock.Fixed
	mu    sync.Mutex
	asked map[string]int
}

// times is how often a name was asked for at the base.
func (s *service) times(name string) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.asked["/rdap/domain/"+name]
}

// all is how often anything was asked for.
func (s *service) all() (n int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, times := range s.asked {
		n += times
	}
	return n
}

func serve(t *testing.T, answer http.HandlerFunc) *service {
	t.Helper()
	s := &service{asked: map[string]int{}, clock: clock.NewFixed(now)}
	s.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.mu.Lock()
		s.asked[r.URL.Path]++
		s.mu.Unlock()
		if r.Header.Get("Accept") == "" || !strings.HasPrefix(r.Header.Get("Accept"), "application/rdap+json") {
			t.Errorf("asked for %q", r.Header.Get("Accept"))
		}
		answer(w, r)
	}))
	t.Cleanup(s.Server.Close)
	s.Client = New(fetch.New(fetch.Options{Agent: "lachan/test", Also: []netip.AddrPort{netip.MustParseAddrPort(s.Listener.Addr().String())}}), s.clock, s.URL+"/rdap/", 0)
	return s
}

func domain(name, date string) string {
	return fmt.Sprintf(`{"objectClassName":"domain","ldhName":%q,"entities":[{"vcardArray":["vcard",[]]}],
		"events":[{"eventAction":"expiration","eventDate":"2030-01-01T00:00:00Z"},{"eventAction":"registration","eventDate":%q}]}`, name, date)
}

func TestWhenADomainWasRegistered(t *testing.T) {
	day := time.Date(2026, time.November, 3, 0, 0, 0, 0, time.UTC)
	for _, c := range []struct {
		name, answer string
		want         time.Time
		err          error
	}{
		{"RFC 3339", domain("mau.example", "2026-11-03T04:05:06Z"), day.Add(4*time.Hour + 5*time.Minute + 6*time.Second), nil},
		{"a fraction and a zone", domain("MAU.EXAMPLE.", "2026-11-03T07:00:00.25+07:00"), day.Add(250 * time.Millisecond), nil},
		{"no zone", domain("mau.example", "2026-11-03T04:00:00"), day.Add(4 * time.Hour), nil},
		{"a space", domain("mau.example", "2026-11-03 04:00:00"), day.Add(4 * time.Hour), nil},
		{"a space and a zone", domain("mau.example", "2026-11-03 11:00:00+07:00"), day.Add(4 * time.Hour), nil},
		{"a day alone", domain("mau.example", " 2026-11-03 "), day, nil},
		{"no such event", `{"objectClassName":"domain","events":[{"eventAction":"last changed","eventDate":"2026-11-03T00:00:00Z"}]}`, time.Time{}, nil},
		{"no events", `{"objectClassName":"domain","ldhName":"mau.example"}`, time.Time{}, nil},
		{"no date", domain("mau.example", "hôm qua"), time.Time{}, ErrAnswer},
		{"before there were domains", domain("mau.example", "0001-01-01T00:00:00Z"), time.Time{}, ErrAnswer},
		{"what lies ahead", domain("mau.example", "2026-11-30T00:00:00Z"), time.Time{}, ErrAnswer},
		{"another name", domain("khac.example", "2026-11-03T00:00:00Z"), time.Time{}, ErrAnswer},
		{"another thing", `{"objectClassName":"nameserver","events":[{"eventAction":"registration","eventDate":"2026-11-03T00:00:00Z"}]}`, time.Time{}, ErrAnswer},
		{"events that are none", `{"objectClassName":"domain","events":{"registration":1}}`, time.Time{}, ErrAnswer},
		{"a page", `<html>404`, time.Time{}, ErrAnswer},
		{"nothing", ``, time.Time{}, ErrAnswer},
		{"nested deep", strings.Repeat("[", 100_000), time.Time{}, ErrAnswer},
		{"too large", domain("mau.example", "2026-11-03T04:05:06Z") + strings.Repeat(" ", maxBytes), time.Time{}, ErrAnswer},
	} {
		s := serve(t, func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, c.answer) })
		got, err := s.Registered(context.Background(), "mau.example")
		if !got.Equal(c.want) || !errors.Is(err, c.err) || s.times("mau.example") != 1 {
			t.Errorf("%s: %v, %v; asked %d times", c.name, got, err, s.times("mau.example"))
		}
	}
}

// TestWhereTheBaseLeads: a service that knows the registries sends the asker
// on, but not without end, and never to what only this machine can reach.
func TestWhereTheBaseLeads(t *testing.T) {
	var inside atomic.Int32
	private := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { inside.Add(1) }))
	defer private.Close()
	s := serve(t, func(w http.ResponseWriter, r *http.Request) {
		switch {
		case r.URL.Path == "/registry/domain/on.example":
			fmt.Fprint(w, domain("on.example", "2026-11-03T00:00:00Z"))
		case strings.HasSuffix(r.URL.Path, "/on.example"):
			http.Redirect(w, r, "/registry/domain/on.example", http.StatusFound)
		case strings.HasSuffix(r.URL.Path, "/inside.example"):
			http.Redirect(w, r, private.URL+"/domain/inside.example", http.StatusFound)
		case strings.HasSuffix(r.URL.Path, "/circle.example"):
			http.Redirect(w, r, r.URL.Path, http.StatusMovedPermanently)
		case strings.HasSuffix(r.URL.Path, "/file.example"):
			http.Redirect(w, r, "file:///etc/hosts", http.StatusFound)
		default:
			http.NotFound(w, r)
		}
	})
	ctx := context.Background()
	if got, err := s.Registered(ctx, "on.example"); err != nil || got.Day() != 3 {
		t.Errorf("sent on: %v, %v", got, err)
	}
	if got, err := s.Registered(ctx, "none.example"); err != nil || !got.IsZero() {
		t.Errorf("no such name: %v, %v", got, err)
	}
	for name, code := range map[string]string{"inside.example": "fetch/inside", "circle.example": "fetch/too-many-redirects", "file.example": "fetch/bad-url"} {
		if got, err := s.Registered(ctx, name); !problem.Is(err, code) || !got.IsZero() || strings.Contains(err.Error(), name) {
			t.Errorf("%s: %v, %v", name, got, err)
		}
	}
	if inside.Load() != 0 || s.times("circle.example") != maxHops+1 {
		t.Errorf("inside was reached %d times, the circle %d", inside.Load(), s.times("circle.example"))
	}
	before := s.all()
	for _, name := range []string{"", "../x", "a/b.example", "mẫu.example", "a?b.example", strings.Repeat("a", 254)} {
		if _, err := s.Registered(ctx, name); !errors.Is(err, ErrAnswer) {
			t.Errorf("%q: %v", name, err)
		}
	}
	if s.all() != before {
		t.Error("asked for what is no name")
	}
}

// TestAServerThatFailsIsLeftAlone: no second question before its rest is over,
// and the rest grows.
func TestAServerThatFailsIsLeftAlone(t *testing.T) {
	status, after := http.StatusBadGateway, ""
	s := serve(t, func(w http.ResponseWriter, _ *http.Request) {
		if after != "" {
			w.Header().Set("Retry-After", after)
		}
		w.WriteHeader(status)
	})
	asked := func(want error, times int) {
		t.Helper()
		if _, err := s.Registered(context.Background(), "mau.example"); !errors.Is(err, want) || s.times("mau.example") != times {
			t.Fatalf("%v, asked %d times; want %v and %d", err, s.times("mau.example"), want, times)
		}
	}
	asked(ErrAnswer, 1)
	asked(ErrNotNow, 1)
	s.clock.Advance(firstRest)
	asked(ErrAnswer, 2)
	s.clock.Advance(firstRest)
	asked(ErrNotNow, 2)
	s.clock.Advance(firstRest)
	status, after = http.StatusTooManyRequests, "7200"
	asked(ErrAnswer, 3)
	s.clock.Advance(longRest)
	asked(ErrNotNow, 3)
	s.clock.Advance(longRest)
	status = http.StatusNotFound
	asked(nil, 4)
	asked(nil, 5)
	status, after = http.StatusServiceUnavailable, ""
	asked(ErrAnswer, 6) // it answered between: its first rest again
	s.clock.Advance(firstRest)
	asked(ErrAnswer, 7)
}

// TestNobodyWaitsLong: a pause that is longer than the caller has time is not
// waited for, and an answer that comes too late is none.
func TestNobodyWaitsLong(t *testing.T) {
	s := serve(t, func(w http.ResponseWriter, r *http.Request) {
		if strings.HasSuffix(r.URL.Path, "/slow.example") {
			<-r.Context().Done() // until the asker goes
			return
		}
		fmt.Fprint(w, domain("mau.example", "2026-11-03"))
	})
	s.pause = time.Hour
	if _, err := s.Registered(context.Background(), "mau.example"); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	if _, err := s.Registered(ctx, "mau.example"); !errors.Is(err, ErrNotNow) {
		t.Fatalf("in the pause: %v", err)
	}
	s.clock.Advance(time.Hour)
	if _, err := s.Registered(ctx, "mau.example"); err != nil {
		t.Fatalf("after the pause: %v", err)
	}
	s.clock.Advance(time.Hour)
	short, cancel := context.WithTimeout(context.Background(), 500*time.Millisecond)
	defer cancel()
	if _, err := s.Registered(short, "slow.example"); !problem.Is(err, "fetch/timeout") {
		t.Fatalf("too slow: %v", err)
	}
	if _, err := s.Registered(short, "mau.example"); !errors.Is(err, ErrNotNow) {
		t.Fatalf("the turn came too late: %v", err)
	}
	if n := s.times("mau.example"); n != 2 {
		t.Errorf("asked %d times", n)
	}
}

func FuzzAnswer(f *testing.F) {
	f.Add([]byte(domain("mau.example", "2026-11-03T04:05:06Z")))
	f.Add([]byte(`{"objectClassName":"domain","events":[null,{"eventAction":"registration","eventDate":"2026-11-03 04:05:06+07:00"}]}`))
	f.Fuzz(func(t *testing.T, body []byte) {
		got, err := registered(body, "mau.example", now)
		if !got.IsZero() && (err != nil || got.Year() < 1985 || got.After(now.Add(24*time.Hour))) {
			t.Fatal(got, err)
		}
	})
}
