// SPDX-License-Identifier: Apache-2.0

package demo

import (
	"crypto/rand"
	"embed"
	"encoding/json"
	"fmt"
	"math/big"
	"strings"

	"lachan/internal/locale"
)

//go:embed data
var files embed.FS

func readData(name string, into any) error {
	data, err := files.ReadFile("data/" + name)
	if err != nil {
		return fmt.Errorf("demo: %w", err)
	}
	if err := json.Unmarshal(data, into); err != nil {
		return fmt.Errorf("demo: %s: %w", name, err)
	}
	return nil
}

// parts are what stories are put together from.
type parts struct {
	Domains, Who, What, More, Urgent, Answer, Family, Middle, Given []string
	Reason, School                                                  string
}

// story is what one run of the tour is about. It is drawn anew in each run, so
// that nothing on the screen can have been prepared.
type story struct {
	Domain         string // the site that is reported, under .example
	Site           string // the sample site that is scanned, under .example
	Words, More    string // as the child tells it
	Urgent         string // a second report, of danger
	Answer         string // what the officer writes back
	Reason, School string // why the name is refused; the node's name
	Names          []string
}

// draw is a random member of a list.
func draw[T any](list []T) T {
	n, err := rand.Int(rand.Reader, big.NewInt(int64(len(list))))
	if err != nil {
		return list[0] // crypto/rand does not fail
	}
	return list[n.Int64()]
}

// secret is a random word of n letters that are easy to read.
func secret(n int) string {
	const letters = "abcdefghjkmnpqrstuvwxyz23456789"
	var b strings.Builder
	for range n {
		b.WriteByte(draw([]byte(letters)))
	}
	return b.String()
}

func newStory(names int) (story, error) {
	var p parts
	if err := readData("tour.json", &p); err != nil {
		return story{}, err
	}
	s := story{
		Domain: draw(p.Domains) + "-" + secret(5) + ".example", Site: "mau-ra-quet-" + secret(5) + ".example",
		Words: draw(p.Who) + " " + draw(p.What) + " (" + secret(6) + ").", More: draw(p.More),
		Urgent: draw(p.Urgent) + " (" + secret(6) + ")", Answer: draw(p.Answer) + " (" + secret(6) + ")",
		Reason: p.Reason, School: p.School,
	}
	for range names {
		s.Names = append(s.Names, locale.Normalize(draw(p.Family)+" "+draw(p.Middle)+" "+draw(p.Given)))
	}
	return s, nil
}
