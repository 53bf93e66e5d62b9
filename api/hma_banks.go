// SPDX-License-Identifier: Apache-2.0

package api

import (
	"encoding/json"
	"math"
	"net/http"
	"strings"
	"time"

	"lachan/duty/detection"
	"lachan/internal/problem"
)

func hmaBankRoutes() []hmaRoute {
	const bank, content = "/c/bank/{bank}", "/c/bank/{bank}/content/{content}"
	return []hmaRoute{
		{method: http.MethodGet, path: "/c/banks", do: (*hmaCall).banks},
		{method: http.MethodPost, path: "/c/banks", do: (*hmaCall).addBank},
		{method: http.MethodGet, path: bank, do: (*hmaCall).bank},
		{method: http.MethodPut, path: bank, do: (*hmaCall).editBank},
		{method: http.MethodDelete, path: bank, do: (*hmaCall).dropBank},
		{method: http.MethodPost, path: bank + "/content", do: (*hmaCall).addContent},
		{method: http.MethodPost, path: bank + "/signal", do: (*hmaCall).addSignal},
		{method: http.MethodGet, path: content, do: (*hmaCall).content},
		{method: http.MethodPut, path: content, do: (*hmaCall).editContent},
		{method: http.MethodDelete, path: content, do: (*hmaCall).dropContent},
		{method: http.MethodGet, path: "/c/signal_type", do: (*hmaCall).signalTypes},
		{method: http.MethodGet, path: "/c/signal_type/index", do: (*hmaCall).signalTypeIndex},
		{method: http.MethodPut, path: "/c/signal_type/{type}", do: (*hmaCall).shareType},
		{method: http.MethodGet, path: "/c/content_type", do: (*hmaCall).contentTypes},
	}
}

// hmaBank is a bank as HMA writes it.
type hmaBank struct {
	Name  string  `json:"name"`
	Ratio float64 `json:"matching_enabled_ratio"`
}

func bankOf(b detection.Bank) hmaBank { return hmaBank{b.Name, float64(b.Permille) / 1000} }

func (c *hmaCall) banks() (hmaAnswer, error) {
	banks, err := c.Detection.Banks(c.ctx, c.actor)
	if err != nil {
		return hmaAnswer{}, err
	}
	all := []hmaBank{}
	for _, b := range banks {
		all = append(all, bankOf(b))
	}
	return ok(all)
}

// hmaBankBody asks for a bank. Label and Severity are ours: a bank of HMA says
// nothing of what it holds.
type hmaBankBody struct {
	Name     *string  `json:"name"`
	Ratio    *float64 `json:"enabled_ratio"`
	Enabled  *bool    `json:"enabled"`
	Label    string   `json:"label"`
	Severity int      `json:"severity"`
}

// What a bank is that a client of HMA makes without a word on it.
const (
	hmaLabel    = detection.OtherLabel
	hmaSeverity = 2
)

// permille is the share that a body asks for; a share that is none is refused
// by the service.
func (b hmaBankBody) permille(otherwise int) int {
	switch {
	case b.Ratio != nil && (math.IsNaN(*b.Ratio) || math.Abs(*b.Ratio) > 1):
		return -1
	case b.Ratio != nil:
		return int(math.Round(*b.Ratio * 1000))
	case b.Enabled != nil && *b.Enabled:
		return 1000
	case b.Enabled != nil:
		return 0
	}
	return otherwise
}

func (c *hmaCall) addBank() (hmaAnswer, error) {
	var body hmaBankBody
	if err := c.object(&body); err != nil {
		return hmaAnswer{}, err
	}
	if body.Name == nil {
		return hmaAnswer{}, problem.New("input/faulty").Field("name", "input/required")
	}
	b := detection.Bank{Name: *body.Name, Label: hmaLabel, Severity: hmaSeverity, Permille: body.permille(1000)}
	if body.Label != "" {
		b.Label = body.Label
	}
	if body.Severity != 0 {
		b.Severity = body.Severity
	}
	if err := c.Detection.AddBank(c.ctx, c.actor, b); err != nil {
		return hmaAnswer{}, err
	}
	return hmaAnswer{status: http.StatusCreated, reply: bankOf(b)}, nil
}

func (c *hmaCall) named() (detection.Bank, error) {
	return c.Detection.Bank(c.ctx, c.actor, c.r.PathValue("bank"))
}

func (c *hmaCall) bank() (hmaAnswer, error) {
	b, err := c.named()
	if err != nil {
		return hmaAnswer{}, err
	}
	return ok(bankOf(b))
}

// editBank changes a bank's share. Its name is what every verdict and export
// calls it, and stays.
func (c *hmaCall) editBank() (hmaAnswer, error) {
	var body hmaBankBody
	if err := c.object(&body); err != nil {
		return hmaAnswer{}, err
	}
	b, err := c.named()
	if err != nil {
		return hmaAnswer{}, err
	}
	if body.Name != nil && *body.Name != b.Name {
		return hmaAnswer{}, problem.New("detection/bank-keeps-name")
	}
	b.Permille = body.permille(b.Permille)
	if err := c.Detection.EditBank(c.ctx, c.actor, b); err != nil {
		return hmaAnswer{}, err
	}
	return ok(bankOf(b))
}

func (c *hmaCall) dropBank() (hmaAnswer, error) {
	err := c.Detection.DropBank(c.ctx, c.actor, c.r.PathValue("bank"))
	if err != nil && !problem.Is(err, "detection/no-bank") {
		return hmaAnswer{}, err
	}
	return ok(map[string]string{"message": "Done"})
}

// hmaMeta is what a client may say of a content.
type hmaMeta struct {
	ID   string          `json:"content_id,omitempty"`
	URI  string          `json:"content_uri,omitempty"`
	JSON json.RawMessage `json:"json,omitempty"`
}

// meta reads what is said of a content, in the address or, with a URL, in the
// body.
func (c *hmaCall) meta() (hmaMeta, error) {
	var m hmaMeta
	if text := c.query("metadata"); text != "" {
		if json.Unmarshal([]byte(text), &m) != nil {
			return m, problem.New("input/faulty").Field("metadata", "input/wrong-type")
		}
		return m, nil
	}
	if !strings.HasPrefix(c.r.Header.Get("Content-Type"), "application/json") {
		return m, nil
	}
	var body struct {
		Metadata hmaMeta `json:"metadata"`
	}
	err := c.object(&body)
	return body.Metadata, err
}

func (c *hmaCall) addContent() (hmaAnswer, error) {
	if _, err := c.named(); err != nil {
		return hmaAnswer{}, err
	}
	m, err := c.meta()
	if err != nil {
		return hmaAnswer{}, err
	}
	var all signals
	if address := c.query("url"); address != "" {
		all, err = c.ofURL(address)
	} else {
		all, err = c.ofFile()
	}
	if err != nil {
		return hmaAnswer{}, err
	}
	return c.put(all, c.query("note"), m)
}

// addSignal takes signals by their types; "note" among them is a note.
func (c *hmaCall) addSignal() (hmaAnswer, error) {
	if _, err := c.named(); err != nil {
		return hmaAnswer{}, err
	}
	var all signals
	if err := c.object(&all); err != nil {
		return hmaAnswer{}, err
	}
	note := all["note"]
	delete(all, "note")
	return c.put(all, note, hmaMeta{})
}

// put banks a content with its signals.
func (c *hmaCall) put(all signals, note string, m hmaMeta) (hmaAnswer, error) {
	content := detection.Content{Bank: c.r.PathValue("bank"), Note: note, URI: m.URI, Meta: map[string]string{}}
	if m.ID != "" {
		content.Meta["content_id"] = m.ID
	}
	if m.JSON != nil {
		content.Meta["json"] = string(m.JSON)
	}
	for name, value := range all {
		kind, err := hmaType(name)
		if err != nil {
			return hmaAnswer{}, err
		}
		content.Signals = append(content.Signals, detection.Signal{Type: kind, Value: value})
	}
	id, err := c.Detection.AddContent(c.ctx, c.actor, content)
	if err != nil {
		return hmaAnswer{}, err
	}
	for _, s := range content.Signals { // in the one spelling in which they are matched
		all[hmaName(s.Type)] = s.Value
	}
	return ok(map[string]any{"id": id, "signals": all})
}

// hmaOff and hmaOn are HMA's magic instants: off for good, and on.
const (
	hmaOff    = 0
	hmaOn     = 1
	fiveYears = 5 * 365 * 24 * time.Hour
)

func disabledUntil(c detection.Content) int64 {
	switch {
	case c.DisabledUntil.IsZero():
		return hmaOn
	case !c.DisabledUntil.Before(detection.ForGood()):
		return hmaOff
	}
	return c.DisabledUntil.Unix()
}

// ofBank is the content of the address, if it is in the bank of the address.
func (c *hmaCall) ofBank() (detection.Content, error) {
	if _, err := c.named(); err != nil {
		return detection.Content{}, err
	}
	id, err := c.number("content")
	if err != nil {
		return detection.Content{}, err
	}
	content, err := c.Detection.Content(c.ctx, c.actor, id)
	if err == nil && content.Bank != c.r.PathValue("bank") {
		err = problem.New("detection/no-content")
	}
	return content, err
}

func (c *hmaCall) content() (hmaAnswer, error) {
	content, err := c.ofBank()
	if err != nil {
		return hmaAnswer{}, err
	}
	return c.contentDoc(content, isTrue(c.query("include_signals")), isTrue(c.query("include_metadata")))
}

func (c *hmaCall) contentDoc(content detection.Content, withSignals, withMeta bool) (hmaAnswer, error) {
	b, err := c.named()
	if err != nil {
		return hmaAnswer{}, err
	}
	collab := map[string][]string{}
	if content.Exchange != "" {
		collab[content.Exchange] = []string{content.Foreign}
	}
	doc := map[string]any{
		"id": content.ID, "disable_until_ts": disabledUntil(content), "collab_metadata": collab, "original_media_uri": nil, "bank": bankOf(b),
	}
	if content.URI != "" {
		doc["original_media_uri"] = content.URI
	}
	if withSignals {
		all := signals{}
		for _, s := range content.Signals {
			if _, twice := all[hmaName(s.Type)]; !twice { // HMA has one of a type
				all[hmaName(s.Type)] = s.Value
			}
		}
		doc["signals"] = all
	}
	if withMeta {
		meta := map[string]any{"collab": collab}
		if id := content.Meta["content_id"]; id != "" {
			meta["content_id"] = id
		}
		if content.URI != "" {
			meta["content_uri"] = content.URI
		}
		if text := content.Meta["json"]; text != "" {
			meta["json"] = json.RawMessage(text)
		}
		doc["metadata"], doc["note"] = meta, content.Note
	}
	return ok(doc)
}

func (c *hmaCall) editContent() (hmaAnswer, error) {
	var body struct {
		Until *int64  `json:"disable_until_ts"`
		Note  *string `json:"note"`
	}
	if err := c.object(&body); err != nil {
		return hmaAnswer{}, err
	}
	content, err := c.ofBank()
	if err != nil {
		return hmaAnswer{}, err
	}
	if body.Until != nil {
		until, err := c.until(*body.Until)
		if err != nil {
			return hmaAnswer{}, err
		}
		if err := c.Detection.DisableContent(c.ctx, c.actor, content.ID, until); err != nil {
			return hmaAnswer{}, err
		}
	}
	if body.Note != nil {
		if err := c.Detection.NoteContent(c.ctx, c.actor, content.ID, *body.Note); err != nil {
			return hmaAnswer{}, err
		}
	}
	if content, err = c.ofBank(); err != nil {
		return hmaAnswer{}, err
	}
	return c.contentDoc(content, false, false)
}

// until reads HMA's instant in seconds.
func (c *hmaCall) until(seconds int64) (time.Time, error) {
	switch {
	case seconds == hmaOff:
		return detection.ForGood(), nil
	case seconds == hmaOn:
		return time.Time{}, nil
	case seconds < 0 || time.Unix(seconds, 0).After(c.Clock.Now().Add(fiveYears)):
		return time.Time{}, problem.New("input/faulty").Field("disable_until_ts", "detection/bad-until")
	}
	return time.Unix(seconds, 0).UTC(), nil
}

func (c *hmaCall) dropContent() (hmaAnswer, error) {
	content, err := c.ofBank()
	if problem.Is(err, "detection/no-content") {
		return ok(map[string]int{"deleted": 0})
	}
	if err == nil {
		err = c.Detection.DropContent(c.ctx, c.actor, content.ID)
	}
	if err != nil {
		return hmaAnswer{}, err
	}
	return ok(map[string]int{"deleted": 1})
}

type hmaSignalType struct {
	Name  string  `json:"name"`
	Ratio float64 `json:"enabled_ratio"`
}

func (c *hmaCall) signalTypes() (hmaAnswer, error) {
	held, err := c.Detection.Holdings(c.ctx, c.actor)
	if err != nil {
		return hmaAnswer{}, err
	}
	var all []hmaSignalType
	for _, t := range hmaTypes {
		all = append(all, hmaSignalType{t.name, float64(held[t.kind].Permille) / 1000})
	}
	return ok(all)
}

// signalTypeIndex says how far the index is behind what is banked, which is
// nothing.
func (c *hmaCall) signalTypeIndex() (hmaAnswer, error) {
	held, err := c.holdings()
	if err != nil {
		return hmaAnswer{}, err
	}
	all := map[string]any{}
	for name, h := range held {
		all[name] = map[string]any{
			"db_size": h.Signals, "index_size": h.Signals, "index_out_of_date": false, "newest_db_item": unix(h.Newest), "index_built_to": unix(h.Newest),
		}
	}
	return ok(all)
}

func (c *hmaCall) shareType() (hmaAnswer, error) {
	kind, err := hmaType(c.r.PathValue("type"))
	if err != nil {
		return hmaAnswer{}, err
	}
	var body hmaBankBody
	if err := c.object(&body); err != nil {
		return hmaAnswer{}, err
	}
	if body.Ratio == nil {
		return hmaAnswer{}, problem.New("input/faulty").Field("enabled_ratio", "input/required")
	}
	permille := body.permille(0)
	if err := c.Detection.ShareType(c.ctx, c.actor, kind, permille); err != nil {
		return hmaAnswer{}, err
	}
	return ok(hmaSignalType{hmaName(kind), float64(permille) / 1000})
}

func (c *hmaCall) contentTypes() (hmaAnswer, error) {
	if err := c.mayHash(); err != nil {
		return hmaAnswer{}, err
	}
	type contentType struct {
		Name    string `json:"name"`
		Enabled bool   `json:"enabled"`
	}
	return ok([]contentType{{"photo", true}, {"video", true}})
}
