// SPDX-License-Identifier: Apache-2.0

package signs

import (
	"slices"
	"testing"
)

func TestTheFixedSetOfEachLabel(t *testing.T) {
	background := Background()
	if len(background) < 250 {
		t.Errorf("%d sentences of the background", len(background))
	}
	for _, label := range Labels() {
		neutral, of := 0, 0
		for _, e := range Fixed(label) {
			switch {
			case slices.Contains(background, e.Text):
				t.Errorf("%s: learnt and measured on: %s", label, e.Text)
			case e.Text == "" || e.Label < 0 || e.Label > 1:
				t.Errorf("%s: %+v", label, e)
			case e.Label == 1:
				of++
			default:
				neutral++
			}
		}
		if neutral < 350 {
			t.Errorf("%s: %d sentences of something else", label, neutral)
		}
		if has := label == Gambling || label == Scam || label == SelfHarm; has != (of >= 40) || !has && of > 0 {
			t.Errorf("%s: %d sentences of it", label, of)
		}
	}
}
