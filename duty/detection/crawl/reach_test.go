// SPDX-License-Identifier: Apache-2.0

package crawl

import (
	"context"
	"fmt"
	"maps"
	"net/http"
	"strings"
	"testing"
)

// reachOf reads a page with that body.
func reachOf(t *testing.T, body string) int {
	t.Helper()
	return Extract("<html lang=vi><title>Trang mẫu</title><body>"+body, mustURL(t, "https://mau.example/"), 10).Reach
}

func TestReachOfLines(t *testing.T) {
	for line, want := range map[string]int{
		"1.234 lượt xem":                     1234,
		"1,234 views":                        1234,
		"12 345 subscribers":                 12_345,
		"10 612 280 subscribers":             10_612_280, // with spaces that do not break
		"\u200e12,3 N người đăng ký":         12_300,
		"12.3K followers":                    12_300,
		"12.3KFollowers":                     12_300, // two elements of one line
		"1,2 Tr lượt xem":                    1_200_000,
		"1.5M subscribers":                   1_500_000,
		"25 nghìn người theo dõi":            25_000,
		"3 triệu thành viên":                 3_000_000,
		"1,1 tỷ lượt xem":                    1_100_000_000,
		"2 tỉ lượt xem":                      2_000_000_000,
		"99 tỷ lượt xem":                     maxReach,
		"10K+ members":                       10_000,
		"0 views":                            0,
		"Lượt xem: 45.678":                   45_678,
		"Views: 1,234,567":                   1_234_567,
		"👁 4.321 lượt xem":                   4321,
		"1,2 Tr lượt xem · 3 ngày trước":     1_200_000,
		"@kenhmau • 88,8 N người đăng ký":    88_800,
		"Tin mẫu | 1.234 lượt xem":           1234,
		"12,345 members, 120 online":         12_345,
		"1.234.567 NGƯỜI THEO DÕI":           1_234_567,
		"7.5 n ngu\u031bo\u031b\u0300i xem":  7500, // letters and marks apart
		"1.234K views":                       1234, // a fraction: the smaller of two readings
		"12.345.678 lượt xem • 9 thành viên": 12_345_678,

		"Gia đình em có 5 thành viên":                              -1,
		"Gia đình 5.000 thành viên họp mặt hằng năm tại đình làng": -1,
		"In 2020, 5,000 members joined":                            -1,
		"12,3 lượt xem":                                            -1,
		"1.23.456 lượt xem":                                        -1,
		"2024 5,000 members":                                       -1,
		"lượt xem":                                                 -1,
		"views":                                                    -1,
		"View 12":                                                  -1,
		"View 12 comments":                                         -1,
		"Thành viên 5":                                             -1,
		"12 bình luận":                                             -1,
		"340 photos":                                               -1,
		"Giá 1.234.000 đồng":                                       -1,
		"0123 456 789":                                             -1,
		"9" + strings.Repeat("9", 40) + " views":                   -1,
		"1.234 lượt xem" + strings.Repeat(" rau", 20):              -1,
	} {
		if got := reachOf(t, "<p>"+strings.ReplaceAll(line, "612 ", "612&nbsp;")+"</p>"); got != want {
			t.Errorf("%q: %d, want %d", line, got, want)
		}
	}
}

func TestReachOfPages(t *testing.T) {
	ld := func(s string) string { return `<script type="application/ld+json">` + s + `</script>` }
	counter := func(kind string, n any) string {
		return fmt.Sprintf(`{"@type":"InteractionCounter","interactionType":%s,"userInteractionCount":%v}`, kind, n)
	}
	watched := counter(`"https://schema.org/WatchAction"`, 4321)
	for _, c := range []struct {
		name, body string
		want       int
	}{
		{"one counter", ld(`{"@type":"VideoObject","interactionStatistic":` + watched + `}`), 4321},
		{"a list, and who likes is no view", ld(`{"interactionStatistic":[` + counter(`{"@type":"LikeAction"}`, 99999) + `,` + counter(`{"@type":"http://schema.org/FollowAction"}`, `"1,200"`) + `]}`), 1200},
		{"in a graph", ld(`{"@graph":[{"@type":"WebPage"},{"mainEntity":{"interactionStatistic":[` + watched + `]}}]}`), 4321},
		{"several kinds of one counter", ld(`{"interactionStatistic":` + counter(`["LikeAction","schema:SubscribeAction"]`, 7) + `}`), 7},
		{"no kind", ld(`{"interactionStatistic":{"userInteractionCount":12}}`), 12},
		{"the old form", ld(`{"interactionCount":"UserPlays:2347"}`), 2347},
		{"the old form of likes", ld(`{"interactionCount":"UserLikes:2347"}`), -1},
		{"what the account did itself", ld(`{"agentInteractionStatistic":` + counter(`"FollowAction"`, 5000) + `}`), -1},
		{"schema.org before what is shown", ld(`{"interactionStatistic":`+watched+`}`) + `<p>9.999.999 lượt xem</p>`, 4321},
		{"nothing there is said by what is shown", ld(`{"interactionStatistic":[]}`) + `<p>9.999 lượt xem</p>`, 9999},
		{"a kind that is none", ld(`{"interactionStatistic":` + counter(`{"@type":{}}`, 5) + `}`), -1},
		{"less than nobody", ld(`{"interactionStatistic":` + counter(`"ViewAction"`, -5) + `}`), -1},
		{"more than there are", ld(`{"interactionStatistic":` + counter(`"ViewAction"`, "1e300") + `}`), maxReach},
		{"broken", ld(`{"interactionStatistic":[` + watched), -1},
		{"too deep", ld(strings.Repeat("[", 40) + `{"interactionStatistic":` + watched + `}` + strings.Repeat("]", 40)), -1},
		{"far too deep", ld(strings.Repeat(`{"a":[`, 9000)), -1},
		{"too long", ld(`{"a":"` + strings.Repeat("a", maxScript) + `","interactionStatistic":` + watched + `}`), -1},
		{"the fifth script", strings.Repeat(ld(`{}`), maxScripts) + ld(`{"interactionStatistic":`+watched+`}`), -1},
		{"a script of another kind", `<script>{"interactionStatistic":` + watched + `}</script>`, -1},
		{"microdata", `<div itemprop=interactionStatistic itemscope itemtype="https://schema.org/InteractionCounter"><meta itemprop=interactionType content="https://schema.org/WatchAction"><meta itemprop=userInteractionCount content=777></div>` +
			`<div itemprop=interactionStatistic itemscope><meta itemprop=userInteractionCount content=888><link itemprop=interactionType href="https://schema.org/LikeAction"></div>`, 777},
		{"microdata of a film", `<meta itemprop="interactionCount" content="56.789">`, 56_789},
		{"microdata that is no number", `<meta itemprop="interactionCount" content="nhiều">`, -1},
		{"a channel of Telegram", `<div class="tgme_channel_info_counter"><span class="counter_value">1.2M</span> <span class="counter_type">subscribers</span></div><div class="tgme_channel_info_counter"><span class="counter_value">340</span> <span class="counter_type">photos</span></div><span class="tgme_widget_message_views">15.4K</span>`, 1_200_000},
		{"a message of Telegram", `<span class="tgme_widget_message_views">15.4K</span><span class="tgme_widget_message_views">800</span>`, 15_400},
		{"a number of another element", `<span class="gia">15.4K</span>`, -1},
		{"what is not shown", `<p hidden>9.999 lượt xem</p>`, -1},
		{"an article", `<article><p>Lớp em có 35 thành viên, vườn rau có 12 luống.</p></article>`, -1},
	} {
		if got := reachOf(t, c.body); got != c.want {
			t.Errorf("%s: %d, want %d", c.name, got, c.want)
		}
	}
}

// TestReachOfWhatIsFound: nobody is a number that a page can state; whatever is
// no page states none.
func TestReachOfWhatIsFound(t *testing.T) {
	s, d := serve(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/nobody":
			w.Header().Set("Content-Type", "text/html")
			fmt.Fprint(w, "<p>0 lượt xem</p>")
		case "/silent":
			w.Header().Set("Content-Type", "text/html")
			fmt.Fprint(w, "<p>vườn rau</p>")
		case "/bare":
			w.Header().Set("Content-Type", "text/plain")
			fmt.Fprint(w, "1.234 lượt xem")
		case "/picture":
			w.Header().Set("Content-Type", "image/png")
			fmt.Fprint(w, "\x89PNG")
		case "/feed":
			fmt.Fprint(w, "<rss><channel><item><title>1.234 lượt xem</title></item></channel></rss>")
		default:
			http.NotFound(w, r)
		}
	}), quick())
	got := map[string]int{}
	d.Found = func(_ context.Context, f Found, _ func() ([]byte, error)) error {
		got[strings.TrimPrefix(f.URL, s.URL)] = f.Reach
		return nil
	}
	crawl(t, Plan{Kind: Links, URLs: []string{s.URL + "/nobody", s.URL + "/silent", s.URL + "/bare", s.URL + "/picture"}}, d)
	crawl(t, Plan{Kind: Feed, URLs: []string{s.URL + "/feed"}}, d)
	if want := map[string]int{"/nobody": 0, "/silent": -1, "/bare": -1, "/picture": -1, "/feed": -1}; !maps.Equal(got, want) {
		t.Errorf("%v, want %v", got, want)
	}
}
