package authtest

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/everlatch/everlatch"
	"github.com/everlatch/everlatch/auth"
)

const racers = 50

// inParallel makes fifty calls at once and returns their errors.
func inParallel(t *testing.T, call func(ctx context.Context, i int) error) []error {
	t.Helper()
	ctx := context.WithoutCancel(t.Context())
	errs := make([]error, racers)
	begin := make(chan struct{})
	var all sync.WaitGroup
	for i := range errs {
		all.Go(func() {
			<-begin
			errs[i] = call(ctx, i)
		})
	}
	close(begin)
	all.Wait()
	return errs
}

// once makes fifty calls at once, of which one may succeed, and returns the refusals of the
// others. A call that a busy machine leaves without an answer may be the one.
func once(t *testing.T, call func(ctx context.Context, i int) error) []error {
	t.Helper()
	var refusals []error
	passed, unanswered := 0, 0
	for _, err := range inParallel(t, call) {
		switch {
		case err == nil:
			passed++
		case everlatch.ErrorCode(err) == everlatch.CodeUnavailable:
			unanswered++
		default:
			refusals = append(refusals, err)
		}
	}
	require.LessOrEqual(t, passed, 1, "one of fifty succeeds")
	require.Positive(t, passed+unanswered, "one of fifty succeeds: %v", refusals[:min(3, len(refusals))])
	return refusals
}

// insist repeats a call that may be repeated while the service is too busy, as clients do.
func insist(call func() error) (err error) {
	for range 5 {
		if err = call(); everlatch.ErrorCode(err) != everlatch.CodeUnavailable {
			break
		}
	}
	return err
}

// requireCodes checks that each refusal has one of the codes.
func requireCodes(t *testing.T, refusals []error, codes ...everlatch.Code) {
	t.Helper()
	for _, err := range refusals {
		require.Contains(t, codes, everlatch.ErrorCode(err), "%v", err)
	}
}

// registrationOnce: of fifty who register an address with passwords of their own, one gets
// it. Requests with one key are one registration.
func registrationOnce(t *testing.T, w World) {
	requireCodes(t, once(t, func(ctx context.Context, i int) error {
		_, err := w.Service.Register(ctx, "emailpass", input("ada@example.com", fmt.Sprint(password, i)))
		return err
	}), everlatch.CodeUnauthorized)

	in := input("bob@example.com", password)
	in.IdempotencyKey = "sign-up of bob"
	made := make([]auth.Authentication, racers)
	for i, err := range inParallel(t, func(ctx context.Context, i int) error {
		return insist(func() (err error) {
			made[i], err = w.Service.Register(ctx, "emailpass", in)
			return err
		})
	}) {
		require.NoError(t, err)
		require.Equal(t, made[0].AuthIdentity.ID, made[i].AuthIdentity.ID)
	}
}

// identityOnce: of fifty identities with one address, one is created; and of fifty that are
// the same one as well, which all callers get.
func identityOnce(t *testing.T, w World) {
	requireCodes(t, once(t, func(ctx context.Context, _ int) error {
		_, err := w.Service.CreateAuthIdentities(ctx, newIdentity("", "ada@example.com", nil))
		return err
	}), everlatch.CodeDuplicate)
	for _, err := range inParallel(t, func(ctx context.Context, _ int) error {
		return insist(func() error {
			_, err := w.Service.CreateAuthIdentities(ctx, newIdentity("authid_b", "bob@example.com", nil))
			return err
		})
	}) {
		require.NoError(t, err)
	}
	_, count, err := w.Service.ListAndCountAuthIdentities(t.Context(), auth.AuthIdentityFilter{}, auth.FindConfig{})
	require.NoError(t, err)
	require.Equal(t, 2, count)
}

// addressOnce: of fifty who add an address to one of two identities, one succeeds.
func addressOnce(t *testing.T, w World) {
	var in [2]auth.NewAuthIdentity
	for i := range in {
		in[i].ProviderIdentities = []auth.NewProviderIdentity{{Provider: "elsewhere", EntityID: fmt.Sprint(i)}}
	}
	owners, err := w.Service.CreateAuthIdentities(t.Context(), in[:]...)
	require.NoError(t, err)
	requireCodes(t, once(t, func(ctx context.Context, i int) error {
		_, err := w.Service.CreateProviderIdentities(ctx, auth.NewProviderIdentity{
			AuthIdentityID: owners[i%2].ID, Provider: "emailpass", EntityID: "ada@example.com", VerifiedEmail: "ada@example.com",
		})
		return err
	}), everlatch.CodeDuplicate, everlatch.CodeNotAllowed)
	_, count, err := w.Service.ListAndCountProviderIdentities(t.Context(), auth.ProviderIdentityFilter{EntityKey: auth.Eq("ada@example.com")}, auth.FindConfig{})
	require.NoError(t, err)
	require.Equal(t, 1, count)
}

// lastMethodStays: of fifty who remove one of two sign-in methods each, none takes the
// last one.
func lastMethodStays(t *testing.T, w World) {
	made, err := w.Service.CreateAuthIdentities(t.Context(), auth.NewAuthIdentity{ProviderIdentities: []auth.NewProviderIdentity{
		{Provider: "elsewhere", EntityID: "4711"}, {Provider: "emailpass", EntityID: "ada@example.com"},
	}})
	require.NoError(t, err)
	methods := made[0].Providers
	for _, err := range inParallel(t, func(ctx context.Context, i int) error {
		return insist(func() error { return w.Service.DeleteProviderIdentities(ctx, methods[i%2].ID) })
	}) {
		if err != nil { // one that is gone already is no error
			refused(t, err, everlatch.CodeNotAllowed)
		}
	}
	left, err := w.Service.ListProviderIdentities(t.Context(), auth.ProviderIdentityFilter{AuthIdentityID: auth.Eq(made[0].ID)}, auth.FindConfig{})
	require.NoError(t, err)
	require.Len(t, left, 1)
}

// linkOnce: of fifty actors of one type, an identity gets one.
func linkOnce(t *testing.T, w World) {
	made := register(t, w)
	actors := make([]string, racers)
	for i := range actors {
		actors[i] = w.Customer(t)
	}
	var linked atomic.Pointer[string]
	requireCodes(t, once(t, func(ctx context.Context, i int) error {
		err := w.Service.LinkActor(ctx, made.ID, everlatch.ActorRef{ActorType: "customer", ActorID: actors[i]})
		if err == nil {
			linked.Store(&actors[i])
		}
		return err
	}), everlatch.CodeNotAllowed)
	now, err := w.Service.RetrieveAuthIdentity(t.Context(), made.ID, auth.FindConfig{})
	require.NoError(t, err)
	if id := linked.Load(); id != nil { // it has got its answer
		require.Equal(t, map[string]string{"customer": *id}, now.Links)
	}
}

// factorOnce: of fifty who enable a factor with the same code, one succeeds, for a code is
// good once.
func factorOnce(t *testing.T, w World) {
	made := register(t, w)
	started, err := w.Service.StartAuthMfa(t.Context(), auth.NewFactor{AuthIdentityID: made.ID, Provider: "totp"})
	require.NoError(t, err)
	secret, _ := started.Public["secret"].(string)
	code := w.TOTP(secret, 0)
	requireCodes(t, once(t, func(ctx context.Context, _ int) error {
		_, err := w.Service.VerifyAuthMfa(ctx, auth.FactorCode{ID: started.Factor.ID, Code: code})
		return err
	}), everlatch.CodeNotAllowed, everlatch.CodeRateLimited)
	factor, err := w.Service.RetrieveAuthMfa(t.Context(), auth.FactorRef{ID: started.Factor.ID}, auth.FindConfig{})
	require.NoError(t, err)
	require.Equal(t, everlatch.FactorEnabled, factor.Status)
}

// challengeOnce: of fifty who answer a challenge with the right code at once, one passes.
func challengeOnce(t *testing.T, w World) {
	made := register(t, w)
	_, secret := enabled(t, w, made.ID)
	open, err := w.Service.CreateAuthMfaChallenge(t.Context(), auth.NewChallenge{AuthIdentityID: made.ID})
	require.NoError(t, err)
	right := w.TOTP(secret, 1)
	requireCodes(t, once(t, func(ctx context.Context, _ int) error {
		_, err := w.Service.VerifyAuthMfaChallenge(ctx, auth.ChallengeCode{ID: open.ID, AuthIdentityID: made.ID, Method: "totp", Code: right})
		return err
	}), everlatch.CodeNotAllowed, everlatch.CodeRateLimited)
}

// recoveryOnce: of fifty who use one recovery code, one succeeds.
func recoveryOnce(t *testing.T, w World) {
	made := register(t, w)
	enabled(t, w, made.ID)
	codes, err := w.Service.GenerateAuthMfaRecoveryCodes(t.Context(), made.ID, 1)
	require.NoError(t, err)
	requireCodes(t, once(t, func(ctx context.Context, _ int) error {
		return w.Service.UseAuthMfaRecoveryCode(ctx, made.ID, codes[0])
	}), everlatch.CodeNotAllowed, everlatch.CodeRateLimited)
}

// codeOnce: of fifty who present a code at once, one verifies the address.
func codeOnce(t *testing.T, w World) {
	made := register(t, w)
	_, err := w.Service.RequestAuthVerification(t.Context(), request(made.ID, "token"))
	require.NoError(t, err)
	code := w.Code(t, "ada@example.com")
	requireCodes(t, once(t, func(ctx context.Context, _ int) error {
		_, err := w.Service.ConfirmAuthVerification(ctx, auth.VerificationCode{Code: code})
		return err
	}), everlatch.CodeNotAllowed)
}

// resetOnce: of fifty who consume a token at once, one succeeds.
func resetOnce(t *testing.T, w World) {
	register(t, w)
	token, err := w.Service.CreatePasswordResetToken(t.Context(), auth.PasswordResetRequest{Provider: "emailpass", EntityID: "ada@example.com"})
	require.NoError(t, err)
	requireCodes(t, once(t, func(ctx context.Context, _ int) error {
		_, err := w.Service.ConsumePasswordResetToken(ctx, auth.ResetConsumption{ID: token.ID, Provider: "emailpass", EntityID: "ada@example.com"})
		return err
	}), everlatch.CodeUnauthorized)
}
