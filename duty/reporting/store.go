// SPDX-License-Identifier: Apache-2.0

package reporting

import (
	"encoding/json"
	"fmt"
	"time"

	"lachan/internal/clock"
	"lachan/internal/sqldb"
)

// The queries of this package.
var (
	qDirectivePut = sqldb.Register("reporting.directive_put", `
		INSERT INTO reporting_directive (id, number, source, digest, loaded_at, loaded_by) VALUES ($1, $2, $3, $4, $5, $6)
		ON CONFLICT (id) DO UPDATE SET number = excluded.number, source = excluded.source, digest = excluded.digest,
			loaded_at = excluded.loaded_at, loaded_by = excluded.loaded_by
		WHERE reporting_directive.digest <> excluded.digest`)
	qDirectiveDigests = sqldb.Register("reporting.directive_digests", `SELECT id || ' ' || digest FROM reporting_directive ORDER BY id`)
	qDirectives       = sqldb.Register("reporting.directives", `SELECT source FROM reporting_directive ORDER BY id`)

	qAssign = sqldb.Register("reporting.assign", `
		INSERT INTO reporting_assignment (id, directive, duty, year, unit_id, role, due_at, assigned_at, ack_at, ack_by)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, 0, '') ON CONFLICT (directive, duty, year, unit_id) DO NOTHING`)
	qWorklist = sqldb.Register("reporting.worklist", `
		SELECT id, directive, duty, year, unit_id, role, due_at, assigned_at, ack_at, ack_by
		FROM reporting_assignment WHERE unit_id = $1 AND year = $2 ORDER BY directive, duty, id`)
	qAcknowledge = sqldb.Register("reporting.acknowledge", `
		UPDATE reporting_assignment SET ack_at = $1, ack_by = $2 WHERE id = $3 AND unit_id = $4 AND ack_at = 0`)
	qReceipts = sqldb.Register("reporting.receipts", `
		SELECT unit_id, COUNT(*), COUNT(*) FILTER (WHERE ack_at > 0) FROM reporting_assignment
		WHERE directive = $1 AND year = $2 GROUP BY unit_id ORDER BY unit_id`)

	qDraft = sqldb.Register("reporting.draft", `
		SELECT version, cells, notes FROM reporting_draft WHERE form = $1 AND unit_id = $2 AND year = $3`)
	qDraftPut = sqldb.Register("reporting.draft_put", `
		INSERT INTO reporting_draft (form, unit_id, year, version, cells, notes, updated_at, updated_by)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
		ON CONFLICT (form, unit_id, year) DO UPDATE SET version = excluded.version, cells = excluded.cells,
			notes = excluded.notes, updated_at = excluded.updated_at, updated_by = excluded.updated_by`)
	qDraftDrop   = sqldb.Register("reporting.draft_drop", `DELETE FROM reporting_draft WHERE form = $1 AND unit_id = $2 AND year = $3`)
	qDraftsUnits = sqldb.Register("reporting.draft_units", `SELECT unit_id FROM reporting_draft WHERE form = $1 AND year = $2 ORDER BY unit_id`)

	qLastRevision = sqldb.Register("reporting.last_revision", `
		SELECT COALESCE(MAX(revision), 0) FROM reporting_submission WHERE form = $1 AND year = $2 AND unit_id = $3`)
	qSubmit = sqldb.Register("reporting.submit", `
		INSERT INTO reporting_submission (id, form, form_version, unit_id, year, revision, cells, notes, on_time, submitted_at, submitted_by)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)`)
	qDecide = sqldb.Register("reporting.decide", `
		INSERT INTO reporting_decision (submission_id, form, year, accepted, pin, reasons, decided_at, decided_by)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT (submission_id) DO NOTHING`)
	qNextPin = sqldb.Register("reporting.next_pin", `
		INSERT INTO reporting_pin (form, year, pin) VALUES ($1, $2, 1)
		ON CONFLICT (form, year) DO UPDATE SET pin = reporting_pin.pin + 1 RETURNING pin`)

	qSubmission = sqldb.Register("reporting.submission", `
		SELECT s.id, s.form, s.form_version, s.unit_id, s.year, s.revision, s.cells, s.notes, s.on_time, s.submitted_at, s.submitted_by,
			COALESCE(d.accepted, FALSE), COALESCE(d.pin, 0), COALESCE(d.reasons, ''), COALESCE(d.decided_at, 0), COALESCE(d.decided_by, '')
		FROM reporting_submission s LEFT JOIN reporting_decision d ON d.submission_id = s.id WHERE s.id = $1`)
	qHistory = sqldb.Register("reporting.history", `
		SELECT s.id, s.form, s.form_version, s.unit_id, s.year, s.revision, s.cells, s.notes, s.on_time, s.submitted_at, s.submitted_by,
			COALESCE(d.accepted, FALSE), COALESCE(d.pin, 0), COALESCE(d.reasons, ''), COALESCE(d.decided_at, 0), COALESCE(d.decided_by, '')
		FROM reporting_submission s LEFT JOIN reporting_decision d ON d.submission_id = s.id
		WHERE s.form = $1 AND s.year = $2 AND s.unit_id = $3 ORDER BY s.revision`)
	qYear = sqldb.Register("reporting.year", `
		SELECT s.id, s.form, s.form_version, s.unit_id, s.year, s.revision, s.cells, s.notes, s.on_time, s.submitted_at, s.submitted_by,
			COALESCE(d.accepted, FALSE), COALESCE(d.pin, 0), COALESCE(d.reasons, ''), COALESCE(d.decided_at, 0), COALESCE(d.decided_by, '')
		FROM reporting_submission s LEFT JOIN reporting_decision d ON d.submission_id = s.id
		WHERE s.form = $1 AND s.year = $2 ORDER BY s.unit_id, s.revision`)
	qYears = sqldb.Register("reporting.years", `
		SELECT s.form, s.year, COUNT(*), COUNT(d.submission_id) FROM reporting_submission s
		LEFT JOIN reporting_decision d ON d.submission_id = s.id GROUP BY s.form, s.year ORDER BY s.form, s.year`)
)

// SubmissionState is where a revision stands.
type SubmissionState string

// The states of a revision.
const (
	StateSubmitted SubmissionState = "submitted" // waits for the lead agency
	StateReturned  SubmissionState = "returned"
	StateAccepted  SubmissionState = "accepted"
)

// Submission is one immutable revision and what was decided about it.
type Submission struct {
	ID          string
	Form        string
	FormVersion int
	Unit        string
	Year        int
	Revision    int
	Cells       Cells
	Notes       map[string]string // cell code → explanation
	OnTime      bool
	SubmittedAt time.Time
	SubmittedBy string
	State       SubmissionState
	Pin         int64             // number of the acceptance, 0 otherwise
	Reasons     map[string]string // cell code → why it was returned; "" for the whole
	DecidedAt   time.Time
	DecidedBy   string
}

func scanSubmission(r sqldb.Row) (Submission, error) {
	var s Submission
	var cells []byte
	var notes, reasons string
	var submitted, decided int64
	var accepted bool
	err := r.Scan(&s.ID, &s.Form, &s.FormVersion, &s.Unit, &s.Year, &s.Revision, &cells, &notes, &s.OnTime, &submitted, &s.SubmittedBy,
		&accepted, &s.Pin, &reasons, &decided, &s.DecidedBy)
	if err != nil {
		return s, err
	}
	s.SubmittedAt, s.DecidedAt = clock.FromMicro(submitted), clock.FromMicro(decided)
	switch {
	case decided == 0:
		s.State = StateSubmitted
	case accepted:
		s.State = StateAccepted
	default:
		s.State = StateReturned
	}
	if s.Cells, err = unpack(cells); err != nil {
		return s, fmt.Errorf("submission %s: %w", s.ID, err)
	}
	if s.Notes, err = readNotes(notes); err != nil {
		return s, err
	}
	s.Reasons, err = readNotes(reasons)
	return s, err
}

func readNotes(raw string) (map[string]string, error) {
	out := map[string]string{}
	if raw == "" {
		return out, nil
	}
	if err := json.Unmarshal([]byte(raw), &out); err != nil {
		return nil, fmt.Errorf("reporting: notes: %w", err)
	}
	return out, nil
}

func writeNotes(notes map[string]string) (string, error) {
	raw, err := json.Marshal(notes)
	return string(raw), err
}
