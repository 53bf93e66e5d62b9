// SPDX-License-Identifier: Apache-2.0

package lachan_test

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// door says by which packages a vendor's code comes in. One vendor, one door:
// what a library calls a thing stays behind it, and replacing the library is a
// day's work in one directory.
type door struct {
	path  string   // import path; all below it too, unless a longer path is listed
	by    []string // importers, as patterns of arch_arrows_test.go
	tests []string // importers in test files only
	why   string
}

// doors is the table of every vendor. The longest path that fits decides.
var doors = []door{
	{"modernc.org/sqlite", []string{"internal/sqldb"}, nil, "the database"},
	{"github.com/jackc/pgx/v5", []string{"internal/sqldb"}, nil, "the database"},
	{"github.com/pressly/goose/v3", []string{"internal/sqldb"}, nil, "migrations"},
	{"github.com/riverqueue/river", []string{"internal/jobs"}, nil, "jobs; to replace it is a day's work"},
	{"github.com/nats-io", []string{"internal/bus/..."}, nil, "the bus carries only what the database holds"},
	{"github.com/nats-io/nats-server", []string{"internal/bus/natsd"}, []string{"internal/bus"}, "the server is the hub's: a school's node links the client alone"},
	{"gocloud.dev", []string{"internal/blobs"}, nil, "folder or S3"},
	{"github.com/johannesboyne/gofakes3", nil, []string{"internal/blobs", "test/..."}, "S3 in tests"},
	{"github.com/cedar-policy/cedar-go", []string{"internal/authz"}, nil, "one place decides"},
	{"filippo.io/age", []string{"internal/vault"}, nil, "keys stay in the vault"},
	{"filippo.io/hpke", []string{"internal/vault"}, nil, "keys stay in the vault"},
	{"golang.org/x/crypto", []string{"internal/vault"}, nil, "keys stay in the vault"},
	{"golang.org/x/crypto/argon2", []string{"internal/vault", "internal/identity"}, nil, "passphrases and passwords"},
	{"golang.org/x/crypto/acme", []string{"node/renew"}, nil, "the certificate of a node's encrypted ways"},
	{"github.com/pquerna/otp", []string{"internal/identity"}, []string{"test/...", "hub/..."}, "the second factor"},
	{"golang.org/x/mod/sumdb", []string{"internal/ledger"}, nil, "the tree and its signed checkpoints"},
	{"github.com/miekg/dns", []string{"internal/dnswire/..."}, nil, "the slow path and DNSSEC; the fast one parses in place"},
	{"github.com/quic-go/quic-go", []string{"node/resolver"}, nil, "DNS over QUIC and over HTTP/3; its API moves before 1.0"},
	{"github.com/prometheus", []string{"internal/telemetry"}, []string{"internal/telemetry", "hub/..."}, "numbers of the hub; a node writes its own by hand"},
	{"go.opentelemetry.io", []string{"internal/telemetry"}, []string{"test/watch"}, "traces of the hub; what leaves is named in one place"},
	{"github.com/alecthomas/kong", []string{"cmd/lachan", "cmd/lachan-node"}, nil, "the grammar of commands"},
	{"github.com/pelletier/go-toml/v2", []string{"internal/config"}, nil, "settings"},
	{"github.com/xuri/excelize/v2", []string{"internal/officedoc"}, nil, "workbooks"},
	{"github.com/skip2/go-qrcode", []string{"web"}, nil, "receipts, second factors and invitation cards on pages"},
	{"gopkg.in/yaml.v3", []string{"duty/reporting", "org"}, nil, "directives and packs of a province keep line numbers for their errors"},
	{"github.com/google/uuid", []string{"internal/id"}, nil, "ids"},
	{"golang.org/x/text", []string{"internal/locale", "internal/vntext"}, nil, "words, folding and collation"},
	{"golang.org/x/image", []string{"internal/pdq"}, []string{"internal/media"}, "decoders of pictures; what comes in is bounded at this door"},
	{"github.com/tetratelabs/wazero", []string{"internal/media/avif"}, nil, "a decoder written in C, in a memory of its own; only the hub links it"},
	{"golang.org/x/net/idna", []string{"internal/bundle"}, nil, "a domain has one spelling"},
	{"golang.org/x/net/publicsuffix", []string{"duty/schools", "internal/bundle", "duty/detection/lookalike"}, nil, "a block of a public suffix needs two persons; whose name a domain is"},
	{"golang.org/x/net/ipv4", []string{"test/dnsbench"}, nil, "the echo server that takes many packets at once, a yardstick"},
	{"golang.org/x/net/html", []string{"duty/detection/crawl"}, []string{"..."}, "pages that are looked through, and reading our own in tests"},
	{"codeberg.org/readeck/go-readability/v2", []string{"duty/detection/crawl"}, nil, "which part of a page is its article"},
	{"github.com/nlnwa/gowarc/v3", []string{"internal/testkit/warccheck"}, nil, "an independent reader of captures, in tests"},
	{"golang.org/x/sys", []string{"internal/media", "internal/media/fence", "node/...", "hub"}, nil, "ports shared by cores, locks, what is kept from a decoder"},
	{"golang.org/x/sync", []string{"hub/...", "test/...", "node/...", "internal/..."}, nil, "groups of goroutines"},
	{"github.com/chromedp", nil, []string{"test/...", "web/ui/..."}, "the browser"},
	{"github.com/jba/templatecheck", nil, []string{"web/...", "node/..."}, "each template against its page"},
	{"pgregory.net/rapid", nil, []string{"..."}, "properties"},
	{"github.com/google/go-cmp", nil, []string{"..."}, "differences"},
	{"github.com/rogpeppe/go-internal", nil, []string{"cmd/lachan", "cmd/lachan-node", "test/..."}, "scripts for each command"},
	{"go.uber.org/goleak", nil, []string{"..."}, "goroutines left behind"},
}

// directRequire finds the modules that go.mod requires for an import of ours.
var directRequire = regexp.MustCompile(`(?m)^(?:\t|require )(\S+\.\S+) v[^\s/]+$`)

func checkDoors(t *tree) []string {
	var faults []string
	t.goFiles(func(s *source) {
		for imp, pos := range imports(s) {
			if !thirdParty(imp) {
				continue
			}
			var d *door
			for i := range doors {
				fitsPath := imp == doors[i].path || strings.HasPrefix(imp, doors[i].path+"/")
				if fitsPath && (d == nil || len(doors[i].path) > len(d.path)) {
					d = &doors[i]
				}
			}
			switch {
			case d == nil:
				faults = append(faults, fmt.Sprintf("%s: %s has no door; a new vendor needs a line in arch_doors_test.go with its one importer", t.at(s, pos), imp))
			case fitsAny(d.by, s.dir()):
			case s.test() && fitsAny(d.tests, s.dir()):
			default:
				who := strings.Join(d.by, ", ")
				if who == "" {
					who = "tests only: " + strings.Join(d.tests, ", ")
				}
				faults = append(faults, fmt.Sprintf("%s: %s must not import %s; its door is %s (%s)", t.at(s, pos), s.dir(), imp, who, d.why))
			}
		}
	})
	for _, s := range t.files {
		if s.Path != "go.mod" {
			continue
		}
		for _, m := range directRequire.FindAllStringSubmatch(s.Text, -1) {
			if !slices.ContainsFunc(doors, func(d door) bool {
				return d.path == m[1] || strings.HasPrefix(d.path, m[1]+"/") || strings.HasPrefix(m[1], d.path+"/")
			}) {
				faults = append(faults, fmt.Sprintf("go.mod: %s is required and has no door in arch_doors_test.go", m[1]))
			}
		}
	}
	slices.Sort(faults)
	return faults
}

func TestArchDoors(t *testing.T) {
	enforce(t, checkDoors,
		example{"a duty speaks to the driver", map[string]string{"duty/casework/a.go": "package casework\nimport _ \"github.com/jackc/pgx/v5\"\n"}, "its door is internal/sqldb"},
		example{"a vendor nobody listed", map[string]string{"org/a.go": "package org\nimport _ \"example.org/left/pad\"\n"}, "has no door"},
		example{"a test library in the product", map[string]string{"org/a.go": "package org\nimport _ \"pgregory.net/rapid\"\n"}, "tests only"},
		example{"a module nobody listed", map[string]string{"go.mod": "module lachan\n\nrequire (\n\texample.org/left v1.0.0\n\texample.org/right v1.0.0 // indirect\n)\n"}, "go.mod: example.org/left"},
		example{"the longer path decides", map[string]string{"internal/identity/a.go": "package identity\nimport _ \"golang.org/x/crypto/chacha20poly1305\"\n"}, "its door is internal/vault"},
		example{"good", map[string]string{
			"internal/sqldb/a.go":    "package sqldb\nimport _ \"github.com/jackc/pgx/v5/stdlib\"\n",
			"internal/identity/a.go": "package identity\nimport _ \"golang.org/x/crypto/argon2\"\n",
			"org/a_test.go":          "package org\nimport _ \"pgregory.net/rapid\"\n",
		}, ""},
	)
}
