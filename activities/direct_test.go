package activities_test

import (
	"bytes"
	"log/slog"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/everlatch/everlatch"
	"github.com/everlatch/everlatch/activities"
	"github.com/everlatch/everlatch/internal/store"
	"github.com/everlatch/everlatch/providers"
	"github.com/everlatch/everlatch/providers/emailpass"
)

// slowProvider calls another machine.
type slowProvider struct{ providers.Credentials }

func (slowProvider) Identifier() string { return "directory" }
func (slowProvider) Slow() bool         { return true }

// The step without a workflow decides as that of one, and its events say that it is.
func TestDirectSignIn(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	registry := providers.NewRegistry()
	passwords, err := emailpass.New(emailpass.Options{Argon2: emailpass.Argon2{MemoryKiB: 8, Time: 1, Parallelism: 1}})
	require.NoError(t, err)
	require.NoError(t, registry.Add("emailpass", passwords))
	require.NoError(t, registry.Add("directory", slowProvider{}))
	input := func(password string) providers.Input {
		return providers.Input{Body: map[string]any{"email": "ada@example.com", "password": password}, ActorType: "customer"}
	}
	verdict, err := passwords.Register(t.Context(), input("correct horse"), nil)
	require.NoError(t, err)
	_, err = b.store.RegisterIdentity(t.Context(), store.NewIdentity{
		ID: "authid_ada", ProviderIdentityID: "p_ada", Provider: "emailpass", EntityID: "ada@example.com", EntityKey: "ada@example.com",
		ProviderMetadata: verdict.ProviderMetadata,
	})
	require.NoError(t, err)
	var log bytes.Buffer
	direct := activities.Direct{
		Credentials: &activities.Credentials{
			Store: b.store, Vault: b.vault, Providers: registry, Now: func() time.Time { return b.now }, LoginEvents: true,
		},
		Log: slog.New(slog.NewTextHandler(&log, nil)),
	}
	signIn := func(eventID, provider, password string) activities.CheckCredentialsOutput {
		out, err := direct.SignIn(t.Context(), activities.CheckCredentialsInput{
			ActorType: "customer", Provider: provider, EventID: eventID, Direct: "temporal_away",
		}, input(password))
		require.NoError(t, err)
		return out
	}

	events := func(name string) (out []everlatch.Metadata) {
		found, _, err := b.store.Events(t.Context(), store.EventFilter{Name: name}, store.Page{Limit: 10})
		require.NoError(t, err)
		for _, e := range found {
			out = append(out, e.Data)
		}
		return out
	}

	for range 2 {
		require.Equal(t, "authid_ada", signIn("evt_1", "emailpass", "correct horse").Principal.AuthIdentityID)
	}
	require.Equal(t, []everlatch.Metadata{{
		"actor_type": "customer", "actor_id": "", "auth_identity_id": "authid_ada", "provider": "emailpass", "direct": "temporal_away",
	}}, events(everlatch.EventLoginSucceeded), "one event for one id")
	wrong := signIn("evt_2", "emailpass", "wrong")
	require.Equal(t, everlatch.CodeUnauthorized, wrong.Refusal.Code)
	require.Equal(t, "temporal_away", events(everlatch.EventLoginFailed)[0]["direct"])
	require.NotContains(t, log.String(), "correct horse")

	require.Equal(t, activities.CheckCredentialsOutput{Slow: true}, signIn("evt_3", "directory", "x"), "its queue bounds it")
	require.NotNil(t, signIn("evt_4", "nothing", "x").Refusal, "a provider that does not exist")
}
