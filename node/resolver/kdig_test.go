// SPDX-License-Identifier: Apache-2.0

package resolver

import (
	"net"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// Another's client, kdig of Knot DNS, over each way that it knows.
func TestKdigOverEveryWay(t *testing.T) {
	kdig, err := exec.LookPath("kdig")
	if err != nil {
		t.Skip("kdig is not installed (apt-get install knot-dnsutils)")
	}
	d := openDoors(t, Config{})
	ca := "+tls-ca=" + filepath.Join(d.dir, "cert.pem")
	for way, c := range map[string]struct {
		address string
		args    []string
	}{
		"tls":       {d.at.TLS[0], []string{"+tls", ca}},
		"https":     {d.at.HTTPS[0], []string{"+https", ca}},
		"https-get": {d.at.HTTPS[0], []string{"+https-get", "+https", ca}},
		"quic":      {d.at.QUIC[0], []string{ca, "+quic"}},
	} {
		if help, _ := exec.Command(kdig, "-h").CombinedOutput(); !strings.Contains(string(help), "+[no]"+way) {
			t.Logf("%s: this kdig does not know it", way)
			continue
		}
		_, port, err := net.SplitHostPort(c.address)
		if err != nil {
			t.Fatal(err)
		}
		for _, word := range []string{"", "phong-may-2."} {
			args := append([]string{"@127.0.0.1", "-p", port, "+tls-hostname=" + word + nodeHost, "+edns", "+padding"}, c.args...)
			for _, q := range []struct {
				name, status string
			}{
				{"play.example", map[bool]string{true: "NOERROR", false: "NXDOMAIN"}[word != ""]},
				{"good.example", "NOERROR"},
			} {
				out, err := exec.Command(kdig, append(args, q.name, "A")...).CombinedOutput()
				if err != nil || !strings.Contains(string(out), "status: "+q.status) {
					t.Errorf("%s as %q, %s: %v\n%s", way, word, q.name, err, out)
				}
			}
		}
	}
}
