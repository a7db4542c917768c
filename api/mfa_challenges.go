package api

import (
	"context"
	"errors"
	"slices"

	"github.com/labstack/echo/v4"

	"github.com/everlatch/everlatch"
	"github.com/everlatch/everlatch/flows"
	"github.com/everlatch/everlatch/internal/ids"
	"github.com/everlatch/everlatch/internal/query"
	"github.com/everlatch/everlatch/internal/tokens"
	"github.com/everlatch/everlatch/internal/wire"
	"github.com/everlatch/everlatch/workflows"
)

// challengeFlows are the flows of the routes in this file.
type challengeFlows interface {
	BeginMFAChallenge(ctx context.Context, r flows.ChallengeRequest) (flows.Challenge, error)
	PromptMFAChallenge(ctx context.Context, id string, by everlatch.Principal, method string) (everlatch.Metadata, error)
	VerifyMFAChallenge(ctx context.Context, r flows.ChallengeAnswer) (workflows.PassedChallenge, error)
	KeepAccount(ctx context.Context, p everlatch.Principal) error
}

var (
	challengeAnswerFields = query.Schema{
		{Name: "method", Kind: query.Filled, Required: true},
		{Name: "code", Kind: query.Filled, Required: true},
	}
	challengePromptFields = query.Schema{{Name: "method", Kind: query.Filled, Required: true}}
)

// challengeFirst answers a first factor that needs a second one: with its challenge, and
// a token that is good for nothing else (docs/contract.md#s4-3). The token hides the
// actor. An identity whose factors have just been disabled needs none.
func (s *Server) challengeFirst(c echo.Context, login workflows.Login) error {
	pending := login.Principal
	if pending.SignInID == "" {
		pending.SignInID = login.TokenID // of the token below
	}
	challenge, err := s.deps.Flows.BeginMFAChallenge(c.Request().Context(), flows.ChallengeRequest{
		Principal: pending, At: login.At, TokenID: login.TokenID,
	})
	if isReason(err, everlatch.ReasonNoMethod) {
		login.Principal.MFAEnabled = false
		return s.completeLogin(c, login)
	}
	if err != nil {
		return err
	}
	pending.ActorID = ""
	login.Principal = pending
	token, err := s.tokenOf(c, login)
	if err != nil {
		return err
	}
	b := appendChallenge([]byte(`{"mfa_required":true,"mfa_challenge":`), challenge, pending)
	return answerPrivate(c, append(wire.AppendText(append(b, `,"token":`...), token), '}'))
}

// appendChallenge shows a challenge as the contract does (docs/contract.md#s10-3).
func appendChallenge(b []byte, ch flows.Challenge, p everlatch.Principal) []byte {
	b = wire.AppendText(append(b, `{"id":`...), ch.ID)
	b = wire.AppendText(append(b, `,"auth_identity_id":`...), p.AuthIdentityID)
	b = wire.AppendText(append(b, `,"auth_provider":`...), p.AuthProvider)
	b = wire.AppendJSON(append(b, `,"methods":`...), ch.Methods)
	b = wire.AppendTime(append(b, `,"expires_at":`...), ch.ExpiresAt)
	b = wire.AppendInt(append(b, `,"attempts":0,"max_attempts":`...), ch.MaxAttempts)
	return append(b, `,"completed_at":null,"metadata":null}`...)
}

// stepUp begins a challenge for a user who is signed in, so that a route that asks for a
// recent second factor accepts them afterwards. It is the way, too, of a sign-in that
// began before the identity had a second factor (docs/weak-spots.md#w56).
func (s *Server) stepUp(c echo.Context) error {
	claims, err := caller(c)
	if err != nil {
		return err
	}
	p, now := claims.Principal(), s.deps.Now()
	challenge, err := s.deps.Flows.BeginMFAChallenge(c.Request().Context(), flows.ChallengeRequest{
		Principal: p, At: now, TokenID: ids.New("", now), StepUp: !p.NeedsFactor(),
	})
	if err != nil {
		return err
	}
	return answerPrivate(c, append(appendChallenge([]byte(`{"mfa_challenge":`), challenge, p), '}'))
}

// promptChallenge has a method send a code, or make what a device signs.
func (s *Server) promptChallenge(c echo.Context) error {
	claims, err := caller(c)
	if err != nil {
		return err
	}
	in, err := challengePromptFields.CheckBody(wire.Of(c).Body)
	if err != nil {
		return err
	}
	public, err := s.deps.Flows.PromptMFAChallenge(c.Request().Context(), c.Param("id"), claims.Principal(), in.Plain("method"))
	if err != nil {
		return err
	}
	return answerPrivate(c, append(wire.AppendMetadata([]byte(`{"prompt":`), public), '}'))
}

// verifyChallenge passes a challenge and answers with a full token. It is for the actor
// type and the provider of the challenge, and every other rule of a sign-in applies to it
// (docs/weak-spots.md#w54).
func (s *Server) verifyChallenge(c echo.Context) error {
	claims, err := caller(c)
	if err != nil {
		return err
	}
	in, err := challengeAnswerFields.CheckBody(wire.Of(c).Body)
	if err != nil {
		return err
	}
	answer := flows.ChallengeAnswer{ID: c.Param("id"), Principal: claims.Principal(), Method: in.Plain("method"), Code: in.Plain("code")}
	if answer.IdempotencyKey, err = idempotencyKey(c); err != nil {
		return err
	}
	var passed workflows.PassedChallenge
	err = s.attemptFactor(c, claims.AuthIdentityID, func() error {
		passed, err = s.deps.Flows.VerifyMFAChallenge(c.Request().Context(), answer)
		return err
	})
	if err != nil {
		return err
	}
	return s.completeChallenge(c, claims, passed)
}

// completeChallenge signs the caller in with both factors.
func (s *Server) completeChallenge(c echo.Context, claims *tokens.Claims, passed workflows.PassedChallenge) error {
	identity, standing, err := s.current(c, claims)
	if err != nil {
		return err
	}
	of := *claims
	of.ActorType, of.AuthProvider = passed.ActorType, passed.Provider
	principal, err := s.reissued(c, identity, standing, &of)
	if errors.Is(err, everlatch.ErrNotFound) {
		err = errNoProviderIdentity(passed.Provider)
	}
	if err != nil {
		return err
	}
	principal.MFAEnabled, principal.MFACompletedAt = true, passed.At
	principal.AMR = s.withBoth(principal, passed.Method)
	if id := callOf(c).auth.SessionID(); id != "" && passed.StepUp {
		if err := s.deps.Store.StepUpSession(lookups(c), id, principal); err != nil {
			return err
		}
	}
	return s.answerLogin(c, workflows.Login{Principal: principal, At: passed.At, TokenID: passed.TokenID})
}

// withBoth are the methods of a principal who has passed a second factor as well.
func (s *Server) withBoth(p everlatch.Principal, method string) []string {
	out := slices.Clone(s.withMethods(p).AMR)
	for _, amr := range append(s.deps.Factors.AMR(method), everlatch.AMRSeveral) {
		if !slices.Contains(out, amr) {
			out = append(out, amr)
		}
	}
	return out
}
