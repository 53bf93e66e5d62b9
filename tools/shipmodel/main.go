// SPDX-License-Identifier: Apache-2.0

// Command shipmodel makes the model that is embedded in the program, from the
// texts of ThienIT84, which lie outside the repository:
//
//	go run ./tools/shipmodel          writes internal/vntext/signs/model.bin.gz
//	go run ./tools/shipmodel -sizes   prints what a smaller file costs, writes nothing
//
// It prints sizes and figures, never a text.
package main

import (
	"bytes"
	"compress/gzip"
	"context"
	"crypto/sha256"
	"flag"
	"fmt"
	"maps"
	"os"
	"os/signal"
	"slices"

	"lachan/internal/vntext/safesense"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx, os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "shipmodel:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, args []string) error {
	flags := flag.NewFlagSet("shipmodel", flag.ContinueOnError)
	data := flags.String("data", "../shared/data/text/thienit84", "folder of the set")
	out := flags.String("out", "internal/vntext/signs/model.bin.gz", "file to write")
	sizes := flags.Bool("sizes", false, "compare sizes, two seeds each; write nothing")
	if err := flags.Parse(args); err != nil {
		return err
	}
	if *sizes {
		return compare(ctx, *data)
	}
	m, err := safesense.Make(ctx, *data, safesense.Bits, safesense.Seed)
	if err != nil {
		return err
	}
	file, err := m.Encode()
	if err != nil {
		return err
	}
	packed, err := pack(file)
	if err != nil {
		return err
	}
	for _, name := range slices.Sorted(maps.Keys(m.Provenance.Scores)) {
		fmt.Printf("%-32s %.4f\n", name, m.Provenance.Scores[name])
	}
	fmt.Printf("%d bytes, %d packed, SHA-256 %x\n", len(file), len(packed), sha256.Sum256(file))
	if err := os.WriteFile(*out, packed, 0o644); err != nil {
		return fmt.Errorf("write the model: %w", err)
	}
	return nil
}

// compare prints for each size the file and the mean macro-F1 of two seeds.
func compare(ctx context.Context, data string) error {
	fmt.Println("bits     bytes    packed  macro-F1 (without marks), on dev")
	for bits := 15; bits <= 21; bits++ {
		full, less := 0.0, 0.0
		var size, packed int
		for seed := range 2 {
			m, err := safesense.Make(ctx, data, bits, uint64(seed+1))
			if err != nil {
				return err
			}
			full += m.Provenance.Scores[safesense.ScoreMacroF1] / 2
			less += m.Provenance.Scores[safesense.ScoreBareMacroF1] / 2
			file, err := m.Encode()
			if err != nil {
				return err
			}
			small, err := pack(file)
			if err != nil {
				return err
			}
			size, packed = len(file), len(small)
		}
		fmt.Printf("%4d %9d %9d  %.2f (%.2f)\n", bits, size, packed, 100*full, 100*less)
	}
	return nil
}

// pack compresses a model's file. What is compared for sameness is the file
// inside, since compressors differ from release to release.
func pack(file []byte) ([]byte, error) {
	var out bytes.Buffer
	z, err := gzip.NewWriterLevel(&out, gzip.BestCompression)
	if err != nil {
		return nil, err
	}
	if _, err := z.Write(file); err != nil {
		return nil, err
	}
	if err := z.Close(); err != nil {
		return nil, err
	}
	return out.Bytes(), nil
}
