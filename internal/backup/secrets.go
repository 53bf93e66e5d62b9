// SPDX-License-Identifier: Apache-2.0

package backup

import (
	"archive/tar"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"lachan/internal/problem"
)

// secretLimit is the longest secret that is taken, in bytes. Keys are short;
// anything longer in that folder is there by mistake.
const secretLimit = 1 << 20

// Secrets copies the files of the hub's secrets folder into one file that
// only its owner may read. Keep it apart from the backup.
func Secrets(folder, file string) (err error) {
	f, err := os.OpenFile(file, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return fmt.Errorf("backup: secrets: %w", err)
	}
	defer func() {
		if err = errors.Join(err, f.Sync(), f.Close()); err != nil {
			os.Remove(file)
		}
	}()
	tw := tar.NewWriter(f)
	err = filepath.WalkDir(folder, func(path string, d fs.DirEntry, err error) error {
		if err != nil || !d.Type().IsRegular() {
			return err
		}
		rel, err := filepath.Rel(folder, path)
		if err != nil {
			return err
		}
		data, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		if err := tw.WriteHeader(&tar.Header{Name: filepath.ToSlash(rel), Size: int64(len(data)), Mode: 0o600}); err != nil {
			return err
		}
		_, err = tw.Write(data)
		return err
	})
	if err != nil {
		return fmt.Errorf("backup: secrets: %w", err)
	}
	return tw.Close()
}

// RestoreSecrets unpacks a file of Secrets into folder, which must be empty
// or absent.
func RestoreSecrets(file, folder string) error {
	if err := emptyFolder(folder); err != nil {
		return err
	}
	f, err := os.Open(file)
	if err != nil {
		return problem.New("backup/no-backup", "folder", file).Wrap(err)
	}
	defer f.Close()
	tr := tar.NewReader(f)
	for {
		head, err := tr.Next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil || !filepath.IsLocal(head.Name) || head.Size > secretLimit || strings.Contains(head.Name, "\\") {
			return problem.New("backup/damaged", "part", filepath.Base(file)).Wrap(err)
		}
		data, err := io.ReadAll(io.LimitReader(tr, secretLimit))
		if err != nil {
			return problem.New("backup/damaged", "part", filepath.Base(file)).Wrap(err)
		}
		path := filepath.Join(folder, filepath.FromSlash(head.Name))
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			return fmt.Errorf("backup: secrets: %w", err)
		}
		if err := writeFile(path, data); err != nil {
			return err
		}
	}
}
