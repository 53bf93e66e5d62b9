// SPDX-License-Identifier: Apache-2.0

package deploy_test

import (
	"testing"

	"lachan/internal/config"
)

// The examples are read by the same strict reader as an operator's own file,
// so that a setting that was renamed cannot stay wrong here.
func TestExamplesAreAccepted(t *testing.T) {
	one, err := config.Load("lachan.toml")
	if err != nil {
		t.Fatal(err)
	}
	if !one.SingleMachine() || !one.Secure() {
		t.Errorf("lachan.toml is the example of one machine behind TLS: %+v", one)
	}
	cluster, err := config.Load("cluster/hub.toml")
	if err != nil {
		t.Fatal(err)
	}
	if cluster.SingleMachine() || !cluster.Secure() {
		t.Errorf("cluster/hub.toml must let a second hub start: %+v", cluster)
	}
}
