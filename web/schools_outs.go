// SPDX-License-Identifier: Apache-2.0

package web

import (
	"encoding/base64"
	"strings"

	"lachan/duty/schools"
	"lachan/internal/authz"
	"lachan/internal/problem"
	"lachan/web/page"
)

// Transfer says where name servers of others take zones.
type Transfer struct {
	Address string // "" if nowhere
	Zone    string // zones lie below this name
}

const outsPath = "/schools/lists/out"

func (c *visit) mayExport() bool {
	return c.may("schools.export", authz.Resource{Type: "schools.subscriber"})
}

func (s *Server) outs(c *visit) error {
	p, err := s.outsPage(c)
	if err != nil {
		return err
	}
	return c.show("schools/outs", p)
}

func (s *Server) outsPage(c *visit) (page.ListOuts, error) {
	all, err := s.Schools.Subscribers(c.r.Context(), c.who.Actor)
	if err != nil {
		return page.ListOuts{}, err
	}
	c.in("schools", c.p.T("console.outs.title"))
	p := page.ListOuts{Base: c.base, Bands: s.bandOptions(c, ""), Address: s.Transfer.Address}
	for _, a := range schools.TransferAlgorithms() {
		p.Algorithms = append(p.Algorithms, page.Option{Value: a, Label: a})
	}
	for _, one := range all {
		var bands []string
		for _, b := range one.Bands {
			bands = append(bands, c.p.T("schools.band."+b))
		}
		row := page.OutRow{Name: one.Name, Bands: strings.Join(bands, ", "), Since: one.Created, Fetched: one.Fetched}
		if one.Key != nil {
			row.Key, row.Algorithm, row.Notify = one.Key.Name, one.Key.Algorithm, one.Key.Notify
		}
		p.Rows = append(p.Rows, row)
	}
	return p, nil
}

// given shows a secret on the answer itself: there is no address that could
// show it again.
func (s *Server) given(c *visit, secret *page.OutGiven, err error) error {
	if err != nil {
		if !mendable(err) {
			return err
		}
		c.base.Problem = problem.From(err)
	}
	p, failed := s.outsPage(c)
	if failed != nil {
		return failed
	}
	if err != nil {
		p.Name = c.form("name")
		return c.showFault("schools/outs", p, err)
	}
	p.Given = secret
	return c.show("schools/outs", p)
}

func (s *Server) addOut(c *visit) error {
	token, err := s.Schools.AddSubscriber(c.r.Context(), c.who.Actor, c.form("name"), c.forms("band"))
	return s.given(c, &page.OutGiven{Token: token, URL: s.BaseURL + "/api/v1/export/"}, err)
}

func (s *Server) giveOutKey(c *visit) error {
	key, secret, err := s.Schools.GiveTransferKey(c.r.Context(), c.who.Actor, schools.TransferKeyCommand{
		Subscriber: c.form("subscriber"), Algorithm: c.form("algorithm"), Notify: c.form("notify"),
	})
	given := &page.OutGiven{Key: key.Algorithm + ":" + key.Name + ":" + base64.StdEncoding.EncodeToString(secret)}
	for _, band := range key.Bands() {
		given.Zones = append(given.Zones, schools.ZoneName(band, s.Transfer.Zone))
	}
	return s.given(c, given, err)
}

func (s *Server) dropOutKey(c *visit) error {
	if err := s.Schools.DropTransferKey(c.r.Context(), c.who.Actor, c.form("subscriber")); err != nil {
		return err
	}
	return c.done(outsPath, "flash.schools.out-key-dropped")
}

func (s *Server) dropOut(c *visit) error {
	if err := s.Schools.DropSubscriber(c.r.Context(), c.who.Actor, c.form("subscriber")); err != nil {
		return err
	}
	return c.done(outsPath, "flash.schools.out-dropped")
}
