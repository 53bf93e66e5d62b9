// SPDX-License-Identifier: Apache-2.0

package web

import (
	"log/slog"
	"net/http"
	"net/netip"

	"lachan/internal/clock"
	"lachan/internal/gate"
	"lachan/internal/locale"
	"lachan/web/ui"
)

// Settings are the few facts that the pages need of the configuration.
type Settings struct {
	Language string         // for a reader who has chosen none
	Place    string         // shown beside the name
	Leave    string         // where Quick exit leads
	BaseURL  string         // public address, without a slash at its end
	Secure   bool           // browsers come by https: cookies are marked so
	Demo     bool           // sample data: every page says so
	Homes    Homes          // the filter for families
	Transfer Transfer       // zones for filters of another make
	Proxies  []netip.Prefix // that end TLS before us
}

// Server draws all pages. Make one with New.
type Server struct {
	Deps
	ui     *ui.UI
	assets *ui.Assets
	mux    *http.ServeMux
	routes []Route
	guard  *http.CrossOriginProtection
}

// Deps is what the pages stand on, handed in by hub.
type Deps struct {
	Settings
	Texts *locale.Texts
	Clock clock.Clock
	Log   *slog.Logger
	Gate  *gate.Gate // of the public's forms
	Services
}

// New builds the server and its table of routes.
func New(deps Deps) (*Server, error) {
	assets, err := ui.LoadAssets()
	if err != nil {
		return nil, err
	}
	drawn, err := ui.New(deps.Texts, assets)
	if err != nil {
		return nil, err
	}
	s := &Server{Deps: deps, ui: drawn, assets: assets, mux: http.NewServeMux(), guard: http.NewCrossOriginProtection()}
	if err := s.guard.AddTrustedOrigin(deps.BaseURL); err != nil {
		return nil, err
	}
	s.mux.Handle("GET /static/", assets)
	for _, table := range [][]Route{
		s.publicRoutes(), s.homesRoutes(), s.reportRoutes(), s.accessRoutes(), s.workRoutes(), s.caseworkRoutes(),
		s.schoolsRoutes(), s.onlineRoutes(), s.detectionRoutes(), s.textModelRoutes(), s.exchangeRoutes(), s.reportingRoutes(), s.orgRoutes(), s.ledgerRoutes(), s.helpRoutes(),
	} {
		for _, r := range table {
			s.mux.Handle(r.Method+" "+r.Path, s.wrap(r))
			s.routes = append(s.routes, r)
		}
	}
	s.mux.Handle("/", s.wrap(Route{Path: "/", Public: true, Do: s.notFound}))
	return s, nil
}

// Route is one address.
type Route struct {
	Method   string // GET or POST
	Path     string // pattern of http.ServeMux
	Clauses  []string
	Public   bool  // no log-in
	Fleeting bool  // a POST that is not carried past a log-in: it holds a secret, or means nothing then
	Limit    int64 // bytes of body; 0: 64 KiB
	Do       func(c *visit) error
}

func (r Route) limit() int64 {
	if r.Limit == 0 {
		return bodyLimit
	}
	return r.Limit
}

// Routes lists every address, for the test that visits them all and for
// tools/lawref.
func (s *Server) Routes() []Route { return s.routes }

// Handler is the whole server with its middleware, outermost first.
func (s *Server) Handler() http.Handler {
	var h http.Handler = s.mux
	h = s.crossOrigin(h) // a form of another site must not act with our cookie
	h = s.headers(h)     // on every answer, errors too
	h = s.observe(h)     // one event a request; outside of headers, so that it sees the final status
	return h
}
