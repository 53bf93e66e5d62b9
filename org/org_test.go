// SPDX-License-Identifier: Apache-2.0

package org_test

import (
	"context"
	"fmt"
	"testing"

	"pgregory.net/rapid"

	"lachan/internal/authz"
	"lachan/internal/clock"
	"lachan/internal/ledger"
	"lachan/internal/problem"
	"lachan/internal/sqldb"
	"lachan/internal/testkit"
	"lachan/org"
	"lachan/policy"
)

const (
	dispatch org.Day = "2024-08-23"
	eve      org.Day = "2025-06-30"
	merged   org.Day = "2025-07-01"
	today    org.Day = "2026-11-23"
)

type diary []ledger.Entry

func (d *diary) Append(_ context.Context, _ *sqldb.Tx, e ledger.Entry) (string, error) {
	*d = append(*d, e)
	return "entry", nil
}

func quangNgai(t *testing.T) (*org.Service, *diary) {
	t.Helper()
	engine, err := authz.New(policy.FS)
	if err != nil {
		t.Fatal(err)
	}
	log := &diary{}
	s := org.New(org.Deps{DB: testkit.DB(t), Clock: clock.NewFixed(today.Time()), Authz: engine, Ledger: log})
	p, err := org.QuangNgai()
	if err != nil {
		t.Fatal(err)
	}
	if err := s.AddPack(context.Background(), authz.System("test"), p); err != nil {
		t.Fatal(err)
	}
	return s, log
}

func count(tr *org.Tree, root string, level org.Level, forms ...string) (n int) {
	for _, u := range tr.Descendants(root) {
		if u.Kind != org.KindCommittee || u.Level != level {
			continue
		}
		for _, f := range forms {
			if u.Form == f {
				n++
			}
		}
		if len(forms) == 0 {
			n++
		}
	}
	return n
}

func unit(t *testing.T, s *org.Service, key string) org.Unit {
	t.Helper()
	u, err := s.ByKey(key)
	if err != nil {
		t.Fatalf("%s: %v", key, err)
	}
	return u
}

// The three states of the territory, by the published counts.
func TestStatesOfTheProvince(t *testing.T) {
	s, _ := quangNgai(t)
	qni, kontum := unit(t, s, "qni").ID, unit(t, s, "kontum").ID
	for _, c := range []struct {
		day                org.Day
		root               string
		districts, commune int
		xa, phuong, tt, dk int
	}{
		{dispatch, qni, 13, 173, 148, 17, 8, 0},
		{"2024-12-31", qni, 13, 173, 148, 17, 8, 0},
		{"2025-01-01", qni, 13, 170, 144, 17, 9, 0},
		{eve, qni, 13, 170, 144, 17, 9, 0},
		{eve, kontum, 10, 102, 0, 0, 0, 0},
		{merged, qni, 0, 96, 86, 9, 0, 1},
		{today, qni, 0, 96, 86, 9, 0, 1},
		{today, kontum, 0, 0, 0, 0, 0, 0},
	} {
		tr := s.At(c.day)
		if d, n := count(tr, c.root, org.LevelDistrict), count(tr, c.root, org.LevelCommune); d != c.districts || n != c.commune {
			t.Errorf("%s: %d districts, %d communes; want %d, %d", c.day, d, n, c.districts, c.commune)
		}
		if c.xa > 0 {
			for form, want := range map[string]int{"xa": c.xa, "phuong": c.phuong, "thi_tran": c.tt, "dac_khu": c.dk} {
				if n := count(tr, c.root, org.LevelCommune, form); n != want {
					t.Errorf("%s: %d %s, want %d", c.day, n, form, want)
				}
			}
		}
	}
	if u, _ := s.At("2024-12-31").ByKey("qni/2024/21220"); u.Name != "Xã Tịnh Hà" {
		t.Errorf("2024: %q", u.Name)
	}
	if u, _ := s.At("2025-01-01").ByKey("qni/2024/21220"); u.Name != "Thị trấn Tịnh Hà" || u.Form != "thi_tran" {
		t.Errorf("2025: %q %s", u.Name, u.Form)
	}
}

func TestLoadingAgainChangesNothing(t *testing.T) {
	s, _ := quangNgai(t)
	ctx := context.Background()
	before, version := unit(t, s, "qni/2025/21548"), s.Version()
	p, _ := org.QuangNgai()
	if err := s.AddPack(ctx, authz.System("test"), p); err != nil {
		t.Fatal(err)
	}
	if s.Version() != version {
		t.Error("the same pack made a new version")
	}
	p.Units[0].Name = "Tỉnh Quảng Ngãi (mẫu)"
	if err := s.AddPack(ctx, authz.System("test"), p); err != nil {
		t.Fatal(err)
	}
	after := unit(t, s, "qni/2025/21548")
	if s.Version() == version || after.ID != before.ID || unit(t, s, "qni").Name != p.Units[0].Name {
		t.Error("a changed pack must renew the facts and keep the ids")
	}
	if n := count(s.At(today), unit(t, s, "qni").ID, org.LevelCommune); n != 96 {
		t.Errorf("%d communes after loading three times", n)
	}
}

func TestHoldersByDate(t *testing.T) {
	s, _ := quangNgai(t)
	for _, c := range []struct {
		fn   string
		day  org.Day
		want string
	}{
		{"qlnn_tre_em", dispatch, "Sở Lao động - Thương binh và Xã hội"},
		{"qlnn_tre_em", "2025-02-28", "Sở Lao động - Thương binh và Xã hội"},
		{"qlnn_tre_em", "2025-03-01", "Sở Y tế"},
		{"dau_moi_tong_hop", dispatch, "Sở Thông tin và Truyền thông"},
		{"dau_moi_tong_hop", today, "Sở Khoa học và Công nghệ"},
		{"dai_ptth_tinh", "2025-05-18", "Đài Phát thanh và Truyền hình tỉnh Quảng Ngãi"},
		{"dai_ptth_tinh", "2025-05-19", "Báo Quảng Ngãi"},
	} {
		h, err := s.Holder(c.fn, c.day)
		if err != nil {
			t.Fatal(err)
		}
		if u, _ := s.Unit(h.Unit, c.day); u.Name != c.want {
			t.Errorf("%s on %s: %s, want %s", c.fn, c.day, u.Name, c.want)
		}
	}
	if h, _ := s.Holder("dau_moi_tong_hop", today); h.Verified {
		t.Error("who consolidates today has not been confirmed and must say so")
	}
	if _, err := s.Holder("trong_cay", today); !problem.Is(err, "org/function-vacant") {
		t.Errorf("got %v", err)
	}
}

func TestSetHolderEndsTheOneBefore(t *testing.T) {
	s, log := quangNgai(t)
	ctx := context.Background()
	lead := authz.Actor{Person: "p", Unit: "u", Roles: []string{authz.Lead}}
	cmd := org.SetHolder{Function: "dau_moi_tong_hop", Unit: unit(t, s, "qni/so/vhttdl").ID, From: "2026-06-01", Verified: true}
	if err := s.SetHolder(ctx, authz.Actor{Person: "p", Roles: []string{authz.Focal}}, cmd); problem.KindOf(err) != problem.Forbidden {
		t.Fatalf("a focal person appointed an agency: %v", err)
	}
	if err := s.SetHolder(ctx, lead, cmd); err != nil {
		t.Fatal(err)
	}
	before, _ := s.Holder(cmd.Function, "2026-05-31")
	after, _ := s.Holder(cmd.Function, "2026-06-01")
	if before.Unit != unit(t, s, "qni/so/khcn").ID || after.Unit != cmd.Unit || !after.Verified {
		t.Errorf("before %+v, after %+v", before, after)
	}
	if last := (*log)[len(*log)-1]; last.Kind != "org.function_set" || len(last.Policies) == 0 {
		t.Errorf("ledger has %+v", last)
	}
	if err := s.SetHolder(ctx, lead, org.SetHolder{}); len(problem.From(err).Fields) != 3 {
		t.Errorf("want three faulty fields, got %v", err)
	}
}

// Acceptance 12: a duty to the district committees after 1 July 2025.
func TestSelectorOutlivesTheDistricts(t *testing.T) {
	s, _ := quangNgai(t)
	sel := org.Selector{Kinds: []string{"ubnd"}, Levels: []org.Level{org.LevelDistrict}, OnDissolved: org.LevelCommune, Territory: unit(t, s, "qni").ID}
	if r := s.Resolve(sel, dispatch); len(r.Units) != 13 || r.Inherited {
		t.Errorf("2024: %d units, inherited %v", len(r.Units), r.Inherited)
	}
	if r := s.Resolve(sel, "2026-12-09"); len(r.Units) != 96 || !r.Inherited {
		t.Errorf("2026: %d units, inherited %v", len(r.Units), r.Inherited)
	}
	police := org.Selector{
		Kinds: []string{"cong_an"}, Levels: []org.Level{org.LevelDistrict, org.LevelCommune},
		Under: &org.Selector{Function: "cong_an_tinh"},
	}
	if r := s.Resolve(police, dispatch); len(r.Units) != 13+173 {
		t.Errorf("2024: %d local police units", len(r.Units))
	}
	if r := s.Resolve(police, today); len(r.Units) != 96 {
		t.Errorf("2026: %d local police units", len(r.Units))
	}
	press := org.Selector{Any: []org.Selector{{Function: "bao_tinh"}, {Function: "dai_ptth_tinh"}}}
	if a, b := s.Resolve(press, dispatch), s.Resolve(press, today); len(a.Units) != 2 || len(b.Units) != 1 {
		t.Errorf("newspaper and broadcaster: %d units, then %d", len(a.Units), len(b.Units))
	}
	if r := s.Resolve(org.Selector{}, today); len(r.Units) != 0 {
		t.Error("the empty selector selected somebody")
	}
}

func TestSuccession(t *testing.T) {
	s, _ := quangNgai(t)
	links := 0
	for u := range s.At(eve).All() {
		for _, l := range s.Successors(u.ID, merged, merged) {
			if to, _ := s.Unit(l.To, merged); to.Level == org.LevelCommune {
				links++
			}
		}
	}
	if links != 274 {
		t.Errorf("%d links, want 274", links)
	}
	old := unit(t, s, "qni/2024/21142") // Trà Bùi
	if n := len(s.Successors(old.ID, org.Ever, org.Still)); n != 2 {
		t.Errorf("Trà Bùi has %d successors", n)
	}
	if n := len(s.Predecessors(unit(t, s, "qni/2025/21548").ID, org.Ever, org.Still)); n != 1 {
		t.Errorf("Lý Sơn has %d predecessors", n)
	}
}

func TestFramesPlaceEveryUnit(t *testing.T) {
	s, _ := quangNgai(t)
	now := s.Frame(org.Today, "")
	then := s.Frame(org.AsOf, dispatch)
	name := func(f *org.Frame, p org.Place) string {
		u, _ := f.Tree().Unit(p.Node)
		return fmt.Sprintf("%s %v", u.Name, p.Bucket)
	}
	for _, c := range []struct {
		frame *org.Frame
		key   string
		want  string
	}{
		{now, "qni/2025/21025", "Phường Cẩm Thành false"},
		{now, "qni/2024/21010", "Phường Nghĩa Lộ false"}, // Lê Hồng Phong
		{now, "qni/2024/21142", "Tỉnh Quảng Ngãi true"},  // Trà Bùi was divided
		{now, "qni/2024/21262", "Xã An Phú false"},       // Nghĩa An, by way of the An Phú of 2025
		{now, "qni/2024/21286", "Tỉnh Quảng Ngãi true"},  // Nghĩa Mỹ: successor not known
		{now, "qni/2024/524", "Tỉnh Quảng Ngãi true"},    // Bình Sơn district became several communes
		{now, "qni/2024/536", "Đặc khu Lý Sơn false"},
		{now, "kontum", "Tỉnh Quảng Ngãi false"},
		{now, "qni/so/tttt", "Sở Khoa học và Công nghệ false"},
		{now, "qni/so/ldtbxh", "Tỉnh Quảng Ngãi true"},
		{now, "qni/dai", "Báo Quảng Ngãi false"},
		{then, "qni/2024/21142", "Xã Trà Bùi false"},
		{then, "qni/2025/21034", "Thành phố Quảng Ngãi true"}, // An Phú of 2025: four of the city
		{then, "qni/2025/21109", "Tỉnh Quảng Ngãi true"},      // Đông Sơn: two districts
		{then, "qni/2025/21548", "Huyện Lý Sơn false"},
		{then, "qni/so/khcn", "Sở Khoa học và Công nghệ false"},
		{then, "qni/so/nnmt", "Tỉnh Quảng Ngãi true"},
	} {
		if got := name(c.frame, c.frame.Place(unit(t, s, c.key).ID)); got != c.want {
			t.Errorf("%s in %s of %s: %s, want %s", c.key, c.frame.Kind, c.frame.Day(), got, c.want)
		}
	}
	if p := now.Place("no such unit"); p.Node != "" || !p.Bucket {
		t.Errorf("a stranger stands at %+v", p)
	}
}

// Whatever the frame, every unit of every day has a place on the map, so that
// a figure can be in a bucket but never lost.
func TestEveryUnitHasAPlaceInEveryFrame(t *testing.T) {
	s, _ := quangNgai(t)
	days := []org.Day{dispatch, "2025-01-15", "2025-03-02", eve, merged, today}
	rapid.Check(t, func(rt *rapid.T) {
		frame := s.Frame(org.AsOf, rapid.SampledFrom(days).Draw(rt, "frame"))
		for u := range s.At(rapid.SampledFrom(days).Draw(rt, "reported")).All() {
			p := frame.Place(u.ID)
			if _, ok := frame.Tree().Unit(p.Node); !ok {
				rt.Fatalf("%s (%s) has no place on the map of %s", u.Key, u.Name, frame.Day())
			}
			if frame.Tree().Since() == s.At(frame.Day()).Since() && u.Span.Has(frame.Day()) && (p.Node != u.ID || p.Bucket) {
				rt.Fatalf("%s lives on %s and must stand as itself", u.Key, frame.Day())
			}
		}
	})
}

// The old districts of 2024, made again from figures of communes of 2024.
func TestDistrictsOf2024AreMadeAgain(t *testing.T) {
	s, _ := quangNgai(t)
	frame := s.Frame(org.AsOf, dispatch)
	got := map[string]int{}
	for u := range s.At(dispatch).All() {
		if u.Level == org.LevelCommune && u.Kind == org.KindCommittee {
			p := frame.Place(u.ID)
			for _, up := range frame.Tree().Path(p.Node) {
				if up.Level == org.LevelDistrict {
					got[up.Code]++
				}
			}
		}
	}
	for code, want := range map[string]int{"522": 23, "524": 22, "525": 16, "527": 11, "528": 14, "529": 14, "530": 9, "531": 5, "532": 12, "533": 13, "534": 15, "535": 19} {
		if got[code] != want {
			t.Errorf("district %s: %d communes, want %d", code, got[code], want)
		}
	}
}

func TestMatchAsksWhereTwoRemain(t *testing.T) {
	s, _ := quangNgai(t)
	tr := s.At(today)
	for _, c := range []struct{ code, name, want, code2 string }{
		{"21548", "", "Đặc khu Lý Sơn", ""},
		{"", "Xã Ba Tơ", "Xã Ba Tơ", ""},
		{"", "Ba Tô", "Xã Ba Tô", ""},
		{"", "xa ba to", "", "org/ambiguous"},
		{"", "phuong kon tum", "Phường Kon Tum", ""},
		{"", "Đặc khu Lý Sơn", "Đặc khu Lý Sơn", ""},
		{"21025", "Phường Nguyễn Nghiêm", "", "org/no-match"}, // the code's owner of 2024
		{"21025", "Xã An Phú", "", "org/ambiguous"},           // code and name disagree
		{"", "Xã Không Có", "", "org/no-match"},
	} {
		u, _, err := tr.Match(c.code, c.name, "")
		if u.Name != c.want || c.code2 != "" && !problem.Is(err, c.code2) || c.code2 == "" && err != nil {
			t.Errorf("%q %q: %q %v", c.code, c.name, u.Name, err)
		}
	}
	// Bình Thạnh and Bình Thanh lie in one district; other pairs are told
	// apart by the district.
	old := s.At(dispatch)
	if _, both, err := old.Match("", "xa binh thanh", ""); !problem.Is(err, "org/ambiguous") || len(both) != 2 {
		t.Errorf("%v %v", both, err)
	}
	if hits := tr.Search("ly son", 5); len(hits) == 0 || hits[0].Name != "Đặc khu Lý Sơn" {
		t.Errorf("search found %v", hits)
	}
	if hits := tr.Search("21548", 5); len(hits) != 1 {
		t.Errorf("search by code found %v", hits)
	}
}

func TestWorkingDays(t *testing.T) {
	s, _ := quangNgai(t)
	cal := s.Calendar()
	for day, want := range map[org.Day]bool{
		"2026-11-23": true, "2026-11-21": false, "2026-02-17": false, "2026-09-02": false, "2026-04-27": false, "2026-12-09": true,
	} {
		if cal.IsWorking(day) != want {
			t.Errorf("%s working: %v", day, !want)
		}
	}
	if d := cal.AddWorking("2026-02-13", 1); d <= "2026-02-20" {
		t.Errorf("the day after Tết is %s", d)
	}
	if r, ok := cal.Rest("2026-11-24"); !ok || r.Verified {
		t.Error("24/11 is not enacted and must say so")
	}
	if cal.AddWorking("2026-11-23", -1) != "2026-11-20" {
		t.Error("working days go backwards too")
	}
}

func TestOwnRosterOfSchoolsAndClasses(t *testing.T) {
	s, _ := quangNgai(t)
	pack := org.Pack{Key: "mau", Units: []org.UnitSpec{
		{Key: "mau/th1", Name: "Trường Tiểu học Mẫu 1", Kind: org.KindSchool, Level: org.LevelSchool, School: org.SchoolPrimary, Parent: "qni/2025/21025", Line: "qni/so/gddt", From: merged},
		{Key: "mau/th1/1a", Name: "Lớp 1A", Kind: org.KindClass, Level: org.LevelClass, School: org.SchoolPrimary, Parent: "mau/th1", From: "2025-08-01", To: "2026-07-31"},
		{Key: "mau/th1/2a", Name: "Lớp 2A", Kind: org.KindClass, Level: org.LevelClass, School: org.SchoolPrimary, Parent: "mau/th1", From: "2026-08-01", To: "2027-07-31"},
	}, Events: []org.EventSpec{{Key: "mau-2026", Day: "2026-08-01", Basis: "mẫu", Links: []org.LinkSpec{{From: "mau/th1/1a", To: "mau/th1/2a", Whole: true, Type: "next_class"}}}}}
	if err := s.AddPack(context.Background(), authz.System("test"), pack); err != nil {
		t.Fatal(err)
	}
	classes := org.Selector{Kinds: []string{org.KindClass}, Under: &org.Selector{Function: "qlnn_giao_duc"}}
	if r := s.Resolve(classes, today); len(r.Units) != 1 || r.Units[0].Name != "Lớp 2A" {
		t.Errorf("classes under the department of education: %v", r.Units)
	}
	school := unit(t, s, "mau/th1")
	if path := s.At(today).Path(school.ID); len(path) != 3 || path[0].Key != "qni" {
		t.Errorf("path %v", path)
	}
	bad := org.Pack{Key: "sai", Units: []org.UnitSpec{{Key: "x", Name: "x", Kind: "x", From: "2026-01-02", To: "2026-01-01"}, {Key: "y"}}}
	if err := s.AddPack(context.Background(), authz.System("test"), bad); len(problem.From(err).Fields) != 2 {
		t.Errorf("got %v", err)
	}
}
