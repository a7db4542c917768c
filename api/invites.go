package api

import (
	"context"
	"errors"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/everlatch/everlatch"
	"github.com/everlatch/everlatch/flows"
	"github.com/everlatch/everlatch/internal/accounts"
	"github.com/everlatch/everlatch/internal/query"
	"github.com/everlatch/everlatch/internal/render"
	"github.com/everlatch/everlatch/internal/store"
	"github.com/everlatch/everlatch/internal/tokens"
	"github.com/everlatch/everlatch/internal/wire"
)

// inviteTable is an invite (docs/contract.md#s4-6) with its token, which only the answer
// that creates it shows (docs/weak-spots.md#w7).
func inviteTable(token string) render.Table[everlatch.Invite] {
	return render.Table[everlatch.Invite]{
		render.Text("id", func(i *everlatch.Invite) string { return i.ID }),
		render.Text("email", func(i *everlatch.Invite) string { return i.Email }),
		render.Bool("accepted", func(i *everlatch.Invite) bool { return i.Accepted }),
		render.Text("token", func(*everlatch.Invite) string { return token }),
		render.Time("expires_at", func(i *everlatch.Invite) time.Time { return i.ExpiresAt }),
		render.Metadata("metadata", func(i *everlatch.Invite) everlatch.Metadata { return i.Metadata }),
		render.Time("created_at", func(i *everlatch.Invite) time.Time { return i.CreatedAt }),
		render.Time("updated_at", func(i *everlatch.Invite) time.Time { return i.UpdatedAt }),
		render.NullableTime("deleted_at", func(i *everlatch.Invite) *time.Time { return i.DeletedAt }),
		{Name: "roles", Write: func(b []byte, i *everlatch.Invite) []byte { return wire.AppendJSON(b, i.Roles) }},
	}
}

// storedInviteTable is an invite as reads show it, without its token.
var (
	storedInviteTable = inviteTable("")
	inviteShape       = render.ShapeOf(storedInviteTable, "roles")
	inviteRecords     = resource[everlatch.Invite]{name: "invite", plural: "invites", table: storedInviteTable, shape: inviteShape}
)

var (
	inviteFilters = query.Schema{
		query.Search,
		{Name: "id", Kind: query.Texts},
		{Name: "email", Kind: query.Texts},
		{Name: "created_at", Kind: query.Times},
		{Name: "updated_at", Kind: query.Times},
	}.Combined()
	// createInviteFields demand a valid e-mail address, unlike the contract: nothing
	// else could be mailed or registered with (docs/weak-spots.md#w22).
	createInviteFields = query.Schema{
		{Name: "email", Kind: query.Email, Required: true},
		{Name: "roles", Kind: query.Texts, Nullable: true},
		{Name: "metadata", Kind: query.Record, Nullable: true},
	}
)

const invitePage = 50

func inviteFilter(in query.Input) store.InviteFilter {
	return store.InviteFilter{
		Q: in.Plain("q"), IDs: in.Texts("id"), Emails: in.Texts("email"),
		CreatedAt: in.Times("created_at"), UpdatedAt: in.Times("updated_at"),
		And: query.All(in, "$and", inviteFilter), Or: query.All(in, "$or", inviteFilter),
	}
}

func (s *Server) listInvites(c echo.Context) error {
	return inviteRecords.list(s, c, inviteFilters, invitePage, func(ctx context.Context, p query.Page) ([]everlatch.Invite, int, error) {
		return s.deps.Store.Invites(ctx, inviteFilter(p.Filters), p.Page)
	})
}

func (s *Server) readInvite(c echo.Context) error {
	return inviteRecords.show(s, c, s.deps.Store.Invite)
}

// createInvite creates an invite and mails its link.
func (s *Server) createInvite(c echo.Context) error {
	in, sel, err := s.changed(c, createInviteFields, inviteShape)
	if err != nil {
		return err
	}
	by, err := inviter(c)
	if err != nil {
		return err
	}
	if err := s.demandRoles(c, in.Texts("roles")); err != nil {
		return err
	}
	key, err := idempotencyKey(c)
	if err != nil {
		return err
	}
	issued, err := s.deps.Flows.CreateInvite(c.Request().Context(), flows.InviteRequest{
		InviteOffer: everlatch.InviteOffer{Email: in.Plain("email"), Roles: in.Texts("roles"), Metadata: in.Record("metadata")},
		By:          by, IdempotencyKey: key,
	})
	if err != nil {
		return err
	}
	return writeIssued(c, issued, sel)
}

// resendInvite mails a new link; the previous one stops working.
func (s *Server) resendInvite(c echo.Context) error {
	sel, err := s.selected(c, inviteShape)
	if err != nil {
		return err
	}
	by, err := inviter(c)
	if err != nil {
		return err
	}
	id := c.Param("id")
	invite, err := s.deps.Store.Invite(lookups(c), id)
	if errors.Is(err, everlatch.ErrNotFound) {
		return errInviteUnknown(id)
	}
	if err != nil {
		return err
	}
	if err := s.demandInvite(c, invite); err != nil {
		return err
	}
	if err := s.limitMail(c, invite.Email); err != nil {
		return err
	}
	issued, err := s.deps.Flows.ResendInvite(c.Request().Context(), invite, by)
	if err != nil {
		return err
	}
	return writeIssued(c, issued, sel)
}

func inviter(c echo.Context) (everlatch.ActorRef, error) {
	claims, err := caller(c)
	if err != nil {
		return everlatch.ActorRef{}, err
	}
	return everlatch.ActorRef{ActorType: claims.ActorType, ActorID: claims.ActorID}, nil
}

func writeIssued(c echo.Context, issued flows.IssuedInvite, sel query.Selection) error {
	keepPrivate(c, true)
	return writeWrapped(c, "invite", inviteTable(string(issued.Token.Reveal())), &issued.Invite, sel)
}

// revokeInvite ends an invite. An unknown one counts as ended (recorded:
// delete-unknown).
func (s *Server) revokeInvite(c echo.Context) error {
	id := c.Param("id")
	invite, err := s.deps.Store.Invite(lookups(c), id)
	if err == nil {
		err = s.deps.Flows.RevokeInvite(c.Request().Context(), invite)
	}
	if err != nil && !errors.Is(err, everlatch.ErrNotFound) {
		return err
	}
	return writeDeleted(c, "invite", id)
}

// headerInviteToken carries the token of an invite outside the URL, which
// servers log.
const headerInviteToken = "X-Invite-Token"

var (
	acceptQuery = query.Schema{
		{Name: "token", Kind: query.Text},
		{Name: "fields", Kind: query.Text},
	}
	acceptFields = query.Schema{
		{Name: "email", Kind: query.Email, Nullable: true},
		{Name: "first_name", Kind: query.Text, Nullable: true},
		{Name: "last_name", Kind: query.Text, Nullable: true},
		{Name: "token", Kind: query.Text},
		additionalData,
	}
)

// acceptInvite makes the identity of the request the invited administrator. The
// token is in the query, as in the contract, in the body, or in a header. Its
// holder learns what is wrong with a request (docs/weak-spots.md#w8).
func (s *Server) acceptInvite(c echo.Context) error {
	in, err := acceptFields.CheckBody(wire.Of(c).Body)
	if err != nil {
		return err
	}
	q, err := query.Read(c.Request().URL.RawQuery, acceptQuery)
	if err != nil {
		return err
	}
	sel, err := userShape.Choose(q.Plain("fields"), s.fieldPolicy(c))
	if err != nil {
		return err
	}
	claims, err := caller(c)
	if err != nil {
		return err
	}
	if claims.ActorID != "" {
		return errInviteForUser
	}
	acceptance, err := s.acceptance(c, inviteToken(c, q, in), in)
	if err != nil {
		return err
	}
	acceptance.AuthIdentityID = claims.AuthIdentityID
	if acceptance.Invite.ForFirstUser && acceptance.Email == "" {
		if acceptance.Email, err = s.loginEmail(c, claims); err != nil {
			return err
		}
	}
	user, err := s.deps.Flows.AcceptInvite(c.Request().Context(), acceptance)
	if acceptance.Invite.Accepted && errors.Is(err, everlatch.ErrNotFound) {
		return errInviteToken
	}
	if err != nil {
		return err
	}
	return writeWrapped(c, "user", userTable, &user, sel)
}

// loginEmail returns the address that a caller signs in with, "" for none.
func (s *Server) loginEmail(c echo.Context, claims *tokens.Claims) (string, error) {
	identity, err := s.deps.Store.Identity(lookups(c), claims.AuthIdentityID)
	if err != nil {
		return "", err
	}
	for _, p := range identity.Providers {
		if p.Provider == claims.AuthProvider && accounts.IsEmail(p.EntityID) {
			return p.EntityID, nil
		}
	}
	return "", nil
}

func inviteToken(c echo.Context, q, body query.Input) string {
	for _, token := range []string{q.Plain("token"), c.Request().Header.Get(headerInviteToken), body.Plain("token")} {
		if token != "" {
			return token
		}
	}
	return ""
}

// provenInvite returns the pending invite that a token belongs to.
func (s *Server) provenInvite(c echo.Context, token string) (tokens.Invite, everlatch.Invite, error) {
	said, err := s.deps.Tokens.VerifyInvite(token)
	switch {
	case errors.Is(err, tokens.ErrExpired):
		return said, everlatch.Invite{}, &everlatch.Error{Code: everlatch.CodeUnauthorized, Reason: store.InviteExpired, Err: err}
	case err != nil:
		return said, everlatch.Invite{}, &everlatch.Error{Code: everlatch.CodeUnauthorized, Reason: store.InviteTokenInvalid, Err: err}
	}
	invite, err := s.deps.Store.ProvenInvite(lookups(c), everlatch.InviteProof{InviteID: said.ID, TokenID: said.TokenID})
	return said, invite, err
}

var errInviteToken = &everlatch.Error{Code: everlatch.CodeUnauthorized, Reason: store.InviteTokenInvalid}

// acceptance verifies the token before a flow is asked. With a token that was used, the
// flow is asked for the answer to the request that used it: the same request may have
// lost it.
func (s *Server) acceptance(c echo.Context, token string, in query.Input) (flows.InviteAcceptance, error) {
	if token == "" {
		return flows.InviteAcceptance{}, query.Missing("token")
	}
	said, invite, err := s.provenInvite(c, token)
	if said.TokenID != "" && errors.Is(err, errInviteToken) { // it was good once
		invite, err = s.deps.Store.UsedInvite(lookups(c), everlatch.InviteProof{InviteID: said.ID, TokenID: said.TokenID})
	}
	if err != nil {
		return flows.InviteAcceptance{}, err
	}
	out := flows.InviteAcceptance{
		Invite: invite, TokenID: said.TokenID, FirstName: in.Text("first_name"), LastName: in.Text("last_name"),
	}
	if email := in.Plain("email"); email != "" && !store.SameEmail(email, invite.Email) {
		if !s.opts.InviteAnyEmail && !invite.ForFirstUser {
			return out, errInviteOfOther
		}
		out.Email = email
	}
	return out, nil
}
