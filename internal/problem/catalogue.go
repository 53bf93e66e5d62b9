// SPDX-License-Identifier: Apache-2.0

package problem

import (
	"embed"
	"encoding/json"
	"fmt"
	"sync"
)

//go:embed catalogue/*.json
var files embed.FS

// catalogue reads the embedded files once. A fault in them is a fault of the
// build, and the test of this package finds it, so it panics.
var catalogue = sync.OnceValue(func() map[string]Kind {
	all := map[string]Kind{}
	entries, err := files.ReadDir("catalogue")
	if err != nil {
		panic(err)
	}
	for _, entry := range entries {
		data, err := files.ReadFile("catalogue/" + entry.Name())
		if err != nil {
			panic(err)
		}
		var room map[string]Kind
		if err := json.Unmarshal(data, &room); err != nil {
			panic(fmt.Errorf("problem: %s: %w", entry.Name(), err))
		}
		for code, kind := range room {
			if _, twice := all[code]; twice {
				panic("problem: code given twice: " + code)
			}
			if _, known := statuses[kind]; !known {
				panic(fmt.Sprintf("problem: %s: unknown kind %q", code, kind))
			}
			all[code] = kind
		}
	}
	return all
})

func kindOfCode(code string) Kind {
	if k, ok := catalogue()[code]; ok {
		return k
	}
	return Internal
}
