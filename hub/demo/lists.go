// SPDX-License-Identifier: Apache-2.0

package demo

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"

	"lachan/duty/schools"
	"lachan/internal/authz"
)

// publishedNames writes invented names, one a line.
func publishedNames(n int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, "nhan-tin-la-%d.example\n", i)
	}
	return b.String()
}

// subscribedList subscribes to a list that a server of the demo's own
// publishes. Its second edition drops most names and adds a large platform, so
// that it waits for a person.
func (i *instance) subscribedList(ctx context.Context, actor authz.Actor, name string) error {
	var text atomic.Value
	text.Store(publishedNames(400))
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		fmt.Fprint(w, text.Load())
	}))
	defer server.Close()
	list, err := i.hub.Schools.Subscribe(ctx, actor, schools.SubscribeCommand{
		ListMeta: schools.ListMeta{Name: name, Category: "messaging", Licence: "CC0-1.0"},
		URL:      server.URL + "/nhan-tin.txt", Hours: schools.MaxHours,
	})
	if err != nil {
		return err
	}
	for n, want := range []schools.Outcome{schools.Applied, schools.HeldBack} {
		u, err := i.hub.Schools.UpdateList(ctx, authz.System("demo"), list.ID)
		if err != nil {
			return err
		}
		if u.Outcome != want {
			return fmt.Errorf("demo: subscribed list, edition %d: %s %s", n+1, u.Outcome, u.Why)
		}
		text.Store(publishedNames(120) + "telegram.org\n")
	}
	_, err = i.hub.Schools.BuildBundle(ctx, actor)
	return err
}
