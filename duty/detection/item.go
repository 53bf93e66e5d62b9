// SPDX-License-Identifier: Apache-2.0

package detection

import (
	"context"
	"time"

	"lachan/internal/authz"
	"lachan/internal/clock"
	"lachan/internal/problem"
	"lachan/internal/sqldb"
)

// ItemState is where an item stands.
type ItemState string

// The states.
const (
	Waiting ItemState = "waiting" // for a reviewer
	Second  ItemState = "second"  // judged by one, waits for another
	Decided ItemState = "decided"
)

// Key is the locale key of the state's name.
func (s ItemState) Key() string { return "detection.state." + string(s) }

// PictureFacts is what is known of a picture without seeing it.
type PictureFacts struct {
	Width   int    `json:"width"`
	Height  int    `json:"height"`
	Quality int    `json:"quality"`
	Film    bool   `json:"film,omitempty"`
	Known   string `json:"known,omitempty"` // the earlier verdict; "" for a new one
	Label   string `json:"label,omitempty"` // and its label
	Kept    bool   `json:"kept"`            // there is something to reveal
}

// Item is what a reader of the queue may know before opening it.
type Item struct {
	ID       string
	Number   int64 // for people: "R-17"
	Unit     string
	Source   string // id; "" where an officer brought it
	Scan     string
	Kind     Kind
	Found    time.Time
	LastSeen time.Time
	Seen     int
	Tier     Tier
	Label    string
	Severity int
	State    ItemState
	Features Features
	Reasons  []Reason
	Pictures []PictureFacts
	Spoken   bool // in a child's words
	Capture  Capture
	Reviewer string // who has it now; "" for nobody
	HeldTo   time.Time
	Verdict  Verdict
	VLabel   string
	Why      string
	By       string
	Decided  time.Time
	SecondBy string
	Case     string
	Watch    Watch
	Checked  time.Time
	Gone     time.Time
	Starred  bool // by the reader

	address             []byte
	addressHash         string
	host, text, picture string
	watchNext           time.Time
	version             int64
}

// Capture is the sealed record of the page as it was.
type Capture struct {
	Size   int64  // bytes before sealing
	SHA256 string // of what was sealed
}

const itemColumns = `id, number, unit, source, scan, kind, found, last_seen, seen, tier, label, severity, state, address, address_hash, host_hash,
	text_hash, picture_hash, features, reasons, pictures, spoken, capture_size, capture_sha256, reviewer, held_until, verdict, verdict_label, why,
	decided_by, decided, second_by, case_id, watch, watch_next, watch_checked, gone_at, version`

func scanItem(r sqldb.Row) (i Item, err error) {
	var found, last, held, decided, watchNext, checked, gone int64
	var features, reasons, pictures string
	var spoken int
	err = r.Scan(&i.ID, &i.Number, &i.Unit, &i.Source, &i.Scan, &i.Kind, &found, &last, &i.Seen, &i.Tier, &i.Label, &i.Severity, &i.State,
		&i.address, &i.addressHash, &i.host, &i.text, &i.picture, &features, &reasons, &pictures, &spoken, &i.Capture.Size, &i.Capture.SHA256,
		&i.Reviewer, &held, &i.Verdict, &i.VLabel, &i.Why, &i.By, &decided, &i.SecondBy, &i.Case, &i.Watch, &watchNext, &checked, &gone, &i.version)
	i.Found, i.LastSeen, i.HeldTo, i.Decided = clock.FromMicro(found), clock.FromMicro(last), fromMicro(held), fromMicro(decided)
	i.watchNext, i.Checked, i.Gone = fromMicro(watchNext), fromMicro(checked), fromMicro(gone)
	i.Features, i.Reasons, i.Pictures = decode[Features](features), decode[[]Reason](reasons), decode[[]PictureFacts](pictures)
	i.Spoken = spoken != 0
	return i, err
}

var (
	queryItem        = sqldb.Register("detection.item", `SELECT `+itemColumns+` FROM detection_item WHERE id = $1`)
	queryItemAddress = sqldb.Register("detection.item_address", `
		SELECT `+itemColumns+` FROM detection_item WHERE address_hash = $1 AND kind = $2 ORDER BY number DESC LIMIT 1`)
	queryItemPut = sqldb.Register("detection.item_put", `
		INSERT INTO detection_item (`+itemColumns+`) VALUES ($1,$2,$3,$4,$5,$6,$7,$8,$9,$10,$11,$12,$13,$14,$15,$16,$17,$18,$19,$20,$21,$22,$23,$24,
			$25,$26,$27,$28,$29,$30,$31,$32,$33,$34,$35,$36,$37,1)`)
	queryItemSave = sqldb.Register("detection.item_save", `
		UPDATE detection_item SET last_seen=$3, seen=$4, tier=$5, label=$6, severity=$7, state=$8, features=$9, reasons=$10, reviewer=$11, held_until=$12,
			verdict=$13, verdict_label=$14, why=$15, decided_by=$16, decided=$17, second_by=$18, case_id=$19, watch=$20, watch_next=$21,
			watch_checked=$22, gone_at=$23, version=$2+1
		WHERE id=$1 AND version=$2`)
)

func flag(b bool) int {
	if b {
		return 1
	}
	return 0
}

func (s *Service) putItem(ctx context.Context, tx *sqldb.Tx, i *Item) error {
	_, err := sqldb.Exec(ctx, tx, queryItemPut, i.ID, i.Number, i.Unit, i.Source, i.Scan, string(i.Kind), clock.Micro(i.Found), clock.Micro(i.LastSeen),
		i.Seen, int(i.Tier), i.Label, i.Severity, string(i.State), i.address, i.addressHash, i.host, i.text, i.picture, encode(i.Features),
		encode(i.Reasons), encode(i.Pictures), flag(i.Spoken), i.Capture.Size, i.Capture.SHA256, i.Reviewer, toMicro(i.HeldTo), string(i.Verdict),
		i.VLabel, i.Why, i.By, toMicro(i.Decided), i.SecondBy, i.Case, string(i.Watch), toMicro(i.watchNext), toMicro(i.Checked), toMicro(i.Gone))
	return err
}

// saveItem writes what can change; detection/moved-on if somebody else was
// there first.
func saveItem(ctx context.Context, tx *sqldb.Tx, i *Item) error {
	n, err := sqldb.Exec(ctx, tx, queryItemSave, i.ID, i.version, clock.Micro(i.LastSeen), i.Seen, int(i.Tier), i.Label, i.Severity, string(i.State),
		encode(i.Features), encode(i.Reasons), i.Reviewer, toMicro(i.HeldTo), string(i.Verdict), i.VLabel, i.Why, i.By, toMicro(i.Decided), i.SecondBy,
		i.Case, string(i.Watch), toMicro(i.watchNext), toMicro(i.Checked), toMicro(i.Gone))
	if err == nil && n == 0 {
		return problem.New("detection/moved-on")
	}
	i.version++
	return err
}

// resource is an item as the policies see it.
func (i *Item) resource() authz.Resource {
	r := ofUnit("item", i.ID, i.Unit)
	r.Hidden = true
	if i.State == Second {
		r.Attrs["first_person"] = i.By
	}
	return r
}

// load reads an item and asks whether the actor may do action on it; an item
// that he may not know of is authz/not-found.
func (s *Service) load(ctx context.Context, q sqldb.Queryer, actor authz.Actor, action, id string) (Item, authz.Permit, error) {
	i, err := sqldb.One(ctx, q, queryItem, scanItem, id)
	if err != nil {
		return i, authz.Permit{}, notFound(err, "authz/not-found")
	}
	permit, err := s.Authz.Check(ctx, actor, action, i.resource())
	return i, permit, err
}
