// SPDX-License-Identifier: Apache-2.0

package web

import (
	"cmp"
	"slices"
	"strings"

	"lachan/duty/schools"
	"lachan/internal/locale"
	"lachan/web/page"
)

// fleet is all nodes and their schools, on their way onto a page.
type fleet struct {
	*visit
	view nodeView
	byID map[string]schools.School
}

// sorted begins with what needs somebody: silent nodes, the longest silent
// first; those that are behind; those that never came; those that are well.
// What was revoked stands last.
func (f fleet) sorted() []schools.Node {
	rank := map[string]int{string(schools.NodeSilent): 0, string(schools.NodeBehind): 1, string(schools.NodeWaiting): 2, string(schools.NodeOK): 3}
	place := func(n schools.Node) int {
		if !n.Revoked.IsZero() {
			return len(rank)
		}
		return rank[f.view.state(n)]
	}
	all := slices.Clone(f.view.nodes)
	slices.SortStableFunc(all, func(a, b schools.Node) int {
		return cmp.Or(cmp.Compare(place(a), place(b)), a.Seen.Compare(b.Seen), cmp.Compare(a.Name, b.Name))
	})
	return all
}

// matches finds a node by its own name and by name and code of its schools.
func (f fleet) matches(n schools.Node, query string) bool {
	words := locale.Fold(query)
	if words == "" || strings.Contains(locale.Fold(n.Name), words) {
		return true
	}
	return slices.ContainsFunc(n.Schools, func(id string) bool {
		school := f.byID[id]
		return strings.Contains(locale.Fold(school.Name), words) || strings.Contains(locale.Fold(school.Code), words)
	})
}

// versions are the programs that the fleet runs, the most frequent first.
func (f fleet) versions(counts map[string]int, chosen string) []page.Version {
	var all []page.Version
	for version, n := range counts {
		to := f.r.URL.Query()
		to.Del("page")
		to.Set("version", version)
		if version == chosen {
			to.Del("version")
		}
		all = append(all, page.Version{Name: version, Nodes: n, Href: "/schools/nodes?" + to.Encode(), On: version == chosen})
	}
	slices.SortFunc(all, func(a, b page.Version) int { return cmp.Or(cmp.Compare(b.Nodes, a.Nodes), cmp.Compare(b.Name, a.Name)) })
	return all
}

// without counts the schools that no node serves.
func (f fleet) without(all []schools.School) int {
	served := map[string]bool{}
	for _, n := range f.view.nodes {
		if n.Revoked.IsZero() {
			for _, id := range n.Schools {
				served[id] = true
			}
		}
	}
	missing := 0
	for _, school := range all {
		if !served[school.ID] {
			missing++
		}
	}
	return missing
}

// toEnrol are the schools that the reader may join a node to: all where they
// are few, else those that match what was typed. What was chosen stays.
func (f fleet) toEnrol(all []schools.School) (options []page.Option, more int) {
	words, chosen := locale.Fold(f.query("find")), f.forms("school")
	for _, school := range all {
		if !f.mayEditSchool("schools.enrol_node", school) {
			continue
		}
		on := slices.Contains(chosen, school.ID)
		hit := strings.Contains(locale.Fold(school.Name), words) || strings.Contains(locale.Fold(school.Code), words)
		if on || hit && len(options) < enrolShown {
			options = append(options, page.Option{Value: school.ID, Label: school.Name, Note: school.Code, On: on})
		} else {
			more++
		}
	}
	if len(options) == 1 && more == 0 {
		options[0].On = true // a teacher has one school to choose
	}
	return options, more
}

func (f fleet) row(n schools.Node) page.NodeRow {
	row := f.view.row(f.visit, n)
	var names []string
	may := n.Revoked.IsZero()
	for _, id := range n.Schools {
		school, ok := f.byID[id]
		if ok && len(names) < 3 {
			names = append(names, school.Name)
		}
		may = may && ok && f.mayEditSchool("schools.enrol_node", school)
	}
	if more := len(n.Schools) - len(names); more > 0 {
		names = append(names, f.p.T("pages.node.more-schools", "n", more))
	}
	if row.School == "" {
		row.School = strings.Join(names, ", ")
	}
	if may {
		row.Revoke = "/schools/nodes/" + n.ID + "/revoke"
	}
	return row
}
