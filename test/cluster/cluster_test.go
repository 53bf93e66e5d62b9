// SPDX-License-Identifier: Apache-2.0

// Package cluster runs two hubs on one PostgreSQL, one bus and one bucket, as
// deploy/cluster describes: they serve the same session and the same receipt,
// and one of them may die.
package cluster

import (
	"context"
	"net/http/httptest"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/johannesboyne/gofakes3"
	"github.com/johannesboyne/gofakes3/backend/s3mem"

	"lachan/hub"
	"lachan/internal/bus"
	"lachan/internal/bus/natsd"
	"lachan/internal/config"
	"lachan/internal/testkit"
	"lachan/test/kit"
)

// shared is what two hubs stand on.
func shared(t *testing.T) func(name string) config.Hub {
	t.Helper()
	if os.Getenv(testkit.PostgresEnv) == "" {
		t.Skip("needs PostgreSQL: " + testkit.PostgresEnv + " is not set")
	}
	folder := kit.Folder(t)
	secrets := filepath.Join(folder, "secrets") // the same on both, as an operator copies them
	if err := os.MkdirAll(secrets, 0o700); err != nil {
		t.Fatal(err)
	}
	keys, err := bus.NewKeys()
	if err != nil {
		t.Fatal(err)
	}
	encoded, err := keys.Encode()
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(secrets, "bus.key"), encoded, 0o600); err != nil {
		t.Fatal(err)
	}
	trust, err := keys.Trust(nil)
	if err != nil {
		t.Fatal(err)
	}
	nats, err := natsd.Start(natsd.Config{Listen: "127.0.0.1:0", Trust: trust})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(nats.Close)
	backend := s3mem.New()
	if err := backend.CreateBucket("lachan"); err != nil {
		t.Fatal(err)
	}
	s3 := httptest.NewServer(gofakes3.New(backend).Server())
	t.Cleanup(s3.Close)
	t.Setenv("AWS_ACCESS_KEY_ID", "test")
	t.Setenv("AWS_SECRET_ACCESS_KEY", "test")
	database := testkit.URL(t)
	return func(name string) config.Hub {
		cfg := kit.Config(filepath.Join(folder, name), database)
		cfg.SecretsDir, cfg.Bus.URL = secrets, nats.URL()
		cfg.Blobs.URL = "s3://lachan?region=us-east-1&use_path_style=true&disable_https=true&endpoint=" + s3.URL
		return cfg
	}
}

func TestTwoHubsServeOneSessionAndOneReceipt(t *testing.T) {
	ctx := context.Background()
	settings := shared(t)
	a := kit.Open(t, settings("a"), hub.Options{})
	officers := kit.Furnish(t, a)
	b := kit.Open(t, settings("b"), hub.Options{})
	stopA := kit.Run(t, a)
	kit.Run(t, b)

	receipt, err := kit.NewBrowser(a.URL()).Report("https://mau.example/", "Chuyện mẫu ở máy A")
	if err != nil {
		t.Fatal(err)
	}
	if err := kit.NewBrowser(b.URL()).Read(receipt); err != nil {
		t.Fatalf("hub B does not know the receipt of hub A: %v", err)
	}

	// The form opened at one hub is sent to the other: nothing was kept.
	child := kit.NewBrowser(a.URL())
	if err := child.Get("/report"); err != nil {
		t.Fatal(err)
	}
	child.Base = b.URL()
	if err := child.Step(map[string][]string{"words": {"Nửa ở A, nửa ở B"}, "go": {"send"}}); err != nil {
		t.Fatal(err)
	}
	second := child.Hidden().Get("secret")
	if err := kit.NewBrowser(a.URL()).Read(second); err != nil {
		t.Fatal(err)
	}

	// One session, unlocked at A, opens sealed content at B.
	officer := kit.NewBrowser(a.URL())
	if err := officer.LogIn(officers[0], time.Now().Add(30*time.Second)); err != nil {
		t.Fatal(err)
	}
	officer.Base = b.URL()
	if err := officer.Get("/casework"); err != nil || officer.Status != 200 || officer.Path != "/casework" {
		t.Fatalf("hub B does not know the session: status %d at %s, %v", officer.Status, officer.Path, err)
	}

	// One ledger: entries of both hubs, one root.
	head, err := b.Ledger.Head(ctx)
	if err != nil || head.Size == 0 {
		t.Fatalf("head %+v, %v", head, err)
	}

	// A dies; B goes on.
	stopA()
	third, err := kit.NewBrowser(b.URL()).Report("", "Chuyện khi A đã tắt")
	if err != nil {
		t.Fatal(err)
	}
	if err := kit.NewBrowser(b.URL()).Read(third); err != nil {
		t.Fatal(err)
	}
	findings, _, err := b.Fsck(ctx)
	if err != nil || len(findings) != 0 {
		t.Fatalf("fsck: %v, %v", findings, err)
	}
}

func TestASecondHubRefusesAnEmbeddedFolder(t *testing.T) {
	cfg := kit.Config(kit.Folder(t), "")
	kit.Open(t, cfg, hub.Options{})
	if _, err := hub.New(context.Background(), cfg, hub.Options{Version: "test", Stderr: t.Output()}); err == nil {
		t.Fatal("two hubs opened one data folder")
	}
}
