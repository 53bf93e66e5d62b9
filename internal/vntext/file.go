// SPDX-License-Identifier: Apache-2.0

package vntext

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"encoding/json"
	"math"

	"lachan/internal/problem"
)

// A model's file, numbers big-endian:
//
//	8 bytes   "LCVNTXT" and the version, 1
//	4 bytes   length of the head
//	          head: JSON, {"provenance": …, "params": …}
//	2^bits    weight of each bucket, unsigned
//	2^bits·k  weight of each bucket for each label, signed
//	32 bytes  SHA-256 of all before
const (
	magic   = "LCVNTXT\x01"
	maxHead = 1 << 20
)

type head struct {
	Provenance Provenance `json:"provenance"`
	Params     params     `json:"params"`
}

// Encode is the model as a file.
func (m *Model) Encode() ([]byte, error) {
	text, err := json.Marshal(head{m.Provenance, m.params})
	if err != nil || len(text) > maxHead {
		return nil, problem.New("vntext/bad-model")
	}
	out := make([]byte, 0, len(magic)+4+len(text)+len(m.idf)+len(m.weights)+sha256.Size)
	out = append(out, magic...)
	out = binary.BigEndian.AppendUint32(out, uint32(len(text)))
	out = append(out, text...)
	out = append(out, m.idf...)
	for _, w := range m.weights {
		out = append(out, byte(w))
	}
	sum := sha256.Sum256(out)
	return append(out, sum[:]...), nil
}

// Decode reads a model's file. It reports code vntext/bad-model for any bytes
// that Encode did not make.
func Decode(file []byte) (*Model, error) {
	h, body, err := readHead(file)
	if err != nil {
		return nil, err
	}
	buckets, k := 1<<h.Params.Shape.Bits, len(h.Params.Labels)
	if len(body) != buckets*(k+1)+sha256.Size {
		return nil, problem.New("vntext/bad-model")
	}
	end := len(file) - sha256.Size
	if sum := sha256.Sum256(file[:end]); !bytes.Equal(sum[:], file[end:]) {
		return nil, problem.New("vntext/bad-model")
	}
	m := &Model{Provenance: h.Provenance, params: h.Params, idf: bytes.Clone(body[:buckets]), weights: make([]int8, buckets*k)}
	for i := range m.weights {
		m.weights[i] = int8(body[buckets+i])
	}
	return m, nil
}

// ReadProvenance reads the head of a model's file, of which the first MiB and
// twelve bytes are enough; neither the weights nor the checksum are looked at.
// It reports code vntext/bad-model.
func ReadProvenance(file []byte) (Provenance, error) {
	h, _, err := readHead(file)
	return h.Provenance, err
}

func readHead(file []byte) (head, []byte, error) {
	var h head
	bad := problem.New("vntext/bad-model")
	if len(file) < len(magic)+4 || string(file[:len(magic)]) != magic {
		return h, nil, bad
	}
	n := binary.BigEndian.Uint32(file[len(magic):])
	rest := file[len(magic)+4:]
	if n > maxHead || int(n) > len(rest) {
		return h, nil, bad
	}
	if json.Unmarshal(rest[:n], &h) != nil || !h.Params.valid() {
		return head{}, nil, bad
	}
	return h, rest[n:], nil
}

func (p params) valid() bool {
	k := len(p.Labels)
	if !p.Shape.valid() || k < 2 || k > maxLabels || len(p.Scale) != k || len(p.Bias) != k || len(p.Offset) != k || !(p.Temperature > 0) {
		return false
	}
	for _, numbers := range [][]float32{p.Scale, p.Bias, p.Offset, {p.Step, p.Temperature}} {
		for _, v := range numbers {
			if math.IsNaN(float64(v)) || math.Abs(float64(v)) > 1e6 {
				return false
			}
		}
	}
	return true
}
