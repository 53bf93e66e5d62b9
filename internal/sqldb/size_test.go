// SPDX-License-Identifier: Apache-2.0

package sqldb_test

import (
	"testing"

	"lachan/internal/testkit"
)

func TestSizeOfADatabase(t *testing.T) {
	if n, err := testkit.DB(t).Size(t.Context()); err != nil || n < 100_000 || n > 1<<30 {
		t.Errorf("%d bytes, %v", n, err)
	}
}
