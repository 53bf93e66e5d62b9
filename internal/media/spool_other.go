// SPDX-License-Identifier: Apache-2.0

//go:build !linux

package media

import "os"

// nameless is a file without a name, where the system lets an open file be
// removed.
func nameless() (*os.File, error) {
	f, err := os.CreateTemp("", "media-*")
	if err != nil {
		return nil, err
	}
	_ = os.Remove(f.Name())
	return f, nil
}

func closed(*os.File) error { return nil }
