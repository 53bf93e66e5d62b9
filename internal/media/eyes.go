// SPDX-License-Identifier: Apache-2.0

package media

import (
	"bytes"
	"context"
	"errors"
	"image"

	"lachan/internal/media/avif"
	"lachan/internal/pdq"
	"lachan/internal/problem"
)

// eyes are the part of a child that decodes.
type eyes struct {
	hasher pdq.Hasher
	avif   *avif.Decoder // made when the first is seen
	memory int64
}

// see decodes and hashes a file. Whatever is wrong with it is in the answer.
func (y *eyes) see(q question, file []byte) (answer, []byte) {
	ctx, cancel := context.WithTimeout(context.Background(), q.Within)
	defer cancel()
	img, err := y.decode(ctx, q, file)
	if err != nil {
		return refusal(err), nil
	}
	b := img.Bounds()
	a := answer{
		Width: b.Dx(), Height: b.Dy(),
		Full:     printsOf([]pdq.Print{y.hasher.Image(img, pdq.FullResolution)})[0],
		Within:   printsOf([]pdq.Print{y.hasher.Image(img, pdq.Within512)})[0],
		Variants: variants(&y.hasher, img, b),
	}
	if inner := y.hasher.Trimmed(img); inner != b {
		a.Inner = variants(&y.hasher, img, inner)
	}
	if q.Crops {
		for _, r := range pdq.Crops(b) {
			a.Crops = append(a.Crops, printsOf([]pdq.Print{y.hasher.Part(img, r, pdq.FullResolution)})[0])
		}
	}
	small := shrink(img, orientation(q.Kind, file), PreviewSide)
	a.Wide, a.High = small.wide, small.high
	return a, small.rgb
}

func variants(h *pdq.Hasher, img image.Image, r image.Rectangle) []print {
	all := h.PartVariants(img, r, pdq.FullResolution)
	return printsOf(all[:])
}

func (y *eyes) decode(ctx context.Context, q question, file []byte) (image.Image, error) {
	if q.Kind != AVIF {
		return pdq.Decode(ctx, bytes.NewReader(file), pdq.Limits{Bytes: mostBytes, Pixels: q.Pixels})
	}
	if y.avif == nil {
		// Not ctx, which ends with this file and would end the decoder. Half the
		// memory: the other holds the file and the picture.
		d, err := avif.New(context.Background(), y.avifMemory())
		if err != nil {
			return nil, err
		}
		y.avif = d
	}
	return y.avif.Decode(ctx, file, q.Pixels)
}

func (y *eyes) avifMemory() int64 {
	if y.memory > 0 {
		return y.memory / 2
	}
	return DefaultMemory / 2
}

// refusal names what was wrong with a file.
func refusal(err error) answer {
	known, isProblem := errors.AsType[*problem.Error](err)
	switch {
	case errors.Is(err, context.DeadlineExceeded):
		return answer{Code: "media/too-slow"}
	case errors.Is(err, avif.ErrTooHeavy):
		return answer{Code: "media/too-heavy"}
	case errors.Is(err, avif.ErrTooLarge):
		return answer{Code: "pdq/too-many-pixels"}
	case isProblem:
		a := answer{Code: known.Code}
		for i := 0; i+1 < len(known.Args); i += 2 {
			switch n, _ := known.Args[i+1].(int64); known.Args[i] {
			case "width":
				a.Width = int(n)
			case "height":
				a.Height = int(n)
			}
		}
		return a
	}
	return answer{Code: "pdq/damaged"}
}
