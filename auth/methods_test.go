package auth_test

import (
	"reflect"
	"slices"
	"strings"
	"testing"
	"unicode"

	"github.com/stretchr/testify/require"

	"github.com/everlatch/everlatch/auth"
)

// contractMethods are the methods of IAuthModuleService in @medusajs/types 2.21.2
// (dist/auth/service.d.ts).
var contractMethods = []string{
	"authenticate", "listAuthProviders", "register", "updateProvider", "createPasswordResetToken", "consumePasswordResetToken",
	"validateCallback", "validateAuthIdentity", "startAuthMfa", "verifyAuthMfa", "createAuthMfaChallenge", "verifyAuthMfaChallenge",
	"disableAuthMfa", "retrieveAuthMfa", "listAuthMfa", "generateAuthMfaRecoveryCodes", "useAuthMfaRecoveryCode",
	"requestAuthVerification", "confirmAuthVerification", "retrieveAuthVerification", "listAuthVerifications",
	"listAndCountAuthVerifications", "retrieveAuthIdentity", "listAuthIdentities", "listAndCountAuthIdentities",
	"createAuthIdentities", "updateAuthIdentities", "deleteAuthIdentities", "retrieveProviderIdentity", "listProviderIdentities",
	"createProviderIdentities", "updateProviderIdentities", "deleteProviderIdentities",
}

// ours are the methods that the contract's interface lacks: links are keys of app_metadata
// there, nothing prompts, and the count is a generated method.
var ours = []string{"LinkActor", "UnlinkActor", "PromptAuthMfaChallenge", "ListAndCountProviderIdentities"}

// TestMethodsOfTheContract: the service has every method of the contract under its name,
// and each can be called over HTTP.
func TestMethodsOfTheContract(t *testing.T) {
	t.Parallel()
	var want []string
	for _, name := range contractMethods {
		want = append(want, strings.ToUpper(name[:1])+name[1:])
	}
	want = append(want, ours...)
	var have, requests []string
	for method := range reflect.TypeFor[auth.Service]().Methods() {
		have = append(have, method.Name)
		requests = append(requests, kebab(method.Name))
	}
	require.ElementsMatch(t, want, have)
	slices.Sort(requests)
	require.Equal(t, requests, auth.MethodNames())
}

// kebab is the name of a method in requests.
func kebab(name string) string {
	var b strings.Builder
	for i, r := range name {
		if unicode.IsUpper(r) && i > 0 {
			b.WriteByte('-')
		}
		b.WriteRune(unicode.ToLower(r))
	}
	return b.String()
}
