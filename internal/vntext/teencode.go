// SPDX-License-Identifier: Apache-2.0

package vntext

import (
	_ "embed"
	"strings"
	"sync"
)

//go:embed teencode.txt
var teencodeText string

// maxShort is the length, in letters, of the longest short form.
const maxShort = 8

// short is a short form as a map key, filled up with zeros.
type short [maxShort]rune

// teencode maps a short form to what it stands for.
var teencode = sync.OnceValue(func() map[short][]rune {
	table := map[short][]rune{}
	for _, line := range strings.Split(teencodeText, "\n") {
		words := strings.Fields(line)
		if len(words) < 2 || words[0] == "#" {
			continue
		}
		// The first word is what the others stand for; _ is a space in it.
		for _, w := range words[1:] {
			var key short
			copy(key[:], []rune(w))
			table[key] = []rune(strings.ReplaceAll(words[0], "_", " "))
		}
	}
	return table
})

// Spelled is v with the short forms of teencode.txt written out, where they
// stand as whole words.
func Spelled(v View) View {
	table := teencode()
	out := make(View, 0, len(v)+len(v)/2)
	for i := 0; i < len(v); {
		end := v.wordEnd(i)
		if end == i {
			out = append(out, v[i])
			i++
			continue
		}
		if end-i <= maxShort {
			var key short
			for k := range end - i {
				key[k] = v[i+k].R
			}
			if long, ok := table[key]; ok {
				for _, r := range long {
					out = append(out, Letter{r, v[i].From, v[end-1].To})
				}
				i = end
				continue
			}
		}
		out = append(out, v[i:end]...)
		i = end
	}
	return out
}
