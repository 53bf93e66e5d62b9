// SPDX-License-Identifier: Apache-2.0

package casework

import (
	"context"
	"fmt"
	"time"

	"lachan/internal/authz"
	"lachan/internal/id"
	"lachan/internal/locale"
	"lachan/internal/problem"
	"lachan/internal/sqldb"
)

// note writes a line of the timeline. Its text, if any, is sealed to the units
// that see the narrative; the details stand in clear and are enumerations.
func (s *Service) note(ctx context.Context, tx *sqldb.Tx, actor authz.Actor, c *caseRow, kind string, details map[string]string, text string, at time.Time) error {
	e := EventRow{ID: id.New(), Kind: kind, Actor: actor.Name(), Unit: actor.Unit, At: at, Details: details}
	if text = locale.Normalize(text); text != "" {
		if len(text) > 4*MaxWords {
			return problem.New("input/faulty").Field("note", "input/too-long", "max", MaxWords)
		}
		units, err := s.unitsWith(ctx, tx, c.ID, Narrative)
		if err != nil {
			return err
		}
		if _, err := s.seal(ctx, tx, letter{object: e.ID, group: Narrative, units: units, plain: []byte(text)}); err != nil {
			return fmt.Errorf("casework: sealing a note: %w", err)
		}
		e.HasNote = true
	}
	return putEvent(ctx, tx, c.ID, e)
}
