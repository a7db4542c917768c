package api_test

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/everlatch/everlatch"
	"github.com/everlatch/everlatch/api"
	"github.com/everlatch/everlatch/flows"
	"github.com/everlatch/everlatch/internal/ids"
	"github.com/everlatch/everlatch/internal/store"
	"github.com/everlatch/everlatch/providers"
)

const rightTOTP, wrongTOTP = "123456", "000000"

// fakeFactors does what the flows of second factors do to the store.
type fakeFactors struct {
	w        *world
	factors  []flows.FactorRequest
	removals []flows.FactorRemoval
	codes    []flows.RecoveryCodesRequest
	left     map[string][]string // by identity
}

func (f *fakeFactors) event(name string) everlatch.Event {
	return everlatch.Event{ID: ids.New(ids.Event, f.w.clock.Now()), Name: name}
}

func (f *fakeFactors) EnrollFactor(ctx context.Context, r flows.FactorRequest) (everlatch.Factor, everlatch.Metadata, error) {
	f.factors = append(f.factors, r)
	metadata := everlatch.Metadata{}
	maps.Copy(metadata, r.Metadata)
	if r.Label != "" {
		metadata["label"] = r.Label
	}
	made, err := f.w.store.StartFactor(ctx, store.NewFactor{
		ID: ids.New(ids.Factor, f.w.clock.Now()), IdentityID: r.AuthIdentityID, Provider: r.Method, Secret: "sealed", Metadata: metadata,
	})
	return made, everlatch.Metadata{"secret": "JBSWY3DPEHPK3PXP", "otpauth_url": "otpauth://totp/x?a=1&b=2"}, err
}

func (f *fakeFactors) ConfirmFactor(ctx context.Context, r flows.FactorAnswer) error {
	if r.Code != rightTOTP {
		return &everlatch.Error{
			Code: everlatch.CodeNotAllowed, Reason: everlatch.ReasonFactorCode, Details: map[string]string{"provider": "TOTP"},
		}
	}
	_, err := f.w.store.EnableFactor(ctx, store.FactorUse{IdentityID: r.Principal.AuthIdentityID, FactorID: r.FactorID, SignInID: r.Principal.SignInID},
		f.event(everlatch.EventMFAEnabled))
	return err
}

func (f *fakeFactors) RemoveFactor(ctx context.Context, r flows.FactorRemoval) (everlatch.Factor, error) {
	if r.NeedsAnswer && r.Code == wrongTOTP {
		return everlatch.Factor{}, &everlatch.Error{Code: everlatch.CodeNotAllowed, Reason: everlatch.ReasonRemovalCode}
	}
	f.removals = append(f.removals, r)
	if _, err := f.w.store.DisableFactor(ctx, r.AuthIdentityID, r.FactorID, f.event(everlatch.EventMFADisabled)); err != nil {
		return everlatch.Factor{}, err
	}
	removed, err := f.w.store.Factor(ctx, r.AuthIdentityID, r.FactorID)
	return removed.Factor, err
}

func (f *fakeFactors) GenerateRecoveryCodes(ctx context.Context, r flows.RecoveryCodesRequest) ([]string, error) {
	identity, err := f.w.store.Identity(ctx, r.AuthIdentityID)
	if err == nil && identity.MFAEnabledAt.IsZero() {
		err = &everlatch.Error{Code: everlatch.CodeNotAllowed, Reason: store.NoFactor}
	}
	if err != nil {
		return nil, err
	}
	f.codes = append(f.codes, r)
	codes := make([]string, r.Count)
	for i := range codes {
		codes[i] = fmt.Sprintf("8e8c-ed44-3913-1ec9-48a1-8ccb-cc3e-%04x", i)
	}
	if f.left == nil {
		f.left = map[string][]string{}
	}
	f.left[r.AuthIdentityID] = slices.Clone(codes)
	return codes, nil
}

// totpMethod is a method whose flows are fake.
type totpMethod struct{ providers.SecondFactor }

func (totpMethod) Method() string      { return "totp" }
func (totpMethod) DisplayName() string { return "TOTP" }
func (totpMethod) AMR() []string       { return []string{"otp"} }

// withFactor is the token of a new customer who has just enabled a factor, and its id.
func (w *world) withFactor(email string) (token, id string) {
	w.t.Helper()
	token = w.customer(email)
	r := w.do("POST", "/auth/mfa/factors", object{"provider": "totp", "label": "Phone", "metadata": object{"device": "pixel"}}, bearer(token))
	require.Equal(w.t, 200, r.StatusCode, r.body)
	id = r.text(w.t, "mfa_factor.id")
	r = w.do("POST", "/auth/mfa/factors/"+id+"/verify", object{"code": rightTOTP}, bearer(token))
	require.Equal(w.t, 200, r.StatusCode, r.body)
	return token, id
}

func TestEnrollFactor(t *testing.T) {
	t.Parallel()
	w := setup(t)
	token := w.customer("a@example.com")
	const path = "/auth/mfa/factors"
	w.do("GET", path, nil, bearer(token)).is(t, `{"mfa_factors":[]}`)

	r := w.do("POST", path, object{"provider": "totp", "label": "My Phone", "issuer": "Acme", "metadata": object{"device": "pixel"}},
		bearer(token), with("Idempotency-Key", "key"))
	require.Equal(t, 200, r.StatusCode, r.body)
	require.Equal(t, "no-store", r.Header.Get("Cache-Control"))
	id, identity := r.text(t, "mfa_factor.id"), w.claims(token).AuthIdentityID
	r.is(t, `{"mfa_factor":{"id":"`+id+`","auth_identity_id":"`+identity+`","provider":"totp","status":"pending",`+
		`"metadata":{"device":"pixel","label":"My Phone"}},"otpauth_url":"otpauth://totp/x?a=1&b=2","secret":"JBSWY3DPEHPK3PXP"}`)
	require.Equal(t, flows.FactorRequest{
		AuthIdentityID: identity, Method: "totp", Label: "My Phone", Issuer: "Acme", Metadata: everlatch.Metadata{"device": "pixel"}, IdempotencyKey: "key",
	}, w.flows.factors[0])

	for body, want := range map[string]string{
		`{}`:                           "Invalid request: Field 'provider' is required",
		`{"provider":""}`:              "Invalid request: Value for field 'provider' too small, expected at least: '1'",
		`{"provider":"sms"}`:           `There is no MFA method "sms".`,
		`{"provider":"recovery_code"}`: `There is no MFA method "recovery_code".`,
		`{"provider":"totp","x":1}`:    "Invalid request: Unrecognized fields: 'x'",
		`{"provider":"totp","label":"` + strings.Repeat("x", 257) + `"}`: "Label and issuer can have 256 characters.",
		`{"provider":1,"label":2,"issuer":3,"metadata":"x"}`: "Invalid request: Expected type: 'string' for field 'provider', got: '1'; " +
			"Expected type: 'string' for field 'label', got: '2'; Expected type: 'string' for field 'issuer', got: '3'",
	} {
		r := w.send(w.raw, "POST", path, body, bearer(token))
		require.Equal(t, 400, r.StatusCode, r.body)
		require.Equal(t, want, r.text(t, "message"))
		require.Equal(t, "invalid_data", r.text(t, "type"))
	}
	require.Equal(t, 400, w.do("POST", path, object{"provider": "totp"}, bearer(token), with("Idempotency-Key", "a b")).StatusCode)
	require.Equal(t, 200, w.do("POST", path, object{"provider": "totp", "label": nil, "metadata": nil}, bearer(w.registered("customer", "b@example.com"))).StatusCode, "without an actor")
	require.Equal(t, 200, w.do("POST", path, object{"provider": "totp"}, with("Cookie", w.session(token))).StatusCode)
	require.Equal(t, 401, w.do("POST", path, object{"provider": "totp"}).StatusCode)
	require.Equal(t, 401, w.do("GET", path, nil).StatusCode)

	w.clock.Advance(12*time.Hour + time.Second)
	late := w.do("POST", path, object{"provider": "totp"}, bearer(token))
	require.Equal(t, 401, late.StatusCode)
	require.Equal(t, "This request needs a recent sign-in. Sign in again and repeat it.", late.text(t, "message"))
}

func TestConfirmFactor(t *testing.T) {
	t.Parallel()
	w := setup(t)
	token, other := w.customer("a@example.com"), w.customer("b@example.com")
	id := w.do("POST", "/auth/mfa/factors", object{"provider": "totp"}, bearer(token)).text(t, "mfa_factor.id")
	path := "/auth/mfa/factors/" + id + "/verify"
	for _, tt := range []struct {
		token, path string
		body        any
		status      int
		message     string
	}{
		{token, path, object{"code": 123456}, 400, "Invalid request: Expected type: 'string' for field 'code', got: '123456'"},
		{token, path, object{}, 400, "Invalid request: Field 'code' is required"},
		{token, path, object{"code": "000000"}, 400, "Invalid TOTP code"},
		{token, "/auth/mfa/factors/authmfa_nope/verify", object{"code": "1"}, 404, `MFA factor with id "authmfa_nope" was not found`},
		{other, path, object{"code": rightTOTP}, 404, `MFA factor with id "` + id + `" was not found`},
		{"", path, object{"code": rightTOTP}, 401, "Unauthorized"},
	} {
		r := w.send(w.raw, "POST", tt.path, tt.body, bearer(tt.token))
		require.Equal(t, tt.status, r.StatusCode, r.body)
		require.Equal(t, tt.message, r.text(t, "message"))
	}
	older := w.login("customer", "a@example.com")
	r := w.do("POST", path, object{"code": rightTOTP}, bearer(token))
	require.Equal(t, 200, r.StatusCode, r.body)
	now := "2026-11-23T13:47:46.000Z"
	r.is(t, `{"mfa_factor":{"id":"`+id+`","auth_identity_id":"`+w.claims(token).AuthIdentityID+`","provider":"totp","status":"enabled",`+
		`"metadata":{},"auth_identity":{"id":"`+w.claims(token).AuthIdentityID+`"},"created_at":"`+now+`","updated_at":"`+now+`","deleted_at":null}}`)
	list := w.do("GET", "/auth/mfa/factors", nil, bearer(token))
	require.Equal(t, 200, list.StatusCode, "the sign-in that enabled it goes on")
	require.Equal(t, `{"mfa_factors":[`+strings.TrimSuffix(strings.TrimPrefix(r.body, `{"mfa_factor":`), "}")+`]}`, list.body)
	refused := w.do("GET", "/auth/mfa/factors", nil, bearer(older))
	require.Equal(t, 401, refused.StatusCode, "docs/weak-spots.md#w56")
	require.Equal(t, "MFA verification is required to complete this request", refused.text(t, "message"))

	require.Equal(t, 200, w.do("DELETE", "/auth/mfa/factors/"+id, nil, bearer(token)).StatusCode)
	disabled := w.do("POST", path, object{"code": rightTOTP}, bearer(token))
	require.Equal(t, 400, disabled.StatusCode)
	require.Equal(t, "Disabled MFA factors cannot be verified", disabled.text(t, "message"))
	require.Equal(t, "not_allowed", disabled.text(t, "type"))
}

func TestRemoveFactor(t *testing.T) {
	t.Parallel()
	w := setup(t)
	token, id := w.withFactor("a@example.com")
	other := w.customer("b@example.com")
	path := "/auth/mfa/factors/" + id
	require.Equal(t, 404, w.do("DELETE", path, object{}, bearer(other)).StatusCode)
	require.Equal(t, 401, w.do("DELETE", path, object{}).StatusCode)
	bad := w.send(w.raw, "DELETE", path, object{"method": "", "code": 1}, bearer(token))
	require.Equal(t, "Invalid request: Value for field 'method' too small, expected at least: '1'; Expected type: 'string' for field 'code', got: '1'", bad.text(t, "message"))

	w.clock.Advance(10*time.Minute + time.Second)
	for _, body := range []any{nil, object{}, object{"method": "totp"}, object{"code": rightTOTP}} {
		late := w.do("DELETE", path, body, bearer(token))
		require.Equal(t, 401, late.StatusCode, "docs/weak-spots.md#w59")
		require.Equal(t, "MFA was verified too long ago to complete this request. MFA verification code is required to disable MFA",
			late.text(t, "message"), "the dashboard looks for the second sentence")
	}
	for _, r := range []reply{
		w.do("POST", "/auth/mfa/recovery-codes", object{}, bearer(token)),
		w.do("POST", "/auth/mfa/factors", object{"provider": "totp"}, bearer(token)),
	} {
		require.Equal(t, "MFA was verified too long ago to complete this request", r.text(t, "message"))
	}
	require.Equal(t, 200, w.do("GET", "/auth/mfa/factors", nil, bearer(token)).StatusCode)

	require.Empty(t, w.flows.removals)
	wrong := w.do("DELETE", path, object{"method": "totp", "code": wrongTOTP}, bearer(token))
	require.Equal(t, 400, wrong.StatusCode)
	require.Equal(t, "Invalid MFA verification code", wrong.text(t, "message"))
	require.Equal(t, 200, w.do("DELETE", path, object{"method": "totp", "code": rightTOTP}, bearer(token)).StatusCode, "the answer is the recent factor")
	require.Equal(t, flows.FactorRemoval{
		AuthIdentityID: w.claims(token).AuthIdentityID, FactorID: id, ActorType: "customer", SignInID: w.claims(token).SignInID,
		NeedsAnswer: true, Method: "totp", Code: rightTOTP,
	}, w.flows.removals[0])
	w.flows.removals = nil

	token, id = w.withFactor("c@example.com")
	for range 2 {
		r := w.do("DELETE", "/auth/mfa/factors/"+id, nil, bearer(token))
		require.Equal(t, 200, r.StatusCode, r.body)
		require.Equal(t, "disabled", r.text(t, "mfa_factor.status"))
		require.Equal(t, object{"id": w.claims(token).AuthIdentityID}, r.value(t, "mfa_factor.auth_identity"))
	}
	require.Equal(t, flows.FactorRemoval{AuthIdentityID: w.claims(token).AuthIdentityID, FactorID: id, ActorType: "customer", SignInID: w.claims(token).SignInID}, w.flows.removals[0])
}

func TestRemoveFactorByChallenge(t *testing.T) {
	t.Parallel()
	w := setup(t, options(func(o *api.Options) { o.MFA.RemovalNeedsAnswer = true }))
	token, id := w.withFactor("a@example.com")
	require.Equal(t, 200, w.do("DELETE", "/auth/mfa/factors/"+id, object{"method": "totp", "code": "654321"}, bearer(token)).StatusCode)
	require.Equal(t, flows.FactorRemoval{
		AuthIdentityID: w.claims(token).AuthIdentityID, FactorID: id, ActorType: "customer", SignInID: w.claims(token).SignInID, NeedsAnswer: true, Method: "totp", Code: "654321",
	}, w.flows.removals[0])
}

func TestGenerateCodes(t *testing.T) {
	t.Parallel()
	w := setup(t)
	const path = "/auth/mfa/recovery-codes"
	none := w.do("POST", path, object{}, bearer(w.customer("b@example.com")))
	require.Equal(t, 400, none.StatusCode)
	require.Equal(t, "Recovery codes require an enabled MFA factor", none.text(t, "message"))
	require.Equal(t, "not_allowed", none.text(t, "type"))

	token, _ := w.withFactor("a@example.com")
	for _, tt := range []struct {
		body any
		want int
	}{{nil, 10}, {object{}, 10}, {object{"count": 3}, 3}, {object{"count": 50}, 50}} {
		r := w.do("POST", path, tt.body, bearer(token), with("Idempotency-Key", "key"))
		require.Equal(t, 200, r.StatusCode, r.body)
		require.Equal(t, "no-store", r.Header.Get("Cache-Control"))
		codes, _ := r.value(t, "recovery_codes").([]any)
		require.Len(t, codes, tt.want)
		require.Equal(t, "key", w.flows.codes[len(w.flows.codes)-1].IdempotencyKey)
	}
	for body, want := range map[string]string{
		`{"count":51}`:  "Invalid request: Value for field 'count' too big, expected at most: '50'",
		`{"count":0}`:   "Invalid request: Value for field 'count' too small, expected at least: '1'",
		`{"count":1.5}`: "Invalid request: Expected type: 'int' for field 'count', got: '1.5'",
		`{"count":"3"}`: "Invalid request: Expected type: 'number' for field 'count', got: '3'",
	} {
		r := w.send(w.raw, "POST", path, body, bearer(token))
		require.Equal(t, 400, r.StatusCode)
		require.Equal(t, want, r.text(t, "message"))
	}
	require.Equal(t, 401, w.do("POST", path, object{}).StatusCode)
}
