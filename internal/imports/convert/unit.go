package convert

import (
	"cmp"
	"fmt"
	"iter"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/everlatch/everlatch"
	"github.com/everlatch/everlatch/internal/ids"
	"github.com/everlatch/everlatch/internal/transfer"
	"github.com/everlatch/everlatch/providers/emailpass"
	totpfactor "github.com/everlatch/everlatch/providers/totp"
)

// unitMaker makes units of accounts, and knows what their passwords are.
type unitMaker struct {
	Options

	// system begins the seeds of ids: kratos/….
	system string
	tally  tally
}

// units makes units of all accounts, and a last one that sums up the passwords.
func (o Options) units(system string, accounts iter.Seq2[account, error]) Units {
	return func(yield func(transfer.Unit, error) bool) {
		m := unitMaker{Options: o, system: system, tally: tally{}}
		for a, err := range accounts {
			if err != nil {
				yield(transfer.Unit{}, err)
				return
			}
			if !yield(m.unit(a), nil) {
				return
			}
		}
		if notes := m.tally.notes(); len(notes) > 0 {
			yield(transfer.Unit{Notes: notes}, nil)
		}
	}
}

func (m *unitMaker) unit(a account) transfer.Unit {
	u := transfer.Unit{Line: a.line, Source: a.id}
	if u.Refusal = a.check(m.Options); u.Refusal != "" {
		return u
	}
	b := builder{Options: m.Options, a: a}
	b.ActorType = cmp.Or(a.actorType, m.ActorType)
	b.key, _ = emailpass.CanonicalEmail(a.email)
	b.seed = m.system + "/" + cmp.Or(a.id, b.key)
	actor, err := b.actor()
	if err != nil {
		u.Refusal = err.Error()
		return u
	}
	identity := b.identity()
	if actor != nil {
		u.Records = append(u.Records, actor)
	}
	u.Records = append(u.Records, identity)
	u.Notes = b.a.notes
	m.tally.add(a.hash)
	return u
}

// builder builds the records of one account.
type builder struct {
	Options

	a         account
	key, seed string
}

// id derives an id: the same file gives the same ids again.
func (b *builder) id(prefix, what string) string {
	at := b.a.created
	if at.Before(time.Unix(0, 0)) {
		at = time.Unix(0, 0) // unknown
	}
	return ids.Derived(prefix, at, b.seed+"/"+what)
}

// timed adds times, where the other system tells them.
func (b *builder) timed(r transfer.Record) transfer.Record {
	if !b.a.created.IsZero() {
		r["created_at"], r["updated_at"] = stamp(b.a.created), stamp(b.a.updated)
	}
	return r
}

func (b *builder) created(r transfer.Record) transfer.Record {
	if !b.a.created.IsZero() {
		r["created_at"] = stamp(b.a.created)
	}
	return r
}

func stamp(at time.Time) string { return at.UTC().Format(time.RFC3339Nano) }

// actorRef is the actor that the identity is linked to.
func (b *builder) actorRef() everlatch.ActorRef {
	id := b.a.actorID
	if id == "" {
		prefix := map[string]string{everlatch.ActorCustomer: ids.Customer, everlatch.ActorUser: ids.User}[b.ActorType]
		id = b.id(prefix, b.ActorType)
	}
	return everlatch.ActorRef{ActorType: b.ActorType, ActorID: id}
}

// actor is the record of the account, nil for an actor that exists elsewhere.
func (b *builder) actor() (transfer.Record, error) {
	switch {
	case b.a.actorID != "":
		return nil, nil
	case b.ActorType == everlatch.ActorUser:
		return b.user(), nil
	case b.ActorType == everlatch.ActorCustomer:
		return b.customer(), nil
	}
	maker, err := b.Actors(b.ActorType)
	switch {
	case err != nil:
		return nil, fmt.Errorf("There is no actor type %q.", b.ActorType) //nolint:revive,staticcheck // a sentence of the report
	case maker == nil:
		return nil, fmt.Errorf("Actors of the type %q are kept elsewhere: the field actor_id of a table names them.", b.ActorType) //nolint:revive,staticcheck // the same
	default:
		return b.custom(maker)
	}
}

func (b *builder) customer() transfer.Record {
	r := b.person(transfer.TypeCustomer)
	r["has_account"] = true
	put(r, "phone", b.a.phone)
	put(r, "company_name", b.a.company)
	return b.timed(r)
}

func (b *builder) user() transfer.Record {
	r := b.person(transfer.TypeUser)
	var roles []transfer.Record
	for _, role := range b.Roles {
		roles = append(roles, b.created(transfer.Record{"rbac_role_id": role}))
	}
	if len(roles) > 0 {
		r["roles"] = roles
	}
	if b.a.phone != "" || b.a.company != "" {
		b.a.note("The phone number or company was left out: administrators have none.")
	}
	return b.timed(r)
}

func (b *builder) person(typ string) transfer.Record {
	r := transfer.Record{"type": typ, "id": b.actorRef().ActorID, "email": b.a.email}
	put(r, "first_name", b.a.first)
	put(r, "last_name", b.a.last)
	if len(b.a.metadata) > 0 {
		r["metadata"] = b.a.metadata
	}
	return r
}

func put(r transfer.Record, name, value string) {
	if value != "" {
		r[name] = value
	}
}

// custom is the record of a custom actor type, made of the fields that it has.
func (b *builder) custom(maker ActorMaker) (transfer.Record, error) {
	fields := map[string]any{"email": b.a.email}
	for name, value := range map[string]string{
		"first_name": b.a.first, "last_name": b.a.last, "phone": b.a.phone, "company_name": b.a.company,
		"name": cmp.Or(b.a.name, strings.TrimSpace(b.a.first+" "+b.a.last)),
	} {
		if value != "" {
			fields[name] = value
		}
	}
	for name, value := range b.a.metadata {
		if _, taken := fields[name]; !taken {
			fields[name] = value
		}
	}
	r, left, err := maker(b.seed+"/"+b.ActorType, b.a.created, fields)
	if err != nil {
		return nil, err
	}
	left = slices.DeleteFunc(left, func(name string) bool { return name == "name" || name == "first_name" || name == "last_name" })
	if slices.Sort(left); len(left) > 0 {
		b.a.note("Left out, because a %s has no such fields: %s.", b.ActorType, strings.Join(left, ", "))
	}
	b.a.actorID = r.ID()
	return b.timed(r), nil
}

// identity is what signs the actor in.
func (b *builder) identity() transfer.Record {
	ref := b.actorRef()
	r := b.timed(transfer.Record{
		"type": transfer.TypeIdentity, "id": b.id(ids.AuthIdentity, "identity"),
		"provider_identities": b.ways(),
		"actors":              []transfer.Record{b.created(transfer.Record{"actor_type": ref.ActorType, "actor_id": ref.ActorID})},
	})
	if b.a.disabled {
		r["disabled_at"] = stamp(b.changed())
	}
	if !b.a.lastUsed.IsZero() {
		r["last_used_at"] = stamp(b.a.lastUsed)
	}
	b.addAppMetadata(r)
	if len(b.a.totp) > 0 {
		b.addFactors(r)
	}
	return r
}

// changed is when the account was changed last, as far as it is known.
func (b *builder) changed() time.Time {
	if b.a.updated.IsZero() {
		return b.Now
	}
	return b.a.updated
}

func (b *builder) ways() (out []transfer.Record) {
	if b.a.byEmail {
		r := transfer.Record{
			"id": b.id(ids.ProviderIdentity, "emailpass"), "provider": emailpass.Identifier, "entity_id": b.a.email, "entity_key": b.key,
		}
		if b.a.hash != "" {
			r["provider_metadata"] = map[string]any{"password": b.a.hash}
		}
		if b.a.verified {
			r["verified_email"] = b.key
		}
		out = append(out, b.timed(r))
	}
	for _, l := range b.a.links {
		r := transfer.Record{
			"id": b.id(ids.ProviderIdentity, l.provider+"/"+l.subject), "provider": l.provider, "entity_id": l.subject, "entity_key": l.subject,
		}
		if key, valid := emailpass.CanonicalEmail(l.email); valid {
			r["verified_email"] = key
		}
		out = append(out, b.timed(r))
	}
	return out
}

// addAppMetadata adds what programs keep with the identity, but for the keys that a token
// has for its links and roles.
func (b *builder) addAppMetadata(r transfer.Record) {
	kept := maps.Clone(b.a.appMetadata)
	var left []string
	for key, value := range b.a.appMetadata {
		if everlatch.AppMetadataReserved(key) {
			left = append(left, key)
		}
		if everlatch.AppMetadataReserved(key) || value == nil {
			delete(kept, key)
		}
	}
	if len(kept) > 0 {
		r["app_metadata"] = kept
	}
	if slices.Sort(left); len(left) > 0 {
		b.a.note("Left out of app_metadata, because links and roles have these names here: %s.", strings.Join(left, ", "))
	}
}

func (b *builder) addFactors(r transfer.Record) {
	at := stamp(b.changed())
	r["mfa_enabled_at"] = at
	var factors []transfer.Record
	for i, t := range b.a.totp {
		factors = append(factors, b.timed(transfer.Record{
			"id": b.id(ids.Factor, fmt.Sprintf("totp/%d", i)), "provider": totpfactor.Method, "status": "enabled", "secret": t.secret(), "enabled_at": at,
		}))
	}
	r["factors"] = factors
}
