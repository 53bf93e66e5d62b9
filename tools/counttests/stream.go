// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
)

// counts are the outcomes of single cases.
type counts struct{ Passed, Failed, Skipped int }

func (c counts) String() string {
	return fmt.Sprintf("%d passed, %d failed, %d skipped", c.Passed, c.Failed, c.Skipped)
}

// event is one line of `go test -json` (see `go doc test2json`).
type event struct {
	Action, Package, Test, Output string
	ImportPath, FailedBuild       string
}

// pkg is what is known of a package while its tests run.
type pkg struct {
	outcome map[string]string // test, "pass" | "fail" | "skip" | "" while running
	output  map[string][]string
}

// reader collects a stream.
type reader struct {
	out    io.Writer
	pkgs   map[string]*pkg
	builds map[string][]string
	total  counts
}

// read echoes failures and skips of a stream to out and counts its cases.
func read(in *bufio.Reader, out io.Writer) (counts, error) {
	r := &reader{out: out, pkgs: map[string]*pkg{}, builds: map[string][]string{}}
	events := 0
	for {
		text, err := in.ReadBytes('\n')
		if line := bytes.TrimSpace(text); len(line) > 0 {
			var e event
			if line[0] != '{' || json.Unmarshal(line, &e) != nil {
				fmt.Fprintf(out, "%s\n", line) // the go command speaking for itself
			} else {
				events++
				r.take(e)
			}
		}
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return counts{}, err
		}
	}
	for _, name := range slices.Sorted(maps.Keys(r.pkgs)) {
		r.end(name, "fail", "") // its end was never seen: killed
	}
	if events == 0 {
		fmt.Fprintln(out, "FAIL nothing was tested: the stream is empty")
		r.total.Failed++
	}
	return r.total, nil
}

func (r *reader) take(e event) {
	if e.Action == "build-output" {
		r.builds[e.ImportPath] = append(r.builds[e.ImportPath], e.Output)
		return
	}
	if e.Package == "" {
		return
	}
	p := r.pkgs[e.Package]
	if p == nil {
		p = &pkg{outcome: map[string]string{}, output: map[string][]string{}}
		r.pkgs[e.Package] = p
	}
	switch e.Action {
	case "output":
		p.output[e.Test] = append(p.output[e.Test], e.Output)
	case "run":
		p.outcome[e.Test] = ""
	case "pass", "fail", "skip":
		if e.Test == "" {
			r.end(e.Package, e.Action, e.FailedBuild)
			return
		}
		p.outcome[e.Test] = e.Action
		if e.Action == "pass" {
			delete(p.output, e.Test)
		}
	}
}

// end counts a package and forgets it.
func (r *reader) end(name, outcome, failedBuild string) {
	p := r.pkgs[name]
	delete(r.pkgs, name)
	failed := 0
	parents := map[string]bool{}
	for test := range p.outcome {
		for i := strings.LastIndexByte(test, '/'); i > 0; i = strings.LastIndexByte(test[:i], '/') {
			parents[test[:i]] = true
		}
	}
	for _, test := range slices.Sorted(maps.Keys(p.outcome)) {
		switch o := p.outcome[test]; {
		case o == "skip":
			if !parents[test] {
				r.total.Skipped++
			}
			fmt.Fprintf(r.out, "SKIP %s %s: %s\n", name, test, reason(p.output[test]))
		case o == "pass":
			if !parents[test] {
				r.total.Passed++
			}
		default: // failed, or still running when the package ended
			if !parents[test] || !anyChildFailed(p, test) {
				failed++
			}
			fmt.Fprintf(r.out, "FAIL %s %s\n%s", name, test, strings.Join(p.output[test], ""))
		}
	}
	if outcome == "fail" && failed == 0 {
		failed = 1 // did not build, panicked outside a test, or a TestMain gave up
		fmt.Fprintf(r.out, "FAIL %s\n%s", name, strings.Join(r.builds[failedBuild], ""))
	}
	if failed > 0 {
		fmt.Fprint(r.out, strings.Join(p.output[""], ""))
	}
	r.total.Failed += failed
}

func anyChildFailed(p *pkg, test string) bool {
	for t, o := range p.outcome {
		if strings.HasPrefix(t, test+"/") && o != "pass" && o != "skip" {
			return true
		}
	}
	return false
}

// reason is what a skipped test said, without the lines that go adds.
func reason(output []string) string {
	var said []string
	for _, line := range output {
		line = strings.TrimSpace(line)
		if line == "" || strings.HasPrefix(line, "=== ") || strings.HasPrefix(line, "--- ") {
			continue
		}
		said = append(said, line)
	}
	if len(said) == 0 {
		return "no reason given"
	}
	return strings.Join(said, " ")
}

// addUp reads lines of three numbers: passed, failed, skipped. None at all is
// an error.
func addUp(in io.Reader) (counts, error) {
	var total counts
	lines := 0
	sc := bufio.NewScanner(in)
	for sc.Scan() {
		var c counts
		if _, err := fmt.Sscan(sc.Text(), &c.Passed, &c.Failed, &c.Skipped); err != nil {
			return total, fmt.Errorf("tally line %d: %w", lines+1, err)
		}
		total.Passed += c.Passed
		total.Failed += c.Failed
		total.Skipped += c.Skipped
		lines++
	}
	if err := sc.Err(); err != nil {
		return total, err
	}
	if lines == 0 {
		return total, errors.New("the tally is empty: no stage has run")
	}
	return total, nil
}
