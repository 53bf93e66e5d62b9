// SPDX-License-Identifier: Apache-2.0

package config

import (
	"fmt"
	"reflect"
	"strconv"
	"strings"
)

// Describe writes the complete settings file with every key, its default and
// what it means. It is valid TOML: read back, it gives the defaults.
func Describe(v any) string {
	var b strings.Builder
	describe(&b, reflect.ValueOf(v), "")
	return b.String()
}

func describe(b *strings.Builder, v reflect.Value, table string) {
	t := v.Type()
	var tables []int
	for i := range t.NumField() {
		f := t.Field(i)
		if f.Type.Kind() == reflect.Struct {
			tables = append(tables, i)
			continue
		}
		fmt.Fprintf(b, "# %s\n%s = %s\n\n", f.Tag.Get("doc"), f.Tag.Get("toml"), literal(v.Field(i)))
	}
	for _, i := range tables {
		f := t.Field(i)
		name := f.Tag.Get("toml")
		if table != "" {
			name = table + "." + name
		}
		fmt.Fprintf(b, "[%s]\n", name)
		describe(b, v.Field(i), name)
	}
}

func literal(v reflect.Value) string {
	switch v.Kind() {
	case reflect.String:
		return strconv.Quote(v.String())
	case reflect.Bool:
		return strconv.FormatBool(v.Bool())
	case reflect.Int, reflect.Int64:
		return strconv.FormatInt(v.Int(), 10)
	case reflect.Slice:
		items := make([]string, v.Len())
		for i := range items {
			items[i] = literal(v.Index(i))
		}
		return "[" + strings.Join(items, ", ") + "]"
	default:
		return fmt.Sprintf("%q", fmt.Sprint(v.Interface()))
	}
}
