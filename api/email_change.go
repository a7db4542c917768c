package api

import (
	"errors"
	"net/http"

	"github.com/labstack/echo/v4"

	"github.com/everlatch/everlatch"
	"github.com/everlatch/everlatch/flows"
	"github.com/everlatch/everlatch/internal/store"
	"github.com/everlatch/everlatch/internal/tokens"
	"github.com/everlatch/everlatch/providers"
)

var (
	requestEmailFields = schema{{name: "email", kind: kindEmail, required: true}}
	emailTokenFields   = schema{{name: "token", kind: kindText, required: true}}
)

// requestEmail has a link mailed to the new address of whoever is signed in
// (W13). The answer is the same when somebody else has the address.
func (s *Server) requestEmail(c echo.Context) error {
	in, err := requestEmailFields.checkBody(callOf(c).body)
	if err != nil {
		return err
	}
	claims, err := caller(c)
	if err != nil {
		return err
	}
	err = s.deps.Flows.RequestEmailChange(c.Request().Context(), flows.EmailRequest{
		Actor:          everlatch.ActorRef{ActorType: claims.ActorType, ActorID: claims.ActorID},
		AuthIdentityID: claims.AuthIdentityID, CredentialVersion: claims.CredentialVersion, Email: in.plain("email"),
	})
	if err != nil {
		return err
	}
	return respond(c, http.StatusAccepted, contentJSON, []byte(`{"success":true}`))
}

// confirmEmail changes account and logins to the address that a token proves.
// The token is not enough: it proves that somebody has the address and not that
// they want this account to have it. All tokens of before end with it, so whoever
// came with one gets another; a session goes on.
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
	b := appendText([]byte(`{"email":`), email)
	if bearer := callOf(c).bearer; bearer != nil && bearer.claims == claims {
		token, err := s.exchanged(c, claims)
		switch {
		case err == nil:
			b = appendText(append(b, `,"token":`...), token)
		case !errors.Is(err, everlatch.ErrUnavailable):
			return err
		}
		// In an outage they sign in again: the same request would be refused.
	}
	keepPrivate(c, true)
	return writeJSON(c, append(b, '}'))
}

// undoEmail brings the address back that a token was mailed to. Nobody has to be
// signed in: whoever has lost their account cannot be.
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
		return writeJSON(c, append(appendText([]byte(`{"email":`), email), '}'))
	}
}

// emailToken reads the token of the body, before a dance is bothered with it.
func (s *Server) emailToken(c echo.Context, purpose tokens.Purpose) (tokens.Email, error) {
	in, err := emailTokenFields.checkBody(callOf(c).body)
	if err != nil {
		return tokens.Email{}, err
	}
	said, err := s.deps.Tokens.VerifyEmail(in.plain("token"), purpose)
	if err != nil {
		return tokens.Email{}, errInvalidToken
	}
	return said, nil
}

// Logins says how each provider whose credential people can replace would know
// an e-mail; none for "".
func Logins(registry *providers.Registry, email string) []store.Login {
	var out []store.Login
	for _, info := range registry.List(nil) {
		updater, err := registry.Updater(info.ID)
		if err != nil || email == "" {
			continue
		}
		if subject := updater.Subject(email); subject.EntityKey != "" {
			out = append(out, store.Login{Provider: info.ID, EntityID: subject.EntityID, EntityKey: subject.EntityKey})
		}
	}
	return out
}
