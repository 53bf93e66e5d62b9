// SPDX-License-Identifier: Apache-2.0

package ledger

import (
	"path/filepath"
	"testing"
	"time"
)

// One entry in a transaction of its own, and its sequencing in batches.
func BenchmarkAppend(b *testing.B) {
	f := setUp(b)
	for b.Loop() {
		f.append(1)
	}
}

func BenchmarkSequence(b *testing.B) {
	f := setUp(b)
	f.append(b.N)
	b.ResetTimer()
	if n, err := f.log.Sequence(f.ctx); err != nil || n != b.N {
		b.Fatalf("%d of %d, %v", n, b.N, err)
	}
}

// Offline verification; the target is a million leaves in 30 seconds.
func BenchmarkVerify(b *testing.B) {
	const leaves = 5000
	f := setUp(b)
	f.append(leaves)
	f.sequence()
	dir := filepath.Join(b.TempDir(), "export")
	if _, err := f.log.Export(f.ctx, dir, nil); err != nil {
		b.Fatal(err)
	}
	b.ResetTimer()
	start := time.Now()
	for range b.N {
		if _, err := Verify(dir, f.log.PublicKey(), nil); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(leaves)*float64(b.N)/time.Since(start).Seconds(), "leaves/s")
}
