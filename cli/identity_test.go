package cli_test

import (
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/everlatch/everlatch"
	"github.com/everlatch/everlatch/internal/store"
)

type identityAnswer struct {
	Identity struct {
		ID       string
		Disabled *time.Time         `json:"disabled_at"`
		SignIns  []everlatch.SignIn `json:"sign_ins"`
	} `json:"auth_identity"`
}

func TestIdentityCommands(t *testing.T) {
	t.Parallel()

	x := tool{t, t.TempDir()}
	x.run("migrate", "up")
	s, err := store.Open(t.Context(), "sqlite://"+filepath.Join(x.folder, "everlatch.db"), func() time.Time { return time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC) })
	require.NoError(t, err)
	t.Cleanup(func() { _ = s.Close() })
	for _, name := range []string{"ada", "bob"} {
		_, err = s.RegisterIdentity(t.Context(), store.NewIdentity{
			ID: "authid_" + name, ProviderIdentityID: "pi_" + name, Provider: "emailpass", EntityID: name + "@example.com", EntityKey: name + "@example.com",
		})
		require.NoError(t, err)
	}
	require.NoError(t, s.LinkActor(t.Context(), store.Link{IdentityID: "authid_ada", ActorType: "vendor", ActorID: "ven_1"}))
	at := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	require.NoError(t, s.RecordSignIn(t.Context(), everlatch.SignIn{
		ID: "s1", AuthIdentityID: "authid_ada", AuthProvider: "emailpass", ActorType: "vendor", CredentialVersion: 1,
		Device: "Firefox on Linux", Network: "192.0.2.0/24", CreatedAt: at, LastUsedAt: at, ExpiresAt: at.AddDate(100, 0, 0),
	}, store.SignInsSeen{}, at, everlatch.Event{}))

	require.Regexp(t, `LAST USED +ID +SIGNS IN WITH +ACTORS +DISABLED\n\S+ +authid_ada +emailpass ada@example.com +vendor ven_1 +no\n\S+ +authid_bob`, x.run("identity", "list"))
	require.NotContains(t, x.run("identity", "list", "--q", "ada"), "authid_bob")
	require.NotContains(t, x.run("identity", "list", "--actor-type", "vendor", "--provider", "emailpass"), "authid_bob")
	require.Contains(t, x.run("identity", "show", "ADA@example.com"), "Firefox on Linux  192.0.2.0/24  yes")

	x.fails("reason", "identity", "disable", "ada@example.com")
	var shown identityAnswer
	x.json(&shown, "identity", "disable", "ada@example.com", "--reason", "stolen")
	require.NotNil(t, shown.Identity.Disabled)
	require.Equal(t, "authid_ada", shown.Identity.ID)
	require.False(t, shown.Identity.SignIns[0].Live)
	require.Contains(t, x.run("identity", "list", "--disabled"), "authid_ada")
	events, _, err := s.Events(t.Context(), store.EventFilter{Name: everlatch.EventIdentityDisabled}, store.Page{})
	require.NoError(t, err)
	require.Equal(t, everlatch.Metadata{
		"auth_identity_id": "authid_ada", "reason": "stolen", "disabled_by": everlatch.Metadata{"actor_type": "everlatch-cli", "actor_id": ""},
	}, events[0].Data)

	shown = identityAnswer{}
	x.json(&shown, "identity", "enable", "authid_ada")
	require.Nil(t, shown.Identity.Disabled)
	x.fails("no identity signs in with nobody@example.com", "identity", "show", "nobody@example.com")
	x.fails("was not found", "identity", "show", "authid_x")
}
