// SPDX-License-Identifier: Apache-2.0

package vault

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/hpke"
	"encoding/binary"
	"errors"
	"fmt"

	"lachan/internal/problem"
)

// The suite of all wrapped keys: RFC 9180 with the hybrid KEM X-Wing.
func kem() hpke.KEM   { return hpke.MLKEM768X25519() }
func kdf() hpke.KDF   { return hpke.HKDFSHA256() }
func aead() hpke.AEAD { return hpke.AES256GCM() }

// bind writes what a seal is for so that no two lists of parts give the same
// bytes: each part after its length.
func bind(parts ...string) []byte {
	out := []byte("lachan-vault/1")
	for _, p := range parts {
		out = binary.BigEndian.AppendUint32(out, uint32(len(p)))
		out = append(out, p...)
	}
	return out
}

// sealTo seals a short secret to a public key, for one use.
func sealTo(public, use, secret []byte) ([]byte, error) {
	pk, err := kem().NewPublicKey(public)
	if err != nil {
		return nil, fmt.Errorf("vault: public key: %w", err)
	}
	sealed, err := hpke.Seal(pk, kdf(), aead(), use, secret)
	if err != nil {
		return nil, fmt.Errorf("vault: seal: %w", err)
	}
	return sealed, nil
}

// openWith opens what sealTo sealed for the same use; vault/damaged otherwise.
func openWith(private hpke.PrivateKey, use, sealed []byte) ([]byte, error) {
	secret, err := hpke.Open(private, kdf(), aead(), use, sealed)
	if err != nil {
		return nil, problem.New("vault/damaged").Wrap(err)
	}
	return secret, nil
}

func newPrivate() (hpke.PrivateKey, []byte, error) {
	private, err := kem().GenerateKey()
	if err != nil {
		return nil, nil, fmt.Errorf("vault: make key: %w", err)
	}
	raw, err := private.Bytes()
	if err != nil {
		return nil, nil, fmt.Errorf("vault: make key: %w", err)
	}
	return private, raw, nil
}

// parsePrivate reads a private key and checks that it is the one of public.
func parsePrivate(raw, public []byte) (hpke.PrivateKey, error) {
	private, err := kem().NewPrivateKey(raw)
	if err != nil {
		return nil, problem.New("vault/damaged").Wrap(err)
	}
	if string(private.PublicKey().Bytes()) != string(public) {
		return nil, problem.New("vault/damaged").Wrap(errors.New("vault: the halves of a key do not match"))
	}
	return private, nil
}

func gcm(key []byte) (cipher.AEAD, error) {
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, fmt.Errorf("vault: %w", err)
	}
	return cipher.NewGCM(block)
}

// sealAEAD is AES-256-GCM with a random nonce in front. Keys are per case and
// group, so the 2^32 messages that random nonces allow are far away.
func sealAEAD(key, context, plaintext []byte) ([]byte, error) {
	a, err := gcm(key)
	if err != nil {
		return nil, err
	}
	nonce := random(a.NonceSize())
	return a.Seal(nonce, nonce, plaintext, context), nil
}

func openAEAD(key, context, sealed []byte) ([]byte, error) {
	a, err := gcm(key)
	if err != nil {
		return nil, err
	}
	if len(sealed) < a.NonceSize() {
		return nil, problem.New("vault/damaged")
	}
	plain, err := a.Open(nil, sealed[:a.NonceSize()], sealed[a.NonceSize():], context)
	if err != nil {
		return nil, problem.New("vault/damaged").Wrap(err)
	}
	return plain, nil
}

// Sizes of padded content, in bytes: powers of two from 256 to 65,536, then
// multiples of the latter. Who sees the database sees only the bucket.
const (
	smallestBucket = 256
	largestBucket  = 64 << 10
)

// pad puts the length in front and fills up with zeros to the bucket.
func pad(plain []byte) []byte {
	need := len(plain) + 4
	size := smallestBucket
	for size < need && size < largestBucket {
		size *= 2
	}
	if size < need {
		size = (need + largestBucket - 1) / largestBucket * largestBucket
	}
	out := make([]byte, size)
	binary.BigEndian.PutUint32(out, uint32(len(plain)))
	copy(out[4:], plain)
	return out
}

func unpad(padded []byte) ([]byte, error) {
	if len(padded) < 4 {
		return nil, problem.New("vault/damaged")
	}
	n := binary.BigEndian.Uint32(padded)
	if uint64(n) > uint64(len(padded)-4) {
		return nil, problem.New("vault/damaged")
	}
	return padded[4 : 4+n], nil
}
