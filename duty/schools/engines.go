// SPDX-License-Identifier: Apache-2.0

package schools

import (
	"fmt"

	"lachan/internal/bundle"
)

var rewriteKinds = map[string]bundle.RewriteKind{"safe": bundle.RewriteSafe, "moderate": bundle.RewriteModerate, "strict": bundle.RewriteStrict}

// rewrites hands every engine's names to add. A name of an engine is exact:
// "www.google.com.vn" answers as the safe host, "docs.google.com" is another
// service.
func (c *Catalogue) rewrites(add func(bundle.Rewrite) error) error {
	for _, e := range c.Engines {
		kind, ok := rewriteKinds[e.Kind]
		if !ok {
			return fmt.Errorf("schools: engines.json: %s has no kind %q", e.Code, e.Kind)
		}
		target, err := bundle.ParseName(e.Target)
		if err != nil {
			return fmt.Errorf("schools: engines.json: %s: %w", e.Code, err)
		}
		for _, text := range e.Names {
			name, err := bundle.ParseName(text)
			if err == nil {
				err = add(bundle.Rewrite{Kind: kind, Name: name, Target: target})
			}
			if err != nil {
				return fmt.Errorf("schools: engines.json: %s: %w", text, err)
			}
		}
	}
	return nil
}
