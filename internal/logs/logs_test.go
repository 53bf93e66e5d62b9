// SPDX-License-Identifier: Apache-2.0

package logs

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"
)

func TestPersonalIsNeverPrinted(t *testing.T) {
	const secret = "0912 345 678"
	p := Personal(secret)
	type wrap struct{ Phone Personal }
	var out bytes.Buffer
	for _, asJSON := range []bool{false, true} {
		log := New(&out, "debug", asJSON)
		log.Info("x", "phone", p, "in", wrap{p}, "list", []Personal{p}, "err", fmt.Errorf("bad %v", p))
	}
	fmt.Fprintf(&out, "%s %v %+v %#v %q %x %d %v %+v", p, p, p, p, p, p, p, wrap{p}, &wrap{p})
	if data, err := json.Marshal(map[string]any{"a": p, "b": wrap{p}}); err != nil {
		t.Fatal(err)
	} else {
		out.Write(data)
	}
	if s := out.String(); strings.Contains(s, "345") || strings.Contains(s, fmt.Sprintf("%x", secret)) {
		t.Fatalf("printed:\n%s", s)
	}
	if p.Reveal() != secret {
		t.Fatal("lost the text")
	}
}

func TestOneEventGathersAll(t *testing.T) {
	var out bytes.Buffer
	log := New(&out, "info", true)
	ctx, e := Begin(context.Background(), "request", slog.String("route", "/vu-viec"))
	Add(ctx, slog.Int("status", 500))
	Fail(ctx, errors.New("boom"))
	e.End(ctx, log, true)
	var line map[string]any
	if err := json.Unmarshal(out.Bytes(), &line); err != nil {
		t.Fatal(err)
	}
	if line["msg"] != "request" || line["status"] != float64(500) || line["error"] != "boom" || line["level"] != "ERROR" || line["took"] == nil {
		t.Fatalf("got %v", line)
	}
	Add(context.Background(), slog.Int("lost", 1)) // without an event: nothing happens
}
