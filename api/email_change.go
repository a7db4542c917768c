package api

import (
	"errors"
	"net/http"

	"github.com/labstack/echo/v4"

	"github.com/everlatch/everlatch"
	"github.com/everlatch/everlatch/flows"
	"github.com/everlatch/everlatch/internal/query"
	"github.com/everlatch/everlatch/internal/tokens"
	"github.com/everlatch/everlatch/internal/wire"
)

var (
	requestEmailFields = query.Schema{{Name: "email", Kind: query.Email, Required: true}}
	emailTokenFields   = query.Schema{{Name: "token", Kind: query.Text, Required: true}}
)

// requestEmail mails a link to the new address of the caller (docs/weak-spots.md#w13). The answer
// is the same when another account has the address.
func (s *Server) requestEmail(c echo.Context) error {
	in, err := requestEmailFields.CheckBody(wire.Of(c).Body)
	if err != nil {
		return err
	}
	claims, err := caller(c)
	if err != nil {
		return err
	}
	err = s.deps.Flows.RequestEmailChange(c.Request().Context(), flows.EmailRequest{
		Actor:          everlatch.ActorRef{ActorType: claims.ActorType, ActorID: claims.ActorID},
		AuthIdentityID: claims.AuthIdentityID, CredentialVersion: claims.CredentialVersion, Email: in.Plain("email"),
	})
	if err != nil {
		return err
	}
	return wire.Respond(c, http.StatusAccepted, wire.ContentJSON, []byte(`{"success":true}`))
}

// confirmEmail changes account and logins to the address that a token proves.
// The token alone is not enough: it proves who reads the address, not that the
// reader wants this account to have it. All existing tokens end, so a caller
// with one gets a new one; a session continues.
func (s *Server) confirmEmail(c echo.Context) error {
	claims, err := caller(c)
	if err != nil {
		return err
	}
	said, err := s.emailToken(c, tokens.PurposeEmail)
	if err != nil {
		return err
	}
	if said.ActorType != claims.ActorType || said.ActorID != claims.ActorID {
		return errInvalidToken
	}
	email, err := s.deps.Flows.ConfirmEmailChange(c.Request().Context(), everlatch.ActorRef{ActorType: said.ActorType, ActorID: said.ActorID}, said.ID)
	if err != nil {
		return err
	}
	b := wire.AppendText([]byte(`{"email":`), email)
	if callOf(c).auth.ByBearer() {
		token, err := s.exchanged(c, claims)
		switch {
		case err == nil:
			b = wire.AppendText(append(b, `,"token":`...), token)
		case !errors.Is(err, everlatch.ErrUnavailable):
			return err
		}
		// In an outage they sign in again: the same request would be refused.
	}
	keepPrivate(c, true)
	return writeJSON(c, append(b, '}'))
}

// undoEmail restores the address to which a token was mailed. It needs no
// sign-in, because a customer who has lost the account cannot sign in.
func (s *Server) undoEmail(actorType string) echo.HandlerFunc {
	return func(c echo.Context) error {
		said, err := s.emailToken(c, tokens.PurposeEmailUndo)
		if err != nil {
			return err
		}
		if said.ActorType != actorType {
			return errInvalidToken
		}
		email, err := s.deps.Flows.UndoEmailChange(c.Request().Context(), everlatch.ActorRef{ActorType: said.ActorType, ActorID: said.ActorID}, said.ID)
		if err != nil {
			return err
		}
		keepPrivate(c, true)
		return writeJSON(c, append(wire.AppendText([]byte(`{"email":`), email), '}'))
	}
}

// emailToken verifies the token of the body before a flow is asked.
func (s *Server) emailToken(c echo.Context, purpose tokens.Purpose) (tokens.Email, error) {
	in, err := emailTokenFields.CheckBody(wire.Of(c).Body)
	if err != nil {
		return tokens.Email{}, err
	}
	said, err := s.deps.Tokens.VerifyEmail(in.Plain("token"), purpose)
	if err != nil {
		return tokens.Email{}, errInvalidToken
	}
	return said, nil
}
