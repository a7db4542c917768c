package api

import (
	"errors"
	"slices"
	"strings"

	"github.com/labstack/echo/v4"

	"github.com/everlatch/everlatch"
	"github.com/everlatch/everlatch/flows"
	"github.com/everlatch/everlatch/internal/httpauth"
	"github.com/everlatch/everlatch/internal/store"
	"github.com/everlatch/everlatch/internal/tokens"
)

// signUpAdmin makes the identity of a sign-in with another provider an
// administrator (docs/contract.md#s4-3), if its address was invited or its domain may
// sign up, by an address that the provider vouches for now (docs/weak-spots.md#w6). The existing
// token still has no actor: the client refreshes it.
func (s *Server) signUpAdmin(c echo.Context) error {
	claims, err := caller(c)
	if err != nil {
		return err
	}
	provider := c.Param("auth_provider")
	if err := s.checkAllowed(everlatch.ActorUser, provider); err != nil {
		return err
	}
	sel, err := s.selected(c, userShape)
	if err != nil {
		return err
	}
	a, err := s.applicant(c, claims, provider)
	if err != nil {
		return err
	}
	if err := s.requireVerified(c, claims.Principal()); err != nil {
		return err
	}
	user, err := s.admit(c, a)
	if err != nil {
		return err
	}
	return writeWrapped(c, "user", userTable, &user, sel)
}

// applicant is an identity that asks to become an administrator.
type applicant struct {
	identityID string
	// email is as the provider writes it, and proven.
	email string
	// owned says that the provider answers for the address (providers.AddressOwner).
	owned               bool
	firstName, lastName *string
}

func (s *Server) applicant(c echo.Context, claims *tokens.Claims, provider string) (a applicant, err error) {
	said, _ := claims.UserMetadata["email"].(string)
	switch {
	case claims.ActorID != "":
		return a, errUserExists
	case said == "":
		return a, errUserWithoutEmail
	}
	identity, err := s.deps.Store.Identity(lookups(c), claims.AuthIdentityID)
	if errors.Is(err, everlatch.ErrNotFound) {
		return a, httpauth.ErrUnauthorized
	}
	if err != nil {
		return a, err
	}
	i := slices.IndexFunc(identity.Providers, func(p everlatch.ProviderIdentity) bool { return p.Provider == provider })
	switch {
	case i < 0 || claims.AuthProvider != provider:
		return a, errOtherProvider(provider)
	case identity.ActorID(everlatch.ActorUser) != "":
		return a, errUserExists
	}
	p := identity.Providers[i]
	if p.VerifiedEmail == "" {
		return a, errEmailUnproven
	}
	a = applicant{
		identityID: identity.ID, email: p.VerifiedEmail, owned: s.deps.Providers.OwnsAddress(provider, p.VerifiedEmail, p.UserMetadata),
		firstName: textIn(p.UserMetadata, "given_name"), lastName: textIn(p.UserMetadata, "family_name"),
	}
	if written := textIn(p.UserMetadata, "email"); written != nil && store.SameEmail(*written, p.VerifiedEmail) {
		a.email = *written
	}
	return a, nil
}

func textIn(m everlatch.Metadata, name string) *string {
	if text, ok := m[name].(string); ok && text != "" {
		return &text
	}
	return nil
}

func (s *Server) admit(c echo.Context, a applicant) (everlatch.User, error) {
	invite, err := s.deps.Store.PendingInvite(lookups(c), a.email)
	if err == nil {
		return s.deps.Flows.AcceptInvite(c.Request().Context(), flows.InviteAcceptance{
			Invite: invite, VerifiedEmail: a.email, AuthIdentityID: a.identityID, FirstName: a.firstName, LastName: a.lastName,
		})
	}
	if !errors.Is(err, everlatch.ErrNotFound) {
		return everlatch.User{}, err
	}
	domain := a.email[strings.LastIndexByte(a.email, '@')+1:]
	mayJoin := func(allowed string) bool { return strings.EqualFold(allowed, domain) }
	// A former address of a domain does not make its holder one of the domain's users.
	if !a.owned || !slices.ContainsFunc(s.opts.SignUpDomains, mayJoin) {
		return everlatch.User{}, errNotInvited(a.email)
	}
	return s.join(c, a)
}

// join links an identity of a domain that may sign up to the administrator with
// its address, or creates one.
func (s *Server) join(c echo.Context, a applicant) (everlatch.User, error) {
	users, _, err := s.deps.Store.Users(lookups(c), store.UserFilter{Emails: []string{a.email}})
	if err != nil {
		return everlatch.User{}, err
	}
	ctx := c.Request().Context()
	if len(users) == 0 {
		return s.deps.Flows.CreateUser(ctx, flows.UserRequest{
			AuthIdentityID: a.identityID, Email: a.email, FirstName: a.firstName, LastName: a.lastName,
		})
	}
	return users[0], s.deps.Flows.SetAuthAppMetadata(ctx, a.identityID, everlatch.ActorUser, &users[0].ID)
}
