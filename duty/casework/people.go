// SPDX-License-Identifier: Apache-2.0

package casework

import "slices"

// ReporterKind says who tells.
type ReporterKind string

// The kinds of reporter.
const (
	ChildSelf     ReporterKind = "child_self"
	ChildFriend   ReporterKind = "child_friend"
	Parent        ReporterKind = "parent"
	Teacher       ReporterKind = "teacher"
	Neighbour     ReporterKind = "neighbour"
	Professional  ReporterKind = "professional"
	Platform      ReporterKind = "platform"
	AnonymousKind ReporterKind = "anonymous"
)

// ReporterKinds lists all kinds.
func ReporterKinds() []ReporterKind {
	return []ReporterKind{ChildSelf, ChildFriend, Parent, Teacher, Neighbour, Professional, Platform, AnonymousKind}
}

// Valid reports whether k is one of the list.
func (k ReporterKind) Valid() bool { return slices.Contains(ReporterKinds(), k) }

// Child reports whether a child is speaking.
func (k ReporterKind) Child() bool { return k == ChildSelf || k == ChildFriend }

// Key is the locale key of the kind's name.
func (k ReporterKind) Key() string { return "casework.reporter." + string(k) }

// Relation answers "who is that person to you?" about the person reported. It
// may be skipped. It decides about danger (a person in the house) and about
// who may not handle the case (an official).
type Relation string

// The relations.
const (
	Family        Relation = "family"
	School        Relation = "school"
	Friend        Relation = "friend"
	NearBy        Relation = "neighbour"
	OnlineOnly    Relation = "online_only"
	Official      Relation = "official"
	Stranger      Relation = "stranger"
	UnknownPerson Relation = "unknown"
	NotAsked      Relation = ""
)

// Relations lists all relations but the skipped one.
func Relations() []Relation {
	return []Relation{OnlineOnly, Friend, School, Family, NearBy, Official, Stranger, UnknownPerson}
}

// Valid reports whether r is of the list or skipped.
func (r Relation) Valid() bool { return r == NotAsked || slices.Contains(Relations(), r) }

// Near reports whether the person reported may be with the child every day.
func (r Relation) Near() bool { return r == Family || r == School || r == NearBy || r == Official }

// Key is the locale key of the relation's name.
func (r Relation) Key() string { return "casework.relation." + string(r) }

// Answer is yes, no, "I do not know", or skipped: four different things.
type Answer string

// The answers.
const (
	Yes     Answer = "yes"
	No      Answer = "no"
	Unsure  Answer = "unknown"
	Skipped Answer = ""
)

// Valid reports whether a is one of the four.
func (a Answer) Valid() bool { return a == Yes || a == No || a == Unsure || a == Skipped }

// Contact is how it is safe to answer. The default is the code alone: no call,
// no visit, no question to the family.
type Contact string

// The ways to answer.
const (
	OnlyCode     Contact = "only_code"
	NumberAtHour Contact = "number_at_hour"
	NamedTeacher Contact = "named_teacher"
)

// Contacts lists all ways, the default first.
func Contacts() []Contact { return []Contact{OnlyCode, NumberAtHour, NamedTeacher} }

// Valid reports whether c is one of the list.
func (c Contact) Valid() bool { return slices.Contains(Contacts(), c) }

// Key is the locale key of the way.
func (c Contact) Key() string { return "casework.contact." + string(c) }

// Channel is the way by which a report came.
type Channel string

// The channels. Phone, counter and paper are typed by staff for the reporter.
const (
	Web       Channel = "web"
	Phone     Channel = "phone"
	Counter   Channel = "counter"
	Paper     Channel = "paper"
	Hotline   Channel = "hotline_111"
	Email     Channel = "email"
	Machine   Channel = "api"
	Discovery Channel = "detection"
)

// Channels lists all channels.
func Channels() []Channel {
	return []Channel{Web, Phone, Counter, Paper, Hotline, Email, Machine, Discovery}
}

// Valid reports whether c is one of the list.
func (c Channel) Valid() bool { return slices.Contains(Channels(), c) }

// Key is the locale key of the channel's name.
func (c Channel) Key() string { return "casework.channel." + string(c) }
