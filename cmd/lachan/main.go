// SPDX-License-Identifier: Apache-2.0

// Command lachan is everything in one program: the hub that a province runs
// (serve), the node that a school runs (node), a demonstration on this machine
// (demo), and the commands of the operator.
//
// Commands on data go to the running hub through its admin socket, or take
// the lock of the data folder and open it themselves when no hub runs; they
// behave alike either way. Commands on files (verify an export of the ledger,
// inspect a bundle) need no hub at all.
//
// Words come from internal/locale in the language of the environment, as on
// the pages; --json prints for machines.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strings"
	"syscall"

	"github.com/alecthomas/kong"

	"lachan/internal/locale"
	"lachan/internal/media"
	"lachan/internal/problem"
)

func main() {
	// A child that opens what strangers sent: it has no settings, words or hub.
	if media.IsChild(os.Args) {
		os.Exit(media.Main(os.Args, os.Stdin, os.Stdout, os.Stderr))
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	code := run(ctx, os.Args[1:], os.Stdin, os.Stdout, os.Stderr, os.Getenv)
	stop()
	os.Exit(code)
}

// run carries out one command line and returns the exit status: 0 done, 1
// failed, 2 not understood.
func run(ctx context.Context, args []string, in io.Reader, out, errOut io.Writer, env func(string) string) int {
	texts, err := locale.Load()
	if err != nil {
		fmt.Fprintln(errOut, err)
		return 1
	}
	p := texts.Printer(language(env))
	t := &terminal{in: in, out: out, err: errOut, p: p, texts: texts, env: env}
	var grammar cli
	exited := -1
	parser, err := kong.New(&grammar,
		kong.Name("lachan"), kong.Description(p.T("cli.about")), helpWords(texts, p),
		kong.Writers(out, errOut), kong.Exit(func(code int) { exited = code }),
		kong.ConfigureHelp(kong.HelpOptions{Compact: true, NoExpandSubcommands: true}))
	if err != nil {
		fmt.Fprintln(errOut, err)
		return 1
	}
	kctx, err := parser.Parse(args)
	if exited >= 0 { // help was printed
		return exited
	}
	if err != nil {
		fmt.Fprintf(errOut, "lachan: %v\n", err)
		return 2
	}
	kctx.BindTo(ctx, (*context.Context)(nil))
	if err := kctx.Run(t); err != nil {
		t.fail(err)
		return 1
	}
	return 0
}

// language follows the environment: LACHAN_LANG, else LC_ALL and LANG; the
// source language where they say nothing of the other.
func language(env func(string) string) string {
	for _, name := range []string{"LACHAN_LANG", "LC_ALL", "LANG"} {
		if v := env(name); v != "" {
			if strings.HasPrefix(v, "en") {
				return "en"
			}
			return locale.Source
		}
	}
	return locale.Source
}

// helpWords gives the grammar its words: ${serve} in a help tag is the text
// of the key "cli.help.serve".
func helpWords(texts *locale.Texts, p *locale.Printer) kong.Vars {
	vars := kong.Vars{}
	for _, key := range texts.Keys(locale.Source) {
		if name, ok := strings.CutPrefix(key, "cli.help."); ok {
			vars[strings.ReplaceAll(name, "-", "_")] = p.T(key)
		}
	}
	return vars
}

// terminal is where a command reads and writes.
type terminal struct {
	in       io.Reader
	out, err io.Writer
	p        *locale.Printer
	texts    *locale.Texts
	env      func(string) string
}

// say prints one line of a locale key.
func (t *terminal) say(key string, args ...any) { fmt.Fprintln(t.out, t.p.T(key, args...)) }

// progress prints what is happening now, where it does not disturb the
// command's own output.
func (t *terminal) progress(key string, args ...any) { fmt.Fprintln(t.err, t.p.T(key, args...)) }

// fail says what went wrong, field by field, in the reader's language; the
// cause, which is for the operator, comes last.
func (t *terminal) fail(err error) {
	prob := problem.From(err)
	fmt.Fprintf(t.err, "lachan: %s\n", t.p.Problem(prob))
	for _, f := range prob.Fields {
		fmt.Fprintf(t.err, "  %s: %s\n", f.Name, t.p.Field(f))
	}
	if cause := errors.Unwrap(prob); cause != nil {
		fmt.Fprintf(t.err, "  (%v)\n", cause)
	}
}
