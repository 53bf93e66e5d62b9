// SPDX-License-Identifier: Apache-2.0

package casework

// Locale keys of the enumerations that are plain strings. A page says them in
// the reader's language.

// Key is the locale key of an answer.
func (a Answer) Key() string {
	if a == Skipped {
		return "casework.answer.skipped"
	}
	return "casework.answer." + string(a)
}

// FloorKey is the locale key of the floor that was hit; "" for none.
func (s Score) FloorKey() string {
	if s.Floor == "" {
		return ""
	}
	return "casework.floor." + s.Floor
}

// Key is the locale key of the ring's step.
func (r RingStep) Key() string { return "casework.ring." + string(r) }

// Key is the locale key of an act's name.
func (a Act) Key() string { return "casework.act." + string(a) }

// MeasureKey is the locale key of a kind of MeasureKinds.
func MeasureKey(kind string) string { return "casework.measure." + kind }

// ReturnKey is the locale key of a reason of ReturnReasons.
func ReturnKey(reason string) string { return "casework.return." + reason }

// LiftKey is the locale key of a reason of LiftReasons, and of "unfounded".
func LiftKey(why string) string { return "casework.lift." + why }

// TrackEndKey is the locale key of an end of TrackEnds.
func TrackEndKey(end string) string { return "casework.track-end." + end }

// LinkKey is the locale key of a link's state.
func LinkKey(state string) string { return "casework.link." + state }

// BasisKey is the locale key of a basis that the program itself gives; other
// bases are typed by people and shown as they are.
func BasisKey(basis string) string { return "casework.basis." + basis }

// Prompts are the locale keys of ready sentences that are safe to send to a
// child: none names anybody, blames, or promises what nobody can keep.
func Prompts() []string {
	return []string{
		"casework.prompt.thanks", "casework.prompt.not-your-fault", "casework.prompt.more", "casework.prompt.where",
		"casework.prompt.safe-now", "casework.prompt.do-not-delete", "casework.prompt.do-not-meet", "casework.prompt.call",
	}
}

// VoiceKeys are the locale keys of how a reader is addressed, for the
// placeholders {you} and {You}: "em", and "bạn" from 16.
func VoiceKeys(older bool) (you, start string) {
	if older {
		return "casework.voice.older", "casework.voice.older.start"
	}
	return "casework.voice.child", "casework.voice.child.start"
}
