// SPDX-License-Identifier: Apache-2.0

package schools

import (
	"bytes"
	"context"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"lachan/internal/problem"
)

func TestOverBlockCheckNamesTheList(t *testing.T) {
	k, ctx := newKit(t), context.Background()
	k.importText(t, "cược mẫu", "gambling", "cuoc.example\n")
	k.importText(t, "trò mẫu", "games", "tro.example\n")
	got, err := k.CheckOverBlock(ctx, lead, nil, strings.NewReader("cuoc.example\nwww.tro.example\nhoc.example\n192.0.2.1\n"))
	if err != nil {
		t.Fatal(err)
	}
	if got.Asked != 3 || got.Unread != 1 || len(got.Refusals) != 2 {
		t.Fatalf("%+v", got)
	}
	bet, game := got.Refusals[0], got.Refusals[1]
	if bet.Domain != "cuoc.example" || bet.Code != "gambling" || !slices.Equal(bet.Lists, []string{"cược mẫu"}) ||
		slices.Contains(bet.Bands, "staff") || !slices.Contains(bet.Bands, "boarding_evening") {
		t.Errorf("%+v", bet)
	}
	if game.Code != "games" || !slices.Equal(game.Lists, []string{"trò mẫu"}) || slices.Contains(game.Bands, "boarding_evening") {
		t.Errorf("%+v", game)
	}
	some, err := k.CheckOverBlock(ctx, lead, []string{"boarding_evening"}, strings.NewReader("cuoc.example\ntro.example\n"))
	if err != nil || len(some.Refusals) != 1 {
		t.Errorf("%+v, %v", some, err)
	}
	if _, err := k.CheckOverBlock(ctx, lead, []string{"nobody"}, strings.NewReader("a.example\n")); !problem.Is(err, "schools/unknown-band") {
		t.Errorf("%v", err)
	}
	if _, err := k.CheckOverBlock(ctx, nobody, nil, strings.NewReader("a.example\n")); problem.KindOf(err) != problem.Forbidden {
		t.Errorf("%v", err)
	}
}

// listedAs says which shared lists go into which category; what has none here
// (translators, webmail, shorteners, news …) is no category of ours.
var listedAs = map[string]string{
	"ut1/gambling": "gambling", "ut1/games": "games", "ut1/mixed_adult": "adult", "ut1/lingerie": "adult", "ut1/drogue": "drugs",
	"ut1/agressif": "violence", "ut1/dangerous_material": "violence", "ut1/sect": "extremism", "ut1/dating": "dating", "ut1/warez": "piracy",
	"ut1/vpn": "bypass", "ut1/doh": "bypass", "ut1/redirector": "bypass", "ut1/residential-proxies": "bypass", "ut1/social_networks": "social",
	"ut1/chat": "messaging", "ut1/audio-video": "video", "ut1/publicite": "ads", "ut1/malware": "malware", "ut1/cryptojacking": "malware",
	"ut1/phishing": "phishing", "ut1/stalkerware": "stalkerware",
	"hostsVN/extensions/adult": "adult", "hostsVN/extensions/gambling": "gambling", "hostsVN/extensions/threat": "malware", "hostsVN/option/domain.txt": "ads",
	"blocklistproject/domains/drugs": "drugs", "blocklistproject/domains/vaping": "drugs", "blocklistproject/domains/piracy": "piracy",
	"blocklistproject/domains/torrent": "piracy", "blocklistproject/domains/scam": "phishing", "blocklistproject/alt-version/phishing": "phishing",
	"blocklistproject/domains/ransomware": "malware", "blocklistproject/domains/facebook": "social", "blocklistproject/domains/tiktok": "social",
	"blocklistproject/domains/twitter": "social", "blocklistproject/domains/whatsapp": "messaging", "blocklistproject/domains/youtube": "video",
	"blocklistproject/domains/fortnite": "games",
}

// TestSoakOverBlock loads all shared lists and asks for popular names and all
// of .gov.vn and .edu.vn among them: what is refused is printed with the list
// to blame. Nothing under .gov.vn or .edu.vn may be.
func TestSoakOverBlock(t *testing.T) {
	if os.Getenv("LACHAN_SOAK") == "" {
		t.Skip("for make soak")
	}
	k, ctx := newKit(t), context.Background()
	domains := filepath.Join(sharedFolder, "domains")
	used := map[string]bool{}
	err := filepath.WalkDir(domains, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		rel := filepath.ToSlash(strings.TrimPrefix(path, domains+string(filepath.Separator)))
		for prefix, category := range listedAs {
			base := filepath.Base(path)
			if !strings.HasPrefix(rel, prefix) || strings.Contains(base, "usage") || strings.Contains(base, "expression") || strings.HasPrefix(base, "urls") ||
				strings.HasPrefix(prefix, "hostsVN/ext") && !strings.Contains(base, "domain") {
				continue
			}
			list, err := k.ListImport(ctx, lead, ListMeta{Name: rel, Category: category, Licence: "test", File: strings.TrimSuffix(rel, ".gz")}, bytes.NewReader(sharedText(t, "domains/"+rel)))
			if err != nil {
				t.Logf("%s: %v", rel, err)
				return nil
			}
			used[prefix] = true
			t.Logf("%-60s %-11s %7d names, kept out as protected: %d %.6q", rel, category, list.Names, len(list.Report.Guarded), list.Report.Guarded)
			return nil
		}
		return nil
	})
	if err != nil {
		t.Skipf("../shared/data/domains is absent: %v", err)
	}
	for prefix := range listedAs {
		if !used[prefix] {
			t.Logf("not there: %s", prefix)
		}
	}
	info, err := k.BuildBundle(ctx, lead)
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("bundle of %d names", info.Names)
	popular := map[string][]string{}
	for _, file := range []string{"misp/tranco10k", "misp/cloudflare-top10k", "misp/cisco_top20k", "misp/majestic_million", "misp/moz-top500", "misp/university_domains", "misp/bank-website", "opendns/opendns-top-domains", "misp/cloudflare-top100k"} {
		popular[file] = strings.Fields(string(sharedText(t, "popular/"+file+".txt.gz")))
	}
	ours := map[string]bool{}
	for file, names := range popular {
		for _, n := range names {
			if n = strings.ToLower(n); strings.HasSuffix(n, ".gov.vn") || strings.HasSuffix(n, ".edu.vn") {
				ours[n] = true
			}
		}
		t.Logf("%s: %d names", file, len(names))
	}
	popular["gov.vn and edu.vn"] = slices.Sorted(maps.Keys(ours))
	for _, file := range slices.Sorted(maps.Keys(popular)) {
		got, err := k.CheckOverBlock(ctx, lead, nil, strings.NewReader(strings.Join(popular[file], "\n")))
		if err != nil {
			t.Fatal(err)
		}
		by := map[string]int{}
		bands := map[string]int{}
		for _, f := range got.Refusals {
			by[f.Code]++
			for _, b := range f.Bands {
				bands[b]++
			}
		}
		t.Logf("%s: %d asked, %d refused to somebody, by band %v, by reason %v", file, got.Asked, len(got.Refusals), bands, by)
		if file == "gov.vn and edu.vn" && len(got.Refusals) > 0 {
			t.Errorf("%+v", got.Refusals)
		}
		if strings.HasSuffix(file, "100k") {
			continue // counted only
		}
		for _, f := range got.Refusals {
			t.Logf("  %s\t%s\t%s\t%s", f.Domain, f.Code, strings.Join(f.Bands, ","), strings.Join(f.Lists, ", "))
		}
	}
}
