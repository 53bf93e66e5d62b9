// SPDX-License-Identifier: Apache-2.0

// Package directives carries the directives that come with the product, as
// data: dispatch 4569/UBND-KGVX of Quảng Ngãi, and the one catalogue of
// indicators that every directive and form draws on.
//
// A directive file quotes the text of each clause and gives its meaning
// beside it: duties, who has them (a selector, never a name), when they are
// due, which indicators show them done, and the outline of the report. Its
// schema is checked by duty/reporting when it is loaded; another directive is
// another file and no code.
//
// The codes of indicators are printed as CT.A01, so that they are not taken
// for the rows of any other table.
package directives

import _ "embed"

// Dispatch4569 is directive qni-2024-4569.
//
//go:embed 4569.yaml
var Dispatch4569 []byte

// Indicators is the catalogue of indicators, schema indicators/v1.
//
//go:embed indicators.yaml
var Indicators []byte
