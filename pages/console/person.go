package console

import (
	"errors"
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
	// Names are the first and the last name; these fields and the next are for forms.
	Names          [2]string
	Company, Phone string
	// Profile are the fields of the account.
	Profile []pair
	// Metadata is written as JSON, "" for none.
	Metadata   string
	Groups     []group
	Addresses  []postal
	Identities []ways
	Roles      []role
	Grantable  []role

	// MoreIdentities is how many identities are not shown.
	MoreIdentities int

	Flows  []flow
	Events []event
	Mails  []delivery
	// Deletion is when the account will be deleted, nil for one that will not be.
	Deletion *deletion
}

// deletion is a removal that waits and can be undone until then.
type deletion struct {
	At string `json:"deletion_at"`
	// Flow is the page of the flow that waits, "" where it is not known.
	Flow string `json:"-"`
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

// passwordProvider is the provider of passwords.
const passwordProvider = "emailpass"

// HasPassword reports whether the identity signs in with a password.
func (w ways) HasPassword() bool {
	return slices.ContainsFunc(w.Providers, func(c credential) bool { return c.Provider == passwordProvider })
}

type personPage struct {
	frame
	person

	// Path is the person's page. Deletable says that the caller may delete the account.
	Path      string
	Deletable bool
	// Own says that it is the caller's own account.
	Own bool
	// Editable says that the caller may change the profile.
	Editable bool
	// Resettable says that the caller may send a link for a new password.
	Resettable bool
}

func (c *console) showPerson(v *visit) error {
	p, err := c.person(v)
	if err != nil {
		return err
	}
	if err := errors.Join(v.traces(&p), v.readDeletion(&p), v.readAddresses(&p)); err != nil {
		return err
	}
	own := p.Type == ofUser && p.ID == v.me.ID
	return v.show(http.StatusOK, "person", personPage{
		frame: v.frame(), person: p, Path: personPath(p.Type, p.ID), Deletable: !own && v.can(deleteNeeds(p.Type)...), Own: own,
		Editable: editable(p.Type) && v.can(updateNeeds(p.Type)...), Resettable: p.Type != ofIdentity && v.can(resetNeeds(p.Type)...),
	})
}

// person reads an account with its identities.
func (c *console) person(v *visit) (p person, err error) {
	p = person{Type: v.R.PathValue("type"), ID: v.R.PathValue("id")}
	if err := v.permitted(readNeeds(p.Type)); err != nil {
		return p, err
	}
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
	p.Names, p.Company, p.Phone = [2]string{text(c.FirstName), text(c.LastName)}, text(c.Company), text(c.Phone)
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
	p.Name, p.Email, p.Names = u.Name(), u.Email, [2]string{text(u.FirstName), text(u.LastName)}
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
	p.Roles = v.named(held.Roles)
	if !v.can("user:update", "rbac_role:update") {
		return nil
	}
	if err := v.Get("/admin/rbac/roles/assignable", &grantable); err != nil {
		return err
	}
	p.Grantable = slices.DeleteFunc(v.named(grantable.Roles), func(r role) bool {
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
	p.Email, p.Name = fieldOf(record, "email"), actorName(record)
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

// actorName is a name of an account of a custom type.
func actorName(record map[string]any) string {
	name := strings.TrimSpace(fieldOf(record, "first_name") + " " + fieldOf(record, "last_name"))
	return nameOf(nil, nil, fieldOf(record, "name"), name, fieldOf(record, "email"), fieldOf(record, "id"))
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

// name words the providers of an identity.
func (v *visit) name(w *ways) error {
	actorType := ofCustomer
	if actors := w.Actors(); len(actors) > 0 {
		actorType = actors[0].Type
	}
	named, err := v.ProviderNames(actorType)
	if err != nil {
		return err
	}
	for i := range w.Providers {
		w.Providers[i].Name = named(w.Providers[i].Provider)
	}
	for i := range w.SignIns {
		w.SignIns[i].Name = named(w.SignIns[i].Provider)
	}
	for i := range w.Factors {
		w.Factors[i].Name = v.FactorName(w.Factors[i].Provider)
	}
	return nil
}

// mostIdentities bounds how many identities of one account are read in detail.
const mostIdentities = 20

func (v *visit) readIdentities(p *person) error {
	if !v.can("auth_identity:read") {
		return nil
	}
	ids := []string{p.ID}
	if p.Type != ofIdentity {
		var answer struct {
			Identities []identity `json:"auth_identities"`
			Count      int
		}
		query := url.Values{"actor_type": {p.Type}, "actor_id": {p.ID}, "limit": {fmt.Sprint(mostIdentities)}}
		if err := v.Get("/admin/auth-identities?"+query.Encode(), &answer); err != nil {
			return err
		}
		ids, p.MoreIdentities = nil, answer.Count-len(answer.Identities)
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
		w := ways{answer.Identity, answer.Factors, answer.SignIns}
		if err := v.name(&w); err != nil {
			return err
		}
		p.Identities = append(p.Identities, w)
		if p.Name == "" {
			p.Name = answer.Identity.Entity()
		}
	}
	return nil
}

func sortedKeys[T any](of map[string]T) []string {
	out := make([]string, 0, len(of))
	for name := range of {
		out = append(out, name)
	}
	sort.Strings(out)
	return out
}

// readNeeds are the permissions to see an account.
func readNeeds(actorType string) []string {
	if actorType == ofIdentity {
		return []string{"auth_identity:read"}
	}
	return []string{actorType + ":read"}
}

// resetNeeds are the permissions to send a link for a new password.
func resetNeeds(actorType string) []string {
	return []string{"auth_identity:read", actorType + ":read", actorType + ":update"}
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
