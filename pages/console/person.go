package console

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"sort"
	"strings"
)

// person is everything that the console knows of someone.
type person struct {
	Type, ID string
	// Name is how to call them, Email their address, "" for none.
	Name, Email string
	// Profile are the fields of the account.
	Profile []pair
	// Metadata is written as JSON, "" for none.
	Metadata   string
	Groups     []group
	Identities []ways
	Roles      []role
	Grantable  []role

	Flows  []flow
	Events []event
	// Deletion is the running flow that will delete the account, nil for none.
	Deletion *flow
}

// pair is a line of a profile. Moment says that the value is a time.
type pair struct {
	Label, Value string
	Moment       bool
}

// ways are an identity with its ways in.
type ways struct {
	identity

	Factors []factor
	SignIns []signIn
}

// Live are the sessions.
func (w ways) Live() []signIn {
	return slices.DeleteFunc(slices.Clone(w.SignIns), func(s signIn) bool { return !s.Live })
}

// HasPassword reports whether the identity signs in with a password.
func (w ways) HasPassword() bool {
	return slices.ContainsFunc(w.Providers, func(c credential) bool { return c.Provider == "emailpass" })
}

type personPage struct {
	frame
	person

	// Path is the person's page. Deletable says that the caller may delete the account.
	Path      string
	Deletable bool
	// Own says that it is the caller's own account.
	Own bool
}

func (c *console) showPerson(v *visit) error {
	p, err := c.person(v)
	if err != nil {
		return err
	}
	if err := v.traces(&p); err != nil {
		return err
	}
	own := p.Type == ofUser && p.ID == v.me.ID
	return v.show(http.StatusOK, "person", personPage{
		frame: v.frame(), person: p, Path: personPath(p.Type, p.ID), Deletable: !own && v.can(deleteNeeds(p.Type)...), Own: own,
	})
}

// person reads an account with its identities.
func (c *console) person(v *visit) (p person, err error) {
	p = person{Type: v.R.PathValue("type"), ID: v.R.PathValue("id")}
	switch p.Type {
	case ofCustomer:
		err = v.readCustomer(&p)
	case ofUser:
		err = v.readUser(&p)
	case ofIdentity:
		return p, v.readIdentities(&p)
	default:
		err = c.readActor(v, &p)
	}
	if err == nil {
		err = v.readIdentities(&p)
	}
	return p, err
}

func (v *visit) readCustomer(p *person) error {
	var answer struct{ Customer customer }
	if err := v.Get("/admin/customers/"+url.PathEscape(p.ID)+"?fields=*groups", &answer); err != nil {
		return err
	}
	c := answer.Customer
	p.Name, p.Email, p.Groups = c.Name(), text(c.Email), c.Groups
	p.profile(
		pair{Label: v.T("console.name"), Value: nameOf(c.FirstName, c.LastName)}, pair{Label: v.T("console.email"), Value: text(c.Email)},
		pair{Label: v.T("console.company"), Value: text(c.Company)}, pair{Label: v.T("console.phone"), Value: text(c.Phone)},
		pair{Label: v.T("console.created"), Value: c.CreatedAt, Moment: true}, pair{Label: v.T("console.identifier"), Value: c.ID},
	)
	p.metadata(c.Metadata)
	return nil
}

func (v *visit) readUser(p *person) error {
	var answer struct{ User user }
	if err := v.Get("/admin/users/"+url.PathEscape(p.ID), &answer); err != nil {
		return err
	}
	u := answer.User
	p.Name, p.Email = u.Name(), u.Email
	p.profile(
		pair{Label: v.T("console.name"), Value: nameOf(u.FirstName, u.LastName)}, pair{Label: v.T("console.email"), Value: u.Email},
		pair{Label: v.T("console.created"), Value: u.CreatedAt, Moment: true}, pair{Label: v.T("console.identifier"), Value: u.ID},
	)
	p.metadata(u.Metadata)
	return v.readRoles(p)
}

// readRoles reads the roles of an administrator, and those that the caller may grant.
func (v *visit) readRoles(p *person) error {
	if !v.roles || !v.can("user:read", "rbac_role:read") {
		return nil
	}
	var held, grantable struct{ Roles []role }
	if err := v.Get("/admin/users/"+url.PathEscape(p.ID)+"/roles", &held); err != nil {
		return err
	}
	p.Roles = held.Roles
	if !v.can("user:update", "rbac_role:update") {
		return nil
	}
	if err := v.Get("/admin/rbac/roles/assignable", &grantable); err != nil {
		return err
	}
	p.Grantable = slices.DeleteFunc(grantable.Roles, func(r role) bool {
		return slices.ContainsFunc(held.Roles, func(h role) bool { return h.ID == r.ID })
	})
	return nil
}

// readActor reads an account of a custom type, whatever fields it has.
func (c *console) readActor(v *visit, p *person) error {
	i := slices.IndexFunc(c.ActorTypes, func(t ActorType) bool { return t.Name == p.Type })
	if i < 0 {
		return notFound(v)
	}
	var answer map[string]map[string]any
	if err := v.Get("/admin/"+url.PathEscape(c.ActorTypes[i].Plural)+"/"+url.PathEscape(p.ID), &answer); err != nil {
		return err
	}
	record := answer[p.Type]
	p.Email, _ = record["email"].(string)
	p.Name = nameOf(nil, nil, fieldOf(record, "name"), strings.TrimSpace(fieldOf(record, "first_name")+" "+fieldOf(record, "last_name")), p.Email, p.ID)
	var lines []pair
	for _, name := range sortedKeys(record) {
		if name != "metadata" && record[name] != nil {
			lines = append(lines, pair{Label: name, Value: fmt.Sprint(record[name]), Moment: strings.HasSuffix(name, "_at")})
		}
	}
	p.profile(lines...)
	if metadata, ok := record["metadata"].(map[string]any); ok {
		p.metadata(metadata)
	}
	return nil
}

func fieldOf(record map[string]any, name string) string {
	value, _ := record[name].(string)
	return value
}

func (p *person) profile(lines ...pair) {
	p.Profile = slices.DeleteFunc(lines, func(l pair) bool { return l.Value == "" })
}

func (p *person) metadata(of map[string]any) {
	if len(of) > 0 {
		p.Metadata = written(of)
	}
}

// mostIdentities bounds how many identities of one account are read in detail.
const mostIdentities = 5

func (v *visit) readIdentities(p *person) error {
	if !v.can("auth_identity:read") {
		return nil
	}
	ids := []string{p.ID}
	if p.Type != ofIdentity {
		var answer struct {
			Identities []identity `json:"auth_identities"`
		}
		query := url.Values{"actor_type": {p.Type}, "actor_id": {p.ID}, "limit": {fmt.Sprint(mostIdentities)}}
		if err := v.Get("/admin/auth-identities?"+query.Encode(), &answer); err != nil {
			return err
		}
		ids = nil
		for _, i := range answer.Identities {
			ids = append(ids, i.ID)
		}
	}
	for _, id := range ids {
		var answer struct {
			Identity identity `json:"auth_identity"`
			Factors  []factor
			SignIns  []signIn `json:"sign_ins"`
		}
		if err := v.Get("/admin/auth-identities/"+url.PathEscape(id), &answer); err != nil {
			return err
		}
		p.Identities = append(p.Identities, ways{answer.Identity, answer.Factors, answer.SignIns})
		if p.Name == "" {
			p.Name = answer.Identity.Entity()
		}
	}
	return nil
}

// mostTraces is how many flows and events a person's page shows.
const mostTraces = "10"

// traces reads what happened: the latest flows and events.
func (v *visit) traces(p *person) error {
	if v.can("flow:read") {
		query := url.Values{"limit": {mostTraces}}
		if p.Type != ofIdentity {
			query.Set("actor_id", p.ID)
		}
		if p.Email != "" {
			query.Set("email", p.Email)
		}
		if len(p.Identities) > 0 {
			query.Set("auth_identity_id", p.Identities[0].ID)
		}
		var answer struct{ Flows []flow }
		if err := v.Get("/admin/flows?"+query.Encode(), &answer); err != nil {
			return err
		}
		p.Flows = answer.Flows
		if i := slices.IndexFunc(p.Flows, flow.deletes); i >= 0 {
			p.Deletion = &p.Flows[i]
		}
	}
	if !v.can("event:read") || len(p.Identities) == 0 {
		return nil
	}
	var answer struct{ Events []event }
	query := url.Values{"limit": {mostTraces}, "order": {"-created_at"}, "auth_identity_id": {p.Identities[0].ID}}
	err := v.Get("/admin/events?"+query.Encode(), &answer)
	p.Events = answer.Events
	return err
}

func sortedKeys[T any](of map[string]T) []string {
	out := make([]string, 0, len(of))
	for name := range of {
		out = append(out, name)
	}
	sort.Strings(out)
	return out
}

// deleteNeeds are the permissions to delete an account.
func deleteNeeds(actorType string) []string {
	switch actorType {
	case ofIdentity:
		return []string{"auth_identity:read", "auth_identity:delete"}
	case ofCustomer:
		return []string{"customer:read", "customer:delete"}
	}
	return []string{actorType + ":delete"}
}
