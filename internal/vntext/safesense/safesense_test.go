// SPDX-License-Identifier: Apache-2.0

package safesense

import (
	"bytes"
	"compress/gzip"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"lachan/internal/vntext"
)

// write makes a split of our own sentences in the form of the set.
func write(t *testing.T, folder, split, text string) {
	t.Helper()
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	if _, err := z.Write([]byte(text)); err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(folder, split+".csv.gz"), b.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
}

func rows(frame string) string {
	out := "input_text,label\n"
	for label, things := range [][]string{{"phở bò", "bún chả", "bánh mì", "xôi gấc"}, {"trời mưa", "nắng to", "gió mùa", "mây đen"}, {"giờ toán", "bài văn", "tiết sử", "lớp học"}} {
		for _, thing := range things {
			out += fmt.Sprintf("một tên bài </s> %s,%d\n", fmt.Sprintf(frame, thing), label)
		}
	}
	return out
}

func TestTheCommentAloneIsRead(t *testing.T) {
	folder := t.TempDir()
	write(t, folder, "dev", rows("hôm nay %s nhé"))
	got, err := Load(folder, "dev")
	if err != nil || len(got) != 12 || got[0] != (vntext.Example{Text: "hôm nay phở bò nhé", Label: 0}) || got[11].Label != 2 {
		t.Errorf("%+v, %v", got, err)
	}
}

func TestWrongRowsAreNotQuoted(t *testing.T) {
	for name, text := range map[string]string{
		"a label of nobody": "input_text,label\nmột câu riêng,7\n",
		"no label":          "input_text,label\nmột câu riêng,\n",
		"other columns":     "text,label\nmột câu riêng,1\n",
		"nothing":           "",
	} {
		folder := t.TempDir()
		write(t, folder, "dev", text)
		if _, err := Load(folder, "dev"); err == nil || strings.Contains(err.Error(), "riêng") {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := Load(t.TempDir(), "dev"); err == nil {
		t.Error("an absent split is read")
	}
}

func TestAModelIsMade(t *testing.T) {
	folder := t.TempDir()
	write(t, folder, "train", rows("hôm nay %s nhé")+strings.TrimPrefix(rows("kể về %s đi"), "input_text,label\n"))
	write(t, folder, "dev", rows("mình thích %s")+strings.TrimPrefix(rows("ai biết %s không"), "input_text,label\n"))
	m, err := Make(context.Background(), folder, 14, 3)
	if err != nil {
		t.Fatal(err)
	}
	s := m.Provenance.Scores
	if s[ScoreMacroF1] < 0.99 || s[ScoreBareMacroF1] < 0.99 || s[ScoreF1+"hate"] < 0.99 {
		t.Errorf("%v", s)
	}
	for _, name := range []string{ScoreBullying, ScoreHate} {
		if s[name] < 0.5 || s[name] > 1 {
			t.Errorf("%s %v", name, s[name])
		}
	}
	if n := m.Provenance.Sets[0].Counts; n["clean"] != 8 || n["hate"] != 8 {
		t.Errorf("%v", n)
	}
}

// Of a hundred clean texts one may be above.
func TestThreshold(t *testing.T) {
	var all []seen
	for i := range 100 {
		all = append(all, seen{0, float64(i) / 100, 0}, seen{1, 0.985, 0})
	}
	offence := func(s seen) float64 { return s.offence }
	if got := threshold(all, offence); got != 0.99 {
		t.Errorf("%v", got)
	}
	if got := recall(all, offence, 0.98, func(s seen) bool { return s.label == 1 }); got != 1 {
		t.Errorf("%v", got)
	}
	if got := threshold([]seen{{0, 1, 1}}, offence); got != 1 {
		t.Errorf("no threshold is high enough: %v", got)
	}
}
