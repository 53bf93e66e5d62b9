// SPDX-License-Identifier: Apache-2.0

package hub

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"path/filepath"
	"time"

	"lachan/internal/backup"
	"lachan/internal/blobs"
	"lachan/internal/config"
	"lachan/internal/jobs"
	"lachan/internal/problem"
	"lachan/internal/sqldb"
)

// Backup copies the hub, running or not, into dir, and its secrets into a
// file of their own where secrets is not empty.
func (h *Hub) Backup(ctx context.Context, dir, secrets string) (backup.Manifest, error) {
	// What has been entered so far shall be in the tree that is copied.
	if _, err := h.Ledger.Sequence(ctx); err != nil {
		return backup.Manifest{}, err
	}
	m, err := backup.Write(ctx, backup.Source{
		DB: h.DB, Blobs: h.Blobs, Version: h.opts.Version, Now: h.clock.Now(),
		Head: func(ctx context.Context) (int64, string, error) {
			head, err := h.Ledger.Head(ctx)
			return head.Size, head.Root, err
		},
	}, dir, func(string) {})
	if err != nil || secrets == "" {
		return m, err
	}
	return m, backup.Secrets(h.cfg.SecretsDir, secrets)
}

// snapshotBefore copies the database before its schema changes. The parts of
// the hub are not there yet.
func (h *Hub) snapshotBefore(ctx context.Context, dir string) error {
	none, err := blobs.Open(ctx, "", filepath.Join(h.cfg.DataDir, "backups", "no-blobs"))
	if err != nil {
		return err
	}
	_, err = backup.Write(ctx, backup.Source{
		DB: h.DB, Blobs: none, Version: h.opts.Version, Now: h.clock.Now(),
		Head: func(context.Context) (int64, string, error) { return 0, "", nil },
	}, dir, func(string) {})
	return err
}

// Restore brings a backup back into the empty places that the settings name.
func Restore(ctx context.Context, cfg config.Hub, dir, secrets string, progress func(part string)) (backup.Manifest, error) {
	held, err := lockFolder(cfg.DataDir)
	if err != nil {
		return backup.Manifest{}, err
	}
	defer held.release() //nolint:errcheck // the process ends
	url, err := cfg.DatabaseURL()
	if err != nil {
		return backup.Manifest{}, err
	}
	store, err := blobs.Open(ctx, cfg.Blobs.URL, filepath.Join(cfg.DataDir, "blobs"))
	if err != nil {
		return backup.Manifest{}, err
	}
	defer store.Close()
	if secrets != "" {
		if err := backup.RestoreSecrets(secrets, cfg.SecretsDir); err != nil {
			return backup.Manifest{}, err
		}
	}
	return backup.Restore(ctx, dir, backup.Target{
		DatabaseURL: url, Blobs: store, Before: []func(context.Context, *sqldb.DB) error{jobs.Migrate},
	}, progress)
}

// Finding is one thing that fsck holds to be wrong.
type Finding struct {
	Part string `json:"part"`
	What string `json:"what"`
}

// orphanAge is how old a file without its row must be before it is swept: a
// younger one may belong to a change that is not committed yet.
const orphanAge = 24 * time.Hour

// Fsck checks the database, the ledger and the sealed files against each
// other. Nothing found is an empty list; files that a crash left behind are
// swept and counted.
func (h *Hub) Fsck(ctx context.Context) (findings []Finding, swept int, err error) {
	faults, err := h.DB.Check(ctx)
	if err != nil {
		return nil, 0, err
	}
	for _, f := range faults {
		findings = append(findings, Finding{"database", f})
	}
	if _, err := h.Ledger.Sequence(ctx); err != nil {
		return nil, 0, err
	}
	problems, err := h.Ledger.Check(ctx, nil)
	if err != nil {
		return nil, 0, err
	}
	for _, p := range problems {
		findings = append(findings, Finding{"ledger", p.Error()})
	}
	for _, check := range []struct {
		query *sqldb.Query
		what  string
	}{
		{caseWithoutEntry, "a case without its ledger entry"},
		{decisionWithoutBlock, "a decision to block without its block"},
		{blockWithoutDelta, "a block in force without its delta"},
	} {
		n, err := sqldb.One(ctx, h.DB.Read(), check.query, sqldb.Scalar[int64])
		if err != nil {
			return nil, 0, err
		}
		if n > 0 {
			findings = append(findings, Finding{"casework", fmt.Sprintf("%d × %s", n, check.what)})
		}
	}
	more, swept, err := h.checkFiles(ctx)
	return append(findings, more...), swept, err
}

// What must hold between the rooms, counted where it does not.
var (
	caseWithoutEntry = sqldb.Register("hub.case_without_entry", `
		SELECT COUNT(*) FROM casework_report r WHERE NOT EXISTS (SELECT 1 FROM ledger_entry e WHERE e.object = r.case_id OR e.object = r.id)`)
	decisionWithoutBlock = sqldb.Register("hub.decision_without_block", `
		SELECT COUNT(*) FROM casework_decision d WHERE d.kind = 'block' AND NOT EXISTS (SELECT 1 FROM schools_block b WHERE b.decision = d.id)`)
	blockWithoutDelta = sqldb.Register("hub.block_without_delta", `
		SELECT COUNT(*) FROM schools_block b WHERE b.state = 'active' AND NOT EXISTS (SELECT 1 FROM schools_delta d WHERE d.number = b.delta)`)
	bundleFiles = sqldb.Register("hub.bundle_files", `
		SELECT file FROM schools_bundle UNION ALL SELECT file FROM schools_zone WHERE file <> ''`)
)

func (h *Hub) checkFiles(ctx context.Context) (findings []Finding, swept int, err error) {
	wanted := map[string]bool{}
	names, err := sqldb.All(ctx, h.DB.Read(), bundleFiles, sqldb.Scalar[string])
	if err != nil {
		return nil, 0, err
	}
	for _, n := range names {
		wanted[n] = true
	}
	editions, err := h.Schools.EditionFiles(ctx) // made anew where one is missing
	if err != nil {
		return nil, 0, err
	}
	var orphans []string
	err = h.Blobs.List(ctx, "", func(i blobs.Info) error {
		if !wanted[i.Key] && !editions[i.Key] && h.clock.Now().Sub(i.Modified) > orphanAge {
			orphans = append(orphans, i.Key)
		}
		delete(wanted, i.Key)
		return nil
	})
	if err != nil {
		return nil, 0, err
	}
	for name := range wanted {
		findings = append(findings, Finding{"blobs", "a bundle or zone without its file: " + name})
	}
	for _, key := range orphans {
		if err := h.Blobs.Delete(ctx, key); err != nil {
			return nil, 0, err
		}
		swept++
	}
	return findings, swept, nil
}

func (h *Hub) adminBackup(ctx context.Context, q url.Values, _ *http.Request) (any, error) {
	return h.Backup(ctx, q.Get("dir"), q.Get("secrets"))
}

// FsckReport is what fsck says.
type FsckReport struct {
	Findings []Finding `json:"findings"`
	Swept    int       `json:"swept"`
}

func (h *Hub) adminFsck(ctx context.Context, _ url.Values, _ *http.Request) (any, error) {
	findings, swept, err := h.Fsck(ctx)
	return FsckReport{findings, swept}, err
}

func readLimited(r io.Reader, limit int64) ([]byte, error) {
	data, err := io.ReadAll(io.LimitReader(r, limit+1))
	if err == nil && int64(len(data)) > limit {
		err = errors.Join(problem.New("input/too-large", "max", limit>>20))
	}
	return data, err
}
