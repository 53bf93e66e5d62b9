// SPDX-License-Identifier: Apache-2.0

package hub

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"path/filepath"
	"strings"
	"testing"

	"lachan/duty/detection/rdap"
	"lachan/internal/config"
	"lachan/internal/logs"
)

// TestAgesAreAskedOnlyWhereTheSettingsSaySo: without the setting there is nobody
// to ask; with it the service that it names answers, and protected names are
// spared.
func TestAgesAreAskedOnlyWhereTheSettingsSaySo(t *testing.T) {
	service := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !strings.HasPrefix(r.UserAgent(), "lachan/") || r.URL.Path != "/rdap/domain/mau.example" {
			t.Errorf("%s asked for %s", r.UserAgent(), r.URL.Path)
		}
		fmt.Fprint(w, `{"objectClassName":"domain","events":[{"eventAction":"registration","eventDate":"2020-02-03"}]}`)
	}))
	defer service.Close()
	open := func(base string) *Hub {
		dir := t.TempDir()
		cfg := config.Default()
		cfg.DataDir, cfg.SecretsDir, cfg.Province.Name = filepath.Join(dir, "data"), filepath.Join(dir, "secrets"), "Tỉnh mẫu"
		cfg.Database.URL, cfg.Detection.RDAP = "sqlite:"+filepath.Join(cfg.DataDir, "lachan.db"), base
		h, err := New(context.Background(), cfg, Options{
			Version: "test", Offline: true, Logger: logs.New(t.Output(), "warn", false),
			Sites: []netip.AddrPort{netip.MustParseAddrPort(service.Listener.Addr().String())},
		})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() {
			if err := h.Close(); err != nil {
				t.Error(err)
			}
		})
		return h
	}
	if h := open(""); h.Detection.Aged != nil {
		t.Error("somebody is asked, and nobody said so")
	}
	h := open(service.URL + "/rdap")
	if at, err := h.Detection.Aged.Registered(context.Background(), "mau.example"); err != nil || at.Year() != 2020 {
		t.Errorf("%v, %v", at, err)
	}
	hurry, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := h.Detection.Aged.Registered(hurry, "mau.example"); !errors.Is(err, rdap.ErrNotNow) {
		t.Errorf("asked for a caller who is gone: %v", err)
	}
	if !h.Detection.Protected("gov.vn") || !h.Detection.Protected("vietcombank.com.vn") || h.Detection.Protected("mau.example") {
		t.Error("the wrong names are spared")
	}
}
