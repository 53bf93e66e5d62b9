// SPDX-License-Identifier: Apache-2.0

package schools

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"lachan/internal/bundle"
)

// The replay scenarios of Unbound's response policy zones (shared data, BSD-3):
// zones, questions, and what a resolver that takes the zones must do. The zones
// are imported as lists and the same questions put to the bundle made of them.
// What a list cannot say, or a school's filter does not do, stands in
// differsFrom one by one with its reason; a step that is in neither fails.

// expected is what a scenario wants for a question.
type expected string

const (
	wantOpen    expected = "open"    // the answer from above
	wantRefused expected = "refused" // no such name, or no such record
	wantData    expected = "data"    // records out of the zone
	wantTCP     expected = "tcp"     // asked to come back over TCP
	wantSilence expected = "silence"
)

type replayStep struct {
	number int
	name   string
	client string
	want   expected
}

type scenario struct {
	zones      []string
	overridden bool
	steps      []replayStep
}

var (
	zoneFile   = regexp.MustCompile(`(?s)TEMPFILE_CONTENTS [^\n]*\n(.*?)TEMPFILE_END`)
	stepHead   = regexp.MustCompile(`(?m)^STEP (\d+) (\w+)(?: ADDRESS (\S+))?.*$`)
	question   = regexp.MustCompile(`(?m)^SECTION QUESTION\s*\n\s*(\S+)\s+IN\s+\S+`)
	replyFlags = regexp.MustCompile(`(?m)^REPLY (.*)$`)
	answered   = regexp.MustCompile(`(?m)^SECTION ANSWER[^\n]*\n\s*[^\sSE;]`)
)

func readScenario(t *testing.T, path string) (s scenario) {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range zoneFile.FindAllSubmatch(text, -1) {
		s.zones = append(s.zones, string(m[1]))
	}
	s.overridden = strings.Contains(string(text), "rpz-action-override")
	heads := stepHead.FindAllSubmatchIndex(text, -1)
	var asked *replayStep
	flush := func() {
		if asked != nil {
			s.steps = append(s.steps, *asked)
		}
		asked = nil
	}
	for i, h := range heads {
		end := len(text)
		if i+1 < len(heads) {
			end = heads[i+1][0]
		}
		body := string(text[h[1]:end])
		switch string(text[h[4]:h[5]]) {
		case "QUERY":
			flush()
			asked = &replayStep{want: wantSilence}
			fmt.Sscan(string(text[h[2]:h[3]]), &asked.number)
			if h[6] >= 0 {
				asked.client = string(text[h[6]:h[7]])
			}
			asked.name = strings.TrimSuffix(question.FindStringSubmatch(body)[1], ".")
		case "CHECK_ANSWER":
			flags := strings.Fields(replyFlags.FindStringSubmatch(body)[1])
			has := func(f string) bool {
				for _, x := range flags {
					if x == f {
						return true
					}
				}
				return false
			}
			switch {
			case has("TC"):
				asked.want = wantTCP
			case !has("AA"):
				asked.want = wantOpen
			case answered.MatchString(body):
				asked.want = wantData
			default:
				asked.want = wantRefused
			}
		}
	}
	flush()
	return s
}

// differsFrom says why a step ends otherwise here than the scenario wants.
var differsFrom = map[string]map[int]string{
	"rpz_clientip.rpl": {
		20: byClient, 30: byClient, 50: byClient, 60: byClient, 62: byClient, 64: byClient, 90: byClient,
	},
	"rpz_clientip_override.rpl": {10: byClient, 20: byClient, 40: byClient, 60: byClient, 70: byClient},
	"rpz_qname.rpl": {
		10: oneLabel, 20: ownRecords, 40: ownRecords, 50: ownRecords, 70: withBelow, 80: ownRecords, 82: ownRecords, 84: ownRecords,
		95: overTCP, 100: ownRecords, 110: zoneOrder,
	},
	"rpz_qname_override.rpl": {10: override, 20: override, 30: override, 50: override, 60: override},
	"rpz_qname_tcponly.rpl":  {20: overTCP},
}

// The reasons.
const (
	byClient   = "triggers on a client's address are passed over and counted: who may see what is said by a school's networks and bands"
	oneLabel   = "a name of one label is a public suffix: no list refuses it"
	ownRecords = "a list cannot answer with records of its own: that would let its maker lead children anywhere; counted as a redirect"
	withBelow  = "a name stands for all below it, also where the zone has no wildcard beside it; the report counts it as widened"
	overTCP    = "tcp-only makes no sense where the next question over TCP is answered"
	zoneOrder  = "zones have no order among themselves: an exception holds within its own list, and another list's refusal stands"
	override   = "overriding a zone's actions is a setting of that resolver, no part of the zone: a list's category and the policy say it here"
)

// Every step of these files that ends otherwise is known by its reason.
func TestReplayOfResponsePolicyZones(t *testing.T) {
	folder := filepath.Join("..", "..", "..", "shared", "data", "conformance", "unbound-rpz")
	files, err := filepath.Glob(filepath.Join(folder, "*.rpl"))
	if err != nil || len(files) == 0 {
		t.Skip("../shared/data/conformance is absent")
	}
	for _, path := range files {
		file := filepath.Base(path)
		t.Run(file, func(t *testing.T) {
			s := readScenario(t, path)
			if len(s.steps) == 0 || len(s.zones) == 0 {
				t.Fatalf("%d steps, %d zones were read", len(s.steps), len(s.zones))
			}
			k, ctx := newKit(t), context.Background()
			for i, zone := range s.zones {
				read, err := ReadList(strings.NewReader(zone), ReadOptions{Format: RPZ})
				if err != nil {
					t.Fatal(err)
				}
				t.Logf("zone %d: %d taken, %d kept out, %v", i+1, read.Report.Taken, read.Report.Kept, counts(read.Report))
				if read.Report.Taken == 0 {
					continue // a list without a name is refused, and says so
				}
				if _, err := k.ListImport(ctx, lead, ListMeta{Name: fmt.Sprint("vùng ", i+1), Category: "gambling", Format: RPZ}, strings.NewReader(zone)); err != nil {
					t.Fatal(err)
				}
			}
			if _, err := k.BuildBundle(ctx, lead); err != nil {
				t.Fatal(err)
			}
			view := k.view(t)
			for _, step := range s.steps {
				name, err := bundle.ParseName(step.name)
				if err != nil {
					t.Fatal(err)
				}
				ours := wantOpen
				if view.Explain(name, bundle.Client{Band: bundle.Primary}, 0).Blocked {
					ours = wantRefused
				}
				why, differs := differsFrom[file][step.number]
				if (ours != step.want) != differs {
					t.Errorf("step %d, %s from %q: wanted %s, ours %s; known: %q", step.number, step.name, step.client, step.want, ours, why)
				}
			}
		})
	}
}
