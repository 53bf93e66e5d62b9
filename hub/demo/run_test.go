// SPDX-License-Identifier: Apache-2.0

package demo

import (
	"bytes"
	"context"
	"io"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"lachan/internal/dnswire"
	"lachan/internal/identity"
	"lachan/internal/locale"
)

// shown is what the demo has printed so far.
type shown struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (s *shown) Write(b []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.buf.Write(b)
}

func (s *shown) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.buf.String()
}

// start runs the demo in a folder until stop.
func start(t *testing.T, p *locale.Printer, dir string) (printed string, stop func()) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	out := &shown{}
	done := make(chan error, 1)
	go func() {
		done <- Run(ctx, Options{Out: out, Err: io.Discard, Printer: p, Dir: dir, Listen: "127.0.0.1:0", Version: "test"})
	}()
	stop = sync.OnceFunc(func() {
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
	t.Cleanup(stop)
	last := p.T("demo.run.stop")
	for end := time.Now().Add(60 * time.Second); !strings.Contains(out.String(), last); time.Sleep(20 * time.Millisecond) {
		select {
		case err := <-done:
			done <- nil
			t.Fatal(err)
		default:
		}
		if time.Now().After(end) {
			t.Fatal("the demo does not begin")
		}
	}
	return out.String(), stop
}

// visitor logs in with what the demo printed.
func visitor(t *testing.T, printed, login string) *browser {
	t.Helper()
	find := func(pattern string) string {
		m := regexp.MustCompile(pattern).FindStringSubmatch(printed)
		if m == nil {
			t.Fatalf("%s is not in what was printed", pattern)
		}
		return m[1]
	}
	b, err := newBrowser(strings.TrimSuffix(find(`(http://\S+)/login`), "/"), "vi")
	if err != nil {
		t.Fatal(err)
	}
	quoted := regexp.MustCompile(`“([^”]+)”`).FindAllStringSubmatch(printed, 2)
	code, err := identity.Code(find(`\b`+login+`\s+TOTP (\w+)`), time.Now())
	if err != nil {
		t.Fatal(err)
	}
	ctx := context.Background()
	for _, err := range []error{
		b.open(ctx, "/login"),
		b.send(ctx, "/login", "", map[string][]string{"name": {login}, "password": {quoted[0][1]}}),
		b.send(ctx, "/login/code", "", map[string][]string{"code": {code}}),
	} {
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := b.open(ctx, "/unlock"); err == nil {
		if _, err := b.form("/unlock"); err == nil {
			if err := b.send(ctx, "/unlock", "", map[string][]string{"passphrase": {quoted[1][1]}}); err != nil {
				t.Fatal(err)
			}
		}
	}
	return b
}

// Every page has something to look at, and a folder is taken up again.
func TestRun(t *testing.T) {
	p, dir, ctx := printer(t), t.TempDir(), context.Background()
	printed, stop := start(t, p, dir)
	t.Log(printed)
	duty, lead := visitor(t, printed, "truc1"), visitor(t, printed, "tonghop")
	auditor, admin := visitor(t, printed, "kiemtoan"), visitor(t, printed, "quantri")
	police, commune := visitor(t, printed, "congan1"), visitor(t, printed, "xa1")
	teacher, education := visitor(t, printed, "tinhoc"), visitor(t, printed, "giaoduc")
	pages := []struct {
		who   *browser
		to    string
		what  string // pattern of elements
		least int
	}{
		{duty, "/work", "li.case", 1},
		{duty, "/casework", "li.case", 8},
		{duty, "/casework?state=closed", "li.case", 3},
		{duty, "/casework?light=late", "li.case", 1},
		{duty, "/casework/roster", "tr", 3},
		{lead, "/mission", "li.duty", 1},
		{lead, "/schools", "tr", 12},
		{lead, "/schools", "section.chart", 1},
		{lead, "/schools/nodes", "tr", 5},
		{lead, "/schools/lists", "tr", 3},
		{lead, "/reporting/totals", "tr", 40},
		{lead, "/reporting/totals?indicator=A01", "span.share", 5},
		{lead, "/org", "li", 10},
		{admin, "/org/people", "tr", 15},
		{auditor, "/ledger", "tr", 50},
		{police, "/casework", "li.case", 1},
		{commune, "/casework", "li.case", 1},
		{commune, "/mission", "li.duty", 1},
		{teacher, "/schools", "tr", 2},
		{education, "/schools", "tr", 12},
		{education, "/mission", "li.duty", 1},
		{lead, "/reporting/report", "form", 1},
		{lead, "/schools/lookup?domain=xo-so-mau.example&band=primary", "dd", 1},
		{lead, "/schools/lookup?domain=ca-cuoc-mau.example&band=primary", "dd", 1},
		{duty, "/press", "dd", 2},
		{duty, "/blocks", "h1", 1},
	}
	for _, one := range pages {
		if err := one.who.open(ctx, one.to); err != nil {
			t.Error(err)
			continue
		}
		if n := len(one.who.page.first("main").all(one.what)); n < one.least {
			t.Errorf("%s shows %d %s, want %d or more: %.300s", one.to, n, one.what, one.least, one.who.page.first("main").words())
		}
	}
	dns := regexp.MustCompile(`127\.0\.0\.1:\d+\n\n`).FindString(printed)
	for name, want := range map[string]bool{"xo-so-mau.example": true, "bai-giang-mau.example": false, "ca-cuoc-mau.example": true, "hoc-tot-mau.example": false} {
		r, err := dnswire.Exchange(ctx, "udp", strings.TrimSpace(dns), name, typeA)
		if err != nil || refused(r) != want || len(r.Answers) != 1 {
			t.Errorf("%s: %v, %v; refused should be %v", name, r, err, want)
		}
	}
	stop()
	again, _ := start(t, p, dir)
	b := visitor(t, again, "truc2")
	if err := b.open(ctx, "/casework"); err != nil || len(b.page.all("li.case")) < 8 {
		t.Errorf("the folder was not taken up again: %v", err)
	}
}
