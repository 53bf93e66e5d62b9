// SPDX-License-Identifier: Apache-2.0

package crawl

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"regexp"
	"runtime"
	"strings"
	"testing"
	"time"

	"lachan/internal/clock"
	"lachan/internal/fetch"
	"lachan/internal/testkit/site"
	"lachan/internal/testkit/warccheck"
)

// quick is a pace for servers of a test, which do not mind.
func quick() Pace { return Pace{Pause: time.Nanosecond, Longest: time.Millisecond} }

// look are the outside of a crawl of the site, with what was found.
type look struct {
	Deps
	found    []Found
	rest     []byte // saved with the last item
	captures int
	size     int
	check    func(url string, file []byte)
	stop     int // gives an error after so many items
}

var errStop = errors.New("killed")

func lookAt(s *site.Site, p Pace) *look {
	l := &look{}
	client := fetch.New(fetch.Options{Agent: "lachan/test (+mailto:phongto@mau.example)", Also: s.Also()})
	l.Deps = Deps{
		Manners: NewManners(client, clock.System{}, "lachan", p), Clock: clock.System{}, Software: "lachan/test",
		Found: func(_ context.Context, f Found, rest func() ([]byte, error)) error {
			if l.stop > 0 && len(l.found) == l.stop {
				return errStop
			}
			for i := range f.Pictures {
				l.size += len(f.Pictures[i].Body)
				f.Pictures[i].Body = nil
			}
			l.found = append(l.found, f)
			if l.stop > 0 {
				var err error
				if l.rest, err = rest(); err != nil {
					return err
				}
			}
			return nil
		},
		Capture: func(_ context.Context, url string) (io.WriteCloser, error) {
			l.captures++
			return &file{url: url, to: l}, nil
		},
	}
	return l
}

// file is a capture that is checked when it is closed.
type file struct {
	bytes.Buffer
	url string
	to  *look
}

// Close implements io.Closer.
func (f *file) Close() error {
	if f.to.check != nil {
		f.to.check(f.url, f.Bytes())
	}
	return nil
}

// tally counts the marks in what was found.
func tally(found []Found) map[string]int {
	marks := map[string]int{}
	for _, f := range found {
		for _, m := range regexp.MustCompile(`dau moc [^ \n]+`).FindAllString(f.Visible, -1) {
			marks[strings.TrimPrefix(m, "dau moc ")]++
		}
	}
	return marks
}

// Clause 2: what is public is looked through whole, inside limits, and nothing
// that a machine may not see is touched.
func TestClause_2_ASiteIsLookedThroughWhole(t *testing.T) {
	articles := site.Size()
	s := site.New(t, articles)
	l := lookAt(s, quick())
	checked := 0
	l.check = func(url string, file []byte) {
		if _, err := warccheck.Check(file); err != nil && checked >= 0 {
			t.Errorf("%s: %v", url, err)
		}
		checked++
	}
	var peak uint64
	found := l.Found
	l.Found = func(ctx context.Context, f Found, rest func() ([]byte, error)) error {
		if len(l.found)%500 == 0 {
			runtime.GC()
			var m runtime.MemStats
			runtime.ReadMemStats(&m)
			peak = max(peak, m.HeapAlloc)
		}
		f.Links = nil
		return found(ctx, f, rest)
	}
	began := time.Now()
	report, rest, err := Crawl(context.Background(), Plan{
		Kind: Page, URLs: []string{s.Main.URL}, Depth: 100,
		Limits: Limits{Pages: 2*articles + 1000, PageBytes: 256 << 10, PageTime: 3 * time.Second, TotalTime: 10 * time.Minute, PageLinks: 2000},
	}, l.Deps, nil)
	if err != nil || rest != nil || report.End != EndDone {
		t.Fatalf("%v, %s, %d bytes left", err, report.End, len(rest))
	}
	t.Logf("%d requests, %d items, %d captures in %v, heap at most %d MiB; %v", report.Requests, len(l.found), l.captures, time.Since(began).Round(time.Millisecond), peak>>20, report.Counts)

	if forbidden, inner := s.Touched(); len(forbidden) > 0 || inner > 0 {
		t.Errorf("touched what is forbidden: %v, inside %d times", forbidden, inner)
	}
	if n := s.Asked("other /"); n > 0 {
		t.Error("out of scope was read")
	}
	marks := tally(l.found)
	want := []string{"ranh", "cho-phep"}
	for n := range articles {
		if n%100 == 37 {
			want = append(want, fmt.Sprintf("tin-%d-het", n))
		}
	}
	want = append(want, site.Charsets()...)
	for _, m := range want {
		if marks[m] != 1 {
			t.Errorf("mark %s was found %d times", m, marks[m])
		}
	}
	if len(marks) != len(want) {
		t.Errorf("%d marks, %d planted", len(marks), len(want))
	}
	for n := range articles {
		if asked := s.Asked(fmt.Sprintf("/tin/%d", n)); asked != 1 {
			t.Fatalf("article %d was asked for %d times", n, asked)
		}
	}
	if s.Asked("/robots.txt") != 1 || s.Asked("/lon") != 1 {
		t.Error("asked more than once")
	}
	for _, f := range l.found {
		if strings.Contains(f.URL, "/bang-ma/") && !strings.Contains(f.Visible, site.LegacyText()) {
			t.Errorf("%s, read as %s: %.150q", f.URL, f.Charset, f.Visible)
		}
		if short := strings.HasSuffix(f.URL, "/lon") || strings.HasSuffix(f.URL, s.Main.URL+"/bom") || strings.HasSuffix(f.URL, "/nho-giot") || strings.HasSuffix(f.URL, "/dut"); f.Short != short {
			t.Errorf("%s: short %v", f.URL, f.Short)
		}
	}
	for why, least := range map[Reason]int{Robots: 3, OffScope: 5, TooBig: 2, TooSlow: 1, Refused: 2, Failed: 2, Trap: 2, Missing: 1} {
		if report.Counts[why] < least {
			t.Errorf("%s: %d, at least %d", why, report.Counts[why], least)
		}
	}
	for _, samples := range report.Samples {
		for _, u := range samples {
			if strings.ContainsAny(u, "?#") {
				t.Error("a sample tells a query:", u)
			}
		}
	}
	if checked != l.captures || checked < articles {
		t.Errorf("%d captures checked of %d", checked, l.captures)
	}
	if peak > 256<<20 {
		t.Errorf("heap of %d MiB", peak>>20)
	}
}
