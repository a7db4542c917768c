package api

import (
	"errors"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/everlatch/everlatch"
	"github.com/everlatch/everlatch/flows"
	"github.com/everlatch/everlatch/internal/store"
	"github.com/everlatch/everlatch/internal/tokens"
)

// inviteTable is an invite (contract 4.6) with a token, which is known in the
// answer to whoever asked for it and never again (W7).
func inviteTable(token string) table[everlatch.Invite] {
	return table[everlatch.Invite]{
		textColumn("id", func(i *everlatch.Invite) string { return i.ID }),
		textColumn("email", func(i *everlatch.Invite) string { return i.Email }),
		boolColumn("accepted", func(i *everlatch.Invite) bool { return i.Accepted }),
		textColumn("token", func(*everlatch.Invite) string { return token }),
		timeColumn("expires_at", func(i *everlatch.Invite) time.Time { return i.ExpiresAt }),
		metadataColumn("metadata", func(i *everlatch.Invite) everlatch.Metadata { return i.Metadata }),
		timeColumn("created_at", func(i *everlatch.Invite) time.Time { return i.CreatedAt }),
		timeColumn("updated_at", func(i *everlatch.Invite) time.Time { return i.UpdatedAt }),
		nullableTimeColumn("deleted_at", func(i *everlatch.Invite) *time.Time { return i.DeletedAt }),
		{name: "roles", write: func(b []byte, i *everlatch.Invite) []byte { return appendJSON(b, i.Roles) }},
	}
}

// storedInviteTable is an invite as reads show it: nobody knows its token.
var (
	storedInviteTable = inviteTable("")
	inviteShape       = withoutDefault(shapeOf(storedInviteTable), "roles")
)

// withoutDefault leaves a column to those who ask for it.
func withoutDefault(s shape, name string) shape {
	s.defaults.columns &^= s.find([]string{name}).columns
	return s
}

var (
	inviteFilters = schema{
		{name: "q", kind: kindText},
		{name: "id", kind: kindTexts},
		{name: "email", kind: kindTexts},
		{name: "created_at", kind: kindTimes},
		{name: "updated_at", kind: kindTimes},
	}.combined()
	// createInviteFields differ from the contract's in that the e-mail is one:
	// nothing else could be mailed or registered with (W22).
	createInviteFields = schema{
		{name: "email", kind: kindEmail, required: true},
		{name: "roles", kind: kindTexts, nullable: true},
		{name: "metadata", kind: kindRecord, nullable: true},
	}
)

const invitePage = 50

func inviteFilter(in input) store.InviteFilter {
	return store.InviteFilter{
		Q: in.plain("q"), IDs: in.texts("id"), Emails: in.texts("email"),
		CreatedAt: in.times("created_at"), UpdatedAt: in.times("updated_at"),
		And: filters(in, "$and", inviteFilter), Or: filters(in, "$or", inviteFilter),
	}
}

func (s *Server) listInvites(c echo.Context) error {
	p, err := s.listed(c, inviteShape, inviteFilters, invitePage)
	if err != nil {
		return err
	}
	invites, count, err := s.deps.Store.Invites(lookups(c), inviteFilter(p.filters), p.Page)
	if err != nil {
		return err
	}
	return writeList(c, "invites", storedInviteTable, p, invites, count)
}

func (s *Server) readInvite(c echo.Context) error {
	sel, err := s.chosen(c, inviteShape)
	if err != nil {
		return err
	}
	invite, err := s.deps.Store.Invite(lookups(c), c.Param("id"))
	if err != nil {
		return err
	}
	return writeWrapped(c, "invite", storedInviteTable, &invite, sel)
}

// createInvite invites somebody and mails them a link.
func (s *Server) createInvite(c echo.Context) error {
	in, err := createInviteFields.checkBody(callOf(c).body)
	if err != nil {
		return err
	}
	sel, err := s.chosen(c, inviteShape)
	if err != nil {
		return err
	}
	by, err := inviter(c)
	if err != nil {
		return err
	}
	if err := s.demandRoles(c, in.texts("roles")); err != nil {
		return err
	}
	key, err := idempotencyKey(c)
	if err != nil {
		return err
	}
	issued, err := s.deps.Flows.CreateInvite(c.Request().Context(), flows.InviteRequest{
		Email: in.plain("email"), Roles: in.texts("roles"), Metadata: in.record("metadata"), By: by, IdempotencyKey: key,
	})
	if err != nil {
		return err
	}
	return writeIssued(c, issued, sel)
}

// resendInvite mails another link; the one before does not work any more.
func (s *Server) resendInvite(c echo.Context) error {
	sel, err := s.chosen(c, inviteShape)
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
		return invalidData("The following invites do not exist: " + id)
	}
	if err != nil {
		return err
	}
	if err := s.demandInvite(c, invite); err != nil {
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

func writeIssued(c echo.Context, issued flows.IssuedInvite, sel selection) error {
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

// headerInviteToken carries the token of an invite where no log of addresses
// sees it.
const headerInviteToken = "X-Invite-Token"

var (
	acceptQuery = schema{
		{name: "token", kind: kindText},
		{name: "fields", kind: kindText},
	}
	acceptFields = schema{
		{name: "email", kind: kindEmail, nullable: true},
		{name: "first_name", kind: kindText, nullable: true},
		{name: "last_name", kind: kindText, nullable: true},
		{name: "token", kind: kindText},
	}
)

// acceptInvite makes the identity of the request the administrator who was
// invited. The token comes in the query, as in the contract, in the body, or in
// a header; its holder learns what is wrong with what they ask for (W8).
func (s *Server) acceptInvite(c echo.Context) error {
	in, err := acceptFields.checkBody(callOf(c).body)
	if err != nil {
		return err
	}
	q, err := query(c, acceptQuery)
	if err != nil {
		return err
	}
	sel, err := userShape.choose(q.plain("fields"), s.policy(c))
	if err != nil {
		return err
	}
	claims, err := caller(c)
	if err != nil {
		return err
	}
	if claims.ActorID != "" {
		return invalidData("The user is already authenticated and cannot accept an invite.")
	}
	acceptance, err := s.acceptance(c, inviteToken(c, q, in), in)
	if err != nil {
		return err
	}
	acceptance.AuthIdentityID = claims.AuthIdentityID
	user, err := s.deps.Flows.AcceptInvite(c.Request().Context(), acceptance)
	if err != nil {
		return err
	}
	return writeWrapped(c, "user", userTable, &user, sel)
}

func inviteToken(c echo.Context, q, body input) string {
	for _, token := range []string{q.plain("token"), c.Request().Header.Get(headerInviteToken), body.plain("token")} {
		if token != "" {
			return token
		}
	}
	return ""
}

// acceptance looks at the token before a dance is bothered with it.
func (s *Server) acceptance(c echo.Context, token string, in input) (flows.InviteAcceptance, error) {
	if token == "" {
		return flows.InviteAcceptance{}, invalid([]string{"Field 'token' is required"})
	}
	said, err := s.deps.Tokens.VerifyInvite(token)
	switch {
	case errors.Is(err, tokens.ErrExpired):
		return flows.InviteAcceptance{}, &everlatch.Error{Code: everlatch.CodeUnauthorized, Message: "The invite has expired", Err: err}
	case err != nil:
		return flows.InviteAcceptance{}, &everlatch.Error{Code: everlatch.CodeUnauthorized, Message: "The invite token is invalid", Err: err}
	}
	invite, err := s.deps.Store.ProvenInvite(lookups(c), store.InviteProof{ID: said.ID, TokenID: said.TokenID})
	if err != nil {
		return flows.InviteAcceptance{}, err
	}
	out := flows.InviteAcceptance{
		Invite: invite, TokenID: said.TokenID, FirstName: in.text("first_name"), LastName: in.text("last_name"),
	}
	if email := in.plain("email"); email != "" && !store.SameEmail(email, invite.Email) {
		if !s.opts.InviteAnyEmail {
			return out, &everlatch.Error{Code: everlatch.CodeNotAllowed, Message: "The invite is for another email."}
		}
		out.Email = email
	}
	return out, nil
}
