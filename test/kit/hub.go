// SPDX-License-Identifier: Apache-2.0

// Package kit runs whole hubs for the tests under test/: in this process, to
// be looked into, or as the program that an operator starts, to be killed.
// Nothing in it stands in for a part of the product.
package kit

import (
	"bufio"
	"context"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"lachan/hub"
	"lachan/internal/config"
	"lachan/internal/identity"
	"lachan/internal/logs"
	"lachan/internal/vault"
)

// Cheap is the cost of unlocking in tests: the algorithm of the product with
// little memory. What was sealed with it opens with any cost, since the cost
// is stored beside each key.
var Cheap = vault.KDF{MemoryKiB: 64, Passes: 1, Threads: 1}

// Folder is a short temporary folder: the admin socket's path has room for
// about a hundred letters.
func Folder(t testing.TB) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "lc")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	return dir
}

// Config is the settings of a hub on free ports with everything embedded in
// folder; database replaces SQLite if it is not empty.
func Config(folder, database string) config.Hub {
	cfg := config.Default()
	cfg.DataDir = filepath.Join(folder, "data")
	cfg.SecretsDir = filepath.Join(folder, "secrets")
	cfg.HTTP.Listen, cfg.Bus.Listen = "127.0.0.1:0", "127.0.0.1:0"
	cfg.Province.Name = "Tỉnh mẫu"
	cfg.Database.URL = database
	if database == "" {
		cfg.Database.URL = "sqlite:" + filepath.Join(cfg.DataDir, "lachan.db")
	}
	return cfg
}

// Open puts a hub together in this process. It is closed with the test.
func Open(t testing.TB, cfg config.Hub, opts hub.Options) *hub.Hub {
	t.Helper()
	opts.Version, opts.KDF = "test", Cheap
	if opts.Logger == nil {
		opts.Logger = logs.New(t.Output(), "warn", false)
	}
	h, err := hub.New(context.Background(), cfg, opts)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := h.Close(); err != nil {
			t.Errorf("close: %v", err)
		}
	})
	return h
}

// Run serves an opened hub until the returned function is called, or the test
// ends.
func Run(t testing.TB, h *hub.Hub) (stop func()) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- h.Run(ctx) }()
	WaitFor(t, h.URL()+"/healthz")
	var once sync.Once
	stop = func() {
		once.Do(func() {
			cancel()
			if err := <-done; err != nil {
				t.Errorf("hub: %v", err)
			}
		})
	}
	t.Cleanup(stop)
	return stop
}

// WaitFor waits until url answers with 200.
func WaitFor(t testing.TB, url string) {
	t.Helper()
	deadline := time.Now().Add(30 * time.Second)
	for {
		resp, err := http.Get(url) //nolint:noctx // a probe
		if err == nil {
			resp.Body.Close()
			if resp.StatusCode == http.StatusOK {
				return
			}
		}
		if time.Now().After(deadline) {
			t.Fatalf("%s does not answer: %v", url, err)
		}
		time.Sleep(10 * time.Millisecond)
	}
}

// Person is somebody who can log in.
type Person struct {
	ID, Login, Password, Secret, Passphrase string
}

const (
	password   = "a quiet green leaf"
	passphrase = "mưa rơi trên lá chuối xanh"
)

// Furnish makes the people without whom no report is taken in: an
// administrator who keeps the recovery key, and two officers and a head in
// the duty unit, all with their keys.
func Furnish(t testing.TB, h *hub.Hub) (officers []Person) {
	t.Helper()
	ctx := context.Background()
	duty, ok := h.Org.At(h.Org.Today()).Holder("tiep_nhan_phan_anh")
	if !ok {
		t.Fatal("no duty unit")
	}
	lead, ok := h.Org.At(h.Org.Today()).Holder("dau_moi_tong_hop")
	if !ok {
		t.Fatal("no lead department")
	}
	token, err := h.Identity.SetupLink(ctx)
	must(t, err)
	adminID, err := h.Identity.Setup(ctx, token, identity.NewPerson{Name: "Quản Mẫu", Login: "quan.mau", Unit: lead.Unit, Roles: []string{"admin"}}, password)
	must(t, err)
	admin, sess := enter(t, h, Person{ID: adminID, Login: "quan.mau"})
	for _, who := range []struct {
		name, login string
		roles       []string
	}{
		{"Trực Mẫu Một", "truc.mot", []string{"triage", "handler", "takedown"}},
		{"Trực Mẫu Hai", "truc.hai", []string{"triage", "handler", "takedown"}},
		{"Trưởng Mẫu", "truong.mau", []string{"head"}},
	} {
		card, err := h.Identity.Invite(ctx, sess.Actor(), identity.NewPerson{Name: who.name, Login: who.login, Unit: duty.Unit, Roles: who.roles})
		must(t, err)
		_, err = h.Identity.Redeem(ctx, card.Token, password)
		must(t, err)
		p, own := enter(t, h, Person{ID: card.Person, Login: who.login})
		unlocking, err := h.Identity.FirstUnlock(ctx, own, passphrase)
		must(t, err)
		for _, unit := range unlocking.Waiting {
			// Somebody who holds the key already lets the new member in.
			first, err := h.Identity.Session(ctx, cookieOf[officers[0].Login])
			must(t, err)
			must(t, h.Identity.Reseal(ctx, first, unit, p.ID))
		}
		officers = append(officers, p)
	}
	shares, err := h.Identity.MakeRecovery(ctx, sess)
	must(t, err)
	must(t, h.Identity.ConfirmRecovery(ctx, sess, shares[0]))
	if open, why, err := h.Casework.IntakeOpen(ctx); err != nil || !open {
		t.Fatalf("intake is closed: %s %v", why, err)
	}
	_ = admin
	return officers
}

// Hire makes somebody else's account, after Furnish: a person of a unit with
// roles, who opens no sealed content.
func Hire(t testing.TB, h *hub.Hub, name, login, unit string, roles ...string) Person {
	t.Helper()
	ctx := context.Background()
	cookieMu.Lock()
	cookie := cookieOf["quan.mau"]
	cookieMu.Unlock()
	admin, err := h.Identity.Session(ctx, cookie)
	must(t, err)
	card, err := h.Identity.Invite(ctx, admin.Actor(), identity.NewPerson{Name: name, Login: login, Unit: unit, Roles: roles})
	must(t, err)
	_, err = h.Identity.Redeem(ctx, card.Token, password)
	must(t, err)
	p, _ := enter(t, h, Person{ID: card.Person, Login: login})
	p.Passphrase = ""
	return p
}

// Reader is Hire for somebody who opens sealed content: the first of a unit makes
// its key, who comes later is given it by before.
func Reader(t testing.TB, h *hub.Hub, before *Person, name, login, unit string, roles ...string) Person {
	t.Helper()
	ctx := context.Background()
	p := Hire(t, h, name, login, unit, roles...)
	unlocking, err := h.Identity.FirstUnlock(ctx, Session(t, h, login), passphrase)
	must(t, err)
	for _, waiting := range unlocking.Waiting {
		must(t, h.Identity.Reseal(ctx, Session(t, h, before.Login), waiting, p.ID))
	}
	p.Passphrase = passphrase
	return p
}

// Session is the session that a person has since the account was made.
func Session(t testing.TB, h *hub.Hub, login string) identity.Session {
	t.Helper()
	cookieMu.Lock()
	defer cookieMu.Unlock()
	sess, err := h.Identity.Session(context.Background(), cookieOf[login])
	must(t, err)
	return sess
}

// enter logs a new person in through both factors.
func enter(t testing.TB, h *hub.Hub, p Person) (Person, identity.Session) {
	t.Helper()
	ctx := context.Background()
	cookie, _, err := h.Identity.Login(ctx, p.Login, password)
	must(t, err)
	half, err := h.Identity.Session(ctx, cookie)
	must(t, err)
	factor, err := h.Identity.EnrolTOTP(ctx, half, "test")
	must(t, err)
	code, err := identity.Code(factor.Secret, h.Web.Clock.Now())
	must(t, err)
	cookie, err = h.Identity.SecondFactor(ctx, half, code)
	must(t, err)
	sess, err := h.Identity.Session(ctx, cookie)
	must(t, err)
	cookieMu.Lock()
	cookieOf[p.Login] = cookie
	cookieMu.Unlock()
	p.Password, p.Secret, p.Passphrase = password, factor.Secret, passphrase
	return p, sess
}

var (
	cookieMu sync.Mutex
	cookieOf = map[string]string{}
)

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// Binary builds the program once and returns its path.
func Binary(t testing.TB) string {
	t.Helper()
	buildOnce.Do(func() {
		dir, err := os.MkdirTemp("", "lcbin")
		if err != nil {
			buildErr = err
			return
		}
		binary = filepath.Join(dir, "lachan")
		cmd := exec.Command("go", "build", "-o", binary, "lachan/cmd/lachan")
		cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
		if out, err := cmd.CombinedOutput(); err != nil {
			buildErr = fmt.Errorf("%w: %s", err, out)
		}
	})
	if buildErr != nil {
		t.Fatal(buildErr)
	}
	return binary
}

var (
	buildOnce sync.Once
	binary    string
	buildErr  error
)

// FreePort is a port that was free a moment ago.
func FreePort(t testing.TB) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}

// Settings writes cfg as a settings file and returns its path.
func Settings(t testing.TB, folder string, cfg config.Hub) string {
	t.Helper()
	path := filepath.Join(folder, "lachan.toml")
	if err := os.WriteFile(path, []byte(config.Describe(cfg)), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// Process is a hub that runs as a program of its own.
type Process struct {
	*exec.Cmd
	URL string
	Log *strings.Builder
	wg  sync.WaitGroup
	mu  sync.Mutex
}

// Start starts `lachan serve` (behind wrap, such as strace, if given) and waits
// until it answers.
func Start(t testing.TB, settings, url string, wrap ...string) *Process {
	t.Helper()
	args := append(append([]string{}, wrap...), Binary(t), "serve", "--config", settings)
	p := &Process{Cmd: exec.Command(args[0], args[1:]...), URL: url, Log: &strings.Builder{}}
	p.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} // so that Kill reaches what wrap started
	out, err := p.StderrPipe()
	must(t, err)
	must(t, p.Cmd.Start())
	p.wg.Go(func() {
		lines := bufio.NewScanner(out)
		for lines.Scan() {
			p.mu.Lock()
			p.Log.WriteString(lines.Text() + "\n")
			p.mu.Unlock()
		}
	})
	t.Cleanup(func() { p.Kill() })
	deadline := time.Now().Add(60 * time.Second)
	for {
		resp, err := http.Get(url + "/healthz") //nolint:noctx // a probe
		if err == nil {
			resp.Body.Close()
			return p
		}
		if time.Now().After(deadline) {
			p.mu.Lock()
			t.Fatalf("the hub does not start: %v\n%s", err, p.Log)
		}
		time.Sleep(5 * time.Millisecond)
	}
}

// Kill ends the process as a power cut would: without a word.
func (p *Process) Kill() {
	if p.Cmd.Process != nil {
		syscall.Kill(-p.Cmd.Process.Pid, syscall.SIGKILL) //nolint:errcheck // it may be dead already
		p.wg.Wait()
		p.Cmd.Wait() //nolint:errcheck // it was killed
	}
}
