// SPDX-License-Identifier: Apache-2.0

package online

// The keys of the words for this package's codes (internal/locale).

// KindKey is the key of the name of a kind of platform.
func (p Platform) KindKey() string { return "schools.platform." + p.Kind }

// ItemKey is the key of an item of a checklist, a sentence to agree with.
func (c Checklist) ItemKey(item string) string { return "schools.check." + c.Kind + "." + item }

// AnswerKey is the key of an answer to an item.
func AnswerKey(answer string) string { return "schools.answer." + answer }

// IncidentKey is the key of the name of a kind of incident.
func IncidentKey(kind string) string { return "schools.incident." + kind }

// Key is the key of the state's name.
func (s ModelState) Key() string { return "schools.model." + string(s) }

// ResultKey is the key of the result of a criterion.
func ResultKey(result string) string {
	if result == "" {
		return "schools.result.open"
	}
	return "schools.result." + result
}

// Key is the key of the line's title.
func (l Line) Key() string { return "schools.ready." + l.Code }

// Key is the key of the state's name.
func (s State) Key() string { return "schools.ready-state." + string(s) }
