// SPDX-License-Identifier: Apache-2.0

package authz

// Actor is who acts: one person in one unit, or the program itself.
type Actor struct {
	Person  string // id of the person; empty for the system
	Unit    string // id of the unit the person acts for
	Session string // id of the session, for step-up; never its secret
	// Roles held in Unit today, of the list below.
	Roles []string
	// Functions of Unit today (org), such as "child_protection".
	Functions []string
	// System marks background work and start-up steps: they may seal, never
	// open, and rules name what they may do.
	System bool
	// Token is the id of the token (package identity) with which a machine
	// acts, for Person or, where that is empty, for itself. Rules name what
	// only a person does.
	Token string
}

// System is the actor of background work. name is kept as the session, so
// that the ledger shows which part acted.
func System(name string) Actor { return Actor{Session: name, System: true} }

// Name is how the ledger calls the actor: the person's id, "system:NAME", or
// "token:ID" for a machine that acts for itself.
func (a Actor) Name() string {
	switch {
	case a.System:
		return "system:" + a.Session
	case a.Person == "" && a.Token != "":
		return "token:" + a.Token
	}
	return a.Person
}

// The roles (reference: the duties of DESIGN.md §1). A person holds roles in a
// unit, with dates; package identity keeps them.
const (
	Admin     = "admin"      // configuration and accounts, never content
	Head      = "head"       // heads a unit: assigns, approves
	Triage    = "triage"     // duty officer
	Handler   = "handler"    // owns cases
	Takedown  = "takedown"   // addresses and platforms, no victim's identity
	Police    = "police"     // the criminal track
	Custodian = "custodian"  // evidence, unmasking
	Keyholder = "keyholder"  // a share of the recovery key
	Auditor   = "auditor"    // the ledger, no content
	Analyst   = "analyst"    // aggregates
	Focal     = "focal"      // a unit's focal person for reports
	Lead      = "lead"       // the lead department
	ITTeacher = "it_teacher" // a school's filter
	Operator  = "operator"   // runs the machine
	// Reviewer judges what detection found; ModelKeeper trains its model.
	Reviewer    = "reviewer"
	ModelKeeper = "model_keeper"
)

// Roles lists every role.
func Roles() []string {
	return []string{
		Admin, Head, Triage, Handler, Takedown, Police, Custodian, Keyholder,
		Auditor, Analyst, Focal, Lead, ITTeacher, Operator, Reviewer, ModelKeeper,
	}
}

// Resource is what is acted on.
type Resource struct {
	Type string // "casework.case"
	ID   string // may be empty for a list or a thing yet to be made
	// Attrs are read by the rules: string, bool, int64, int or []string.
	Attrs map[string]any
	// Hidden says that an actor who may not act on it may not know of it: a
	// denial is then authz/not-found.
	Hidden bool
}

// Permit is proof that Check allowed an act. Its zero value permits nothing.
type Permit struct {
	action   string
	resource string
	person   string
	policies []string
}

// Policies are the @ids of the rules that allowed it, sorted, for the ledger.
func (p Permit) Policies() []string { return p.policies }

// Covers reports whether the permit was given for this action on this thing.
func (p Permit) Covers(action, resourceID string) bool {
	return len(p.policies) > 0 && p.action == action && p.resource == resourceID
}

// Action is the action allowed, "" in the zero value.
func (p Permit) Action() string { return p.action }

// Person is who was permitted; empty for the system.
func (p Permit) Person() string { return p.person }

// ResourceID is the id of the thing that the permit is about.
func (p Permit) ResourceID() string { return p.resource }
