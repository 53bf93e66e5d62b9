// SPDX-License-Identifier: Apache-2.0

package keep

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"lachan/duty/schools"
	"lachan/hub"
	"lachan/internal/authz"
	"lachan/test/kit"
)

// A list that is subscribed to is fetched by the hub's own jobs and is in the
// next bundle, and nobody asked twice.
func TestASubscribedListComesIntoForceByItself(t *testing.T) {
	ctx := context.Background()
	cfg := kit.Config(kit.Folder(t), "")
	cfg.Lists.AllowInside = true
	h := kit.Open(t, cfg, hub.Options{})
	asked := make(chan struct{}, 10)
	source := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		asked <- struct{}{}
		fmt.Fprint(w, "||xau-mau.example^\n@@||tot.xau-mau.example^\n")
	}))
	defer source.Close()
	operator := authz.Actor{System: true, Session: "test", Roles: []string{authz.Operator}}
	list, err := h.Schools.Subscribe(ctx, operator, schools.SubscribeCommand{
		ListMeta: schools.ListMeta{Name: "Danh sách mẫu", Category: "games"}, URL: source.URL, Hours: 24,
	})
	if err != nil {
		t.Fatal(err)
	}
	kit.Run(t, h)
	deadline := time.Now().Add(time.Minute)
	for {
		a, err := h.Schools.Lookup(ctx, operator, schools.LookupQuery{Domain: "www.xau-mau.example", Band: "primary"})
		if err != nil {
			t.Fatal(err)
		}
		if a.Blocked {
			break
		}
		if time.Now().After(deadline) {
			t.Fatalf("not in force after a minute: %+v", a)
		}
		time.Sleep(100 * time.Millisecond)
	}
	got, err := h.Schools.GetList(ctx, operator, list.ID)
	if err != nil || got.Subscription.Outcome != schools.Applied || len(asked) != 1 {
		t.Errorf("%+v, asked %d times, %v", got.Subscription, len(asked), err)
	}
	if a, err := h.Schools.Lookup(ctx, operator, schools.LookupQuery{Domain: "tot.xau-mau.example", Band: "primary"}); err != nil || a.Blocked {
		t.Errorf("the list's exception is refused: %+v %v", a, err)
	}
}
