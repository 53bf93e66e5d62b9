// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bufio"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"lachan/internal/bundle"
)

// work is what all servers are given and asked.
type work struct {
	names   []string // listed; each means itself and all below it
	blocked string   // one of them
	free    string   // one that is not
	mix     string   // files for dnsperf, "NAME A" a line
	allowed string
	from    string
}

// loadWork reads the million names, or makes as many.
func loadWork(p plan) (*work, error) {
	w := &work{mix: p.path("mix"), allowed: p.path("allowed"), from: p.data}
	names, err := unzipped(filepath.Join(p.data, "domains-1m.txt.gz"))
	if errors.Is(err, fs.ErrNotExist) {
		return w, w.generate()
	}
	if err != nil {
		return nil, err
	}
	for line := range strings.Lines(names) {
		w.add(strings.TrimSpace(line))
	}
	for file, to := range map[string]string{"q-mix.txt.gz": w.mix, "q-allowed.txt.gz": w.allowed} {
		text, err := unzipped(filepath.Join(p.data, file))
		if err != nil {
			return nil, err
		}
		if err := os.WriteFile(to, []byte(text), 0o644); err != nil {
			return nil, err
		}
		if file == "q-allowed.txt.gz" {
			w.free, _, _ = strings.Cut(text, " ")
		}
	}
	text, err := unzipped(filepath.Join(p.data, "q-blocked.txt.gz"))
	w.blocked, _, _ = strings.Cut(text, " ")
	return w, err
}

// add keeps a name that every server can take.
func (w *work) add(name string) {
	if n, err := bundle.ParseName(name); err == nil && n.Labels() > 1 {
		w.names = append(w.names, n.String())
	}
}

// generate makes names of about the length and depth of real lists.
func (w *work) generate() error {
	w.from = "generated: the folder of real names is absent"
	for i := range 1_000_000 {
		w.names = append(w.names, fmt.Sprintf("h%x.n%x-list.example", i%8, i))
	}
	w.blocked, w.free = w.names[7], "free1.lesson.example"
	var mix, allowed strings.Builder
	for i := range 50_000 {
		free := fmt.Sprintf("free%d.lesson.example", i%10_000)
		fmt.Fprintf(&mix, "%s A\n%s A\n", w.names[i*19], free)
		if i < 10_000 {
			fmt.Fprintf(&allowed, "%s A\n", free)
		}
	}
	return errors.Join(os.WriteFile(w.mix, []byte(mix.String()), 0o644), os.WriteFile(w.allowed, []byte(allowed.String()), 0o644))
}

func unzipped(path string) (string, error) {
	f, err := os.Open(path)
	if err != nil {
		return "", err
	}
	defer f.Close()
	z, err := gzip.NewReader(f)
	if err != nil {
		return "", fmt.Errorf("%s: %w", path, err)
	}
	var b strings.Builder
	if _, err := io.Copy(&b, z); err != nil {
		return "", fmt.Errorf("%s: %w", path, err)
	}
	return b.String(), nil
}

// lines writes one or more lines for each name into a file.
func lines(path, head, tail string, names []string, line func(io.Writer, string)) error {
	f, err := os.Create(path)
	if err != nil {
		return err
	}
	out := bufio.NewWriterSize(f, 1<<20)
	fmt.Fprint(out, head)
	for _, n := range names {
		line(out, n)
	}
	fmt.Fprint(out, tail)
	return errors.Join(out.Flush(), f.Close())
}
