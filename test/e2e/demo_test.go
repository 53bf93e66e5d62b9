// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"testing"
	"time"

	"lachan/hub/demo"
	"lachan/internal/locale"
	"lachan/test/kit"
)

// show is a running demo.
type show struct {
	url      string
	accounts []demo.Account
}

func (s show) URL() string              { return s.url }
func (s show) Accounts() []demo.Account { return s.accounts }

// start runs the demo as `lachan demo` does and waits until it is full.
func start(t *testing.T) show {
	t.Helper()
	texts, err := locale.Load()
	if err != nil {
		t.Fatal(err)
	}
	dir, listen := kit.Folder(t), kit.FreePort(t)
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() {
		done <- demo.Run(ctx, demo.Options{Out: io.Discard, Err: io.Discard, Printer: texts.Printer("vi"), Dir: dir, Listen: listen, Version: "test"})
	}()
	t.Cleanup(func() {
		cancel()
		if err := <-done; err != nil {
			t.Errorf("demo: %v", err)
		}
	})
	s := show{url: "http://" + listen}
	deadline := time.Now().Add(3 * time.Minute)
	for {
		select {
		case err := <-done:
			done <- nil
			t.Fatalf("the demo ended: %v", err)
		default:
		}
		resp, err := http.Get(s.url + "/readyz") //nolint:noctx // a probe
		if err == nil {
			resp.Body.Close()
			if resp.StatusCode == http.StatusOK {
				break
			}
		}
		if time.Now().After(deadline) {
			t.Fatalf("the demo is not ready: %v", err)
		}
		time.Sleep(50 * time.Millisecond)
	}
	data, err := os.ReadFile(filepath.Join(dir, "demo.json"))
	if err != nil {
		t.Fatal(err)
	}
	var memory struct{ Accounts []demo.Account }
	if err := json.Unmarshal(data, &memory); err != nil {
		t.Fatal(err)
	}
	s.accounts = memory.Accounts
	return s
}
