package api

import (
	"context"
	"errors"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/everlatch/everlatch"
	"github.com/everlatch/everlatch/flows"
	"github.com/everlatch/everlatch/internal/httpauth"
	"github.com/everlatch/everlatch/internal/render"
	"github.com/everlatch/everlatch/internal/tokens"
	"github.com/everlatch/everlatch/internal/wire"
	"github.com/everlatch/everlatch/providers"
)

// linkingFlows are the flows of the routes in this file.
type linkingFlows interface {
	LinkIdentity(ctx context.Context, r flows.LinkRequest) (everlatch.ProviderIdentity, error)
	UnlinkIdentity(ctx context.Context, r flows.UnlinkRequest) error
}

// credentialTable is a sign-in method as its owner sees it (docs/weak-spots.md#w17).
var credentialTable = render.Table[everlatch.ProviderIdentity]{
	render.Text("id", func(p *everlatch.ProviderIdentity) string { return p.ID }),
	render.Text("provider", func(p *everlatch.ProviderIdentity) string { return p.Provider }),
	render.Text("entity_id", func(p *everlatch.ProviderIdentity) string { return p.EntityID }),
	render.Metadata("user_metadata", func(p *everlatch.ProviderIdentity) everlatch.Metadata { return p.UserMetadata }),
	render.Time("created_at", func(p *everlatch.ProviderIdentity) time.Time { return p.CreatedAt }),
	render.Time("updated_at", func(p *everlatch.ProviderIdentity) time.Time { return p.UpdatedAt }),
	render.NullableTime("last_used_at", func(p *everlatch.ProviderIdentity) *time.Time { return unlessZero(p.LastUsedAt) }),
}

var credentialShape = render.ShapeOf(credentialTable)

// listIdentities shows the sign-in methods of the caller.
func (s *Server) listIdentities(c echo.Context) error {
	claims, err := caller(c)
	if err != nil {
		return err
	}
	sel, err := s.selected(c, credentialShape)
	if err != nil {
		return err
	}
	identity, err := s.deps.Store.Identity(lookups(c), claims.AuthIdentityID)
	if err != nil {
		return err
	}
	return writeJSON(c, append(credentialTable.AppendAll([]byte(`{"provider_identities":`), identity.Providers, sel), '}'))
}

// linkIdentity adds a sign-in method (docs/weak-spots.md#w17): at once for credentials in the
// body, after a redirect for a provider that needs one.
func (s *Server) linkIdentity(c echo.Context) error {
	claims, err := caller(c)
	if err != nil {
		return err
	}
	id := c.Param("auth_provider")
	if err := s.checkAllowed(claims.ActorType, id); err != nil {
		return err
	}
	if provider, err := s.deps.Providers.Redirect(id); err == nil {
		return s.redirectTo(c, provider, redirect{actorType: claims.ActorType, provider: id, linkTo: claims.AuthIdentityID}, Body(c))
	}
	if _, err := s.deps.Providers.Registrar(id); err != nil {
		return err
	}
	sel, err := s.selected(c, credentialShape)
	if err != nil {
		return err
	}
	credential, err := s.deps.Flows.LinkIdentity(c.Request().Context(), flows.LinkRequest{
		AuthIdentityID: claims.AuthIdentityID, ActorType: claims.ActorType, Provider: id,
		Input: providers.Input{Body: Body(c), ActorType: claims.ActorType},
	})
	if err != nil {
		return err
	}
	return writeWrapped(c, "provider_identity", credentialTable, &credential, sel)
}

// unlinkIdentity removes a sign-in method. All tokens end with it, so a caller
// with a token gets a new one; a session continues.
func (s *Server) unlinkIdentity(c echo.Context) error {
	claims, err := caller(c)
	if err != nil {
		return err
	}
	id := c.Param("id")
	err = s.deps.Flows.UnlinkIdentity(c.Request().Context(), flows.UnlinkRequest{
		AuthIdentityID: claims.AuthIdentityID, ActorType: claims.ActorType, ProviderIdentityID: id, SignedInWith: claims.AuthProvider,
	})
	if err != nil {
		return err
	}
	b := wire.AppendText([]byte(`{"id":`), id)
	b = append(b, `,"object":"provider_identity","deleted":true`...)
	if callOf(c).auth.ByBearer() {
		token, err := s.exchanged(c, claims)
		if err != nil {
			return err
		}
		b = wire.AppendText(append(b, `,"token":`...), token)
	}
	keepPrivate(c, true)
	return writeJSON(c, append(b, '}'))
}

// exchanged mints the successor of a token that the request itself has ended.
func (s *Server) exchanged(c echo.Context, claims *tokens.Claims) (string, error) {
	identity, standing, err := s.current(c, claims)
	if err != nil {
		return "", err
	}
	principal, err := s.reissued(c, identity, standing, claims)
	if errors.Is(err, everlatch.ErrNotFound) {
		err = httpauth.ErrUnauthorized
	}
	if err != nil {
		return "", err
	}
	if claims.ActorID == "" {
		principal.ActorID = "" // a sign-in that waits for something waits on
	}
	return s.mint(c, principal)
}
