// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bufio"
	"bytes"
	"path/filepath"
	"strings"
	"testing"
)

func stream(lines ...string) string { return strings.Join(lines, "\n") + "\n" }

func TestCountsSingleCases(t *testing.T) {
	cases := []struct {
		name, in string
		want     counts
		says     []string
		silent   []string
	}{
		{
			"leaves only, with the reason of a skip and the words of a failure",
			stream(
				`{"Action":"start","Package":"p"}`,
				`{"Action":"run","Package":"p","Test":"TestA"}`,
				`{"Action":"run","Package":"p","Test":"TestA/one"}`,
				`{"Action":"output","Package":"p","Test":"TestA/one","Output":"quiet please\n"}`,
				`{"Action":"pass","Package":"p","Test":"TestA/one"}`,
				`{"Action":"run","Package":"p","Test":"TestA/two"}`,
				`{"Action":"output","Package":"p","Test":"TestA/two","Output":"    a_test.go:3: got 1\n"}`,
				`{"Action":"fail","Package":"p","Test":"TestA/two"}`,
				`{"Action":"fail","Package":"p","Test":"TestA"}`,
				`{"Action":"run","Package":"p","Test":"TestB"}`,
				`{"Action":"output","Package":"p","Test":"TestB","Output":"=== RUN   TestB\n"}`,
				`{"Action":"output","Package":"p","Test":"TestB","Output":"    b_test.go:9: no data there\n"}`,
				`{"Action":"skip","Package":"p","Test":"TestB"}`,
				`{"Action":"fail","Package":"p"}`,
			),
			counts{1, 1, 1},
			[]string{"got 1", "SKIP p TestB: b_test.go:9: no data there"},
			[]string{"quiet please"},
		},
		{
			"a package that does not build",
			stream(
				`{"ImportPath":"p [p.test]","Action":"build-output","Output":"x.go:1: undefined: y\n"}`,
				`{"ImportPath":"p [p.test]","Action":"build-fail"}`,
				`{"Action":"start","Package":"p"}`,
				`{"Action":"fail","Package":"p","FailedBuild":"p [p.test]"}`,
			),
			counts{0, 1, 0},
			[]string{"undefined: y"},
			nil,
		},
		{
			"a test that never ended",
			stream(
				`{"Action":"run","Package":"p","Test":"TestA"}`,
				`{"Action":"output","Package":"p","Test":"TestA","Output":"panic: test timed out\n"}`,
				`{"Action":"fail","Package":"p"}`,
			),
			counts{0, 1, 0},
			[]string{"timed out"},
			nil,
		},
		{
			"a stream that broke off",
			stream(`{"Action":"run","Package":"p","Test":"TestA"}`, `{"Action":"pass","Package":"p","Test":"TestA"}`),
			counts{1, 1, 0},
			[]string{"FAIL p"},
			nil,
		},
		{
			"a package without tests",
			stream(`{"Action":"start","Package":"p"}`, `{"Action":"skip","Package":"p"}`),
			counts{0, 0, 0},
			nil,
			[]string{"FAIL", "SKIP"},
		},
		{"nothing", "", counts{0, 1, 0}, []string{"nothing was tested"}, nil},
		{"the go command's own words", "go: no such tool\n", counts{0, 1, 0}, []string{"go: no such tool"}, nil},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			var out bytes.Buffer
			got, err := read(bufio.NewReader(strings.NewReader(c.in)), &out)
			if err != nil {
				t.Fatal(err)
			}
			if got != c.want {
				t.Errorf("got %v, want %v\n%s", got, c.want, out.String())
			}
			for _, s := range c.says {
				if !strings.Contains(out.String(), s) {
					t.Errorf("does not say %q:\n%s", s, out.String())
				}
			}
			for _, s := range c.silent {
				if strings.Contains(out.String(), s) {
					t.Errorf("says %q:\n%s", s, out.String())
				}
			}
		})
	}
}

func TestStagesAddUp(t *testing.T) {
	tally := filepath.Join(t.TempDir(), "counts")
	good := stream(`{"Action":"run","Package":"p","Test":"TestA"}`, `{"Action":"pass","Package":"p","Test":"TestA"}`, `{"Action":"pass","Package":"p"}`)
	bad := stream(`{"Action":"run","Package":"q","Test":"TestB"}`, `{"Action":"fail","Package":"q","Test":"TestB"}`, `{"Action":"fail","Package":"q"}`)
	var out bytes.Buffer
	if _, err := run(strings.NewReader(""), &out, "", tally, true); err == nil {
		t.Error("an absent tally must not pass for success")
	}
	if code, err := run(strings.NewReader(good), &out, "one", tally, false); code != 0 || err != nil {
		t.Fatal(code, err)
	}
	if code, err := run(strings.NewReader(bad), &out, "two", tally, false); code != 1 || err != nil {
		t.Fatal(code, err)
	}
	out.Reset()
	code, err := run(strings.NewReader(""), &out, "", tally, true)
	if err != nil || code != 1 || out.String() != "1 passed, 1 failed, 0 skipped\n" {
		t.Fatalf("%d %v %q", code, err, out.String())
	}
}
