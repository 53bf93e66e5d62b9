// SPDX-License-Identifier: Apache-2.0

package casework

import "time"

// RingStep is how far an emergency ring has gone.
type RingStep string

// The steps: the person on call; after 5 minutes the stand-in as well; after
// 10 the province's 24-hour desk, and both heads see it red. Only a named "I
// have it" stops it.
const (
	RingPerson  RingStep = "person"
	RingStandIn RingStep = "stand_in"
	RingDesk    RingStep = "desk"
	RingTaken   RingStep = "taken"
)

// The times after which a ring goes on.
const (
	RingToStandIn = 5 * time.Minute
	RingToDesk    = 10 * time.Minute
)

// Ring is one call for somebody to come.
type Ring struct {
	ID, Case string
	Person   string // on call when it began; "": nobody, so the desk at once
	StandIn  string
	Unit     string
	Opened   time.Time
	Step     RingStep
	TakenBy  string
	TakenAt  time.Time
}

// At is the ring as it must stand at now. It never goes back, and a taken
// ring stays taken. A step without anybody to ring is skipped.
func (r Ring) At(now time.Time) Ring {
	if r.Step == RingTaken {
		return r
	}
	gone := now.Sub(r.Opened)
	switch {
	case gone >= RingToDesk, r.Step == RingDesk, r.Person == "" && r.StandIn == "":
		r.Step = RingDesk
	case gone >= RingToStandIn, r.Step == RingStandIn, r.Person == "":
		r.Step = RingStandIn
		if r.StandIn == "" {
			r.Step = RingPerson
		}
	default:
		r.Step = RingPerson
	}
	return r
}

// NextAt is the instant of the next step, zero when none follows.
func (r Ring) NextAt() time.Time {
	switch {
	case r.Step == RingTaken || r.Step == RingDesk:
		return time.Time{}
	case r.Step == RingPerson && r.StandIn != "":
		return r.Opened.Add(RingToStandIn)
	default:
		return r.Opened.Add(RingToDesk)
	}
}

// IHaveIt stops the ring in a person's name. The first who says it has it; a
// second is told who.
func (r Ring) IHaveIt(person string, now time.Time) Ring {
	if r.Step == RingTaken || person == "" {
		return r
	}
	r.Step, r.TakenBy, r.TakenAt = RingTaken, person, now
	return r
}

// Red reports whether both heads must see the ring: nobody came.
func (r Ring) Red() bool { return r.Step == RingDesk }
