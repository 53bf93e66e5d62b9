// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"encoding/base64"
	"errors"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"strings"

	"lachan/internal/bundle"
	"lachan/internal/ledger"
	"lachan/internal/problem"
)

type ledgerCmd struct {
	Verify ledgerVerifyCmd `cmd:"" help:"${ledger_verify}"`
	Export ledgerExportCmd `cmd:"" help:"${ledger_export}"`
}

type ledgerVerifyCmd struct {
	Path string `arg:"" help:"${arg_export}"`
	Key  string `help:"${flag_key}" placeholder:"KEY"`
}

// Run verifies an export, or the proof of a single entry, without a hub and
// without a network.
func (c *ledgerVerifyCmd) Run(t *terminal) error {
	info, err := os.Stat(c.Path)
	if err != nil {
		return problem.New("cli/no-file", "file", c.Path).Wrap(err)
	}
	key := strings.TrimSpace(c.Key)
	if key == "" {
		// The export carries its key; whoever doubts the sender too gives the
		// key that was published elsewhere.
		data, err := os.ReadFile(filepath.Join(c.Path, "key.pub"))
		if errors.Is(err, fs.ErrNotExist) || !info.IsDir() {
			return problem.New("cli/key-needed")
		}
		if err != nil {
			return err
		}
		key = strings.TrimSpace(string(data))
		t.progress("cli.ledger.own-key", "key", key)
	}
	if !info.IsDir() {
		text, err := os.ReadFile(c.Path)
		if err != nil {
			return err
		}
		leaf, head, err := ledger.VerifyProof(text, key)
		if err != nil {
			return err
		}
		t.say("cli.ledger.proved", "index", leaf.Index, "at", leaf.At, "kind", leaf.Kind, "size", head.Size)
		return nil
	}
	report, err := ledger.Verify(c.Path, key, nil)
	if err != nil {
		return err
	}
	t.say("cli.ledger.sound", "size", report.Size, "root", report.Root, "origin", report.Origin)
	return nil
}

type ledgerExportCmd struct {
	onHub
	To string `required:"" placeholder:"DIR" help:"${flag_to}"`
}

// Run exports the ledger of a hub.
func (c *ledgerExportCmd) Run(ctx context.Context, t *terminal) error {
	dir, err := filepath.Abs(c.To)
	if err != nil {
		return err
	}
	return c.call(ctx, t, "ledger/export", url.Values{"dir": {dir}}, nil, func(r map[string]any) {
		t.say("cli.ledger.exported", "folder", dir, "size", number(r["size"]), "root", r["root"])
	})
}

type bundleCmd struct {
	Inspect bundleInspectCmd `cmd:"" help:"${bundle_inspect}"`
	Build   bundleBuildCmd   `cmd:"" help:"${bundle_build}"`
	Key     keyCmd           `cmd:"" help:"${bundle_key}"`
}

type bundleInspectCmd struct {
	File string `arg:"" type:"existingfile" help:"${arg_file}"`
	Key  string `required:"" placeholder:"BASE64" help:"${flag_bundle_key}"`
}

// Run checks a bundle's signature and every offset in it, and says what it
// holds.
func (c *bundleInspectCmd) Run(t *terminal) error {
	raw, err := base64.StdEncoding.DecodeString(c.Key)
	if err != nil || len(raw) != 32 {
		return problem.New("cli/key-needed")
	}
	b, err := bundle.Open(c.File, bundle.NewTrust(raw))
	if err != nil {
		return err
	}
	t.say("cli.bundle.holds", "number", b.Number(), "names", b.Names(), "bytes", b.Size(), "created", b.Created(), "folded", b.Folded())
	return nil
}

type bundleBuildCmd struct{ onHub }

// Run builds a new bundle from the lists of a hub.
func (c *bundleBuildCmd) Run(ctx context.Context, t *terminal) error {
	return c.call(ctx, t, "bundle/build", nil, nil, nil)
}
