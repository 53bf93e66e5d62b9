// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"context"
	"net/http"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"lachan/duty/schools"
	"lachan/hub"
	"lachan/internal/authz"
	"lachan/internal/dnswire"
	"lachan/internal/identity"
	"lachan/node"
	"lachan/test/kit"
)

// TestClause_2_TheLoopThroughThePages: a child reports in a browser, an
// officer decides in a browser, a school's node refuses the name, and the
// child reads the answer.
func TestClause_2_TheLoopThroughThePages(t *testing.T) {
	h := kit.Open(t, kit.Config(kit.Folder(t), ""), hub.Options{})
	officers := kit.Furnish(t, h)
	kit.Run(t, h)
	const domain = "bay-em.mau.example"
	dns := school(t, h, domain)
	if code := ask(t, dns, domain); code != "NOERROR" {
		t.Fatalf("before the decision the name gives %s", code)
	}
	ctx := chromium(t)

	// The child.
	do(t, ctx, chromedp.Navigate(h.URL()+"/"))
	do(t, ctx, chromedp.Navigate(h.URL()+"/report"))
	fill(t, ctx, `[name=words]`, "Trang này dụ em đưa số điện thoại")
	fill(t, ctx, `[name=url]`, "https://"+domain+"/qua-tang")
	press(t, ctx, `button[value=next]`)
	tick(t, ctx, `[name=age][value="11_14"]`)
	press(t, ctx, `button[value=back]`)
	if got := run(t, ctx, chromedp.Evaluate[string](`document.querySelector("[name=words]").value`)); !strings.Contains(got, "dụ em") {
		t.Fatalf("going back lost the words: %q", got)
	}
	press(t, ctx, `button[value=next]`)
	tick(t, ctx, `[name=age][value="11_14"]`)
	press(t, ctx, `button[value=next]`)
	tick(t, ctx, `[name=danger][value=no]`)
	press(t, ctx, `button[value=send]`)
	receipt := run(t, ctx, chromedp.Evaluate[string](`document.querySelector("input[name=secret]").value`))
	if len(receipt) < 16 {
		t.Fatalf("no receipt:\n%s", text(t, ctx))
	}
	if title := run(t, ctx, chromedp.Title()); title != "Lá Chắn" {
		t.Fatalf("the form's title %q would stay in the history of a shared phone", title)
	}

	// The officer.
	do(t, ctx, chromedp.Navigate(h.URL()+"/login"))
	fill(t, ctx, `main [name=name]`, officers[0].Login)
	fill(t, ctx, `main [name=password]`, officers[0].Password)
	press(t, ctx, `main form[action="/login"] button`)
	code, err := identity.Code(officers[0].Secret, time.Now().Add(30*time.Second))
	if err != nil {
		t.Fatal(err)
	}
	fill(t, ctx, `main [name=code]`, code)
	press(t, ctx, `main form[action="/login/code"] button`)
	do(t, ctx, chromedp.Navigate(h.URL()+"/unlock?next=/casework"))
	fill(t, ctx, `main [name=passphrase]`, officers[0].Passphrase)
	press(t, ctx, `main form[action="/unlock"] button`)
	if at := where(ctx); at != "/casework" {
		t.Fatalf("after unlocking at %s:\n%s", at, text(t, ctx))
	}
	press(t, ctx, `main a[href^="/casework/cases/"]`)
	if page := text(t, ctx); !strings.Contains(page, "dụ em đưa số điện thoại") {
		t.Fatalf("the unlocked case does not show the child's words:\n%s", page)
	}
	press(t, ctx, `a[href$="/block"]`)
	fill(t, ctx, `[name=domain]`, domain)
	fill(t, ctx, `[name=why]`, "Trang mẫu lừa trẻ em")
	press(t, ctx, `button[value=preview]`)
	if page := text(t, ctx); !strings.Contains(page, domain) {
		t.Fatalf("the preview does not name what it covers:\n%s", page)
	}
	decided := time.Now()
	press(t, ctx, `button[value=block]`)
	for ask(t, dns, domain) == "NOERROR" {
		if time.Since(decided) > 10*time.Second {
			t.Fatalf("ten seconds after the decision the name is still open:\n%s", text(t, ctx))
		}
		time.Sleep(5 * time.Millisecond)
	}
	t.Logf("from the click to the refusal in the school: %v", time.Since(decided))

	// The child again.
	do(t, ctx, chromedp.Navigate(h.URL()+"/status"))
	fill(t, ctx, `[name=receipt]`, receipt)
	press(t, ctx, `main form[action="/status"] button`)
	if page := text(t, ctx); strings.Contains(page, "⟨") || len(page) < 100 {
		t.Fatalf("the status page:\n%s", page)
	}
}

// school enrols a node whose upstream knows one sample site, and returns its
// DNS address.
func school(t *testing.T, h *hub.Hub, domain string) string {
	t.Helper()
	ctx := context.Background()
	operator := authz.Actor{System: true, Session: "test", Roles: []string{authz.Operator, authz.Admin}}
	commune, ok := h.Org.At(h.Org.Today()).ByKey("qni/2025/21548")
	if !ok {
		t.Fatal("no commune of that key")
	}
	s, err := h.Schools.SaveSchool(ctx, operator, schools.SchoolCommand{
		Unit: commune.ID, Code: "MAU-1", Name: "Trường mẫu", Place: commune.ID, Level: "lower_secondary", Pupils: 300, Devices: 40,
	})
	if err != nil {
		t.Fatal(err)
	}
	token, _, err := h.Schools.CreateToken(ctx, operator, schools.TokenCommand{Name: "Nút mẫu", Schools: []string{s.ID}})
	if err != nil {
		t.Fatal(err)
	}
	upstream, err := dnswire.NewAuthority(domain + ". 60 IN A 192.0.2.10\n")
	if err != nil {
		t.Fatal(err)
	}
	if err := upstream.Start("127.0.0.1:0"); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { upstream.Close(ctx) })
	cfg := node.Config{
		State: filepath.Join(kit.Folder(t), "node"), Listen: []string{kit.FreePort(t)}, Upstreams: []string{upstream.Addr()},
		Block: "nxdomain", PageListen: "off",
	}
	if _, err := node.Enrol(ctx, http.DefaultClient, cfg.State, h.URL(), token, "test"); err != nil {
		t.Fatal(err)
	}
	running, stop := context.WithCancel(ctx)
	done := make(chan error, 1)
	go func() { done <- node.Run(running, cfg, node.Options{Version: "test"}) }()
	t.Cleanup(func() {
		stop()
		if err := <-done; err != nil {
			t.Errorf("node: %v", err)
		}
	})
	deadline := time.Now().Add(20 * time.Second)
	for {
		reply, err := dnswire.Exchange(ctx, "udp", cfg.Listen[0], domain, 1)
		if err == nil && reply.Rcode == 0 {
			return cfg.Listen[0]
		}
		if time.Now().After(deadline) {
			t.Fatalf("the node does not answer: %v %v", reply, err)
		}
		time.Sleep(20 * time.Millisecond)
	}
}

func ask(t *testing.T, server, domain string) string {
	t.Helper()
	reply, err := dnswire.Exchange(context.Background(), "udp", server, domain, 1)
	if err != nil {
		t.Fatal(err)
	}
	if reply.Rcode == 0 {
		return "NOERROR"
	}
	return "REFUSED IN SCHOOLS"
}
