// SPDX-License-Identifier: Apache-2.0

package casework

import "slices"

// Harm says what happened, as the reporter chose it. The value is what is
// stored, what stands in an address and what JSON carries.
//
// The first eight are the acts that the code of conduct names (Decision
// 88/QĐ-BTTTT of 2025, article 3(4)); the last four are what children tell
// most and what decides about haste, so they are asked by name.
type Harm string

// The harms.
const (
	PrivateSecrets Harm = "private_secrets" // private things told to everybody
	HarmfulContent Harm = "harmful_content"
	Bullying       Harm = "bullying"
	Violence       Harm = "violence"
	Sexual         Harm = "sexual"
	Fraud          Harm = "fraud"
	Trafficking    Harm = "trafficking"
	OtherHarm      Harm = "other"
	AsksPictures   Harm = "asks_pictures"
	ThreatPictures Harm = "threat_pictures" // threatens to show pictures
	WantsMeeting   Harm = "wants_meeting"
	SelfHarm       Harm = "self_harm"
)

// Harms lists all harms in the order in which a form shows them.
func Harms() []Harm {
	return []Harm{
		ThreatPictures, AsksPictures, WantsMeeting, Bullying, Sexual, Violence, SelfHarm,
		PrivateSecrets, HarmfulContent, Fraud, Trafficking, OtherHarm,
	}
}

// Valid reports whether h is one of the list.
func (h Harm) Valid() bool { return slices.Contains(Harms(), h) }

// Key is the locale key of the harm's name.
func (h Harm) Key() string { return "casework.harm." + string(h) }

// Medium says where it happened.
type Medium string

// The mediums.
const (
	Website    Medium = "website"
	Social     Medium = "social"
	Chat       Medium = "chat"
	Game       Medium = "game"
	Video      Medium = "video"
	Livestream Medium = "livestream"
	PhoneCall  Medium = "phone"
	Mail       Medium = "email"
	Offline    Medium = "offline"
	NoMedium   Medium = "unknown"
)

// Mediums lists all mediums.
func Mediums() []Medium {
	return []Medium{Social, Chat, Game, Video, Livestream, Website, PhoneCall, Mail, Offline, NoMedium}
}

// Valid reports whether m is one of the list.
func (m Medium) Valid() bool { return slices.Contains(Mediums(), m) }

// Key is the locale key of the medium's name.
func (m Medium) Key() string { return "casework.medium." + string(m) }
