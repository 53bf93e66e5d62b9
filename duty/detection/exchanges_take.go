// SPDX-License-Identifier: Apache-2.0

package detection

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"maps"
	"slices"
	"strings"
	"time"

	"lachan/duty/detection/exchange"
	"lachan/internal/authz"
	"lachan/internal/clock"
	"lachan/internal/sqldb"
)

// Counts says what became of the entries of a list.
type Counts struct {
	Entries   int `json:"entries"` // signals that the list holds, with those left out
	Fresh     int `json:"fresh"`   // contents that the bank had not
	Changed   int `json:"changed"`
	Same      int `json:"same"`
	Withdrawn int `json:"withdrawn"` // contents that the source took back
	Skipped   int `json:"skipped"`   // signals left out; see Reject
}

// taker takes the items of a list into a bank, a batch a transaction. An item
// that comes again, from a page read twice or after a stop, is known by the
// source's id and changes nothing.
type taker struct {
	s      *Service
	actor  authz.Actor
	e      Exchange
	size   int // contents of a batch
	batch  [][]exchange.Item
	group  []exchange.Item // items of the source's one entry
	counts Counts
	// saved is called in the transaction of each batch.
	saved func(ctx context.Context, tx *sqldb.Tx, c Counts) error
}

// add takes the next item; neighbours with the same id are one content.
func (k *taker) add(ctx context.Context, it exchange.Item) error {
	if len(k.group) > 0 && (it.ID == "" || it.ID != k.group[0].ID || len(k.group) >= maxSignals) {
		k.close()
		if len(k.batch) >= k.size {
			if err := k.flush(ctx, nil); err != nil {
				return err
			}
		}
	}
	k.group = append(k.group, it)
	return nil
}

// maxSignals is the most that one content has.
const maxSignals = 64

func (k *taker) close() {
	if len(k.group) > 0 {
		k.batch, k.group = append(k.batch, k.group), nil
	}
}

// flush writes the batch; last, where given, is done in its transaction.
func (k *taker) flush(ctx context.Context, last func(ctx context.Context, tx *sqldb.Tx, c Counts) error) error {
	counts := k.counts
	err := k.s.DB.Tx(ctx, func(ctx context.Context, tx *sqldb.Tx) error {
		counts = k.counts
		// The row of this counter lets one batch of an exchange at a time look
		// for what is there, on several hubs too.
		if _, err := next(ctx, tx, "exchange/"+k.e.Name); err != nil {
			return err
		}
		for _, group := range k.batch {
			if err := k.take(ctx, tx, group, &counts); err != nil {
				return err
			}
		}
		if err := k.saved(ctx, tx, counts); err != nil || last == nil {
			return err
		}
		return last(ctx, tx, counts)
	})
	if err == nil {
		k.counts, k.batch = counts, k.batch[:0]
	}
	return err
}

// foreignOf is the source's id of an entry, or what stands for it where the
// source has none.
func foreignOf(it exchange.Item) string {
	switch {
	case it.ID != "":
		return it.ID
	case it.Type == exchange.URL || it.Type == exchange.Domain:
		sum := sha256.Sum256([]byte(it.Value))
		return string(it.Type) + ":" + hex.EncodeToString(sum[:16])
	}
	return string(it.Type) + ":" + it.Value
}

// opinion is what one of those who share says of an entry.
type opinion struct {
	By     string   `json:"by,omitempty"`
	Says   string   `json:"says"`
	Weight string   `json:"severity,omitempty"`
	Tags   []string `json:"tags,omitempty"`
}

// contentOf is the content of a source's entry.
func (k *taker) contentOf(group []exchange.Item) Content {
	first := group[0]
	c := Content{
		Bank: k.e.Bank, Exchange: k.e.Name, Foreign: foreignOf(first), Category: first.Category, Expires: first.Expires,
		Note: firstLetters(first.Note, maxNote), Meta: map[string]string{},
	}
	var said []opinion
	for _, it := range group {
		sig := Signal{it.Type, it.Value}
		if it.Value != "" && !slices.Contains(c.Signals, sig) {
			c.Signals = append(c.Signals, sig)
		}
		o := opinion{By: it.Source, Says: string(it.Status), Weight: it.Severity, Tags: it.Tags}
		same := func(p opinion) bool { return p.By == o.By && p.Says == o.Says && slices.Equal(p.Tags, o.Tags) }
		if !slices.ContainsFunc(said, same) {
			said = append(said, o)
		}
	}
	c.Meta["opinions"] = encode(said)
	if !first.Added.IsZero() {
		c.Meta["added"] = first.Added.Format(time.RFC3339)
	}
	if first.Status == exchange.Harmless {
		c.Meta["status"] = string(exchange.Harmless)
		c.DisabledUntil = ForGood()
	}
	return c
}

func firstLetters(text string, most int) string {
	letters := []rune(text)
	return string(letters[:min(len(letters), most)])
}

var queryContentRenew = sqldb.Register("detection.content_renew", `
	UPDATE detection_content SET changed = $2, note = $3, meta = $4, category = $5, expires = $6, disabled_until = $7 WHERE id = $1 AND gone = 0`)

// take brings one entry's content to what the source says of it now.
func (k *taker) take(ctx context.Context, tx *sqldb.Tx, group []exchange.Item, n *Counts) error {
	c := k.contentOf(group)
	id, err := sqldb.One(ctx, tx, queryContentForeign, sqldb.Scalar[int64], c.Exchange, c.Foreign)
	there := !errors.Is(err, sqldb.ErrNoRows)
	if err != nil && there {
		return err
	}
	switch {
	case group[0].Status == exchange.Withdrawn && there:
		n.Withdrawn++
		return k.drop(ctx, tx, id)
	case group[0].Status == exchange.Withdrawn:
		n.Same++
		return nil
	case !there:
		n.Fresh++
		_, _, err = k.s.putContent(ctx, tx, k.actor, c)
		return err
	}
	old, err := sqldb.One(ctx, tx, queryContent, k.s.scanContent, id)
	if err != nil {
		return err
	}
	if old.Signals, err = sqldb.All(ctx, tx, querySignals, scanSignal, id); err != nil {
		return err
	}
	return k.renew(ctx, tx, old, c, n)
}

func (k *taker) drop(ctx context.Context, tx *sqldb.Tx, id int64) error {
	change, err := next(ctx, tx, changeCounter)
	if err != nil {
		return err
	}
	_, err = sqldb.Exec(ctx, tx, queryContentGone, id, clock.Micro(k.s.now()), change)
	return err
}

// renew changes what differs. A signal that the source no longer names is in
// every matcher's memory: the content goes with its number and comes back under
// another.
func (k *taker) renew(ctx context.Context, tx *sqldb.Tx, old, c Content, n *Counts) error {
	if old.Meta["status"] != string(exchange.Harmless) && c.DisabledUntil.IsZero() {
		c.DisabledUntil = old.DisabledUntil // somebody here switched it off
	}
	less := slices.ContainsFunc(old.Signals, func(s Signal) bool { return !slices.Contains(c.Signals, s) })
	if less || old.Bank != c.Bank {
		n.Changed++
		if err := k.drop(ctx, tx, old.ID); err != nil {
			return err
		}
		_, _, err := k.s.putContent(ctx, tx, k.actor, c)
		return err
	}
	if len(c.Signals) == len(old.Signals) && c.Note == old.Note && c.Category == old.Category && c.Expires.Equal(old.Expires) &&
		c.DisabledUntil.Equal(old.DisabledUntil) && maps.Equal(c.Meta, old.Meta) {
		n.Same++
		return nil
	}
	n.Changed++
	change, err := next(ctx, tx, changeCounter)
	if err != nil {
		return err
	}
	for _, sig := range c.Signals {
		if _, err := sqldb.Exec(ctx, tx, querySignalPut, old.ID, string(sig.Type), sig.Value); err != nil {
			return err
		}
	}
	_, err = sqldb.Exec(ctx, tx, queryContentRenew, old.ID, change, c.Note, encode(c.Meta), c.Category, toMicro(c.Expires), toMicro(c.DisabledUntil))
	return err
}

// Reject is a reason with how often it occurred and where: lines by number,
// never a value.
type Reject struct {
	Code  exchange.Skip `json:"code"`
	Count int           `json:"count"`
	Lines []int         `json:"lines,omitempty"`
}

// rejectLines is the most lines that a pull keeps.
const rejectLines = 100

// rejected adds a page's rejects to those of a pull.
func rejected(all []Reject, r exchange.Report) []Reject {
	kept := 0
	for _, one := range all {
		kept += len(one.Lines)
	}
	for _, reason := range r.Reasons {
		i := slices.IndexFunc(all, func(a Reject) bool { return a.Code == reason.Code })
		if i < 0 {
			i = len(all)
			all = append(all, Reject{Code: reason.Code})
		}
		all[i].Count += reason.Count
		lines := reason.Lines[:min(len(reason.Lines), max(0, rejectLines-kept))]
		all[i].Lines = append(all[i].Lines, lines...)
		kept += len(lines)
	}
	slices.SortStableFunc(all, func(a, b Reject) int {
		if a.Count != b.Count {
			return b.Count - a.Count
		}
		return strings.Compare(string(a.Code), string(b.Code))
	})
	return all
}
