// SPDX-License-Identifier: Apache-2.0

package kit

import (
	"errors"
	"fmt"
	"html"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"regexp"
	"strings"
	"time"

	"lachan/internal/identity"
)

// Browser is a browser without scripts: it follows redirects, keeps cookies
// and sends forms with what stands in their hidden fields.
type Browser struct {
	Base   string
	client *http.Client
	Body   string // of the last page
	Status int
	Path   string // of the last page
}

// NewBrowser opens a browser on a site.
func NewBrowser(base string) *Browser {
	jar, err := cookiejar.New(nil)
	if err != nil {
		panic(err) // only with options
	}
	return &Browser{Base: base, client: &http.Client{Jar: jar, Timeout: 30 * time.Second}}
}

// Get opens a page.
func (b *Browser) Get(path string) error {
	resp, err := b.client.Get(b.Base + path) //nolint:noctx // the client has a timeout
	return b.take(resp, err)
}

// Post sends a form.
func (b *Browser) Post(path string, form url.Values) error {
	resp, err := b.client.PostForm(b.Base+path, form) //nolint:noctx // the client has a timeout
	return b.take(resp, err)
}

func (b *Browser) take(resp *http.Response, err error) error {
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	data, err := io.ReadAll(resp.Body)
	b.Body, b.Status, b.Path = string(data), resp.StatusCode, resp.Request.URL.Path
	return err
}

var (
	inputTag  = regexp.MustCompile(`<input[^>]*>`)
	attribute = regexp.MustCompile(`([a-z-]+)="([^"]*)"`)
)

// Hidden are the hidden fields of the last page.
func (b *Browser) Hidden() url.Values {
	form := url.Values{}
	for _, tag := range inputTag.FindAllString(b.Body, -1) {
		at := map[string]string{}
		for _, m := range attribute.FindAllStringSubmatch(tag, -1) {
			at[m[1]] = html.UnescapeString(m[2])
		}
		if at["type"] == "hidden" && at["name"] != "" {
			form.Add(at["name"], at["value"])
		}
	}
	return form
}

// Step sends a step of the report form: what the page carries, and answers.
func (b *Browser) Step(answers url.Values) error {
	form := b.Hidden()
	for k, v := range answers {
		form[k] = v
	}
	return b.Post("/report", form)
}

// Report goes through the whole form as a child would and returns the
// receipt. An error means that no receipt was seen.
func (b *Browser) Report(link, words string) (receipt string, err error) {
	if err := b.Get("/report"); err != nil {
		return "", err
	}
	for _, answers := range []url.Values{
		{"url": {link}, "words": {words}, "go": {"next"}},
		{"age": {"11_14"}, "go": {"next"}},
		{"danger": {"no"}, "answer": {"code"}, "go": {"send"}},
	} {
		if err := b.Step(answers); err != nil {
			return "", err
		}
		if b.Status != http.StatusOK {
			return "", fmt.Errorf("status %d: %s", b.Status, faults(b.Body))
		}
	}
	receipt = b.Hidden().Get("secret")
	if receipt == "" {
		return "", errors.New("no receipt on the last page")
	}
	return receipt, nil
}

// Read opens the status page with a receipt.
func (b *Browser) Read(receipt string) error {
	if err := b.Post("/status", url.Values{"receipt": {receipt}}); err != nil {
		return err
	}
	if b.Status != http.StatusOK {
		return fmt.Errorf("status %d", b.Status)
	}
	return nil
}

// LogIn enters the console and unlocks sealed content.
func (b *Browser) LogIn(p Person, now time.Time) error {
	code, err := identity.Code(p.Secret, now)
	if err != nil {
		return err
	}
	if err := b.Post("/login", url.Values{"name": {p.Login}, "password": {p.Password}}); err != nil {
		return err
	}
	if err := b.Post("/login/code", url.Values{"code": {code}}); err != nil {
		return err
	}
	if err := b.Post("/unlock", url.Values{"passphrase": {p.Passphrase}, "next": {"/casework"}}); err != nil {
		return err
	}
	if b.Status != http.StatusOK || !strings.HasPrefix(b.Path, "/casework") {
		return fmt.Errorf("after unlocking: status %d at %s", b.Status, b.Path)
	}
	return nil
}

var faultText = regexp.MustCompile(`(?s)class="(?:err|fault|error)[^"]*"[^>]*>(.*?)</`)

// faults are the sentences about faulty fields on a page, for messages.
func faults(body string) string {
	var all []string
	for _, m := range faultText.FindAllStringSubmatch(body, -1) {
		all = append(all, strings.TrimSpace(m[1]))
	}
	return strings.Join(all, "; ")
}
