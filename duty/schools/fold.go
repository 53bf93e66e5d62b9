// SPDX-License-Identifier: Apache-2.0

package schools

import (
	"context"
	"time"

	"lachan/internal/problem"
)

// Decisions lie over a bundle until the next one holds them. A node that joins
// or was away fetches them one by one, and each look-up passes over them; so
// they are folded in when there are many, and once a day when there are any.
const (
	foldMany  = 500
	foldAfter = 24 * time.Hour
)

// FoldDue reports whether the next bundle should be built for what has changed
// since the current one: lists, many decisions, or any decision a day old.
func (s *Service) FoldDue(ctx context.Context) (bool, error) {
	lists, deltas, err := s.Stale(ctx)
	if err != nil || lists > 0 || deltas >= foldMany {
		return err == nil, err
	}
	if deltas <= 0 {
		return false, nil
	}
	info, err := s.CurrentBundle(ctx)
	if problem.Is(err, "schools/no-bundle") {
		return true, nil
	}
	return err == nil && s.clock.Now().Sub(info.Created) >= foldAfter, wrap("fold", err)
}
