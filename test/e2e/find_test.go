// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"bytes"
	"context"
	"crypto/sha256"
	"fmt"
	"image"
	"image/color"
	"image/jpeg"
	"math/rand/v2"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"lachan/duty"
	"lachan/duty/detection"
	"lachan/hub"
	"lachan/hub/demo"
	"lachan/internal/authz"
	"lachan/internal/dnswire"
	"lachan/test/kit"
)

// found is a site with a page that nobody has reported yet.
type found struct {
	server  *httptest.Server
	picture [sha256.Size]byte // digest of its picture's file
	gone    atomic.Bool
}

// newFound starts the site under a name that only the hub's scans can find.
func newFound(t *testing.T, domain string) (*found, hub.Options) {
	t.Helper()
	f := &found{}
	img := image.NewRGBA(image.Rect(0, 0, 320, 200))
	for y := range 200 {
		for x := range 320 {
			img.SetRGBA(x, y, color.RGBA{uint8(x / 2), uint8(90 + (x/40+y/25)%2*120), uint8(y), 255})
		}
	}
	var picture bytes.Buffer
	check(t, jpeg.Encode(&picture, img, nil))
	f.picture = sha256.Sum256(picture.Bytes())
	f.server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch {
		case f.gone.Load() || r.URL.Path == "/robots.txt":
			http.NotFound(w, r)
		case r.URL.Path == "/hinh.jpg":
			w.Header().Set("Content-Type", "image/jpeg")
			_, _ = w.Write(picture.Bytes())
		case r.URL.Path == "/":
			w.Header().Set("Content-Type", "text/html; charset=utf-8")
			fmt.Fprint(w, `<html lang=vi><title>Trang mẫu</title><article><h1>Trang mẫu</h1><p>Chúc mừng em trúng thưởng, gửi mã OTP để nhận quà.</p><img src="/hinh.jpg" alt="ô vuông nhiều màu"></article>`)
		default:
			http.NotFound(w, r)
		}
	}))
	t.Cleanup(f.server.Close)
	names, err := dnswire.NewAuthority(domain + ". 60 IN A 127.0.0.1\n")
	check(t, err)
	check(t, names.Start("127.0.0.1:0"))
	t.Cleanup(func() { names.Close(context.Background()) })
	return f, hub.Options{
		Sites: []netip.AddrPort{netip.MustParseAddrPort(f.server.Listener.Addr().String())},
		Names: &net.Resolver{PreferGo: true, Dial: func(ctx context.Context, _, _ string) (net.Conn, error) {
			return new(net.Dialer).DialContext(ctx, "udp", names.Addr())
		}},
	}
}

// TestClause_5_2_FoundBeforeAnybodyReported: a source is added, scanned, and
// what it holds is judged in a browser; a picture is open only while a button is
// held; the school refuses the name, the case has the capture, the page is seen
// to be gone, and all of it is a figure.
func TestClause_5_2_FoundBeforeAnybodyReported(t *testing.T) {
	const domain = "qua-tang.mau-tim.example"
	site, opts := newFound(t, domain)
	clk := &demo.Shift{}
	opts.Clock = clk
	cfg := kit.Config(kit.Folder(t), "")
	cfg.Detection.Pause, cfg.Media.FFmpeg = 1, "-"
	h := kit.Open(t, cfg, opts)
	officers := kit.Furnish(t, h)
	holder, ok := h.Org.At(h.Org.Today()).Holder("ra_soat_xu_ly")
	if !ok {
		t.Fatal("nobody reviews")
	}
	reviewer := kit.Reader(t, h, nil, "Mai Mẫu Quyên", "ra.soat", holder.Unit, authz.Reviewer, authz.Takedown)
	kit.Run(t, h)
	dns := school(t, h, "mau-tim.example")
	if code := ask(t, dns, "mau-tim.example"); code != "NOERROR" {
		t.Fatalf("before the verdict the name gives %s", code)
	}
	ctx := chromium(t)
	still(t, ctx)
	v := &visitor{t: t, ctx: ctx, base: h.URL(), seen: map[string]int{}}
	logInAt(t, ctx, h.URL(), reviewer, time.Now().Add(30*time.Second))

	// A foreign list comes first: it knows the site's picture.
	do(t, ctx, chromedp.Navigate(h.URL()+"/detection/banks"))
	fill(t, ctx, `[name=name]`, "BANG_MAU")
	fill(t, ctx, `[name=title]`, "Bảng mẫu")
	fill(t, ctx, `[name=label]`, "scam")
	press(t, ctx, `main form[action="/detection/banks"] button`)
	do(t, ctx, chromedp.Navigate(h.URL()+"/detection/exchanges"))
	fill(t, ctx, `[name=name]`, "TEP_MAU")
	fill(t, ctx, `[name=bank]`, "BANG_MAU")
	fill(t, ctx, `[name=format]`, "csv")
	tick(t, ctx, `[name=way][value=file]`)
	press(t, ctx, `main form[action="/detection/exchanges"] button`)
	v.look(where(ctx))
	list := filepath.Join(t.TempDir(), "bang.csv")
	check(t, os.WriteFile(list, fmt.Appendf(nil, "signal_type,signal_value,category\nsha256,%x,mau\nmd5,xyz,mau\n", site.picture), 0o600))
	do(t, ctx, chromedp.SetUploadFiles(`form[action$="/import"] input[type=file]`, []string{list}))
	press(t, ctx, `form[action$="/import"] button`)
	if page := text(t, ctx); strings.Contains(page, "xyz") {
		t.Errorf("a value that was left out is shown:\n%s", page)
	}

	do(t, ctx, chromedp.Navigate(h.URL()+"/detection/sources"))
	fill(t, ctx, `[name=title]`, "Trang mẫu")
	u, err := url.Parse(site.server.URL)
	check(t, err)
	fill(t, ctx, `[name=addresses]`, "http://"+domain+":"+u.Port()+"/")
	press(t, ctx, `main form[action="/detection/sources"] button`)
	source := where(ctx)
	for end := time.Now().Add(time.Minute); !strings.Contains(text(t, ctx), "1 mục vào hàng chờ"); {
		if time.Now().After(end) {
			t.Fatalf("the scan has no end:\n%s", text(t, ctx))
		}
		time.Sleep(200 * time.Millisecond)
		do(t, ctx, chromedp.Navigate(h.URL()+source))
	}
	v.look(source)

	do(t, ctx, chromedp.Navigate(h.URL()+"/detection/queue"))
	if page := text(t, ctx); !strings.Contains(page, "Lừa đảo") || strings.Contains(page, "OTP") || strings.Contains(page, domain) {
		t.Fatalf("the queue:\n%s", page)
	}
	v.look("/detection/queue")
	if got := key(t, ctx, "j", `document.activeElement.closest(".case") !== null`); got != "true" {
		t.Error("J does not go to the first item")
	}
	press(t, ctx, `main form[action="/detection/queue/next"] button`)
	item := where(ctx)
	v.look(item)
	do(t, ctx, chromedp.Navigate(h.URL()+item))
	if page := text(t, ctx); !strings.Contains(page, "trùng mẫu trong kho BANG_MAU") {
		t.Errorf("the list's picture is no reason:\n%s", page)
	}
	hold(t, ctx)
	do(t, ctx, chromedp.Navigate(h.URL()+item))
	if page := text(t, ctx); !strings.Contains(page, "1 trên 40") {
		t.Errorf("the budget did not fall:\n%s", page)
	}
	const chosen = `document.querySelector("[name=verdict]:checked")?.value + " " + document.activeElement.id`
	if got := key(t, ctx, "1", chosen); !strings.HasPrefix(got, "dismiss ") {
		t.Errorf("1 chose %q", got)
	}
	if got := key(t, ctx, "g", chosen); got != "dismiss f-note" {
		t.Errorf("G went to %q", got)
	}
	if got := key(t, ctx, "2", chosen+` + " " + document.activeElement.value`); !strings.HasPrefix(got, "dismiss f-note ") || !strings.HasSuffix(got, "2") {
		t.Errorf("2 in the note: %q", got)
	}
	run(t, ctx, chromedp.Evaluate[any](`document.activeElement.value = ""; document.activeElement.blur(); document.querySelector("[data-keys] input").click()`))
	if got := key(t, ctx, "2", chosen); got != "dismiss " {
		t.Errorf("keys are off, and 2 chose %q", got)
	}
	// Locked from another tab meanwhile: the verdict waits for the passphrase, and
	// nothing of it is lost.
	if status := run(t, ctx, chromedp.Evaluate[int](`fetch("/lock", {method: "POST"}).then(r => r.status)`, chromedp.EvalAwaitPromise)); status != http.StatusOK {
		t.Fatalf("lock: %d", status)
	}
	tick(t, ctx, `[name=verdict][value=block]`)
	fill(t, ctx, `#f-note`, "Ghi chú mẫu, còn nguyên")
	press(t, ctx, `form[action$="/decide"] button`)
	v.look("unlock-with-a-verdict")
	fill(t, ctx, `main [name=passphrase]`, reviewer.Passphrase)
	press(t, ctx, `main form[action="/unlock"] button`)
	if page := text(t, ctx); !strings.Contains(page, "Ghi chú mẫu, còn nguyên") {
		t.Errorf("what was typed is gone:\n%s", page)
	}
	v.look("send-a-verdict")
	press(t, ctx, `main form[action$="/decide"] button`)
	for end := time.Now().Add(10 * time.Second); ask(t, dns, "mau-tim.example") == "NOERROR"; {
		if time.Now().After(end) {
			t.Fatal("ten seconds after the verdict the name is still open")
		}
		time.Sleep(5 * time.Millisecond)
	}
	do(t, ctx, chromedp.Navigate(h.URL()+item))
	v.look(item)

	// The officer of the case opens the capture with his own key.
	press(t, ctx, `form[action="/logout"] button`)
	logInAt(t, ctx, h.URL(), officers[0], time.Now().Add(30*time.Second))
	do(t, ctx, chromedp.Navigate(h.URL()+"/casework"))
	press(t, ctx, `main a[href^="/casework/cases/"]`)
	got := run(t, ctx, chromedp.Evaluate[string](`(async () => {
		const r = await fetch(document.querySelector('a[href*="/capture"]').getAttribute("href"));
		const b = new Uint8Array(await r.arrayBuffer());
		return r.status + " " + r.headers.get("Content-Type") + " " + b[0] + " " + b[1];
	})()`, chromedp.EvalAwaitPromise))
	if got != "200 application/warc 31 139" { // a gzip member
		t.Errorf("the capture: %s", got)
	}

	site.gone.Store(true)
	clk.Back(-2 * time.Hour)
	if looked, gone, err := h.Detection.WatchDue(context.Background(), h.Detection); err != nil || looked != 1 || gone != 1 {
		t.Fatalf("looked at %d, %d gone, %v", looked, gone, err)
	}
	day := duty.DateOf(clk.Now())
	cells, err := h.Detection.Figures(context.Background(), duty.Period{From: day.AddDays(-1), To: day}, holder.Unit)
	if err != nil || cells["E13"] != 1 || cells["E14.yeu_cau"] != 1 || cells["E14.trong_24h"] != 1 {
		t.Errorf("figures %v, %v", cells, err)
	}
}

// TestClause_5_2_AModelIsLearntUsedAndTakenBack: verdicts teach a model in the
// session of an unlocked keeper; it is compared, put to use, finds what no
// pattern knows, and is taken back.
func TestClause_5_2_AModelIsLearntUsedAndTakenBack(t *testing.T) {
	h := kit.Open(t, kit.Config(kit.Folder(t), ""), hub.Options{})
	kit.Furnish(t, h)
	holder, ok := h.Org.At(h.Org.Today()).Holder("ra_soat_xu_ly")
	if !ok {
		t.Fatal("nobody reviews")
	}
	keeper := kit.Reader(t, h, nil, "Cao Mẫu Sơn", "giu.mau", holder.Unit, authz.Reviewer, authz.ModelKeeper)
	judge(t, h, keeper.Login, 180)
	kit.Run(t, h)
	ctx := chromium(t)
	still(t, ctx)
	v := &visitor{t: t, ctx: ctx, base: h.URL(), seen: map[string]int{}}
	finds := func(n int) bool {
		found, err := h.Detection.Find(context.Background(), authz.System("detection.scan"), detection.Finding{
			Source: "nguon", Kind: detection.PageKind, Address: fmt.Sprintf("https://tim%d.mau.example/", n), Text: "hôm nay cả lớp nghe nói zorvat ngoài làng",
		})
		check(t, err)
		return found.Item != ""
	}
	if finds(1) {
		t.Fatal("found before anything was learnt")
	}
	logInAt(t, ctx, h.URL(), keeper, time.Now().Add(30*time.Second))
	do(t, ctx, chromedp.Navigate(h.URL()+"/detection/model"))
	v.look("/detection/model")
	do(t, ctx, chromedp.Navigate(h.URL()+"/detection/model"))
	press(t, ctx, `form[action="/detection/model/learn"] button`)
	model := where(ctx)
	if page := text(t, ctx); !strings.Contains(page, "Đã học và so sánh") {
		t.Fatalf("at %s:\n%s", model, page)
	}
	v.look(model)
	do(t, ctx, chromedp.Navigate(h.URL()+model))
	press(t, ctx, `form[action$="/use"] button`)
	if !finds(2) {
		t.Error("in use, it finds nothing")
	}
	v.look(model)
	do(t, ctx, chromedp.Navigate(h.URL()+model))
	press(t, ctx, `form[action$="/back"] button`)
	if finds(3) {
		t.Error("taken back, it still finds")
	}
}

// judge has a reviewer judge n invented pages: those with an invented word are
// gambling.
func judge(t *testing.T, h *hub.Hub, login string, n int) {
	t.Helper()
	ctx := context.Background()
	sess := kit.Session(t, h, login)
	u, err := h.Identity.Opened(ctx, sess)
	check(t, err)
	who := sess.Actor()
	check(t, h.Detection.AddBank(ctx, who, detection.Bank{Name: "MAU", Label: "gambling", Severity: 2, Permille: 1000}))
	around := strings.Fields("hôm nay sáng mai nhà lớp bạn chuyện nhớ nghe chiều thật nhiều ngoài làng bà em cô thầy đường cuối tuần")
	rng := rand.New(rand.NewPCG(1, 1)) //nolint:gosec // texts for tests
	for i := range n {
		words := ""
		for range 7 {
			words += around[rng.IntN(len(around))] + " "
		}
		cmd := detection.DecideCommand{Verdict: detection.Dismiss, Why: "mistake"}
		if i%2 == 0 {
			cmd = detection.DecideCommand{Verdict: detection.Keep, Label: "gambling", Bank: "MAU"}
			words += [...]string{"zorvat", "quimpel", "drasko"}[i%3]
		} else {
			words += [...]string{"lumeta", "sopiran", "nadelo"}[i%3]
		}
		found, err := h.Detection.Find(ctx, who, detection.Finding{Kind: detection.PageKind, Address: fmt.Sprintf("https://mau.example/%d", i), Text: words})
		check(t, err)
		check(t, h.Detection.Take(ctx, who, found.Item))
		cmd.Item = found.Item
		_, err = h.Detection.Decide(ctx, who, u, cmd)
		check(t, err)
	}
}

// hold presses the button of the first picture with the mouse, looks, and lets
// go.
func hold(t *testing.T, ctx context.Context) {
	t.Helper()
	at := run(t, ctx, chromedp.Evaluate[[]float64](`(() => { const b = document.querySelector("button.hold"); b.scrollIntoView({block: "center"}); const r = b.getBoundingClientRect(); return [r.x + r.width / 2, r.y + r.height / 2] })()`))
	shown := `!!document.querySelector(".ev img.open")`
	do(t, ctx, chromedp.MouseEvent(chromedp.MousePressed, at[0], at[1], chromedp.ButtonLeft))
	waitFor(t, ctx, shown)
	do(t, ctx, chromedp.MouseEvent(chromedp.MouseReleased, at[0], at[1], chromedp.ButtonLeft))
	waitFor(t, ctx, "!"+shown)
}

func waitFor(t *testing.T, ctx context.Context, expression string) {
	t.Helper()
	for end := time.Now().Add(patience); !run(t, ctx, chromedp.Evaluate[bool](expression)); {
		if time.Now().After(end) {
			t.Fatalf("never: %s\n%s", expression, text(t, ctx))
		}
		time.Sleep(20 * time.Millisecond)
	}
}

// key presses one key and evaluates what it did.
func key(t *testing.T, ctx context.Context, k, what string) string {
	t.Helper()
	do(t, ctx, chromedp.KeyEvent(k))
	return run(t, ctx, chromedp.Evaluate[string]("String("+what+")"))
}
