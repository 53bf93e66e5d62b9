// SPDX-License-Identifier: Apache-2.0

package authz

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"slices"
	"strings"

	"github.com/cedar-policy/cedar-go"

	"lachan/internal/problem"
)

// Engine holds the parsed policies. It is safe for concurrent use and does
// not change after New.
type Engine struct {
	byAction map[string]cedar.PolicyMap
	// notFound are the forbidding rules whose denial hides the thing.
	notFound map[cedar.PolicyID]bool
	ids      []string
}

// New reads every *.cedar file of policies. Each rule needs an @id of its own
// and must name its actions, except that a forbid may stand over all of them.
func New(policies fs.FS) (*Engine, error) {
	files, err := fs.Glob(policies, "*.cedar")
	if err != nil {
		return nil, fmt.Errorf("authz: %w", err)
	}
	e := &Engine{byAction: map[string]cedar.PolicyMap{}, notFound: map[cedar.PolicyID]bool{}}
	overAll := cedar.PolicyMap{}
	for _, file := range files {
		text, err := fs.ReadFile(policies, file)
		if err != nil {
			return nil, fmt.Errorf("authz: %w", err)
		}
		list, err := cedar.NewPolicyListFromBytes(file, text)
		if err != nil {
			return nil, fmt.Errorf("authz: %s: %w", file, err)
		}
		for _, p := range list {
			if err := e.add(file, p, overAll); err != nil {
				return nil, err
			}
		}
	}
	if len(e.ids) == 0 {
		return nil, errors.New("authz: no policies")
	}
	for _, set := range e.byAction {
		maps.Copy(set, overAll)
	}
	slices.Sort(e.ids)
	return e, nil
}

func (e *Engine) add(file string, p *cedar.Policy, overAll cedar.PolicyMap) error {
	at := fmt.Sprintf("authz: %s:%d", file, p.Position().Line)
	id := string(p.Annotations()["id"])
	room := strings.TrimSuffix(file, ".cedar")
	switch {
	case !strings.HasPrefix(id, room+"."):
		return fmt.Errorf("%s: @id(%q) must begin with %q", at, id, room+".")
	case slices.Contains(e.ids, id):
		return fmt.Errorf("%s: @id(%q) is there already", at, id)
	}
	e.ids = append(e.ids, id)
	switch answer := p.Annotations()["answer"]; answer {
	case "":
	case "not-found":
		if p.Effect() != cedar.Forbid {
			return fmt.Errorf("%s: @answer belongs to a forbid", at)
		}
		e.notFound[cedar.PolicyID(id)] = true
	default:
		return fmt.Errorf("%s: unknown @answer(%q)", at, answer)
	}
	actions, err := actionsOf(p)
	if err != nil {
		return fmt.Errorf("%s: %w", at, err)
	}
	if len(actions) == 0 {
		if p.Effect() == cedar.Permit {
			return fmt.Errorf("%s: a permit must name its actions", at)
		}
		overAll[cedar.PolicyID(id)] = p
	}
	for _, a := range actions {
		if e.byAction[a] == nil {
			e.byAction[a] = cedar.PolicyMap{}
		}
		e.byAction[a][cedar.PolicyID(id)] = p
	}
	return nil
}

// actionsOf reads the actions out of a rule's head; none means all. The rules
// are filed by action, so that a check evaluates a handful and not the book.
func actionsOf(p *cedar.Policy) ([]string, error) {
	text, err := p.MarshalJSON()
	if err != nil {
		return nil, err
	}
	type entity struct{ Type, ID string }
	var head struct {
		Action struct {
			Op       string
			Entity   *entity
			Entities []entity
		}
	}
	if err := json.Unmarshal(text, &head); err != nil {
		return nil, err
	}
	named := head.Action.Entities
	if head.Action.Entity != nil {
		named = append(named, *head.Action.Entity)
	}
	if len(named) == 0 && head.Action.Op != "All" {
		return nil, fmt.Errorf("cannot read the actions of a rule with %q", head.Action.Op)
	}
	var actions []string
	for _, n := range named {
		if n.Type != "Action" || n.ID == "" {
			return nil, fmt.Errorf("action must be Action::\"room.verb\", not %s::%q", n.Type, n.ID)
		}
		actions = append(actions, n.ID)
	}
	return actions, nil
}

// IDs are the @ids of all rules, sorted.
func (e *Engine) IDs() []string { return slices.Clone(e.ids) }

// Actions are all actions that some rule names, sorted.
func (e *Engine) Actions() []string { return slices.Sorted(maps.Keys(e.byAction)) }

// Check decides. Denied is the problem authz/forbidden, or authz/not-found
// when the actor may not know of the resource. An action that no rule names is
// a fault of the program and an error of its own.
func (e *Engine) Check(_ context.Context, a Actor, action string, r Resource) (Permit, error) {
	policies, known := e.byAction[action]
	if !known {
		return Permit{}, fmt.Errorf("authz: no policy names the action %q", action)
	}
	req, entities, err := request(a, action, r)
	if err != nil {
		return Permit{}, err
	}
	decision, why := cedar.Authorize(policies, entities, req)
	if decision == cedar.Allow && len(why.Errors) == 0 {
		ids := make([]string, len(why.Reasons))
		for i, reason := range why.Reasons {
			ids[i] = string(reason.PolicyID)
		}
		slices.Sort(ids)
		return Permit{action: action, resource: r.ID, person: a.Person, policies: ids}, nil
	}
	hidden := r.Hidden
	for _, reason := range why.Reasons {
		hidden = hidden || e.notFound[reason.PolicyID]
	}
	code := "authz/forbidden"
	if hidden {
		code = "authz/not-found"
	}
	denied := problem.New(code)
	if len(why.Errors) > 0 {
		// A rule that could not be evaluated might have been the one that
		// forbids. Its message names attributes, never values.
		denied.Wrap(fmt.Errorf("authz: %s: %s", why.Errors[0].PolicyID, why.Errors[0].Message))
	}
	return Permit{}, denied
}
