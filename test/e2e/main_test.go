// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"os"
	"testing"

	"lachan/internal/media"
)

// TestMain lends this program to the children in which pictures are opened.
func TestMain(m *testing.M) {
	if media.IsChild(os.Args) {
		os.Exit(media.Main(os.Args, os.Stdin, os.Stdout, os.Stderr))
	}
	os.Exit(m.Run())
}
