// SPDX-License-Identifier: Apache-2.0

package api_test

import (
	"bytes"
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"lachan/api"
	"lachan/duty/schools"
	"lachan/internal/authz"
	"lachan/internal/identity"
	"lachan/internal/locale"
)

var update = flag.Bool("update", false, "write docs/openapi.json anew")

// machine makes a token with roles in a unit.
func (k *kit) machine(t *testing.T, unit string, roles ...string) string {
	t.Helper()
	operator := authz.Actor{System: true, Session: "admin.sock", Roles: []string{authz.Operator}}
	text, _, err := k.people.AddToken(context.Background(), operator, identity.NewToken{Name: "Máy mẫu", Unit: unit, Roles: roles, Days: 30})
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// personal makes a token for a person of the lead department.
func (k *kit) personal(t *testing.T) string {
	t.Helper()
	ctx := context.Background()
	link, err := k.people.SetupLink(ctx)
	if err != nil {
		t.Fatal(err)
	}
	person, err := k.people.Setup(ctx, link, identity.NewPerson{Name: "Trần Mẫu", Login: "tran.mau", Unit: "dept", Roles: []string{authz.Lead}}, "a quiet green leaf")
	if err != nil {
		t.Fatal(err)
	}
	operator := authz.Actor{System: true, Session: "admin.sock", Roles: []string{authz.Operator}}
	text, _, err := k.people.AddToken(ctx, operator, identity.NewToken{Name: "Máy mẫu", Person: person, Unit: "dept", Roles: []string{authz.Lead}, Days: 30})
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// contract is what one route is tried with, after those above it.
type contract struct {
	id, method, path, body string
	status                 int    // of the good case
	any                    bool   // every token may
	person                 bool   // a machine may not for itself, only for a person
	badPath, bad           string // path and body of a faulty request; "": as the good one
	field                  string // that is named; "": the route takes nothing
	keep                   func(k *kit, reply map[string]any)
}

// world is what the routes are tried on: a school with a node and a request, a
// list that is held, a roll-out.
type world struct {
	school, node, request, list, held, network, device, change, rule, subscriber, use, class, model, passed, word string

	log   map[string]any // the state of the school's fault log
	names int            // of the list that is fetched
	hold  func(*kit)
}

func first(reply map[string]any) string {
	items, _ := reply["items"].([]any)
	if len(items) == 0 {
		return ""
	}
	return items[0].(map[string]any)["id"].(string)
}

func (w *world) contracts() []contract {
	one := "/api/v1/schools/" + w.school
	list := "/api/v1/lists/"
	return slices.Concat([]contract{
		{id: "schools.save", method: "POST", path: "/api/v1/schools", body: `{"unit":"truong-hai","name":"Trường hai","level":"primary"}`, status: 200, bad: `{"unit":"truong-hai","name":"Trường hai","level":"palace"}`, field: "level"},
		{id: "schools.list", method: "GET", path: "/api/v1/schools?limit=1", status: 200, badPath: "/api/v1/schools?limit=0", field: "limit"},
		{id: "schools.get", method: "GET", path: one, status: 200},
		{id: "networks.save", method: "POST", path: one + "/networks", body: `{"network":"192.0.2.0/24","band":"primary"}`, status: 200, bad: `{"network":"192.0.2.1/24","band":"primary"}`, field: "network"},
		{id: "networks.list", method: "GET", path: one + "/networks", status: 200, badPath: one + "/networks?after=x", field: "after", keep: func(_ *kit, r map[string]any) { w.network = first(r) }},
		{id: "networks.drop", method: "DELETE", path: one + "/networks/$network", status: 204},
		{id: "devices.save", method: "POST", path: one + "/devices", body: `{"word":"may-mau","device_band":"primary"}`, status: 204, bad: `{"word":"Máy","device_band":"primary"}`, field: "word"},
		{id: "devices.list", method: "GET", path: one + "/devices", status: 200, badPath: one + "/devices?limit=x", field: "limit", keep: func(_ *kit, r map[string]any) { w.device = first(r) }},
		{id: "devices.drop", method: "DELETE", path: one + "/devices/$device", status: 204},
		{id: "hours.save", method: "PUT", path: one + "/hours", body: `{"rows":[{"period":"lesson","days":31,"hours":"07:00-11:30"}],"holidays":"02/09/2026"}`, status: 204, bad: `{"rows":[{"period":"lesson","days":31,"hours":"11:30-07:00"}],"holidays":""}`, field: "hours-0"},
		{id: "hours.get", method: "GET", path: one + "/hours", status: 200},
		{id: "changes.save", method: "POST", path: one + "/changes", body: `{"change_band":"primary","code":"youtube","block":true}`, status: 204, bad: `{"change_band":"primary","code":"gi-do","block":true}`, field: "code"},
		{id: "changes.list", method: "GET", path: one + "/changes", status: 200, badPath: one + "/changes?all=1", field: "query", keep: func(_ *kit, r map[string]any) { w.change = first(r) }},
		{id: "changes.drop", method: "DELETE", path: one + "/changes/$change", status: 204},
		{id: "rules.save", method: "POST", path: one + "/rules", body: `{"domain":"bai-mau.example","allow":true,"reason":"lesson"}`, status: 204, bad: `{"domain":"bai-mau.example","allow":"yes","reason":"lesson"}`, field: "allow"},
		{id: "rules.list", method: "GET", path: one + "/rules", status: 200, badPath: one + "/rules?after=x", field: "after", keep: func(_ *kit, r map[string]any) { w.rule = first(r) }},
		{id: "rules.drop", method: "DELETE", path: one + "/rules/$rule", status: 204},
		{id: "fault-log.switch", method: "POST", path: one + "/fault-log", body: `{"hours":2}`, status: 201, bad: `{"hours":25}`, field: "hours", keep: func(_ *kit, r map[string]any) { w.word, _ = r["word"].(string) }},
		{id: "fault-log.get", method: "GET", path: one + "/fault-log", status: 200, keep: func(_ *kit, r map[string]any) { w.log = r }},
		{id: "fault-log.stop", method: "DELETE", path: one + "/fault-log", status: 204},
		{id: "requests.list", method: "GET", path: one + "/requests?state=open", status: 200, badPath: one + "/requests?state=lost", field: "state"},
		{id: "requests.answer", method: "POST", path: "/api/v1/requests/$request/answer", body: `{"grant":true,"reason":"lesson"}`, status: 204, bad: `{"grant":true,"reason":"because"}`, field: "reason"},
		{id: "nodes.token", method: "POST", path: "/api/v1/node-tokens", body: `{"name":"Nút mẫu","school":["` + w.school + `"]}`, status: 201, bad: `{"name":"Nút mẫu","school":[]}`, field: "school"},
		{id: "nodes.list", method: "GET", path: "/api/v1/nodes", status: 200, badPath: "/api/v1/nodes?state=lost", field: "state", keep: func(_ *kit, r map[string]any) { w.node = first(r) }},
		{id: "bundle.build", method: "POST", path: "/api/v1/bundle", status: 201},
		{id: "rollout.get", method: "GET", path: "/api/v1/rollout", status: 200},
		{id: "rollout.halt", method: "POST", path: "/api/v1/rollout/halt", status: 204},
		{id: "rollout.all", method: "POST", path: "/api/v1/rollout/all", status: 204},
		{id: "nodes.revoke", method: "POST", path: "/api/v1/nodes/$node/revoke", status: 204},
		{id: "lists.import", method: "POST", path: "/api/v1/lists?name=hai&category=gambling&licence=CC0-1.0", body: "mot-mau.example\nhai-mau.example\n", status: 201, badPath: "/api/v1/lists?name=hai", field: "category"},
		{id: "lists.subscribe", method: "POST", path: "/api/v1/subscriptions", body: `{"name":"ba","category":"gambling","url":"https://danh-sach-mau.example/a.txt","hours":24}`, status: 201, bad: `{"name":"ba","category":"gambling","url":"file:///etc/passwd","hours":24}`, field: "url", keep: func(_ *kit, r map[string]any) { w.list = r["id"].(string) }},
		{id: "lists.list", method: "GET", path: "/api/v1/lists", status: 200, badPath: "/api/v1/lists?limit=5000", field: "limit"},
		{id: "lists.get", method: "GET", path: list + "$list", status: 200},
		{id: "lists.update", method: "POST", path: list + "$list/update", status: 202},
		{id: "lists.unsubscribe", method: "DELETE", path: list + "$list/subscription", status: 204},
		{id: "lists.apply", method: "POST", path: list + "$held/held/apply", person: true, status: 200, keep: func(k *kit, _ map[string]any) { w.hold(k) }},
		{id: "lists.discard", method: "POST", path: list + "$held/held/discard", person: true, status: 200},
		{id: "lists.remove", method: "DELETE", path: list + "$list", status: 204},
		{id: "bundle.get", method: "GET", path: "/api/v1/bundle", status: 200, badPath: "/api/v1/bundle?number=1", field: "query"},
		{id: "keys.get", method: "GET", path: "/api/v1/keys", status: 200},
		{id: "blocks.list", method: "GET", path: "/api/v1/blocks?state=active", status: 200, badPath: "/api/v1/blocks?state=lost", field: "state"},
		{id: "blocks.numbers", method: "GET", path: "/api/v1/block-numbers?since=2026-01-01", any: true, status: 200, badPath: "/api/v1/block-numbers?since=x", field: "since"},
		{id: "lookup", method: "POST", path: "/api/v1/lookup", body: `{"domain":"ca-cuoc-mau.example","band":"primary"}`, any: true, status: 200, bad: `{"domain":"ca-cuoc-mau.example","band":"adults"}`, field: "band"},
		{id: "overblock", method: "POST", path: "/api/v1/over-block?band=primary", body: "ca-cuoc-mau.example\nbao-mau.example\n", any: true, status: 200, badPath: "/api/v1/over-block?bands=primary", field: "query"},
		{id: "counts", method: "GET", path: "/api/v1/counts?from=2026-11-01&to=2026-11-30", status: 200, badPath: "/api/v1/counts?from=2026-11-01&to=2026-10-30", field: "to"},
		{id: "figures", method: "GET", path: "/api/v1/figures?from=2026-11-01&to=2026-11-30&unit=dept", status: 200, badPath: "/api/v1/figures?to=2026-11-30", field: "from"},
		{id: "subscribers.add", method: "POST", path: "/api/v1/subscribers", body: `{"name":"Bộ lọc mẫu","band":["primary"]}`, status: 201, bad: `{"name":"Bộ lọc mẫu","band":["adults"]}`, field: "band"},
		{id: "subscribers.list", method: "GET", path: "/api/v1/subscribers", status: 200, badPath: "/api/v1/subscribers?limit=-1", field: "limit", keep: func(_ *kit, r map[string]any) { w.subscriber = first(r) }},
		{id: "subscribers.drop", method: "DELETE", path: "/api/v1/subscribers/$subscriber", status: 204},
	}, w.departmentContracts(), w.onlineContracts())
}

func (w *world) at(path string) string {
	return strings.NewReplacer("$network", w.network, "$device", w.device, "$change", w.change, "$rule", w.rule, "$request", w.request,
		"$node", w.node, "$list", w.list, "$held", w.held, "$subscriber", w.subscriber, "$use", w.use, "$class", w.class, "$model", w.model, "$passed", w.passed).Replace(path)
}

func newContractWorld(t *testing.T, k *kit) *world {
	t.Helper()
	ctx := context.Background()
	k.list(t, "ca-cuoc-mau.example\n")
	w := &world{names: 10}
	source := httptest.NewServer(http.HandlerFunc(func(out http.ResponseWriter, _ *http.Request) {
		for i := range w.names {
			fmt.Fprintf(out, "cho-nguoi-%d-mau.example\n", i)
		}
	}))
	t.Cleanup(source.Close)
	held, err := k.schools.Subscribe(ctx, lead, schools.SubscribeCommand{
		ListMeta: schools.ListMeta{Name: "chờ người", Category: "gambling", Format: schools.Plain}, URL: source.URL, Hours: 24,
	})
	if err != nil {
		t.Fatal(err)
	}
	w.held = held.ID
	w.hold = func(k *kit) { // three times as many names wait for a person
		w.names *= 3
		if u, err := k.schools.UpdateList(ctx, lead, w.held); err != nil || u.Outcome != schools.HeldBack {
			t.Fatalf("%+v %v", u, err)
		}
	}
	if u, err := k.schools.UpdateList(ctx, lead, w.held); err != nil || u.Outcome != schools.Applied {
		t.Fatalf("%+v %v", u, err)
	}
	w.hold(k)
	token := k.token(t)
	node, err := k.schools.Redeem(ctx, token, nodeKey(t), "1")
	if err != nil {
		t.Fatal(err)
	}
	w.node, w.school = node.ID, node.Schools[0]
	if err := k.schools.Heartbeat(ctx, node.ID, schools.Health{Version: "1", Bundle: 1, Resolving: true}); err != nil {
		t.Fatal(err)
	}
	if err := k.schools.Ask(ctx, node.ID, w.school, "primary", "ca-cuoc-mau.example", "2026-11-23"); err != nil {
		t.Fatal(err)
	}
	if err := k.schools.Ask(ctx, node.ID, w.school, "primary", "xin-mau.example", "2026-11-23"); err != nil {
		t.Fatal(err)
	}
	all, err := k.schools.Requests(ctx, lead, w.school, schools.Open)
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range all {
		if r.Domain == "xin-mau.example" {
			w.passed = r.ID
		} else {
			w.request = r.ID
		}
	}
	k.block(t, "chan-mau.example")
	return w
}

// TestEveryRoute tries each route without a token, with one that may not, with
// a faulty request and with a good one.
func TestEveryRoute(t *testing.T) {
	k := newKit(t)
	w := newContractWorld(t, k)
	may := "Bearer " + k.machine(t, "dept", authz.Lead, authz.Operator)
	person := "Bearer " + k.personal(t)
	mayNot := "Bearer " + k.machine(t, "nowhere", authz.Custodian)
	tried := []string{}
	for _, c := range w.contracts() {
		tried = append(tried, c.id)
		t.Run(c.id, func(t *testing.T) {
			path, body := w.at(c.path), w.at(c.body)
			ask := func(path, body, token string) *httptest.ResponseRecorder {
				h := []string{"Accept-Language", "en"}
				if token != "" {
					h = append(h, "Authorization", token)
				}
				return k.ask(c.method, path, body, h...)
			}
			got := ask(path, body, "")
			refused(t, got, http.StatusUnauthorized, "identity/unknown-token")
			if !strings.HasPrefix(got.Header().Get("WWW-Authenticate"), "Bearer ") {
				t.Error("no WWW-Authenticate")
			}
			got = ask(path, body, mayNot)
			switch {
			case c.any && got.Code != c.status:
				t.Errorf("any token: %d %s", got.Code, got.Body)
			case !c.any && got.Code != http.StatusForbidden && got.Code != http.StatusNotFound:
				t.Errorf("a token that may not: %d %s", got.Code, got.Body)
			}
			if c.person {
				refused(t, ask(path, body, may), http.StatusForbidden, "authz/forbidden")
			}
			if c.field != "" {
				badPath, bad := c.badPath, c.bad
				if badPath == "" {
					badPath = path
				}
				if bad == "" {
					bad = body
				}
				a := refused(t, ask(w.at(badPath), w.at(bad), may), http.StatusUnprocessableEntity, "input/faulty")
				if len(a.Errors) == 0 || a.Errors[0].Name != c.field || strings.Contains(a.Errors[0].Detail, "⟨") {
					t.Errorf("faults %+v, want %s", a.Errors, c.field)
				}
			}
			if c.person {
				got = ask(path, body, person)
			} else {
				got = ask(path, body, may)
			}
			if got.Code != c.status {
				t.Fatalf("good: %d %s", got.Code, got.Body)
			}
			if c.method == "GET" {
				tag := got.Header().Get("ETag")
				again := k.ask("GET", path, "", "Accept-Language", "en", "Authorization", may, "If-None-Match", tag)
				if tag == "" || again.Code != http.StatusNotModified || again.Body.Len() != 0 {
					t.Errorf("tag %q: %d", tag, again.Code)
				}
			}
			if c.keep != nil {
				var reply map[string]any
				if err := json.Unmarshal(got.Body.Bytes(), &reply); err != nil {
					t.Fatal(err)
				}
				c.keep(k, reply)
			}
		})
	}
	if w.log["on"] != true || w.log["until"] == nil || len(w.word) < 10 || strings.Contains(fmt.Sprint(w.log), w.word) {
		t.Errorf("the state of the fault log: %v", w.log)
	}
	for _, op := range operations(t, k) {
		if slices.Contains([]string{"enrol", "export", "openapi", "healthz", "readyz"}, op.id) {
			continue
		}
		if !slices.Contains(tried, op.id) {
			t.Errorf("%s is in the document and not in this test", op.id)
		}
	}
}

type operation struct{ id, method, path string }

func operations(t *testing.T, k *kit) (all []operation) {
	t.Helper()
	var doc struct {
		Paths map[string]map[string]struct{ OperationID string }
	}
	if err := json.Unmarshal(k.ask("GET", "/api/v1/openapi.json", "").Body.Bytes(), &doc); err != nil {
		t.Fatal(err)
	}
	for path, item := range doc.Paths {
		for method, op := range item {
			all = append(all, operation{op.OperationID, strings.ToUpper(method), path})
		}
	}
	return all
}

// What the document names is there: another answer than "no such page" or
// "not so"; and other methods of the same path are refused with the right ones.
func TestTheDocumentIsTheTable(t *testing.T) {
	k := newKit(t)
	ops := operations(t, k)
	if len(ops) < 50 {
		t.Fatalf("%d operations", len(ops))
	}
	for _, op := range ops {
		path := strings.NewReplacer("{id}", "x", "{item}", "y", "{file}", "primary.hosts").Replace(op.path)
		if w := k.ask(op.method, path, ""); w.Code == http.StatusNotFound || w.Code == http.StatusMethodNotAllowed {
			t.Errorf("%s %s: %d", op.method, op.path, w.Code)
		}
		w := k.ask("PATCH", path, "")
		if w.Code != http.StatusMethodNotAllowed || !strings.Contains(w.Header().Get("Allow"), op.method) {
			t.Errorf("PATCH %s: %d, allow %q", op.path, w.Code, w.Header().Get("Allow"))
		}
	}
	texts, err := locale.Load()
	if err != nil {
		t.Fatal(err)
	}
	data, err := json.MarshalIndent(api.Document(texts.Printer("en")), "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	data = append(data, '\n')
	const golden = "../docs/openapi.json"
	if *update {
		if err := os.WriteFile(golden, data, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	have, err := os.ReadFile(golden)
	if err != nil || !bytes.Equal(have, data) {
		t.Errorf("docs/openapi.json is not what the table says; go test ./api -run Document -update (%v)", err)
	}
	if strings.Contains(string(data), "⟨") {
		t.Error("a word is missing")
	}
}

// A school's own token sees and changes that school and no other.
func TestATokenOfASchool(t *testing.T) {
	k := newKit(t)
	w := newContractWorld(t, k)
	if _, err := k.schools.SaveSchool(context.Background(), lead, schools.SchoolCommand{Unit: "truong-hai", Name: "Trường hai", Level: "primary"}); err != nil {
		t.Fatal(err)
	}
	own := "Bearer " + k.machine(t, "truong-mau", authz.ITTeacher)
	other := "Bearer " + k.machine(t, "truong-hai", authz.ITTeacher)
	network := `{"network":"192.0.2.0/24","band":"primary"}`
	path := "/api/v1/schools/" + w.school + "/networks"
	refused(t, k.ask("POST", path, network, "Authorization", other), http.StatusForbidden, "authz/forbidden")
	refused(t, k.ask("GET", path, "", "Authorization", other), http.StatusForbidden, "authz/forbidden")
	if got := k.ask("POST", path, network, "Authorization", own); got.Code != http.StatusOK {
		t.Errorf("%d %s", got.Code, got.Body)
	}
	list := k.ask("GET", "/api/v1/schools", "", "Authorization", other)
	if !strings.Contains(list.Body.String(), "truong-hai") || strings.Contains(list.Body.String(), "truong-mau") {
		t.Errorf("%s", list.Body)
	}
}

// Pages of a list join without a gap.
func TestPagesOfAList(t *testing.T) {
	k := newKit(t)
	for _, unit := range []string{"mot", "hai", "ba", "bon", "nam"} {
		if _, err := k.schools.SaveSchool(context.Background(), lead, schools.SchoolCommand{Unit: unit, Name: "Trường " + unit, Level: "primary"}); err != nil {
			t.Fatal(err)
		}
	}
	token := "Bearer " + k.machine(t, "dept", authz.Lead)
	seen, after, pages := map[string]bool{}, "", 0
	for {
		var p struct {
			Items []struct{ Unit string }
			Next  string
		}
		if err := json.Unmarshal(k.ask("GET", "/api/v1/schools?limit=2&after="+after, "", "Authorization", token).Body.Bytes(), &p); err != nil {
			t.Fatal(err)
		}
		for _, s := range p.Items {
			seen[s.Unit] = true
		}
		if pages++; p.Next == "" || pages > 9 {
			break
		}
		after = p.Next
	}
	if len(seen) != 5 || pages != 3 {
		t.Errorf("%d schools on %d pages", len(seen), pages)
	}
}

func TestCountsAsATable(t *testing.T) {
	k := newKit(t)
	w := newContractWorld(t, k)
	start := time.Date(2026, 11, 23, 8, 0, 0, 0, k.clock.Now().Location())
	cell := schools.CountCell{School: w.school, Band: "primary", Category: "gambling", Span: schools.HourSpan, Start: start, Devices: 7}
	few := cell
	few.Category, few.Devices = "adult", 4
	if r, err := k.schools.RecordCounts(context.Background(), w.node, 1, []schools.CountCell{cell, few}); err != nil || r.Taken != 1 {
		t.Fatalf("%+v %v", r, err)
	}
	token := "Bearer " + k.machine(t, "dept", authz.Analyst)
	const path = "/api/v1/counts?from=2026-11-23&to=2026-11-23"
	table := k.ask("GET", path, "", "Authorization", token, "Accept", "text/csv")
	if table.Body.String() != "band,category,span,start,devices\nprimary,gambling,hour,2026-11-23T08:00:00+07:00,7\n" || !strings.HasPrefix(table.Header().Get("Content-Type"), "text/csv") {
		t.Errorf("%v %s", table.Header(), table.Body)
	}
	var doc struct {
		Least int
		Items []struct{ Devices int }
	}
	if err := json.Unmarshal(k.ask("GET", path, "", "Authorization", token).Body.Bytes(), &doc); err != nil || doc.Least != 5 || len(doc.Items) != 1 || doc.Items[0].Devices != 7 {
		t.Errorf("%+v %v", doc, err)
	}
}

// Neither a token nor what is asked about stands in the log.
func TestTheLogSaysNothing(t *testing.T) {
	k := newKit(t)
	w := newContractWorld(t, k)
	token := k.machine(t, "dept", authz.Lead)
	k.ask("GET", "/api/v1/schools?q=bi-mat", "", "Authorization", "Bearer "+token)
	k.ask("POST", "/api/v1/lookup", `{"domain":"bi-mat.example","band":"primary"}`, "Authorization", "Bearer "+token)
	k.ask("POST", "/api/v1/lookup", `{"bi-mat":1}`, "Authorization", "Bearer "+token)
	k.ask("GET", "/api/v1/schools/"+w.school, "", "Authorization", "Bearer "+token)
	for _, secret := range []string{token, "bi-mat", w.school} {
		if strings.Contains(k.logged.String(), secret) {
			t.Errorf("the log says %s", secret)
		}
	}
	if !strings.Contains(k.logged.String(), "/api/v1/schools/{id}") {
		t.Error("no route in the log")
	}
}
