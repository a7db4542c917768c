package authservice

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"slices"

	"github.com/everlatch/everlatch"
	"github.com/everlatch/everlatch/auth"
	"github.com/everlatch/everlatch/flows"
	"github.com/everlatch/everlatch/internal/ids"
	"github.com/everlatch/everlatch/workflows"
)

// challengeFlows are the flows of challenges.
type challengeFlows interface {
	BeginMFAChallenge(ctx context.Context, r flows.ChallengeRequest) (flows.Challenge, error)
	PromptMFAChallenge(ctx context.Context, id string, by everlatch.Principal, method string) (everlatch.Metadata, error)
	VerifyMFAChallenge(ctx context.Context, r flows.ChallengeAnswer) (workflows.PassedChallenge, error)
	KeepAccount(ctx context.Context, p everlatch.Principal) error
}

// signIn stands for the first factor of the challenges that programs create: those of the
// routes belong to a token.
const signIn = "auth service"

// principal is the user of an identity, as who challenges are created for and answered by.
func (s *Service) principal(ctx context.Context, identityID string) (everlatch.Principal, everlatch.AuthIdentity, error) {
	if identityID == "" {
		return everlatch.Principal{}, everlatch.AuthIdentity{}, invalid("An auth identity is required.")
	}
	identity, err := s.Store.Identity(ctx, identityID)
	return everlatch.Principal{
		AuthIdentityID: identity.ID, SignInID: signIn, CredentialVersion: identity.CredentialVersion,
	}, identity, err
}

// mostMetadata is how many bytes of JSON a caller keeps with a flow.
const mostMetadata = 4 << 10

// kept returns metadata that go into a flow.
func kept(m everlatch.Metadata) (everlatch.Metadata, error) {
	out, err := normal(m)
	if err != nil {
		return nil, err
	}
	if text, err := json.Marshal(out); err != nil || len(text) > mostMetadata {
		return nil, invalid("Metadata can have 4096 bytes.")
	}
	return out, nil
}

// CreateAuthMfaChallenge implements [auth.Challenges].
func (s *Service) CreateAuthMfaChallenge(ctx context.Context, in auth.NewChallenge) (auth.Challenge, error) {
	metadata, err := kept(in.Metadata)
	if err != nil {
		return auth.Challenge{}, err
	}
	p, identity, err := s.principal(ctx, in.AuthIdentityID)
	if err != nil {
		return auth.Challenge{}, err
	}
	p.ActorType = cmp.Or(in.ActorType, firstLink(identity))
	p.ActorID = identity.ActorID(p.ActorType)
	if p.AuthProvider, err = firstFactor(identity, in.AuthProvider); err != nil {
		return auth.Challenge{}, err
	}
	now := s.Now()
	begun, err := s.Flows.BeginMFAChallenge(ctx, flows.ChallengeRequest{
		Principal: p, At: now, TokenID: ids.New("", now), StepUp: in.StepUp, Metadata: metadata,
	})
	return auth.Challenge{
		ID: begun.ID, AuthIdentityID: p.AuthIdentityID, AuthProvider: p.AuthProvider, ActorType: p.ActorType, StepUp: in.StepUp,
		Methods: begun.Methods, ExpiresAt: begun.ExpiresAt, MaxAttempts: begun.MaxAttempts, Metadata: metadata,
	}, err
}

// firstFactor returns the provider of a first factor.
func firstFactor(identity everlatch.AuthIdentity, provider string) (string, error) {
	has := func(p everlatch.ProviderIdentity) bool { return provider == "" || p.Provider == provider }
	i := slices.IndexFunc(identity.Providers, has)
	if i < 0 && provider != "" {
		return "", errNoProvider(provider)
	}
	if i < 0 {
		return "", nil
	}
	return identity.Providers[i].Provider, nil
}

func errNoProvider(provider string) error {
	return invalid(`Auth identity does not have a provider identity for "` + provider + `"`)
}

// PromptAuthMfaChallenge implements [auth.Challenges].
func (s *Service) PromptAuthMfaChallenge(ctx context.Context, in auth.ChallengePrompt) (everlatch.Metadata, error) {
	p, _, err := s.principal(ctx, in.AuthIdentityID)
	if err != nil {
		return nil, err
	}
	return s.Flows.PromptMFAChallenge(ctx, in.ID, p, in.Method)
}

// VerifyAuthMfaChallenge implements [auth.Challenges].
func (s *Service) VerifyAuthMfaChallenge(ctx context.Context, in auth.ChallengeCode) (auth.Challenge, error) {
	p, identity, err := s.principal(ctx, in.AuthIdentityID)
	if err != nil {
		return auth.Challenge{}, err
	}
	var passed workflows.PassedChallenge
	err = s.attemptFactor(ctx, p, func() (err error) {
		passed, err = s.Flows.VerifyMFAChallenge(ctx, flows.ChallengeAnswer{
			ID: in.ID, Principal: p, Method: in.Method, Code: in.Code, IdempotencyKey: in.IdempotencyKey, Once: true,
		})
		return err
	})
	if err == nil && !passed.StepUp {
		err = s.keepAccount(ctx, identity, passed)
	}
	if err != nil {
		return auth.Challenge{}, err
	}
	return auth.Challenge{
		ID: in.ID, AuthIdentityID: p.AuthIdentityID, AuthProvider: passed.Provider, ActorType: passed.ActorType, StepUp: passed.StepUp,
		Methods: passed.Methods, ExpiresAt: passed.ExpiresAt, Attempts: passed.Attempts, MaxAttempts: passed.MaxAttempts,
		CompletedAt: passed.At, Method: passed.Method, Metadata: passed.Metadata,
	}, nil
}

// keepAccount keeps an account that waits for its removal: the sign-in is complete.
func (s *Service) keepAccount(ctx context.Context, identity everlatch.AuthIdentity, passed workflows.PassedChallenge) error {
	if passed.ActorType != everlatch.ActorCustomer {
		return nil
	}
	return s.Flows.KeepAccount(ctx, everlatch.Principal{
		AuthIdentityID: identity.ID, ActorType: passed.ActorType, ActorID: identity.ActorID(passed.ActorType), DeletionAt: identity.DeletionAt,
	})
}

// UseAuthMfaRecoveryCode implements [auth.MFA]. It is a challenge that only a recovery code
// passes, so that codes are checked, counted and told about in one place.
func (s *Service) UseAuthMfaRecoveryCode(ctx context.Context, authIdentityID, code string) error {
	p, identity, err := s.principal(ctx, authIdentityID)
	if err != nil {
		return err
	}
	p.ActorType = firstLink(identity)
	p.ActorID = identity.ActorID(p.ActorType)
	if p.AuthProvider, err = firstFactor(identity, ""); err != nil {
		return err
	}
	return s.attemptFactor(ctx, p, func() error { return wrongRecoveryCode(s.useRecoveryCode(ctx, p, code)) })
}

func (s *Service) useRecoveryCode(ctx context.Context, p everlatch.Principal, code string) error {
	now := s.Now()
	begun, err := s.Flows.BeginMFAChallenge(ctx, flows.ChallengeRequest{Principal: p, At: now, TokenID: ids.New("", now), StepUp: true})
	if err != nil {
		return err
	}
	_, err = s.Flows.VerifyMFAChallenge(ctx, flows.ChallengeAnswer{ID: begun.ID, Principal: p, Method: everlatch.MethodRecoveryCode, Code: code, Once: true})
	return err
}

// wrongRecoveryCode is the same for a code that is wrong and for an identity that has none.
func wrongRecoveryCode(err error) error {
	e, ok := errors.AsType[*everlatch.Error](err)
	if !ok || !slices.Contains([]everlatch.Reason{
		everlatch.ReasonChallengeCode, everlatch.ReasonChallengeLastCode, everlatch.ReasonChallengeMethod, everlatch.ReasonNoMethod,
	}, e.Reason) {
		return err
	}
	return &everlatch.Error{Code: everlatch.CodeNotAllowed, Reason: everlatch.ReasonRecoveryCode}
}
