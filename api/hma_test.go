// SPDX-License-Identifier: Apache-2.0

package api_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"lachan/internal/authz"
)

// script is a client that does what Coop and HMA's own Python client do: the
// same paths, names and content types. What it sent and was told is kept.
type script struct {
	k    *hmaKit
	base *url.URL // with the token as its password
	said bytes.Buffer
}

func newScript(k *hmaKit) *script {
	base, err := url.Parse(k.served.URL + "/hma")
	if err != nil {
		k.t.Fatal(err)
	}
	base.User = url.UserPassword("coop", k.token)
	return &script{k: k, base: base}
}

func (s *script) do(method, path, kind string, body io.Reader, shown string) (int, []byte) {
	s.k.t.Helper()
	r, err := http.NewRequest(method, s.base.String()+strings.ReplaceAll(path, "MEDIA", url.QueryEscape(s.k.media.URL)), body)
	if err != nil {
		s.k.t.Fatal(err)
	}
	r.Header.Set("Accept-Language", "en")
	if kind != "" {
		r.Header.Set("Content-Type", kind)
	}
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		s.k.t.Fatal(err)
	}
	defer answer.Body.Close()
	got, err := io.ReadAll(answer.Body)
	if err != nil {
		s.k.t.Fatal(err)
	}
	said := strings.ReplaceAll(string(got), strings.TrimPrefix(s.k.media.URL, "http://"), "media.example")
	said = strings.ReplaceAll(said, "127.0.0.1", "media.example")
	fmt.Fprintf(&s.said, "> %s %s %s\n< %d %s\n", method, path, shown, answer.StatusCode, strings.TrimSpace(said))
	return answer.StatusCode, got
}

func (s *script) get(path string) (int, []byte) { return s.do("GET", path, "", nil, "") }

func (s *script) json(method, path, body string) (int, []byte) {
	return s.do(method, path, "application/json", strings.NewReader(body), body)
}

func (s *script) file(path, field, name, kind string, data []byte) (int, []byte) {
	body, contentType := upload(s.k.t, field, name, kind, data)
	return s.do("POST", path, contentType, body, "form "+field+"=@"+name)
}

// golden compares what was said with a file.
func (s *script) golden(name string) {
	s.k.t.Helper()
	file := filepath.Join("testdata", "hma", name+".txt")
	if *update {
		if err := os.WriteFile(file, s.said.Bytes(), 0o644); err != nil {
			s.k.t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil || !bytes.Equal(want, s.said.Bytes()) {
		s.k.t.Errorf("%s is not what was said (%v); go test ./api -run HMA -update\n%s", file, err, s.said.String())
	}
	s.said.Reset()
}

const (
	specimen = "facd8bcb2a49bcebdec1985298d5fe84bcd006c187c598c720c3c087b3fdb318"
	near     = "facd8bcb2a49bcebdec1985228d5ae84bcd006c187c598c720c2b087b3fdb318"
	filmMD5  = "d41d8cd98f00b204e9800998ecf8427e"
)

// TestHMA asks each request of the table in its order and compares the answers,
// shape for shape.
func TestHMA(t *testing.T) {
	k := newHMAKit(t)
	s := newScript(k)
	t.Run("banks", func(*testing.T) {
		s.get("/c/banks")
		s.json("POST", "/c/banks", `{"name":"BANK_A","enabled_ratio":1.0}`)
		s.json("POST", "/c/banks", `{"name":"BANK_B","enabled":false}`)
		s.json("POST", "/c/banks", `{"name":"BANK_A"}`)
		s.json("POST", "/c/banks", `{"name":"bank"}`)
		s.json("POST", "/c/banks", `{"enabled_ratio":1.0}`)
		s.json("POST", "/c/banks", `{"name":"BANK_C","enabled_ratio":1.5}`)
		s.json("POST", "/c/banks", `nothing`)
		s.get("/c/bank/BANK_A")
		s.get("/c/bank/NONE")
		s.json("PUT", "/c/bank/BANK_B", `{"enabled_ratio":0.5}`)
		s.json("PUT", "/c/bank/BANK_B", `{"enabled":true}`)
		s.json("PUT", "/c/bank/BANK_B", `{"name":"BANK_C"}`)
		s.json("PUT", "/c/bank/NONE", `{"enabled":true}`)
		s.get("/c/banks")
		s.golden("banks")
	})
	t.Run("signals", func(*testing.T) {
		s.json("POST", "/c/bank/BANK_A/signal", `{"pdq":"`+specimen+`","note":"a note"}`)
		s.json("POST", "/c/bank/BANK_B/signal", `{"pdq":"`+near+`"}`)
		s.json("POST", "/c/bank/BANK_B/signal", `{"video_md5":"`+filmMD5+`"}`)
		s.json("POST", "/c/bank/BANK_A/signal", `{"pdq":"banana"}`)
		s.json("POST", "/c/bank/BANK_A/signal", `{"photodna":"AAAA"}`)
		s.json("POST", "/c/bank/BANK_A/signal", `{}`)
		s.json("POST", "/c/bank/NONE/signal", `{"pdq":"`+specimen+`"}`)
		s.get("/c/bank/BANK_A/content/1")
		s.get("/c/bank/BANK_A/content/1?include_signals=true&include_metadata=true")
		s.get("/c/bank/BANK_B/content/1")
		s.get("/c/bank/BANK_A/content/99")
		s.golden("signals")
	})
	t.Run("lookups", func(*testing.T) {
		s.get("/m/raw_lookup?signal_type=pdq&signal=" + specimen)
		s.get("/m/raw_lookup?signal_type=pdq&include_distance=true&signal=" + specimen)
		s.get("/m/raw_lookup?signal_type=pdq&include_distance=True&banks=BANK_B&signal=" + specimen)
		s.get("/m/raw_lookup?signal_type=pdq&banks=NONE&signal=" + specimen)
		s.get("/m/raw_lookup?signal_type=video_md5&signal=" + filmMD5)
		s.get("/m/raw_lookup?signal_type=pdq&signal=banana")
		s.get("/m/raw_lookup?signal_type=banana&signal=" + specimen)
		s.get("/m/raw_lookup?signal=" + specimen)
		s.get("/m/lookup?signal_type=pdq&signal=" + specimen)
		s.get("/m/lookup?signal_type=pdq&banks=BANK_A,BANK_B&seed=17&bypass_coinflip=true&signal=" + specimen)
		s.get("/m/lookup")
		s.json("POST", "/m/compare", `{"pdq":["`+specimen+`","`+near+`"]}`)
		s.json("POST", "/m/compare", `{"video_md5":["`+filmMD5+`","`+filmMD5+`"]}`)
		for _, bad := range []string{`["banana"]`, `{"pdq":"banana"}`, `{"pdq":[]}`, `{"pdq":["banana","banana"]}`, `{"pdq":["` + near + `","` + near + `","` + near + `"]}`} {
			s.json("POST", "/m/compare", bad)
		}
		s.get("/m/index/status")
		s.get("/m/index/status?signal_type=pdq")
		s.get("/m/index/status?signal_type=banana")
		s.golden("lookups")
	})
	t.Run("files", func(*testing.T) {
		s.get("/h/hash?url=MEDIA/a.png")
		s.get("/h/hash?url=MEDIA/a.png&content_type=photo&types=pdq")
		s.get("/h/hash?url=MEDIA/film.mp4")
		s.get("/h/hash?url=MEDIA/words")
		s.get("/h/hash?url=MEDIA/none")
		s.get("/h/hash?url=file:///etc/passwd")
		s.get("/h/hash")
		s.file("/h/hash", "photo", "a.png", "image/png", blocks(t, 1))
		s.file("/h/hash", "video", "a.mp4", "video/mp4", []byte("a film"))
		s.file("/h/hash", "file", "a.png", "image/png", blocks(t, 1))
		s.file("/h/hash", "photo", "a.png", "image/png", []byte("no picture"))
		s.file("/h/hash", "banana", "a.png", "image/png", blocks(t, 1))
		s.do("POST", "/h/hash", "", nil, "nothing")
		s.file("/c/bank/BANK_A/content?metadata="+url.QueryEscape(`{"content_id":"x-1","content_uri":"https://mau.example/1","json":{"a":[1]}}`)+"&note=seen", "photo", "a.png", "image/png", blocks(t, 1))
		s.do("POST", "/c/bank/BANK_B/content?url=MEDIA/film.mp4", "", nil, "")
		s.do("POST", "/c/bank/BANK_A/content", "", nil, "")
		s.get("/c/bank/BANK_A/content/4?include_signals=true&include_metadata=true")
		s.get("/m/lookup?url=MEDIA/a.png")
		s.get("/m/lookup?url=MEDIA/a.png&signal_type=pdq")
		s.file("/m/lookup", "photo", "b.png", "image/png", blocks(t, 1))
		s.file("/m/lookup?bypass_coinflip=true", "video", "a.mp4", "video/mp4", []byte("a film"))
		s.golden("files")
	})
	t.Run("contents", func(*testing.T) {
		s.json("PUT", "/c/bank/BANK_A/content/1", `{"disable_until_ts":0}`)
		s.get("/m/lookup?signal_type=pdq&signal=" + specimen)
		s.json("PUT", "/c/bank/BANK_A/content/1", fmt.Sprintf(`{"disable_until_ts":%d,"note":"later"}`, k.clock.Now().Add(time.Hour).Unix()))
		s.json("PUT", "/c/bank/BANK_A/content/1", `{"disable_until_ts":-1}`)
		s.json("PUT", "/c/bank/BANK_A/content/1", `{"disable_until_ts":4102444800}`)
		s.json("PUT", "/c/bank/BANK_A/content/1", `{"disable_until_ts":1}`)
		s.get("/m/lookup?signal_type=pdq&signal=" + specimen)
		s.do("DELETE", "/c/bank/BANK_A/content/1", "", nil, "")
		s.do("DELETE", "/c/bank/BANK_A/content/1", "", nil, "")
		s.get("/m/lookup?signal_type=pdq&signal=" + specimen)
		s.do("DELETE", "/c/bank/BANK_B", "", nil, "")
		s.do("DELETE", "/c/bank/BANK_B", "", nil, "")
		s.golden("contents")
	})
	t.Run("exchanges", func(*testing.T) {
		s.get("/c/exchanges/apis")
		s.get("/c/exchanges/api/ncmec")
		s.json("POST", "/c/exchanges/api/ncmec", `{"credential_json":{"user":"u","password":"p"}}`)
		s.get("/c/exchanges/api/ncmec")
		s.json("POST", "/c/exchanges/api/ncmec", `{"credential_json":{}}`)
		s.json("POST", "/c/exchanges/api/ncmec", `{"credential_json":{"banana":"p"}}`)
		s.get("/c/exchanges/api/banana")
		s.get("/c/exchanges/api/ncmec/schema")
		s.get("/c/exchanges/api/fb_threatexchange/schema")
		s.get("/c/exchanges")
		s.json("POST", "/c/exchanges", `{"bank":"FOO_EXCHANGE","api":"local_file","api_json":{}}`)
		s.json("POST", "/c/exchanges", `{"bank":"META_EXCHANGE","api":"fb_threatexchange","api_json":{"privacy_group":1234}}`)
		s.json("POST", "/c/exchanges", `{"bank":"BAR_EXCHANGE","api":"ncmec","api_json":{"url":"file:///etc/passwd"}}`)
		s.json("POST", "/c/exchanges", `{"bank":"BAR_EXCHANGE","api":"banana"}`)
		s.json("POST", "/c/exchanges", `{"bank":"bar","api":"ncmec"}`)
		s.json("POST", "/c/exchanges", `{"bank":"FOO_EXCHANGE","api":"local_file"}`)
		s.get("/c/exchanges")
		s.get("/c/bank/BAR_EXCHANGE")
		s.get("/c/exchange/META_EXCHANGE")
		s.get("/c/exchange/META_EXCHANGE/status")
		if _, err := k.room.ImportList(t.Context(), authz.Actor{Person: "p", Unit: reviewUnit, Roles: []string{authz.Reviewer}}, "FOO_EXCHANGE", strings.NewReader("md5 "+filmMD5+"\n")); err != nil {
			t.Fatal(err)
		}
		s.get("/c/exchange/FOO_EXCHANGE/status")
		s.get("/m/lookup?signal_type=video_md5&signal=" + filmMD5)
		s.get("/c/bank/FOO_EXCHANGE/export?format=lines")
		s.get("/c/bank/FOO_EXCHANGE/export?format=banana")
		s.json("PUT", "/c/exchange/META_EXCHANGE", `{"enabled":false}`)
		s.get("/c/exchange/NONE")
		s.get("/c/exchange/NONE/status")
		s.do("DELETE", "/c/exchange/FOO_EXCHANGE", "", nil, "")
		s.do("DELETE", "/c/exchange/FOO_EXCHANGE", "", nil, "")
		s.golden("exchanges")
	})
	t.Run("settings", func(*testing.T) {
		s.get("/c/signal_type")
		s.get("/c/signal_type/index")
		s.json("PUT", "/c/signal_type/pdq", `{"enabled_ratio":0}`)
		s.get("/m/raw_lookup?signal_type=pdq&signal=" + specimen)
		s.json("PUT", "/c/signal_type/pdq", `{"enabled_ratio":1.0}`)
		s.json("PUT", "/c/signal_type/pdq", `{"enabled_ratio":2.0}`)
		s.json("PUT", "/c/signal_type/pdq", `{}`)
		s.get("/c/content_type")
		s.get("/status")
		s.get("/status/live")
		s.get("/site-map")
		s.json("PATCH", "/c/banks", `{}`)
		s.get("/dev/factory_reset")
		s.golden("settings")
	})
}

// Whatever is put in is found at once, at the distance that it has.
func TestHMAFindsAtOnce(t *testing.T) {
	k := newHMAKit(t)
	s := newScript(k)
	s.json("POST", "/c/banks", `{"name":"BANK"}`)
	random := rand.New(rand.NewPCG(17, 4))
	for range 60 {
		var raw [32]byte
		for i := range raw {
			raw[i] = byte(random.Uint32())
		}
		status, got := s.json("POST", "/c/bank/BANK/signal", fmt.Sprintf(`{"pdq":"%x"}`, raw))
		var put struct{ ID int64 }
		if err := json.Unmarshal(got, &put); err != nil || status != http.StatusOK || put.ID == 0 {
			t.Fatalf("%d %s %v", status, got, err)
		}
		bits := random.IntN(32) // 0 to 31: what the matcher promises
		for _, b := range random.Perm(256)[:bits] {
			raw[b/8] ^= 1 << (b % 8)
		}
		_, got = s.get(fmt.Sprintf("/m/raw_lookup?signal_type=pdq&include_distance=true&signal=%x", raw))
		if want := fmt.Sprintf(`{"matches":[{"bank_content_id":%d,"distance":"%d"}]}`, put.ID, bits); strings.TrimSpace(string(got)) != want {
			t.Fatalf("%s, want %s", got, want)
		}
	}
}

// Unlike HMA's, these routes ask who comes: without a token, with another
// unit's or another role's nothing is answered, and nothing is fetched.
func TestHMAIsForThoseWhoMay(t *testing.T) {
	k := newHMAKit(t)
	s := newScript(k)
	ask := func(method, path, authorization string) (*http.Response, string) {
		r, err := http.NewRequest(method, k.served.URL+"/hma"+path, nil)
		if err != nil {
			t.Fatal(err)
		}
		if authorization != "" {
			r.Header.Set("Authorization", authorization)
		}
		answer, err := http.DefaultClient.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		defer answer.Body.Close()
		body, err := io.ReadAll(answer.Body)
		if err != nil {
			t.Fatal(err)
		}
		return answer, string(body)
	}
	if _, body := ask("GET", "/c/banks", "Bearer "+k.token); !strings.HasPrefix(body, "[") {
		t.Errorf("a bearer: %s", body)
	}
	_, listed := s.get("/site-map")
	var paths []string
	if err := json.Unmarshal(listed, &paths); err != nil || len(paths) < 22 {
		t.Fatalf("%d paths, %v", len(paths), err)
	}
	lead, other := k.machine(reviewUnit, authz.Lead), k.machine("unit-other", authz.Reviewer)
	asked := 0
	for _, path := range paths {
		if path == "/status" || path == "/status/live" {
			if a, _ := ask("GET", path, ""); a.StatusCode != http.StatusOK {
				t.Errorf("%s: %d", path, a.StatusCode)
			}
			continue
		}
		path = strings.NewReplacer("<bank>", "X", "<content>", "1", "<type>", "pdq", "<api>", "ncmec", "<name>", "X").Replace(path)
		for _, method := range []string{"GET", "POST", "PUT", "DELETE"} {
			a, body := ask(method, path, "")
			if a.StatusCode == http.StatusMethodNotAllowed {
				continue
			}
			asked++
			if a.StatusCode != http.StatusUnauthorized || !strings.Contains(body, `"message"`) || a.Header.Get("WWW-Authenticate") == "" {
				t.Errorf("%s %s: %d %s", method, path, a.StatusCode, body)
			}
			for who, token := range map[string]string{"lead": lead, "other": other} {
				if path == "/site-map" {
					continue
				}
				a, body := ask(method, path, "Bearer "+token)
				if writes := method != "GET"; writes && a.StatusCode < 400 && path != "/m/compare" && path != "/h/hash" && path != "/m/lookup" {
					t.Errorf("%s %s as %s: %d %s", method, path, who, a.StatusCode, body)
				}
				if strings.HasPrefix(path, "/h/") && who == "lead" && a.StatusCode != http.StatusForbidden {
					t.Errorf("%s %s as lead: %d %s", method, path, a.StatusCode, body)
				}
			}
		}
	}
	if asked < 30 {
		t.Errorf("%d requests", asked)
	}
	for _, secret := range []string{k.token, specimen} {
		if strings.Contains(k.logged.String(), secret) {
			t.Error("the log holds what was asked")
		}
	}
}
