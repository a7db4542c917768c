package flows

import (
	"context"

	"github.com/everlatch/everlatch"
	"github.com/everlatch/everlatch/internal/ids"
	"github.com/everlatch/everlatch/providers"
	"github.com/everlatch/everlatch/workflows"
)

// LinkRequest gives an identity another sign-in method, with credentials that the
// user typed. For an external provider see [RedirectRequest.LinkTo].
type LinkRequest struct {
	AuthIdentityID string
	ActorType      string
	Provider       string
	// Input may hold a password; it is sealed before anything else happens.
	Input providers.Input
}

// LinkIdentity returns the new sign-in method (docs/weak-spots.md#w17). One that another identity has
// is [everlatch.CodeDuplicate], a second one of the provider
// [everlatch.CodeNotAllowed].
func (c *Client) LinkIdentity(ctx context.Context, r LinkRequest) (everlatch.ProviderIdentity, error) {
	ref, err := c.seal(ctx, r.Input)
	if err != nil {
		return everlatch.ProviderIdentity{}, err
	}
	now := c.opts.Now()
	out, err := perform[workflows.LinkedIdentity](ctx, c, execution{
		id: c.freshID("link-identity", r.AuthIdentityID), workflow: workflows.LinkIdentity,
		input: workflows.LinkIdentityInput{
			AuthIdentityID: r.AuthIdentityID, ActorType: r.ActorType, Provider: r.Provider, Request: ref,
			ProviderIdentityID: ids.New(ids.ProviderIdentity, now), EventID: ids.New(ids.Event, now),
		},
	})
	if err != nil {
		return everlatch.ProviderIdentity{}, err // it may still go on, and needs what is sealed
	}
	c.shredder.shred(ref)
	return out.Credential, refused(out.Refusal)
}

// UnlinkRequest removes a sign-in method from an identity.
type UnlinkRequest struct {
	AuthIdentityID     string
	ActorType          string
	ProviderIdentityID string
	// SignedInWith is the provider that the user is signed in with: it stays.
	SignedInWith string
}

// UnlinkIdentity removes a sign-in method and ends all tokens of the identity,
// and the sessions that began with it (docs/weak-spots.md#w17). The last one, and the one that the
// user is signed in with, are [everlatch.CodeNotAllowed].
func (c *Client) UnlinkIdentity(ctx context.Context, r UnlinkRequest) error {
	return c.outcome(ctx, "unlink-identity", r.AuthIdentityID, workflows.UnlinkIdentity, workflows.UnlinkIdentityInput{
		AuthIdentityID: r.AuthIdentityID, ActorType: r.ActorType, ProviderIdentityID: r.ProviderIdentityID,
		SignedInWith: r.SignedInWith, EventID: ids.New(ids.Event, c.opts.Now()),
	})
}

// RemoveProviderIdentity removes a sign-in method for a program, which answers for who
// may ask. actorType says in the event as what the user signs in.
func (c *Client) RemoveProviderIdentity(ctx context.Context, identityID, actorType, id string) error {
	return c.UnlinkIdentity(ctx, UnlinkRequest{AuthIdentityID: identityID, ActorType: actorType, ProviderIdentityID: id})
}
