// SPDX-License-Identifier: Apache-2.0

package detection

import (
	"encoding/base64"
	"net/url"
	"strconv"
	"strings"
	"time"

	"lachan/duty/detection/exchange"
	"lachan/internal/fetch"
	"lachan/internal/problem"
)

// place is where an exchange goes on. It may hold a key, as tokens of pages do
// (Meta's next address has the access token in it), so it is kept boxed.
type place struct {
	Page     string `json:"page,omitempty"`  // the source's word for the page to ask for; "": the first
	Since    string `json:"since,omitempty"` // what was asked for when the list was last read whole
	Until    string `json:"until,omitempty"` // what the pull under way reaches to
	ETag     string `json:"etag,omitempty"`
	Modified string `json:"modified,omitempty"`
}

// overlap is how far a pull reaches back behind the beginning of the last: the
// clocks of two machines differ.
const overlap = 5 * time.Minute

// begin says what the pull that begins now reaches to.
func (p *place) begin(f exchange.Format, now time.Time) {
	if p.Page != "" {
		return
	}
	switch at := now.Add(-overlap).UTC(); f {
	case exchange.NCMEC:
		p.Until = at.Format("2006-01-02T15:04:05Z")
	case exchange.ThreatExchange:
		p.Until = strconv.FormatInt(at.Unix(), 10)
	}
}

// after moves on to the page that a page named, or to the end. It reports
// detection/page-again where a source names the page that was just read.
func (p *place) after(r exchange.Report, etag, modified string) (more bool, err error) {
	if r.Checkpoint != "" && (r.Format == exchange.StopNCII || r.Format == exchange.TechAgainst) {
		p.Until = r.Checkpoint
	}
	if r.Next != "" {
		if r.Next == p.Page {
			return false, problem.New("detection/page-again")
		}
		p.Page = r.Next
		return true, nil
	}
	p.Page = ""
	if p.Until != "" {
		p.Since, p.Until = p.Until, ""
	}
	p.ETag, p.Modified = etag, modified
	return false, nil
}

// oldest is what NCMEC is asked for the first time.
const oldest = "2000-01-01T00:00:00Z"

// asking makes the request for the page at p: each source in its own words.
func asking(e Exchange, address string, access map[string]string, p place, limit int) (fetch.Request, error) {
	u, err := fetch.CheckURL(address)
	if err != nil {
		return fetch.Request{}, err
	}
	q := fetch.Request{MaxBytes: pageBytes, Header: map[string]string{}}
	params := u.Query()
	switch e.Format {
	case exchange.NCMEC:
		u = ending(u, "/v2/entries", "/entries")
		params.Set("from", oldest)
		if p.Since != "" {
			params.Set("from", p.Since)
		}
		params.Set("to", p.Until)
		for name, values := range pageWords(p.Page) {
			params[name] = values
		}
	case exchange.StopNCII:
		u = ending(u, "/FetchHashes", "/FetchHashes")
		params.Set("startTimestamp", "0")
		if p.Since != "" {
			params.Set("startTimestamp", p.Since)
		}
		params.Set("pageSize", strconv.Itoa(limit))
		if p.Page != "" {
			params.Set("nextPageToken", p.Page)
		}
		for field, header := range map[string]string{"function_key": "x-functions-key", "subscription_key": "Ocp-Apim-Subscription-Key"} {
			if access[field] != "" {
				q.Header[header] = access[field]
			}
		}
	case exchange.ThreatExchange:
		if p.Page != "" {
			return followed(u, p.Page, q)
		}
		params.Set("limit", strconv.Itoa(limit))
		if p.Since != "" {
			params.Set("start_time", p.Since)
		}
		if access["api_token"] != "" {
			params.Set("access_token", access["api_token"])
		}
	case exchange.TechAgainst:
		authorize(q.Header, access)
		if p.Page != "" {
			return followed(u, p.Page, q)
		}
		if p.Since != "" {
			params.Set("checkpoint", p.Since)
		}
	default:
		q.ETag, q.Modified, q.MaxBytes = p.ETag, p.Modified, listBytes
	}
	if e.Format != exchange.StopNCII && e.Format != exchange.ThreatExchange {
		authorize(q.Header, access)
	}
	u.RawQuery = params.Encode()
	q.URL = u.String()
	return q, nil
}

// authorize shows a token, else a name and a password.
func authorize(header, access map[string]string) {
	switch {
	case access["token"] != "":
		header["Authorization"] = "Bearer " + access["token"]
	case access["user"] != "":
		header["Authorization"] = "Basic " + base64.StdEncoding.EncodeToString([]byte(access["user"]+":"+access["password"]))
	}
}

// ending gives an address the path's end that a source's routes have, unless
// whoever typed it did.
func ending(u *url.URL, path, typed string) *url.URL {
	if !strings.HasSuffix(u.Path, typed) {
		u.Path = strings.TrimSuffix(u.Path, "/") + path
	}
	return u
}

// pageWords reads the parameters of NCMEC's next page: an address, or its
// parameters, as a whole encoded or not.
func pageWords(next string) url.Values {
	if !strings.Contains(next, "=") {
		if plain, err := url.QueryUnescape(next); err == nil {
			next = plain
		}
	}
	if _, query, ok := strings.Cut(next, "?"); ok {
		next = query
	}
	words, err := url.ParseQuery(next)
	if err != nil {
		return nil
	}
	return words
}

// followed asks for the page at an address that the source named. Another
// server than its own is refused: credentials go along.
func followed(u *url.URL, next string, q fetch.Request) (fetch.Request, error) {
	to, err := u.Parse(next)
	if err != nil || to.Scheme != u.Scheme || to.Host != u.Host {
		return q, problem.New("detection/page-elsewhere")
	}
	q.URL = to.String()
	return q, nil
}
