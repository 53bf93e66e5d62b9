// SPDX-License-Identifier: Apache-2.0

package casework_test

import (
	"fmt"
	"os"
	"strconv"
	"testing"
	"time"

	"lachan/duty/casework"
	"lachan/internal/vault"
)

// stored is how many cases lie in the database while a benchmark runs:
// LACHAN_BENCH_CASES, else 20,000. The bar of the queue is at 1,000,000.
func stored(b *testing.B) int {
	b.Helper()
	n, err := strconv.Atoi(os.Getenv("LACHAN_BENCH_CASES"))
	if err != nil || n <= 0 {
		n = 20000
	}
	return n
}

// fill puts n open cases of the duty unit into the database, each with access,
// two clocks and a track, by plain SQL: the queue reads nothing else.
func (w *world) fill(n int) {
	w.t.Helper()
	us := start.UnixMicro()
	series := fmt.Sprintf("WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < %d) ", n)
	id := "'case-' || CAST(i AS TEXT)"
	yes := "TRUE"
	for _, q := range []string{
		"INSERT INTO casework_case (id, code, received_at, state, owner_unit, handler, urgent, urgent_at, score, tier, floor, rank_due, soon_at," +
			" harms, mediums, ages, relation, channel, place, contact, reports, first_look, outcome, closed_at, merged_into, version) " + series +
			fmt.Sprintf("SELECT %s, 'X-' || CAST(i AS TEXT), %d - i, 'new', '%s', '', FALSE, 0, i %% 101, 'standard', '', %d + i * 1000, %d + i * 900,"+
				" 'bullying', 'chat', 4, '', 'web', '', 'only_code', 1, 0, '', 0, '', 1 FROM n", id, us, dutyUnit, us, us),
		"INSERT INTO casework_access (case_id, unit_id, mode, groups, open, rank, due, received_at) " + series +
			fmt.Sprintf("SELECT %s, '%s', 'owner', 'narrative', %s, -(i %% 101), %d + i * 1000, %d - i FROM n", id, dutyUnit, yes, us, us),
		"INSERT INTO casework_clock (id, case_id, track, code, version, basis, legal, urgent, started, due, paused, met, notes) " + series +
			fmt.Sprintf("SELECT 'k-' || CAST(i AS TEXT), %s, '', 'FL1D', '1', 'internal', %s, FALSE, %d, %d + i * 1000, 0, 0, '[]' FROM n", id, yes, us, us),
		"INSERT INTO casework_track (case_id, track, opened_at, ended_at, end_code, number, unit_id, registered) " + series +
			fmt.Sprintf("SELECT %s, 'takedown', %d, 0, '', '', '', 0 FROM n", id, us),
	} {
		_, err := w.db.Writer().ExecContext(w.ctx, q)
		w.ok(err)
	}
	_, err := w.db.Writer().ExecContext(w.ctx, "ANALYZE")
	w.ok(err)
}

func BenchmarkQueueFirstPage(b *testing.B) {
	w := newWorld(b).enrol(dutyUnit)
	n := stored(b)
	w.fill(n)
	rows, next, err := w.Queue(w.ctx, officer(), casework.QueueFilter{}, "")
	w.ok(err)
	if len(rows) != 50 || rows[0].Score != 100 || next == "" {
		b.Fatalf("%d rows", len(rows))
	}
	for b.Loop() {
		if _, _, err := w.Queue(w.ctx, officer(), casework.QueueFilter{}, ""); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(n), "cases")
}

func BenchmarkReceive(b *testing.B) {
	w := newWorld(b).enrol(dutyUnit)
	i := 0
	for b.Loop() {
		cmd := report()
		cmd.URL = "https://vidu.example/" + strconv.Itoa(i)
		w.receive(cmd)
		i++
	}
	w.events = nil
}

func BenchmarkStatusByReceipt(b *testing.B) {
	w := newWorld(b).enrol(dutyUnit)
	var receipts []string
	for range 200 {
		cmd := report()
		cmd.Receipt = vault.NewReceipt().Code()
		r := w.receive(cmd)
		w.ok(w.Answer(w.ctx, officer(), casework.AnswerCommand{Case: r.Case, Text: "Chào em"}))
		receipts = append(receipts, cmd.Receipt)
		if _, err := w.OpenStatus(w.ctx, cmd.Receipt); err != nil { // the first reading marks the answer as seen
			b.Fatal(err)
		}
	}
	w.clock.Advance(time.Hour)
	b.ResetTimer()
	b.RunParallel(func(pb *testing.PB) {
		for i := 0; pb.Next(); i++ {
			if _, err := w.OpenStatus(w.ctx, receipts[i%len(receipts)]); err != nil {
				b.Error(err)
				return
			}
		}
	})
}
