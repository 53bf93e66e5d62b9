// SPDX-License-Identifier: Apache-2.0

package ledger

import (
	"context"
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"lachan/internal/clock"
	"lachan/internal/problem"
	"lachan/internal/sqldb"
	"lachan/internal/testkit"
)

// box is a simple sealer for tests: AES-256-GCM, the context as additional
// data.
type box struct{ aead cipher.AEAD }

func newBox(t testing.TB) box {
	t.Helper()
	key := make([]byte, 32)
	rand.Read(key)
	block, err := aes.NewCipher(key)
	if err != nil {
		t.Fatal(err)
	}
	aead, err := cipher.NewGCMWithRandomNonce(block)
	if err != nil {
		t.Fatal(err)
	}
	return box{aead}
}

func (b box) Seal(context string, plain []byte) ([]byte, error) {
	return b.aead.Seal(nil, nil, plain, []byte(context)), nil
}

func (b box) Open(context string, sealed []byte) ([]byte, error) {
	return b.aead.Open(nil, nil, sealed, []byte(context))
}

func testKey(t testing.TB) Key {
	t.Helper()
	file, err := NewKey("mau.example/ledger")
	if err != nil {
		t.Fatal(err)
	}
	k, err := ParseKey(file)
	if err != nil {
		t.Fatal(err)
	}
	return k
}

type fixture struct {
	t   testing.TB
	ctx context.Context
	url string
	db  *sqldb.DB
	key Key
	box box
	log *Log
}

func setUp(t testing.TB) *fixture {
	t.Helper()
	f := &fixture{t: t, ctx: context.Background(), url: testkit.URL(t), key: testKey(t), box: newBox(t)}
	f.db = testkit.Open(t, f.url)
	f.log = f.newLog(f.db)
	return f
}

func (f *fixture) newLog(db *sqldb.DB) *Log {
	f.t.Helper()
	l, err := New(Deps{DB: db, Clock: clock.System{}, Key: f.key, Sealer: f.box, BatchWait: 5 * time.Millisecond})
	if err != nil {
		f.t.Fatal(err)
	}
	return l
}

// append records n entries in one transaction and returns their ids.
func (f *fixture) append(n int) []string {
	f.t.Helper()
	var ids []string
	err := f.db.Tx(f.ctx, func(ctx context.Context, tx *sqldb.Tx) error {
		ids = nil
		for i := range n {
			id, err := f.log.Append(ctx, tx, Entry{
				Kind: "casework.decided", Actor: "person-1", Object: fmt.Sprintf("case-%d", i),
				Policies: []string{"casework.decide"}, Details: map[string]any{"outcome": "block", "n": i},
			})
			if err != nil {
				return err
			}
			ids = append(ids, id)
		}
		return nil
	})
	if err != nil {
		f.t.Fatal(err)
	}
	return ids
}

func (f *fixture) sequence() {
	f.t.Helper()
	if _, err := f.log.Sequence(f.ctx); err != nil {
		f.t.Fatal(err)
	}
}

func (f *fixture) sound() {
	f.t.Helper()
	faults, err := f.log.Check(f.ctx, nil)
	if err != nil || len(faults) > 0 {
		f.t.Fatalf("faults %v, %v", faults, err)
	}
}

func TestAnEntryGetsItsNumberAfterTheCommit(t *testing.T) {
	f := setUp(t)
	ids := f.append(3)
	leaf, err := f.log.Entry(f.ctx, ids[0])
	if err != nil || leaf.Index != -1 {
		t.Fatalf("%+v, %v", leaf, err)
	}
	if _, err := f.log.Prove(f.ctx, ids[0]); !problem.Is(err, "ledger/not-yet") {
		t.Fatalf("got %v", err)
	}
	f.sequence()
	leaves, err := f.log.Since(f.ctx, 0, 10)
	if err != nil || len(leaves) != 3 {
		t.Fatalf("%v, %v", leaves, err)
	}
	for i, l := range leaves {
		if l.Index != int64(i) || l.ID != ids[i] {
			t.Errorf("leaf %d: %+v", i, l)
		}
	}
	f.sound()
}

func TestARolledBackStepLeavesNoEntry(t *testing.T) {
	f := setUp(t)
	boom := errors.New("boom")
	err := f.db.Tx(f.ctx, func(ctx context.Context, tx *sqldb.Tx) error {
		if _, err := f.log.Append(ctx, tx, Entry{Kind: "a.b", Actor: "p"}); err != nil {
			return err
		}
		return boom
	})
	if !errors.Is(err, boom) {
		t.Fatal(err)
	}
	f.sequence()
	if h, err := f.log.Head(f.ctx); err != nil || h.Size != 0 {
		t.Fatalf("%+v, %v", h, err)
	}
}

func TestDetailsOpenAndMatchTheirCommitment(t *testing.T) {
	f := setUp(t)
	ids := f.append(2)
	got, err := f.log.Details(f.ctx, ids[1], f.box)
	if err != nil || string(got) != `{"n":1,"outcome":"block"}` {
		t.Fatalf("%s, %v", got, err)
	}
	// Swapped details do not open: the context names the entry.
	if _, err := f.db.Writer().Exec(`UPDATE ledger_detail SET sealed = (SELECT sealed FROM ledger_detail WHERE entry_id = $1) WHERE entry_id = $2`, ids[0], ids[1]); err != nil {
		t.Fatal(err)
	}
	if _, err := f.log.Details(f.ctx, ids[1], f.box); err == nil {
		t.Fatal("opened another entry's details")
	}
	if _, err := f.db.Writer().Exec(`DELETE FROM ledger_detail WHERE entry_id = $1`, ids[0]); err != nil {
		t.Fatal(err)
	}
	if _, err := f.log.Details(f.ctx, ids[0], f.box); !problem.Is(err, "ledger/no-details") {
		t.Fatalf("got %v", err)
	}
}

func TestTextThatIsNoIDIsRefused(t *testing.T) {
	f := setUp(t)
	for name, e := range map[string]Entry{
		"kind without room": {Kind: "decided", Actor: "p"},
		"kind with text":    {Kind: "casework.Đã quyết", Actor: "p"},
		"no actor":          {Kind: "a.b"},
		"line break":        {Kind: "a.b", Actor: "p", Object: "x\nid y"},
		"a name":            {Kind: "a.b", Actor: "Nguyễn Văn Mẫu"},
		"comma in policy":   {Kind: "a.b", Actor: "p", Policies: []string{"a,b"}},
		"unwritable":        {Kind: "a.b", Actor: "p", Details: func() {}},
	} {
		err := f.db.Tx(f.ctx, func(ctx context.Context, tx *sqldb.Tx) error {
			_, err := f.log.Append(ctx, tx, e)
			return err
		})
		if err == nil {
			t.Errorf("%s: taken", name)
		}
	}
}

func TestOneSizeHasOneRoot(t *testing.T) {
	f := setUp(t)
	f.append(1)
	f.sequence()
	err := f.db.Tx(f.ctx, func(ctx context.Context, tx *sqldb.Tx) error {
		_, err := sqldb.Exec(ctx, tx, queryInsertCheckpoint, int64(1), "another", "note", int64(1))
		return err
	})
	if !sqldb.IsUnique(err) {
		t.Fatalf("a second root for size 1: %v", err)
	}
}

// Two hubs, each with its own connection and sequencer, and writers on both.
func TestTwoSequencersMakeOneLog(t *testing.T) {
	f := setUp(t)
	const writers, each = 6, 20
	ctx, stop := context.WithCancel(f.ctx)
	defer stop()
	second := testkit.Open(t, f.url)
	dbs := []*sqldb.DB{f.db, second}
	logs := []*Log{f.log, f.newLog(second)}
	var running, writing sync.WaitGroup
	for _, l := range logs {
		running.Go(func() {
			if err := l.Run(ctx, func(err error) { t.Errorf("sequencer: %v", err) }); err != nil {
				t.Error(err)
			}
		})
	}
	for w := range writers {
		writing.Go(func() {
			for i := range each {
				err := dbs[w%2].Tx(f.ctx, func(ctx context.Context, tx *sqldb.Tx) error {
					_, err := logs[w%2].Append(ctx, tx, Entry{Kind: "a.b", Actor: fmt.Sprintf("p%d", w), Object: fmt.Sprint(i)})
					return err
				})
				if err != nil {
					t.Error(err)
				}
			}
		})
	}
	writing.Wait()
	deadline := time.Now().Add(20 * time.Second)
	for {
		h, err := f.log.Head(f.ctx)
		if err != nil {
			t.Fatal(err)
		}
		if h.Size == writers*each {
			break
		}
		if time.Now().After(deadline) {
			t.Fatalf("%d of %d sequenced", h.Size, writers*each)
		}
		time.Sleep(5 * time.Millisecond)
	}
	stop()
	running.Wait()
	seen := map[string]bool{}
	leaves, err := f.log.Since(f.ctx, 0, 1000)
	if err != nil {
		t.Fatal(err)
	}
	for _, l := range leaves {
		if key := l.Actor + "/" + l.Object; seen[key] {
			t.Errorf("%s is there twice", key)
		} else {
			seen[key] = true
		}
	}
	if len(seen) != writers*each {
		t.Fatalf("%d entries of %d", len(seen), writers*each)
	}
	f.sound()
}

func TestListPagesNewestFirst(t *testing.T) {
	f := setUp(t)
	ids := f.append(7)
	f.sequence()
	var got []string
	var cursor Cursor
	for {
		page, next, err := f.log.List(f.ctx, Filter{Room: "casework", Actor: "person-1"}, Page{Before: cursor, Limit: 3})
		if err != nil {
			t.Fatal(err)
		}
		for _, l := range page {
			got = append(got, l.ID)
		}
		if cursor = next; next == (Cursor{}) {
			break
		}
	}
	if len(got) != 7 {
		t.Fatalf("%d entries", len(got))
	}
	for i, id := range got {
		if id != ids[6-i] {
			t.Fatalf("place %d: %s", i, id)
		}
	}
	for _, filter := range []Filter{{Room: "case"}, {Object: "case-9"}, {Actor: "q"}, {From: time.Now().Add(time.Hour)}, {Until: time.Now().Add(-time.Hour)}} {
		if page, _, err := f.log.List(f.ctx, filter, Page{}); err != nil || len(page) > 0 {
			t.Errorf("%+v: %d entries, %v", filter, len(page), err)
		}
	}
	if page, _, err := f.log.List(f.ctx, Filter{Object: "case-3"}, Page{}); err != nil || len(page) != 1 {
		t.Errorf("%d entries, %v", len(page), err)
	}
}

// Whatever is changed in the database, fsck says so.
func TestCheckFindsEveryChange(t *testing.T) {
	for name, change := range map[string]string{
		"an entry's object":    `UPDATE ledger_entry SET object = 'other' WHERE leaf_index = 300`,
		"an entry's time":      `UPDATE ledger_entry SET at = at + 1 WHERE leaf_index = 0`,
		"an entry removed":     `UPDATE ledger_entry SET leaf_index = NULL WHERE leaf_index = 17`,
		"last entry removed":   `UPDATE ledger_entry SET leaf_index = NULL WHERE leaf_index = 299 OR leaf_index = 300`,
		"a hash":               `UPDATE ledger_hash SET hash = (SELECT hash FROM ledger_hash WHERE level = 0 AND n = 1) WHERE level = 3 AND n = 2`,
		"a hash removed":       `DELETE FROM ledger_hash WHERE level = 8`,
		"a hash too many":      `INSERT INTO ledger_hash (level, n, hash) SELECT 40, 0, hash FROM ledger_hash WHERE level = 0 AND n = 0`,
		"a checkpoint's root":  `UPDATE ledger_checkpoint SET root = 'x' WHERE size = 10`,
		"a checkpoint's note":  `UPDATE ledger_checkpoint SET note = (SELECT note FROM ledger_checkpoint WHERE size = 301) WHERE size = 10`,
		"the head's note gone": `DELETE FROM ledger_checkpoint WHERE size = 301`,
		"details gone":         `DELETE FROM ledger_detail WHERE entry_id = (SELECT id FROM ledger_entry WHERE leaf_index = 5)`,
	} {
		t.Run(name, func(t *testing.T) {
			f := setUp(t)
			f.append(10)
			f.sequence()
			f.append(291)
			f.sequence()
			f.sound()
			if res, err := f.db.Writer().Exec(change); err != nil {
				t.Fatal(err)
			} else if n, _ := res.RowsAffected(); n == 0 {
				t.Fatal("nothing was changed")
			}
			faults, err := f.log.Check(f.ctx, nil)
			if err != nil || len(faults) == 0 {
				t.Fatalf("faults %v, %v", faults, err)
			}
		})
	}
}

func TestKeyFileIsMadeOnceAndChecked(t *testing.T) {
	path := t.TempDir() + "/secrets/ledger.key"
	first, err := LoadOrCreateKey(path, "mau.example/ledger")
	if err != nil {
		t.Fatal(err)
	}
	again, err := LoadOrCreateKey(path, "mau.example/ledger")
	if err != nil || again.Public() != first.Public() {
		t.Fatalf("%v", err)
	}
	file, err := NewKey("mau.example/ledger")
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(string(file), "\n")
	if _, err := ParseKey([]byte(lines[0] + "\n" + first.Public() + "\n")); err == nil {
		t.Fatal("halves of two keys were taken for one")
	} else if strings.Contains(err.Error(), lines[0][len(lines[0])-20:]) {
		t.Fatal("the error shows the private key")
	}
	for _, name := range []string{"", "a b", "a+b"} {
		if _, err := NewKey(name); err == nil {
			t.Errorf("origin %q was taken", name)
		}
	}
}

// A sequencer that read the waiting entries and was then overtaken must not
// put them into the tree a second time.
func TestAnOvertakenSequencerStepsBack(t *testing.T) {
	f := setUp(t)
	f.append(3)
	stale, err := sqldb.All(f.ctx, f.db.Read(), queryWaiting, scanLeaf, int64(maxBatch))
	if err != nil || len(stale) != 3 {
		t.Fatalf("%v, %v", stale, err)
	}
	f.sequence()
	err = f.db.Tx(f.ctx, func(ctx context.Context, tx *sqldb.Tx) error { return f.log.extend(ctx, tx, stale) })
	if !errors.Is(err, errOvertaken) {
		t.Fatalf("got %v", err)
	}
	if h, err := f.log.Head(f.ctx); err != nil || h.Size != 3 {
		t.Fatalf("%+v, %v", h, err)
	}
	f.sound()
}

// Both hubs start on the same waiting entries, round after round.
func TestSequencersStartedTogether(t *testing.T) {
	f := setUp(t)
	second := f.newLog(testkit.Open(t, f.url))
	for round := range 15 {
		f.append(20)
		start := make(chan struct{})
		var wg sync.WaitGroup
		for _, l := range []*Log{f.log, second} {
			wg.Go(func() {
				<-start
				if _, err := l.Sequence(f.ctx); err != nil {
					t.Error(err)
				}
			})
		}
		close(start)
		wg.Wait()
		if h, err := f.log.Head(f.ctx); err != nil || h.Size != int64(20*(round+1)) {
			t.Fatalf("round %d: %+v, %v", round, h, err)
		}
	}
	f.sound()
}
