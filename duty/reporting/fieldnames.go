// SPDX-License-Identifier: Apache-2.0

package reporting

import (
	"fmt"
	"reflect"
	"strings"

	"gopkg.in/yaml.v3"
)

// unknownFields lists the keys under a node that a type has no field for, as
// messages with their lines. It stops at types that read themselves.
func unknownFields(n *yaml.Node, t reflect.Type) []string {
	for t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	if reflect.PointerTo(t).Implements(reflect.TypeFor[yaml.Unmarshaler]()) {
		return nil
	}
	var out []string
	switch {
	case t.Kind() == reflect.Slice && n.Kind == yaml.SequenceNode:
		for _, item := range n.Content {
			out = append(out, unknownFields(item, t.Elem())...)
		}
	case t.Kind() == reflect.Struct && n.Kind == yaml.MappingNode:
		for i := 0; i+1 < len(n.Content); i += 2 {
			field, ok := fieldNamed(t, n.Content[i].Value)
			if !ok {
				out = append(out, fmt.Sprintf("line %d: field %s not found", n.Content[i].Line, n.Content[i].Value))
				continue
			}
			out = append(out, unknownFields(n.Content[i+1], field)...)
		}
	}
	return out
}

func fieldNamed(t reflect.Type, name string) (reflect.Type, bool) {
	for f := range t.Fields() {
		own, _, _ := strings.Cut(f.Tag.Get("yaml"), ",")
		if own == "" {
			own = strings.ToLower(f.Name)
		}
		if own == name {
			return f.Type, true
		}
	}
	return nil, false
}
