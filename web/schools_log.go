// SPDX-License-Identifier: Apache-2.0

package web

import (
	"strconv"

	"lachan/internal/problem"
	"lachan/web/page"
)

// The fault log of a school's own node: switched here, read there and nowhere
// else. The word that opens it stands on the answer that made it, once.

// faultLog says whether the school has one, to who may switch it.
func (s *Server) faultLog(c *visit, id string, p *page.School) error {
	if !p.CanEdit {
		return nil
	}
	state, err := s.Schools.FaultLog(c.r.Context(), c.who.Actor, id)
	if err != nil {
		return err
	}
	p.Log = &page.FaultLog{Until: state.Until}
	return nil
}

func (s *Server) switchFaultLog(c *visit) error {
	word, id := "", c.r.PathValue("id")
	hours, err := strconv.Atoi(c.form("hours"))
	if err != nil {
		err = problem.New("input/faulty").Field("hours", "input/not-a-choice")
	} else {
		word, _, err = s.Schools.SwitchFaultLog(c.r.Context(), c.who.Actor, id, hours)
	}
	if err != nil {
		return s.onSchool(c, "", func(string) error { return err })
	}
	p, err := s.schoolPage(c, id)
	if err != nil {
		return err
	}
	if p.Log != nil {
		p.Log.Word = word
	}
	return c.show("schools/school", p)
}

func (s *Server) stopFaultLog(c *visit) error {
	return s.onSchool(c, "flash.schools.fault-log-off", func(id string) error {
		return s.Schools.StopFaultLog(c.r.Context(), c.who.Actor, id)
	})
}
