// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bufio"
	"context"
	"errors"
	"io"
	"io/fs"
	"math"
	"os"
	"strings"

	"lachan/internal/problem"
	"lachan/internal/vntext/signs"
)

// classifyCmd reads texts on this machine: no hub is asked, nothing leaves and
// nothing is kept.
type classifyCmd struct {
	Texts        []string `arg:"" optional:"" name:"text" help:"${arg_text}"`
	File         string   `short:"f" placeholder:"FILE" help:"${flag_texts}"`
	Conversation bool     `help:"${flag_conversation}"`
	Patterns     string   `placeholder:"DIR" help:"${flag_patterns}"`
	JSON         bool     `help:"${flag_json}"`
}

// Run prints what each text shows, or with --conversation what all lines show
// together.
func (c *classifyCmd) Run(ctx context.Context, t *terminal) error {
	r, err := c.reader()
	if err != nil {
		return err
	}
	texts, err := c.texts(t)
	if err != nil {
		return err
	}
	if len(texts) == 0 {
		return problem.New("cli/no-text")
	}
	out := explainer{t: t, json: c.JSON}
	if c.Conversation {
		lines := signs.Lines(strings.Join(texts, "\n"))
		if err := out.print(1, lines, r.ReadLines(lines)); err != nil {
			return err
		}
		return out.close()
	}
	for i, text := range texts {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		lines := []signs.Line{{Text: text}}
		if err := out.print(i+1, lines, r.Read(text)); err != nil {
			return err
		}
	}
	return out.close()
}

// reader has the shipped patterns and model, with those of a folder besides.
func (c *classifyCmd) reader() (*signs.Reader, error) {
	lib, err := signs.Builtin()
	if err != nil {
		return nil, err
	}
	if c.Patterns != "" {
		if info, err := os.Stat(c.Patterns); err != nil || !info.IsDir() {
			return nil, problem.New("cli/no-file", "file", c.Patterns).Wrap(err)
		}
		own, err := signs.Load(os.DirFS(c.Patterns))
		if err != nil {
			return nil, err
		}
		if lib, err = signs.Joined(lib, own); err != nil {
			return nil, err
		}
	}
	model, err := signs.Shipped()
	if err != nil {
		return nil, err
	}
	return signs.NewReader(lib, model)
}

// texts are the arguments and the lines of the file, without empty ones.
func (c *classifyCmd) texts(t *terminal) ([]string, error) {
	texts := c.Texts
	if c.File == "" {
		return texts, nil
	}
	in := t.in
	if c.File != "-" {
		f, err := os.Open(c.File)
		if errors.Is(err, fs.ErrNotExist) {
			return nil, problem.New("cli/no-file", "file", c.File).Wrap(err)
		}
		if err != nil {
			return nil, problem.New("cli/unreadable").Wrap(err)
		}
		defer f.Close()
		in = f
	}
	lines := bufio.NewReader(in)
	for {
		line, err := lines.ReadString('\n')
		if text := strings.TrimRight(line, "\r\n"); strings.TrimSpace(text) != "" {
			texts = append(texts, text)
		}
		if errors.Is(err, io.EOF) {
			return texts, nil
		}
		if err != nil {
			return nil, problem.New("cli/unreadable").Wrap(err)
		}
	}
}

// hundredths is a share of 1 as a whole number of hundredths.
func hundredths(share float64) int { return int(math.Round(100 * share)) }
