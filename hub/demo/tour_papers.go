// SPDX-License-Identifier: Apache-2.0

package demo

import (
	"archive/tar"
	"bytes"
	"context"
	"encoding/base64"
	"errors"
	"io"
	"net/url"
	"os"
	"path/filepath"
	"strings"

	"lachan/internal/ledger"
	"lachan/internal/problem"
)

// documents builds the yearly report and looks for the figure in both files.
func (t *tour) documents(ctx context.Context) error {
	b := t.desks["lead"]
	if err := b.open(ctx, "/reporting/report"); err != nil {
		return err
	}
	if err := b.send(ctx, "/reporting/report", "", nil); err != nil {
		return err
	}
	links := map[string]string{}
	for _, a := range b.page.all("a.filelink") {
		links[strings.TrimPrefix(filepath.Ext(strings.SplitN(a.attrs["href"], "?", 2)[0]), ".")] = a.attrs["href"]
	}
	for _, kind := range []string{"docx", "xlsx"} {
		if err := b.open(ctx, links[kind]); err != nil {
			return err
		}
		read := wordRow
		if kind == "xlsx" {
			read = sheetRow
		}
		row, err := read(b.body, "CT.E01")
		if err != nil {
			return wrong("%s: %w", kind, err)
		}
		if n, ok := number(row[len(row)-1]); !ok || n != 2 {
			return wrong("%s: the row says %q", kind, row)
		}
		t.say("demo.tour.file", "kind", kind, "bytes", len(b.body), "row", strings.Join(row, " | "))
	}
	return nil
}

// outcome ends the case: every track gets its end, an officer proposes the
// outcome, the head agrees, and the child reads it with the receipt.
func (t *tour) outcome(ctx context.Context) error {
	b := t.desks["duty1"]
	for range 4 { // the tracks there are
		if err := b.open(ctx, t.caseAt+"/close"); err != nil {
			return err
		}
		if b.page.first(".flash.warn") == nil {
			break
		}
		if err := t.endTrack(ctx, b); err != nil {
			return err
		}
	}
	if err := b.open(ctx, t.caseAt+"/close"); err != nil {
		return err
	}
	if err := b.send(ctx, "/close", "", url.Values{"outcome": {"O2"}}); err != nil {
		return err
	}
	if _, err := b.form("/proposals"); err == nil {
		return wrong("one person could be both of two")
	}
	head := t.desks["head"]
	if err := head.open(ctx, t.caseAt); err != nil {
		return err
	}
	if err := head.send(ctx, "/proposals", "confirm", nil); err != nil {
		return err
	}
	t.say("demo.tour.closed", "event", t.event(head, "closed"))
	was := t.child.page.first("h1").words()
	if err := t.status(ctx, t.receipt); err != nil {
		return err
	}
	now := t.child.page.first("h1").words()
	if now == was {
		return wrong("the child still reads %q", now)
	}
	t.say("demo.tour.outcome", "status", now, "text", t.child.page.first("p.lead").words())
	return nil
}

// endTrack gives the first open track its end.
func (t *tour) endTrack(ctx context.Context, b *browser) error {
	open := b.page.first(".flash.warn").first("li").words()
	if err := b.open(ctx, t.caseAt+"/tracks"); err != nil {
		return err
	}
	form, err := b.form("/tracks")
	if err != nil {
		return err
	}
	for _, choice := range form.all("label.check") {
		if strings.HasPrefix(choice.words(), open) {
			return b.send(ctx, "/tracks", "", url.Values{"track": {choice.first("input").attrs["value"]}, "end": {"done"}, "note": {t.story.Reason}})
		}
	}
	return wrong("the form does not offer the track %q", open)
}

// ledger downloads the export as an auditor, verifies it offline, and does so
// again after a single bit was changed.
func (t *tour) ledger(ctx context.Context) error {
	if _, err := t.in.hub.Ledger.Sequence(ctx); err != nil { // what is a second old is in the tree
		return err
	}
	b, err := t.desk(ctx, "auditor")
	if err != nil {
		return err
	}
	if err := b.open(ctx, "/ledger"); err != nil {
		return err
	}
	panel := b.page.first(".panel").all("code")
	if len(panel) < 2 {
		return wrong("the page shows no tree head")
	}
	root, key := panel[0].words(), panel[len(panel)-1].words()
	if err := b.open(ctx, "/ledger/export"); err != nil {
		return err
	}
	dir := filepath.Join(t.dir, "ledger")
	if err := untar(b.body, dir); err != nil {
		return wrong("the export (%s): %w", b.kind, err)
	}
	report, err := ledger.Verify(dir, key, nil)
	if err != nil {
		return err
	}
	t.say("demo.tour.ledger-page", "root", root)
	t.say("demo.tour.ledger", "size", report.Size, "root", report.Root, "files", b.kind)
	if _, err := base64.StdEncoding.DecodeString(report.Root); err != nil || report.Kinds["casework.received"] < 2 || report.Kinds["casework.decided"] == 0 {
		return wrong("the export does not tell what happened: %v", report.Kinds)
	}
	changed, err := tamper(dir)
	if err != nil {
		return err
	}
	if _, err = ledger.Verify(dir, key, nil); err == nil {
		return wrong("an export with a changed bit in %s was accepted", changed)
	}
	t.say("demo.tour.tampered", "file", changed, "problem", t.Printer.Problem(problem.From(err)))
	return nil
}

func untar(archive []byte, dir string) error {
	r := tar.NewReader(bytes.NewReader(archive))
	for {
		h, err := r.Next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		if !filepath.IsLocal(h.Name) {
			return wrong("the name %q leads out of the archive", h.Name)
		}
		to := filepath.Join(dir, filepath.FromSlash(h.Name))
		if err := os.MkdirAll(filepath.Dir(to), 0o700); err != nil {
			return err
		}
		data, err := io.ReadAll(r)
		if err != nil {
			return err
		}
		if err := os.WriteFile(to, data, 0o600); err != nil {
			return err
		}
	}
}

// tamper changes one bit of the largest file, which holds entries.
func tamper(dir string) (name string, err error) {
	size := int64(0)
	err = filepath.WalkDir(dir, func(path string, d os.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		info, err := d.Info()
		if err == nil && info.Size() > size {
			name, size = path, info.Size()
		}
		return err
	})
	if err != nil {
		return "", err
	}
	data, err := os.ReadFile(name)
	if err != nil {
		return "", err
	}
	data[len(data)/2] ^= 1
	if err := os.WriteFile(name, data, 0o600); err != nil {
		return "", err
	}
	rel, err := filepath.Rel(dir, name)
	return filepath.ToSlash(rel), err
}
