// SPDX-License-Identifier: Apache-2.0

package pdq

import "lachan/internal/problem"

// Convention says which pixels were hashed. Hashes of the same picture in the
// two conventions lie 0 to 10 bits apart, a third of what a match may differ;
// so a hash is stored and exchanged with its convention.
type Convention string

const (
	// FullResolution hashes every pixel, as HMA, its Python package and with
	// them most exchanged hashes do. It is the default.
	FullResolution Convention = "full"
	// Within512 takes from a picture wider or higher than 512 pixels first
	// exactly 512×512 of them, the nearest to a grid, whatever its shape: what
	// the reference's command-line tool does. About half the time.
	Within512 Convention = "512"
)

// ParseConvention reads "full" or "512". It reports code pdq/bad-convention.
func ParseConvention(s string) (Convention, error) {
	switch c := Convention(s); c {
	case FullResolution, Within512:
		return c, nil
	}
	return "", problem.New("pdq/bad-convention")
}

// Print is the fingerprint of a picture: a hash, how much it can be trusted,
// and what was hashed.
type Print struct {
	Hash       Hash
	Quality    int // 0 to 100; below MinQuality the bits are noise
	Convention Convention
}

// Usable reports whether p may be banked or asked for.
func (p Print) Usable() bool { return p.Quality >= MinQuality && !p.Hash.IsZero() }
