// SPDX-License-Identifier: Apache-2.0

package bundle

import (
	"crypto/ed25519"
	"encoding/binary"
	"encoding/hex"

	"lachan/internal/problem"
)

// KeyList says whose signatures count from now on. Lists are numbered 1, 2, 3
// …; each is signed by a key that counted before it, so that a node that knows
// one of them follows the chain to the newest. The first key of a list is the
// one that signs now.
type KeyList struct {
	Number uint64
	Keys   []ed25519.PublicKey // 1 to 4
}

const (
	keysMagic   = "LCKEYS01"
	purposeKeys = "lachan keys v1\x00"
	maxKeys     = 4
)

// Seal encodes and signs the list.
func (l KeyList) Seal(by Signer) ([]byte, error) {
	if l.Number == 0 || len(l.Keys) == 0 || len(l.Keys) > maxKeys {
		return nil, problem.New("bundle/bad-key-list", "number", l.Number)
	}
	b := append([]byte(nil), keysMagic...)
	b = binary.LittleEndian.AppendUint64(b, l.Number)
	b = append(b, byte(len(l.Keys)))
	for _, k := range l.Keys {
		if len(k) != ed25519.PublicKeySize {
			return nil, problem.New("bundle/bad-key-list", "number", l.Number)
		}
		b = append(b, k...)
	}
	return seal(b, purposeKeys, by)
}

// OpenKeyList verifies and decodes a sealed list. Any bytes give a list or an
// error.
func OpenKeyList(sealed []byte, trust Trust) (KeyList, error) {
	message, err := trust.open(sealed, purposeKeys)
	if err != nil {
		return KeyList{}, err
	}
	return decodeKeyList(message)
}

func decodeKeyList(message []byte) (KeyList, error) {
	r := &reader{data: message}
	magic := string(r.take(len(keysMagic)))
	l := KeyList{Number: r.u64()}
	count := int(r.u8())
	for range min(count, maxKeys) {
		l.Keys = append(l.Keys, append(ed25519.PublicKey(nil), r.take(ed25519.PublicKeySize)...))
	}
	if magic != keysMagic || l.Number == 0 || count == 0 || !r.done() {
		return KeyList{}, problem.New("bundle/damaged")
	}
	return l, nil
}

// IDOf names a public key: the first eight bytes of its SHA-256, in hex.
func IDOf(public ed25519.PublicKey) string {
	id := idOf(public)
	return hex.EncodeToString(id[:])
}
