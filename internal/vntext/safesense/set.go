// SPDX-License-Identifier: Apache-2.0

// Package safesense makes the model that is shipped with the program from the
// one set of Vietnamese texts whose licence lets a model be passed on: the
// comments that the SafeSense team gathered for a children's browser
// extension (ThienIT84, CC BY-SA 4.0). Children are to be protected from what
// people write to them (dispatch, 2); how well this model sees it, and that it
// sees insults and hate alone, is printed by the command that makes it
// (tools/shipmodel) and stands in docs/text.md.
//
// The texts lie outside the repository and are read in place. They are never
// printed, and no error quotes one.
package safesense

import (
	"compress/gzip"
	"encoding/csv"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"lachan/internal/vntext"
)

// Labels are the set's own, in the order of its numbers.
func Labels() []string { return []string{"clean", "offensive", "hate"} }

// Load reads a split, "train" or "dev", of the set in folder. A row of the set
// is the title of what was commented on and the comment; the comment alone is
// taken, since it alone has the label, and texts come to the program alone.
func Load(folder, split string) ([]vntext.Example, error) {
	f, err := os.Open(filepath.Join(folder, split+".csv.gz"))
	if err != nil {
		return nil, fmt.Errorf("safesense: %w", err)
	}
	defer f.Close()
	z, err := gzip.NewReader(f)
	if err != nil {
		return nil, fmt.Errorf("safesense: %s: %w", split, err)
	}
	r := csv.NewReader(z)
	r.LazyQuotes = true
	rows, err := r.ReadAll()
	if err != nil {
		return nil, fmt.Errorf("safesense: %s: %w", split, err)
	}
	if len(rows) == 0 || !slices.Equal(rows[0], []string{"input_text", "label"}) {
		return nil, fmt.Errorf("safesense: %s: not the columns input_text and label", split)
	}
	var out []vntext.Example
	for n, row := range rows[1:] {
		k, err := strconv.Atoi(row[1])
		if err != nil || k < 0 || k >= len(Labels()) {
			return nil, fmt.Errorf("safesense: %s: row %d has no label", split, n+1)
		}
		text := row[0]
		if at := strings.LastIndex(text, "</s>"); at >= 0 {
			text = text[at+len("</s>"):]
		}
		out = append(out, vntext.Example{Text: strings.TrimSpace(text), Label: k})
	}
	return out, nil
}

// set is what the head of the model's file says of the texts.
func set(learn []vntext.Example) vntext.Set {
	counts := map[string]int{}
	for _, e := range learn {
		counts[Labels()[e.Label]]++
	}
	return vntext.Set{
		Name:    "SafeSense-VI by Tran Thanh Thien and team",
		Origin:  "github.com/ThienIT84/vietnamese-hate-speech-dataset",
		Version: "4bf1dca2ec859690e8518ef2e96eb818dddf54ed, train split of our own, comments without titles",
		Licence: "CC-BY-SA-4.0",
		Date:    time.Date(2026, time.November, 28, 0, 0, 0, 0, time.UTC),
		Counts:  counts,
	}
}
