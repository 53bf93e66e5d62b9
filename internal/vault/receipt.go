// SPDX-License-Identifier: Apache-2.0

package vault

import (
	"crypto/hkdf"
	"crypto/hpke"
	"crypto/sha256"
	_ "embed"
	"encoding/json"
	"fmt"
	"strings"
	"sync"

	"lachan/internal/locale"
	"lachan/internal/problem"
)

// Receipt is the secret that the reporter keeps: 80 random bits. It opens the
// thread and the status, and it is the seed of the reporter's key pair. The
// hub stores a keyed hash of it and the public half of the key, nothing else.
//
// It has two spellings of one value. Code is 16 characters and a check
// character. Words is eight pairs of a thing and its quality, each pair 11
// bits: 80 bits of value and 8 of check. Both are read with capitals, spaces,
// hyphens or without, words also without tone marks.
type Receipt [10]byte

// NewReceipt makes a receipt.
func NewReceipt() Receipt { return Receipt(random(10)) }

// Code is the short spelling, "ABCD-EFGH-JKMN-PQRS-T".
func (r Receipt) Code() string {
	s := base32Crockford().EncodeToString(r[:])
	return inFours(s + string(crockford[codeCheck(s)]))
}

// codeCheck is a weighted sum over GF(32) with weights that all differ, so
// that one wrong character, or two that changed places, is always found.
func codeCheck(digits string) byte {
	var sum byte
	weight := byte(1)
	for i := range len(digits) {
		weight = mul32(weight, 2)
		sum ^= mul32(weight, byte(strings.IndexByte(crockford, digits[i])))
	}
	return sum
}

// mul32 multiplies in GF(32) with x^5+x^2+1.
func mul32(a, b byte) byte {
	var p byte
	for range 5 {
		if b&1 == 1 {
			p ^= a
		}
		if a <<= 1; a&32 != 0 {
			a ^= 0x25
		}
		b >>= 1
	}
	return p
}

//go:embed words.json
var wordsJSON []byte

// wordList is 64 things and 32 qualities. No folded word is the beginning of
// another of its list, so that a line without spaces still has one reading.
type wordList struct {
	Nouns, Adjectives []string
	foldedNouns       []string
	foldedAdjectives  []string
}

var words = sync.OnceValue(func() wordList {
	var w wordList
	if err := json.Unmarshal(wordsJSON, &w); err != nil || len(w.Nouns) != 64 || len(w.Adjectives) != 32 {
		panic(fmt.Sprintf("vault: words.json: %d nouns, %d adjectives: %v", len(w.Nouns), len(w.Adjectives), err))
	}
	for _, s := range w.Nouns {
		w.foldedNouns = append(w.foldedNouns, locale.Fold(s))
	}
	for _, s := range w.Adjectives {
		w.foldedAdjectives = append(w.foldedAdjectives, locale.Fold(s))
	}
	return w
})

// Words is the long spelling: eight pairs of words.
func (r Receipt) Words() [8]string {
	list := words()
	bits := append(r[:], wordCheck(r))
	var out [8]string
	for i := range out {
		n := take11(bits, i)
		out[i] = list.Nouns[n>>5] + " " + list.Adjectives[n&31]
	}
	return out
}

func wordCheck(r Receipt) byte {
	sum := sha256.Sum256(append([]byte("lachan receipt words"), r[:]...))
	return sum[0]
}

// take11 reads the i-th group of 11 bits.
func take11(bits []byte, i int) int {
	n := 0
	for b := i * 11; b < i*11+11; b++ {
		n = n<<1 | int(bits[b/8]>>(7-b%8)&1)
	}
	return n
}

func put11(bits []byte, i, n int) {
	for k := range 11 {
		b := i*11 + k
		bits[b/8] |= byte(n>>(10-k)&1) << (7 - b%8)
	}
}

// ParseReceipt reads either spelling. What is not one, or has a wrong check,
// is vault/bad-receipt, found before anything is looked up.
func ParseReceipt(typed string) (Receipt, error) {
	if len(typed) > 500 {
		return Receipt{}, problem.New("vault/bad-receipt")
	}
	folded := strings.Map(func(r rune) rune {
		if (r >= 'a' && r <= 'z') || (r >= '0' && r <= '9') {
			return r
		}
		return -1
	}, locale.Fold(typed))
	if len(folded) == 17 {
		return parseCode(plainCode(typed))
	}
	return parseWords(folded)
}

func parseCode(code string) (Receipt, error) {
	raw, err := base32Crockford().DecodeString(code[:16])
	if err != nil || crockford[codeCheck(code[:16])] != code[16] {
		return Receipt{}, problem.New("vault/bad-receipt")
	}
	return Receipt(raw), nil
}

func parseWords(folded string) (Receipt, error) {
	list := words()
	var bits [11]byte
	for i := range 8 {
		noun, rest, ok := cutWord(folded, list.foldedNouns)
		if !ok {
			return Receipt{}, problem.New("vault/bad-receipt")
		}
		adjective, rest, ok := cutWord(rest, list.foldedAdjectives)
		if !ok {
			return Receipt{}, problem.New("vault/bad-receipt")
		}
		put11(bits[:], i, noun<<5|adjective)
		folded = rest
	}
	r := Receipt(bits[:10])
	if folded != "" || bits[10] != wordCheck(r) {
		return Receipt{}, problem.New("vault/bad-receipt")
	}
	return r, nil
}

func cutWord(s string, list []string) (index int, rest string, ok bool) {
	for i, w := range list {
		if rest, ok := strings.CutPrefix(s, w); ok {
			return i, rest, true
		}
	}
	return 0, s, false
}

func (r Receipt) private() (hpke.PrivateKey, error) {
	seed, err := hkdf.Key(sha256.New, r[:], nil, "lachan-vault/1 reporter", 32)
	if err != nil {
		return nil, fmt.Errorf("vault: receipt: %w", err)
	}
	private, err := kem().DeriveKeyPair(seed)
	if err != nil {
		return nil, fmt.Errorf("vault: receipt: %w", err)
	}
	return private, nil
}

// Public is the public half of the reporter's key pair.
func (r Receipt) Public() ([]byte, error) {
	private, err := r.private()
	if err != nil {
		return nil, err
	}
	return private.PublicKey().Bytes(), nil
}

// ReceiptHash is what a receipt is looked up by.
func (s *Secrets) ReceiptHash(r Receipt) string { return s.KeyedHash("receipt", string(r[:])) }

// String hides the secret from logs and error texts.
func (r Receipt) String() string { return "[receipt]" }

// GoString hides the secret from %#v.
func (r Receipt) GoString() string { return "[receipt]" }
