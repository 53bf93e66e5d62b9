// SPDX-License-Identifier: Apache-2.0

package pdq

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"testing"
)

// On arm64 the compiler multiplies and adds in one step, with one rounding,
// wherever the code does not round the product itself. The vectors pass there
// too, but they are few; this looks at every instruction.
func TestNothingIsFusedOnArm64(t *testing.T) {
	if testing.Short() {
		t.Skip("compiles the decoders for arm64")
	}
	goTool, err := exec.LookPath("go")
	if err != nil {
		t.Skip("no go command to compile with")
	}
	// Here the two ways of writing give the same program, and go test would
	// answer from its cache: files that were read are looked at anew.
	sources, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range sources {
		if _, err := os.ReadFile(name); err != nil {
			t.Fatal(err)
		}
	}
	build := exec.Command(goTool, "build", "-gcflags=-S", "-o", os.DevNull, ".")
	build.Env = append(os.Environ(), "GOOS=linux", "GOARCH=arm64", "CGO_ENABLED=0")
	listing, err := build.CombinedOutput()
	if err != nil {
		t.Fatalf("%v: %.2000s", err, listing)
	}
	if !regexp.MustCompile(`\sFMULS\s`).Match(listing) || !regexp.MustCompile(`\sFADDS\s`).Match(listing) {
		t.Fatal("no products and sums in the listing: nothing was looked at")
	}
	for _, fused := range regexp.MustCompile(`\(.*\)\s+FN?M(ADD|SUB)[SD]\s.*`).FindAll(listing, 5) {
		t.Errorf("fused: %s", fused)
	}
}
