// SPDX-License-Identifier: Apache-2.0

package config

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"lachan/internal/problem"
)

func TestNoFileIsAValidFile(t *testing.T) {
	cfg, err := Load("")
	if err != nil {
		t.Fatal(err)
	}
	if cfg.Database.URL != "sqlite:lachan-data/lachan.db" || cfg.SecretsDir != "lachan-data-secrets" || !cfg.SingleMachine() {
		t.Fatalf("got %+v", cfg)
	}
}

func TestDescribeReadsBackAsTheDefaults(t *testing.T) {
	text := Describe(Default())
	var got Hub
	if err := Decode([]byte(text), &got); err != nil {
		t.Fatalf("%v in\n%s", err, text)
	}
	if Describe(got) != text {
		t.Fatal("the described file does not give the defaults")
	}
	for line := range strings.SplitSeq(text, "\n") {
		if line == "# " {
			t.Error("a key without its meaning")
		}
	}
}

func TestFaultsAreNamedAndTheTextIsNot(t *testing.T) {
	file := filepath.Join(t.TempDir(), "hub.toml")
	text := "data_dri = \"x\"\n[http]\nlisten = \"127.0.0.1:1\"\npassword = \"hunter2\"\n"
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	_, err := Load(file)
	p := problem.From(err)
	if p.Code != "config/faulty" || len(p.Fields) != 2 {
		t.Fatalf("got %v", err)
	}
	if p.Fields[0].Name != "data_dri" || !slices.Contains(p.Fields[0].Args, any(1)) || p.Fields[1].Name != "http.password" || !slices.Contains(p.Fields[1].Args, any(4)) {
		t.Fatalf("got %+v", p.Fields)
	}
	if strings.Contains(err.Error(), "hunter2") {
		t.Fatal("the error shows the file's text")
	}
}

func TestBrokenTOMLNamesItsLine(t *testing.T) {
	var h Hub
	p := problem.From(Decode([]byte("language = \"vi\"\nhttp = [\n"), &h))
	if p.Code != "config/faulty" || len(p.Fields) != 1 || p.Fields[0].Code != "config/syntax" {
		t.Fatalf("got %v", p)
	}
}

func TestValidateFindsEveryFault(t *testing.T) {
	c := Default()
	c.Language, c.HTTP.Listen, c.HTTP.CertFile, c.Log.Level = "fr", "nowhere", "a.pem", "loud"
	c.HTTP.PublicURL, c.SecretsDir, c.HTTP.TrustedProxy = "ftp://x", "lachan-data/secrets", []string{"10.0.0.300/8"}
	c.Database = Database{URL: "sqlite:x", URLFile: "y"}
	c.Blobs.URL = "http://x"
	c.Intake = Intake{FreePerMinute: -1, MaxWork: 1, MaxWait: 600}
	c.Detection.RDAP = "https://rdap.example/?name="
	c.Transfer = Transfer{Listen: "5353", Zone: "Vùng"}
	c.Homes = Homes{Host: "dns tinh", Port: 0, Addresses: []string{"dns.example"}}
	p := problem.From(c.Validate())
	var got []string
	for _, f := range p.Fields {
		got = append(got, f.Name)
	}
	want := []string{"language", "secrets_dir", "http.listen", "http.public_url", "http.cert_file", "http.trusted_proxy", "database.url", "blobs.url", "detection.rdap", "intake.free_per_minute", "intake.max_work", "intake.max_wait", "transfer.listen", "transfer.zone", "homes.host", "homes.addresses", "homes.https_port", "log.level"}
	if !slices.Equal(got, want) {
		t.Fatalf("got %v, want %v", got, want)
	}
}
