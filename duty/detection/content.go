// SPDX-License-Identifier: Apache-2.0

package detection

import (
	"context"
	"encoding/json"
	"errors"
	"slices"
	"strconv"
	"time"

	"lachan/duty/detection/exchange"
	"lachan/internal/authz"
	"lachan/internal/clock"
	"lachan/internal/pdq"
	"lachan/internal/problem"
	"lachan/internal/sqldb"
)

// Signal is one way to know a content again.
type Signal struct {
	Type  exchange.Type
	Value string // canonical: see exchange.Item
}

// Content is one thing of a bank.
type Content struct {
	ID       int64 // given once, never again
	Bank     string
	Signals  []Signal
	URI      string // where it was; "" if not kept
	Note     string
	Meta     map[string]string
	Exchange string // whence it came; "" for our own
	Foreign  string // its id there
	Category string // the source's own word
	// DisabledUntil is the instant until which it is not matched; zero: it is.
	DisabledUntil time.Time
	Expires       time.Time // zero: never
	Made          time.Time
	By            string
}

// changeCounter counts changes of contents; a matcher that knows of change n
// reads what is above n.
const changeCounter = "content_change"

// contentCounter gives contents their numbers, from 1.
const contentCounter = "content"

var (
	queryContentPut = sqldb.Register("detection.content_put", `
		INSERT INTO detection_content (id, bank, changed, gone, disabled_until, uri, note, meta, exchange, foreign_id, category, expires, by_person, made)
		VALUES ($1,$2,$3,0,$4,$5,$6,$7,$8,$9,$10,$11,$12,$13)`)
	queryContent = sqldb.Register("detection.content", `
		SELECT id, bank, disabled_until, uri, note, meta, exchange, foreign_id, category, expires, by_person, made
		FROM detection_content WHERE id = $1 AND gone = 0`)
	queryContents = sqldb.Register("detection.contents", `
		SELECT id, bank, disabled_until, uri, note, meta, exchange, foreign_id, category, expires, by_person, made
		FROM detection_content WHERE bank = $1 AND gone = 0 AND id > $2 ORDER BY id LIMIT $3`)
	queryContentForeign = sqldb.Register("detection.content_foreign", `
		SELECT id FROM detection_content WHERE exchange = $1 AND foreign_id = $2 AND gone = 0`)
	queryContentGone    = sqldb.Register("detection.content_gone", `UPDATE detection_content SET gone = $2, changed = $3 WHERE id = $1 AND gone = 0`)
	queryContentDisable = sqldb.Register("detection.content_disable", `UPDATE detection_content SET disabled_until = $2, changed = $3 WHERE id = $1 AND gone = 0`)
	queryContentNote    = sqldb.Register("detection.content_note", `UPDATE detection_content SET note = $2 WHERE id = $1 AND gone = 0`)
	queryContentsGone   = sqldb.Register("detection.contents_gone", `UPDATE detection_content SET gone = $2, changed = $3 WHERE bank = $1 AND gone = 0`)
	queryContentsTouch  = sqldb.Register("detection.contents_touch", `UPDATE detection_content SET changed = $2 WHERE bank = $1 AND gone = 0`)
	querySignalPut      = sqldb.Register("detection.signal_put", `INSERT INTO detection_signal (content, type, value) VALUES ($1,$2,$3) ON CONFLICT DO NOTHING`)
	querySignals        = sqldb.Register("detection.signals", `SELECT type, value FROM detection_signal WHERE content = $1 ORDER BY type, value`)
	querySignalInBank   = sqldb.Register("detection.signal_in_bank", `
		SELECT c.id FROM detection_signal s JOIN detection_content c ON c.id = s.content
		WHERE s.type = $1 AND s.value = $2 AND c.bank = $3 AND c.gone = 0 ORDER BY c.id LIMIT 1`)
)

func (s *Service) scanContent(r sqldb.Row) (c Content, err error) {
	var until, expires, made int64
	var uri []byte
	var meta string
	if err := r.Scan(&c.ID, &c.Bank, &until, &uri, &c.Note, &meta, &c.Exchange, &c.Foreign, &c.Category, &expires, &c.By, &made); err != nil {
		return c, err
	}
	c.DisabledUntil, c.Expires, c.Made = fromMicro(until), fromMicro(expires), clock.FromMicro(made)
	if len(uri) > 0 {
		plain, err := s.box().Open(contentBox(c.ID), uri)
		if err != nil {
			return c, err
		}
		c.URI = string(plain)
	}
	return c, json.Unmarshal([]byte(meta), &c.Meta)
}

func contentBox(id int64) string { return "content/" + strconv.FormatInt(id, 10) }

// fromMicro keeps 0 as the zero time.
func fromMicro(us int64) time.Time {
	if us == 0 {
		return time.Time{}
	}
	return clock.FromMicro(us)
}

func toMicro(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return clock.Micro(t)
}

// checkSignals refuses what cannot be matched: a wrong shape, a PDQ hash of
// zeros, none at all.
func checkSignals(signals []Signal) error {
	p := problem.New("input/faulty")
	if len(signals) == 0 {
		p.Field("signal", "detection/no-signal")
	}
	for i := range signals {
		v, ok := exchange.Canonical(signals[i].Type, signals[i].Value)
		if !ok {
			p.Field(string(signals[i].Type), "detection/bad-signal")
			continue
		}
		signals[i].Value = v
	}
	return p.OrNil()
}

// AddContent puts a thing into a bank and gives it its number. A content with
// the same signals in the same bank is not doubled: its number is returned.
func (s *Service) AddContent(ctx context.Context, actor authz.Actor, c Content) (int64, error) {
	permit, err := s.check(ctx, actor, "detection.bank", "bank", c.Bank)
	if err != nil {
		return 0, err
	}
	if IsDecided(c.Bank) {
		return 0, problem.New("detection/bank-is-ours")
	}
	if err := checkSignals(c.Signals); err != nil {
		return 0, err
	}
	if len([]rune(c.Note)) > maxNote {
		return 0, problem.New("input/faulty").Field("note", "input/too-long", "max", maxNote)
	}
	var number int64
	err = s.DB.Tx(ctx, func(ctx context.Context, tx *sqldb.Tx) error {
		if _, err := s.bank(ctx, tx, c.Bank); err != nil {
			return err
		}
		var fresh bool
		if number, fresh, err = s.putContent(ctx, tx, actor, c); err != nil || !fresh {
			return err
		}
		return s.record(ctx, tx, actor, c.Bank, "detection.content_added", permit, map[string]any{"content": number, "signals": len(c.Signals)})
	})
	return number, wrap("add content", err)
}

// putContent stores a content whose signals were checked. fresh is false where
// the bank had it.
func (s *Service) putContent(ctx context.Context, tx *sqldb.Tx, actor authz.Actor, c Content) (id int64, fresh bool, err error) {
	if had, err := s.sameContent(ctx, tx, c); err != nil || had != 0 {
		return had, false, err
	}
	if id, err = next(ctx, tx, contentCounter); err != nil {
		return 0, false, err
	}
	change, err := next(ctx, tx, changeCounter)
	if err != nil {
		return 0, false, err
	}
	uri := []byte{}
	if c.URI != "" {
		if uri, err = s.box().Seal(contentBox(id), []byte(c.URI)); err != nil {
			return 0, false, err
		}
	}
	if c.Meta == nil {
		c.Meta = map[string]string{}
	}
	meta, err := json.Marshal(c.Meta)
	if err != nil {
		return 0, false, err
	}
	_, err = sqldb.Exec(ctx, tx, queryContentPut, id, c.Bank, change, toMicro(c.DisabledUntil), uri, c.Note, string(meta),
		c.Exchange, c.Foreign, c.Category, toMicro(c.Expires), actor.Name(), clock.Micro(s.now()))
	for _, sig := range c.Signals {
		if err == nil {
			_, err = sqldb.Exec(ctx, tx, querySignalPut, id, string(sig.Type), sig.Value)
		}
	}
	return id, err == nil, err
}

// sameContent finds a content of the bank that all signals of c lead to.
func (s *Service) sameContent(ctx context.Context, tx *sqldb.Tx, c Content) (int64, error) {
	if c.Exchange != "" {
		return 0, nil // an exchange is told apart by its own ids
	}
	same := int64(0)
	for i, sig := range c.Signals {
		id, err := sqldb.One(ctx, tx, querySignalInBank, sqldb.Scalar[int64], string(sig.Type), sig.Value, c.Bank)
		if errors.Is(err, sqldb.ErrNoRows) {
			return 0, nil
		}
		if err != nil || i > 0 && id != same {
			return 0, err
		}
		same = id
	}
	return same, nil
}

// AddSignal gives a content another signal.
func (s *Service) AddSignal(ctx context.Context, actor authz.Actor, id int64, sig Signal) error {
	one := []Signal{sig}
	if err := checkSignals(one); err != nil {
		return err
	}
	return s.changeContent(ctx, actor, id, "detection.content_changed", func(ctx context.Context, tx *sqldb.Tx, _ Content, change int64) error {
		if _, err := sqldb.Exec(ctx, tx, querySignalPut, id, string(one[0].Type), one[0].Value); err != nil {
			return err
		}
		_, err := sqldb.Exec(ctx, tx, queryContentTouch, id, change)
		return err
	})
}

var queryContentTouch = sqldb.Register("detection.content_touch", `UPDATE detection_content SET changed = $2 WHERE id = $1 AND gone = 0`)

// DisableContent keeps a content from being matched until an instant; the zero
// time puts it back.
func (s *Service) DisableContent(ctx context.Context, actor authz.Actor, id int64, until time.Time) error {
	return s.changeContent(ctx, actor, id, "detection.content_changed", func(ctx context.Context, tx *sqldb.Tx, _ Content, change int64) error {
		_, err := sqldb.Exec(ctx, tx, queryContentDisable, id, toMicro(until), change)
		return err
	})
}

// NoteContent changes a content's note.
func (s *Service) NoteContent(ctx context.Context, actor authz.Actor, id int64, note string) error {
	if len([]rune(note)) > maxNote {
		return problem.New("input/faulty").Field("note", "input/too-long", "max", maxNote)
	}
	return s.changeContent(ctx, actor, id, "detection.content_changed", func(ctx context.Context, tx *sqldb.Tx, _ Content, _ int64) error {
		_, err := sqldb.Exec(ctx, tx, queryContentNote, id, note)
		return err
	})
}

// DropContent takes a content out of its bank.
func (s *Service) DropContent(ctx context.Context, actor authz.Actor, id int64) error {
	return s.changeContent(ctx, actor, id, "detection.content_dropped", func(ctx context.Context, tx *sqldb.Tx, c Content, change int64) error {
		if IsDecided(c.Bank) {
			return problem.New("detection/bank-is-ours")
		}
		_, err := sqldb.Exec(ctx, tx, queryContentGone, id, clock.Micro(s.now()), change)
		return err
	})
}

func (s *Service) changeContent(ctx context.Context, actor authz.Actor, id int64, kind string, do func(ctx context.Context, tx *sqldb.Tx, c Content, change int64) error) error {
	permit, err := s.check(ctx, actor, "detection.bank", "content", strconv.FormatInt(id, 10))
	if err != nil {
		return err
	}
	return s.DB.Tx(ctx, func(ctx context.Context, tx *sqldb.Tx) error {
		c, err := sqldb.One(ctx, tx, queryContent, s.scanContent, id)
		if err != nil {
			return notFound(err, "detection/no-content")
		}
		change, err := next(ctx, tx, changeCounter)
		if err != nil {
			return err
		}
		if err := do(ctx, tx, c, change); err != nil {
			return err
		}
		return s.record(ctx, tx, actor, c.Bank, kind, permit, map[string]int64{"content": id})
	})
}

// touchBank has every matcher look at a bank's contents again.
func (s *Service) touchBank(ctx context.Context, tx *sqldb.Tx, name string) error {
	change, err := next(ctx, tx, changeCounter)
	if err != nil {
		return err
	}
	_, err = sqldb.Exec(ctx, tx, queryContentsTouch, name, change)
	return err
}

// Content is one content with its signals; detection/no-content if there is
// none.
func (s *Service) Content(ctx context.Context, actor authz.Actor, id int64) (Content, error) {
	if _, err := s.check(ctx, actor, "detection.bank", "content", strconv.FormatInt(id, 10)); err != nil {
		return Content{}, err
	}
	c, err := sqldb.One(ctx, s.DB.Read(), queryContent, s.scanContent, id)
	if err != nil {
		return c, notFound(err, "detection/no-content")
	}
	c.Signals, err = sqldb.All(ctx, s.DB.Read(), querySignals, scanSignal, id)
	return c, wrap("content", err)
}

func scanSignal(r sqldb.Row) (sig Signal, err error) {
	err = r.Scan(&sig.Type, &sig.Value)
	return sig, err
}

// Contents lists contents of a bank after a number, without their signals.
func (s *Service) Contents(ctx context.Context, actor authz.Actor, bank string, after int64, most int) ([]Content, error) {
	if _, err := s.check(ctx, actor, "detection.bank", "bank", bank); err != nil {
		return nil, err
	}
	if _, err := s.bank(ctx, s.DB.Read(), bank); err != nil {
		return nil, err
	}
	all, err := sqldb.All(ctx, s.DB.Read(), queryContents, s.scanContent, bank, after, most)
	return all, wrap("contents", err)
}

// hashesOf are the PDQ hashes among signals.
func hashesOf(signals []Signal) (hashes []pdq.Hash) {
	for _, sig := range signals {
		if sig.Type != exchange.PDQ {
			continue
		}
		if h, err := pdq.Parse(sig.Value); err == nil && !slices.Contains(hashes, h) {
			hashes = append(hashes, h)
		}
	}
	return hashes
}
