// SPDX-License-Identifier: Apache-2.0

package reporting

import (
	"slices"
	"strconv"

	"lachan/duty"
	"lachan/internal/locale"
	"lachan/internal/problem"
)

// Prefix stands before every printed indicator code: CT.A01 (chỉ tiêu), so
// that A01 is never taken for a row of another table.
const Prefix = "CT."

// Catalogue is the one list of indicators, schema indicators/v1.
type Catalogue struct {
	Dims    map[string]Dim
	Targets map[string]Target
	list    []Indicator
	byCode  map[string]int
}

// Dim is a way to break a figure down. The cells of Values add up to the
// total; those of Beside stand next to it (16–17 is not part of "children").
type Dim struct {
	Key, Label     string
	Values, Beside []DimValue
}

// DimValue is one value of a Dim.
type DimValue struct{ Key, Label string }

// Target is a percentage ordered by a programme. After Until it is shown as
// ended, not removed: the next programme's text decides.
type Target struct {
	Label, Basis string
	Percent      int64
	Until        duty.Date
}

// Agg says how a measure is added.
type Agg string

// The ways to add.
const (
	AggSum      Agg = "sum"
	AggLast     Agg = "last"     // the state at the period's end; units are added, periods are not
	AggNone     Agg = "none"     // never added (a median): shown only where it was reported
	AggDistinct Agg = "distinct" // how many different values were used by anyone
)

// Indicator is one figure of the catalogue.
type Indicator struct {
	Code, Name, Unit string
	Clauses          []duty.Clause
	Basis            string // V, E, S, M, D: how well it is founded
	CollectedBy      string
	Formula          string
	Auto             duty.ID // the duty that knows the figure; "" is asked by form
	SecretBelow      int64   // smaller cells are not published; 0 is no limit
	Target           string  // key of Targets
	Measures         []Measure
	Ratios           []Ratio
}

// Measure is one number of an indicator, with its breakdowns. Breakdowns are
// one-way: a total by sex and a total by school level, not their product,
// as on paper forms. That keeps a form of 46 indicators at 200 cells.
type Measure struct {
	Key, Label string
	Agg        Agg
	By         []string
	Within     *Within
}

// Within breaks one cell of a breakdown down further.
type Within struct {
	Dim string // the finer dimension
	Of  string // "doi_tuong.giao_vien": the cell it breaks down
}

// Ratio is a percentage of two cells, both given as they stand in Cell.Code
// without the indicator for cells of the same one ("tu"), with it for others.
type Ratio struct{ Label, Num, Den string }

type (
	srcCatalogue struct {
		Schema     ref
		Dims       orderedMap[srcDim]
		Targets    orderedMap[srcTarget]
		Indicators []srcIndicator
	}
	srcDim struct {
		Label  string
		Values orderedMap[string]
		Beside orderedMap[string]
	}
	srcTarget struct {
		Value        int64
		Basis, Label string
		Until        ref
	}
	srcIndicator struct {
		Code        ref
		Name, Unit  string
		Clauses     []ref
		Basis       string
		CollectedBy string `yaml:"collected_by"`
		Formula     string
		Auto        ref
		SecretBelow int64 `yaml:"secret_below"`
		Target      ref
		Measures    []srcMeasure
		Ratios      []Ratio
	}
	srcMeasure struct {
		Key, Label string
		Agg        ref
		By         []ref
		Within     *Within
	}
)

// ReadCatalogue reads and checks a catalogue. The problem
// reporting/catalogue-faulty names every faulty line.
func ReadCatalogue(raw []byte) (*Catalogue, error) {
	var src srcCatalogue
	if err := decodeStrict(raw, &src, "reporting/catalogue-faulty"); err != nil {
		return nil, err
	}
	c := &Catalogue{Dims: map[string]Dim{}, Targets: map[string]Target{}, byCode: map[string]int{}}
	f := &faults{p: problem.New("reporting/catalogue-faulty")}
	f.want(src.Schema.S == "indicators/v1", src.Schema, "schema", "reporting/unknown-schema")
	for _, key := range src.Dims.keys {
		d := src.Dims.values[key.S]
		c.Dims[key.S] = Dim{key.S, d.Label, values(d.Values), values(d.Beside)}
	}
	for _, key := range src.Targets.keys {
		t := src.Targets.values[key.S]
		until, err := duty.ParseDate(t.Until.S)
		f.want(err == nil, t.Until, "until", "input/not-a-date")
		c.Targets[key.S] = Target{t.Label, t.Basis, t.Value, until}
	}
	for _, s := range src.Indicators {
		_, twice := c.byCode[s.Code.S]
		f.want(!twice, s.Code, "code", "reporting/given-twice")
		c.byCode[s.Code.S] = len(c.list)
		c.list = append(c.list, c.indicator(s, f))
	}
	return c, f.err()
}

func values(m orderedMap[string]) []DimValue {
	var out []DimValue
	for _, k := range m.keys {
		out = append(out, DimValue{k.S, locale.Normalize(m.values[k.S])})
	}
	return out
}

func (c *Catalogue) indicator(s srcIndicator, f *faults) Indicator {
	out := Indicator{
		Code: s.Code.S, Name: locale.Normalize(s.Name), Unit: s.Unit, Basis: s.Basis, CollectedBy: s.CollectedBy,
		Formula: s.Formula, Auto: duty.ID(s.Auto.S), SecretBelow: s.SecretBelow, Target: s.Target.S, Ratios: s.Ratios,
	}
	f.want(s.Name != "", s.Code, "name", "input/required")
	f.want(out.Auto == "" || out.Auto.Valid(), s.Auto, "auto", "reporting/unknown-duty-room")
	for _, r := range s.Clauses {
		clause, err := duty.ParseClause(r.S)
		f.want(err == nil && clause.Known(), r, "clauses", "reporting/unknown-clause")
		out.Clauses = append(out.Clauses, clause)
	}
	if out.Target != "" {
		_, ok := c.Targets[out.Target]
		f.want(ok, s.Target, "target", "reporting/unknown-target")
	}
	for _, m := range s.Measures {
		agg := Agg(m.Agg.S)
		if agg == "" {
			agg = AggSum
		}
		f.want(slices.Contains([]Agg{AggSum, AggLast, AggNone, AggDistinct}, agg), m.Agg, "agg", "reporting/unknown-aggregation")
		measure := Measure{Key: m.Key, Label: m.Label, Agg: agg, Within: m.Within}
		for _, by := range m.By {
			_, ok := c.Dims[by.S]
			f.want(ok, by, "by", "reporting/unknown-dimension")
			measure.By = append(measure.By, by.S)
		}
		if m.Within != nil {
			_, ok := c.Dims[m.Within.Dim]
			f.want(ok, s.Code, "within", "reporting/unknown-dimension")
		}
		out.Measures = append(out.Measures, measure)
	}
	return out
}

// Get is the indicator with the given code.
func (c *Catalogue) Get(code string) (Indicator, bool) {
	i, ok := c.byCode[code]
	if !ok {
		return Indicator{}, false
	}
	return c.list[i], true
}

// All lists the indicators in the order of the catalogue.
func (c *Catalogue) All() []Indicator { return slices.Clone(c.list) }

// faults collects what is wrong in a file, by line and field.
type faults struct{ p *problem.Error }

func (f *faults) want(ok bool, at ref, field, code string) {
	if !ok {
		f.p.Field("line "+strconv.Itoa(at.Line)+": "+field, code, "name", at.S)
	}
}

func (f *faults) err() error { return f.p.OrNil() }
