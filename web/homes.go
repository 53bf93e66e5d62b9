// SPDX-License-Identifier: Apache-2.0

package web

import (
	"net"
	"net/http"
	"strconv"
	"strings"

	"lachan/duty/schools"
	"lachan/internal/problem"
	"lachan/web/page"
)

// Homes names the nodes that the province runs for families.
type Homes struct {
	Host      string // "" if there are none
	Port      int    // of DNS over HTTPS
	Addresses []string
}

// homesRoutes tell families how to set the children's filter at home.
//
// Clauses: 1.1
func (s *Server) homesRoutes() []Route {
	home := []string{"1.1"}
	return []Route{
		{Method: http.MethodGet, Path: "/parents/filter", Public: true, Clauses: home, Do: s.homeFilter},
		{Method: http.MethodGet, Path: "/parents/filter/{word}", Public: true, Clauses: home, Do: s.homeSetup},
	}
}

const profileEnding = ".mobileconfig"

func (s *Server) homeFilter(c *visit) error {
	c.base.Title = c.p.T("public.homes.title")
	return c.show("public/homes", page.HomeFilter{Base: c.base, Bands: s.homeBands(c, "")})
}

// homeBands are the bands on offer besides one.
func (s *Server) homeBands(c *visit, without string) (bands []page.HomeBand) {
	if s.Homes.Host == "" {
		return nil
	}
	for _, h := range schools.HomeProfiles() {
		if h.Word != without {
			bands = append(bands, page.HomeBand{Href: "/parents/filter/" + h.Word, Name: s.homeName(c, h)})
		}
	}
	return bands
}

func (s *Server) homeName(c *visit, h schools.HomeProfile) string {
	return c.p.T("schools.band." + h.Band)
}

func (s *Server) homeSetup(c *visit) error {
	word, download := strings.CutSuffix(c.r.PathValue("word"), profileEnding)
	for _, h := range schools.HomeProfiles() {
		if h.Word != word || s.Homes.Host == "" {
			continue
		}
		p := page.HomeSetup{
			Base: c.base, Name: s.homeName(c, h), TLS: h.Word + "." + s.Homes.Host, HTTPS: s.Homes.url(h),
			Profile: "/parents/filter/" + h.Word + profileEnding, Addresses: s.Homes.Addresses, Others: s.homeBands(c, h.Word),
		}
		if download {
			return s.homeProfile(c, h, p)
		}
		p.Title = c.p.T("public.homes.setup", "band", p.Name)
		return c.show("public/home-setup", p)
	}
	return problem.New("page/not-found")
}

// url is the address of a band for DNS over HTTPS.
func (h Homes) url(band schools.HomeProfile) string {
	host := h.Host
	if h.Port != 443 {
		host = net.JoinHostPort(host, strconv.Itoa(h.Port))
	}
	return "https://" + host + band.Path
}
