package console

import (
	"cmp"
	"net/url"
	"slices"
	"strconv"
)

// mostTraces is how many flows, events and mails a person's page shows.
const mostTraces = 10

// traces reads what happened: the latest flows, events and mails of all identities.
func (v *visit) traces(p *person) error {
	if v.can("flow:read") {
		if err := v.readFlows(p); err != nil {
			return err
		}
	}
	if !v.can("event:read") {
		return nil
	}
	for _, identity := range p.Identities {
		query := url.Values{"limit": {strconv.Itoa(mostTraces)}, "order": {"-created_at"}, "auth_identity_id": {identity.ID}}
		var events struct{ Events []event }
		if err := v.Get("/admin/events?"+query.Encode(), &events); err != nil {
			return err
		}
		query.Set("subscriber", mailer)
		var mails struct{ Deliveries []delivery }
		if err := v.Get("/admin/event-deliveries?"+query.Encode(), &mails); err != nil {
			return err
		}
		p.Events, p.Mails = append(p.Events, events.Events...), append(p.Mails, mails.Deliveries...)
	}
	p.Events = latest(p.Events, func(e event) string { return e.CreatedAt })
	p.Mails = latest(p.Mails, func(d delivery) string { return d.UpdatedAt })
	return nil
}

// mailer is the subscriber that sends mails.
const mailer = "mail"

// latest are the latest of several lists that were put together. The times of the API
// compare as texts.
func latest[T any](of []T, at func(T) string) []T {
	slices.SortStableFunc(of, func(a, b T) int { return cmp.Compare(at(b), at(a)) })
	return of[:min(mostTraces, len(of))]
}

// readFlows reads the latest flows of an account, which the API finds by all its identities
// and their addresses, or of an identity without one.
func (v *visit) readFlows(p *person) error {
	query := url.Values{"limit": {strconv.Itoa(mostTraces)}}
	if p.Type == ofIdentity {
		query.Set("auth_identity_id", p.ID)
	} else {
		query.Set("actor_id", p.ID)
	}
	if p.Email != "" {
		query.Set("email", p.Email)
	}
	var answer struct{ Flows []flow }
	err := v.Get("/admin/flows?"+query.Encode(), &answer)
	p.Flows = v.wordAll(answer.Flows)
	return err
}

// readDeletion reads whether a customer is to be removed, and until when they can be kept.
func (v *visit) readDeletion(p *person) error {
	if p.Type != ofCustomer {
		return nil
	}
	var answer struct{ Deletion *deletion }
	if err := v.Get(deletionRoute(p.ID), &answer); err != nil {
		return err
	}
	p.Deletion = answer.Deletion
	if i := slices.IndexFunc(p.Flows, flow.deletes); i >= 0 && p.Deletion != nil {
		p.Deletion.Flow = p.Flows[i].Path()
	}
	return nil
}
