// SPDX-License-Identifier: Apache-2.0

package web

import (
	"net/http"

	"lachan/web/ui/gallery"
)

// helpRoutes is the help of the console: every component in every state.
func (s *Server) helpRoutes() []Route {
	return []Route{{Method: http.MethodGet, Path: "/help/components", Do: s.components}}
}

func (s *Server) components(c *visit) error {
	c.in("", c.p.T("pages.help.title"))
	return c.show("help/components", gallery.Components(c.base))
}
