// SPDX-License-Identifier: Apache-2.0

package node

import (
	"os"
	"reflect"
	"strings"
	"testing"

	"lachan/internal/config"
)

// Every setting stands in the handbook, and the handbook's example is read by
// the same strict reader as a school's own file.
func TestHandbookHasEverySetting(t *testing.T) {
	text, err := os.ReadFile("../docs/node.md")
	if err != nil {
		t.Fatal(err)
	}
	kind := reflect.TypeFor[Config]()
	for i := range kind.NumField() {
		if key := kind.Field(i).Tag.Get("toml"); key == "" || !strings.Contains(string(text), "`"+key+"`") {
			t.Errorf("%s (%q) is not in docs/node.md", kind.Field(i).Name, key)
		}
	}
	var cfg Config
	if err := config.DecodeFile("../deploy/node.toml", &cfg); err != nil {
		t.Fatal(err)
	}
	cfg.CertFile, cfg.KeyFile, cfg.ListenTLS, cfg.ListenHTTPS, cfg.ListenQUIC = "", "", nil, nil, nil // the files are the school's
	if err := cfg.Validate(); err != nil {
		t.Error(err)
	}
}
