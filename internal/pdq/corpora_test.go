// SPDX-License-Identifier: Apache-2.0

package pdq

import (
	"archive/tar"
	"compress/gzip"
	"context"
	"errors"
	"io"
	"os"
	"path"
	"slices"
	"strings"
	"testing"
	"time"

	"lachan/internal/problem"
)

// Public files that were made to break decoders, and cameras' own: each is a
// picture or a named refusal, in time.
func TestMalformedFilesEndInANamedRefusal(t *testing.T) {
	known := []string{".jpg", ".jpeg", ".png", ".gif", ".webp", ".bmp", ".tif", ".tiff"}
	var h Hasher
	for _, name := range []string{"image-rs.tgz", "exif-samples-half.tgz"} {
		t.Run(name, func(t *testing.T) {
			f, err := os.Open("../../../shared/data/images/" + name)
			if err != nil {
				t.Skip("the public pictures are not beside the repository")
			}
			defer f.Close()
			packed, err := gzip.NewReader(f)
			if err != nil {
				t.Fatal(err)
			}
			hashed, refused := 0, map[string]int{}
			for files := tar.NewReader(packed); ; {
				file, err := files.Next()
				if err == io.EOF {
					break
				}
				if err != nil {
					t.Fatal(err)
				}
				if !slices.Contains(known, strings.ToLower(path.Ext(file.Name))) {
					continue
				}
				ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
				img, err := Decode(ctx, files, Limits{})
				cancel()
				if err == nil {
					hashed++
					h.Image(img, FullResolution)
					continue
				}
				var named *problem.Error
				if !errors.As(err, &named) || img != nil {
					t.Errorf("%s: %v", file.Name, err)
					continue
				}
				refused[named.Code]++
				t.Logf("%s: %v", file.Name, err)
			}
			if hashed < 20 {
				t.Errorf("only %d pictures could be hashed", hashed)
			}
			t.Logf("%d hashed, refused: %v", hashed, refused)
		})
	}
}
