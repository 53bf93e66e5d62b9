// SPDX-License-Identifier: Apache-2.0

package schools

import (
	"encoding/json"
	"slices"
	"time"

	"lachan/internal/bundle"
	"lachan/internal/clock"
	"lachan/internal/problem"
	"lachan/internal/sqldb"
)

// BlockKind is on what footing a block stands.
type BlockKind string

// The kinds.
const (
	Provisional BlockKind = "provisional" // one officer, 72 hours
	Emergency   BlockKind = "emergency"   // two persons, seven days
	Legal       BlockKind = "legal"       // a competent authority's decision
)

// BlockState is where a block is in its life:
//
//	proposed ──second──► active ──confirm──► confirmed
//	    │                  │  └─time─► expired   │  └─time─► expired
//	    └──withdraw────────┴──────► withdrawn ◄──┘
type BlockState string

// The states.
const (
	Proposed  BlockState = "proposed"  // waits for a second person; refuses nothing
	Active    BlockState = "active"    // in force, to be confirmed before its end
	Confirmed BlockState = "confirmed" // in force by an authority's decision
	Withdrawn BlockState = "withdrawn"
	Expired   BlockState = "expired"
)

// Block is one name refused by one decision.
type Block struct {
	ID         string
	Decision   string // id in casework, or ""
	Case       string
	Domain     string // A-labels; everything below it too
	Kind       BlockKind
	Bands      bundle.Bands
	Basis      string // code of the clause, "4569/2"
	Authority  Authority
	From       time.Time
	Until      time.Time // the first instant at which it no longer holds
	State      BlockState
	ProposedBy string // id of a person
	SecondBy   string // id of the second person, or ""
	EndedBy    string
	Ended      time.Time
	EndReason  string // a code
	Delta      int64  // the newest delta about it; 0: none
	Assessment Assessment
	Created    time.Time
}

// Authority is the competent authority's decision behind a legal block.
type Authority struct {
	Name   string `json:"name"`   // who decided
	Number string `json:"number"` // 12/QĐ-…
	Date   string `json:"date"`   // 2026-11-23
}

func (a Authority) validate(p *problem.Error) {
	needText(p, "authority", a.Name, 200, true)
	needText(p, "number", a.Number, 60, true)
	if _, err := time.Parse(time.DateOnly, a.Date); err != nil {
		p.Field("date", "input/not-a-date")
	}
}

// InForce reports whether the block refuses its name at t.
func (b Block) InForce(t time.Time) bool {
	return (b.State == Active || b.State == Confirmed) && t.Before(b.Until)
}

// source is where the block stands in the order of decision.
func (b Block) source() string {
	if b.Kind == Legal {
		return bundle.Legal
	}
	return bundle.Emergency
}

// entry is the block as nodes read it. The reason is the clause, never a case.
func (b Block) entry() (bundle.Entry, error) {
	name, err := bundle.ParseName(b.Domain)
	return bundle.Entry{
		Number: uint64(b.Delta), Domain: name, Block: true, Source: b.source(), Bands: b.Bands,
		Until: clock.Micro(b.Until), Reason: b.Basis,
	}, err
}

// restate says what holds for a name under one source once a block of it is
// gone: for each band the longest of the blocks that remain, or an entry that
// takes the block back. The entries of one delta must not overlap in bands.
func restate(name bundle.Name, source string, gone bundle.Bands, remain []Block) []bundle.Entry {
	type hold struct {
		until  int64
		reason string
	}
	left := gone
	holds := map[hold]bundle.Bands{}
	var order []hold
	for _, b := range longestFirst(remain) {
		bands := b.Bands & left
		if bands == 0 {
			continue
		}
		left &^= bands
		h := hold{clock.Micro(b.Until), b.Basis}
		if holds[h] == 0 {
			order = append(order, h)
		}
		holds[h] |= bands
	}
	var entries []bundle.Entry
	for _, h := range order {
		entries = append(entries, bundle.Entry{Domain: name, Block: true, Source: source, Bands: holds[h], Until: h.until, Reason: h.reason})
	}
	if left != 0 {
		entries = append(entries, bundle.Entry{Domain: name, Source: source, Bands: left})
	}
	return entries
}

func longestFirst(blocks []Block) []Block {
	sorted := slices.Clone(blocks)
	slices.SortStableFunc(sorted, func(a, b Block) int { return b.Until.Compare(a.Until) })
	return sorted
}

const blockColumns = `id, decision, case_id, domain, kind, bands, basis, authority, doc_number, doc_date, from_time, until,
	state, proposed_by, second_by, ended_by, ended, end_reason, delta, assessment, created`

var (
	queryBlock     = sqldb.Register("schools.block", `SELECT `+blockColumns+` FROM schools_block WHERE id = $1`)
	queryBlockSave = sqldb.Register("schools.block_save", `
		INSERT INTO schools_block (`+blockColumns+`)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21)
		ON CONFLICT (id) DO UPDATE SET kind = excluded.kind, authority = excluded.authority, doc_number = excluded.doc_number,
			doc_date = excluded.doc_date, from_time = excluded.from_time, until = excluded.until, state = excluded.state,
			second_by = excluded.second_by, ended_by = excluded.ended_by, ended = excluded.ended,
			end_reason = excluded.end_reason, delta = excluded.delta`)
	queryBlocksOf = sqldb.Register("schools.blocks_of", `
		SELECT `+blockColumns+` FROM schools_block
		WHERE domain = $1 AND state IN ('active', 'confirmed') AND until > $2 ORDER BY created, id`)
	queryBlocksRunning = sqldb.Register("schools.blocks_running", `
		SELECT `+blockColumns+` FROM schools_block
		WHERE state IN ('active', 'confirmed') AND until > $1 ORDER BY delta, id`)
	queryBlocksOver = sqldb.Register("schools.blocks_ended", `
		SELECT `+blockColumns+` FROM schools_block
		WHERE state IN ('active', 'confirmed', 'proposed') AND until <= $1 ORDER BY until, id LIMIT 500`)
	queryBlocksList = sqldb.Register("schools.blocks_list", `
		SELECT `+blockColumns+` FROM schools_block
		WHERE (CAST($1 AS TEXT) = '' OR state = $1) AND (CAST($2 AS TEXT) = '' OR decision = $2) AND (CAST($3 AS TEXT) = '' OR case_id = $3)
		ORDER BY created DESC, id DESC LIMIT $4`)
	queryBlockByDelta = sqldb.Register("schools.block_by_delta", `
		SELECT `+blockColumns+` FROM schools_block WHERE id = (SELECT block FROM schools_delta WHERE number = $1)`)
)

func scanBlock(r sqldb.Row) (b Block, err error) {
	var bands, from, until, ended, created int64
	var assessment string
	err = r.Scan(&b.ID, &b.Decision, &b.Case, &b.Domain, &b.Kind, &bands, &b.Basis, &b.Authority.Name, &b.Authority.Number, &b.Authority.Date,
		&from, &until, &b.State, &b.ProposedBy, &b.SecondBy, &b.EndedBy, &ended, &b.EndReason, &b.Delta, &assessment, &created)
	if err != nil {
		return b, err
	}
	b.Bands = bundle.Bands(bands)
	b.From, b.Until, b.Ended, b.Created = clock.FromMicro(from), clock.FromMicro(until), clock.FromMicro(ended), clock.FromMicro(created)
	return b, json.Unmarshal([]byte(assessment), &b.Assessment)
}
