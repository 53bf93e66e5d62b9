// SPDX-License-Identifier: Apache-2.0

package demo

import (
	"time"

	"lachan/duty"
	"lachan/hub"
)

// year is the report year that the instance's today belongs to.
func (i *instance) year() int {
	d, err := i.hub.Reporting.Directive(hub.Directive)
	if err != nil {
		return time.Now().Year() // it is loaded at every start
	}
	return d.YearAt(duty.DateOf(i.clock.Now()))
}
