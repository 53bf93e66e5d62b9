// SPDX-License-Identifier: Apache-2.0

package bundle

import (
	"crypto/ed25519"
	"crypto/sha256"

	"lachan/internal/problem"
)

// The purposes keep a signature made for one kind of message from passing for
// another: what is signed is the purpose, a zero byte, and the SHA-256 of
// everything before the signature, key id included.
const (
	purposeBundle = "lachan bundle v1\x00"
	purposeDelta  = "lachan delta v1\x00"
	purposeSide   = "lachan side v1\x00"
)

// KeyID names a signing key: the first eight bytes of SHA-256 of the public
// key. It chooses among trusted keys and proves nothing.
type KeyID [8]byte

// trailerSize is the key id and the Ed25519 signature (RFC 8032).
const trailerSize = len(KeyID{}) + ed25519.SignatureSize

// Signer signs bundles, deltas and side files. The hub holds it; nodes have
// the public key from their enrolment.
type Signer interface {
	Public() ed25519.PublicKey
	Sign(message []byte) ([]byte, error)
}

type keySigner struct{ key ed25519.PrivateKey }

func (s keySigner) Public() ed25519.PublicKey           { return s.key.Public().(ed25519.PublicKey) }
func (s keySigner) Sign(message []byte) ([]byte, error) { return ed25519.Sign(s.key, message), nil }

// NewSigner signs with a key in memory.
func NewSigner(key ed25519.PrivateKey) Signer { return keySigner{key} }

// Trust is the set of public keys that a reader accepts.
type Trust struct{ keys map[KeyID]ed25519.PublicKey }

// NewTrust accepts the given keys; those of a wrong length are left out.
func NewTrust(keys ...ed25519.PublicKey) Trust {
	t := Trust{map[KeyID]ed25519.PublicKey{}}
	for _, k := range keys {
		if len(k) == ed25519.PublicKeySize {
			t.keys[idOf(k)] = k
		}
	}
	return t
}

func idOf(public ed25519.PublicKey) KeyID {
	sum := sha256.Sum256(public)
	return KeyID(sum[:8])
}

// digest is SHA-256, taken a piece at a time: one call over 50 MB cannot be
// interrupted, and a collection of garbage that began meanwhile would hold up
// every query until it ends.
func digest(data []byte) [sha256.Size]byte {
	const piece = 64 << 10
	h := sha256.New()
	for len(data) > piece {
		h.Write(data[:piece])
		data = data[piece:]
	}
	h.Write(data)
	return [sha256.Size]byte(h.Sum(nil))
}

// seal appends key id and signature to a message.
func seal(message []byte, purpose string, by Signer) ([]byte, error) {
	id := idOf(by.Public())
	message = append(message, id[:]...)
	sum := digest(message)
	sig, err := by.Sign(append([]byte(purpose), sum[:]...))
	if err != nil {
		return nil, problem.New("bundle/cannot-sign").Wrap(err)
	}
	return append(message, sig...), nil
}

// open returns the message before the trailer if a trusted key signed it.
func (t Trust) open(sealed []byte, purpose string) ([]byte, error) {
	if len(sealed) < trailerSize {
		return nil, problem.New("bundle/damaged")
	}
	body, sig := sealed[:len(sealed)-ed25519.SignatureSize], sealed[len(sealed)-ed25519.SignatureSize:]
	message, id := body[:len(body)-len(KeyID{})], KeyID(body[len(body)-len(KeyID{}):])
	key, ok := t.keys[id]
	if !ok {
		return nil, problem.New("bundle/unknown-key")
	}
	sum := digest(body)
	if !ed25519.Verify(key, append([]byte(purpose), sum[:]...), sig) {
		return nil, problem.New("bundle/bad-signature")
	}
	return message, nil
}
