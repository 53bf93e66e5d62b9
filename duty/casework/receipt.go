// SPDX-License-Identifier: Apache-2.0

package casework

import (
	"strings"

	"lachan/internal/vault"
)

// Spelling is a receipt as it is shown to the reporter, once. Personal.
type Spelling struct {
	Secret string    // the one field that travels with the form
	Groups [4]string // four groups of four characters
	Check  string    // the check character
	Words  [8]string // the same value as eight pairs of words
}

// NewReceipt makes the receipt of a form that is being opened. Nothing is
// kept: it travels in the form's hidden fields until the reporter sends.
func NewReceipt() string { return vault.NewReceipt().Code() }

// SpellReceipt reads a receipt in either spelling and gives both; vault/bad-receipt
// for what is none. Two typings of one receipt have the same Secret.
func SpellReceipt(typed string) (Spelling, error) {
	r, err := vault.ParseReceipt(typed)
	if err != nil {
		return Spelling{}, err
	}
	s := Spelling{Secret: r.Code(), Words: r.Words()}
	groups := strings.Split(s.Secret, "-")
	copy(s.Groups[:], groups)
	s.Check = groups[len(groups)-1]
	return s, nil
}
