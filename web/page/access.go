// SPDX-License-Identifier: Apache-2.0

package page

import "strings"

// Login asks for name and password: POST /login with "name", "password",
// "next". It, TOTP and Unlock carry a form along that came too late.
type Login struct {
	Base
	Name string
	Next string
	Kept Kept
}

// TOTP asks for the second factor: POST /login/code with "code", "next".
type TOTP struct {
	Base
	Next string
	Kept Kept
}

// Enrol shows the second factor to a new account: POST /login/enrol with
// "code" typed from the app.
type Enrol struct {
	Base
	QR     string // SVG made by the server
	Secret string // the same for typing by hand
}

// Unlock opens sealed content: POST /unlock with "passphrase", "next".
type Unlock struct {
	Base
	Next string
	Why  string // what needs it, in words; empty: nothing in particular
	Kept Kept
}

// Kept is a form that was sent when nobody was logged in or content was locked.
// It travels as "kept-to" and "kept." before each of its names.
type Kept struct {
	To     string // its address; empty: nothing is carried along
	Fields []Hidden
}

// Words are what somebody wrote in the form and did not choose: the values of
// more than one word.
func (k Kept) Words() []string {
	var words []string
	for _, f := range k.Fields {
		if strings.ContainsAny(strings.TrimSpace(f.Value), " \n") {
			words = append(words, f.Value)
		}
	}
	return words
}

// SendKept is the last page on the way of a form that was kept: POST Kept.To with
// its own fields sends it, Next leads away from it.
type SendKept struct {
	Base
	Kept Kept
	Next string
}

// FirstUnlock makes the person's key pair. POST /unlock/first with
// "passphrase", "again"; where the installation has no recovery key yet the
// second screen shows its shares once and asks for one back: "share",
// "number". The shares travel with that form as "shares", so that a slip of
// the pen does not void what was written down.
type FirstUnlock struct {
	Base
	Shares []string // empty: choose a passphrase; else: write these down
	Number int      // the share to type back, 1 to 3
	Opens  []string // units whose sealed content this key will open
	Wait   []string // units where somebody must re-seal first
}

// Setup makes the first administrator: POST /setup/{token} with "name",
// "login", "password", "again", "unit".
type Setup struct {
	Base
	Token, Name, Login string
	Places             []Option // units that an administrator may belong to
}

// Welcome is the card of an invited person: GET, POST /welcome/{token} with
// "password", "again".
type Welcome struct {
	Base
	Token string
	Name  string   // whose card it is; personal
	Login string   // personal
	Units []string // in words
}
