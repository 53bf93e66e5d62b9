// SPDX-License-Identifier: Apache-2.0

package schools

import (
	"os"
	"path/filepath"
	"regexp"
	"testing"

	"lachan/internal/bundle"
	"lachan/internal/locale"
	"lachan/internal/problem"
)

// Every code that this room gives out has words in both languages, and every
// problem it names stands in the catalogue.
func TestEveryCodeHasWords(t *testing.T) {
	texts, err := locale.Load()
	if err != nil {
		t.Fatal(err)
	}
	c, err := LoadCatalogue(Extra{})
	if err != nil {
		t.Fatal(err)
	}
	keys := []string{PendingKey()}
	for _, k := range c.Categories {
		keys = append(keys, c.NameKey(k.Code), k.AboutKey())
	}
	for _, k := range c.Services {
		keys = append(keys, c.NameKey(k.Code))
	}
	for _, code := range []string{bundle.Emergency, bundle.Legal, "school"} {
		keys = append(keys, c.NameKey(code))
	}
	for _, b := range bundle.AllBands() {
		keys = append(keys, BandKey(b))
	}
	for _, r := range order {
		keys = append(keys, RuleKey(r))
	}
	for _, level := range Levels() {
		keys = append(keys, LevelKey(level))
	}
	for _, reason := range append(EndReasons(), endByTime) {
		keys = append(keys, EndKey(reason))
	}
	for _, reason := range RuleReasons() {
		keys = append(keys, ReasonKey(reason))
	}
	for _, code := range []string{HealthOK, HealthUpstream, HealthUnknown} {
		keys = append(keys, HealthKey(code))
	}
	for _, k := range []interface{ Key() string }{
		SkipSyntax, SkipTooLong, SkipName, SkipAddress, SkipRedirect, SkipLocal, SkipTLD, SkipSuffix, SkipSharedSuffix, SkipURL,
		SkipException, SkipExcepted, SkipKeyword, SkipTrigger, SkipInclude, SkipOther, SkipCosmetic, SkipModifier, SkipPattern, SkipRegex, SkipProtected, SkipPopular,
		Grew, Shrank, HitsGuarded, HitsPopular, Untried, Unchanged, Applied, HeldBack, Failed, Ours, Known, Unproven, ConcernSuffix, ConcernProtected, ConcernShared, ConcernPopular,
		Provisional, Emergency, Legal, Proposed, Active, Confirmed, Withdrawn, Expired, Open, Granted, Kept, HourSpan, DaySpan, WeekSpan,
	} {
		keys = append(keys, k.Key())
	}
	for _, f := range Formats() {
		keys = append(keys, f.Key())
	}
	used := map[string]bool{}
	sources, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range sources {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range regexp.MustCompile(`"(schools/[a-z-]+)"`).FindAllSubmatch(text, -1) {
			used[string(m[1])] = true
		}
	}
	for code := range used {
		if _, ok := problem.KindOfCode(code); !ok {
			t.Errorf("%s is not in the catalogue of problems", code)
		}
		keys = append(keys, problem.TextKey(code))
	}
	for _, lang := range locale.Languages() {
		for _, key := range keys {
			if _, ok := texts.Raw(lang, key); !ok {
				t.Errorf("%s: no text for %s", lang, key)
			}
		}
	}
}
