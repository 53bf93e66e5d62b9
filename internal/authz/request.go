// SPDX-License-Identifier: Apache-2.0

package authz

import (
	"fmt"
	"strings"

	"github.com/cedar-policy/cedar-go"
)

// request puts the question into Cedar's words. The principal is
// Person::"id" (or System::"name", Token::"id"); the resource's type is written with Cedar's own
// separator, "casework.case" as casework::case, so that a rule may say
// "resource is casework::case".
func request(a Actor, action string, r Resource) (cedar.Request, cedar.EntityMap, error) {
	principal := cedar.NewEntityUID("Person", cedar.String(a.Person))
	if a.System {
		principal = cedar.NewEntityUID("System", cedar.String(a.Session))
	}
	if a.Person == "" && a.Token != "" {
		principal = cedar.NewEntityUID("Token", cedar.String(a.Token))
	}
	resource := cedar.NewEntityUID(
		cedar.EntityType(strings.ReplaceAll(r.Type, ".", "::")), cedar.String(r.ID))
	attrs := make(cedar.RecordMap, len(r.Attrs))
	for name, v := range r.Attrs {
		switch v := v.(type) {
		case string:
			if v != "" { // nobody yet: absent, so that "has" is false
				attrs[cedar.String(name)] = cedar.String(v)
			}
		case bool:
			attrs[cedar.String(name)] = cedar.Boolean(v)
		case int64:
			attrs[cedar.String(name)] = cedar.Long(v)
		case int:
			attrs[cedar.String(name)] = cedar.Long(v)
		case []string:
			attrs[cedar.String(name)] = set(v)
		default:
			return cedar.Request{}, nil, fmt.Errorf("authz: attribute %s of %s has the type %T, which rules cannot read", name, r.Type, v)
		}
	}
	entities := cedar.EntityMap{
		principal: {UID: principal, Attributes: cedar.NewRecord(cedar.RecordMap{
			"id":        nameOrNone(a.Person),
			"unit":      nameOrNone(a.Unit),
			"roles":     set(a.Roles),
			"functions": set(a.Functions),
			"system":    cedar.Boolean(a.System),
			"token":     cedar.Boolean(a.Token != ""),
		})},
		resource: {UID: resource, Attributes: cedar.NewRecord(attrs)},
	}
	return cedar.Request{
		Principal: principal,
		Action:    cedar.NewEntityUID("Action", cedar.String(action)),
		Resource:  resource,
		Context:   cedar.NewRecord(nil),
	}, entities, nil
}

func set(list []string) cedar.Set {
	values := make([]cedar.Value, len(list))
	for i, s := range list {
		values[i] = cedar.String(s)
	}
	return cedar.NewSet(values...)
}

// nameOrNone keeps "no unit" from being equal to another "no unit". Ids are
// UUIDs, so "(none)" is no id.
func nameOrNone(s string) cedar.String {
	if s == "" {
		return "(none)"
	}
	return cedar.String(s)
}
