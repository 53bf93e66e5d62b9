// SPDX-License-Identifier: Apache-2.0

// Package config reads the one settings file of a hub or a node: TOML,
// decoded strictly into one struct, so that a misspelt key is an error with
// its line and never a default that nobody chose.
//
// Settings say where things are and how they listen. What the province
// decides (policies, units, rosters, due dates) is data in the database.
// Secrets never stand in the file: a setting that ends in _file names the
// file that holds one. Every field has a usable zero, so no file at all is a
// valid file: `lachan serve` then keeps everything in ./lachan-data.
package config

import (
	"bytes"
	"errors"
	"fmt"
	"net/netip"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"

	"github.com/pelletier/go-toml/v2"

	"lachan/internal/problem"
)

// Hub is the settings of `lachan serve`.
type Hub struct {
	DataDir    string    `toml:"data_dir" doc:"Folder for the database, the blobs and the bus where those are embedded."`
	SecretsDir string    `toml:"secrets_dir" doc:"Folder for the hub's own secrets (hash pepper, signing keys). Keep it out of the data folder and its backup. Empty: DATA_DIR with -secrets appended."`
	Language   string    `toml:"language" doc:"Language of pages where the reader has chosen none: vi or en."`
	HTTP       HTTP      `toml:"http"`
	Database   Database  `toml:"database"`
	Bus        Bus       `toml:"bus"`
	Blobs      Blobs     `toml:"blobs"`
	Province   Province  `toml:"province"`
	Intake     Intake    `toml:"intake"`
	Lists      Lists     `toml:"lists"`
	Media      Media     `toml:"media"`
	Detection  Detection `toml:"detection"`
	Transfer   Transfer  `toml:"transfer"`
	Homes      Homes     `toml:"homes"`
	Metrics    Metrics   `toml:"metrics"`
	Telemetry  Telemetry `toml:"telemetry"`
	Log        Log       `toml:"log"`
}

// HTTP is where and how the hub serves its pages.
type HTTP struct {
	Listen       string   `toml:"listen" doc:"Address and port of the pages."`
	PublicURL    string   `toml:"public_url" doc:"The address people type, with https. Empty: http and the listening address; then cookies are not marked Secure, so use it on one machine only."`
	CertFile     string   `toml:"cert_file" doc:"Own certificate (PEM). With key_file the hub speaks TLS itself."`
	KeyFile      string   `toml:"key_file" doc:"The certificate's private key (PEM)."`
	TrustedProxy []string `toml:"trusted_proxy" doc:"Networks of a proxy that ends TLS. Only its X-Forwarded-Proto is believed; the client address that it passes is dropped unread."`
}

// Database is where the truth lies.
type Database struct {
	URL     string `toml:"url" doc:"sqlite:FILE or postgres://USER@HOST/NAME. Empty: SQLite in the data folder."`
	URLFile string `toml:"url_file" doc:"File that holds the URL, where it contains a password."`
}

// Bus is how the hub reaches the nodes.
type Bus struct {
	URL             string `toml:"url" doc:"External NATS cluster, nats://… or tls://…. Empty: embedded."`
	CredsFile       string `toml:"creds_file" doc:"Credentials of the hub on an external cluster."`
	Listen          string `toml:"listen" doc:"Where the embedded bus listens for nodes."`
	WebSocketListen string `toml:"websocket_listen" doc:"Where the embedded bus listens for nodes behind port 443. Empty: not at all."`
	Advertise       string `toml:"advertise" doc:"Address that nodes are told to connect to. Empty: the listening address."`
}

// Blobs is where sealed files lie.
type Blobs struct {
	URL string `toml:"url" doc:"s3://BUCKET?endpoint=…&region=…. Empty: a folder in the data folder."`
}

// Province names the pack that the hub serves.
type Province struct {
	Name  string `toml:"name" doc:"Name shown beside the logo."`
	Pack  string `toml:"pack" doc:"Name of the built-in province pack."`
	Leave string `toml:"leave_url" doc:"Harmless page that Quick exit opens."`
}

// Intake is what the public's forms ask for under a flood; package
// internal/gate says why, and what the numbers mean to a phone.
type Intake struct {
	FreePerMinute int `toml:"free_per_minute" doc:"Reports, and replies, that this hub takes in a minute before it asks each sender for a short sum (with scripts) or a short wait (without). Counted for everybody together, never by address. 0: never ask."`
	MaxWork       int `toml:"max_work" doc:"Largest sum, in hashes. A cheap phone does about 150,000 a second."`
	MaxWait       int `toml:"max_wait" doc:"Longest wait, in seconds."`
}

// Lists is how block lists are fetched and weighed.
type Lists struct {
	AllowInside   bool   `toml:"allow_inside" doc:"Lists may be fetched from addresses inside the own network, such as a mirror."`
	HoldGrowth    int    `toml:"hold_growth" doc:"An update waits for a person if more than so many names in a hundred are new."`
	HoldShrink    int    `toml:"hold_shrink" doc:"An update waits for a person if more than so many names in a hundred have gone."`
	HoldFrom      int    `toml:"hold_from" doc:"Fewer new or gone names than this never make an update wait."`
	ProtectedFile string `toml:"protected_file" doc:"Names that no list may block, one a line, beside those of the program."`
	PopularFile   string `toml:"popular_file" doc:"The most popular names, the first first, one a line (\"1,example.com\" is allowed); 10,000 count. Empty: the starter list of the program."`
}

// Media is how pictures and films of strangers are opened.
type Media struct {
	FFmpeg  string `toml:"ffmpeg" doc:"Path of ffmpeg, with which the frames of films are seen. Empty: as the system finds it, if it has one. \"-\": films are not looked into."`
	Workers int    `toml:"workers" doc:"Processes that decode at once, with 1 GB of memory each at most. 0: half as many as there are cores."`
}

// Detection is how public pages are looked at.
type Detection struct {
	Contact string `toml:"contact" doc:"Who answers for the scans: an address of a page or mailto:, told to every site that is looked at. Empty: the public URL of the hub."`
	Browser string `toml:"browser" doc:"Path of a Chromium that makes a picture of each page which goes into the queue, as a visitor sees it. It reaches the web through the hub's own guard and nothing else. Empty: none is made."`
	Pause   int    `toml:"pause" doc:"Seconds between two requests to one host, at least."`
	RDAP    string `toml:"rdap" doc:"Base address of an RDAP service that says since when a domain is registered: a mirror, or one that sends the hub on to the registries. It learns every name that scans and officers look at, and must be on the public Internet, as scans reach nothing inside. Empty: nobody is asked, and rules with domain_age say nothing."`
	// Budgets of a reviewer's day.
	Pictures int `toml:"pictures" doc:"Pictures that a reviewer sees a day at most."`
	Sounds   int `toml:"sounds" doc:"Sounds that a reviewer hears a day at most."`
	Words    int `toml:"words" doc:"Texts in a child's own words that a reviewer reads a day at most."`
}

// Transfer is the name server from which other filters take zones.
type Transfer struct {
	Listen string `toml:"listen" doc:"Address and port of the name server from which filters of another make take what a band is refused as a zone (AXFR, IXFR), UDP and TCP, with keys only. Empty: none."`
	Zone   string `toml:"zone" doc:"The zones lie below this name: primary.ZONE, lower-secondary.ZONE and so on. At most 25 letters."`
}

// Homes is what families may set on their devices: the filter of a band of
// pupils as DNS over HTTPS and over TLS, from nodes that the province runs for
// everybody.
type Homes struct {
	Host string `toml:"host" doc:"Public name of the nodes for homes, dns.tinh.example. Over HTTPS a band has a path there, over TLS and QUIC a name below it. Empty: the pages say that there is no filter for homes yet."`
	Port int    `toml:"https_port" doc:"Port of DNS over HTTPS there."`
	// Devices that cannot look the name up first need them.
	Addresses []string `toml:"addresses" doc:"Public addresses of the nodes for homes, which Windows and some routers ask for. Empty: the pages say that they cannot be set."`
}

// Metrics is where numbers for Prometheus are.
type Metrics struct {
	Listen string `toml:"listen" doc:"Address and port of /metrics, apart from the pages. It asks for no password: let only the machine that collects reach it. Empty: none."`
}

// Telemetry is where traces go.
type Telemetry struct {
	OTLP string `toml:"otlp" doc:"Address of a collector of OpenTelemetry, https://HOST/v1/traces: a span for each request and job, with the pattern of its route, method, status and kind, nothing else. Empty: none."`
}

// Log is how much the hub says.
type Log struct {
	Level string `toml:"level" doc:"debug, info, warn or error."`
	JSON  bool   `toml:"json" doc:"One JSON object a line instead of text."`
}

// Default is the settings of a hub that was given none.
func Default() Hub {
	return Hub{
		DataDir: "lachan-data", Language: "vi",
		HTTP:      HTTP{Listen: "127.0.0.1:8080"},
		Bus:       Bus{Listen: "127.0.0.1:4222"},
		Province:  Province{Pack: "quangngai", Leave: "https://nchmf.gov.vn/"},
		Intake:    Intake{FreePerMinute: 300, MaxWork: 300_000, MaxWait: 30},
		Lists:     Lists{HoldGrowth: 50, HoldShrink: 30, HoldFrom: 100},
		Detection: Detection{Pause: 2, Pictures: 40, Sounds: 20, Words: 60},
		Transfer:  Transfer{Zone: "rpz.lachan"},
		Homes:     Homes{Port: 443},
		Log:       Log{Level: "info"},
	}
}

// Load reads the settings file; an empty path gives Default. The result is
// complete and checked.
func Load(path string) (Hub, error) {
	cfg := Default()
	if path != "" {
		if err := DecodeFile(path, &cfg); err != nil {
			return Hub{}, err
		}
	}
	cfg.complete()
	return cfg, cfg.Validate()
}

func (c *Hub) complete() {
	if c.SecretsDir == "" {
		c.SecretsDir = strings.TrimRight(c.DataDir, "/") + "-secrets"
	}
	if c.Database.URL == "" && c.Database.URLFile == "" {
		c.Database.URL = "sqlite:" + filepath.Join(c.DataDir, "lachan.db")
	}
	if c.Province.Name == "" {
		c.Province.Name = c.Province.Pack
	}
}

// DatabaseURL is the database's URL, read from its file where the settings
// say so.
func (c Hub) DatabaseURL() (string, error) {
	if c.Database.URLFile == "" {
		return c.Database.URL, nil
	}
	data, err := os.ReadFile(c.Database.URLFile)
	if err != nil {
		return "", problem.New("config/unreadable", "file", c.Database.URLFile).Wrap(err)
	}
	return strings.TrimSpace(string(data)), nil
}

// BaseURL is the address of the pages, without a slash at its end.
func (c Hub) BaseURL() string {
	if c.HTTP.PublicURL != "" {
		return strings.TrimRight(c.HTTP.PublicURL, "/")
	}
	if c.HTTP.CertFile != "" {
		return "https://" + c.HTTP.Listen
	}
	return "http://" + c.HTTP.Listen
}

// Secure reports whether browsers reach the hub by https.
func (c Hub) Secure() bool { return strings.HasPrefix(c.BaseURL(), "https://") }

// SingleMachine reports whether a second hub must not start on the same data:
// true while database, bus or blobs are embedded or in a folder.
func (c Hub) SingleMachine() bool {
	return strings.HasPrefix(c.Database.URL, "sqlite:") || c.Bus.URL == "" || c.Blobs.URL == ""
}

// Validate names every faulty setting at once.
func (c Hub) Validate() error {
	p := problem.New("config/faulty")
	bad := func(key, code string, args ...any) { p.Field(key, code, args...) }
	if c.DataDir == "" {
		bad("data_dir", "input/required")
	}
	if c.Language != "vi" && c.Language != "en" {
		bad("language", "input/not-a-choice")
	}
	if within(c.DataDir, c.SecretsDir) {
		bad("secrets_dir", "config/secrets-inside-data")
	}
	if _, err := netip.ParseAddrPort(c.HTTP.Listen); err != nil && !hostPort(c.HTTP.Listen) {
		bad("http.listen", "config/not-an-address")
	}
	if c.HTTP.PublicURL != "" {
		u, err := url.Parse(c.HTTP.PublicURL)
		if err != nil || u.Host == "" || u.Scheme != "https" && u.Scheme != "http" || strings.Trim(u.Path, "/") != "" {
			bad("http.public_url", "config/not-a-url")
		}
	}
	if (c.HTTP.CertFile == "") != (c.HTTP.KeyFile == "") {
		bad("http.cert_file", "config/cert-without-key")
	}
	for _, n := range c.HTTP.TrustedProxy {
		if _, err := netip.ParsePrefix(n); err != nil {
			bad("http.trusted_proxy", "config/not-a-network", "value", n)
		}
	}
	if c.Database.URL != "" && c.Database.URLFile != "" {
		bad("database.url", "config/two-urls")
	}
	if c.Bus.URL == "" && !hostPort(c.Bus.Listen) {
		bad("bus.listen", "config/not-an-address")
	}
	if c.Blobs.URL != "" && !strings.HasPrefix(c.Blobs.URL, "s3://") {
		bad("blobs.url", "config/not-a-url")
	}
	if strings.ContainsAny(c.Detection.Contact, " ()\r\n") {
		bad("detection.contact", "config/not-a-url")
	}
	if c.Detection.RDAP != "" {
		if u, err := url.Parse(c.Detection.RDAP); err != nil || u.Host == "" || u.Scheme != "https" && u.Scheme != "http" || u.User != nil || u.RawQuery != "" || u.Fragment != "" {
			bad("detection.rdap", "config/not-a-url")
		}
	}
	if c.Province.Pack == "" {
		bad("province.pack", "input/required")
	}
	for _, n := range []struct {
		key             string
		value, min, max int
	}{
		{"intake.free_per_minute", c.Intake.FreePerMinute, 0, 1_000_000},
		{"intake.max_work", c.Intake.MaxWork, 20_000, 5_000_000},
		{"intake.max_wait", c.Intake.MaxWait, 5, 120},
		{"media.workers", c.Media.Workers, 0, 256},
		{"detection.pause", c.Detection.Pause, 1, 3600},
		{"detection.pictures", c.Detection.Pictures, 1, 500},
		{"detection.sounds", c.Detection.Sounds, 1, 500},
		{"detection.words", c.Detection.Words, 1, 500},
	} {
		if n.value < n.min || n.value > n.max {
			bad(n.key, "input/out-of-range", "min", n.min, "max", n.max)
		}
	}
	if c.Lists.HoldGrowth < 1 || c.Lists.HoldShrink < 1 || c.Lists.HoldShrink > 100 || c.Lists.HoldFrom < 1 {
		bad("lists.hold_from", "config/not-a-share")
	}
	if c.Transfer.Listen != "" && !hostPort(c.Transfer.Listen) {
		bad("transfer.listen", "config/not-an-address")
	}
	if c.Metrics.Listen != "" && !hostPort(c.Metrics.Listen) {
		bad("metrics.listen", "config/not-an-address")
	}
	if c.Telemetry.OTLP != "" {
		if u, err := url.Parse(c.Telemetry.OTLP); err != nil || u.Host == "" || u.Scheme != "https" && u.Scheme != "http" {
			bad("telemetry.otlp", "config/not-a-url")
		}
	}
	if !hostName(c.Transfer.Zone) || len(c.Transfer.Zone) > 25 {
		bad("transfer.zone", "config/not-a-name")
	}
	if c.Homes.Host != "" && !hostName(c.Homes.Host) {
		bad("homes.host", "config/not-a-name")
	}
	for _, a := range c.Homes.Addresses {
		if _, err := netip.ParseAddr(a); err != nil {
			bad("homes.addresses", "config/not-an-address")
		}
	}
	if c.Homes.Port < 1 || c.Homes.Port > 65535 {
		bad("homes.https_port", "input/out-of-range", "min", 1, "max", 65535)
	}
	switch c.Log.Level {
	case "debug", "info", "warn", "error":
	default:
		bad("log.level", "input/not-a-choice")
	}
	return p.OrNil()
}

func hostPort(s string) bool {
	i := strings.LastIndexByte(s, ':')
	return i >= 0 && i < len(s)-1
}

// nameOfHost is letters, figures and hyphens between dots, as hosts have them.
var nameOfHost = regexp.MustCompile(`^([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$`)

func hostName(s string) bool { return len(s) <= 200 && nameOfHost.MatchString(s) }

func within(parent, child string) bool {
	rel, err := filepath.Rel(parent, child)
	return err == nil && rel != ".." && !strings.HasPrefix(rel, "../")
}

// DecodeFile reads a TOML file into v strictly. Every unknown key is named
// with its line in one problem (config/faulty). The file's text never gets
// into the error: it may hold what is secret.
func DecodeFile(path string, v any) error {
	data, err := os.ReadFile(path)
	if err != nil {
		return problem.New("config/unreadable", "file", path).Wrap(err)
	}
	return Decode(data, v)
}

// Decode is DecodeFile for text that has been read.
func Decode(data []byte, v any) error {
	dec := toml.NewDecoder(bytes.NewReader(data))
	dec.DisallowUnknownFields()
	err := dec.Decode(v)
	if err == nil {
		return nil
	}
	p := problem.New("config/faulty")
	var unknown *toml.StrictMissingError
	var broken *toml.DecodeError
	switch {
	case errors.As(err, &unknown):
		for _, e := range unknown.Errors {
			row, _ := e.Position()
			p.Field(strings.Join(e.Key(), "."), "config/unknown-key", "line", row)
		}
	case errors.As(err, &broken):
		row, col := broken.Position()
		p.Field(strings.Join(broken.Key(), "."), "config/syntax", "line", row, "column", col)
	default:
		return fmt.Errorf("config: %w", err)
	}
	return p
}
