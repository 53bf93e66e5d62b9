// SPDX-License-Identifier: Apache-2.0

package rdap

import (
	"encoding/json"
	"strings"
	"time"
)

// answer is what is read of RFC 9083 §5.3. Contacts of holders, who may be
// people, are passed over unread.
type answer struct {
	Class  string `json:"objectClassName"`
	Name   string `json:"ldhName"`
	Events []struct {
		Action string `json:"eventAction"`
		Date   string `json:"eventDate"`
	} `json:"events"`
}

// registered is the date of registration in an answer about a domain. A server
// that speaks of another name, or of what is no name, has not answered.
func registered(body []byte, domain string, now time.Time) (time.Time, error) {
	var a answer
	if json.Unmarshal(body, &a) != nil || a.Class != "domain" || a.Name != "" && !strings.EqualFold(strings.TrimSuffix(a.Name, "."), domain) {
		return time.Time{}, ErrAnswer
	}
	for _, e := range a.Events {
		if strings.EqualFold(e.Action, "registration") {
			return date(e.Date, now)
		}
	}
	return time.Time{}, nil
}

// date reads what RFC 3339 has, and the forms without a zone, or without a time,
// that registries use all the same. Before 1985 there were no domains, and what
// lies ahead by more than a day of zones was not registered yet.
func date(text string, now time.Time) (time.Time, error) {
	for _, form := range []string{time.RFC3339, "2006-01-02T15:04:05", time.DateTime, "2006-01-02 15:04:05Z07:00", time.DateOnly} {
		t, err := time.Parse(form, strings.TrimSpace(text))
		if err != nil {
			continue
		}
		if t.Year() < 1985 || t.After(now.Add(24*time.Hour)) {
			break
		}
		return t, nil
	}
	return time.Time{}, ErrAnswer
}
