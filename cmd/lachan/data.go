// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"encoding/json"
	"io"
	"net/url"
	"os"
	"path/filepath"
	"strconv"

	"lachan/hub"
	"lachan/internal/config"
	"lachan/internal/problem"
)

// call carries out one act on the hub of the settings. With --json the answer
// is printed as it came, else print says it.
func (o onHub) call(ctx context.Context, t *terminal, act string, q url.Values, body io.Reader, print func(reply map[string]any)) error {
	var raw json.RawMessage
	if err := o.do(ctx, act, q, body, &raw); err != nil {
		return err
	}
	if o.JSON || print == nil {
		return t.json(raw)
	}
	var reply map[string]any
	if err := json.Unmarshal(raw, &reply); err != nil {
		return t.json(raw) // a list
	}
	print(reply)
	return nil
}

// do carries out one act on the hub of the settings and reads the answer into
// reply.
func (o onHub) do(ctx context.Context, act string, q url.Values, body io.Reader, reply any) error {
	cfg, err := config.Load(o.Config)
	if err != nil {
		return err
	}
	client, err := hub.Connect(ctx, cfg, hub.Options{Version: version})
	if err != nil {
		return err
	}
	defer client.Close()
	return client.Call(ctx, act, q, body, reply)
}

// json prints an answer indented.
func (t *terminal) json(raw json.RawMessage) error {
	enc := json.NewEncoder(t.out)
	enc.SetIndent("", "  ")
	return enc.Encode(raw)
}

type migrateCmd struct{ onHub }

// Run opens the hub, which backs up and migrates on its way.
func (c *migrateCmd) Run(ctx context.Context, t *terminal) error {
	return c.call(ctx, t, "ping", nil, nil, func(map[string]any) { t.say("cli.migrate.done") })
}

type backupCmd struct {
	onHub
	To        string `required:"" placeholder:"DIR" help:"${flag_to}"`
	SecretsTo string `placeholder:"FILE" help:"${flag_secrets_to}"`
}

// Run copies the hub, running or not.
func (c *backupCmd) Run(ctx context.Context, t *terminal) error {
	dir, err := filepath.Abs(c.To)
	if err != nil {
		return err
	}
	q := url.Values{"dir": {dir}}
	if c.SecretsTo != "" {
		file, err := filepath.Abs(c.SecretsTo)
		if err != nil {
			return err
		}
		q.Set("secrets", file)
	}
	t.progress("cli.backup.begins", "folder", dir)
	return c.call(ctx, t, "backup", q, nil, func(r map[string]any) {
		t.say("cli.backup.done", "folder", dir, "blobs", number(r["blobs"]), "size", number(r["ledger_size"]), "root", r["ledger_root"])
	})
}

type restoreCmd struct {
	Config      string `short:"c" placeholder:"FILE" help:"${flag_config}"`
	From        string `required:"" placeholder:"DIR" help:"${flag_from}"`
	SecretsFrom string `placeholder:"FILE" help:"${flag_secrets_from}"`
}

// Run brings a backup back into empty places.
func (c *restoreCmd) Run(ctx context.Context, t *terminal) error {
	cfg, err := config.Load(c.Config)
	if err != nil {
		return err
	}
	m, err := hub.Restore(ctx, cfg, c.From, c.SecretsFrom, func(part string) { t.progress("cli.restore.part", "part", part) })
	if err != nil {
		return err
	}
	t.say("cli.restore.done", "made", m.Made, "size", m.LedgerSize, "root", m.LedgerRoot)
	return nil
}

type fsckCmd struct{ onHub }

// Run checks everything; findings make it fail.
func (c *fsckCmd) Run(ctx context.Context, t *terminal) error {
	found := 0
	err := c.call(ctx, t, "fsck", nil, nil, func(r map[string]any) {
		list, _ := r["findings"].([]any)
		found = len(list)
		for _, f := range list {
			f, _ := f.(map[string]any)
			t.say("cli.fsck.finding", "part", f["part"], "what", f["what"])
		}
		if found == 0 {
			t.say("cli.fsck.sound", "swept", number(r["swept"]))
		}
	})
	if err == nil && found > 0 {
		err = problem.New("cli/found", "n", found)
	}
	return err
}

type userCmd struct {
	Add   userAddCmd   `cmd:"" help:"${user_add}"`
	List  userListCmd  `cmd:"" help:"${user_list}"`
	Setup userSetupCmd `cmd:"" help:"${user_setup}"`
}

type userAddCmd struct {
	onHub
	Login string   `arg:"" help:"${arg_login}"`
	Name  string   `required:"" help:"${flag_name}"`
	Unit  string   `required:"" help:"${flag_unit}"`
	Role  []string `required:"" help:"${flag_role}"`
}

// Run makes an account and prints the address of its card.
func (c *userAddCmd) Run(ctx context.Context, t *terminal) error {
	q := url.Values{"login": {c.Login}, "name": {c.Name}, "unit": {c.Unit}, "role": c.Role}
	return c.call(ctx, t, "user/add", q, nil, func(r map[string]any) { t.say("cli.user.card", "link", r["link"]) })
}

type userListCmd struct{ onHub }

// Run lists accounts, without names.
func (c *userListCmd) Run(ctx context.Context, t *terminal) error {
	return c.call(ctx, t, "user/list", nil, nil, nil)
}

type userSetupCmd struct{ onHub }

// Run prints the set-up address again, as long as nobody has an account.
func (c *userSetupCmd) Run(ctx context.Context, t *terminal) error {
	return c.call(ctx, t, "user/setup", nil, nil, func(r map[string]any) { t.say("cli.serve.setup", "link", r["link"]) })
}

type unitCmd struct {
	List unitListCmd `cmd:"" help:"${unit_list}"`
}

type unitListCmd struct {
	onHub
	AsOf string `placeholder:"YYYY-MM-DD" help:"${flag_as_of}"`
	Kind string `help:"${flag_kind}"`
}

// Run lists the units of a day.
func (c *unitListCmd) Run(ctx context.Context, t *terminal) error {
	return c.call(ctx, t, "unit/list", url.Values{"as_of": {c.AsOf}, "kind": {c.Kind}}, nil, nil)
}

type directiveCmd struct {
	Load    directiveLoadCmd    `cmd:"" help:"${directive_load}"`
	Preview directivePreviewCmd `cmd:"" help:"${directive_preview}"`
}

type directiveLoadCmd struct {
	onHub
	File string `arg:"" type:"existingfile" help:"${arg_file}"`
}

// Run checks a directive and loads it.
func (c *directiveLoadCmd) Run(ctx context.Context, t *terminal) error {
	f, err := os.Open(c.File)
	if err != nil {
		return err
	}
	defer f.Close()
	return c.call(ctx, t, "directive/load", nil, f, func(r map[string]any) {
		t.say("cli.directive.loaded", "id", r["ID"], "clauses", number(r["Clauses"]), "duties", number(r["Duties"]), "indicators", number(r["Indicators"]))
	})
}

type directivePreviewCmd struct {
	onHub
	Year int `required:"" help:"${flag_year}"`
}

// Run says on how many units the directive falls in a year.
func (c *directivePreviewCmd) Run(ctx context.Context, t *terminal) error {
	return c.call(ctx, t, "directive/preview", url.Values{"year": {strconv.Itoa(c.Year)}}, nil, nil)
}

type rosterCmd struct {
	List rosterListCmd `cmd:"" help:"${roster_list}"`
	Add  rosterAddCmd  `cmd:"" help:"${roster_add}"`
}

type rosterListCmd struct{ onHub }

// Run lists the shifts of two weeks, without phone numbers.
func (c *rosterListCmd) Run(ctx context.Context, t *terminal) error {
	return c.call(ctx, t, "roster/list", nil, nil, nil)
}

type rosterAddCmd struct {
	onHub
	File string `arg:"" default:"-" help:"${arg_shift}"`
}

// Run adds one shift, read as JSON so that a phone number stands in no
// command line.
func (c *rosterAddCmd) Run(ctx context.Context, t *terminal) error {
	in := t.in
	if c.File != "-" {
		f, err := os.Open(c.File)
		if err != nil {
			return err
		}
		defer f.Close()
		in = f
	}
	return c.call(ctx, t, "roster/add", nil, in, nil)
}

type lookupCmd struct {
	onHub
	Domain string `arg:"" help:"${arg_domain}"`
	Band   string `default:"primary" help:"${flag_band}"`
	School string `help:"${flag_school}"`
}

// Run says whether a name is refused, and why.
func (c *lookupCmd) Run(ctx context.Context, t *terminal) error {
	return c.call(ctx, t, "lookup", url.Values{"domain": {c.Domain}, "band": {c.Band}, "school": {c.School}}, nil, func(r map[string]any) {
		key := "cli.lookup.answered"
		if blocked, _ := r["Blocked"].(bool); blocked {
			key = "cli.lookup.refused"
		}
		t.say(key, "domain", r["Unicode"], "band", c.Band, "code", r["Code"], "matched", r["Matched"])
		lists, _ := r["Lists"].([]any)
		for _, l := range lists {
			l, _ := l.(map[string]any)
			t.say("cli.lookup.list", "list", l["List"], "name", l["Domain"])
			if out, _ := l["Excepted"].(string); out != "" {
				t.say("cli.lookup.excepted", "list", l["List"], "name", out)
			}
		}
	})
}

type reportCmd struct {
	Build reportBuildCmd `cmd:"" help:"${report_build}"`
}

type reportBuildCmd struct {
	onHub
	Year  int    `required:"" help:"${flag_year}"`
	Frame string `default:"today" enum:"as_reported,today,as_of" help:"${flag_frame}"`
	Out   string `default:"." placeholder:"DIR" help:"${flag_out}"`
}

// Run writes the yearly report as Word and Excel.
func (c *reportBuildCmd) Run(ctx context.Context, t *terminal) error {
	dir, err := filepath.Abs(c.Out)
	if err != nil {
		return err
	}
	q := url.Values{"year": {strconv.Itoa(c.Year)}, "frame": {c.Frame}, "dir": {dir}}
	return c.call(ctx, t, "report/build", q, nil, func(r map[string]any) {
		files, _ := r["files"].([]any)
		for _, f := range files {
			t.say("cli.report.file", "file", f)
		}
		t.say("cli.report.pin", "pin", number(r["pin"]))
	})
}

// number reads a JSON number as a whole one.
func number(v any) int64 {
	f, _ := v.(float64)
	return int64(f)
}
