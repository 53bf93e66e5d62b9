// SPDX-License-Identifier: Apache-2.0

package casework_test

import (
	"testing"

	"lachan/duty/casework"
)

// TestAReportNamesDomainsAndNoAddress: what other rooms hear of a report's links
// is the name that somebody registered, and how many people told of it.
func TestAReportNamesDomainsAndNoAddress(t *testing.T) {
	w := newWorld(t).enrol(dutyUnit)
	told := func(change func(*casework.ReceiveCommand)) []casework.Name {
		t.Helper()
		cmd := report()
		cmd.URL, cmd.Words, cmd.More = "https://chat.bay-mau.example/phong/7", "xem www.bay-mau.example/khac?ai=lan", ""
		change(&cmd)
		w.receive(cmd)
		all := heard[casework.Received](w)
		return all[len(all)-1].Names
	}
	want := func(got []casework.Name, reporters int) {
		t.Helper()
		if len(got) != 1 || got[0] != (casework.Name{Domain: "bay-mau.example", Reporters: reporters}) {
			t.Errorf("heard %+v, want bay-mau.example of %d", got, reporters)
		}
	}
	want(told(func(*casework.ReceiveCommand) {}), 1)
	want(told(func(*casework.ReceiveCommand) {}), 1) // the same child, perhaps
	want(told(func(c *casework.ReceiveCommand) { c.Who = string(casework.Parent) }), 2)
	want(told(func(c *casework.ReceiveCommand) { c.ReporterPhone = "0900 000 003" }), 3)
	if got := told(func(c *casework.ReceiveCommand) { c.URL, c.Words = "", "bạn ấy gọi em hoài" }); len(got) != 0 {
		t.Errorf("no link, and heard %+v", got)
	}
}
