// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"

	"lachan/internal/pdq"
	"lachan/internal/problem"
)

// hashCmd hashes pictures on this machine: no hub is asked and nothing leaves.
type hashCmd struct {
	Images     []string       `arg:"" name:"image" help:"${arg_image}"`
	Convention pdq.Convention `default:"full" enum:"full,512" help:"${flag_convention}"`
	Variants   bool           `help:"${flag_variants}"`
	JSON       bool           `help:"${flag_json}"`
}

// hashLine is one picture for machines; Code says why there is no hash.
type hashLine struct {
	File       string            `json:"file"`
	Hash       string            `json:"hash,omitempty"`
	Quality    *int              `json:"quality,omitempty"`
	Convention pdq.Convention    `json:"convention,omitempty"`
	Variants   map[string]string `json:"variants,omitempty"`
	Code       string            `json:"code,omitempty"`
}

// Run prints a line for each picture and goes on past those that cannot be
// read.
func (c *hashCmd) Run(ctx context.Context, t *terminal) error {
	var h pdq.Hasher
	failed := 0
	for _, file := range c.Images {
		line, err := c.hash(ctx, &h, t, file)
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if err != nil {
			failed++
			prob := problem.From(err)
			line = hashLine{File: file, Code: prob.Code}
			fmt.Fprintf(t.err, "%s: %s\n", file, t.p.Problem(prob))
		}
		if c.JSON {
			raw, err := json.Marshal(line)
			if err != nil {
				return err
			}
			if err := t.json(raw); err != nil {
				return err
			}
		}
	}
	if failed > 0 {
		return problem.New("cli/found", "n", failed)
	}
	return nil
}

// hash prints the line of one picture, unless it is for machines.
func (c *hashCmd) hash(ctx context.Context, h *pdq.Hasher, t *terminal, file string) (hashLine, error) {
	f, err := os.Open(file)
	if errors.Is(err, fs.ErrNotExist) {
		return hashLine{}, problem.New("cli/no-file", "file", file).Wrap(err)
	}
	if err != nil {
		return hashLine{}, problem.New("cli/unreadable").Wrap(err)
	}
	defer f.Close()
	img, err := pdq.Decode(ctx, f, pdq.Limits{})
	if fault := (*fs.PathError)(nil); errors.As(err, &fault) {
		return hashLine{}, problem.New("cli/unreadable").Wrap(err)
	}
	if err != nil {
		return hashLine{}, err
	}
	p := h.Image(img, c.Convention)
	line := hashLine{File: file, Hash: p.Hash.String(), Quality: &p.Quality, Convention: p.Convention}
	if !c.JSON && !c.Variants {
		fmt.Fprintf(t.out, "%s %3d %s\n", p.Hash, p.Quality, file)
	}
	if c.Variants {
		line.Variants = map[string]string{}
		for v, p := range h.Variants(img, c.Convention) {
			line.Variants[pdq.Variant(v).String()] = p.Hash.String()
			if !c.JSON {
				fmt.Fprintf(t.out, "%s %3d %s %s\n", p.Hash, p.Quality, file, pdq.Variant(v))
			}
		}
	}
	if !p.Usable() {
		t.progress("cli.hash.flat", "file", file, "least", pdq.MinQuality)
	}
	return line, nil
}
