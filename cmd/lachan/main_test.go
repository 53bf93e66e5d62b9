// SPDX-License-Identifier: Apache-2.0

package main

import (
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"lachan/internal/media"
)

func TestMain(m *testing.M) {
	if media.IsChild(os.Args) {
		os.Exit(media.Main(os.Args, os.Stdin, os.Stdout, os.Stderr))
	}
	testscript.Main(m, map[string]func(){"lachan": main})
}

// TestScripts runs each command as an operator would: every page of the
// handbook about a command is one script.
func TestScripts(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir: "testdata/script",
		Setup: func(e *testscript.Env) error {
			e.Setenv("LACHAN_LANG", "en")
			// What lies in the script's folder is published, for lists that are fetched.
			server := httptest.NewServer(http.FileServer(http.Dir(e.WorkDir)))
			e.Defer(server.Close)
			e.Setenv("PUBLISHED", server.URL)
			pictures, err := filepath.Abs("../../internal/pdq/testdata/synthetic")
			e.Setenv("PICTURES", pictures)
			return err
		},
	})
}
