// SPDX-License-Identifier: Apache-2.0

package casework

import (
	"context"
	"time"

	"lachan/internal/clock"
	"lachan/internal/sqldb"
)

// reportRow is a report as stored: no word of it.
type reportRow struct {
	ID, Case, ReceiptHash, ReporterKey, ReporterID, Age, Lang, Entry string
	Received                                                         time.Time
	Channel                                                          Channel
	Reporter                                                         ReporterKind
	Harms                                                            []Harm
	Mediums                                                          []Medium
	Relation                                                         Relation
	Danger, StillWith                                                Answer
	Contact                                                          Contact
	Asked                                                            bool
	Outcome                                                          Outcome
	Groups                                                           []Group
}

const reportColumns = `id, case_id, receipt_hash, reporter_key, reporter_id, received_at, channel, reporter, harms, mediums, age,
	relation, danger, still_with, contact, lang, entry, asked, outcome, groups`

var (
	reportByReceipt = sqldb.Register("casework.report_by_receipt", `SELECT `+reportColumns+` FROM casework_report WHERE receipt_hash = $1`)
	reportsOfCase   = sqldb.Register("casework.reports_of_case", `SELECT `+reportColumns+` FROM casework_report WHERE case_id = $1 ORDER BY received_at, id LIMIT 500`)
	reportInsert    = sqldb.Register("casework.report_insert", `INSERT INTO casework_report (`+reportColumns+`)
		VALUES ($1,$2,$3,$4,$5,$6,$7,$8,$9,$10,$11,$12,$13,$14,$15,$16,$17,$18,$19,$20)`)
	reportEntry   = sqldb.Register("casework.report_entry", `UPDATE casework_report SET entry = $2 WHERE id = $1`)
	reportAsked   = sqldb.Register("casework.report_asked", `UPDATE casework_report SET asked = $2 WHERE id = $1`)
	reportOutcome = sqldb.Register("casework.report_outcome", `UPDATE casework_report SET outcome = $2 WHERE case_id = $1`)
	reportMove    = sqldb.Register("casework.report_move", `UPDATE casework_report SET case_id = $2 WHERE case_id = $1`)
	messageMove   = sqldb.Register("casework.message_move", `UPDATE casework_message SET case_id = $2 WHERE case_id = $1`)
	hashMove      = sqldb.Register("casework.hash_move", `UPDATE casework_hash SET case_id = $2 WHERE case_id = $1`)
	hashInsert    = sqldb.Register("casework.hash_insert", `INSERT INTO casework_hash (report_id, case_id, kind, hash, expired)
		VALUES ($1,$2,$3,$4,$5) ON CONFLICT (report_id, kind, hash) DO NOTHING`)
	hashExpire = sqldb.Register("casework.hash_expire", `UPDATE casework_hash SET expired = $2 WHERE case_id = $1`)
	// At most 50 earlier reports a hash: the score counts people, not reports.
	hashPriors = sqldb.Register("casework.hash_priors", `SELECT h.kind, h.expired, r.reporter_id, c.id, c.outcome
		FROM casework_hash h JOIN casework_report r ON r.id = h.report_id JOIN casework_case c ON c.id = h.case_id
		WHERE h.hash = $1 ORDER BY h.report_id DESC LIMIT 50`)
	linkPut = sqldb.Register("casework.link_put", `INSERT INTO casework_link (case_id, other_id, kind, state, at, by_whom)
		VALUES ($1,$2,$3,$4,$5,$6) ON CONFLICT (case_id, other_id) DO NOTHING`)
	linkState = sqldb.Register("casework.link_state", `UPDATE casework_link SET state = $3, at = $4, by_whom = $5
		WHERE (case_id = $1 AND other_id = $2) OR (case_id = $2 AND other_id = $1)`)
	linkExpire  = sqldb.Register("casework.link_expire", `UPDATE casework_link SET state = 'expired', at = $2 WHERE (case_id = $1 OR other_id = $1) AND state = 'suggested'`)
	linksOfCase = sqldb.Register("casework.links_of_case", `SELECT case_id, other_id, kind, state, at FROM casework_link
		WHERE case_id = $1 OR other_id = $1 ORDER BY at DESC, case_id, other_id LIMIT 100`)
)

func scanReport(r sqldb.Row) (*reportRow, error) {
	var p reportRow
	var received int64
	var harms, mediums, groups string
	err := r.Scan(&p.ID, &p.Case, &p.ReceiptHash, &p.ReporterKey, &p.ReporterID, &received, &p.Channel, &p.Reporter, &harms, &mediums,
		&p.Age, &p.Relation, &p.Danger, &p.StillWith, &p.Contact, &p.Lang, &p.Entry, &p.Asked, &p.Outcome, &groups)
	if err != nil {
		return nil, err
	}
	p.Received = clock.FromMicro(received)
	p.Harms, p.Mediums, p.Groups = splitWords[Harm](harms), splitWords[Medium](mediums), splitWords[Group](groups)
	return &p, nil
}

func insertReport(ctx context.Context, tx *sqldb.Tx, p *reportRow) error {
	_, err := sqldb.Exec(ctx, tx, reportInsert, p.ID, p.Case, p.ReceiptHash, p.ReporterKey, p.ReporterID, clock.Micro(p.Received),
		string(p.Channel), string(p.Reporter), joinWords(p.Harms), joinWords(p.Mediums), p.Age, string(p.Relation), string(p.Danger),
		string(p.StillWith), string(p.Contact), p.Lang, p.Entry, p.Asked, string(p.Outcome), joinWords(p.Groups))
	return err
}

// priorRow is an earlier report about one of the same addresses.
type priorRow struct {
	Kind, Reporter, Case string
	Expired              bool
	Outcome              Outcome
}

func scanPrior(r sqldb.Row) (p priorRow, err error) {
	err = r.Scan(&p.Kind, &p.Expired, &p.Reporter, &p.Case, &p.Outcome)
	return p, err
}

// LinkRow says that two cases may be, or are, about the same thing.
type LinkRow struct {
	Case, Other, Kind, State string // state: suggested, confirmed, rejected, expired
	At                       time.Time
	With, Code               string // the case at the other end from where one looks, and its code
}

func scanLink(r sqldb.Row) (l LinkRow, err error) {
	var at int64
	err = r.Scan(&l.Case, &l.Other, &l.Kind, &l.State, &at)
	l.At = clock.FromMicro(at)
	return l, err
}
