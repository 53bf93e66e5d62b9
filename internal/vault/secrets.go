// SPDX-License-Identifier: Apache-2.0

package vault

import (
	"crypto/hkdf"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// Secrets are the hub's own: two files outside the data folder and its
// backup. They open no case. They must be the same on every hub.
type Secrets struct {
	pepper [32]byte // keyed hashes of receipts, phone numbers, log-in names
	hub    [32]byte // small things of the hub's: staff names, TOTP secrets
}

// OpenSecrets reads the secrets in dir, and makes those that are missing
// (mode 0600, synced).
func OpenSecrets(dir string) (*Secrets, error) {
	var s Secrets
	for name, into := range map[string]*[32]byte{"pepper": &s.pepper, "hub.key": &s.hub} {
		path := filepath.Join(dir, name)
		text, err := os.ReadFile(path)
		if errors.Is(err, os.ErrNotExist) {
			text, err = makeSecret(path)
		}
		if err != nil {
			return nil, fmt.Errorf("vault: secret %s: %w", name, err)
		}
		key, err := hex.DecodeString(strings.TrimSpace(string(text)))
		if err != nil || len(key) != 32 {
			return nil, fmt.Errorf("vault: secret %s is not 64 hexadecimal digits", name)
		}
		copy(into[:], key)
	}
	return &s, nil
}

func makeSecret(path string) ([]byte, error) {
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return nil, err
	}
	text := []byte(hex.EncodeToString(random(32)) + "\n")
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return nil, err
	}
	_, err = f.Write(text)
	if err == nil {
		err = f.Sync()
	}
	if err := errors.Join(err, f.Close()); err != nil {
		return nil, err
	}
	dir, err := os.Open(filepath.Dir(path))
	if err != nil {
		return nil, err
	}
	return text, errors.Join(dir.Sync(), dir.Close())
}

// KeyedHash is HMAC-SHA-256 of value under a key for this purpose alone, in
// hexadecimal: equal values can be matched, and nobody without the pepper can
// test a guess. Normalise value first.
func (s *Secrets) KeyedHash(purpose, value string) string {
	mac := hmac.New(sha256.New, derive(s.pepper[:], "hash/"+purpose))
	mac.Write([]byte(value))
	return hex.EncodeToString(mac.Sum(nil))
}

// Box seals small things of the hub's own (staff names, TOTP secrets, details
// of ledger entries) under a hub secret. It guards against a stolen database,
// not against a stolen hub: never put a case's content into one.
func (s *Secrets) Box(purpose string) Box { return Box{key: derive(s.hub[:], "box/"+purpose)} }

// Box is a symmetric sealer for one purpose. It fits ledger.Sealer and
// ledger.Opener.
type Box struct{ key []byte }

// Seal seals plaintext for a context; it opens under no other.
func (b Box) Seal(context string, plaintext []byte) ([]byte, error) {
	return sealAEAD(b.key, bind("box", context), plaintext)
}

// Open opens what Seal sealed for the same context; vault/damaged otherwise.
func (b Box) Open(context string, sealed []byte) ([]byte, error) {
	return openAEAD(b.key, bind("box", context), sealed)
}

// derive makes a 32-byte key of a secret, for one use.
func derive(secret []byte, use string) []byte {
	key, err := hkdf.Key(sha256.New, secret, nil, "lachan-vault/1 "+use, 32)
	if err != nil {
		panic("vault: BUG: " + err.Error()) // only for absurd lengths
	}
	return key
}

func random(n int) []byte {
	b := make([]byte, n)
	rand.Read(b) //nolint:errcheck // crypto/rand.Read never fails
	return b
}

// SealOwn seals under the hub's own key for a purpose; binding says where the
// ciphertext belongs. It is Box in the form that package identity asks for.
func (s *Secrets) SealOwn(purpose, binding string, plain []byte) ([]byte, error) {
	return s.Box(purpose).Seal(binding, plain)
}

// OpenOwn opens what SealOwn sealed for the same purpose and binding.
func (s *Secrets) OpenOwn(purpose, binding string, sealed []byte) ([]byte, error) {
	return s.Box(purpose).Open(binding, sealed)
}
