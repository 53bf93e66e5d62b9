// SPDX-License-Identifier: Apache-2.0

package signs

import "slices"

// Label names one kind of harm in a text. The value is what is stored.
type Label string

// The labels.
const (
	Sexual   Label = "sexual"
	Violence Label = "violence"
	SelfHarm Label = "self_harm"
	Bullying Label = "bullying"
	Hate     Label = "hate"
	Grooming Label = "grooming"
	Gambling Label = "gambling"
	Scam     Label = "scam"
)

// Labels lists all labels, those that cannot wait first.
func Labels() []Label {
	return []Label{SelfHarm, Grooming, Sexual, Violence, Bullying, Hate, Scam, Gambling}
}

// Valid reports whether l is one of the list.
func (l Label) Valid() bool { return slices.Contains(Labels(), l) }

// Key is the locale key of the label's name.
func (l Label) Key() string { return "signs.label." + string(l) }

// Measured reports whether there are texts on which it was measured how much
// of the label a model finds. Of the others the product says UnmeasuredKey and
// never a figure.
func (l Label) Measured() bool { return l == Bullying || l == Hate }

// UnmeasuredKey is the locale key of what is said of labels that are not
// Measured.
const UnmeasuredKey = "signs.unmeasured"

// Harms are the harms of a report (duty/casework) that a case of this label is
// opened with, the likeliest first.
func (l Label) Harms() []string {
	switch l {
	case SelfHarm:
		return []string{"self_harm"}
	case Grooming:
		return []string{"asks_pictures", "wants_meeting", "threat_pictures", "sexual"}
	case Sexual:
		return []string{"sexual", "harmful_content"}
	case Violence:
		return []string{"violence"}
	case Bullying:
		return []string{"bullying"}
	case Hate:
		return []string{"bullying", "harmful_content"}
	case Scam:
		return []string{"fraud"}
	case Gambling:
		return []string{"fraud", "harmful_content"}
	}
	return nil
}

// Category is the category of blocked sites (duty/schools) that a page of this
// label belongs to, "" where a person has to choose.
func (l Label) Category() string {
	switch l {
	case SelfHarm:
		return "self_harm"
	case Sexual:
		return "adult"
	case Violence:
		return "violence"
	case Scam:
		return "phishing"
	case Gambling:
		return "gambling"
	}
	return ""
}
