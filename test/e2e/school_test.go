// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"lachan/duty/schools"
	"lachan/hub"
	"lachan/hub/demo"
	"lachan/internal/authz"
	"lachan/internal/clock"
	"lachan/internal/dnswire"
	"lachan/node"
	"lachan/org"
	"lachan/test/kit"
)

// room is a network of the school, and how its browsers call themselves.
type room struct {
	band, word, network, from string
	site                      string // that is refused there
	why, manner               string // what the block page says
}

const (
	lesson  = "choi-co.mau.example" // a site of games, in which a class plays chess
	betting = "ca-cuoc.mau.example"
	harmful = "hong-may.mau.example"
)

var rooms = [...]room{
	{"preschool", "mam-non", "127.0.10.0/24", "127.0.10.7", betting, "Trang này có cờ bạc.", "Cần trang này cho bài dạy"},
	{"primary", "tieu-hoc", "127.0.11.0/24", "127.0.11.7", lesson, "Trường che trò chơi ở cấp học này.", "Em không làm gì sai."},
	{"lower_secondary", "phong-may-2", "127.0.12.0/24", "127.0.12.7", lesson, "Trường che trò chơi ở cấp học này.", "Em không làm gì sai."},
	{"upper_secondary", "lop-11a", "127.0.13.0/24", "127.0.13.7", lesson, "Trường che trò chơi ở cấp học này.", "Bạn không làm gì sai."},
	{"boarding_evening", "noi-tru", "127.0.14.0/24", "127.0.14.7", betting, "Trang này có cờ bạc.", "Em không làm gì sai."},
	{"staff", "giao-vien", "127.0.15.0/24", "127.0.15.7", harmful, "Trang có thể làm hỏng máy.", "Cần trang này cho bài dạy"},
}

// campus is a province with one school, and the sites that its pupils open.
type campus struct {
	t         *testing.T
	clock     *demo.Shift
	hub       *hub.Hub
	school    schools.School
	education string // the department's unit
	teacher   kit.Person
	officer   kit.Person
	sites     *dnswire.Authority
	page      string // where the block page is served, and at another address the sites
	door      door
	node      *node.Node
	state     string // the node's folder
	off       func()
}

// wednesday is the first day of the story.
var wednesday = time.Date(2026, 10, 14, 9, 0, 0, 0, clock.Vietnam)

func newCampus(t *testing.T) *campus {
	t.Helper()
	ctx := context.Background()
	c := &campus{t: t, clock: &demo.Shift{}, page: kit.FreePort(t), door: newDoor(t, kit.FreePort(t))}
	c.clock.To(wednesday)
	c.hub = kit.Open(t, kit.Config(kit.Folder(t), ""), hub.Options{Clock: c.clock})
	kit.Furnish(t, c.hub)
	unit := func(key string) org.Unit {
		u, err := c.hub.Org.ByKey(key)
		check(t, err)
		return u
	}
	check(t, c.hub.Org.AddPack(ctx, authz.System("test"), org.Pack{Key: "mau", Units: []org.UnitSpec{{
		Key: "mau/cs1", Name: "THCS Hoa Sen mẫu", Code: "MAU-CS1", Kind: org.KindSchool, Level: org.LevelSchool, School: "lower_secondary",
		Parent: "qni/2025/21548", Line: "qni/so/gddt", From: "2025-08-01",
	}}}))
	_, err := c.hub.Org.Refresh(ctx)
	check(t, err)
	own := unit("mau/cs1")
	c.education = unit("qni/so/gddt").ID
	c.teacher = kit.Hire(t, c.hub, "Dương Thị Mẫu Lan", "tin.hoc", own.ID, authz.ITTeacher)
	c.officer = kit.Hire(t, c.hub, "Đỗ Thị Mẫu Hạnh", "giao.duc", c.education, authz.Focal, authz.Head)

	lead := authz.Actor{Person: "lead", Unit: "test", Session: "test", Roles: []string{authz.Lead}}
	c.school, err = c.hub.Schools.SaveSchool(ctx, lead, schools.SchoolCommand{
		Unit: own.ID, Code: "MAU-CS1", Name: own.Name, Place: own.Parent, Level: "lower_secondary", Pupils: 300, Devices: 40,
	})
	check(t, err)
	for domain, category := range map[string]string{lesson: "games", betting: "gambling", harmful: "malware"} {
		_, err := c.hub.Schools.ListImport(ctx, lead, schools.ListMeta{Name: "Mẫu " + category, Category: category, Format: schools.Plain}, strings.NewReader(domain+"\n"))
		check(t, err)
	}
	_, err = c.hub.Schools.BuildBundle(ctx, lead)
	check(t, err)
	_, err = c.hub.Reporting.Distribute(ctx, lead, hub.Directive, wednesday.Year())
	check(t, err)
	kit.Run(t, c.hub)
	c.openSites()
	c.clock.To(wednesday.Add(time.Hour)) // the codes of the first logins are used
	return c
}

// openSites puts a small site behind every name, at an address that only this
// machine has, and at the port of the block page.
func (c *campus) openSites() {
	c.t.Helper()
	_, port, err := net.SplitHostPort(c.page)
	check(c.t, err)
	l, err := net.Listen("tcp", "127.0.9.9:"+port)
	check(c.t, err)
	s := &http.Server{ReadHeaderTimeout: time.Second, Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprintf(w, "<title>mẫu</title><p>Bài học ở %s", r.Host)
	})}
	go s.Serve(l) //nolint:errcheck // it ends with the test
	c.t.Cleanup(func() { s.Close() })
	c.sites, err = dnswire.NewAuthority("*.mau.example. 60 IN A 127.0.9.9\n")
	check(c.t, err)
	check(c.t, c.sites.Start("127.0.0.1:0"))
	c.t.Cleanup(func() { c.sites.Close(context.Background()) })
}

// join enrols the school's node with what the teacher was shown, and switches
// it on.
func (c *campus) join(base, token string) {
	c.t.Helper()
	c.state = filepath.Join(kit.Folder(c.t), "node")
	_, err := node.Enrol(context.Background(), http.DefaultClient, c.state, base, token, "test")
	check(c.t, err)
	c.on()
	c.t.Cleanup(func() { c.off() })
}

// on switches the node on; off switches it off.
func (c *campus) on() {
	c.t.Helper()
	ctx, stop := context.WithCancel(context.Background())
	var err error
	c.node, err = node.New(ctx, node.Config{
		State: c.state, Listen: []string{"127.0.0.1:0"}, Upstreams: []string{c.sites.Addr()}, PrivateNames: []string{"mau.example"},
		ListenHTTPS: []string{c.door.address}, CertFile: c.door.certFile, KeyFile: c.door.keyFile,
		PageAddresses: []string{"127.0.0.1"}, PageListen: c.page, HubPublic: c.hub.URL(),
	}, node.Options{Version: "test", Clock: c.clock})
	check(c.t, err)
	done := make(chan error, 1)
	go func() { done <- c.node.Run(ctx) }()
	c.off = func() {
		stop()
		check(c.t, <-done)
	}
}

// open is what a device of a room sees of a site.
func (c *campus) open(r room, site string) context.Context {
	c.t.Helper()
	ctx := device(c.t, c.door, r.word, r.from)
	do(c.t, ctx, chromedp.Navigate(c.at(site)))
	return ctx
}

// at is a site's address.
func (c *campus) at(site string) string {
	c.t.Helper()
	_, port, err := net.SplitHostPort(c.page)
	check(c.t, err)
	return "http://" + site + ":" + port + "/"
}

// shut asks over UDP from an address of a room whether a name is refused there.
func (c *campus) shut(from, name string) bool {
	c.t.Helper()
	d := net.Dialer{LocalAddr: &net.UDPAddr{IP: net.ParseIP(from)}}
	conn, err := d.DialContext(context.Background(), "udp", c.node.DNSAddr())
	check(c.t, err)
	defer conn.Close()
	check(c.t, conn.SetDeadline(time.Now().Add(5*time.Second)))
	var wire []byte
	for label := range strings.SplitSeq(name, ".") {
		wire = append(append(wire, byte(len(label))), label...)
	}
	_, err = conn.Write(dnswire.AppendQuery(nil, 7, append(wire, 0), dnswire.TypeA, false, false))
	check(c.t, err)
	reply := make([]byte, 1500)
	n, err := conn.Read(reply)
	check(c.t, err)
	switch {
	case strings.Contains(string(reply[:n]), "\x00\x04\x7f\x00\x00\x01"):
		return true
	case strings.Contains(string(reply[:n]), "\x00\x04\x7f\x00\x09\x09"):
		return false
	}
	c.t.Fatalf("%s from %s: neither refused nor answered: %x", name, from, reply[:n])
	return false
}

// again opens a page until it holds something.
func (c *campus) again(ctx context.Context, path, selector string) {
	c.t.Helper()
	deadline := time.Now().Add(patience)
	for {
		do(c.t, ctx, chromedp.Navigate(c.hub.URL()+path))
		if run(c.t, ctx, chromedp.Evaluate[bool](`!!document.querySelector(`+quote(selector)+`)`)) {
			return
		}
		if time.Now().After(deadline) {
			c.t.Fatalf("%s never has %s:\n%s", path, selector, text(c.t, ctx))
		}
		time.Sleep(200 * time.Millisecond)
	}
}

func says(t *testing.T, ctx context.Context, words ...string) {
	t.Helper()
	page := text(t, ctx)
	for _, w := range words {
		if !strings.Contains(page, w) {
			t.Fatalf("%q is missing at %s:\n%s", w, where(ctx), page)
		}
	}
}

// TestClause_3_ASchoolsWeek walks the filter's whole story: a teacher gives the
// school a node and tells it the rooms, pupils of each band meet the block page
// and one asks for a site, the teacher opens it until Friday, and on Saturday it
// is shut; the department sees the node and the wish.
func TestClause_3_ASchoolsWeek(t *testing.T) {
	c := newCampus(t)
	desk := chromium(t)
	still(t, desk)
	v := &visitor{t: t, ctx: desk, base: c.hub.URL(), seen: map[string]int{}}
	c.enrol(v)
	c.mapRooms(v)
	for _, r := range rooms {
		c.meet(r)
	}
	c.count(v)
	asking := rooms[2]
	c.wish(asking)
	c.grant(v, asking)

	c.clock.To(time.Date(2026, 10, 16, 23, 59, 0, 0, clock.Vietnam))
	if c.shut(asking.from, lesson) {
		t.Error("shut on Friday evening")
	}
	c.off() // over night, with what it was told on Wednesday
	c.clock.To(time.Date(2026, 10, 17, 7, 0, 0, 0, clock.Vietnam))
	c.on()
	says(t, c.open(asking, lesson), "Trang này đang được che")
	c.oversee(v)
}

// enrol is the teacher's first ten minutes.
func (c *campus) enrol(v *visitor) {
	c.t.Helper()
	ctx := v.ctx
	logInAt(c.t, ctx, v.base, c.teacher, c.clock.Now())
	press(c.t, ctx, `nav a[href="/schools"]`)
	press(c.t, ctx, `main a[href="/schools/`+c.school.ID+`"]`)
	says(c.t, ctx, "Trường chưa có máy lọc.")
	v.look("/schools/empty")
	do(c.t, ctx, chromedp.EmulateViewport(1440, 900))
	press(c.t, ctx, `#nd ~ p a[href="/schools/nodes#en"]`)
	v.look("/schools/nodes/before")
	fill(c.t, ctx, `[name=name]`, "Máy lọc phòng tin học")
	press(c.t, ctx, `form[action="/schools/nodes/enrol"] button`)
	v.look("/schools/nodes/token")
	words := strings.Fields(run(c.t, ctx, chromedp.Evaluate[string](`document.querySelector("pre.cmd").textContent`)))
	c.join(words[len(words)-2], words[len(words)-1])
	c.again(ctx, "/schools/nodes", `td .light.ok`)
	v.look("/schools/nodes/joined")
}

// mapRooms says which networks and words are whose.
func (c *campus) mapRooms(v *visitor) {
	c.t.Helper()
	here := "/schools/" + c.school.ID
	do(c.t, v.ctx, chromedp.Navigate(v.base+here))
	for _, r := range rooms {
		form := `form[action="` + here + `/networks"] `
		fill(c.t, v.ctx, form+`[name=network]`, r.network)
		fill(c.t, v.ctx, form+`[name=band]`, r.band)
		press(c.t, v.ctx, form+`button`)
		form = `form[action="` + here + `/devices"] `
		fill(c.t, v.ctx, form+`[name=word]`, r.word)
		fill(c.t, v.ctx, form+`[name=device_band]`, r.band)
		press(c.t, v.ctx, form+`button`)
		says(c.t, v.ctx, r.network, r.word)
	}
	for deadline := time.Now().Add(patience); !c.shut(rooms[2].from, lesson) || c.shut(rooms[5].from, lesson); {
		if time.Now().After(deadline) {
			c.t.Fatal("the node does not know the rooms")
		}
		time.Sleep(20 * time.Millisecond)
	}
}

// meet opens a refused site in a room.
func (c *campus) meet(r room) {
	c.t.Helper()
	asked := c.node.Stats().Queries
	ctx := c.open(r, r.site)
	says(c.t, ctx, "Trang này đang được che", r.why, r.manner, "Xin mở trang này")
	if c.node.Stats().Queries == asked {
		c.t.Errorf("%s: the browser did not ask the node", r.band)
	}
	help := run(c.t, ctx, chromedp.Evaluate[string](`[...document.querySelectorAll("nav.help a")].map(a => a.getAttribute("href")).join()`))
	if !strings.Contains(help, "tel:111") || !strings.Contains(help, c.hub.URL()+"/report") {
		c.t.Errorf("%s: the help bar leads to %s", r.band, help)
	}
	if r.band == "primary" || r.band == "upper_secondary" || r.band == "staff" { // one of each manner of speaking
		still(c.t, ctx)
		(&visitor{t: c.t, ctx: ctx}).look("block/" + r.band)
	}
}

// count lets six devices of a room meet a refusal, and sees them on the page.
func (c *campus) count(v *visitor) {
	c.t.Helper()
	for n := range 6 {
		if !c.shut(fmt.Sprintf("127.0.12.%d", 20+n), lesson) {
			c.t.Fatal("a game is open")
		}
	}
	c.node.SettleCounts() // the test cannot wait for the hour to end
	c.again(v.ctx, "/schools/"+c.school.ID, `#cn ~ .tablebox tbody tr`)
	says(c.t, v.ctx, "Trò chơi")
}

// wish asks for the site on its block page.
func (c *campus) wish(r room) {
	c.t.Helper()
	ctx := c.open(r, lesson)
	press(c.t, ctx, `form[action$="/ask"] button`)
	says(c.t, ctx, "Lời xin đã được ghi lại")
	still(c.t, ctx)
	(&visitor{t: c.t, ctx: ctx}).look("block/asked")
}

// grant finds the wish and opens the site until Friday, for whoever asked.
func (c *campus) grant(v *visitor, r room) {
	c.t.Helper()
	here := "/schools/" + c.school.ID
	c.again(v.ctx, "/work", `.next a[href="`+here+`"]`)
	v.look("asked")
	do(c.t, v.ctx, chromedp.EmulateViewport(1440, 900))
	press(c.t, v.ctx, `.next a[href="`+here+`"]`)
	says(c.t, v.ctx, lesson)
	v.look("/schools/asked")
	do(c.t, v.ctx, chromedp.EmulateViewport(1440, 900))
	if until := run(c.t, v.ctx, chromedp.Evaluate[string](`document.querySelector(".asks [name=until]").value`)); until != "2026-10-16" {
		c.t.Errorf("the page offers to open until %q", until)
	}
	fill(c.t, v.ctx, `.asks [name=reason]`, "lesson")
	press(c.t, v.ctx, `.asks button[value=open]`)
	says(c.t, v.ctx, "đến hết 16/10/2026")
	v.look("/schools/granted")
	for deadline := time.Now().Add(patience); c.shut(r.from, lesson); time.Sleep(20 * time.Millisecond) {
		if time.Now().After(deadline) {
			c.t.Fatal("the site stays shut")
		}
	}
	says(c.t, c.open(r, lesson), "Bài học ở "+lesson)
	if !c.shut(rooms[1].from, lesson) {
		c.t.Error("a band that did not ask has the site too")
	}
}

// oversee is the department's look at the fleet and at its yearly form.
func (c *campus) oversee(v *visitor) {
	c.t.Helper()
	desk := chromium(c.t)
	still(c.t, desk)
	v = &visitor{t: c.t, ctx: desk, base: v.base, seen: v.seen}
	logInAt(c.t, desk, v.base, c.officer, c.clock.Now())
	fill(c.t, desk, `main [name=passphrase]`, "mưa rơi trên lá chuối xanh")
	fill(c.t, desk, `main [name=again]`, "mưa rơi trên lá chuối xanh")
	press(c.t, desk, `main form[action^="/unlock/first"] button`)
	c.again(desk, "/schools/nodes", `td .light.ok`)
	says(c.t, desk, "Máy lọc phòng tin học", c.school.Name)
	v.look("/schools/nodes/fleet")
	do(c.t, desk, chromedp.EmulateViewport(1440, 900))
	press(c.t, desk, `nav a[href="/schools"]`)
	says(c.t, desk, "1 trang được xin mở, 1 đã trả lời trong hai ngày. Đang chờ: 0")
	v.look("/schools/fleet")
	do(c.t, desk, chromedp.Navigate(v.base+"/reporting/forms/"+c.education+".2026"))
	if n := run(c.t, desk, chromedp.Evaluate[string](`document.getElementById("f-D03.tu").textContent.trim()`)); n != "1" {
		c.t.Errorf("the form counts %q schools with a filter", n)
	}
}
