package trails

import (
	"context"
	"errors"
	"slices"
	"strings"

	"github.com/everlatch/everlatch"
	"github.com/everlatch/everlatch/flows"
	"github.com/everlatch/everlatch/internal/store"
)

// Flows are what trails need of flows.Client.
type Flows interface {
	ListFlows(ctx context.Context, f flows.FlowFilter) ([]flows.FlowInfo, error)
	Trail(ctx context.Context, id string) (flows.FlowTrail, error)
	Attention(ctx context.Context) ([]flows.Attention, error)
	DeliveryFlowID(d everlatch.Delivery) string
}

// Book finds and tells trails.
type Book struct {
	Flows Flows
	Store *store.Store
}

// Person is what support knows of someone: any of an identity, an account and an
// address. Zero selects every flow.
type Person struct{ IdentityID, ActorID, Email string }

// Find lists the flows that a filter selects and that are about a person. One who is given
// by any of the three is found by all that belong together: the identity by its addresses,
// also where a sign-in was refused and so does not know the identity.
func (b Book) Find(ctx context.Context, p Person, f flows.FlowFilter) ([]flows.FlowInfo, error) {
	identities, err := b.identities(ctx, p)
	if err != nil {
		return nil, err
	}
	if p.IdentityID != "" {
		f.IdentityIDs = append(f.IdentityIDs, p.IdentityID)
	}
	if p.ActorID != "" {
		f.ActorIDs = append(f.ActorIDs, p.ActorID)
	}
	if p.Email != "" {
		f.Addresses = append(f.Addresses, p.Email, strings.ToLower(p.Email))
	}
	for _, i := range identities {
		f.IdentityIDs = append(f.IdentityIDs, i.ID)
		for _, actorID := range i.Links {
			f.ActorIDs = append(f.ActorIDs, actorID)
		}
		for _, method := range i.Providers {
			f.Addresses = append(f.Addresses, strings.ToLower(method.EntityID), method.EntityID)
		}
	}
	for _, list := range []*[]string{&f.IdentityIDs, &f.ActorIDs, &f.Addresses} {
		slices.Sort(*list)
		*list = slices.Compact(*list)
	}
	return b.Flows.ListFlows(ctx, f)
}

// mostIdentities bounds how many identities one person has here.
const mostIdentities = 20

func (b Book) identities(ctx context.Context, p Person) ([]everlatch.AuthIdentity, error) {
	var f store.IdentityFilter
	switch {
	case p.IdentityID != "":
		found, err := b.Store.Identity(ctx, p.IdentityID)
		if errors.Is(err, everlatch.ErrNotFound) {
			return nil, nil // it is gone, and its flows may not be
		}
		return []everlatch.AuthIdentity{found}, err
	case p.ActorID != "":
		f.ActorIDs = []string{p.ActorID}
	case p.Email != "":
		f.Credential = &store.CredentialFilter{EntityKey: []store.TextTest{{Op: store.Is, Texts: []string{strings.ToLower(p.Email), p.Email}}}}
	default:
		return nil, nil
	}
	found, _, err := b.Store.AuthIdentities(ctx, f, store.Page{Limit: mostIdentities})
	return found, errors.Join(err, b.Store.LoadCredentials(ctx, found))
}
