package providers_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/everlatch/everlatch"
	"github.com/everlatch/everlatch/providers"
	"github.com/everlatch/everlatch/providers/totp"
)

type named struct{ providers.Credentials }

func (named) AMR() []string { return []string{"pin"} }

type unnamed struct{ providers.Credentials }

type elsewhere struct{ providers.Redirect }

type quiet struct{ providers.SecondFactor }

func (quiet) Method() string { return "quiet" }

func TestAMR(t *testing.T) {
	t.Parallel()
	r := providers.NewRegistry()
	require.NoError(t, r.Add("named", named{}))
	require.NoError(t, r.Add("unnamed", unnamed{}))
	require.NoError(t, r.Add("elsewhere", elsewhere{}))
	require.Equal(t, []string{"pin"}, r.AMR("named"))
	require.Equal(t, []string{"fed"}, r.AMR("elsewhere"))
	require.Empty(t, r.AMR("unnamed"))
	require.Empty(t, r.AMR("missing"))

	f := providers.NewFactors()
	require.NoError(t, f.Add(&totp.Provider{}))
	require.NoError(t, f.Add(quiet{}))
	require.Equal(t, []string{"otp"}, f.AMR("totp"))
	require.Equal(t, []string{"otp"}, f.AMR(everlatch.MethodRecoveryCode))
	require.Empty(t, f.AMR("quiet"))
}
