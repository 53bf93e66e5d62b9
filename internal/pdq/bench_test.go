// SPDX-License-Identifier: Apache-2.0

package pdq

import (
	"bytes"
	"image"
	"image/jpeg"
	"os"
	"path/filepath"
	"testing"
	"time"
)

// BenchmarkHash compares the time of hashing with the time of decoding the
// same pictures in the same run: machines differ, the ratio hardly does. Each
// step counts with its best time for each picture, since whoever else is busy
// on the machine is not what is measured.
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

// step is what is timed, with the best time for each picture.
type step struct {
	name string
	best []time.Duration
}

func (s *step) time(picture int, do func()) {
	from := time.Now()
	do()
	if took := time.Since(from); s.best[picture] == 0 || took < s.best[picture] {
		s.best[picture] = took
	}
}

func (s *step) sum() (sum time.Duration) {
	for _, took := range s.best {
		sum += took
	}
	return sum
}

func benchmarkHash(b *testing.B, files [][]byte) {
	const atLeast = 5 // times that each picture is done
	var h Hasher
	var luma [grid * grid]byte
	steps := []*step{{name: "decode"}, {name: "full"}, {name: "512"}, {name: "variants"}, {name: "frame"}}
	for _, s := range steps {
		s.best = make([]time.Duration, len(files))
	}
	for i := range luma {
		luma[i] = byte(i * i >> 4)
	}
	for b.Loop() {
		for n, file := range files {
			for range atLeast {
				var img image.Image
				steps[0].time(n, func() {
					var err error
					if img, err = Decode(b.Context(), bytes.NewReader(file), Limits{}); err != nil {
						b.Fatal(err)
					}
				})
				steps[1].time(n, func() { h.Image(img, FullResolution) })
				steps[2].time(n, func() { h.Image(img, Within512) })
				steps[3].time(n, func() { h.Variants(img, FullResolution) })
				steps[4].time(n, func() { h.Frame(&luma) })
			}
		}
	}
	pixels := 0
	for _, file := range files {
		config, err := jpeg.DecodeConfig(bytes.NewReader(file))
		if err != nil {
			b.Fatal(err)
		}
		pixels += config.Width * config.Height
	}
	b.ReportMetric(float64(pixels)/float64(len(files))/1e6, "Mpx")
	b.ReportMetric(0, "ns/op") // of no meaning: five times everything
	for _, s := range steps {
		b.ReportMetric(s.sum().Seconds()*1000/float64(len(files)), s.name+"-ms")
		if s != steps[0] {
			b.ReportMetric(float64(s.sum())/float64(steps[0].sum()), s.name+"/decode")
		}
	}
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
