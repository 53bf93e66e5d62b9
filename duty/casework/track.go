// SPDX-License-Identifier: Apache-2.0

package casework

import (
	"slices"
	"time"
)

// Track is one of the parallel ways in which a case is handled.
type Track string

// The tracks. The criminal track is a shell: registered at, number, unit,
// extensions, outcome. What the investigators find never comes here.
const (
	NoTrack        Track = ""
	Criminal       Track = "criminal"
	ChildSupport   Track = "child_support"
	TakedownTrack  Track = "takedown"
	Administrative Track = "administrative"
)

// Tracks lists the four tracks.
func Tracks() []Track { return []Track{Criminal, ChildSupport, TakedownTrack, Administrative} }

// Valid reports whether t is one of the four.
func (t Track) Valid() bool { return slices.Contains(Tracks(), t) }

// Key is the locale key of the track's name.
func (t Track) Key() string { return "casework.track." + string(t) }

// TrackState is one track of a case.
type TrackState struct {
	Track      Track
	Opened     time.Time
	Ended      time.Time // zero: open
	End        string    // end code: done, moved, nothing_found, refused
	Number     string    // criminal: number in the unit's own book
	Unit       string    // criminal: the unit that registered it
	Registered time.Time // criminal: from then on it is "tin báo, tố giác"
}

// Open reports whether the track has no end code yet.
func (t TrackState) Open() bool { return t.Ended.IsZero() }

// TrackEnds lists the end codes of a track.
func TrackEnds() []string { return []string{"done", "moved", "nothing_found", "refused"} }

// firstTracks are the tracks that facts open by themselves at intake. More are
// opened by people.
func firstTracks(f Facts, hasAddress bool) []Track {
	var out []Track
	crime := slices.ContainsFunc(f.Harms, func(h Harm) bool {
		return h == Sexual || h == Trafficking || h == Violence || h == ThreatPictures || h == AsksPictures || h == WantsMeeting
	})
	if crime {
		out = append(out, Criminal)
	}
	if crime || slices.Contains(f.Harms, SelfHarm) || slices.Contains(f.Harms, Bullying) || f.Danger == Yes || f.StillWith == Yes {
		out = append(out, ChildSupport)
	}
	if hasAddress {
		out = append(out, TakedownTrack)
	}
	return out
}
