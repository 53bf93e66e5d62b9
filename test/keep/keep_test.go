// SPDX-License-Identifier: Apache-2.0

// Package keep proves what an operator relies on: a backup of a running hub
// that comes back, a copy that betrays nobody, TLS in both ways, and a full
// disk that is said plainly.
package keep

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"io/fs"
	"math/big"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"lachan/hub"
	"lachan/internal/identity"
	"lachan/internal/logs"
	"lachan/internal/problem"
	"lachan/internal/testkit"
	"lachan/test/kit"
)

// The seeds: what must never be found in clear.
const (
	story = "Có người lạ nhắn em gửi ảnh ở hẻm Cây Bàng"
	phone = "0912345678"
	page  = "https://chuyen-rieng.mau.example/trang?id=77"
)

func TestBackupOfARunningHubComesBack(t *testing.T) {
	t.Run("SQLite", func(t *testing.T) { backUpAndRestore(t, "", "") })
	t.Run("PostgreSQL", func(t *testing.T) {
		if os.Getenv(testkit.PostgresEnv) == "" {
			t.Skip("needs PostgreSQL: " + testkit.PostgresEnv + " is not set")
		}
		backUpAndRestore(t, testkit.URL(t), testkit.URL(t))
	})
}

func backUpAndRestore(t *testing.T, database, target string) {
	ctx := context.Background()
	folder := kit.Folder(t)
	cfg := kit.Config(folder, database)
	h := kit.Open(t, cfg, hub.Options{})
	officers := kit.Furnish(t, h)
	stop := kit.Run(t, h)
	receipt, err := kit.NewBrowser(h.URL()).Report(page, story)
	if err != nil {
		t.Fatal(err)
	}
	to, secrets := filepath.Join(folder, "backup"), filepath.Join(folder, "secrets.tar")
	made, err := h.Backup(ctx, to, secrets)
	if err != nil {
		t.Fatal(err)
	}
	// The hub goes on; what comes later is not in the backup.
	if _, err := kit.NewBrowser(h.URL()).Report("", "Chuyện sau"); err != nil {
		t.Fatal(err)
	}
	stop()
	if err := h.Close(); err != nil {
		t.Fatal(err)
	}

	elsewhere := kit.Config(filepath.Join(folder, "new"), target)
	got, err := hub.Restore(ctx, elsewhere, to, secrets, func(string) {})
	if err != nil {
		t.Fatal(err)
	}
	back := kit.Open(t, elsewhere, hub.Options{})
	kit.Run(t, back)
	head, err := back.Ledger.Head(ctx)
	if err != nil {
		t.Fatal(err)
	}
	if head.Size < made.LedgerSize || got.LedgerRoot != made.LedgerRoot {
		t.Fatalf("head %d, manifest %d", head.Size, made.LedgerSize)
	}
	if err := kit.NewBrowser(back.URL()).Read(receipt); err != nil {
		t.Fatalf("the receipt: %v", err)
	}
	cookie, _, err := back.Identity.Login(ctx, officers[0].Login, officers[0].Password)
	if err != nil {
		t.Fatal(err)
	}
	half, err := back.Identity.Session(ctx, cookie)
	if err != nil {
		t.Fatal(err)
	}
	code, err := identity.Code(officers[0].Secret, time.Now().Add(30*time.Second))
	if err != nil {
		t.Fatal(err)
	}
	if cookie, err = back.Identity.SecondFactor(ctx, half, code); err != nil {
		t.Fatal(err)
	}
	sess, err := back.Identity.Session(ctx, cookie)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := back.Identity.Unlock(ctx, sess, officers[0].Passphrase); err != nil {
		t.Fatalf("unlock: %v", err)
	}
	findings, _, err := back.Fsck(ctx)
	if err != nil || len(findings) != 0 {
		t.Fatalf("fsck: %v, %v", findings, err)
	}
}

// TestACopyBetraysNobody looks for the seeds in every file that a thief of
// database, blobs and log would have.
func TestACopyBetraysNobody(t *testing.T) {
	folder := kit.Folder(t)
	cfg := kit.Config(folder, "")
	var log bytes.Buffer
	h := kit.Open(t, cfg, hub.Options{Logger: logs.New(&log, "debug", true)})
	officers := kit.Furnish(t, h)
	stop := kit.Run(t, h)
	b := kit.NewBrowser(h.URL())
	receipt, err := b.Report(page, story+" "+phone)
	if err != nil {
		t.Fatal(err)
	}
	if err := b.Read(receipt); err != nil {
		t.Fatal(err)
	}
	b.Get("/status?receipt=" + receipt) //nolint:errcheck // a careless address must not be kept either
	officer := kit.NewBrowser(h.URL())
	if err := officer.LogIn(officers[0], time.Now().Add(30*time.Second)); err != nil {
		t.Fatal(err)
	}
	stop()
	if err := h.Close(); err != nil {
		t.Fatal(err)
	}
	copied := map[string][]byte{"log": log.Bytes()}
	err = filepath.WalkDir(cfg.DataDir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || !d.Type().IsRegular() {
			return err
		}
		copied[path], err = os.ReadFile(path)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	compact := strings.ReplaceAll(strings.ReplaceAll(receipt, "-", ""), " ", "")
	for _, seed := range []string{
		story, "Cây Bàng", phone, "chuyen-rieng", receipt, compact, strings.ToLower(compact),
		"Trực Mẫu", "truc.mot", officers[0].Secret, officers[0].Passphrase, officers[0].Password,
	} {
		for name, data := range copied {
			if bytes.Contains(data, []byte(seed)) {
				t.Errorf("%s holds %q in clear", filepath.Base(name), seed)
			}
		}
	}
	if len(log.Bytes()) == 0 || len(copied) < 3 {
		t.Fatalf("nothing was looked at: %d files", len(copied))
	}
	// A guess is not confirmed either: no plain hash of the phone number or
	// the receipt is anywhere in the copy.
	for _, guess := range hashes(phone, receipt, compact) {
		for name, data := range copied {
			if bytes.Contains(data, guess) {
				t.Errorf("%s confirms a guess", filepath.Base(name))
			}
		}
	}
}

func TestOwnCertificate(t *testing.T) {
	folder := kit.Folder(t)
	cfg := kit.Config(folder, "")
	cfg.HTTP.CertFile, cfg.HTTP.KeyFile = certificate(t, folder)
	cfg.HTTP.Listen = kit.FreePort(t)
	h := kit.Open(t, cfg, hub.Options{})
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- h.Run(ctx) }()
	t.Cleanup(func() {
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
	client := &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{InsecureSkipVerify: true}}} //nolint:gosec // our own, made above
	var resp *http.Response
	var err error
	for range 500 {
		if resp, err = client.Get("https://" + cfg.HTTP.Listen + "/"); err == nil { //nolint:noctx // a probe
			break
		}
		time.Sleep(10 * time.Millisecond)
	}
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	if resp.StatusCode != http.StatusOK || resp.Header.Get("Strict-Transport-Security") == "" {
		t.Fatalf("status %d, headers %v", resp.StatusCode, resp.Header)
	}
	if _, err := http.Get("http://" + cfg.HTTP.Listen + "/"); err == nil { //nolint:noctx // a probe
		if resp, err := http.Get("http://" + cfg.HTTP.Listen + "/"); err == nil && resp.StatusCode == http.StatusOK { //nolint:noctx,bodyclose // a probe
			t.Fatal("served without TLS")
		}
	}
}

// TestBehindAProxy: the client's address, which the proxy passes, reaches no
// log; a proxy of ours that was reached by http sends the browser to https.
func TestBehindAProxy(t *testing.T) {
	folder := kit.Folder(t)
	cfg := kit.Config(folder, "")
	cfg.HTTP.PublicURL, cfg.HTTP.TrustedProxy = "https://lachan.mau.example", []string{"127.0.0.0/8"}
	var log bytes.Buffer
	h := kit.Open(t, cfg, hub.Options{Logger: logs.New(&log, "debug", true)})
	server := &http.Server{Handler: h.Handler(), ReadHeaderTimeout: time.Second}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	go server.Serve(l) //nolint:errcheck // closed below
	t.Cleanup(func() { server.Close() })
	ask := func(proto string) *http.Response {
		t.Helper()
		r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://"+l.Addr().String()+"/", nil)
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("X-Forwarded-For", "203.0.113.77")
		r.Header.Set("X-Forwarded-Proto", proto)
		r.Header.Set("User-Agent", "Mozilla/5.0 SeededAgent")
		resp, err := http.DefaultTransport.RoundTrip(r)
		if err != nil {
			t.Fatal(err)
		}
		resp.Body.Close()
		return resp
	}
	if resp := ask("https"); resp.StatusCode != http.StatusOK {
		t.Fatalf("status %d", resp.StatusCode)
	}
	if resp := ask("http"); resp.StatusCode != http.StatusPermanentRedirect || !strings.HasPrefix(resp.Header.Get("Location"), "https://") {
		t.Fatalf("status %d to %q", resp.StatusCode, resp.Header.Get("Location"))
	}
	for _, seed := range []string{"203.0.113.77", "SeededAgent", "127.0.0.1"} {
		if strings.Contains(log.String(), seed) {
			t.Errorf("the log holds %q:\n%s", seed, log.String())
		}
	}
}

// TestAFullDiskIsSaidPlainly lets SQLite run out of pages, which is the error
// that a full disk gives, while a child sends a report.
func TestAFullDiskIsSaidPlainly(t *testing.T) {
	folder := kit.Folder(t)
	h := kit.Open(t, kit.Config(folder, ""), hub.Options{})
	kit.Furnish(t, h)
	kit.Run(t, h)
	b := kit.NewBrowser(h.URL())
	kept, err := b.Report("", "Chuyện trước khi đầy")
	if err != nil {
		t.Fatal(err)
	}
	var pages int
	if err := h.DB.Writer().QueryRow("PRAGMA page_count").Scan(&pages); err != nil {
		t.Fatal(err)
	}
	if _, err := h.DB.Writer().Exec("PRAGMA max_page_count = 1"); err != nil { // the least is what is used now
		t.Fatal(err)
	}
	var status int
	for range 200 { // free pages inside the file are used up first
		if _, err := b.Report("", strings.Repeat("Chuyện dài. ", 300)); err != nil {
			status = b.Status
			break
		}
	}
	if status != http.StatusServiceUnavailable || !strings.Contains(b.Body, "111") {
		t.Fatalf("status %d:\n%s", status, b.Body)
	}
	if resp, err := http.Get(h.URL() + "/readyz"); err != nil || resp.StatusCode != http.StatusServiceUnavailable { //nolint:noctx,bodyclose // a probe
		t.Fatalf("readyz: %v, %v", resp, err)
	}
	if err := kit.NewBrowser(h.URL()).Read(kept); err != nil {
		t.Fatalf("what was kept before cannot be read: %v", err)
	}
	if _, err := h.DB.Writer().Exec("PRAGMA max_page_count = 1073741823"); err != nil {
		t.Fatal(err)
	}
	if _, err := kit.NewBrowser(h.URL()).Report("", "Chuyện sau khi có chỗ"); err != nil {
		t.Fatalf("with room again: %v", err)
	}
}

func TestANewerSchemaIsRefused(t *testing.T) {
	cfg := kit.Config(kit.Folder(t), "")
	h := kit.Open(t, cfg, hub.Options{})
	if _, err := h.DB.Writer().Exec(`INSERT INTO goose_db_version (version_id, is_applied) VALUES (99999, 1)`); err != nil {
		t.Fatal(err)
	}
	if err := h.Close(); err != nil {
		t.Fatal(err)
	}
	_, err := hub.New(context.Background(), cfg, hub.Options{Logger: logs.New(t.Output(), "error", false)})
	if !problem.Is(err, "store/newer-schema") {
		t.Fatalf("got %v", err)
	}
}

// TestMigrateBacksUpFirst takes the last step of the schema back and opens
// the hub again: before the step is taken anew there is a way back.
func TestMigrateBacksUpFirst(t *testing.T) {
	cfg := kit.Config(kit.Folder(t), "")
	h := kit.Open(t, cfg, hub.Options{})
	steps, err := filepath.Glob("../../internal/sqldb/migrations/sqlite/*.sql") // sorted
	if err != nil || len(steps) == 0 {
		t.Fatalf("steps %v, %v", steps, err)
	}
	last := steps[len(steps)-1]
	step, err := os.ReadFile(last)
	if err != nil {
		t.Fatal(err)
	}
	number, err := strconv.Atoi(filepath.Base(last)[:5])
	if err != nil {
		t.Fatal(err)
	}
	made := regexp.MustCompile(`(?m)^CREATE TABLE (\w+)`).FindAllSubmatch(step, -1)
	if len(made) == 0 {
		t.Fatalf("%s makes no table: take it back here in its own way", last)
	}
	undone := []string{fmt.Sprintf("DELETE FROM goose_db_version WHERE version_id = %d", number)}
	for _, m := range slices.Backward(made) { // what refers to another was made after it
		undone = append(undone, "DROP TABLE "+string(m[1]))
	}
	for _, undo := range undone {
		if _, err := h.DB.Writer().Exec(undo); err != nil {
			t.Fatal(err)
		}
	}
	if err := h.Close(); err != nil {
		t.Fatal(err)
	}
	kit.Open(t, cfg, hub.Options{})
	kept, err := filepath.Glob(filepath.Join(cfg.DataDir, "backups", fmt.Sprintf("before-schema-%d-*", number), "database.snapshot"))
	if err != nil || len(kept) != 1 {
		t.Fatalf("backups %v, %v", kept, err)
	}
}

func certificate(t *testing.T, dir string) (certFile, keyFile string) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	tmpl := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "lachan.mau.example"},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
	}
	der, err := x509.CreateCertificate(rand.Reader, tmpl, tmpl, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	raw, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	certFile, keyFile = filepath.Join(dir, "cert.pem"), filepath.Join(dir, "key.pem")
	for path, block := range map[string]*pem.Block{certFile: {Type: "CERTIFICATE", Bytes: der}, keyFile: {Type: "PRIVATE KEY", Bytes: raw}} {
		if err := os.WriteFile(path, pem.EncodeToMemory(block), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return certFile, keyFile
}
