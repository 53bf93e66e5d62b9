// SPDX-License-Identifier: Apache-2.0

package sqldb_test

import (
	"context"
	"runtime/pprof"
	"strings"
	"testing"
	"time"

	"lachan/internal/sqldb"
	"lachan/internal/testkit"
)

// Under sql.DB lies a pool with goroutines, connections and caches of its own,
// which sql.DB does not close: fifty tests of the pages in one process held 18 GB.
func TestCloseLeavesNothingBehind(t *testing.T) {
	url := testkit.URL(t)
	pools := func() int {
		var b strings.Builder
		if err := pprof.Lookup("goroutine").WriteTo(&b, 2); err != nil {
			t.Fatal(err)
		}
		return strings.Count(b.String(), "created by github.com/jackc/pgx/v5/pgxpool") +
			strings.Count(b.String(), "created by database/sql.OpenDB")
	}
	before := pools()
	for range 5 {
		db, err := sqldb.Open(context.Background(), url)
		if err != nil {
			t.Fatal(err)
		}
		if err := db.Close(); err != nil {
			t.Fatal(err)
		}
	}
	for range 100 { // a goroutine ends a little after it was told to
		if pools() <= before {
			return
		}
		time.Sleep(20 * time.Millisecond)
	}
	t.Fatalf("%d goroutines of pools before, %d after five databases were opened and closed", before, pools())
}
