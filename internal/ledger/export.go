// SPDX-License-Identifier: Apache-2.0

package ledger

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"

	"golang.org/x/mod/sumdb/tlog"

	"lachan/internal/problem"
	"lachan/internal/sqldb"
)

// Progress hears how far a long work has come; nil hears nothing.
type Progress func(done, total int64)

func (p Progress) tell(done, total int64) {
	if p != nil {
		p(done, total)
	}
}

const (
	checkpointFile = "checkpoint"
	keyFile        = "key.pub"
)

// Export writes the log as it stands at the latest checkpoint into dir, which
// must be new or empty (ledger/export-not-empty): checkpoint, tile/… and
// key.pub. Sealed details are not in it. Sequence first, where the newest
// entries matter.
func (l *Log) Export(ctx context.Context, dir string, progress Progress) (Head, error) {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return Head{}, fmt.Errorf("ledger: export: %w", err)
	}
	if there, err := os.ReadDir(dir); err != nil || len(there) > 0 {
		return Head{}, problem.New("ledger/export-not-empty").Wrap(err)
	}
	head, err := l.Head(ctx)
	if err != nil {
		return Head{}, err
	}
	if err := l.exportEntries(ctx, dir, head.Size, progress); err != nil {
		return Head{}, err
	}
	if err := l.exportTiles(ctx, dir, head.Size); err != nil {
		return Head{}, err
	}
	err = errors.Join(
		writeFile(dir, keyFile, []byte(l.PublicKey()+"\n")),
		writeFile(dir, checkpointFile, []byte(head.Signed)), // last: a folder without it is no export
	)
	return head, err
}

func (l *Log) exportEntries(ctx context.Context, dir string, size int64, progress Progress) error {
	for first := int64(0); first < size; first += tileWidth {
		width := int(min(tileWidth, size-first))
		leaves, err := l.Since(ctx, first, width)
		if err != nil {
			return err
		}
		var bundle []byte
		for i, leaf := range leaves {
			if leaf.Index != first+int64(i) {
				return fmt.Errorf("ledger: leaf %d is missing; run fsck", first+int64(i))
			}
			bundle = appendBundled(bundle, leaf.Bytes())
		}
		if len(leaves) != width {
			return fmt.Errorf("ledger: leaf %d is missing; run fsck", first+int64(len(leaves)))
		}
		if err := writeFile(dir, tilePath("entries", first/tileWidth, width), bundle); err != nil {
			return err
		}
		progress.tell(first+int64(width), size)
	}
	return nil
}

func (l *Log) exportTiles(ctx context.Context, dir string, size int64) error {
	for _, t := range tlog.NewTiles(tileHeight, 0, size) {
		first := t.N * tileWidth
		hashes, err := sqldb.All(ctx, l.db.Read(), queryHashes, scanHash, int64(t.L*tileHeight), first, first+int64(t.W))
		if err != nil {
			return err
		}
		if len(hashes) != t.W {
			return fmt.Errorf("ledger: hashes of tile %d of level %d are missing; run fsck", t.N, t.L)
		}
		data := make([]byte, 0, t.W*tlog.HashSize)
		for _, h := range hashes {
			data = append(data, h.hash[:]...)
		}
		if err := writeFile(dir, tilePath(strconv.Itoa(t.L), t.N, t.W), data); err != nil {
			return err
		}
	}
	return nil
}

func writeFile(dir, name string, data []byte) error {
	full := filepath.Join(dir, filepath.FromSlash(name))
	if err := os.MkdirAll(filepath.Dir(full), 0o755); err != nil {
		return fmt.Errorf("ledger: export: %w", err)
	}
	if err := os.WriteFile(full, data, 0o644); err != nil {
		return fmt.Errorf("ledger: export: %w", err)
	}
	return nil
}
