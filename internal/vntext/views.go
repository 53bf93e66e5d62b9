// SPDX-License-Identifier: Apache-2.0

package vntext

// Views are all readings of one text. Each of Unleeted to Spelled is made of
// the one before, so that "k0 b1t" is first "ko bit" and then "không biết".
// They may share memory and are only to be read.
type Views struct {
	Base, Unleeted, Joined, Squeezed, Spelled View
	BaseStripped, SpelledStripped             View
}

// ViewsOf reads a text, which may be any bytes.
func ViewsOf(text string) *Views {
	var v Views
	v.Base = Base(text)
	v.Unleeted = Unleeted(v.Base)
	v.Joined = Joined(v.Unleeted)
	v.Squeezed = Squeezed(v.Joined)
	v.Spelled = Spelled(v.Squeezed)
	v.BaseStripped = Stripped(v.Base)
	v.SpelledStripped = Stripped(v.Spelled)
	return &v
}

// markedViews are the readings with marks, those that differ in nothing from
// the one before left out: of most texts, one is left.
func markedViews(text string) []View {
	all := []View{Base(text)}
	for _, read := range []func(View) View{Unleeted, Joined, Squeezed, Spelled} {
		last := all[len(all)-1]
		if next := read(last); !sameText(last, next) {
			all = append(all, next)
		}
	}
	return all
}

func sameText(a, b View) bool {
	if len(a) != len(b) {
		return false
	}
	for i := range a {
		if a[i].R != b[i].R {
			return false
		}
	}
	return true
}
