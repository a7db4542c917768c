package api_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/everlatch/everlatch/api"
)

func TestHowUsersSignUp(t *testing.T) {
	t.Parallel()

	w := setup(t)
	a := w.do("GET", "/auth/customer/sign-up", nil)
	require.Equal(t, 200, a.StatusCode, a.body)
	require.Equal(t, true, a.value(t, "sign_up.open"))
	require.Equal(t, false, a.value(t, "sign_up.confirmed_by_mail"))
	require.Len(t, a.value(t, "sign_up.fields"), 5)
	require.Equal(t, true, a.value(t, "sign_up.own_email"))
	require.Equal(t, map[string]any{"min_length": 8.0, "max_length": 0.0}, a.value(t, "sign_up.password"))
	require.Equal(t, []any{
		map[string]any{"id": "emailpass", "name": "Email/Password Authentication"},
		map[string]any{"id": "login-only", "name": "login-only"},
		map[string]any{"id": "elsewhere", "name": "Elsewhere"},
	}, a.value(t, "sign_up.providers"))
	user := w.do("GET", "/auth/user/sign-up", nil)
	require.Equal(t, false, user.value(t, "sign_up.open"))
	require.Empty(t, user.value(t, "sign_up.fields"))
	w.do("GET", "/auth/unlisted/sign-up", nil).is(t, `{"sign_up":{"open":false,"confirmed_by_mail":false,"verified_first":false,"own_email":false,"fields":[],`+
		`"password":null,"providers":[]}}`)
	unknown := w.do("GET", "/auth/unknown/sign-up", nil)
	require.Equal(t, false, unknown.value(t, "sign_up.open"))
}

func TestSignUpsThatAreConfirmedOrVerified(t *testing.T) {
	t.Parallel()

	w := setup(t, options(withManagers), options(func(o *api.Options) {
		o.NeutralRegister = []string{"customer"}
		o.RequireBeforeActor = true
		o.Verifications = map[string][]api.VerificationRule{"customer": {{EntityType: "email", AuthProvider: "emailpass"}}}
	}))
	a := w.do("GET", "/auth/customer/sign-up", nil)
	require.Equal(t, true, a.value(t, "sign_up.verified_first"))
	require.Equal(t, true, a.value(t, "sign_up.confirmed_by_mail"))

	a = w.do("GET", "/auth/manager/sign-up", nil)
	require.Equal(t, true, a.value(t, "sign_up.open"))
	require.Equal(t, false, a.value(t, "sign_up.confirmed_by_mail"))
	names := []any{}
	for _, f := range a.value(t, "sign_up.fields").([]any) { //nolint:forcetypeassert // the test fails
		names = append(names, f.(map[string]any)["name"]) //nolint:forcetypeassert // the test fails
	}
	require.Equal(t, fieldsThatOwnersSet(), names, "those of administrators are left out")
}

// fieldsThatOwnersSet are the names of a manager's fields, in their order.
func fieldsThatOwnersSet() []any {
	out := []any{}
	for _, f := range managerType().Fields {
		if !f.AdminOnly {
			out = append(out, f.Name)
		}
	}
	return out
}
