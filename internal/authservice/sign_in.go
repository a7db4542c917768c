package authservice

import (
	"cmp"
	"context"
	"maps"
	"slices"
	"time"

	"github.com/everlatch/everlatch"
	"github.com/everlatch/everlatch/auth"
	"github.com/everlatch/everlatch/flows"
	"github.com/everlatch/everlatch/internal/limits"
	"github.com/everlatch/everlatch/internal/store"
	"github.com/everlatch/everlatch/providers"
	"github.com/everlatch/everlatch/workflows"
)

// Authenticate implements [auth.SignIn].
func (s *Service) Authenticate(ctx context.Context, provider string, in auth.AuthenticationInput) (auth.Authentication, error) {
	if in.ActorType == "" {
		return auth.Authentication{}, errActorType()
	}
	if p, err := s.Providers.Redirect(provider); err == nil {
		return s.begin(ctx, provider, p, in)
	}
	p, err := s.Providers.Credentials(provider)
	if err != nil {
		return auth.Authentication{}, err
	}
	request := request(provider, in)
	var login workflows.Login
	err = Hashing(ctx, s.Limits, p, func(turn *limits.Turn) (err error) {
		login, err = s.signIn(ctx, p, request, turn)
		return err
	})
	return s.authentication(ctx, login, err)
}

func errActorType() error { return invalid("An actor type is required.") }

func request(provider string, in auth.AuthenticationInput) flows.AuthRequest {
	return flows.AuthRequest{
		ActorType: in.ActorType, Provider: provider, IdempotencyKey: in.IdempotencyKey,
		Input: providers.Input{Body: in.Body, Query: in.Query, ActorType: in.ActorType},
	}
}

// signIn makes an attempt on the account that a request names. A request with an
// IdempotencyKey that is repeated counts once and gets the first answer, though the account
// is locked meanwhile.
func (s *Service) signIn(
	ctx context.Context, p providers.Credentials, r flows.AuthRequest, turn *limits.Turn,
) (login workflows.Login, err error) {
	asked, first := false, true
	counted := s.signInOn(p, r, turn)
	counted.repeated = func() bool { return !first }
	err = s.attempt(ctx, counted, func() (err error) {
		asked = true
		login, first, err = s.authenticate(ctx, r)
		return err
	})
	if !asked {
		return s.answered(ctx, r, err)
	}
	return login, err
}

// signInOn is how an attempt on the account that a request names is counted.
func (s *Service) signInOn(p providers.Credentials, r flows.AuthRequest, turn *limits.Turn) counting {
	subject, err := p.Identify(r.Input)
	account := limits.Account{Provider: r.Provider, Key: cmp.Or(subject.EntityKey, subject.EntityID)}
	if err != nil {
		account.Key = "" // it names none
	}
	return counting{account: account, turn: turn, refused: isRefusedSignIn, locked: func(ctx context.Context, lock limits.Lock) error {
		return s.Limits.RecordLock(ctx, r.ActorType, account, lock)
	}}
}

// authenticate makes an attempt, unless the same request has made it.
func (s *Service) authenticate(ctx context.Context, r flows.AuthRequest) (login workflows.Login, first bool, err error) {
	if r.IdempotencyKey != "" {
		return s.Flows.AuthenticateOnce(ctx, r)
	}
	login, err = s.Flows.Authenticate(ctx, r)
	return login, true, err
}

// answered returns what the same request was answered before it was limited.
func (s *Service) answered(ctx context.Context, r flows.AuthRequest, limited error) (workflows.Login, error) {
	if r.IdempotencyKey == "" {
		return workflows.Login{}, limited
	}
	login, known, err := s.Flows.AuthenticationAnswer(ctx, r)
	if !known {
		return workflows.Login{}, limited
	}
	return login, err
}

// The length of a value that stands for a browser, as the API demands it.
const minBrowser, maxBrowser = 16, 128

func (s *Service) begin(ctx context.Context, id string, p providers.Redirect, in auth.AuthenticationInput) (auth.Authentication, error) {
	if in.Query["error"] != "" {
		return auth.Authentication{}, refusedBy(p, in.Query)
	}
	if in.Browser == "" && s.RequireBrowser {
		return auth.Authentication{}, invalid("Browser is required: a secret that the caller keeps with the user's browser.")
	}
	if n := len(in.Browser); n > 0 && (n < minBrowser || n > maxBrowser) {
		return auth.Authentication{}, invalid("Browser must have 16 to 128 characters.")
	}
	requested, _ := in.Body["callback_url"].(string)
	callbackURL, err := p.CallbackURL(requested)
	if err != nil {
		return auth.Authentication{}, err
	}
	var ttl time.Duration
	if limited, ok := p.(providers.TimeLimiter); ok {
		ttl = limited.StateTTL()
	}
	location, err := s.Flows.BeginSocialLogin(ctx, flows.RedirectRequest{
		ActorType: in.ActorType, Provider: id, CallbackURL: callbackURL, Browser: in.Browser, Bound: in.Browser != "", TTL: ttl,
	})
	return auth.Authentication{Provider: id, ActorType: in.ActorType, Location: location}, err
}

func refusedBy(p providers.Provider, params map[string]string) error {
	if e, ok := p.(providers.Explainer); ok {
		return &everlatch.Error{Code: everlatch.CodeUnauthorized, Reason: everlatch.ReasonProviderRefused, Message: e.Explain(params)}
	}
	return &everlatch.Error{Code: everlatch.CodeUnauthorized, Reason: everlatch.ReasonAuthenticationFailed, Message: "Authentication failed"}
}

// Register implements [auth.SignIn].
func (s *Service) Register(ctx context.Context, provider string, in auth.AuthenticationInput) (auth.Authentication, error) {
	if in.ActorType == "" {
		return auth.Authentication{}, errActorType()
	}
	registrar, err := s.Providers.Registrar(provider)
	if err != nil {
		return auth.Authentication{}, err
	}
	var login workflows.Login
	err = Hashing(ctx, s.Limits, registrar, func(*limits.Turn) (err error) {
		login, err = s.Flows.Register(ctx, request(provider, in))
		return err
	})
	return s.authentication(ctx, login, err)
}

// ValidateCallback implements [auth.SignIn].
func (s *Service) ValidateCallback(ctx context.Context, provider string, in auth.AuthenticationInput) (auth.Authentication, error) {
	if in.ActorType == "" {
		return auth.Authentication{}, errActorType()
	}
	p, err := s.Providers.Callback(provider)
	if err != nil {
		return auth.Authentication{}, err
	}
	params := map[string]string{}
	for name, value := range in.Body {
		if text, ok := value.(string); ok {
			params[name] = text
		}
	}
	maps.Copy(params, in.Query)
	switch {
	case params["error"] != "":
		return auth.Authentication{}, refusedBy(p, params)
	case params["code"] == "":
		return auth.Authentication{}, &everlatch.Error{Code: everlatch.CodeUnauthorized, Reason: everlatch.ReasonAuthenticationFailed, Message: "No code provided"}
	case params["state"] == "":
		return auth.Authentication{}, &everlatch.Error{Code: everlatch.CodeUnauthorized, Reason: everlatch.ReasonStateInvalid}
	}
	login, err := s.Flows.CompleteSocialLogin(ctx, flows.RedirectAnswer{
		ActorType: in.ActorType, Provider: provider, State: params["state"], Params: params, Browser: in.Browser,
	})
	return s.authentication(ctx, login, err)
}

// authentication is the result of a flow. For a program the sign-in is complete with it,
// unless it lacks a second factor: then it keeps no account that waits for its removal.
func (s *Service) authentication(ctx context.Context, login workflows.Login, err error) (auth.Authentication, error) {
	if err == nil {
		err = s.Flows.KeepAccount(ctx, login.Principal)
	}
	if err != nil {
		return auth.Authentication{}, err
	}
	identity, err := s.Store.Identity(ctx, login.Principal.AuthIdentityID)
	if err != nil {
		return auth.Authentication{}, err
	}
	return auth.Authentication{
		AuthIdentity: public(identity), Provider: login.Principal.AuthProvider, Created: login.Created,
		ActorType: login.Principal.ActorType, ActorID: login.Principal.ActorID, MFARequired: !identity.MFAEnabledAt.IsZero(),
	}, nil
}

// ValidateAuthIdentity implements [auth.SignIn].
func (s *Service) ValidateAuthIdentity(ctx context.Context, id, provider string) (auth.Authentication, error) {
	identity, err := s.Store.Identity(ctx, id)
	if err != nil {
		return auth.Authentication{}, err
	}
	if !identity.DisabledAt.IsZero() {
		return auth.Authentication{}, &everlatch.Error{Code: everlatch.CodeUnauthorized, Reason: everlatch.ReasonIdentityDisabled}
	}
	if !slices.ContainsFunc(identity.Providers, func(p everlatch.ProviderIdentity) bool { return p.Provider == provider }) {
		return auth.Authentication{}, errNoProvider(provider)
	}
	return auth.Authentication{
		AuthIdentity: public(identity), Provider: provider, MFARequired: !identity.MFAEnabledAt.IsZero(),
	}, nil
}

// UpdateProvider implements [auth.SignIn].
func (s *Service) UpdateProvider(ctx context.Context, provider string, in auth.ProviderUpdate) (everlatch.AuthIdentity, error) {
	updater, err := s.Providers.Updater(provider)
	if err != nil {
		return everlatch.AuthIdentity{}, err
	}
	cred, err := s.Store.FindCredential(ctx, provider, updater.Subject(in.EntityID).EntityKey)
	if err == nil && !cred.Identity.DisabledAt.IsZero() { // looks like one that doesn't exist
		err = &everlatch.Error{Code: everlatch.CodeNotFound, Reason: store.CredentialUnknown}
	}
	if err != nil {
		return everlatch.AuthIdentity{}, err
	}
	actorType := cmp.Or(in.ActorType, firstLink(cred.Identity))
	err = Hashing(ctx, s.Limits, updater, func(*limits.Turn) error {
		return s.Flows.UpdateProvider(ctx, flows.ProviderUpdate{
			Provider: provider, Credential: cred.Provider, Version: cred.Identity.CredentialVersion, ActorType: actorType,
			Input: providers.Input{Body: in.Body, ActorType: actorType},
		})
	})
	if err != nil {
		return everlatch.AuthIdentity{}, err
	}
	if s.Limits != nil { // as after a reset, the owner can sign in with it at once
		_ = s.Limits.Lift(ctx, limits.Account{Provider: provider, Key: cred.Provider.EntityKey})
	}
	identity, err := s.Store.Identity(ctx, cred.Identity.ID)
	return public(identity), err
}

// firstLink returns an actor type of an identity, customer if it has none.
func firstLink(identity everlatch.AuthIdentity) string {
	for _, actorType := range slices.Sorted(maps.Keys(identity.Links)) {
		return actorType
	}
	return everlatch.ActorCustomer
}

// ListAuthProviders implements [auth.SignIn].
func (s *Service) ListAuthProviders(_ context.Context, ids ...string) ([]auth.Provider, error) {
	list := s.Providers.List(ids)
	out := make([]auth.Provider, len(list))
	for i, p := range list {
		out[i] = auth.Provider(p)
	}
	return out, nil
}
