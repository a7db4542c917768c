package api

import (
	"context"
	"strconv"

	"github.com/labstack/echo/v4"

	"github.com/everlatch/everlatch"
	"github.com/everlatch/everlatch/flows"
	"github.com/everlatch/everlatch/internal/limits"
	"github.com/everlatch/everlatch/internal/query"
	"github.com/everlatch/everlatch/internal/vault"
	"github.com/everlatch/everlatch/internal/wire"
	"github.com/everlatch/everlatch/providers"
	"github.com/everlatch/everlatch/workflows"
)

// emailSignInFlows are the flows of the routes in this file.
type emailSignInFlows interface {
	RequestEmailCode(ctx context.Context, r flows.EmailCodeRequest) error
	CompleteEmailSignIn(ctx context.Context, r flows.EmailCode) (workflows.Login, error)
}

// emailCodeProvider is the id of the provider in the routes of this file.
const emailCodeProvider = "emailcode"

// maxSignInCode bounds a code and a token, in bytes.
const maxSignInCode = 256

var (
	emailCodeFields   = query.Schema{{Name: "email", Kind: query.Text, Required: true}}
	emailAnswerFields = query.Schema{
		{Name: "email", Kind: query.Text}, {Name: "code", Kind: query.Text}, {Name: "token", Kind: query.Text},
	}
)

// emailCodes returns the provider, if an actor type may use it.
func (s *Server) emailCodes(actorType string) (providers.EmailCodes, error) {
	if err := s.checkAllowed(actorType, emailCodeProvider); err != nil {
		return nil, err
	}
	return s.deps.Providers.EmailCodes(emailCodeProvider)
}

// requestEmailCode mails a code and a link to an address that may sign in. The answer does
// not depend on that and is sent before the work is done (docs/weak-spots.md#w19).
func (s *Server) requestEmailCode(c echo.Context) error {
	actorType := c.Param("actor_type")
	provider, err := s.emailCodes(actorType)
	if err != nil {
		return err
	}
	in, err := emailCodeFields.CheckBody(wire.Of(c).Body)
	if err != nil {
		return err
	}
	email := provider.Subject(in.Plain("email")).EntityKey
	if email == "" {
		return errNotAnAddress
	}
	browser, _, err := s.browser(c)
	if err != nil {
		return err
	}
	err = s.deps.Flows.RequestEmailCode(c.Request().Context(), flows.EmailCodeRequest{
		ActorType: actorType, Provider: emailCodeProvider, Email: email, Browser: browser,
	})
	if err != nil {
		return err
	}
	// With a location, the JS SDK takes the answer for no sign-in and keeps its token.
	location := "/auth/" + actorType + "/" + emailCodeProvider + "/callback"
	b := append(strconv.AppendInt([]byte(`{"code_sent":true,"expires_in":`), int64(provider.Rules().TTL.Seconds()), 10), `,"location":`...)
	return answerPrivate(c, append(wire.AppendText(b, location), '}'))
}

// endEmailSignIn signs in with a code that the user typed, or with the token of a link.
func (s *Server) endEmailSignIn(c echo.Context) error {
	actorType := c.Param("actor_type")
	provider, err := s.emailCodes(actorType)
	if err != nil {
		return err
	}
	in, err := emailAnswerFields.CheckBody(wire.Of(c).Body)
	if err != nil {
		return err
	}
	answer := flows.EmailCode{ActorType: actorType, Provider: emailCodeProvider, Token: in.Plain("token")}
	if answer.Browser, err = browserOf(c.Request()); err != nil {
		return err
	}
	if answer.IdempotencyKey, err = idempotencyKey(c); err != nil {
		return err
	}
	code := in.Plain("code")
	if len(code) > maxSignInCode || len(answer.Token) > maxSignInCode {
		return &everlatch.Error{Code: everlatch.CodeUnauthorized, Reason: everlatch.ReasonSignInCodeClosed}
	}
	complete := func(c echo.Context) error {
		login, err := s.deps.Flows.CompleteEmailSignIn(c.Request().Context(), answer)
		if err != nil {
			return err
		}
		if answer.Token != "" {
			s.liftEmailLock(c, login.Principal.AuthIdentityID)
		}
		return s.answerLogin(c, login)
	}
	if answer.Token != "" { // it can't be guessed, so it isn't an attempt on the account
		return complete(c)
	}
	answer.Email, answer.Code = provider.Subject(in.Plain("email")).EntityKey, vault.NewSecret([]byte(code))
	if answer.Email == "" || code == "" {
		return errNoCodeOrToken
	}
	if s.deps.Limits == nil {
		return complete(c)
	}
	return s.attempt(c, limit{op: limits.SignIn}, limits.Account{Provider: emailCodeProvider, Key: answer.Email}, complete)
}

// liftEmailLock ends the lock that wrong codes have brought about, for an owner who came
// by the link of the mail.
func (s *Server) liftEmailLock(c echo.Context, identityID string) {
	if s.deps.Limits == nil {
		return
	}
	identity, err := s.deps.Store.Identity(lookups(c), identityID)
	for _, p := range identity.Providers {
		if err == nil && p.Provider == emailCodeProvider {
			s.liftLock(c, emailCodeProvider, p.EntityID)
		}
	}
}
