// SPDX-License-Identifier: Apache-2.0

package hub

import (
	"context"
	"encoding/json"
	"maps"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"time"

	"lachan/duty/casework"
	"lachan/duty/reporting"
	"lachan/duty/schools"
	"lachan/internal/authz"
	"lachan/internal/clock"
	"lachan/internal/identity"
	"lachan/internal/problem"
	"lachan/org"
)

// operator is who acts through the admin socket: whoever may enter the data
// folder. It can make accounts and import lists; it holds no key and opens no
// case. The ledger names it "system:admin.sock".
func operator() authz.Actor {
	return authz.Actor{System: true, Session: "admin.sock", Roles: []string{authz.Operator, authz.Admin}}
}

// act is one command of the operator. Its answer is written as JSON.
type act func(ctx context.Context, q url.Values, r *http.Request) (any, error)

// adminHandler answers the operator's commands, one address each.
func (h *Hub) adminHandler() http.Handler {
	mux := http.NewServeMux()
	acts := map[string]act{
		"bundle/build": h.adminBundle,
		"lookup":       h.adminLookup, "backup": h.adminBackup, "fsck": h.adminFsck,
		"user/setup": h.adminSetup, "user/add": h.adminUserAdd, "user/list": h.adminUsers,
		"unit/list": h.adminUnits, "directive/load": h.adminDirective, "directive/preview": h.adminPreview,
		"roster/list": h.adminRoster, "roster/add": h.adminRosterAdd, "report/build": h.adminReport,
		"ledger/export": h.adminLedgerExport, "node/token": h.adminNodeToken, "ping": h.adminPing,
	}
	maps.Copy(acts, h.listActs())
	maps.Copy(acts, h.exportActs())
	maps.Copy(acts, h.keyActs())
	maps.Copy(acts, h.tokenActs())
	for name, do := range acts {
		mux.HandleFunc("POST /"+name, func(w http.ResponseWriter, r *http.Request) {
			reply, err := do(r.Context(), r.URL.Query(), r)
			if err != nil {
				writeProblem(w, translate(err))
				return
			}
			w.Header().Set("Content-Type", "application/json")
			json.NewEncoder(w).Encode(reply) //nolint:errcheck // the caller has gone
		})
	}
	return mux
}

func (h *Hub) adminPing(context.Context, url.Values, *http.Request) (any, error) {
	return map[string]string{"version": h.opts.Version, "url": h.URL()}, nil
}

func (h *Hub) adminBundle(ctx context.Context, _ url.Values, _ *http.Request) (any, error) {
	return h.Schools.BuildBundle(ctx, operator())
}

func (h *Hub) adminLookup(ctx context.Context, q url.Values, _ *http.Request) (any, error) {
	return h.Schools.Lookup(ctx, operator(), schools.LookupQuery{Domain: q.Get("domain"), Band: q.Get("band"), School: q.Get("school")})
}

func (h *Hub) adminSetup(ctx context.Context, _ url.Values, _ *http.Request) (any, error) {
	link, err := h.SetupLink(ctx)
	return map[string]string{"link": link}, err
}

// SetupLink makes the one-time address of the first administrator's page.
func (h *Hub) SetupLink(ctx context.Context) (string, error) {
	token, err := h.Identity.SetupLink(ctx)
	if err != nil {
		return "", err
	}
	return h.URL() + "/setup/" + token, nil
}

func (h *Hub) adminUserAdd(ctx context.Context, q url.Values, _ *http.Request) (any, error) {
	unit, err := h.unitOf(q.Get("unit"))
	if err != nil {
		return nil, err
	}
	card, err := h.Identity.Invite(ctx, operator(), identity.NewPerson{Name: q.Get("name"), Login: q.Get("login"), Unit: unit.ID, Roles: q["role"]})
	if err != nil {
		return nil, err
	}
	return map[string]any{"person": card.Person, "link": h.URL() + "/welcome/" + card.Token, "until": card.Expires}, nil
}

// unitOf finds a unit by id, by the key of the province's pack, or by name.
func (h *Hub) unitOf(text string) (org.Unit, error) {
	tree := h.tree(h.clock.Now())
	if u, ok := tree.Unit(text); ok {
		return u, nil
	}
	if u, ok := tree.ByKey(text); ok {
		return u, nil
	}
	u, several, err := tree.Match("", text, "")
	if err == nil && len(several) > 1 {
		err = problem.New("hub/which-unit", "name", text, "n", len(several))
	}
	return u, err
}

// userRow is an account without its name: names are for pages, not for a
// terminal's history.
type userRow struct {
	ID     string                `json:"id"`
	Units  []identity.Membership `json:"units"`
	Factor bool                  `json:"second_factor"`
	Off    bool                  `json:"disabled"`
}

func (h *Hub) adminUsers(ctx context.Context, _ url.Values, _ *http.Request) (any, error) {
	people, err := h.Identity.People(ctx, operator())
	if err != nil {
		return nil, err
	}
	rows := make([]userRow, len(people))
	for i, p := range people {
		rows[i] = userRow{ID: p.ID, Units: p.Units, Factor: p.Factor, Off: p.Disabled}
	}
	return rows, nil
}

// unitRow is a unit in a list.
type unitRow struct {
	ID    string `json:"id"`
	Key   string `json:"key"`
	Name  string `json:"name"`
	Code  string `json:"code,omitempty"`
	Kind  string `json:"kind"`
	Under string `json:"under,omitempty"`
}

func (h *Hub) adminUnits(_ context.Context, q url.Values, _ *http.Request) (any, error) {
	day := org.DayOf(h.clock.Now())
	if text := q.Get("as_of"); text != "" {
		t, err := time.ParseInLocation(time.DateOnly, text, clock.Vietnam)
		if err != nil {
			return nil, problem.New("input/faulty").Field("as_of", "input/not-a-date")
		}
		day = org.DayOf(t)
	}
	rows := []unitRow{}
	for u := range h.Org.At(day).All() {
		if kind := q.Get("kind"); kind == "" || kind == u.Kind {
			rows = append(rows, unitRow{ID: u.ID, Key: u.Key, Name: u.Name, Code: u.Code, Kind: u.Kind, Under: u.Parent})
		}
	}
	return rows, nil
}

const directiveLimit = 4 << 20 // bytes

func (h *Hub) adminDirective(ctx context.Context, _ url.Values, r *http.Request) (any, error) {
	text, err := readLimited(r.Body, directiveLimit)
	if err != nil {
		return nil, err
	}
	return h.Reporting.LoadDirective(ctx, operator(), text)
}

func (h *Hub) adminPreview(ctx context.Context, q url.Values, _ *http.Request) (any, error) {
	year, err := strconv.Atoi(q.Get("year"))
	if err != nil {
		return nil, problem.New("input/faulty").Field("year", "input/not-a-number")
	}
	plan, err := h.Reporting.Preview(ctx, operator(), Directive, year)
	if err != nil {
		return nil, err
	}
	return map[string]any{"directive": Directive, "year": year, "units": len(plan.Expected())}, nil
}

func (h *Hub) adminRoster(ctx context.Context, _ url.Values, _ *http.Request) (any, error) {
	now := h.clock.Now()
	shifts, err := h.Casework.Roster(ctx, operator(), now, now.AddDate(0, 0, 14))
	if err != nil {
		return nil, err
	}
	type row struct {
		ID, Unit, Person, StandIn string
		From, To                  time.Time
	}
	rows := make([]row, len(shifts))
	for i, s := range shifts { // without the phone numbers
		rows[i] = row{s.ID, s.Unit, s.Person, s.StandIn, s.From, s.To}
	}
	return rows, nil
}

func (h *Hub) adminRosterAdd(ctx context.Context, _ url.Values, r *http.Request) (any, error) {
	var cmd casework.ShiftCommand
	if err := json.NewDecoder(r.Body).Decode(&cmd); err != nil {
		return nil, problem.New("input/faulty").Wrap(err)
	}
	id, err := h.Casework.AddShift(ctx, operator(), cmd)
	return map[string]string{"id": id}, err
}

func (h *Hub) adminReport(ctx context.Context, q url.Values, _ *http.Request) (any, error) {
	year, err := strconv.Atoi(q.Get("year"))
	if err != nil {
		return nil, problem.New("input/faulty").Field("year", "input/not-a-number")
	}
	dir := q.Get("dir")
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return nil, problem.New("hub/cannot-write", "folder", dir).Wrap(err)
	}
	base := filepath.Join(dir, "bao-cao-"+q.Get("year"))
	docx, err := os.Create(base + ".docx")
	if err != nil {
		return nil, problem.New("hub/cannot-write", "folder", dir).Wrap(err)
	}
	defer docx.Close()
	xlsx, err := os.Create(base + ".xlsx")
	if err != nil {
		return nil, problem.New("hub/cannot-write", "folder", dir).Wrap(err)
	}
	defer xlsx.Close()
	built, err := h.Reporting.BuildReport(ctx, operator(), reporting.BuildReport{
		Directive: Directive, Year: year, Frame: org.FrameKind(q.Get("frame")),
	}, docx, xlsx)
	if err != nil {
		return nil, err
	}
	return map[string]any{
		"files": []string{base + ".docx", base + ".xlsx"}, "pin": built.Pin, "at": built.At,
		"docx_sha256": built.DocxDigest, "xlsx_sha256": built.XlsxDigest,
	}, nil
}

func (h *Hub) adminLedgerExport(ctx context.Context, q url.Values, _ *http.Request) (any, error) {
	if _, err := h.Ledger.Sequence(ctx); err != nil {
		return nil, err
	}
	head, err := h.Ledger.Export(ctx, q.Get("dir"), nil)
	if err != nil {
		return nil, err
	}
	return map[string]any{"size": head.Size, "root": head.Root, "key": h.Ledger.PublicKey()}, nil
}

func (h *Hub) adminNodeToken(ctx context.Context, q url.Values, _ *http.Request) (any, error) {
	text, expires, err := h.Schools.CreateToken(ctx, operator(), schools.TokenCommand{Name: q.Get("name"), Schools: q["school"]})
	return map[string]any{"token": text, "until": expires, "hub": h.URL()}, err
}
