// SPDX-License-Identifier: Apache-2.0

package schools

import (
	"slices"
	"testing"
)

func TestReadAdblock(t *testing.T) {
	for _, c := range []sample{
		{
			name: "what is about a host, and what is not", format: Adblock,
			text: "[Adblock Plus 2.0]\n! Title\n||a.example^\n||b.example^$third-party\n@@||a*.ok.example^\n" +
				"c.example##.ad\n##.banner\n###id\n#### a heading ####\n#@#.x\nd.example#?#div:has(a)\n/ads[0-9]/\n||e.example\n||*.f.example^\n|http://g.example\n|https://h.example^\n" +
				"://i.example^\n|j.example^\nk.example\n/banner-ads.\n||l.example/path^\n||com^\n# a remark\n||m.example^|\n||ads*.example^\n0.0.0.0 n.example\n192.0.2.1\n||192.0.2.2^\n.gif$image\n|http://ww01.\n||o.example^$all\n",
			taken: []string{"a.example", "f.example", "h.example", "i.example", "j.example", "k.example", "m.example", "n.example", "o.example"},
			skips: map[Skip]int{SkipModifier: 2, SkipException: 1, SkipCosmetic: 5, SkipRegex: 1, SkipPattern: 6, SkipTLD: 1, SkipAddress: 2}, notes: 4, wide: 6,
		},
		{
			name: "an exception takes the name and all below it out of the list", format: Adblock,
			text:  "||a.example^\n||www.b.a.example^\n||b.a.example^\n@@||b.a.example^\n||c.example^\n@@||c.example^\n@@||nowhere.example^\n@@|https://d.a.example^\n",
			taken: []string{"a.example"}, kept: []string{"b.a.example", "d.a.example"},
			skips: map[Skip]int{SkipExcepted: 3},
		},
		{
			name: "important stands against exceptions of the list", format: Adblock,
			text:  "||a.example^$important\n@@||b.a.example^\n||c.example^\n||d.c.example^$important\n@@||d.c.example^\n@@||e.c.example^\n||f.e.c.example^$important\n",
			taken: []string{"a.example", "c.example", "d.c.example", "f.e.c.example"}, kept: []string{"e.c.example"},
		},
		{
			name: "badfilter takes back the rule of its own kind", format: Adblock,
			text:  "||a.example^\n||a.example^$badfilter\n||b.example^$important\n||b.example^$badfilter\n||c.example^$important\n||c.example^$important,badfilter\n||d.example^\n@@||d.example^\n@@||d.example^$badfilter\n",
			taken: []string{"b.example", "d.example"},
			skips: map[Skip]int{SkipExcepted: 6},
		},
		{
			name: "denyallow is of its rule alone", format: Adblock,
			text:  "||a.example^$denyallow=b.a.example|c.a.example|far.example\n||c.a.example^\n||x.b.a.example^\n||*.top^$denyallow=d.top\n||e.example^$denyallow=f.e.example,important\n",
			taken: []string{"a.example", "c.a.example", "x.b.a.example", "e.example"}, kept: []string{"b.a.example", "f.e.example"},
			skips: map[Skip]int{SkipTLD: 1},
		},
		{
			name: "conditions that a name does not carry are refused", format: Adblock,
			text: "||a.example^$dnstype=A\n||b.example^$client=192.0.2.1\n||c.example^$ctag=user_child\n||d.example^$domain=x.example\n||e.example^$odd\n||f.example^$dnsrewrite=192.0.2.1\n" +
				"||g.example^$dnsrewrite=NXDOMAIN;;\n||h.example^$dnsrewrite=0.0.0.0\n||i.example^$important,dnstype=AAAA\n@@||h.example^$client=x\n",
			taken: []string{"g.example", "h.example"},
			skips: map[Skip]int{SkipModifier: 6, SkipRedirect: 1, SkipException: 1},
		},
		{
			name: "expressions that are a few names are those names", format: Adblock,
			text: `/^a\.example$/` + "\n" + `/(^|\.)b[0-2]\.example$/` + "\n" + `/^(.*\.)?(c|d)\.example$/` + "\n" + `/e\.example$/` + "\n" + `/^f.*\.example$/` + "\n" +
				`/^(.+\.)?g(-x)?\.example$/$important` + "\n" + `/^h{1,2}\.example$/` + "\n" + `@@/^x\.g\.example$/` + "\n" + `@@/^.*tech.*$/` + "\n" + `/^i\.example$/$third-party` + "\n" + `/^[a-z]{9}\.example$/` + "\n",
			taken: []string{"a.example", "b0.example", "b1.example", "b2.example", "c.example", "d.example", "g.example", "g-x.example", "h.example", "hh.example"},
			skips: map[Skip]int{SkipRegex: 4, SkipException: 1}, wide: 3,
		},
	} {
		t.Run(c.name, c.check)
	}
}

func TestRegexBudget(t *testing.T) {
	for expr, want := range map[string]int{
		`^a\.b$`: 1, `^(a|b)(c|d)\.e$`: 4, `^[ab]{2}\.c$`: 4, `^a?\.b$`: 2,
		`^a+\.b$`: 0, `^a*\.b$`: 0, `^a.\.b$`: 0, `a\.b$`: 0, `^a\.b`: 0, `^[a-z][a-z]\.b$`: 0, `^(`: 0, `$`: 0, `^a\$`: 0,
		`^(((((((((((((((((((((((((((((((((((a)))))))))))))))))))))))))))))))))))\.b$`: 0,
		`^[^a]\.b$`: 0, `^\b\.c$`: 0, `^a{1000}\.b$`: 0, `^(a{60}){60}\.b$`: 0,
	} {
		if names, _, ok := regexNamesOf(expr); len(names) != want || ok != (want > 0) {
			t.Errorf("%s: %v %v", expr, names, ok)
		}
	}
	names, below, _ := regexNamesOf(`(^|\.)A\.example$`)
	if !below || !slices.Equal(names, []string{"a.example"}) {
		t.Errorf("%v %v", names, below)
	}
}
