// SPDX-License-Identifier: Apache-2.0

package main

import "lachan/internal/vntext"

// chosen is the one configuration for all sets, fixed on their dev splits
// before a test split was read.
func chosen() vntext.Config {
	return vntext.Config{
		Shape:  vntext.Shape{Bits: 21, MaxChar: 4, MaxWord: 2, Raw: true, Spelled: true, Stripped: true, Sublinear: true},
		Epochs: 4, Rate: 0.3, Start: 0.1, Power: 0.25, Bare: 0.4, MinTexts: 2, Average: 3,
	}
}
