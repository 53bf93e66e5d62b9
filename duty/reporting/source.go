// SPDX-License-Identifier: Apache-2.0

package reporting

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"reflect"
	"regexp"
	"strconv"

	"gopkg.in/yaml.v3"

	"lachan/internal/problem"
)

// ref is a word of the file that names something else, with its line, so
// that an error can point at it.
type ref struct {
	S    string
	Line int
}

// UnmarshalYAML implements yaml.Unmarshaler.
func (r *ref) UnmarshalYAML(n *yaml.Node) error {
	if n.Kind != yaml.ScalarNode {
		return fmt.Errorf("line %d: want one word", n.Line)
	}
	r.S, r.Line = n.Value, n.Line
	return nil
}

// The raw shape of a directive file, schema directive/v1.
type (
	srcDirective struct {
		Schema       ref
		ID           ref
		Number       string
		Type         string
		Issued       ref
		Issuer       string
		Place        string
		Title        string
		Territory    ref
		Consolidator ref
		MainForm     ref         `yaml:"main_form"`
		BasedOn      []srcBasis  `yaml:"based_on"`
		AddressedTo  []ref       `yaml:"addressed_to"`
		CopiedTo     []srcCopied `yaml:"copied_to"`
		Selectors    orderedMap[srcSelector]
		DueRules     orderedMap[srcDue] `yaml:"due_rules"`
		Urging       []srcRung
		Clauses      []srcClause
		Checks       []srcCheck
		Forms        orderedMap[srcForm]
		Report       []srcSection
	}
	srcBasis struct {
		Number, Date, Issuer, Relation, Ends string
	}
	srcCopied struct {
		Name     string
		Selector ref
	}
	srcSelector struct {
		Label       string
		Kinds       []string
		Levels      []ref
		Schools     []string
		Function    string
		Under       ref
		Any         []ref
		Keys        []string
		OnDissolved ref `yaml:"on_dissolved"`
	}
	srcDue struct {
		Type, Review, Label string
		StrictlyBefore      ref `yaml:"strictly_before"`
		FromYear            int `yaml:"from_year"`
		Window              struct{ From, To ref }
		Rule                ref
		Days                int
		Verified            *bool
	}
	srcRung struct {
		At     int
		To     []ref
		Act    ref
		OnlyIf ref `yaml:"only_if"`
	}
	srcClause struct {
		Ref    ref
		Text   string
		Duties []srcDuty
	}
	srcDuty struct {
		ID         ref
		Title      string
		Assignee   ref
		Coordinate []ref
		PassDown   []ref `yaml:"pass_down"`
		Places     []ref
		SubmitTo   ref   `yaml:"submit_to"`
		DependsOn  []ref `yaml:"depends_on"`
		Due        ref
		Form       ref
		Evidence   []string
		Indicators []ref
	}
	srcCheck struct {
		ID     ref
		Rule   ref
		Change *srcChange
		Level  ref
		Text   string
	}
	srcChange struct {
		AtLeast float64 `yaml:"at_least"`
		AtMost  float64 `yaml:"at_most"`
		Exempt  []ref
	}
	srcForm struct {
		Version      int
		Label        string
		FilledBy     ref `yaml:"filled_by"`
		Due          ref
		Consolidates ref
		Sections     []srcSection
	}
	srcSection struct {
		Title      string
		Indicators []ref
		Narrative  ref
	}
)

// orderedMap keeps the order in which a mapping was written, and the line of
// each key.
type orderedMap[T any] struct {
	keys   []ref
	values map[string]T
}

// UnmarshalYAML implements yaml.Unmarshaler.
func (m *orderedMap[T]) UnmarshalYAML(n *yaml.Node) error {
	if n.Kind != yaml.MappingNode {
		return fmt.Errorf("line %d: want names with values", n.Line)
	}
	m.values = map[string]T{}
	var faults []string
	for i := 0; i+1 < len(n.Content); i += 2 {
		key, value := n.Content[i], n.Content[i+1]
		if _, twice := m.values[key.Value]; twice {
			faults = append(faults, fmt.Sprintf("line %d: %s is given twice", key.Line, key.Value))
		}
		var v T
		if err := strictDecode(value, &v); err != nil {
			faults = append(faults, typeErrors(err)...)
		}
		m.keys = append(m.keys, ref{key.Value, key.Line})
		m.values[key.Value] = v
	}
	if len(faults) > 0 {
		return &yaml.TypeError{Errors: faults}
	}
	return nil
}

// strictDecode decodes a node and refuses unknown fields. yaml.v3 forgets
// that wish below a custom unmarshaler, so the names are compared here.
func strictDecode(n *yaml.Node, into any) error {
	if unknown := unknownFields(n, reflect.TypeOf(into)); len(unknown) > 0 {
		return &yaml.TypeError{Errors: unknown}
	}
	return n.Decode(into)
}

func typeErrors(err error) []string {
	var t *yaml.TypeError
	if errors.As(err, &t) {
		return t.Errors
	}
	return []string{err.Error()}
}

// decodeStrict reads one YAML document into a value. Each fault becomes a
// field of the problem, named by its line.
func decodeStrict(raw []byte, into any, code string) error {
	dec := yaml.NewDecoder(bytes.NewReader(raw))
	dec.KnownFields(true)
	err := dec.Decode(into)
	if err == nil {
		if err = dec.Decode(&yaml.Node{}); errors.Is(err, io.EOF) {
			return nil
		}
		return problem.New(code).Field("line 1", "reporting/not-one-document")
	}
	p := problem.New(code).Wrap(err)
	for _, text := range typeErrors(err) {
		line, what := splitLine(text)
		p.Field("line "+strconv.Itoa(line), "reporting/not-in-schema", "what", what)
	}
	return p
}

// lineOf finds the line in a message of the YAML library.
var lineOf = regexp.MustCompile(`line (\d+): `)

// fieldOf finds the field name in it.
var fieldOf = regexp.MustCompile(`field (\S+) not found`)

func splitLine(text string) (line int, what string) {
	m := lineOf.FindStringSubmatchIndex(text)
	if m == nil {
		return 1, text
	}
	line, err := strconv.Atoi(text[m[2]:m[3]])
	if err != nil {
		line = 1
	}
	what = text[m[1]:]
	if f := fieldOf.FindStringSubmatch(what); f != nil {
		what = f[1]
	}
	return line, what
}
