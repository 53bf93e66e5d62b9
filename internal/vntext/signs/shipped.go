// SPDX-License-Identifier: Apache-2.0

package signs

import (
	"bytes"
	"compress/gzip"
	_ "embed"
	"io"
	"sync"

	"lachan/internal/problem"
	"lachan/internal/vntext"
	"lachan/internal/vntext/safesense"
)

// The model's weights are under CC BY-SA 4.0 (NOTICE); tools/shipmodel makes
// them.
//
//go:embed model.bin.gz
var shippedFile []byte

// Voice is a model that speaks for one or several labels.
type Voice struct {
	ID     string // of the model's version, stored with what it said
	Model  *vntext.Model
	Speaks []Speech
}

// Speech says what a model's classes mean among our labels.
type Speech struct {
	Label     Label
	Classes   []string // of the model; their probabilities are added
	Threshold float64  // probability from which a text is listed
	Lists     bool     // false: above the threshold the priority rises, and no text is listed for it alone
}

// Shipped is the model that comes with the program. It is unpacked at the
// first call, some milliseconds and half a MiB, and is the same for all after.
//
// Its class "offensive" is rude and insulting speech, which we count as
// bullying together with "hate", since who attacks a group insults too; hate
// alone is hate. On sentences that are nothing like the comments it has learnt
// from (animals, biology) it is often wrong, so its word alone lists no text.
func Shipped() (Voice, error) { return shipped() }

var shipped = sync.OnceValues(func() (Voice, error) {
	m, err := unpack(shippedFile)
	if err != nil {
		return Voice{}, err
	}
	scores := m.Provenance.Scores
	return Voice{ID: m.Provenance.Name, Model: m, Speaks: []Speech{
		{Bullying, []string{"offensive", "hate"}, scores[safesense.ScoreBullying], false},
		{Hate, []string{"hate"}, scores[safesense.ScoreHate], false},
	}}, nil
})

// maxModel is the greatest size, in bytes, of a model that is unpacked.
const maxModel = 64 << 20

func unpack(file []byte) (*vntext.Model, error) {
	z, err := gzip.NewReader(bytes.NewReader(file))
	if err != nil {
		return nil, problem.New("vntext/bad-model").Wrap(err)
	}
	raw, err := io.ReadAll(io.LimitReader(z, maxModel))
	if err != nil {
		return nil, problem.New("vntext/bad-model").Wrap(err)
	}
	return vntext.Decode(raw)
}
