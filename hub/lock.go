// SPDX-License-Identifier: Apache-2.0

package hub

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"syscall"

	"lachan/internal/problem"
)

// lock is held on the data folder for as long as the process lives; the
// kernel drops it when the process dies, however it dies.
type lock struct{ f *os.File }

// lockFolder takes the lock, or says store/locked if another process has it.
func lockFolder(dir string) (*lock, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("hub: data folder: %w", err)
	}
	f, err := os.OpenFile(filepath.Join(dir, "lock"), os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, fmt.Errorf("hub: data folder: %w", err)
	}
	if err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		f.Close()
		if errors.Is(err, syscall.EWOULDBLOCK) {
			return nil, problem.New("store/locked")
		}
		return nil, fmt.Errorf("hub: data folder: %w", err)
	}
	return &lock{f}, nil
}

func (l *lock) release() error {
	if l == nil {
		return nil
	}
	return l.f.Close()
}
