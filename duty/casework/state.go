// SPDX-License-Identifier: Apache-2.0

package casework

import (
	"slices"

	"lachan/internal/problem"
)

// State is where a case stands (reference: the table C0 to X).
type State string

// The states.
const (
	StateNew       State = "new"       // C0: nobody has looked yet
	StateTriage    State = "triage"    // C1: a person is looking
	StateEmergency State = "emergency" // E: left only by a named measure
	StateOffered   State = "offered"   // C3: a transfer waits for its receiver
	StateAccepted  State = "accepted"  // C4: taken up and registered
	StateHandling  State = "handling"  // C5: one or more tracks run
	StateSuspended State = "suspended" // P
	StateResult    State = "result"    // C6: a result waits for the head
	StateConcluded State = "concluded" // C7: outcome given, not yet read
	StateClosed    State = "closed"    // C8
	StateReopened  State = "reopened"  // R: keeps its first receipt time
)

// States lists all states in the order of the road.
func States() []State {
	return []State{
		StateNew, StateTriage, StateEmergency, StateOffered, StateAccepted, StateHandling,
		StateSuspended, StateResult, StateConcluded, StateClosed, StateReopened,
	}
}

// Key is the locale key of the state's name.
func (s State) Key() string { return "casework.state." + string(s) }

// Open reports whether somebody still has to do something.
func (s State) Open() bool { return s != StateConcluded && s != StateClosed }

// Act is a step that changes the state.
type Act string

// The acts.
const (
	ActLook      Act = "look"      // a person begins triage
	ActRaise     Act = "raise"     // a floor, or a person, calls an emergency
	ActMeasure   Act = "measure"   // a named measure was taken
	ActHandle    Act = "handle"    // a decision, a track, a question to the reporter
	ActOffer     Act = "offer"     // a transfer is offered
	ActAccept    Act = "accept"    // the receiver takes the case
	ActReturn    Act = "return"    // the receiver gives it back
	ActSuspend   Act = "suspend"   // by the head, with a reason
	ActResume    Act = "resume"    //
	ActPropose   Act = "propose"   // a result is proposed
	ActSendBack  Act = "send_back" // the head does not agree
	ActConclude  Act = "conclude"  // the head agrees
	ActClose     Act = "close"     // the notice was read, or time has passed
	ActReopen    Act = "reopen"    // new information
	ActMergeAway Act = "merge"     // all its reports joined another case
)

// Acts lists all acts.
func Acts() []Act {
	return []Act{
		ActLook, ActRaise, ActMeasure, ActHandle, ActOffer, ActAccept, ActReturn, ActSuspend,
		ActResume, ActPropose, ActSendBack, ActConclude, ActClose, ActReopen, ActMergeAway,
	}
}

// Standing is what the guards look at.
type Standing struct {
	State      State
	OpenTracks int  // tracks without an end code
	Measures   int  // named measures since the emergency began
	Proposer   bool // the actor proposed what he now decides
}

// Next is the state after an act, or a typed problem that says why not.
func (s Standing) Next(act Act) (State, error) {
	to, ok := road(s.State)[act]
	if !ok {
		return "", problem.New("casework/wrong-state", "act", string(act), "state", string(s.State))
	}
	switch {
	// Nobody may leave an emergency without saying what was done.
	case act == ActMeasure && s.State == StateEmergency && s.Measures == 0:
		return "", problem.New("casework/measure-missing")
	case act == ActPropose && s.OpenTracks > 0:
		return "", problem.New("casework/tracks-open", "n", s.OpenTracks)
	case act == ActConclude && s.OpenTracks > 0:
		return "", problem.New("casework/tracks-open", "n", s.OpenTracks)
	case act == ActConclude && s.Proposer:
		return "", problem.New("casework/second-person")
	}
	return to, nil
}

// road lists the acts that a state allows, each with the state it leads to.
func road(s State) map[Act]State {
	switch s {
	case StateNew:
		return map[Act]State{
			ActLook: StateTriage, ActRaise: StateEmergency, ActHandle: StateHandling, ActOffer: StateOffered,
			ActPropose: StateResult, ActMergeAway: StateClosed,
		}
	case StateTriage:
		return map[Act]State{
			ActLook: StateTriage, ActRaise: StateEmergency, ActHandle: StateHandling, ActOffer: StateOffered,
			ActPropose: StateResult, ActMergeAway: StateClosed, ActMeasure: StateTriage,
		}
	case StateEmergency:
		// Handling goes on while the emergency lasts; only a measure ends it.
		return map[Act]State{
			ActLook: StateEmergency, ActRaise: StateEmergency, ActHandle: StateEmergency, ActMeasure: StateHandling,
		}
	case StateOffered:
		return map[Act]State{
			ActRaise: StateEmergency, ActAccept: StateAccepted, ActReturn: StateHandling, ActHandle: StateOffered,
			ActMeasure: StateOffered, ActLook: StateOffered,
		}
	case StateAccepted, StateHandling, StateReopened:
		return map[Act]State{
			ActLook: s, ActRaise: StateEmergency, ActHandle: StateHandling, ActOffer: StateOffered, ActSuspend: StateSuspended,
			ActPropose: StateResult, ActMergeAway: StateClosed, ActMeasure: StateHandling,
		}
	case StateSuspended:
		return map[Act]State{ActResume: StateHandling, ActRaise: StateEmergency}
	case StateResult:
		return map[Act]State{ActSendBack: StateHandling, ActConclude: StateConcluded, ActRaise: StateEmergency}
	case StateConcluded:
		return map[Act]State{ActClose: StateClosed, ActReopen: StateReopened}
	case StateClosed:
		return map[Act]State{ActReopen: StateReopened}
	default:
		return nil
	}
}

// Allowed lists the acts that a state allows, in their order, guards aside.
func Allowed(s State) []Act {
	r := road(s)
	return slices.DeleteFunc(Acts(), func(a Act) bool { _, ok := r[a]; return !ok })
}

// PlainStatus is what a reporter reads about a state, in four words of the
// road: received, looked_at, working, done.
func (s State) PlainStatus() string {
	switch s {
	case StateNew:
		return "received"
	case StateTriage:
		return "looked_at"
	case StateConcluded, StateClosed:
		return "done"
	default:
		return "working"
	}
}
