// SPDX-License-Identifier: Apache-2.0

// Command counttests reads what `go test -json` says and tells a person what
// matters of it: every failure with its whole output, every skipped test with
// its reason, and how many there were.
//
// A run of the repository has several stages (race detector, PostgreSQL,
// browser). Each stage appends its counts to one file, and the last call adds
// them up:
//
//	go test -json ./... | counttests -stage race -tally counts
//	counttests -sum -tally counts      # 412 passed, 0 failed, 3 skipped
//
// A test with subtests is not counted besides them, so the figures are those
// of single cases. A package that does not build, a test that never ended and
// a stream with nothing in it are failures: silence must not look like
// success.
//
// The exit status is 1 when something failed, 2 when the tool itself could not
// do its work.
package main

import (
	"bufio"
	"flag"
	"fmt"
	"io"
	"os"
)

func main() {
	stage := flag.String("stage", "tests", "the name of this stage in the summary")
	tally := flag.String("tally", "", "file to which the counts are appended")
	sum := flag.Bool("sum", false, "add up the tally instead of reading a stream")
	flag.Parse()
	code, err := run(os.Stdin, os.Stdout, *stage, *tally, *sum)
	if err != nil {
		fmt.Fprintln(os.Stderr, "counttests:", err)
		os.Exit(2)
	}
	os.Exit(code)
}

func run(in io.Reader, out io.Writer, stage, tally string, sum bool) (int, error) {
	if sum {
		f, err := os.Open(tally)
		if err != nil {
			return 0, err
		}
		defer f.Close()
		total, err := addUp(f)
		if err != nil {
			return 0, err
		}
		fmt.Fprintln(out, total)
		return exitCode(total), nil
	}
	total, err := read(bufio.NewReader(in), out)
	if err != nil {
		return 0, err
	}
	fmt.Fprintf(out, "%s: %s\n", stage, total)
	if tally != "" {
		f, err := os.OpenFile(tally, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
		if err != nil {
			return 0, err
		}
		if _, err := fmt.Fprintln(f, total.Passed, total.Failed, total.Skipped); err != nil {
			f.Close()
			return 0, err
		}
		if err := f.Close(); err != nil {
			return 0, err
		}
	}
	return exitCode(total), nil
}

func exitCode(c counts) int {
	if c.Failed > 0 {
		return 1
	}
	return 0
}
