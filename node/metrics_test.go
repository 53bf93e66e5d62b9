// SPDX-License-Identifier: Apache-2.0

package node

import (
	"io"
	"maps"
	"net/http"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"lachan/internal/dnswire"
)

var (
	nodeSeries     = regexp.MustCompile(`(?m)^(lachan_node_[a-z_]+)(\{[^}]*\})? [0-9.e+-]+$`)
	nodeDocumented = regexp.MustCompile("`(lachan_node_[a-z_]+)`")
)

func found(re *regexp.Regexp, text string) []string {
	set := map[string]bool{}
	for _, m := range re.FindAllStringSubmatch(text, -1) {
		set[m[1]] = true
	}
	return slices.Sorted(maps.Keys(set))
}

func TestANodesNumbers(t *testing.T) {
	w := newWorld(t)
	w.publish(1, 0)
	state := t.TempDir()
	_, err := Enrol(t.Context(), nil, state, w.http.URL, "once", "test")
	w.must(err)
	n, _ := w.runWith(state, Options{Version: "mau"}, func(c *Config) { c.MetricsListen = ":0" })
	w.ready(n, 1)
	if !strings.HasPrefix(n.MetricsAddr(), "127.0.0.1:") {
		t.Errorf("served at %s", n.MetricsAddr())
	}
	before := n.Stats()
	for range 3 {
		w.ask(n, "bet.example", dnswire.TypeA)
	}
	w.ask(n, "lesson.example", dnswire.TypeA)
	w.ask(n, "lesson.example", dnswire.TypeA)
	resp, err := http.Get("http://" + n.MetricsAddr() + "/metrics")
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	text, after := string(body), n.Stats()
	if after.Refused-before.Refused != 3 {
		t.Errorf("%+v %+v", before, after)
	}
	for _, want := range []string{
		"lachan_node_bundle_number 1\n", `lachan_node_upstream_up{upstream="1"} 1`, `lachan_node_build_info{version="mau"} 1`, `lachan_node_connections{over="tcp"} 0`,
		"# TYPE lachan_node_queries_total counter\n", "lachan_node_resolving 1\n",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("no %s", want)
		}
	}
	refusedNow := regexp.MustCompile(`lachan_node_answers_total\{outcome="refused"\} (\d+)`).FindStringSubmatch(text)
	if refusedNow == nil || refusedNow[1] == "0" || strings.Contains(text, `{outcome="cached"} 0`) {
		t.Errorf("outcomes: %s", text)
	}
	for _, secret := range []string{"bet.example", "lesson", "127.0.0.1", n.identity.NodeID} {
		if strings.Contains(text, secret) {
			t.Errorf("the numbers say %s", secret)
		}
	}
	for line := range strings.Lines(text) {
		if !strings.HasPrefix(line, "#") && !nodeSeries.MatchString(strings.TrimSpace(line)) {
			t.Errorf("not the format: %q", line)
		}
	}
	doc, err := os.ReadFile("../docs/metrics.md")
	if err != nil {
		t.Fatal(err)
	}
	_, chapter, _ := strings.Cut(string(doc), "\n## A node\n")
	if have, want := found(nodeSeries, text), found(nodeDocumented, chapter); !slices.Equal(have, want) {
		t.Errorf("served:     %v\ndocumented: %v", have, want)
	}
}
