// SPDX-License-Identifier: Apache-2.0

package api_test

import (
	"context"
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	"lachan/duty"
	"lachan/duty/schools"
	"lachan/duty/schools/online"
	"lachan/internal/authz"
	"lachan/internal/id"
)

// checklist is a body that answers every item of the checklist of a class.
func checklist(subject string) string {
	answers := map[string]string{}
	for _, item := range []string{"waiting-room", "share-screen", "recording", "link", "names", "chat", "mute", "two-adults", "leave", "report"} {
		answers[item] = "yes"
	}
	answers["chat"] = "no"
	data, err := json.Marshal(map[string]any{"kind": "class", "subject": subject, "answers": answers})
	if err != nil {
		panic(err)
	}
	return string(data)
}

// onlineContracts are the routes of lessons online.
func (w *world) onlineContracts() []contract {
	one := "/api/v1/schools/" + w.school
	const models, model = "/api/v1/models", "/api/v1/models/$model"
	keepID := func(into *string) func(*kit, map[string]any) {
		return func(_ *kit, r map[string]any) { *into = r["id"].(string) }
	}
	class := `{"title":"Toán 5A","grade":5,"use":"$use","pupils":34,"first":"2026-11-23","last":"2027-04-30"}`
	return []contract{
		{id: "online.register", method: "GET", path: "/api/v1/online-register", status: 200, badPath: "/api/v1/online-register?kind=class", field: "query"},
		{id: "platforms.save", method: "POST", path: one + "/platforms", body: `{"platform":"zoom"}`, status: 201, bad: `{"platform":"gi-do"}`, field: "platform", keep: keepID(&w.use)},
		{id: "platforms.list", method: "GET", path: one + "/platforms", status: 200, badPath: one + "/platforms?after=x", field: "after"},
		{id: "classes.save", method: "POST", path: one + "/classes", body: class, status: 201, bad: strings.Replace(class, "2026-11-23", "23/11", 1), field: "first", keep: keepID(&w.class)},
		{id: "classes.list", method: "GET", path: one + "/classes", status: 200, badPath: one + "/classes?limit=0", field: "limit"},
		{id: "checks.answer", method: "POST", path: one + "/checks", body: checklist("$class"), status: 200, bad: strings.Replace(checklist("$class"), `"mute":"yes"`, `"mute":"maybe"`, 1), field: "mute"},
		{id: "checks.list", method: "GET", path: one + "/checks", status: 200, badPath: one + "/checks?kind=class", field: "query"},
		{id: "incidents.counts", method: "GET", path: one + "/incidents", status: 200, badPath: one + "/incidents?day=2026-11-23", field: "query"},
		{id: "stated.save", method: "POST", path: one + "/stated", body: `{"what":"staff","day":"2026-09-05","value":18,"total":30}`, status: 204, bad: `{"what":"staff","day":"2026-09-05","value":31,"total":30}`, field: "value"},
		{id: "readiness.get", method: "GET", path: one + "/readiness", status: 200, badPath: one + "/readiness?line=rule", field: "query"},
		{id: "readiness.list", method: "GET", path: "/api/v1/readiness?level=primary&limit=1", status: 200, badPath: "/api/v1/readiness?level=palace", field: "level"},
		{id: "guidance.list", method: "GET", path: "/api/v1/guidance", status: 200, badPath: "/api/v1/guidance?after=x", field: "after"},
		{id: "guidance.get", method: "GET", path: "/api/v1/guidance/lessons", status: 200, badPath: "/api/v1/guidance/lessons?version=mới", field: "version"},
		{id: "guidance.read", method: "GET", path: one + "/guidance", status: 200, badPath: one + "/guidance?limit=x", field: "limit"},
		{id: "classes.end", method: "DELETE", path: one + "/classes/$class", status: 204},
		{id: "platforms.drop", method: "DELETE", path: one + "/platforms/$use", status: 204},
		{id: "models.add", method: "POST", path: models, body: `{"title":"Lớp có hai người lớn","design":"Mỗi buổi hai người.","criteria":[]}`, status: 201, bad: `{"title":"","design":"Mỗi buổi hai người.","criteria":[]}`, field: "title", keep: keepID(&w.model)},
		{id: "models.save", method: "PUT", path: model, body: `{"title":"Lớp có hai người lớn","design":"Mỗi buổi hai người.","criteria":["Không người lạ"]}`, status: 200, bad: `{"title":"Lớp","design":" ","criteria":[]}`, field: "design"},
		{id: "models.list", method: "GET", path: models, any: true, status: 200, badPath: models + "?limit=x", field: "limit"},
		{id: "models.join", method: "PUT", path: model + "/schools/" + w.school, status: 204},
		{id: "models.move", method: "POST", path: model + "/state", body: `{"to":"pilot"}`, status: 200, bad: `{"to":"moon"}`, field: "to"},
		{id: "models.judge", method: "PUT", path: model + "/evaluation", body: `{"results":["met"],"notes":["24 buổi"],"conclusion":"Nên nhân rộng."}`, status: 204, bad: `{"results":["good"],"notes":[""],"conclusion":""}`, field: "results"},
		{id: "models.get", method: "GET", path: model, any: true, status: 200, badPath: model + "?all=1", field: "query"},
		{id: "models.leave", method: "DELETE", path: model + "/schools/" + w.school, status: 204},
	}
}

// read asks with a token and reads the answer, which must be good.
func (k *kit) read(t *testing.T, path, token string, into any, header ...string) {
	t.Helper()
	got := k.ask("GET", path, "", append(header, "Authorization", token)...)
	if got.Code != http.StatusOK {
		t.Fatalf("%s: %d %s", path, got.Code, got.Body)
	}
	if err := json.Unmarshal(got.Body.Bytes(), into); err != nil {
		t.Fatal(err)
	}
}

// A school's own machine enters platform, class and checklist, and what it has
// entered stands in the school's readiness.
func TestClause_3_LessonsOnlineOverREST(t *testing.T) {
	k := newKit(t)
	w := newContractWorld(t, k)
	own := "Bearer " + k.machine(t, "truong-mau", authz.ITTeacher)
	other := "Bearer " + k.machine(t, "truong-hai", authz.ITTeacher)
	one := "/api/v1/schools/" + w.school
	post := func(path, body string) map[string]any {
		t.Helper()
		refused(t, k.ask("POST", path, body, "Authorization", other), http.StatusForbidden, "authz/forbidden")
		got := k.ask("POST", path, body, "Authorization", own)
		var reply map[string]any
		if got.Code >= 300 || got.Body.Len() > 0 && json.Unmarshal(got.Body.Bytes(), &reply) != nil {
			t.Fatalf("%s: %d %s", path, got.Code, got.Body)
		}
		return reply
	}
	use := post(one+"/platforms", `{"platform":"other","platform_name":"Lớp học mẫu"}`)
	if use["name"] != "Lớp học mẫu" {
		t.Errorf("%v", use)
	}
	class := post(one+"/classes", `{"title":"Toán 5A","use":"`+use["id"].(string)+`","first":"2026-11-23","last":"2027-04-30"}`)
	if _, said := class["pupils"]; said || class["last"] != "2027-04-30" {
		t.Errorf("%v", class)
	}
	a := refused(t, k.ask("POST", one+"/classes", `{"title":"Toán","use":"x","pupils":-1,"first":"2026-11-23","last":"2027-04-30"}`, "Authorization", own), http.StatusUnprocessableEntity, "input/faulty")
	if len(a.Errors) != 1 || a.Errors[0].Name != "pupils" {
		t.Errorf("%+v", a.Errors)
	}
	refused(t, k.ask("DELETE", one+"/platforms/"+use["id"].(string), "", "Authorization", own), http.StatusConflict, "schools/platform-has-classes")
	if c := post(one+"/checks", checklist(class["id"].(string))); c["state"] != "part" || c["gaps"] != 1.0 {
		t.Errorf("%v", c)
	}
	post(one+"/stated", `{"what":"rule","ref":"12/QĐ-TH","day":"2026-09-05","value":1}`)
	post(one+"/stated", `{"what":"guidance","ref":"lessons/1","day":"2026-11-20","value":21,"total":24}`)

	var checks struct {
		Items []struct {
			Subject, State string
			Answers        map[string]string
		}
	}
	k.read(t, one+"/checks", own, &checks)
	if len(checks.Items) != 2 {
		t.Fatalf("%+v", checks)
	}
	for _, c := range checks.Items {
		if c.Subject == class["id"] && (c.State != "part" || c.Answers["chat"] != "no") || c.Subject == use["id"] && (c.State != "todo" || c.Answers != nil) {
			t.Errorf("%+v", c)
		}
	}
	var ready struct {
		Online bool
		Lines  []struct{ Code, State, Ref, Day string }
	}
	k.read(t, one+"/readiness", own, &ready)
	seen := map[string]string{}
	for _, l := range ready.Lines {
		seen[l.Code] = strings.TrimSpace(l.State + " " + l.Ref)
	}
	if !ready.Online || seen["rule"] != "done 12/QĐ-TH" || seen["checks"] != "part" || seen["guidance"] != "part" || seen["skills"] != "todo" {
		t.Errorf("%+v", seen)
	}
	var all struct{ Items []struct{ School string } }
	k.read(t, "/api/v1/readiness", own, &all)
	if len(all.Items) != 1 || all.Items[0].School != w.school {
		t.Errorf("%+v", all)
	}
	var text struct{ Title string }
	k.read(t, "/api/v1/guidance/lessons", own, &text, "Accept-Language", "en")
	if text.Title != "Safe lessons online" {
		t.Errorf("%q", text.Title)
	}
	refused(t, k.ask("GET", "/api/v1/guidance/gi-do", "", "Authorization", own), http.StatusNotFound, "schools/no-guidance")
}

// Of incidents a machine reads how many there were of which kind, and writes
// none.
func TestIncidentsAreCountsForAMachine(t *testing.T) {
	k := newKit(t)
	w := newContractWorld(t, k)
	teacher := authz.Actor{Person: "teacher-1", Unit: "truong-mau", Roles: []string{authz.ITTeacher}}
	for _, day := range []duty.Date{duty.NewDate(2026, 11, 20), duty.NewDate(2026, 9, 7), duty.NewDate(2026, 5, 4)} {
		cmd := online.IncidentCommand{ID: id.New(), School: w.school, Kind: "intruder", Day: day}
		if err := k.lessons.CountIncident(context.Background(), teacher, cmd); err != nil {
			t.Fatal(err)
		}
	}
	own := "Bearer " + k.machine(t, "truong-mau", authz.ITTeacher)
	path := "/api/v1/schools/" + w.school + "/incidents"
	got := k.ask("GET", path, "", "Authorization", own)
	if body := strings.TrimSpace(got.Body.String()); body != `{"since":"2026-08-01","kinds":{"intruder":2}}` {
		t.Errorf("%d %s", got.Code, body)
	}
	refused(t, k.ask("POST", path, `{"kind":"intruder","day":"2026-11-20"}`, "Authorization", own), http.StatusMethodNotAllowed, "page/method")
}

// Who reads a model knows of its schools those that he may see elsewhere.
func TestSchoolsOfAModel(t *testing.T) {
	k := newKit(t)
	w := newContractWorld(t, k)
	ctx := context.Background()
	other, err := k.schools.SaveSchool(ctx, lead, schools.SchoolCommand{Unit: "truong-hai", Name: "Trường hai", Level: "primary"})
	if err != nil {
		t.Fatal(err)
	}
	m, err := k.lessons.SaveModel(ctx, lead, online.ModelCommand{Title: "Lớp có hai người lớn", Design: "Mỗi buổi hai người."})
	if err != nil {
		t.Fatal(err)
	}
	for _, school := range []string{w.school, other.ID} {
		if err := k.lessons.JoinModel(ctx, lead, online.MemberCommand{Model: m.ID, School: school}); err != nil {
			t.Fatal(err)
		}
	}
	own := "Bearer " + k.machine(t, "truong-mau", authz.ITTeacher)
	var doc struct {
		Schools []struct{ School, Part string }
		Others  int
		Next    []string
	}
	k.read(t, "/api/v1/models/"+m.ID, own, &doc)
	if len(doc.Schools) != 1 || doc.Schools[0].School != w.school || doc.Others != 1 || len(doc.Next) != 2 {
		t.Errorf("%+v", doc)
	}
	refused(t, k.ask("POST", "/api/v1/models/"+m.ID+"/state", `{"to":"ended"}`, "Authorization", own), http.StatusForbidden, "authz/forbidden")
	may := "Bearer " + k.machine(t, "dept", authz.Lead)
	refused(t, k.ask("POST", "/api/v1/models/"+m.ID+"/state", `{"to":"pilot"}`, "Authorization", may), http.StatusConflict, "schools/model-needs-pilot")
	refused(t, k.ask("GET", "/api/v1/models/x", "", "Authorization", may), http.StatusNotFound, "schools/no-model")
}
