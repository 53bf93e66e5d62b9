// SPDX-License-Identifier: Apache-2.0

package detection

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"strconv"

	"lachan/internal/authz"
	"lachan/internal/problem"
	"lachan/internal/sqldb"
	"lachan/internal/vault"
)

// What is sealed of an item stands under two groups, so that the words can be
// read where the pictures are nobody's business: a case that needs the words
// is handed the first alone.
const (
	words  = vault.Narrative
	visual = vault.Evidence
)

var (
	querySealedPut = sqldb.Register("detection.sealed_put", `INSERT INTO detection_sealed (object, part, body) VALUES ($1,$2,$3)`)
	querySealed    = sqldb.Register("detection.sealed", `SELECT body FROM detection_sealed WHERE object = $1 AND part = $2`)
)

// sealedVersion: what is sealed here is written once.
const sealedVersion = 1

func veilPart(n int) string { return "veil/" + strconv.Itoa(n) }

// blobKey names the file of a part of an item.
func blobKey(item, part string) string { return "detection/" + item + "/" + part }

func picturePart(n int) string { return "p" + strconv.Itoa(n) }

const capturePart = "capture"

// seal seals all of a finding to the unit that reviews.
func (s *Service) seal(ctx context.Context, tx *sqldb.Tx, i *Item, f Finding) error {
	to := []string{i.Unit}
	key, _, err := s.Vault.Sealer().NewCase(ctx, tx, i.ID, vault.Audience{Units: map[vault.Group][]string{words: to, visual: to}})
	if err != nil {
		return err
	}
	c := content{Address: f.Address, Title: f.Title, Text: f.Text, Lang: f.Lang, Marks: f.Marks, Published: toMicro(f.Published)}
	for _, p := range f.Pictures {
		one := contentPicture{Address: p.Address, Alt: p.Alt, MD5: p.MD5, SHA256: p.SHA256}
		if p.Quality > 0 {
			one.PDQ = p.Hash.String()
		}
		c.Pictures = append(c.Pictures, one)
	}
	plain, err := json.Marshal(c)
	if err != nil {
		return err
	}
	if err := put(ctx, tx, key, i.ID, "text", plain); err != nil {
		return err
	}
	for n, p := range f.Pictures {
		if len(p.Veil) > 0 {
			if err := put(ctx, tx, key, i.ID, veilPart(n), p.Veil); err != nil {
				return err
			}
		}
		if len(p.Picture) > 0 {
			if err := s.putFile(ctx, key, i.ID, picturePart(n), bytes.NewReader(p.Picture)); err != nil {
				return err
			}
		}
	}
	if f.Capture == nil {
		return nil
	}
	return s.putFile(ctx, key, i.ID, capturePart, bytes.NewReader(f.Capture))
}

func put(ctx context.Context, tx *sqldb.Tx, key *vault.CaseSeal, object, part string, plain []byte) error {
	body, err := key.Seal(words, object+"/"+part, sealedVersion, plain)
	if err != nil {
		return err
	}
	_, err = sqldb.Exec(ctx, tx, querySealedPut, object, part, body)
	return err
}

// putFile seals into the store. It is on the disk before the transaction ends.
func (s *Service) putFile(ctx context.Context, key *vault.CaseSeal, item, part string, plain io.Reader) error {
	k, err := key.BlobKey(visual, part)
	if err != nil {
		return err
	}
	r, w := io.Pipe()
	defer r.Close() // whatever becomes of the file, the sealing ends
	go func() {
		sealed, err := vault.SealBlob(w, k, blobKey(item, part))
		if err == nil {
			_, err = io.Copy(sealed, plain)
		}
		if err == nil {
			err = sealed.Close()
		}
		w.CloseWithError(err)
	}()
	return s.Files.Put(ctx, blobKey(item, part), r)
}

// keys opens the keys of an item; vault/locked without an unlocked session.
func keys(ctx context.Context, q sqldb.Queryer, u *vault.Unlocked, permit authz.Permit, item string) (*vault.CaseKeys, error) {
	if u == nil {
		return nil, problem.New("detection/unlock-first")
	}
	return u.OpenCase(ctx, q, permit, item)
}

func openPart(ctx context.Context, q sqldb.Queryer, k *vault.CaseKeys, item, part string) ([]byte, error) {
	body, err := sqldb.One(ctx, q, querySealed, sqldb.Scalar[[]byte], item, part)
	if err != nil {
		return nil, notFound(err, "authz/not-found")
	}
	return k.Open(words, item+"/"+part, sealedVersion, body)
}

func openContent(ctx context.Context, q sqldb.Queryer, k *vault.CaseKeys, item string) (c content, err error) {
	plain, err := openPart(ctx, q, k, item, "text")
	if err != nil {
		return c, err
	}
	return c, json.Unmarshal(plain, &c)
}

// openFile opens a file of an item; the caller closes it.
func (s *Service) openFile(ctx context.Context, k *vault.CaseKeys, item, part string) (io.ReadCloser, error) {
	key, err := k.BlobKey(visual, part)
	if err != nil {
		return nil, err
	}
	file, err := s.Files.Get(ctx, blobKey(item, part))
	if err != nil {
		return nil, err
	}
	plain, err := vault.OpenBlob(file, key, blobKey(item, part))
	if err != nil {
		return nil, err
	}
	return struct {
		io.Reader
		io.Closer
	}{plain, file}, nil
}
