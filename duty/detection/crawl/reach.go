// SPDX-License-Identifier: Apache-2.0

package crawl

import (
	"encoding/json"
	"math"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"golang.org/x/net/html"

	"lachan/internal/vntext"
)

// How many people a page says that it reaches is worth knowing before its
// harm spreads. What a page says in the words of schema.org is meant for
// machines and believed first; what it shows to its readers comes second. Of
// several numbers the largest counts. All of it is the page's own word, and
// anybody who may write a line there may write this one: so rules may only
// raise by it.

// The most that is read for it.
const (
	maxScripts   = 4        // of JSON-LD
	maxScript    = 64 << 10 // bytes of one
	maxDeep      = 24       // of values inside each other
	maxCounters  = 50       // of microdata, and of Telegram's
	maxSiblings  = 12       // to each side, where a counter's kind is looked for
	maxStated    = 60       // letters of a line
	maxReach     = 10_000_000_000
	maxReachText = 24 // bytes of a number
)

// reach gathers what the elements of a page state; -1 where they state none.
type reach struct {
	counted  int // by schema.org
	shown    int // by a number alone whose element says what it counts
	scripts  int
	counters int
}

func newReach() reach { return reach{counted: -1, shown: -1} }

// telegram takes the views of a message in the public web view of a channel:
// the number stands alone there, beside a drawn eye. The channel's subscribers
// stand in a line as statedIn reads it.
func (r *reach) telegram(n *html.Node) {
	if r.counters >= maxCounters || attr(n, "class") != "tgme_widget_message_views" || n.FirstChild == nil || n.FirstChild.Type != html.TextNode {
		return
	}
	r.counters++
	if m := counterWords().alone.FindStringSubmatch(strings.ToLower(strings.TrimSpace(cut(n.FirstChild.Data, maxReachText)))); m != nil {
		r.shown = max(r.shown, number(m[1], m[2]))
	}
}

// microdata takes a counter of schema.org that stands in a meta element:
// interactionCount of a film, or userInteractionCount of an InteractionCounter,
// whose kind stands in an element beside it.
func (r *reach) microdata(n *html.Node) {
	name := attr(n, "itemprop")
	if name != "interactionCount" && name != "userInteractionCount" || r.counters >= maxCounters {
		return
	}
	r.counters++
	if kind := kindBeside(n); kind == "" || isReach(kind) {
		r.counted = max(r.counted, count(attr(n, "content")))
	}
}

// kindBeside is the interactionType among the nearest siblings: each of the few
// counters looks at few, whatever the page has.
func kindBeside(n *html.Node) string {
	before, after := n.PrevSibling, n.NextSibling
	for range maxSiblings {
		for _, s := range []*html.Node{before, after} {
			if s != nil && s.Type == html.ElementNode && attr(s, "itemprop") == "interactionType" {
				return firstOf(attr(s, "content"), attr(s, "href"), attr(s, "itemtype"), "other")
			}
		}
		if before != nil {
			before = before.PrevSibling
		}
		if after != nil {
			after = after.NextSibling
		}
	}
	return ""
}

// script takes the counters of a piece of JSON-LD. One that is too long or
// nested too deep for its reader says nothing.
func (r *reach) script(n *html.Node) {
	if mediaType(attr(n, "type")) != "application/ld+json" || n.FirstChild == nil || len(n.FirstChild.Data) > maxScript || r.scripts >= maxScripts {
		return
	}
	r.scripts++
	var v any
	if json.Unmarshal([]byte(n.FirstChild.Data), &v) == nil {
		r.object(v, maxDeep)
	}
}

// object looks for counters in a value and below it, in @graph and lists too.
// agentInteractionStatistic is what an account did itself and is no reach.
func (r *reach) object(v any, deep int) {
	if deep == 0 {
		return
	}
	switch v := v.(type) {
	case []any:
		for _, one := range v {
			r.object(one, deep-1)
		}
	case map[string]any:
		for key, one := range v {
			switch key {
			case "interactionStatistic":
				r.statistic(one)
			case "interactionCount":
				r.counted = max(r.counted, value(one))
			case "agentInteractionStatistic":
			default:
				r.object(one, deep-1)
			}
		}
	}
}

// statistic is one InteractionCounter, or a list of them.
func (r *reach) statistic(v any) {
	all, ok := v.([]any)
	if !ok {
		all = []any{v}
	}
	for _, one := range all {
		if c, ok := one.(map[string]any); ok && counts(c["interactionType"]) {
			r.counted = max(r.counted, value(c["userInteractionCount"]))
		}
	}
}

// counts reports whether a type of interaction is one by which people are
// reached. A counter that names none is taken: most count views.
func counts(kind any) bool {
	switch k := kind.(type) {
	case nil:
		return true
	case string:
		return isReach(k)
	case []any:
		return slices.ContainsFunc(k, func(one any) bool { s, ok := one.(string); return ok && isReach(s) })
	case map[string]any:
		return k["@type"] != nil && counts(k["@type"])
	}
	return false
}

// isReach: who likes, shares or answers was reached too, but is counted among
// those who saw it.
func isReach(kind string) bool {
	switch kind[strings.LastIndexAny(kind, "/#:")+1:] {
	case "ViewAction", "WatchAction", "ListenAction", "ReadAction", "FollowAction", "SubscribeAction", "JoinAction", "RegisterAction":
		return true
	}
	return false
}

// value is a number of JSON, or one written as a text.
func value(v any) int {
	switch v := v.(type) {
	case float64:
		return bounded(v)
	case string:
		return count(v)
	}
	return -1
}

// count is the number of an attribute. Of the old form "UserPlays:123" only what
// counts readers is taken.
func count(text string) int {
	if kind, number, ok := strings.Cut(text, ":"); ok {
		switch strings.TrimSpace(kind) {
		case "UserPlays", "UserPageVisits", "UserDownloads":
			text = number
		default:
			return -1
		}
	}
	if text = strings.TrimSpace(text); len(text) > maxReachText {
		return -1
	}
	if m := counterWords().alone.FindStringSubmatch(text); m != nil && m[2] == "" {
		return number(m[1], "")
	}
	return -1
}

// statedIn is the largest number of followers or views that a text shows. Number
// and word must stand alone in a short line, or in a part of one between dots or
// bars, as counters do: that a family has five members is a sentence about a family.
func statedIn(text string) int {
	most, words := -1, counterWords()
	for line := range strings.Lines(text) {
		if len(line) > maxStated*utf8.UTFMax || !strings.ContainsAny(line, "0123456789") || utf8.RuneCountInString(line) > maxStated {
			continue
		}
		// The reading has no invisible marks, as stand before numbers on pages of
		// several directions.
		for part := range strings.FieldsFuncSeq(vntext.Base(line).Text(), func(r rune) bool { return strings.ContainsRune("·•|", r) }) {
			for _, pattern := range []*regexp.Regexp{words.numberFirst, words.wordFirst} {
				if m := pattern.FindStringSubmatch(part); m != nil {
					most = max(most, number(m[1], m[2]))
				}
			}
		}
	}
	return most
}

// number reads digits with their unit as people of both languages write them:
// 1.234, 1,234, 12 345, 12,3 N, 1.5M. It is -1 for what is no number. Separators
// part thousands where three digits follow each; with a unit one separator
// parts a fraction, since "1.234 Tr" read as thousands would be a thousand times
// what was meant.
func number(text, unit string) int {
	if len(text) > maxReachText {
		return -1
	}
	parts := strings.FieldsFunc(text, func(r rune) bool { return r < '0' || r > '9' })
	if unit != "" && len(parts) == 2 && strings.ContainsAny(text, ".,") {
		v, err := strconv.ParseFloat(parts[0]+"."+parts[1], 64)
		if err != nil {
			return -1
		}
		return bounded(v * counterWords().times[unit])
	}
	for i, p := range parts {
		if i > 0 && len(p) != 3 || i == 0 && len(parts) > 1 && len(p) > 3 {
			return -1
		}
	}
	v, err := strconv.ParseFloat(strings.Join(parts, ""), 64)
	if err != nil {
		return -1
	}
	return bounded(v * counterWords().times[unit])
}

// bounded: more than there are people is as much as that.
func bounded(v float64) int {
	if math.IsNaN(v) || v < 0 {
		return -1
	}
	return int(min(math.Round(v), maxReach))
}
