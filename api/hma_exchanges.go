// SPDX-License-Identifier: Apache-2.0

package api

import (
	"fmt"
	"io"
	"net/http"
	"strconv"
	"time"

	"lachan/duty/detection"
	"lachan/duty/detection/exchange"
	"lachan/internal/problem"
)

func hmaExchangeRoutes() []hmaRoute {
	const api, one = "/c/exchanges/api/{api}", "/c/exchange/{name}"
	return []hmaRoute{
		{method: http.MethodGet, path: "/c/exchanges/apis", do: (*hmaCall).exchangeAPIs},
		{method: http.MethodGet, path: api, do: (*hmaCall).exchangeAPI},
		{method: http.MethodPost, path: api, do: (*hmaCall).setAPIAccess},
		{method: http.MethodGet, path: api + "/schema", do: (*hmaCall).exchangeSchema},
		{method: http.MethodGet, path: "/c/exchanges", do: (*hmaCall).exchanges},
		{method: http.MethodPost, path: "/c/exchanges", do: (*hmaCall).addExchange},
		{method: http.MethodGet, path: one, do: (*hmaCall).exchange},
		{method: http.MethodPut, path: one, do: (*hmaCall).editExchange},
		{method: http.MethodDelete, path: one, do: (*hmaCall).dropExchange},
		{method: http.MethodGet, path: one + "/status", do: (*hmaCall).exchangeStatus},
		{method: http.MethodGet, path: "/c/bank/{bank}/export", do: (*hmaCall).exportBank},
	}
}

// hmaAPIs are the kinds of exchanges by HMA's names; the last three are ours.
var hmaAPIs = [...]struct {
	name   string
	format exchange.Format
}{
	{"fb_threatexchange", exchange.ThreatExchange},
	{"local_file", exchange.Lines},
	{"ncmec", exchange.NCMEC},
	{"stopncii", exchange.StopNCII},
	{"tat", exchange.TechAgainst},
	{"csv", exchange.CSV},
	{"stix", exchange.STIX},
	{"vics", exchange.VICS},
}

func hmaAPI(f exchange.Format) string {
	for _, a := range hmaAPIs {
		if a.format == f {
			return a.name
		}
	}
	return string(f)
}

func formatOf(api string) (exchange.Format, error) {
	for _, a := range hmaAPIs {
		if a.name == api {
			return a.format, nil
		}
	}
	return "", problem.New("input/faulty").Field("api", "input/not-a-choice")
}

// may asks the policies about exchanges where nothing of one is read.
func (c *hmaCall) mayExchange() error {
	_, err := c.Detection.Exchanges(c.ctx, c.actor)
	return err
}

func (c *hmaCall) exchangeAPIs() (hmaAnswer, error) {
	if err := c.mayExchange(); err != nil {
		return hmaAnswer{}, err
	}
	var all []string
	for _, a := range hmaAPIs {
		all = append(all, a.name)
	}
	return ok(all)
}

func (c *hmaCall) exchangeAPI() (hmaAnswer, error) {
	if err := c.mayExchange(); err != nil {
		return hmaAnswer{}, err
	}
	f, err := formatOf(c.r.PathValue("api"))
	if err != nil {
		return hmaAnswer{}, err
	}
	has, err := c.Detection.HasAccess(c.ctx, c.actor, detection.APIAccess(f))
	if err != nil {
		return hmaAnswer{}, err
	}
	return ok(map[string]bool{"supports_authentification": len(detection.AccessFields(f)) > 0, "has_set_authentification": has})
}

// setAPIAccess keeps credentials for all exchanges of a kind; none forgets
// them.
func (c *hmaCall) setAPIAccess() (hmaAnswer, error) {
	var body struct {
		Access *map[string]string `json:"credential_json"`
	}
	if err := c.object(&body); err != nil {
		return hmaAnswer{}, err
	}
	f, err := formatOf(c.r.PathValue("api"))
	if err != nil {
		return hmaAnswer{}, err
	}
	if body.Access != nil {
		if err := c.Detection.SetAccess(c.ctx, c.actor, detection.APIAccess(f), f, *body.Access); err != nil {
			return hmaAnswer{}, err
		}
	}
	return c.exchangeAPI()
}

// hmaField describes a setting for whoever draws a form.
type hmaField struct {
	Name     string   `json:"name"`
	Type     string   `json:"type"`
	Required bool     `json:"required"`
	Default  any      `json:"default"`
	Help     string   `json:"help"`
	Choices  []string `json:"choices"` // null: any
}

const hmaMinutes = 60

func (c *hmaCall) exchangeSchema() (hmaAnswer, error) {
	if err := c.mayExchange(); err != nil {
		return hmaAnswer{}, err
	}
	f, err := formatOf(c.r.PathValue("api"))
	if err != nil {
		return hmaAnswer{}, err
	}
	fields := []hmaField{{Name: "url", Type: "string"}, {Name: "minutes", Type: "number", Default: hmaMinutes}}
	if f == exchange.ThreatExchange {
		fields = append(fields, hmaField{Name: "privacy_group", Type: "number"})
	}
	access := []hmaField{}
	for _, name := range detection.AccessFields(f) {
		access = append(access, hmaField{Name: name, Type: "string"})
	}
	return ok(map[string]any{"config_schema": map[string]any{"fields": fields}, "credentials_schema": map[string]any{"fields": access}})
}

func (c *hmaCall) exchanges() (hmaAnswer, error) {
	all, err := c.Detection.Exchanges(c.ctx, c.actor)
	if err != nil {
		return hmaAnswer{}, err
	}
	names := []string{}
	for _, e := range all {
		names = append(names, e.Name)
	}
	return ok(names)
}

// graph is where Meta's ThreatExchange is asked for a privacy group.
const graph = "https://graph.facebook.com/v21.0/%d/threat_updates"

// addExchange makes an exchange with the bank of its name. Without an address
// it takes files.
func (c *hmaCall) addExchange() (hmaAnswer, error) {
	var body struct {
		Bank string `json:"bank"`
		API  string `json:"api"`
		JSON struct {
			URL     string `json:"url"`
			Minutes int    `json:"minutes"`
			Group   int64  `json:"privacy_group"`
		} `json:"api_json"`
	}
	if err := c.object(&body); err != nil {
		return hmaAnswer{}, err
	}
	if err := c.mayExchange(); err != nil {
		return hmaAnswer{}, err
	}
	f, err := formatOf(body.API)
	if err != nil {
		return hmaAnswer{}, err
	}
	e := detection.Exchange{Name: body.Bank, Bank: body.Bank, Format: f, Address: body.JSON.URL, Every: body.JSON.Minutes}
	if f == exchange.ThreatExchange && e.Address == "" && body.JSON.Group > 0 {
		e.Address = fmt.Sprintf(graph, body.JSON.Group)
	}
	if e.Pulls = e.Address != ""; e.Every == 0 {
		e.Every = hmaMinutes
	}
	err = c.Detection.AddBank(c.ctx, c.actor, detection.Bank{Name: e.Bank, Label: hmaLabel, Severity: hmaSeverity, Permille: 1000})
	made := err == nil
	if err != nil && !problem.Is(err, "detection/bank-exists") {
		return hmaAnswer{}, err
	}
	if err := c.Detection.AddExchange(c.ctx, c.actor, e); err != nil {
		if made {
			if err := c.Detection.DropBank(c.ctx, c.actor, e.Bank); err != nil {
				return hmaAnswer{}, err
			}
		}
		return hmaAnswer{}, err
	}
	return hmaAnswer{status: http.StatusCreated, reply: map[string]string{"message": "Created successfully"}}, nil
}

func (c *hmaCall) oneExchange() (detection.Exchange, error) {
	return c.Detection.Exchange(c.ctx, c.actor, c.r.PathValue("name"))
}

// exchange describes an exchange; its address is never shown.
func (c *hmaCall) exchange() (hmaAnswer, error) {
	e, err := c.oneExchange()
	if err != nil {
		return hmaAnswer{}, err
	}
	return ok(map[string]any{
		"name": e.Name, "api": hmaAPI(e.Format), "enabled": e.State == detection.ExchangeActive, "bank": e.Bank, "host": e.Host, "minutes": e.Every,
	})
}

func (c *hmaCall) editExchange() (hmaAnswer, error) {
	var body struct {
		Enabled *bool `json:"enabled"`
	}
	if err := c.object(&body); err != nil {
		return hmaAnswer{}, err
	}
	if body.Enabled != nil {
		if err := c.Detection.PauseExchange(c.ctx, c.actor, c.r.PathValue("name"), !*body.Enabled); err != nil {
			return hmaAnswer{}, err
		}
	}
	return c.exchange()
}

func (c *hmaCall) dropExchange() (hmaAnswer, error) {
	err := c.Detection.DropExchange(c.ctx, c.actor, c.r.PathValue("name"))
	if err != nil && !problem.Is(err, "detection/no-exchange") {
		return hmaAnswer{}, err
	}
	return ok(map[string]string{"message": "Exchange deleted"})
}

// exchangeStatus says how the last pull went, in the words of HMA's description
// and in those of its program.
func (c *hmaCall) exchangeStatus() (hmaAnswer, error) {
	e, err := c.oneExchange()
	if err != nil {
		return hmaAnswer{}, err
	}
	pulls, err := c.Detection.Pulls(c.ctx, c.actor, e.Name, 50)
	if err != nil {
		return hmaAnswer{}, err
	}
	var last, good, running int64
	items := 0
	for _, p := range pulls { // the newest first
		switch {
		case p.State == detection.PullRunning && running == 0:
			running = p.Started.Unix()
		case p.State != detection.PullRunning && last == 0:
			last = p.Ended.Unix()
		}
		if p.State == detection.PullDone && good == 0 {
			good = p.Ended.Unix()
		}
		items += p.Counts.Fresh
	}
	succeeded := last != 0 && last == good
	doc := map[string]any{
		"last_fetch_time": last, "checkpoint_time": good, "success": succeeded,
		"checkpoint_ts": good, "last_fetch_complete_ts": last, "last_fetch_succeeded": succeeded,
		"running_fetch_start_ts": nil, "up_to_date": succeeded && running == 0, "fetched_items": items,
	}
	if running != 0 {
		doc["running_fetch_start_ts"] = running
	}
	return ok(doc)
}

// exportBank is ours: a bank as a list for others (format=csv, …). What the
// format has no place for is counted in a trailer.
func (c *hmaCall) exportBank() (hmaAnswer, error) {
	bank, f := c.r.PathValue("bank"), exchange.Format(c.query("format"))
	begun := false
	c.w.Header().Set("Trailer", "X-Left-Out")
	left, err := c.Detection.ExportBank(c.ctx, c.actor, bank, f, exchange.Head{Source: bank, URL: "urn:lachan:" + bank}, func() io.Writer {
		begun = true
		_ = http.NewResponseController(c.w).SetWriteDeadline(time.Time{}) // a long list on a slow line
		h := c.w.Header()
		h.Set("Content-Type", ExportType(f))
		h.Set("Content-Disposition", `attachment; filename="`+bank+"."+string(f)+`"`)
		return c.w
	})
	if err == nil {
		c.w.Header().Set("X-Left-Out", strconv.Itoa(left))
		return hmaAnswer{sent: true}, nil
	}
	if begun {
		panic(http.ErrAbortHandler) // half a list must not pass for a whole one
	}
	c.w.Header().Del("Trailer")
	return hmaAnswer{}, err
}

// ExportType is the media type of a list.
func ExportType(f exchange.Format) string {
	switch f {
	case exchange.CSV:
		return "text/csv; charset=utf-8"
	case exchange.NCMEC:
		return "application/xml"
	case exchange.STIX:
		return "application/stix+json;version=2.1"
	case exchange.StopNCII, exchange.ThreatExchange, exchange.TechAgainst, exchange.VICS:
		return "application/json"
	case exchange.Lines:
	}
	return "text/plain; charset=utf-8"
}
