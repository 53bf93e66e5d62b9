// SPDX-License-Identifier: Apache-2.0

package main

import (
	"compress/gzip"
	"context"
	"encoding/csv"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"lachan/internal/vntext"
)

// write makes a set of our own sentences in the form of the public ones.
func write(t *testing.T, data string, of task, split string, rows [][]string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Join(data, of.set), 0o755); err != nil {
		t.Fatal(err)
	}
	f, err := os.Create(filepath.Join(data, of.set, split+".csv.gz"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	z := gzip.NewWriter(f)
	w := csv.NewWriter(z)
	if err := w.WriteAll(append([][]string{{"", of.text, of.label}}, rows...)); err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
}

func rowsOf(frame string) (rows [][]string) {
	for label, things := range [][]string{{"phở bò", "bún chả", "bánh mì", "xôi gấc"}, {"trời mưa", "nắng to", "gió mùa", "sương mù"}} {
		for _, thing := range things {
			rows = append(rows, []string{fmt.Sprint(len(rows)), fmt.Sprintf(frame, thing), fmt.Sprint(label)})
		}
	}
	return rows
}

func TestATaskIsMeasured(t *testing.T) {
	data := t.TempDir()
	sample := tasks()[1]
	write(t, data, sample, "train", append(rowsOf("hôm nay %s nhé"), rowsOf("kể về %s đi")...))
	write(t, data, sample, "dev", rowsOf("mình thích %s"))
	write(t, data, sample, "test", append(rowsOf("ai biết %s không"), []string{"", "Hôm  nay PHỞ BÒ nhé", "0"}))
	res, m, test, err := measure(context.Background(), sample, data, 2)
	if err != nil {
		t.Fatal(err)
	}
	if len(test) != 9 || res.rows != 9 || res.leaked != 1 || len(res.macro[plain]) != 2 {
		t.Errorf("%d rows, %d leaked, %d seeds", res.rows, res.leaked, len(res.macro[plain]))
	}
	if res.macro[plain].mean() < 99 || res.macro[bareUnseen].mean() < 99 {
		t.Errorf("macro-F1 %v, without marks %v", res.macro[plain], res.macro[bareUnseen])
	}
	many := strings.Split(strings.Repeat("hôm nay trời mưa nhé\n", 2000), "\n")
	if s := timed(m, many); s.classify <= 0 || s.share() <= 0 || s.share() > 1.5 {
		t.Errorf("%+v", s)
	}
	if n := res.bars(); n != 0 {
		t.Errorf("%d bars missed", n)
	}
	res.macro[bare] = series{50}
	if n := res.bars(); n != 1 {
		t.Errorf("%d bars missed without marks", n)
	}
}

func TestRowsWithoutALabelAreNotQuoted(t *testing.T) {
	data := t.TempDir()
	sample := tasks()[0]
	write(t, data, sample, "dev", [][]string{{"", "một câu riêng", "7"}})
	if _, err := sample.load(data, "dev"); err == nil || strings.Contains(err.Error(), "riêng") {
		t.Errorf("%v", err)
	}
	if _, err := sample.load(data, "train"); err == nil {
		t.Error("an absent split is read")
	}
}

func TestEachCandidateCanBeTrained(t *testing.T) {
	list := candidates("")
	learn := []vntext.Example{{Text: "phở bò", Label: 0}, {Text: "phở gà", Label: 0}, {Text: "trời mưa", Label: 1}, {Text: "trời nắng", Label: 1}}
	for _, c := range append(list[:1:1], candidates("log")...) {
		c.cfg.Shape.Bits = 12
		if _, err := vntext.Train(context.Background(), c.cfg, []string{"a", "b"}, learn, 1); err != nil {
			t.Errorf("%s: %v", c.name, err)
		}
	}
	for i, c := range list[1:] {
		if c.cfg == chosen() {
			t.Errorf("candidate %d, %s, is the chosen one", i+1, c.name)
		}
	}
}

func TestFigures(t *testing.T) {
	s := series{60, 62, 64}
	if s.mean() != 62 || s.spread() != 2 || s.most() != 64 || s.String() != "62.00 ± 2.00" {
		t.Errorf("%v", s)
	}
	if median([]float64{9, 1, 5}) != 5 {
		t.Error("the median")
	}
	var r reliability
	for i := range 10 { // 80 % sure, right half of the time
		r.add([]float32{0.8, 0.2}, i%2)
	}
	if got := r.ece(); math.Abs(got-0.3) > 1e-6 {
		t.Errorf("calibration error %v", got)
	}
}
