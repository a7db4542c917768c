package emailpass_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/everlatch/everlatch"
	"github.com/everlatch/everlatch/providers"
	"github.com/everlatch/everlatch/providers/emailpass"
)

func TestSubject(t *testing.T) {
	t.Parallel()
	p, err := emailpass.New(emailpass.Options{})
	require.NoError(t, err)
	require.Equal(t, providers.Subject{EntityID: "Ada@Example.com", EntityKey: "ada@example.com"}, p.Subject(" Ada@Example.com "))
	require.Empty(t, p.Subject(" ").EntityKey, "no identity can have it")
}

// docs/weak-spots.md#w26: what is refused is refused before anything is hashed.
func TestUpdate(t *testing.T) {
	t.Parallel()
	hashed := 0
	p, err := emailpass.New(emailpass.Options{
		Argon2: emailpass.Argon2{MemoryKiB: 8, Time: 1, Parallelism: 1}, OnHash: func(string) { hashed++ },
	})
	require.NoError(t, err)
	rec := providers.Record{ProviderMetadata: everlatch.Metadata{"password": "old", "more": "kept"}}
	for name, tt := range map[string]struct {
		body map[string]any
		code everlatch.Code
		says string
	}{
		"none":     {nil, everlatch.CodeUnauthorized, "Unauthorized"},
		"empty":    {map[string]any{"password": ""}, everlatch.CodeUnauthorized, "Unauthorized"},
		"a number": {map[string]any{"password": 12345678}, everlatch.CodeUnauthorized, "Unauthorized"},
		"short":    {map[string]any{"password": "short"}, everlatch.CodeInvalidData, "Password must have at least 8 characters."},
		"long":     {map[string]any{"password": strings.Repeat("x", 257)}, everlatch.CodeInvalidData, "Password must have at most 256 characters."},
		"common":   {map[string]any{"password": "password1"}, everlatch.CodeInvalidData, "Password is one of the most common passwords. Choose another one."},
	} {
		_, err := p.Update(t.Context(), providers.Input{Body: tt.body}, rec)
		require.ErrorIs(t, err, &everlatch.Error{Code: tt.code, Message: tt.says}, name)
	}
	require.Zero(t, hashed)

	verdict, err := p.Update(t.Context(), providers.Input{Body: map[string]any{"password": "correct horse battery"}}, rec)
	require.NoError(t, err)
	require.Equal(t, "kept", verdict.ProviderMetadata["more"])
	require.Equal(t, "old", rec.ProviderMetadata["password"], "the record itself stays")
	_, err = p.Authenticate(t.Context(), providers.Input{Body: map[string]any{"email": "a@b.cc", "password": "correct horse battery"}},
		&providers.Record{ProviderMetadata: verdict.ProviderMetadata})
	require.NoError(t, err)
}
