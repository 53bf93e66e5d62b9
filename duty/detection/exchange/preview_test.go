// SPDX-License-Identifier: Apache-2.0

package exchange

import (
	"strings"
	"testing"

	"lachan/internal/problem"
)

func TestPreview(t *testing.T) {
	text := "\ufeffRef;Hash;note\n1;" + strings.Repeat("a", 100) + ";x\n2;b\n3;c;y;z\n"
	got, err := Preview(strings.NewReader(text), 2)
	if err != nil || len(got.Headings) != 3 || got.Headings[0] != "Ref" || len(got.Rows) != 2 || got.Columns["note"] != "note" || len(got.Columns) != 1 {
		t.Fatalf("%+v %v", got, err)
	}
	if cell := got.Rows[0][1]; len([]rune(cell)) != previewText || !strings.HasSuffix(cell, "…") || got.Rows[1][2] != "" {
		t.Errorf("%q", got.Rows)
	}
	if _, err := Preview(strings.NewReader(""), 2); !problem.Is(err, "exchange/damaged") {
		t.Errorf("%v", err)
	}
}
