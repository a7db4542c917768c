package cli_test

import (
	"bytes"
	"context"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/everlatch/everlatch"
	"github.com/everlatch/everlatch/app"
	"github.com/everlatch/everlatch/cli"
	"github.com/everlatch/everlatch/internal/store"
)

// A program with custom actor types deletes their accounts like any other.
func TestActorCommands(t *testing.T) {
	t.Parallel()

	courier, err := everlatch.ActorType{Name: "courier", Fields: []everlatch.Field{
		{Name: "name", Kind: everlatch.FieldString}, {Name: "region", Kind: everlatch.FieldString, Nullable: true},
	}}.Complete()
	require.NoError(t, err)
	x := tool{t, t.TempDir()}
	x.run("migrate", "up")
	s, err := store.Open(t.Context(), "sqlite://"+filepath.Join(x.folder, "everlatch.db"), time.Now)
	require.NoError(t, err)
	t.Cleanup(func() { _ = s.Close() })
	_, err = s.Records(courier).Create(t.Context(), everlatch.ActorRecord{
		ID: "cour_1", ActorType: "courier", Data: everlatch.Metadata{"name": "Cora", "region": nil},
	})
	require.NoError(t, err)
	_, err = s.RegisterIdentity(t.Context(), store.NewIdentity{
		ID: "authid_1", ProviderIdentityID: "p1", Provider: "emailpass", EntityID: "cora@example.com", EntityKey: "cora@example.com",
	})
	require.NoError(t, err)
	require.NoError(t, s.LinkActor(t.Context(), store.Link{IdentityID: "authid_1", ActorType: "courier", ActorID: "cour_1"}))
	run := func(args ...string) (string, error) {
		ctx, cancel := context.WithTimeout(t.Context(), patience)
		defer cancel()
		var out, log bytes.Buffer
		err := cli.RunAs(ctx, "acme", append(args, "--data", x.folder), nil, strings.NewReader(""), &out, &log, app.WithActorType(courier))
		return out.String(), err
	}

	shown, err := run("actor", "show", "courier", "cour_1")
	require.NoError(t, err)
	require.Regexp(t, `^id +cour_1\nname +Cora\ncreated +\S+Z\nupdated +\S+Z\n$`, shown)
	shown, err = run("actor", "show", "courier", "cour_1", "--json")
	require.NoError(t, err)
	require.Regexp(t, `(?s)^{\s+"courier": {\s+"created_at": "\S+",\s+"id": "cour_1",\s+"name": "Cora",\s+"region": null,`, shown)
	for want, args := range map[string][]string{
		"customer is no custom actor type; see acme customer --help": {"customer", "cus_1"},
		"acme has no custom actor type manager":                      {"manager", "mana_1"},
		"Courier with id: cour_2 was not found":                      {"courier", "cour_2"},
		"needs a custom actor type and the id of an account":         {"courier"},
	} {
		_, err = run(append([]string{"actor", "delete"}, args...)...)
		require.ErrorContains(t, err, want)
	}

	gone, err := run("actor", "delete", "courier", "cour_1")
	require.NoError(t, err)
	require.Regexp(t, `^Removed courier cour_1 from `, gone)
	_, err = run("actor", "delete", "courier", "cour_1")
	require.ErrorContains(t, err, "was not found")
	x.fails("was not found", "identity", "show", "authid_1")
	entries, _, err := s.Audit(t.Context(), store.AuditFilter{Action: "actor delete", TargetID: "cour_1"}, store.Page{Order: "created_at"})
	require.NoError(t, err)
	require.Len(t, entries, 2)
	require.Equal(t, []string{"cour_1", "", "done"}, first(entries))
	require.Equal(t, []string{"cour_1", "", "refused"}, last(entries))
}
