// SPDX-License-Identifier: Apache-2.0

package api_test

import (
	"context"
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"time"

	"lachan/duty/schools"
	"lachan/internal/authz"
	"lachan/internal/problem"
)

// departmentContracts are the routes of the department, and what a school
// reads about its filter.
func (w *world) departmentContracts() []contract {
	one := "/api/v1/schools/" + w.school
	opening := `{"kind":"open","domain":"ca-cuoc-mau.example","every_band":true,"why":"Trang học đã đổi chủ.","basis":"Biên bản 12","until":"2027-01-01T00:00:00Z"}`
	return []contract{
		{id: "requests.pass", method: "POST", path: "/api/v1/requests/$passed/pass", status: 204},
		{id: "asked.list", method: "GET", path: "/api/v1/asked", status: 200, badPath: "/api/v1/asked?after=xin-mau.example", field: "after"},
		{id: "asked.answer", method: "POST", path: "/api/v1/asked", body: `{"domain":"xin-mau.example","grant":true,"reason":"lesson"}`, status: 204, bad: `{"domain":"xin-mau.example","grant":true,"reason":"because"}`, field: "reason"},
		{id: "rulings.propose", method: "POST", path: "/api/v1/rulings", body: opening, person: true, status: 201, bad: strings.Replace(opening, `"open"`, `"never"`, 1), field: "kind"},
		{id: "rulings.list", method: "GET", path: "/api/v1/rulings", status: 200, badPath: "/api/v1/rulings?limit=0", field: "limit"},
		{id: "never.list", method: "GET", path: "/api/v1/never?limit=1", status: 200, badPath: "/api/v1/never?limit=x", field: "limit"},
		{id: "changes.preview", method: "POST", path: one + "/preview", body: `{"change_band":"primary","code":"youtube","block":true}`, status: 200, bad: `{"change_band":"primary","code":"gi-do","block":true}`, field: "code"},
		{id: "week.get", method: "GET", path: one + "/week?day=2026-11-17", status: 200, badPath: one + "/week?day=17/11", field: "day"},
	}
}

// The department's machine answers what a school passed on, and proposes only
// in the name of a person; nobody's machine confirms, and none touches the
// never-block list.
func TestTheDepartmentOverREST(t *testing.T) {
	k := newKit(t)
	w := newContractWorld(t, k)
	ctx := context.Background()
	own := "Bearer " + k.machine(t, "truong-mau", authz.ITTeacher)
	may := "Bearer " + k.machine(t, "dept", authz.Lead)
	personal := k.personal(t)
	person := "Bearer " + personal
	if got := k.ask("POST", "/api/v1/requests/"+w.passed+"/pass", "", "Authorization", own); got.Code != http.StatusNoContent {
		t.Fatalf("%d %s", got.Code, got.Body)
	}
	type askedItem struct {
		ID, Domain, State, Due string
		Why, Passed, Bands     []string
	}
	var asked struct{ Items []askedItem }
	k.read(t, "/api/v1/asked", may, &asked)
	if len(asked.Items) != 1 {
		t.Fatalf("%+v", asked)
	}
	a := asked.Items[0]
	if a.Domain != "xin-mau.example" || a.State != "ok" || a.Due == "" || len(a.Passed) != 1 || a.Passed[0] != w.school || len(a.Bands) != 1 || strings.Contains(a.ID, "xin") {
		t.Errorf("%+v", a)
	}
	k.clock.Advance(14 * 24 * time.Hour)
	k.read(t, "/api/v1/asked", may, &asked)
	if asked.Items[0].State != "late" {
		t.Errorf("%+v", asked.Items[0])
	}
	refused(t, k.ask("GET", "/api/v1/asked", "", "Authorization", own), http.StatusForbidden, "authz/forbidden")
	if got := k.ask("POST", "/api/v1/asked", `{"domain":"xin-mau.example","grant":false,"reason":"list-right"}`, "Authorization", may); got.Code != http.StatusNoContent {
		t.Fatalf("%d %s", got.Code, got.Body)
	}
	refused(t, k.ask("POST", "/api/v1/asked", `{"domain":"xin-mau.example","grant":false,"reason":"list-right"}`, "Authorization", may), http.StatusNotFound, "schools/no-request")

	opening := `{"kind":"open","domain":"ca-cuoc-mau.example","every_band":true,"why":"Trang học.","basis":"Biên bản 12","until":"2027-01-01T00:00:00Z"}`
	refused(t, k.ask("POST", "/api/v1/rulings", opening, "Authorization", may), http.StatusForbidden, "authz/forbidden")
	refused(t, k.ask("POST", "/api/v1/rulings", strings.Replace(opening, `"every_band":true,`, "", 1), "Authorization", person), http.StatusNotFound, "schools/no-request")
	got := k.ask("POST", "/api/v1/rulings", opening, "Authorization", person)
	var made struct{ ID, State string }
	if err := json.Unmarshal(got.Body.Bytes(), &made); err != nil || got.Code != http.StatusCreated || made.State != "proposed" {
		t.Fatalf("%d %s", got.Code, got.Body)
	}
	for _, token := range []string{strings.TrimPrefix(may, "Bearer "), personal} {
		actor, err := k.people.TokenActor(ctx, token)
		if err != nil {
			t.Fatal(err)
		}
		if actor.Person != "" {
			actor.Person = "another" // a second person's machine is a machine
		}
		if _, err := k.schools.ConfirmRuling(ctx, actor, made.ID); problem.KindOf(err) != problem.Forbidden {
			t.Errorf("a machine is the second person: %v", err)
		}
		if _, err := k.schools.ProposeRuling(ctx, actor, schools.RulingCommand{Kind: schools.NeverAdd, Domain: "hoc-mau.example", Reason: "Trang học."}); problem.KindOf(err) != problem.Forbidden {
			t.Errorf("a machine proposes for the never-block list: %v", err)
		}
	}
	if _, err := k.schools.ConfirmRuling(ctx, lead, made.ID); err != nil {
		t.Error(err)
	}
	var rulings struct{ Items []struct{ ID, State string } }
	k.read(t, "/api/v1/rulings", may, &rulings)
	if len(rulings.Items) != 1 || rulings.Items[0].ID != made.ID || rulings.Items[0].State != "active" {
		t.Errorf("%+v", rulings)
	}
	for _, person := range []string{lead.Person, "proposed_by"} {
		if body := k.ask("GET", "/api/v1/rulings", "", "Authorization", may).Body.String(); strings.Contains(body, person) {
			t.Errorf("%s in %s", person, body)
		}
	}
}

// The week says what the page says: no number below five devices, and nothing
// of what belongs to care.
func TestAWeekHasNoSmallNumber(t *testing.T) {
	k := newKit(t)
	w := newContractWorld(t, k)
	care := ""
	for _, c := range k.schools.Catalogue().Categories {
		if c.Care {
			care = c.Code
		}
	}
	if care == "" {
		t.Fatal("no category of care")
	}
	cell := func(category string, day, devices int) schools.CountCell {
		start := time.Date(2026, 11, day, 8, 0, 0, 0, k.clock.Now().Location())
		return schools.CountCell{School: w.school, Band: "primary", Category: category, Span: schools.HourSpan, Start: start, Devices: devices}
	}
	r, err := k.schools.RecordCounts(context.Background(), w.node, 1, []schools.CountCell{
		cell("gambling", 17, 9), cell("gambling", 10, 7), cell("adult", 18, 4), cell("adult", 11, 6), cell("malware", 18, 5), cell(care, 18, 12),
	})
	if err != nil || r.Taken != 5 {
		t.Fatalf("%+v %v", r, err)
	}
	own := "Bearer " + k.machine(t, "truong-mau", authz.ITTeacher)
	got := k.ask("GET", "/api/v1/schools/"+w.school+"/week", "", "Authorization", own)
	const want = `{"monday":"2026-11-16","rows":[{"category":"gambling","devices":9,"prior":7,"trend":"more"},` +
		`{"category":"malware","devices":5},{"category":"adult","prior":6}],"asked":0,"answered":0}`
	if body := strings.TrimSpace(got.Body.String()); body != want {
		t.Errorf("%d %s", got.Code, body)
	}
	var preview struct {
		Bands []struct {
			Band    string
			Devices *int
		}
	}
	got = k.ask("POST", "/api/v1/schools/"+w.school+"/preview", `{"change_band":"primary","code":"youtube","block":true}`, "Authorization", own)
	if err := json.Unmarshal(got.Body.Bytes(), &preview); err != nil || len(preview.Bands) != 1 || preview.Bands[0].Devices != nil {
		t.Errorf("%d %s %v", got.Code, got.Body, err)
	}
}
