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
	"sync"

	"lachan/internal/bundle"
	"lachan/internal/problem"
)

// Keyring holds the keys that sign bundles, deltas and side files: Ed25519 in
// PKCS #8, PEM (RFC 8410), mode 0600, in a folder of the hub's secrets. The
// first is bundle.key; one that shall follow it is made by Prepare, as
// bundle-<id>.key, and copied to the other hubs before it signs. Which key
// signs is in the database (keys_list.go); all of the ring open what this
// installation signed earlier.
//
// Nodes learn the public halves when they join and follow from one list to the
// next, so losing all keys means enrolling every node anew: they are among the
// secrets of a backup.
type Keyring struct {
	folder  string
	mu      sync.Mutex
	keys    map[string]bundle.Signer // by id
	signing bundle.Signer
}

// OpenKeyring reads the keys of a folder; where there is none it makes the
// first.
func OpenKeyring(folder string) (*Keyring, error) {
	first := filepath.Join(folder, "bundle.key")
	signer, err := loadOrCreateSigner(first)
	if err != nil {
		return nil, err
	}
	k := &Keyring{folder: folder, keys: map[string]bundle.Signer{}, signing: signer}
	k.keys[bundle.IDOf(signer.Public())] = signer
	return k, k.read()
}

// read takes in the keys that are there by now.
func (k *Keyring) read() error {
	files, err := filepath.Glob(filepath.Join(k.folder, "bundle-*.key"))
	if err != nil {
		return fmt.Errorf("schools: signing keys: %w", err)
	}
	for _, path := range files {
		private, err := loadKey(path)
		if err != nil {
			return fmt.Errorf("schools: signing key: %w", err)
		}
		s := bundle.NewSigner(private)
		k.keys[bundle.IDOf(s.Public())] = s
	}
	return nil
}

// find is the key of an id; one that another hub made may have been copied
// here since.
func (k *Keyring) find(id string) (bundle.Signer, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if s, ok := k.keys[id]; ok {
		return s, nil
	}
	if err := k.read(); err != nil {
		return nil, err
	}
	if s, ok := k.keys[id]; ok {
		return s, nil
	}
	return nil, problem.New("schools/signing-key-missing", "id", id)
}

// use lets a key sign.
func (k *Keyring) use(id string) error {
	s, err := k.find(id)
	if err != nil {
		return err
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	k.signing = s
	return nil
}

// current is the key that signs now.
func (k *Keyring) current() bundle.Signer {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.signing
}

// trust opens what any key of the ring has signed.
func (k *Keyring) trust() bundle.Trust {
	k.mu.Lock()
	defer k.mu.Unlock()
	var all []ed25519.PublicKey
	for _, s := range k.keys {
		all = append(all, s.Public())
	}
	return bundle.NewTrust(all...)
}

// Prepare makes the key that shall sign after this one, and says its id and
// file. Copy the file to the other hubs before it signs.
func (k *Keyring) Prepare() (id, file string, err error) {
	public, private, err := ed25519.GenerateKey(nil)
	if err != nil {
		return "", "", err
	}
	id = bundle.IDOf(public)
	file = filepath.Join(k.folder, "bundle-"+id+".key")
	if err := writeKey(file, private); err != nil {
		return "", "", fmt.Errorf("schools: signing key: %w", err)
	}
	_, err = k.find(id)
	return id, file, err
}

// loadOrCreateSigner reads a key, or makes one when there is none: on the disk
// with its folder before it is used.
func loadOrCreateSigner(path string) (bundle.Signer, error) {
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

func createKey(path string) error {
	_, private, err := ed25519.GenerateKey(nil)
	if err != nil {
		return err
	}
	return writeKey(path, private)
}

// writeKey writes a key beside path and links it there: the name appears with
// the whole key behind it or not at all, and never replaces another.
func writeKey(path string, private ed25519.PrivateKey) error {
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
