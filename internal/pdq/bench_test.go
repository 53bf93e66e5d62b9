// SPDX-License-Identifier: Apache-2.0

package pdq

import (
	"bytes"
	"image"
	"os"
	"path/filepath"
	"testing"
	"time"
)

// BenchmarkHash compares the time of hashing with the time of decoding the
// same pictures in the same minute: machines differ, the ratio hardly does.
// What is wanted: full/decode at most 1.4, 512/decode at most 0.6.
func BenchmarkHash(b *testing.B) {
	for name, files := range map[string][][]byte{"synthetic": syntheticFiles(b), "official": officialFiles(b)} {
		b.Run(name, func(b *testing.B) {
			if len(files) == 0 {
				b.Skip("the public pictures are not beside the repository")
			}
			benchmarkHash(b, files)
		})
	}
}

func benchmarkHash(b *testing.B, files [][]byte) {
	var h Hasher
	var luma [grid * grid]byte
	var decoding, full, within, eight, frames time.Duration
	pixels, rounds := 0, 0
	lap := func(sum *time.Duration, from time.Time) time.Time {
		now := time.Now()
		*sum += now.Sub(from)
		return now
	}
	b.ReportAllocs()
	for b.Loop() {
		for _, file := range files {
			from := time.Now()
			img, err := Decode(b.Context(), bytes.NewReader(file), Limits{})
			if err != nil {
				b.Fatal(err)
			}
			from = lap(&decoding, from)
			h.Image(img, FullResolution)
			from = lap(&full, from)
			h.Image(img, Within512)
			from = lap(&within, from)
			h.Variants(img, FullResolution)
			lap(&eight, from)
			for i := range luma {
				luma[i] = byte(i*7 + rounds)
			}
			from = time.Now()
			h.Frame(&luma)
			lap(&frames, from)
			pixels += img.Bounds().Dx() * img.Bounds().Dy()
			rounds++
		}
	}
	ratio := func(part time.Duration) float64 { return float64(part) / float64(decoding) }
	per := func(part time.Duration) float64 { return part.Seconds() * 1000 / float64(rounds) }
	b.ReportMetric(float64(pixels)/float64(rounds)/1e6, "Mpx")
	b.ReportMetric(per(decoding), "decode-ms")
	b.ReportMetric(per(full), "full-ms")
	b.ReportMetric(per(within), "512-ms")
	b.ReportMetric(per(frames), "frame-ms")
	b.ReportMetric(ratio(full), "full/decode")
	b.ReportMetric(ratio(within), "512/decode")
	b.ReportMetric(ratio(eight), "variants/decode")
	b.ReportMetric(ratio(frames), "frame/decode")
}

func syntheticFiles(b *testing.B) (files [][]byte) {
	for i, size := range []image.Point{{1024, 768}, {768, 1024}, {900, 600}, {512, 1000}, {640, 640}, {1000, 560}, {800, 800}, {720, 540}} {
		files = append(files, asJPEG(b, scene(uint64(i), size.X, size.Y), 85))
	}
	return files
}

func officialFiles(b *testing.B) (files [][]byte) {
	names, err := filepath.Glob(filepath.Join(vectorFolders[1], "official", "*", "*.jpg"))
	if err != nil {
		b.Fatal(err)
	}
	for _, name := range names {
		file, err := os.ReadFile(name)
		if err != nil {
			b.Fatal(err)
		}
		files = append(files, file)
	}
	return files
}
