// SPDX-License-Identifier: Apache-2.0

// Command textbench measures the reading of Vietnamese on public data sets:
// make bench-text.
//
// A model is trained on a set's train split, its confidence and preferences
// are learnt on the dev split, and the test split is read once, at the end:
// as it is, without any tone and vowel marks (as it is often typed), and both
// again without the sentences that also stand in the train split. Each figure
// is the mean over five seeds with its standard deviation. One configuration
// serves all sets; it was chosen with -dev, which reads no test split, and
// stands in chosen.go.
//
// The sets may be evaluated with and no more (docs/text.md): models are thrown
// away, and no row is ever printed. The yardstick of speed is a pass of the
// same reading without features, in the same run and in processor time. The
// last line is for a script:
//
//	vntext vihsd=65.6 bare=64.1 texts_per_s=15000 share=0.42
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"runtime"
	"strings"
	"time"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx, os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "textbench:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, args []string) error {
	flags := flag.NewFlagSet("textbench", flag.ContinueOnError)
	data := flags.String("data", "../shared/data/text", "folder of the data sets")
	dev := flags.Bool("dev", false, "compare configurations on the dev splits; no test split is read")
	only := flags.String("only", "", "the sets whose names begin so, or with -dev the configurations")
	fast := flags.Bool("speed", false, "measure speed alone, on a dev split")
	seeds := flags.Int("seeds", 5, "seeds, each of which trains anew")
	if err := flags.Parse(args); err != nil {
		return err
	}
	if *seeds < 1 {
		return errors.New("one seed at least")
	}
	if _, err := os.Stat(*data); err != nil {
		return fmt.Errorf("the data sets are not there: %w", err)
	}
	fmt.Printf("%s %s, %d processors, %s, %s\n", runtime.GOOS, runtime.GOARCH, runtime.NumCPU(), runtime.Version(), time.Now().Format(time.DateOnly))
	if *dev {
		return compare(ctx, *data, strings.TrimSpace(*only), *seeds)
	}
	if *fast {
		return hurry(ctx, *data)
	}
	return score(ctx, *data, strings.TrimSpace(*only), *seeds)
}
