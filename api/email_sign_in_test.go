package api_test

import (
	"context"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/everlatch/everlatch"
	"github.com/everlatch/everlatch/api"
	"github.com/everlatch/everlatch/flows"
	"github.com/everlatch/everlatch/internal/ids"
	"github.com/everlatch/everlatch/internal/store"
	"github.com/everlatch/everlatch/providers/emailcode"
	"github.com/everlatch/everlatch/workflows"
)

// fakeEmailCodes remembers what the API asked for. The code is "123456", and the token of
// the link "flow.token".
type fakeEmailCodes struct {
	codesAsked []flows.EmailCodeRequest
	codesTyped []flows.EmailCode
}

func (f *fakeFlows) RequestEmailCode(_ context.Context, r flows.EmailCodeRequest) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.codesAsked = append(f.codesAsked, r)
	return f.fail
}

func (f *fakeFlows) CompleteEmailSignIn(ctx context.Context, r flows.EmailCode) (out workflows.Login, err error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.codesTyped = append(f.codesTyped, r)
	last := flows.EmailCodeRequest{}
	if len(f.codesAsked) > 0 {
		last = f.codesAsked[len(f.codesAsked)-1]
	}
	refused := &everlatch.Error{Code: everlatch.CodeUnauthorized}
	switch {
	case last.Browser == "" || r.Browser != last.Browser:
		refused.Reason = everlatch.ReasonSignInCodeClosed
	case r.Token != "" && r.Token != "flow.token":
		refused.Reason = everlatch.ReasonSignInLink
	case r.Token == "" && string(r.Code.Reveal()) != "123456":
		refused.Reason = everlatch.ReasonSignInCode
	}
	if refused.Reason != "" || f.fail != nil {
		if f.fail != nil {
			return out, f.fail
		}
		return out, refused
	}
	id, pi := ids.New(ids.AuthIdentity, f.now()), ids.New(ids.ProviderIdentity, f.now())
	identity, err := f.store.RegisterIdentity(ctx, store.NewIdentity{
		ID: id, ProviderIdentityID: pi, Provider: r.Provider, EntityID: last.Email, EntityKey: last.Email, VerifiedEmail: last.Email,
	})
	if err != nil {
		return out, err
	}
	return f.loginOf(identity, identity.Providers[0], r.ActorType), nil
}

const anyBrowser = "a browser of these tests"

func setupEmailCodes(t *testing.T, change ...func(*api.Options)) *world {
	t.Helper()
	w := setup(t, options(func(o *api.Options) {
		o.AuthMethodsPerActor["customer"] = append(o.AuthMethodsPerActor["customer"], "emailcode")
		for _, c := range change {
			c(o)
		}
	}))
	provider, err := emailcode.New(emailcode.Options{Register: true})
	require.NoError(t, err)
	require.NoError(t, w.parts.Providers.Add("emailcode", provider))
	return w
}

func TestRequestEmailCode(t *testing.T) {
	t.Parallel()
	w := setupEmailCodes(t)
	r := w.do("POST", "/auth/customer/emailcode", object{"email": " ADA@example.com "})
	require.Equal(t, 200, r.StatusCode, r.body)
	require.JSONEq(t, `{"code_sent":true,"expires_in":600,"location":"/auth/customer/emailcode/callback"}`, r.body)
	require.Equal(t, "no-store", r.Header.Get("Cache-Control"))
	require.Contains(t, r.Header.Get("Set-Cookie"), "everlatch.browser=")
	asked := w.flows.codesAsked[0]
	require.Equal(t, "ada@example.com", asked.Email)
	require.NotEmpty(t, asked.Browser)

	r = w.do("POST", "/auth/customer/emailcode", object{"email": "ada@example.com"}, with("Everlatch-Browser", anyBrowser))
	require.Equal(t, 200, r.StatusCode, r.body)
	require.Equal(t, anyBrowser, w.flows.codesAsked[1].Browser)

	require.Equal(t, 400, w.do("POST", "/auth/customer/emailcode", object{"email": "ada"}).StatusCode)
	require.Equal(t, 400, w.do("POST", "/auth/user/emailcode", object{"email": "ada@example.com"}).StatusCode, "docs/contract.md#s4-2: an allow-list")
	require.Equal(t, 401, w.do("GET", "/auth/customer/emailcode/callback?token=flow.token", nil).StatusCode, "a scanner opens links")
	require.Empty(t, w.flows.codesTyped)
	require.Contains(t, w.do("GET", "/auth/customer/providers", nil).body,
		`{"id":"emailcode","identifier":"emailcode","display_name":"Email code","flow":"credentials"}`)

	w.flows.failWith(everlatch.Unavailable("The service", nil))
	require.Equal(t, 503, w.do("POST", "/auth/customer/emailcode", object{"email": "ada@example.com"}).StatusCode)
}

func TestSignInWithEmailCode(t *testing.T) {
	t.Parallel()
	w := setupEmailCodes(t, func(o *api.Options) {
		o.Verifications = map[string][]api.VerificationRule{"customer": {{EntityType: "email", AuthProvider: "emailcode"}}}
	})
	browser := with("Everlatch-Browser", anyBrowser)
	callback := func(body object, h ...header) reply {
		return w.do("POST", "/auth/customer/emailcode/callback", body, h...)
	}
	right := object{"email": "Ada@example.com", "code": "123456"}
	require.Equal(t, 401, callback(right, browser).StatusCode, "nothing was asked for")
	require.Equal(t, 200, w.do("POST", "/auth/customer/emailcode", object{"email": "ada@example.com"}, browser).StatusCode)

	elsewhere, wrong := callback(right, with("Everlatch-Browser", "another browser of them")), callback(object{"email": "ada@example.com", "code": "1"}, browser)
	require.Equal(t, 401, elsewhere.StatusCode)
	require.Equal(t, wrong.body, elsewhere.body, "no answer tells what was wrong")
	require.Contains(t, wrong.body, "This code is wrong or has expired.")
	link := callback(object{"token": "flow.other"}, browser)
	require.Equal(t, 401, link.StatusCode)
	require.Contains(t, link.body, "only in the browser where you asked for it")
	for _, body := range []object{{}, {"email": "ada@example.com"}, {"code": "123456"}, {"email": "ada", "code": "123456"}} {
		require.Equal(t, 400, callback(body, browser).StatusCode, body)
	}
	require.Equal(t, 401, callback(object{"email": "ada@example.com", "code": strings.Repeat("1", 1000)}, browser).StatusCode)

	r := callback(object{"token": "flow.token"}, browser, with("Idempotency-Key", "k"))
	require.Equal(t, 200, r.StatusCode, r.body)
	claims := w.claims(r.text(t, "token"))
	require.Equal(t, "emailcode", claims.AuthProvider)
	require.Equal(t, []string{"otp"}, claims.AMR)
	require.NotContains(t, r.body, "verification_required", "the sign-in proves the address")
	require.Equal(t, "k", w.flows.codesTyped[len(w.flows.codesTyped)-1].IdempotencyKey)
}
