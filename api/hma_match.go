// SPDX-License-Identifier: Apache-2.0

package api

import (
	"encoding/json"
	"errors"
	"io"
	"mime/multipart"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"lachan/duty/detection"
	"lachan/duty/detection/exchange"
	"lachan/internal/problem"
)

func hmaMatchRoutes() []hmaRoute {
	return []hmaRoute{
		{method: http.MethodGet, path: "/h/hash", do: (*hmaCall).hashURL},
		{method: http.MethodPost, path: "/h/hash", do: (*hmaCall).hashFile},
		{method: http.MethodGet, path: "/m/raw_lookup", do: (*hmaCall).rawLookup},
		{method: http.MethodGet, path: "/m/lookup", do: (*hmaCall).lookup},
		{method: http.MethodPost, path: "/m/lookup", do: (*hmaCall).lookupFile},
		{method: http.MethodGet, path: "/m/index/status", do: (*hmaCall).indexStatus},
		{method: http.MethodPost, path: "/m/compare", do: (*hmaCall).compare},
	}
}

// hmaMatch is a match as HMA writes it: the distance is a text.
type hmaMatch struct {
	Content  int64  `json:"bank_content_id"`
	Distance string `json:"distance"`
}

// signals are those of a file, by HMA's names.
type signals map[string]string

// kindOf is HMA's content type of a media type.
func kindOf(media string) (string, error) {
	main, _, _ := strings.Cut(media, "/")
	switch strings.ToLower(strings.TrimSpace(main)) {
	case "image", "photo":
		return "photo", nil
	case "video":
		return "video", nil
	}
	return "", problem.New("input/faulty").Field("content_type", "input/not-a-choice")
}

// mayHash asks the policies before anything is fetched or decoded.
func (c *hmaCall) mayHash() error {
	_, err := c.Detection.Holdings(c.ctx, c.actor)
	return err
}

// measure hashes a file and keeps the types that were asked for.
func (c *hmaCall) measure(kind string, file io.Reader) (signals, error) {
	var wanted []exchange.Type
	for name := range strings.SplitSeq(c.query("types"), ",") {
		if name == "" {
			continue
		}
		t, err := hmaType(name)
		if err != nil {
			return nil, problem.New("input/faulty").Field("types", "input/not-a-choice")
		}
		wanted = append(wanted, t)
	}
	got, err := c.Hasher.Hash(c.ctx, kind, file)
	if err != nil {
		return nil, err
	}
	all := signals{}
	for t, value := range got {
		if wanted == nil || slices.Contains(wanted, t) {
			all[hmaName(t)] = value
		}
	}
	return all, nil
}

// ofURL hashes what stands at the address of the request.
func (c *hmaCall) ofURL(address string) (signals, error) {
	if err := c.mayHash(); err != nil {
		return nil, err
	}
	if address == "" {
		return nil, problem.New("input/faulty").Field("url", "input/required")
	}
	file, media, err := c.Hasher.Open(c.ctx, address)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	if hint := c.query("content_type"); hint != "" {
		media = hint
	}
	kind, err := kindOf(media)
	if err != nil {
		return nil, err
	}
	return c.measure(kind, file)
}

// ofFile hashes the one file of a form; the field's name says what it is.
func (c *hmaCall) ofFile() (signals, error) {
	if err := c.mayHash(); err != nil {
		return nil, err
	}
	c.r.Body = http.MaxBytesReader(c.w, c.r.Body, hmaFile)
	parts, err := c.r.MultipartReader()
	if err != nil {
		return nil, problem.New("input/faulty").Field("file", "input/required")
	}
	var all signals
	for {
		part, err := parts.NextPart()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, cutUpload(err)
		}
		if part.FileName() == "" {
			continue
		}
		if all != nil {
			return nil, problem.New("detection/one-file")
		}
		if all, err = c.ofPart(part); err != nil {
			return nil, cutUpload(err)
		}
	}
	if all == nil {
		return nil, problem.New("input/faulty").Field("file", "input/required")
	}
	return all, nil
}

func (c *hmaCall) ofPart(part *multipart.Part) (signals, error) {
	name := part.FormName()
	if name == "file" { // newer clients: the part says what it is
		name = part.Header.Get("Content-Type")
	}
	kind, err := kindOf(name)
	if err != nil {
		return nil, err
	}
	return c.measure(kind, part)
}

// cutUpload names what a body that is too large or broken off was.
func cutUpload(err error) error {
	if _, large := errors.AsType[*http.MaxBytesError](err); large {
		return problem.New("pages/body-too-large", "max", hmaFile>>10).Wrap(err)
	}
	if problem.KindOf(err) == problem.Internal && errors.Is(err, io.ErrUnexpectedEOF) {
		return problem.New("input/faulty").Field("file", "input/required").Wrap(err)
	}
	return err
}

func (c *hmaCall) hashURL() (hmaAnswer, error) {
	all, err := c.ofURL(c.query("url"))
	if err != nil {
		return hmaAnswer{}, err
	}
	return ok(all)
}

func (c *hmaCall) hashFile() (hmaAnswer, error) {
	all, err := c.ofFile()
	if err != nil {
		return hmaAnswer{}, err
	}
	return ok(all)
}

// banksAsked are the banks that a request names; nil for all.
func (c *hmaCall) banksAsked() []string {
	if text := c.query("banks"); text != "" {
		return strings.Split(text, ",")
	}
	return nil
}

// matches asks the matcher. The seed of HMA's coin is read and changes nothing:
// the share of a bank is always the same contents.
func (c *hmaCall) matches(name, value string, whole bool) ([]detection.Match, error) {
	kind, err := hmaType(name)
	if err != nil {
		return nil, err
	}
	return c.Detection.Match(c.ctx, c.actor, detection.MatchCommand{
		Signal: detection.Signal{Type: kind, Value: value}, Banks: c.banksAsked(), Whole: whole,
	})
}

func (c *hmaCall) rawLookup() (hmaAnswer, error) {
	value, name := c.query("signal"), c.query("signal_type")
	if value == "" || name == "" {
		return hmaAnswer{}, bothNeeded(value, name)
	}
	found, err := c.matches(name, value, true)
	if err != nil {
		return hmaAnswer{}, err
	}
	if isTrue(c.query("include_distance")) {
		all := []hmaMatch{}
		for _, m := range found {
			all = append(all, hmaMatch{m.Content, strconv.Itoa(m.Distance)})
		}
		return ok(map[string]any{"matches": all})
	}
	all := []int64{}
	for _, m := range found {
		all = append(all, m.Content)
	}
	return ok(map[string]any{"matches": all})
}

func bothNeeded(value, name string) error {
	p := problem.New("input/faulty")
	if value == "" {
		p.Field("signal", "input/required")
	}
	if name == "" {
		p.Field("signal_type", "input/required")
	}
	return p
}

type byBank map[string][]hmaMatch

func (c *hmaCall) lookedUp(name, value string) (byBank, error) {
	found, err := c.matches(name, value, isTrue(c.query("bypass_coinflip")))
	all := byBank{}
	for _, m := range found {
		all[m.Bank] = append(all[m.Bank], hmaMatch{m.Content, strconv.Itoa(m.Distance)})
	}
	return all, err
}

func (c *hmaCall) lookedUpAll(all signals) (map[string]byBank, error) {
	found := map[string]byBank{}
	for name, value := range all {
		banks, err := c.lookedUp(name, value)
		if err != nil {
			return nil, err
		}
		found[name] = banks
	}
	return found, nil
}

// lookup answers by bank for a signal, and by type and bank for an address; a
// type beside an address leaves its level out.
func (c *hmaCall) lookup() (hmaAnswer, error) {
	name := c.query("signal_type")
	address := c.query("url")
	if address == "" {
		value := c.query("signal")
		if value == "" || name == "" {
			return hmaAnswer{}, bothNeeded(value, name)
		}
		banks, err := c.lookedUp(name, value)
		if err != nil {
			return hmaAnswer{}, err
		}
		return ok(banks)
	}
	all, err := c.ofURL(address)
	if err != nil {
		return hmaAnswer{}, err
	}
	found, err := c.lookedUpAll(all)
	if err != nil {
		return hmaAnswer{}, err
	}
	if name == "" {
		return ok(found)
	}
	if found[name] == nil {
		found[name] = byBank{}
	}
	return ok(found[name])
}

func (c *hmaCall) lookupFile() (hmaAnswer, error) {
	all, err := c.ofFile()
	if err != nil {
		return hmaAnswer{}, err
	}
	found, err := c.lookedUpAll(all)
	if err != nil {
		return hmaAnswer{}, err
	}
	return ok(found)
}

// unix is an instant in seconds; -1 for none, as HMA.
func unix(t time.Time) int64 {
	if t.IsZero() {
		return -1
	}
	return t.Unix()
}

// holdings are the types that a request asks about.
func (c *hmaCall) holdings() (map[string]detection.Holding, error) {
	held, err := c.Detection.Holdings(c.ctx, c.actor)
	if err != nil {
		return nil, err
	}
	only := c.query("signal_type")
	if only != "" {
		if _, err := hmaType(only); err != nil {
			return nil, err
		}
	}
	all := map[string]detection.Holding{}
	for _, t := range hmaTypes {
		if only == "" || only == t.name {
			all[t.name] = held[t.kind]
		}
	}
	return all, nil
}

func (c *hmaCall) indexStatus() (hmaAnswer, error) {
	held, err := c.holdings()
	if err != nil {
		return hmaAnswer{}, err
	}
	all := map[string]any{}
	for name, h := range held {
		all[name] = map[string]any{"present": h.Signals > 0, "built_to": unix(h.Newest), "size": h.Signals}
	}
	return ok(all)
}

// compare takes pairs of values by type.
func (c *hmaCall) compare() (hmaAnswer, error) {
	var pairs map[string]json.RawMessage
	if err := c.object(&pairs); err != nil {
		return hmaAnswer{}, err
	}
	all := map[string]any{}
	for name, raw := range pairs {
		kind, err := hmaType(name)
		if err != nil {
			return hmaAnswer{}, err
		}
		var pair []string
		if json.Unmarshal(raw, &pair) != nil || len(pair) != 2 {
			return hmaAnswer{}, problem.New("input/faulty").Field(hmaName(kind), "detection/not-a-pair")
		}
		same, distance, err := c.Detection.Compare(c.ctx, c.actor, kind, pair[0], pair[1])
		if err != nil {
			return hmaAnswer{}, err
		}
		all[name] = []any{same, map[string]int{"distance": distance}}
	}
	return ok(all)
}
