// SPDX-License-Identifier: Apache-2.0

package main

import (
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"
)

// A router has little room, and each module in it is one more to keep safe: a
// new one is a decision, written down here.
func TestWhatIsLinked(t *testing.T) {
	want := []string{
		"github.com/klauspost/compress", // NATS and bundles in transit
		"github.com/miekg/dns",
		"github.com/nats-io/jwt/v2",
		"github.com/nats-io/nats.go",
		"github.com/nats-io/nkeys",
		"github.com/nats-io/nuid",
		"github.com/pelletier/go-toml/v2",
		"github.com/quic-go/qpack",
		"github.com/quic-go/quic-go",
		"golang.org/x/crypto",
		"golang.org/x/net",
		"golang.org/x/sys",
		"golang.org/x/text",
		"lachan",
	}
	for _, target := range []string{"amd64", "arm64", "arm", "mipsle"} {
		list := exec.Command("go", "list", "-deps", "-f", "{{with .Module}}{{.Path}}{{end}}", ".")
		list.Env = append(os.Environ(), "CGO_ENABLED=0", "GOOS=linux", "GOARCH="+target, "GOARM=6", "GOMIPS=softfloat")
		out, err := list.Output()
		if err != nil {
			t.Fatalf("%s: %v", target, err)
		}
		got := strings.Fields(string(out))
		slices.Sort(got)
		if got = slices.Compact(got); !slices.Equal(got, want) {
			t.Errorf("%s links\n%s\nwant\n%s", target, strings.Join(got, "\n"), strings.Join(want, "\n"))
		}
	}
}
