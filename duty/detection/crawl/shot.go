// SPDX-License-Identifier: Apache-2.0

package crawl

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"syscall"
	"time"

	"lachan/internal/fetch"
)

// Browser makes a picture of a page with a Chromium that the operator installed.
// It is given a proxy of internal/fetch as its only way out, so that it reaches
// what the crawler may reach; a folder of its own for each picture, which lies in
// memory and is deleted; and an end in bytes and time, at which it is killed with
// its children.
//
// What the page draws from elsewhere is loaded as for any visitor: robots.txt is
// asked for the page alone, by whoever visited it before.
type Browser struct {
	Path   string // of the program
	Client *fetch.Client
	Agent  string        // User-Agent
	Width  int           // of the picture in pixels; 0: 1280
	Height int           // 0: 2400
	Bytes  int64         // that may pass, both ways; 0: 30 MiB
	Within time.Duration // 0: 40 s
	// Bare runs without Chromium's own sandbox, which a machine of tests that
	// runs as root does not have.
	Bare bool
}

// maxShot is the most that a picture of a page may have, in bytes.
const maxShot = 20 << 20

// ErrShot says that no picture came of a page.
var ErrShot = errors.New("crawl: no picture of the page")

// settle is how long before its end a browser stops loading and draws.
const settle = 8 * time.Second

// Shot gives a PNG of the page.
func (b Browser) Shot(ctx context.Context, address string) ([]byte, error) {
	u, err := fetch.CheckURL(address)
	if err != nil {
		return nil, err
	}
	return b.draw(ctx, u.String())
}

// Works draws an empty page, which needs nothing but the browser itself: ErrShot
// says what it lacks.
func (b Browser) Works(ctx context.Context) error {
	_, err := b.draw(ctx, "about:blank")
	return err
}

func (b Browser) draw(ctx context.Context, address string) ([]byte, error) {
	set(&b.Width, 1280)
	set(&b.Height, 2400)
	set(&b.Bytes, 30<<20)
	set(&b.Within, 40*time.Second)
	proxy, err := b.Client.Proxy(b.Bytes)
	if err != nil {
		return nil, fmt.Errorf("crawl: start the proxy: %w", err)
	}
	defer proxy.Close()
	home, err := newHome(memory)
	if err != nil {
		return nil, fmt.Errorf("%w: a folder for the browser: %w", ErrShot, err)
	}
	defer os.RemoveAll(home)
	ctx, cancel := context.WithTimeout(ctx, b.Within)
	defer cancel()
	picture := filepath.Join(home, "shot.png")
	run := exec.CommandContext(ctx, b.Path, append(b.flags(proxy.Address(), home), "--screenshot="+picture, address)...) //nolint:gosec // the operator names the program, and the address is one of the web
	run.Dir, run.Env = home, []string{"HOME=" + home, "TMPDIR=" + home, "PATH=/usr/bin:/bin", "LANG=C.UTF-8"}
	run.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	run.Cancel = func() error { return syscall.Kill(-run.Process.Pid, syscall.SIGKILL) }
	run.WaitDelay = 5 * time.Second
	failed := run.Run()
	if run.Process != nil {
		syscall.Kill(-run.Process.Pid, syscall.SIGKILL) //nolint:errcheck // none is left, most often
	}
	png, err := readShot(picture)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrShot, errors.Join(failed, ctx.Err(), err))
	}
	return png, nil
}

// flags leave the browser one way out and nothing to remember.
func (b Browser) flags(proxy, home string) []string {
	flags := []string{
		"--headless", "--disable-gpu", "--hide-scrollbars", "--mute-audio", "--no-first-run", "--no-default-browser-check",
		"--user-data-dir=" + filepath.Join(home, "profile"), "--disk-cache-size=1",
		// One way out: names are resolved and addresses judged by the proxy, for
		// this machine's own too.
		"--proxy-server=http://" + proxy, "--proxy-bypass-list=<-loopback>", "--host-resolver-rules=MAP * ~NOTFOUND , EXCLUDE 127.0.0.1",
		"--disable-quic", "--force-webrtc-ip-handling-policy=disable_non_proxied_udp", "--dns-prefetch-disable",
		"--disable-background-networking", "--disable-component-update", "--disable-sync", "--disable-extensions", "--disable-plugins", "--disable-domain-reliability",
		"--disable-client-side-phishing-detection", "--disable-breakpad", "--disable-notifications", "--deny-permission-prompts", "--block-new-web-contents", "--autoplay-policy=user-gesture-required",
		"--lang=vi", "--user-agent=" + b.Agent,
		"--window-size=" + strconv.Itoa(b.Width) + "," + strconv.Itoa(b.Height),
		"--timeout=" + strconv.FormatInt(max(b.Within-settle, time.Second).Milliseconds(), 10),
	}
	if b.Bare {
		flags = append(flags, "--no-sandbox")
	}
	return flags
}

// pngHead is how each PNG begins.
const pngHead = "\x89PNG\r\n\x1a\n"

func readShot(path string) ([]byte, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	png, err := io.ReadAll(io.LimitReader(file, maxShot+1))
	if err != nil {
		return nil, err
	}
	if len(png) > maxShot || !bytes.HasPrefix(png, []byte(pngHead)) {
		return nil, errors.New("no PNG, or one too large")
	}
	return png, nil
}
