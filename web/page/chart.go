// SPDX-License-Identifier: Apache-2.0

package page

// Columns is a chart of one figure over time. Its title says the finding.
type Columns struct {
	ID     string // unique on the page
	Title  string
	Sub    string
	Head   [2]string // of the table behind: what a column is, what it counts
	Points []Point
	Usual  int // a dotted line for what is usual; 0: none
	CSV    string
}

// Point is one column. Step marks: "" plain, "hi" the point of the chart,
// "now" not over yet.
type Point struct {
	Label string
	Value int
	Mark  string
	Tick  bool // print the label below the column
}

// TileMap shows every place as one tile of equal size with its step printed
// in it, so that no commune disappears for being small.
type TileMap struct {
	ID    string
	Title string
	Sub   string
	Tiles []MapTile
	Steps [4]string // words of steps 0 to 3
	CSV   string
}

// MapTile is a place at a column and a row of the grid.
type MapTile struct {
	Col, Row int
	Step     int // 0 to 3
	Name     string
	Own      bool // the reader's own place
}

// Counts is how many tiles stand at each step.
func (m TileMap) Counts() [4]int {
	var n [4]int
	for _, t := range m.Tiles {
		if t.Step >= 0 && t.Step < 4 {
			n[t.Step]++
		}
	}
	return n
}

// Funnel shows how many went on from step to step.
type Funnel struct {
	ID    string
	Title string
	Sub   string
	Head  [2]string
	Steps []Point
	CSV   string
}

// Spark is a line without axes, beside a number.
type Spark struct {
	Values []int
	Label  string // what a reader of the screen hears instead
}
