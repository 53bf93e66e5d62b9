// SPDX-License-Identifier: Apache-2.0

package signs

import (
	"encoding/json"
	"os"
	"slices"
	"strings"
	"testing"
)

// The words of the duties that labels lead to are theirs; a duty is not
// imported here, so its files are read.
func TestLabelsLeadToWordsOfTheDuties(t *testing.T) {
	harms, err := os.ReadFile("../../../duty/casework/harm.go")
	if err != nil {
		t.Fatal(err)
	}
	raw, err := os.ReadFile("../../../duty/schools/data/categories.json")
	if err != nil {
		t.Fatal(err)
	}
	var categories []struct{ Code string }
	if err := json.Unmarshal(raw, &categories); err != nil {
		t.Fatal(err)
	}
	for _, l := range Labels() {
		for _, h := range l.Harms() {
			if !strings.Contains(string(harms), `= "`+h+`"`) {
				t.Errorf("%s leads to %q, which is no harm", l, h)
			}
		}
		if c := l.Category(); c != "" && !slices.ContainsFunc(categories, func(k struct{ Code string }) bool { return k.Code == c }) {
			t.Errorf("%s leads to %q, which is no category", l, c)
		}
	}
}
