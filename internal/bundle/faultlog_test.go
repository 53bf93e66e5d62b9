// SPDX-License-Identifier: Apache-2.0

package bundle

import (
	"bytes"
	"testing"
)

// A side file without a fault log stays in the form that older nodes read, and
// one with a log whose end is missing is no side file.
func TestSideWithAndWithoutFaultLog(t *testing.T) {
	s, trust := testSigner()
	side := Side{School: "s1", Number: 2, Default: Primary}
	for _, c := range []struct {
		log   FaultLog
		magic string
	}{{FaultLog{}, "LCSIDE02"}, {FaultLog{Until: 7, Word: [32]byte{9}}, "LCSIDE03"}} {
		side.Log = c.log
		sealed, err := side.Seal(s)
		if err != nil || !bytes.HasPrefix(sealed, []byte(c.magic)) {
			t.Fatalf("%v, %.8s", err, sealed)
		}
		if got, err := OpenSide(sealed, trust); err != nil || got.Log != c.log {
			t.Fatalf("%v, %+v", err, got.Log)
		}
	}
	sealed, err := side.Seal(s)
	if err != nil {
		t.Fatal(err)
	}
	message := sealed[:len(sealed)-trailerSize]
	if _, err := decodeSide(message); err != nil {
		t.Fatal(err)
	}
	never := bytes.Clone(message)
	clear(never[len(never)-40 : len(never)-32])
	for _, bad := range [][]byte{never, message[:len(message)-1], append(bytes.Clone(message), 0), append([]byte("LCSIDE02"), message[8:]...), append([]byte("LCSIDE04"), message[8:]...)} {
		if got, err := decodeSide(bad); err == nil {
			t.Errorf("%+v", got)
		}
	}
	for _, log := range []FaultLog{{Until: -1}, {Word: [32]byte{1}}} {
		side.Log = log
		if _, err := side.Seal(s); err == nil {
			t.Errorf("sealed %+v", log)
		}
	}
}
