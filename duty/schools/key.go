// SPDX-License-Identifier: Apache-2.0

package schools

import (
	"crypto/ed25519"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"lachan/internal/bundle"
)

// LoadOrCreateSigner reads the key that signs bundles, deltas and side files,
// or makes one when there is none: Ed25519 in PKCS #8, PEM (RFC 8410), mode
// 0600, on the disk with its folder before it is used. Nodes learn its public
// half when they join, so a lost key means enrolling every node anew: it is one
// of the secrets of a backup.
func LoadOrCreateSigner(path string) (bundle.Signer, error) {
	key, err := loadKey(path)
	if errors.Is(err, fs.ErrNotExist) {
		if err := createKey(path); err != nil && !errors.Is(err, fs.ErrExist) {
			return nil, fmt.Errorf("schools: signing key: %w", err)
		}
		key, err = loadKey(path) // ours, or that of a hub that was quicker
	}
	if err != nil {
		return nil, fmt.Errorf("schools: signing key: %w", err)
	}
	return bundle.NewSigner(key), nil
}

func loadKey(path string) (ed25519.PrivateKey, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	block, _ := pem.Decode(data)
	if block == nil {
		return nil, errors.New("the file is not PEM")
	}
	key, err := x509.ParsePKCS8PrivateKey(block.Bytes)
	if err != nil {
		return nil, err
	}
	private, ok := key.(ed25519.PrivateKey)
	if !ok {
		return nil, errors.New("the key is not an Ed25519 key")
	}
	return private, nil
}

// createKey writes a new key beside path and links it there: the name appears
// with the whole key behind it or not at all, and never replaces another.
func createKey(path string) error {
	_, private, err := ed25519.GenerateKey(nil)
	if err != nil {
		return err
	}
	der, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		return err
	}
	folder := filepath.Dir(path)
	if err := os.MkdirAll(folder, 0o700); err != nil {
		return err
	}
	f, err := os.CreateTemp(folder, ".key-*") // mode 0600
	if err != nil {
		return err
	}
	defer os.Remove(f.Name())
	err = pem.Encode(f, &pem.Block{Type: "PRIVATE KEY", Bytes: der})
	if err == nil {
		err = f.Sync()
	}
	if err := errors.Join(err, f.Close()); err != nil {
		return err
	}
	if err := os.Link(f.Name(), path); err != nil {
		return err
	}
	dir, err := os.Open(folder)
	if err != nil {
		return err
	}
	return errors.Join(dir.Sync(), dir.Close())
}
