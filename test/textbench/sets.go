// SPDX-License-Identifier: Apache-2.0

package main

import (
	"compress/gzip"
	"encoding/csv"
	"fmt"
	"os"
	"path/filepath"
	"strconv"

	"lachan/internal/vntext"
)

// task is one question that a data set answers.
type task struct {
	name   string
	set    string // folder below the data
	text   string // column
	label  string // column
	labels []string
	bar    float64 // least macro-F1, in hundredths
	bare   float64 // least macro-F1 on the text without tone marks; 0: bar less maxLoss
}

// maxLoss is by how many hundredths of macro-F1 a text without tone marks may
// be read worse.
const maxLoss = 4

func tasks() []task {
	return []task{
		{"ViHSD, three classes", "vihsd", "free_text", "label_id", []string{"clean", "offensive", "hate"}, 65, 63},
		{"ViCTSD toxic", "victsd", "Comment", "Toxicity", []string{"no", "toxic"}, 68, 0},
		{"ViCTSD constructive", "victsd", "Comment", "Constructiveness", []string{"no", "constructive"}, 79.5, 0},
		{"ViSpam, two classes", "vispam", "Comment", "Label", []string{"no", "spam"}, 84, 0},
		{"ViSpam, four classes", "vispam", "Comment", "SpamLabel", []string{"none", "kind 1", "kind 2", "kind 3"}, 73.5, 0},
	}
}

// load reads one split of a task's set.
func (t task) load(data, split string) ([]vntext.Example, error) {
	f, err := os.Open(filepath.Join(data, t.set, split+".csv.gz"))
	if err != nil {
		return nil, err
	}
	defer f.Close()
	z, err := gzip.NewReader(f)
	if err != nil {
		return nil, fmt.Errorf("%s %s: %w", t.set, split, err)
	}
	r := csv.NewReader(z)
	r.LazyQuotes = true
	rows, err := r.ReadAll()
	if err != nil {
		return nil, fmt.Errorf("%s %s: %w", t.set, split, err)
	}
	text, label := -1, -1
	for i, name := range rows[0] {
		switch name {
		case t.text:
			text = i
		case t.label:
			label = i
		}
	}
	if text < 0 || label < 0 {
		return nil, fmt.Errorf("%s %s: no column %s or %s", t.set, split, t.text, t.label)
	}
	var out []vntext.Example
	for n, row := range rows[1:] {
		k, err := strconv.ParseFloat(row[label], 64)
		if err != nil || k < 0 || int(k) >= len(t.labels) {
			return nil, fmt.Errorf("%s %s: row %d has no label", t.set, split, n+1) // never the row itself
		}
		out = append(out, vntext.Example{Text: row[text], Label: int(k)})
	}
	return out, nil
}
