// SPDX-License-Identifier: Apache-2.0

package detection

import "testing"

func TestAShareIsAShareOfAnyIDs(t *testing.T) {
	for _, first := range []int64{1, 4_000_000_000, 1 << 62} {
		for _, permille := range []int{0, 1, 250, 999, 1000} {
			taken := 0
			for i := range int64(10_000) {
				if (Match{Content: first + i, permille: permille}).Taken() {
					taken++
				}
			}
			// Each remainder comes ten times, but for one wrap on the way.
			if want := 10 * permille; taken < want-4 || taken > want+4 {
				t.Errorf("ids from %d, %d in a thousand: %d of 10,000 taken", first, permille, taken)
			}
		}
	}
}
