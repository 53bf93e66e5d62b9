// SPDX-License-Identifier: Apache-2.0

package schools

import (
	"bufio"
	"embed"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"

	"lachan/internal/bundle"
)

//go:embed data/*.json data/*.txt
var dataFiles embed.FS

// Category is what a name can be. Its words are the locale keys
// schools.category.<code> and schools.category.<code>.about.
type Category struct {
	Code     string `json:"code"`
	Tone     string `json:"tone"`     // colour token of the look, for plots
	Care     bool   `json:"care"`     // a rise is told to the counsellor, never to the public
	Security bool   `json:"security"` // harms devices rather than children: refused for staff too
	// Private says that a wish to open such a name is the department's alone:
	// nobody in the school may guess who asked.
	Private bool `json:"private"`
	// School says that a school may open or close it for a band of its own.
	School bool `json:"school"`
	// Names are those that the product itself knows of; lists bring the others.
	Names []string `json:"names"`
}

// Platform is a service by the names it uses: whose a name is, where a category
// says what it is. Its word is schools.service.<code>.
type Platform struct {
	Code    string   `json:"code"`
	Domains []string `json:"domains"`
}

// Policy is what a band may see: codes of categories and services.
type Policy struct {
	Band       string   `json:"band"`
	Period     string   `json:"period"` // "": at any time
	Blocked    []string `json:"blocked"`
	Allowed    []string `json:"allowed"` // services answered whatever their category
	SafeSearch bool     `json:"safe_search"`
	Video      string   `json:"video"` // "", "moderate", "strict"
}

// Engine is a search engine or a video site that has a safe host: its names
// answer as that host where a policy asks for it.
type Engine struct {
	Code   string   `json:"code"`
	Kind   string   `json:"kind"` // safe, moderate, strict
	Target string   `json:"target"`
	Names  []string `json:"names"`
}

// Catalogue is the room's own data: categories, services, policies and the
// names that need care. It does not change after LoadCatalogue.
type Catalogue struct {
	Categories []Category
	Services   []Platform
	Policies   []Policy
	Engines    []Engine
	never      nameSet
	own        map[bundle.Name]bool // of never: this installation's hosts
	protected  nameSet
	shared     nameSet
	popular    nameSet
}

// Extra is what an installation adds to the product's own data.
type Extra struct {
	// NeverBlock are this installation's report and status hosts.
	NeverBlock []string
	// Protected is the operator's file of further protected names, one or more
	// a line; nil for none.
	Protected io.Reader
	// Popular is the operator's file of popular names, the most popular first,
	// one or more a line, "1,example.com" allowed; nil for none.
	Popular io.Reader
}

// maxPopular is how many names of a file of popular names count.
const maxPopular = 10_000

// LoadCatalogue reads the data that the program carries and adds extra. An
// error is a fault in the data, named by file.
func LoadCatalogue(extra Extra) (*Catalogue, error) {
	c := &Catalogue{}
	for _, f := range []struct {
		name string
		into any
	}{{"categories.json", &c.Categories}, {"services.json", &c.Services}, {"policies.json", &c.Policies}, {"engines.json", &c.Engines}} {
		data, err := dataFiles.ReadFile("data/" + f.name)
		if err != nil {
			return nil, fmt.Errorf("schools: %w", err)
		}
		if err := json.Unmarshal(data, f.into); err != nil {
			return nil, fmt.Errorf("schools: %s: %w", f.name, err)
		}
	}
	for _, f := range []struct {
		name string
		into *nameSet
	}{{"never-block.txt", &c.never}, {"protected.txt", &c.protected}, {"shared-hosts.txt", &c.shared}, {"popular.txt", &c.popular}} {
		file, err := dataFiles.Open("data/" + f.name)
		if err != nil {
			return nil, fmt.Errorf("schools: %w", err)
		}
		err = f.into.read(file, -1)
		file.Close()
		if err != nil {
			return nil, fmt.Errorf("schools: %s: %w", f.name, err)
		}
	}
	c.own = map[bundle.Name]bool{}
	for _, s := range extra.NeverBlock {
		n, err := bundle.ParseName(s)
		if err != nil {
			return nil, fmt.Errorf("schools: never-block: %w", err)
		}
		c.never.add(n)
		c.own[n] = true
	}
	if extra.Protected != nil {
		if err := c.protected.read(extra.Protected, -1); err != nil {
			return nil, fmt.Errorf("schools: protected names: %w", err)
		}
	}
	if extra.Popular != nil {
		if err := c.popular.read(extra.Popular, maxPopular); err != nil {
			return nil, fmt.Errorf("schools: popular names: %w", err)
		}
	}
	return c, nil
}

// Category finds a category by its code.
func (c *Catalogue) Category(code string) (Category, bool) {
	i := slices.IndexFunc(c.Categories, func(k Category) bool { return k.Code == code })
	if i < 0 {
		return Category{}, false
	}
	return c.Categories[i], true
}

// PolicyOf is the policy of a band at any time, by its code.
func (c *Catalogue) PolicyOf(band string) (Policy, bool) {
	i := slices.IndexFunc(c.Policies, func(p Policy) bool { return p.Band == band && p.Period == "" })
	if i < 0 {
		return Policy{}, false
	}
	return c.Policies[i], true
}

// Protected counts the protected and never-block names.
func (c *Catalogue) Protected() int { return len(c.protected.names) + len(c.never.names) }

// ProtectedNames lists them, sorted: the names for which others are made to be
// taken.
func (c *Catalogue) ProtectedNames() []string {
	var all []string
	for _, set := range []nameSet{c.protected, c.never} {
		for n := range set.names {
			all = append(all, n.String())
		}
	}
	slices.Sort(all)
	return slices.Compact(all)
}

// IsProtected reports whether no list may bring a name: it is, or lies above, a
// protected one, or lies in a protected zone.
func (c *Catalogue) IsProtected(host string) bool {
	n, err := bundle.ParseName(host)
	return err == nil && c.guard("")(n) == SkipProtected
}

// guard holds back the names that a list of the category may not bring: a name
// that is, or lies above, a protected one; everything in a protected zone such
// as gov.vn; and a popular name on a list of what harms devices, since a large
// platform on such a list is a fault of the list far more often than a danger.
func (c *Catalogue) guard(category string) func(bundle.Name) Skip {
	k, _ := c.Category(category)
	return func(name bundle.Name) Skip {
		switch {
		case c.never.covers(name) || c.never.below(name) != nil || c.protected.has(name) || c.protected.below(name) != nil || c.inZone(name):
			return SkipProtected
		case k.Security && c.popular.has(name):
			return SkipPopular
		}
		return ""
	}
}

// isPopular reports whether very many people use exactly this name.
func (c *Catalogue) isPopular(name string) bool {
	n, err := bundle.ParseName(name)
	return err == nil && c.popular.has(n)
}

// inZone reports whether a registry's suffix above name is protected as a
// whole.
func (c *Catalogue) inZone(name bundle.Name) bool {
	for labels := name.Labels() - 1; labels > 0; labels-- {
		parent := name.Suffix(labels)
		if c.protected.has(parent) {
			if zone, byRegistry := publicSuffix(parent); zone && byRegistry {
				return true
			}
		}
	}
	return false
}

// nameSet is a set of names that also knows what lies below a name.
type nameSet struct {
	names map[bundle.Name]bool
	under map[bundle.Name][]bundle.Name
}

func (s *nameSet) add(n bundle.Name) {
	if s.names == nil {
		s.names, s.under = map[bundle.Name]bool{}, map[bundle.Name][]bundle.Name{}
	}
	if s.names[n] {
		return
	}
	s.names[n] = true
	for labels := n.Labels() - 1; labels > 0; labels-- {
		parent := n.Suffix(labels)
		s.under[parent] = append(s.under[parent], n)
	}
}

func (s *nameSet) addText(text string) error {
	n, err := bundle.ParseName(text)
	if err == nil {
		s.add(n)
	}
	return err
}

// read adds the names of a file: words between white space, after a rank and a
// comma if there is one; "#" begins a remark. limit bounds them; -1: all.
func (s *nameSet) read(r io.Reader, limit int) error {
	lines := bufio.NewScanner(r)
	for count := 0; lines.Scan() && count != limit; {
		text, _, _ := strings.Cut(lines.Text(), "#")
		for word := range strings.FieldsSeq(text) {
			if _, after, ranked := strings.Cut(word, ","); ranked {
				word = after
			}
			if err := s.addText(word); err != nil {
				return err
			}
			if count++; count == limit {
				break
			}
		}
	}
	return lines.Err()
}

// has reports whether exactly n is in the set.
func (s *nameSet) has(n bundle.Name) bool { return s.names[n] }

// covers reports whether n or a parent of it is in the set.
func (s *nameSet) covers(n bundle.Name) bool {
	for labels := n.Labels(); labels > 0; labels-- {
		if s.names[n.Suffix(labels)] {
			return true
		}
	}
	return false
}

// below lists the names of the set under n, without n itself.
func (s *nameSet) below(n bundle.Name) []bundle.Name { return s.under[n] }

func (s *nameSet) all() []bundle.Name {
	names := make([]bundle.Name, 0, len(s.names))
	for n := range s.names {
		names = append(names, n)
	}
	return names
}
