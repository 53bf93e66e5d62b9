// SPDX-License-Identifier: Apache-2.0

package detection_test

import (
	"bytes"
	"context"
	"fmt"
	"image"
	"image/color"
	"image/jpeg"
	"io"
	"log/slog"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"lachan/duty/detection"
	"lachan/internal/authz"
	"lachan/internal/clock"
	"lachan/internal/ledger"
	"lachan/internal/media"
	"lachan/internal/pdq"
	"lachan/internal/sqldb"
	"lachan/internal/testkit"
	"lachan/internal/vault"
	"lachan/policy"
)

// The invented province of these tests.
const (
	reviewUnit = "unit-review"
	otherUnit  = "unit-other"
)

// TestMain lends this program to the children in which pictures are opened.
func TestMain(m *testing.M) {
	if media.IsChild(os.Args) {
		os.Exit(media.Main(os.Args, os.Stdin, os.Stdout, os.Stderr))
	}
	os.Exit(m.Run())
}

var start = time.Date(2026, time.November, 23, 9, 42, 0, 0, clock.Vietnam)

type world struct {
	*detection.Service
	t      testing.TB
	ctx    context.Context
	db     *sqldb.DB
	vault  *vault.Vault
	clock  *clock.Fixed
	deps   detection.Deps
	files  *folder
	events []any
	keys   map[string]*vault.Unlocked
	cases  int
	owner  string // of cases that flow makes
	kinds  *kinds
}

// kinds counts ledger entries by kind, of transactions that were committed.
type kinds struct {
	log *ledger.Log
	mu  sync.Mutex
	n   map[string]int
	all []ledger.Entry
}

func (k *kinds) Append(ctx context.Context, tx *sqldb.Tx, e ledger.Entry) (string, error) {
	tx.OnCommit(func() {
		k.mu.Lock()
		defer k.mu.Unlock()
		k.n[e.Kind]++
		k.all = append(k.all, e)
	})
	return k.log.Append(ctx, tx, e)
}

func (k *kinds) count(kind string) int {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.n[kind]
}

type folder struct {
	mu    sync.Mutex
	files map[string][]byte
}

func (f *folder) Put(_ context.Context, key string, r io.Reader) error {
	data, err := io.ReadAll(r)
	f.mu.Lock()
	defer f.mu.Unlock()
	f.files[key] = data
	return err
}

func (f *folder) Get(_ context.Context, key string) (io.ReadCloser, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	data, ok := f.files[key]
	if !ok {
		return nil, fmt.Errorf("no file %s", key)
	}
	return io.NopCloser(bytes.NewReader(data)), nil
}

func (f *folder) Delete(_ context.Context, key string) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	delete(f.files, key)
	return nil
}

func newWorld(t testing.TB, change ...func(*detection.Deps)) *world {
	t.Helper()
	w := &world{
		t: t, ctx: context.Background(), db: testkit.DB(t), clock: clock.NewFixed(start), files: &folder{files: map[string][]byte{}},
		keys: map[string]*vault.Unlocked{}, owner: otherUnit,
	}
	secrets, err := vault.OpenSecrets(t.TempDir())
	w.ok(err)
	w.vault, err = vault.New(vault.Deps{DB: w.db, Clock: w.clock, Secrets: secrets, KDF: vault.KDF{MemoryKiB: 64, Passes: 1, Threads: 1}})
	w.ok(err)
	file, err := ledger.NewKey("mau.example/ledger")
	w.ok(err)
	key, err := ledger.ParseKey(file)
	w.ok(err)
	log, err := ledger.New(ledger.Deps{DB: w.db, Clock: w.clock, Key: key, Sealer: secrets.Box("ledger")})
	w.ok(err)
	w.kinds = &kinds{log: log, n: map[string]int{}}
	engine, err := authz.New(policy.FS)
	w.ok(err)
	w.deps = detection.Deps{
		DB: w.db, Clock: w.clock, Authz: engine, Ledger: w.kinds, Vault: w.vault, Files: w.files,
		Log:  slog.New(slog.NewTextHandler(io.Discard, nil)),
		Unit: func(context.Context, time.Time) (string, error) { return reviewUnit, nil },
		Registrable: func(host string) string {
			parts := strings.Split(host, ".")
			return strings.Join(parts[max(0, len(parts)-2):], ".")
		},
		Emit: w.emit,
	}
	for _, c := range change {
		c(&w.deps)
	}
	w.Service, err = detection.New(w.deps)
	w.ok(err)
	t.Cleanup(func() { w.ok(w.Close()) })
	for _, unit := range []string{reviewUnit, otherUnit} {
		w.join(unit, "a-"+unit, true)
		w.join(unit, "b-"+unit, false)
	}
	return w
}

// emit stands for flow: it makes cases by number.
func (w *world) emit(_ context.Context, _ *sqldb.Tx, event any) error {
	w.events = append(w.events, event)
	switch e := event.(type) {
	case *detection.Judged:
		if e.Case == "" {
			w.cases++
			e.Case = fmt.Sprintf("case-%d", w.cases)
		}
		e.Code, e.Owner = "VV-"+e.Case, w.owner
	case *detection.EmergencyUnseen:
		w.cases++
		e.Case = fmt.Sprintf("case-%d", w.cases)
	}
	return nil
}

func (w *world) join(unit, person string, first bool) {
	w.t.Helper()
	prepared, err := w.vault.PreparePerson(w.ctx, person, "mot cau mo khoa that dai "+person)
	w.ok(err)
	w.ok(w.db.Tx(w.ctx, func(ctx context.Context, tx *sqldb.Tx) error {
		u, _, err := w.vault.SavePerson(ctx, tx, prepared)
		if err != nil {
			return err
		}
		w.keys[person] = u
		if first {
			_, err = u.MakeUnit(ctx, tx, unit, nil)
			return err
		}
		if err := w.vault.RequestSeal(ctx, tx, unit, person); err != nil {
			return err
		}
		return w.keys["a-"+unit].Reseal(ctx, tx, unit, person)
	}))
}

func (w *world) ok(err error) {
	w.t.Helper()
	if err != nil {
		w.t.Fatal(err)
	}
}

// an is the first reviewer, binh the second.
func (w *world) an() authz.Actor   { return reviewerOf("a-" + reviewUnit) }
func (w *world) binh() authz.Actor { return reviewerOf("b-" + reviewUnit) }

func reviewerOf(person string) authz.Actor {
	return authz.Actor{Person: person, Unit: reviewUnit, Roles: []string{authz.Reviewer}, Session: "s-" + person}
}

func (w *world) u(a authz.Actor) *vault.Unlocked { return w.keys[a.Person] }

// system is a scan at night.
func system() authz.Actor { return authz.System("detection.scan") }

// scene is a harmless picture that no other seed gives.
func scene(seed, side int) image.Image {
	img := image.NewRGBA(image.Rect(0, 0, side, side))
	state := uint32(seed)*2654435761 + 1
	cells := [64]color.RGBA{}
	for i := range cells {
		state = state*1664525 + 1013904223
		cells[i] = color.RGBA{byte(state >> 24), byte(state >> 16), byte(state >> 8), 255}
	}
	for y := range side {
		for x := range side {
			img.SetRGBA(x, y, cells[(y*8/side)*8+x*8/side])
		}
	}
	return img
}

// picture is a found picture as the decoder hands it over.
func picture(t testing.TB, seed int) detection.FoundPicture {
	t.Helper()
	img := scene(seed, 256)
	var hasher pdq.Hasher
	p := hasher.Image(img, pdq.FullResolution)
	var file bytes.Buffer
	if err := jpeg.Encode(&file, img, nil); err != nil {
		t.Fatal(err)
	}
	return detection.FoundPicture{
		Address: fmt.Sprintf("https://anh.mau.example/%d.jpg", seed), Width: 256, Height: 256, Quality: p.Quality, Hash: p.Hash,
		Picture: file.Bytes(), Veil: []byte("veil of a picture"), SHA256: fmt.Sprintf("%064x", seed), MD5: fmt.Sprintf("%032x", seed),
	}
}

// samples are invented texts that the reader lists, by label.
var samples = map[string]string{
	"gambling": "Nhà cái uy tín, nổ hũ nhận thưởng, nạp tiền ngay hôm nay",
	"scam":     "Chúc mừng em trúng thưởng, gửi mã OTP để nhận quà",
	"grooming": "anhlon: em mấy tuổi rồi\nbe: em học lớp 6\nanhlon: em ở nhà một mình à\nanhlon: qua zalo nói chuyện với anh nhé\n" +
		"anhlon: đừng kể cho ba mẹ biết nhé, bí mật của hai anh em mình\nanhlon: gửi ảnh cho anh xem",
}
