// SPDX-License-Identifier: Apache-2.0

package api

import (
	"net/http"
	"reflect"
	"regexp"
	"strconv"
	"strings"
	"time"

	"lachan/internal/locale"
)

// object is a piece of the document; its keys are sorted when it is written,
// so that the same table gives the same bytes.
type object map[string]any

var pathParameter = regexp.MustCompile(`\{(\w+)\}`)

// Document is the OpenAPI 3.1 description of every address, in a language.
func Document(say *locale.Printer) any {
	d := describer{schemas: object{}}
	paths := object{}
	for _, rt := range (&server{}).table() {
		item, _ := paths[rt.path].(object)
		if item == nil {
			item = object{}
			paths[rt.path] = item
		}
		item[strings.ToLower(rt.method)] = d.operation(rt, say)
	}
	d.schemas["problem"] = d.schema(reflect.TypeFor[document]())
	return object{
		"openapi": "3.1.0",
		"info":    object{"title": say.T("api.title"), "description": say.T("api.about"), "version": "1"},
		"paths":   paths,
		"components": object{
			"schemas": d.schemas,
			"securitySchemes": object{
				"token":      object{"type": "http", "scheme": "bearer"},
				"subscriber": object{"type": "http", "scheme": "basic"},
			},
		},
	}
}

type describer struct{ schemas object }

func (d describer) operation(rt route, say *locale.Printer) object {
	room, _, _ := strings.Cut(rt.id, ".")
	op := object{
		"operationId": rt.id, "summary": say.T("api.route." + rt.id), "tags": []string{room},
		"security": []object{{"token": []string{}}},
	}
	var params []object
	for _, m := range pathParameter.FindAllStringSubmatch(rt.path, -1) {
		params = append(params, object{"name": m[1], "in": "path", "required": true, "schema": object{"type": "string"}})
	}
	for _, q := range rt.query {
		name, must := strings.CutSuffix(q, "!")
		kind := object{"type": "string"}
		if name == "limit" {
			kind = object{"type": "integer", "minimum": 1, "maximum": pageMost, "default": pageSize}
		}
		params = append(params, object{"name": name, "in": "query", "required": must, "schema": kind})
	}
	if params != nil {
		op["parameters"] = params
	}
	switch {
	case rt.body != nil:
		op["requestBody"] = object{"required": true, "content": object{"application/json": object{"schema": d.schema(reflect.TypeOf(rt.body))}}}
	case rt.text:
		op["requestBody"] = object{"required": true, "content": object{"text/plain": object{"schema": object{"type": "string"}}}}
	}
	good := object{"description": http.StatusText(rt.status)}
	content := object{}
	if rt.reply != nil {
		content["application/json"] = object{"schema": d.schema(reflect.TypeOf(rt.reply))}
	}
	if rt.csv {
		content["text/csv"] = object{"schema": object{"type": "string"}}
	}
	if len(content) > 0 {
		good["content"] = content
	}
	op["responses"] = object{
		strconv.Itoa(rt.status): good,
		"default":               object{"description": say.T("api.problem"), "content": object{problemType: object{"schema": object{"$ref": "#/components/schemas/problem"}}}},
	}
	if rt.plain != nil {
		op["security"] = []object{}
		if rt.id == "export" {
			op["security"] = []object{{"token": []string{}}, {"subscriber": []string{}}}
		}
	}
	return op
}

// schema describes a type by its JSON tags. What may be left out is not
// required; whatever stands in a body and is not known is refused.
func (d describer) schema(t reflect.Type) object {
	switch {
	case t == reflect.TypeFor[time.Time]():
		return object{"type": "string", "format": "date-time"}
	case t.Kind() == reflect.Pointer:
		return d.schema(t.Elem())
	case t.Kind() == reflect.Slice:
		return object{"type": "array", "items": d.schema(t.Elem())}
	case t.Kind() == reflect.Map:
		return object{"type": "object", "additionalProperties": d.schema(t.Elem())}
	case t.Kind() == reflect.Bool:
		return object{"type": "boolean"}
	case t.Kind() == reflect.String:
		return object{"type": "string"}
	case t.Kind() == reflect.Struct:
		properties, required := object{}, []string{}
		for i := range t.NumField() {
			name, rest, _ := strings.Cut(t.Field(i).Tag.Get("json"), ",")
			properties[name] = d.schema(t.Field(i).Type)
			if !strings.Contains(rest, "omit") {
				required = append(required, name)
			}
		}
		return object{"type": "object", "properties": properties, "required": required, "additionalProperties": false}
	default:
		return object{"type": "integer"}
	}
}
