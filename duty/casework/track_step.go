// SPDX-License-Identifier: Apache-2.0

package casework

import (
	"context"
	"slices"
	"time"

	"lachan/internal/authz"
	"lachan/internal/problem"
	"lachan/internal/sqldb"
)

// TrackCommand opens, registers or ends a track.
type TrackCommand struct {
	Case   string `json:"case"`
	Track  string `json:"track"`
	Number string `json:"number"` // criminal: number in the unit's own book
	Unit   string `json:"unit"`   // criminal: the unit that registered it
	End    string `json:"end"`    // TrackEnds; "" to open or register
	Note   string `json:"note"`   // sealed
}

// SetTrack opens a track, registers the criminal one, or gives a track its end
// code. Registering starts the clocks of the investigation and meets that of
// the transfer.
func (s *Service) SetTrack(ctx context.Context, actor authz.Actor, cmd TrackCommand) error {
	t := Track(cmd.Track)
	p := problem.New("input/faulty")
	if !t.Valid() {
		p.Field("track", "input/not-a-choice")
	}
	if cmd.End != "" && !slices.Contains(TrackEnds(), cmd.End) {
		p.Field("end", "input/not-a-choice")
	}
	if cmd.Number != "" && t != Criminal {
		p.Field("number", "casework/criminal-only")
	}
	if err := p.OrNil(); err != nil {
		return err
	}
	now := s.now()
	return s.change(ctx, actor, cmd.Case, step{action: "casework.decide", attrs: map[string]any{"track": cmd.Track}, kind: "casework.track", do: func(ctx context.Context, tx *sqldb.Tx, c *caseRow) (any, error) {
		if err := s.handle(c, now); err != nil {
			return nil, err
		}
		before, err := s.track(ctx, tx, c.ID, t)
		if err != nil && !problem.Is(err, "authz/not-found") {
			return nil, err
		}
		// An open track is registered once, and else only ended.
		if err == nil && before.Open() && cmd.End == "" && (cmd.Number == "" || !before.Registered.IsZero()) {
			return nil, problem.New("input/faulty").Field("end", "input/required")
		}
		if err := s.ensureTrack(ctx, tx, c, t, now); err != nil {
			return nil, err
		}
		state, err := s.track(ctx, tx, c.ID, t)
		if err != nil {
			return nil, err
		}
		if cmd.Number != "" && state.Registered.IsZero() {
			state.Number, state.Unit, state.Registered = cmd.Number, cmd.Unit, now
			if err := s.startClocks(ctx, tx, c.ID, string(Criminal), "registration", Criminal, now); err != nil {
				return nil, err
			}
			if err := s.meet(ctx, tx, c.ID, now, func(k Clock) bool { return k.Code == "TR24" }); err != nil {
				return nil, err
			}
		}
		if cmd.End != "" {
			state.Ended, state.End = now, cmd.End
			if err := s.meet(ctx, tx, c.ID, now, func(k Clock) bool { return k.Track == t }); err != nil {
				return nil, err
			}
		}
		if err := putTrack(ctx, tx, c.ID, state); err != nil {
			return nil, err
		}
		return map[string]any{"track": t, "end": cmd.End, "registered": cmd.Number != ""},
			s.note(ctx, tx, actor, c, "track", map[string]string{"track": cmd.Track, "end": cmd.End}, cmd.Note, now)
	}})
}

func (s *Service) track(ctx context.Context, q sqldb.Queryer, caseID string, t Track) (TrackState, error) {
	tracks, err := sqldb.All(ctx, q, tracksOfCase, scanTrack, caseID)
	if err != nil {
		return TrackState{}, err
	}
	for _, state := range tracks {
		if state.Track == t {
			return state, nil
		}
	}
	return TrackState{}, problem.New("authz/not-found")
}

// ensureTrack opens a track that is not there, or opens an ended one again.
func (s *Service) ensureTrack(ctx context.Context, tx *sqldb.Tx, c *caseRow, t Track, now time.Time) error {
	state, err := s.track(ctx, tx, c.ID, t)
	if problem.Is(err, "authz/not-found") {
		return s.openTrack(ctx, tx, c, t, now)
	}
	if err != nil || state.Open() {
		return err
	}
	state.Ended, state.End = time.Time{}, ""
	return putTrack(ctx, tx, c.ID, state)
}
