// SPDX-License-Identifier: Apache-2.0

// Package crash kills hubs. What a hub has acknowledged (a receipt shown, a
// decision taken, an entry in the ledger) must be there when it starts again,
// however it was killed and at whatever moment.
package crash

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"lachan/hub"
	"lachan/internal/config"
	"lachan/internal/ledger"
	"lachan/internal/logs"
	"lachan/test/kit"
)

// world is a furnished data folder whose hub is started and killed over and
// over.
type world struct {
	cfg      config.Hub
	settings string
	url      string
	officers []kit.Person
}

func newWorld(t *testing.T) *world {
	t.Helper()
	folder := kit.Folder(t)
	cfg := kit.Config(folder, "")
	cfg.HTTP.Listen, cfg.Bus.Listen = kit.FreePort(t), kit.FreePort(t)
	h := kit.Open(t, cfg, hub.Options{})
	w := &world{cfg: cfg, officers: kit.Furnish(t, h), url: "http://" + cfg.HTTP.Listen}
	if err := h.Close(); err != nil {
		t.Fatal(err)
	}
	w.settings = kit.Settings(t, folder, cfg)
	return w
}

// rounds is how often the hub is killed: 200 times, fewer in a short run.
func rounds() int {
	if testing.Short() {
		return 10
	}
	return 200
}

// TestSoakAThousandKills is TestNothingAcknowledgedIsLost at the size of the
// bar in DESIGN.md §13.
func TestSoakAThousandKills(t *testing.T) {
	if os.Getenv("LACHAN_SOAK") == "" {
		t.Skip("a thousand kills take minutes: make soak")
	}
	killAndCount(t, 1000)
}

func TestNothingAcknowledgedIsLost(t *testing.T) { killAndCount(t, rounds()) }

// killAndCount sends reports while the hub is killed n times at random moments,
// and looks for every one whose receipt was shown.
func killAndCount(t *testing.T, n int) {
	t.Helper()
	w := newWorld(t)
	var (
		mu       sync.Mutex
		receipts []string
	)
	sampleRand := rand.New(rand.NewPCG(20261123, 4569))
	for round := range n {
		p := kit.Start(t, w.settings, w.url)
		stop := make(chan struct{})
		var children sync.WaitGroup
		for child := range 3 {
			children.Go(func() {
				for i := 0; ; i++ {
					select {
					case <-stop:
						return
					default:
					}
					b := kit.NewBrowser(w.url)
					receipt, err := b.Report(fmt.Sprintf("https://so%d.mau.example/", round), fmt.Sprintf("Chuyện mẫu %d %d %d", round, child, i))
					if err != nil {
						continue // cut off: nothing was acknowledged
					}
					mu.Lock()
					receipts = append(receipts, receipt)
					mu.Unlock()
				}
			})
		}
		time.Sleep(time.Duration(sampleRand.IntN(400)) * time.Millisecond)
		p.Kill()
		close(stop)
		children.Wait()
	}
	t.Logf("%d kills, %d receipts acknowledged", n, len(receipts))
	if len(receipts) < n/4 {
		t.Fatalf("only %d receipts: the test does not bite", len(receipts))
	}
	p := kit.Start(t, w.settings, w.url)
	for _, receipt := range receipts {
		if err := kit.NewBrowser(w.url).Read(receipt); err != nil {
			t.Fatalf("an acknowledged report is gone: %v", err)
		}
	}
	p.Kill()
	sound(t, kit.Open(t, w.cfg, hub.Options{Offline: true}), len(receipts))
}

// sound asks fsck, and verifies an export of the ledger as an outsider would:
// it holds an entry for each report at least.
func sound(t *testing.T, h *hub.Hub, reports int) {
	t.Helper()
	ctx := context.Background()
	findings, _, err := h.Fsck(ctx)
	if err != nil || len(findings) != 0 {
		t.Fatalf("fsck: %v, %v", findings, err)
	}
	dir := filepath.Join(t.TempDir(), "export")
	if _, err := h.Ledger.Export(ctx, dir, nil); err != nil {
		t.Fatal(err)
	}
	report, err := ledger.Verify(dir, h.Ledger.PublicKey(), nil)
	if err != nil {
		t.Fatal(err)
	}
	if report.Size < int64(reports) {
		t.Fatalf("%d entries for %d reports", report.Size, reports)
	}
}

// TestADecisionSurvivesTheKillThatFollows takes decisions to block through the
// service, kills at once, and looks for decision, block, delta and entry.
func TestADecisionSurvivesTheKillThatFollows(t *testing.T) {
	w := newWorld(t)
	n := max(2, rounds()/20)
	for round := range n {
		p := kit.Start(t, w.settings, w.url)
		child := kit.NewBrowser(w.url)
		receipt, err := child.Report(fmt.Sprintf("https://xau%d.mau.example/", round), "Trang này làm em sợ")
		if err != nil {
			t.Fatal(err)
		}
		domain := fmt.Sprintf("xau%d.mau.example", round)
		officer := kit.NewBrowser(w.url)
		// Each code is good once: the round takes the next step of the clock
		// that the hub allows, by a fresh officer each time.
		who := w.officers[round%2]
		if err := officer.LogIn(who, time.Now()); err != nil {
			time.Sleep(31 * time.Second)
			if err := officer.LogIn(who, time.Now()); err != nil {
				t.Fatal(err)
			}
		}
		caseID := newestCase(t, officer)
		err = officer.Post("/casework/cases/"+caseID+"/block", url.Values{
			"domain": {domain}, "basis": {"provisional"}, "category": {"gambling"},
			"why": {"Trang mẫu có hại cho trẻ em"}, "go": {"block"},
		})
		p.Kill()
		if err != nil || officer.Status != 200 {
			t.Fatalf("decision: status %d, %v\n%s", officer.Status, err, officer.Body)
		}
		h := kit.Open(t, w.cfg, hub.Options{Offline: true})
		if client, err := hub.Connect(context.Background(), w.cfg, hub.Options{}); err == nil {
			client.Close()
			t.Fatal("two processes opened one data folder")
		}
		if _, err := h.Casework.OpenStatus(context.Background(), receipt); err != nil {
			t.Fatalf("the report of an acknowledged decision is gone: %v", err)
		}
		highest, err := h.Schools.HighestDelta(context.Background())
		if err != nil || highest < int64(round+1) {
			t.Fatalf("round %d: highest delta %d, %v", round, highest, err)
		}
		findings, _, err := h.Fsck(context.Background())
		if err != nil || len(findings) != 0 {
			t.Fatalf("fsck: %v, %v", findings, err)
		}
		if err := h.Close(); err != nil {
			t.Fatal(err)
		}
	}
}

// newestCase is the id of the first case in the queue.
func newestCase(t *testing.T, b *kit.Browser) string {
	t.Helper()
	if err := b.Get("/casework"); err != nil {
		t.Fatal(err)
	}
	const mark = `/casework/cases/`
	_, after, found := strings.Cut(b.Body, mark)
	if !found {
		t.Fatalf("no case in the queue:\n%s", b.Body)
	}
	id, _, _ := strings.Cut(after, `"`)
	return strings.SplitN(id, "/", 2)[0]
}

func TestFsckFindsNothingAfterTheKills(t *testing.T) {
	w := newWorld(t)
	for range 5 {
		p := kit.Start(t, w.settings, w.url)
		b := kit.NewBrowser(w.url)
		if _, err := b.Report("", "Chuyện mẫu"); err != nil {
			t.Fatal(err)
		}
		p.Kill()
	}
	h := kit.Open(t, w.cfg, hub.Options{Offline: true, Logger: logs.New(io.Discard, "error", false)})
	sound(t, h, 5)
	// And fsck would say so: a report whose ledger entry is gone is found.
	if _, err := h.DB.Writer().Exec(`DELETE FROM ledger_detail`); err != nil {
		t.Fatal(err)
	}
	if findings, _, err := h.Fsck(context.Background()); err != nil || len(findings) == 0 {
		t.Fatalf("fsck missed entries without their details: %v", err)
	}
}

// TestTheSyncComesBeforeTheAcknowledgement traces the system calls of a hub
// while it takes a report: between the request and its answer there is a sync
// of the database's log.
func TestTheSyncComesBeforeTheAcknowledgement(t *testing.T) {
	strace, err := exec.LookPath("strace")
	if err != nil {
		t.Skip("strace is not installed")
	}
	if out, err := exec.Command(strace, "-o", os.DevNull, "true").CombinedOutput(); err != nil {
		t.Skipf("this machine allows no tracing: %s", out)
	}
	w := newWorld(t)
	trace := filepath.Join(t.TempDir(), "trace")
	p := kit.Start(t, w.settings, w.url, strace, "-f", "--seccomp-bpf", "-y", "-s", "64", "-e", "trace=fsync,fdatasync,read,write", "-o", trace)
	b := kit.NewBrowser(w.url)
	if err := b.Get("/report"); err != nil {
		t.Fatal(err)
	}
	for _, answers := range []url.Values{{"words": {"Chuyện mẫu"}, "go": {"next"}}, {"age": {"11_14"}, "go": {"next"}}} {
		if err := b.Step(answers); err != nil {
			t.Fatal(err)
		}
	}
	if err := b.Step(url.Values{"danger": {"no"}, "answer": {"code"}, "go": {"send"}}); err != nil || b.Hidden().Get("secret") == "" {
		t.Fatalf("status %d, %v", b.Status, err)
	}
	// The tracer writes behind the program: wait until it has come to the answer.
	var sent string
	var request, synced, answered bool
	for deadline := time.Now().Add(10 * time.Second); !answered && time.Now().Before(deadline); time.Sleep(50 * time.Millisecond) {
		sent = lastPost(t, trace)
		request, synced, answered = inOrder(sent)
	}
	p.Kill()
	switch {
	case answered && !synced:
		t.Fatalf("the answer was written before the sync:\n%s", sent)
	case !request || !answered:
		t.Fatalf("request %t, sync %t, answer %t:\n%s", request, synced, answered, tail(sent, 4000))
	}
}

// lastPost is the trace from the last request on that sent a form. On a
// connection that is kept the server reads the first letter by itself.
func lastPost(t *testing.T, trace string) string {
	t.Helper()
	data, err := os.ReadFile(trace)
	if err != nil {
		t.Fatal(err)
	}
	at := bytes.LastIndex(data, []byte("OST /report"))
	return string(data[max(at, 0):])
}

// inOrder reads a trace up to the answer: whether the request was read, and
// whether the database's log was synced before the answer was written.
func inOrder(trace string) (request, synced, answered bool) {
	begun := map[string]bool{} // threads whose sync has begun and not ended
	for line := range strings.SplitSeq(trace, "\n") {
		thread, _, _ := strings.Cut(line, " ")
		switch {
		case strings.Contains(line, "OST /report"):
			request = true
		case strings.Contains(line, "lachan.db-wal") && (strings.Contains(line, "fsync(") || strings.Contains(line, "fdatasync(")):
			if strings.Contains(line, "<unfinished") {
				begun[thread] = true
			} else {
				synced = true
			}
		case begun[thread] && strings.Contains(line, "sync resumed>"):
			synced = true
		case strings.Contains(line, "write(") && strings.Contains(line, "HTTP/1.1 200"):
			return request, synced, true
		}
	}
	return request, synced, false
}

func tail(s string, n int) string {
	if len(s) > n {
		return "…" + s[len(s)-n:]
	}
	return s
}
