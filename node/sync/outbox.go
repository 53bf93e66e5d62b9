// SPDX-License-Identifier: Apache-2.0

package sync

import (
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"slices"
	"sync"

	"lachan/internal/bus"
	"lachan/internal/problem"
)

// Outbox keeps what the hub has not yet committed: batches of counts and
// wishes to open a name. It holds numbers and names of sites, nothing of any
// pupil, and survives a restart.
type Outbox struct {
	mu   sync.Mutex
	disk disk
	box  box
	full chan struct{} // has room for one: there is something to send
}

type box struct {
	Next    uint64       `json:"next"` // sequence of the next batch
	Batches []bus.Counts `json:"batches"`
	Asks    []bus.Ask    `json:"asks"`
	Today   []bus.Ask    `json:"today"` // wished on the newest day, sent or not
}

const (
	// maxBatches bounds the file when the hub stays away for months; the
	// oldest go first.
	maxBatches = 4000
	// maxAsks bounds what one school can wish for a day.
	maxAsks = 500
)

// OpenOutbox reads what was left.
func OpenOutbox(dir string) (*Outbox, error) {
	o := &Outbox{disk: disk{dir}, full: make(chan struct{}, 1)}
	data, err := os.ReadFile(o.disk.path("outbox.json"))
	if err == nil {
		err = json.Unmarshal(data, &o.box)
	}
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, problem.New("node/state").Wrap(err)
	}
	o.box.Next = max(o.box.Next, 1)
	o.ring()
	return o, nil
}

func (o *Outbox) ring() {
	select {
	case o.full <- struct{}{}:
	default:
	}
}

func (o *Outbox) save() error {
	data, err := json.Marshal(o.box)
	if err == nil {
		err = o.disk.writeFile(o.disk.path("outbox.json"), data)
	}
	if err != nil {
		return problem.New("node/state").Wrap(err)
	}
	return nil
}

// Add stores cells as the next batch.
func (o *Outbox) Add(cells []bus.Cell) error {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.box.Batches = append(o.box.Batches, bus.Counts{Sequence: o.box.Next, Cells: cells})
	o.box.Next++
	if extra := len(o.box.Batches) - maxBatches; extra > 0 {
		o.box.Batches = slices.Delete(o.box.Batches, 0, extra)
	}
	o.ring()
	return o.save()
}

// Wish stores a wish, once a day for each name, band and school.
func (o *Outbox) Wish(a bus.Ask) error {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.box.Today = slices.DeleteFunc(o.box.Today, func(old bus.Ask) bool { return old.Day != a.Day })
	if slices.Contains(o.box.Today, a) {
		return nil
	}
	if len(o.box.Today) >= maxAsks || len(o.box.Asks) >= maxAsks {
		return problem.New("node/too-many-wishes")
	}
	o.box.Asks, o.box.Today = append(o.box.Asks, a), append(o.box.Today, a)
	o.ring()
	return o.save()
}

// next is the oldest of each kind, nil for none.
func (o *Outbox) next() (*bus.Counts, *bus.Ask) {
	o.mu.Lock()
	defer o.mu.Unlock()
	var c *bus.Counts
	var a *bus.Ask
	if len(o.box.Batches) > 0 {
		c = &o.box.Batches[0]
	}
	if len(o.box.Asks) > 0 {
		a = &o.box.Asks[0]
	}
	return c, a
}

// doneCounts forgets a batch that the hub has committed.
func (o *Outbox) doneCounts(sequence uint64) error {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.box.Batches = slices.DeleteFunc(slices.Clone(o.box.Batches), func(c bus.Counts) bool { return c.Sequence == sequence })
	return o.save()
}

func (o *Outbox) doneAsk(done bus.Ask) error {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.box.Asks = slices.DeleteFunc(slices.Clone(o.box.Asks), func(a bus.Ask) bool { return a == done })
	return o.save()
}

// Pending counts the batches that the hub has not committed.
func (o *Outbox) Pending() int {
	o.mu.Lock()
	defer o.mu.Unlock()
	return len(o.box.Batches)
}
