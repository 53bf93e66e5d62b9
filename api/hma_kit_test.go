// SPDX-License-Identifier: Apache-2.0

package api_test

import (
	"bytes"
	"context"
	"crypto/md5"
	"encoding/hex"
	"image"
	"image/color"
	"image/png"
	"io"
	"log/slog"
	"mime/multipart"
	"net/http"
	"net/http/httptest"
	"net/textproto"
	"testing"
	"time"

	"lachan/api"
	"lachan/duty/detection"
	"lachan/duty/detection/exchange"
	"lachan/internal/authz"
	"lachan/internal/clock"
	"lachan/internal/fetch"
	"lachan/internal/identity"
	"lachan/internal/ledger"
	"lachan/internal/locale"
	"lachan/internal/pdq"
	"lachan/internal/sqldb"
	"lachan/internal/testkit"
	"lachan/internal/vault"
	"lachan/policy"
)

// measurer hashes as the hub does.
type measurer struct{ client *fetch.Client }

func (m measurer) Hash(ctx context.Context, kind string, file io.Reader) (map[exchange.Type]string, error) {
	if kind == "video" {
		sum := md5.New()
		_, err := io.Copy(sum, file)
		return map[exchange.Type]string{exchange.MD5: hex.EncodeToString(sum.Sum(nil))}, err
	}
	img, err := pdq.Decode(ctx, file, pdq.Limits{})
	if err != nil {
		return nil, err
	}
	var h pdq.Hasher
	p := h.Image(img, pdq.FullResolution)
	if !p.Usable() {
		return nil, nil
	}
	return map[exchange.Type]string{exchange.PDQ: p.Hash.String()}, nil
}

func (m measurer) Open(ctx context.Context, address string) (io.ReadCloser, string, error) {
	r, err := m.client.Get(ctx, fetch.Request{URL: address})
	if err != nil {
		return nil, "", err
	}
	return r.Body, r.Type, nil
}

// hmaKit is a hub's HMA routes with a machine that may, and a server with
// pictures.
type hmaKit struct {
	t      testing.TB
	served *httptest.Server
	media  *httptest.Server
	logged *bytes.Buffer
	people *identity.Service
	room   *detection.Service
	clock  *clock.Fixed
	token  string
}

const reviewUnit = "unit-review"

func newHMAKit(t testing.TB) *hmaKit {
	t.Helper()
	ok := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	k := &hmaKit{t: t, logged: &bytes.Buffer{}, clock: clock.NewFixed(time.Date(2026, 11, 23, 9, 30, 0, 0, clock.Vietnam))}
	db := testkit.DB(t)
	engine, err := authz.New(policy.FS)
	ok(err)
	secrets, err := vault.OpenSecrets(t.TempDir())
	ok(err)
	file, err := ledger.NewKey("mau.example/so-cai")
	ok(err)
	key, err := ledger.ParseKey(file)
	ok(err)
	log, err := ledger.New(ledger.Deps{DB: db, Clock: k.clock, Key: key, Sealer: secrets.Box("ledger")})
	ok(err)
	keys, err := vault.New(vault.Deps{DB: db, Clock: k.clock, Secrets: secrets, KDF: vault.KDF{MemoryKiB: 64, Passes: 1, Threads: 1}})
	ok(err)
	k.media = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/a.png":
			w.Header().Set("Content-Type", "image/png")
			_, _ = w.Write(blocks(t, 1))
		case "/film.mp4":
			w.Header().Set("Content-Type", "video/mp4")
			_, _ = io.WriteString(w, "a film")
		case "/words":
			_, _ = io.WriteString(w, "words")
		default:
			http.NotFound(w, r)
		}
	}))
	t.Cleanup(k.media.Close)
	client := fetch.New(fetch.Options{Agent: "lachan/test", AllowInside: true})
	k.room, err = detection.New(detection.Deps{
		DB: db, Clock: k.clock, Authz: engine, Ledger: log, Vault: keys, Files: inMemory{}, Log: slog.New(slog.DiscardHandler),
		Unit: func(context.Context, time.Time) (string, error) { return reviewUnit, nil }, Registrable: func(host string) string { return host },
		Emit: func(context.Context, *sqldb.Tx, any) error { return nil },
	})
	ok(err)
	t.Cleanup(func() { ok(k.room.Close()) })
	k.people = identity.New(identity.Deps{DB: db, Clock: k.clock, Keys: secrets, Ledger: log, Authz: engine})
	texts, err := locale.Load()
	ok(err)
	k.served = httptest.NewServer(api.New(api.Deps{
		Texts: texts, Log: slog.New(slog.NewTextHandler(k.logged, nil)), Machine: k.people.TokenActor, Authz: engine, Clock: k.clock,
		Detection: k.room, Hasher: measurer{client}, Ready: func(context.Context) error { return nil },
	}))
	t.Cleanup(k.served.Close)
	k.token = k.machine(reviewUnit, authz.Reviewer)
	return k
}

func (k *hmaKit) machine(unit string, roles ...string) string {
	k.t.Helper()
	operator := authz.Actor{System: true, Session: "admin.sock", Roles: []string{authz.Operator}}
	text, _, err := k.people.AddToken(context.Background(), operator, identity.NewToken{Name: "Máy mẫu", Unit: unit, Roles: roles, Days: 30})
	if err != nil {
		k.t.Fatal(err)
	}
	return text
}

// blocks is a harmless picture that no other seed gives.
func blocks(t testing.TB, seed uint32) []byte {
	t.Helper()
	img := image.NewGray(image.Rect(0, 0, 256, 256))
	state := seed*2654435761 + 1
	var cells [64]uint8
	for i := range cells {
		state = state*1664525 + 1013904223
		cells[i] = uint8(state >> 24)
	}
	for y := range 256 {
		for x := range 256 {
			img.SetGray(x, y, color.Gray{Y: cells[(y/32)*8+x/32]})
		}
	}
	var b bytes.Buffer
	if err := png.Encode(&b, img); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// upload is a form with one file as requests, curl and fetch write it.
func upload(t testing.TB, field, name, kind string, data []byte) (body io.Reader, contentType string) {
	t.Helper()
	var b bytes.Buffer
	w := multipart.NewWriter(&b)
	h := textproto.MIMEHeader{"Content-Disposition": {`form-data; name="` + field + `"; filename="` + name + `"`}, "Content-Type": {kind}}
	part, err := w.CreatePart(h)
	if err == nil {
		_, err = part.Write(data)
	}
	if err == nil {
		err = w.Close()
	}
	if err != nil {
		t.Fatal(err)
	}
	return &b, w.FormDataContentType()
}
