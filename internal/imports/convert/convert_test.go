package convert_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/everlatch/everlatch/internal/imports/convert"
	"github.com/everlatch/everlatch/internal/store"
	"github.com/everlatch/everlatch/internal/transfer"
	"github.com/everlatch/everlatch/providers/emailpass"
)

var now = time.Date(2026, 11, 30, 0, 0, 0, 0, time.UTC)

// options are those of a command without flags.
func options() convert.Options {
	return convert.Options{
		ActorType: "customer", Providers: convert.DefaultProviders(), Now: now,
		Actors: func(actorType string) (convert.ActorMaker, error) {
			if actorType == "vendor" {
				return nil, nil
			}
			return nil, errors.New("no such type")
		},
	}
}

// columns are those of testdata/users.csv.
var columns = map[string]string{"mail": "email", "plan": "metadata.plan", "notes": "-"}

// samples are the files of testdata and their readers.
func samples(tb testing.TB) map[string]func(io.Reader, convert.Options) convert.Units {
	tb.Helper()
	config, err := os.ReadFile("testdata/firebase-hash-config.txt")
	require.NoError(tb, err)
	parameters, err := convert.ParseFirebaseParameters(string(config))
	require.NoError(tb, err)
	file, err := os.Open("testdata/auth0-hashes.ndjson")
	require.NoError(tb, err)
	hashes, err := convert.Auth0Hashes(file)
	require.NoError(tb, errors.Join(err, file.Close()))
	firebase := func(r io.Reader, o convert.Options) convert.Units { return convert.Firebase(r, parameters, o) }
	return map[string]func(io.Reader, convert.Options) convert.Units{
		"kratos.json": convert.Kratos, "gotrue.ndjson": convert.GoTrue, "gotrue.csv": convert.GoTrue,
		"kratos-26.2.0.json": convert.Kratos, "gotrue-2.196.0.ndjson": convert.GoTrue, "gotrue-2.196.0.csv": convert.GoTrue, "keycloak-realm.json": convert.Keycloak,
		"auth0.ndjson":      func(r io.Reader, o convert.Options) convert.Units { return convert.Auth0(r, hashes, o) },
		"auth0-import.json": func(r io.Reader, o convert.Options) convert.Units { return convert.Auth0(r, nil, o) },
		"firebase.json":     firebase, "firebase.csv": firebase,
		"users.csv":    func(r io.Reader, o convert.Options) convert.Units { return convert.CSV(r, columns, o) },
		"users.ndjson": func(r io.Reader, o convert.Options) convert.Units { return convert.NDJSON(r, nil, o) },
	}
}

func sample(tb testing.TB, name string) string {
	tb.Helper()
	text, err := os.ReadFile(filepath.Join("testdata", name))
	require.NoError(tb, err)
	return string(text)
}

// collect returns all units.
func collect(tb testing.TB, units convert.Units) (out []transfer.Unit) {
	tb.Helper()
	for u, err := range units {
		require.NoError(tb, err)
		out = append(out, u)
	}
	return out
}

// TestSamples: what becomes of each user of each sample is in testdata/NAME.golden, which
// UPDATE_GOLDEN=1 writes.
func TestSamples(t *testing.T) {
	t.Parallel()
	for name, read := range samples(t) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var out strings.Builder
			for _, u := range collect(t, read(strings.NewReader(sample(t, name)), options())) {
				describe(&out, u)
			}
			golden := filepath.Join("testdata", name+".golden")
			if os.Getenv("UPDATE_GOLDEN") != "" {
				require.NoError(t, os.WriteFile(golden, []byte(out.String()), 0o600))
			}
			want, err := os.ReadFile(golden)
			require.NoError(t, err)
			require.Equal(t, string(want), out.String())
		})
	}
}

// describe writes a unit for people.
func describe(w io.Writer, u transfer.Unit) {
	_, _ = fmt.Fprintf(w, "%d %s\n", u.Line, u.Source)
	if u.Refusal != "" {
		_, _ = fmt.Fprintf(w, "  REFUSED %s\n", u.Refusal)
	}
	for _, r := range u.Records {
		line := r.Type() + " " + r.ID()
		for _, field := range []string{"email", "first_name", "last_name", "phone", "metadata", "created_at", "updated_at", "disabled_at", "last_used_at", "app_metadata", "mfa_enabled_at", "roles"} {
			if v := r[field]; v != nil {
				text, err := json.Marshal(v)
				if err != nil {
					text = []byte(err.Error())
				}
				line += " " + field + "=" + string(text)
			}
		}
		_, _ = fmt.Fprintln(w, "  "+line)
		ways, _ := r.List("provider_identities")
		for _, way := range ways {
			metadata, _ := way["provider_metadata"].(map[string]any)
			hash, _ := metadata["password"].(string)
			_, _ = fmt.Fprintln(w, strings.TrimRight(fmt.Sprintf("    %s %s proven=%s %s", way.Text("provider"), way.Text("entity_key"), way.Text("verified_email"), hash), " "))
		}
		factors, _ := r.List("factors")
		for _, f := range factors {
			_, _ = fmt.Fprintf(w, "    %s %s\n", f.Text("provider"), f.Text("secret"))
		}
	}
	for _, note := range u.Notes {
		_, _ = fmt.Fprintf(w, "  NOTE %s\n", note)
	}
}

// noKeys keep the secrets of factors as they are.
type noKeys struct{}

func (noKeys) OpenFactor(_, _, stored string) ([]byte, error) { return []byte(stored), nil }
func (noKeys) SealFactor(_, _ string, secret []byte) string   { return string(secret) }

// TestImportedTwice: every sample can be imported, nothing of it is refused but what the
// sample is made for, and importing it again, later, changes nothing.
func TestImportedTwice(t *testing.T) {
	t.Parallel()
	refused := map[string]int64{"kratos.json": 2, "gotrue.ndjson": 4, "gotrue.csv": 1, "gotrue-2.196.0.ndjson": 4, "gotrue-2.196.0.csv": 4, "auth0.ndjson": 2, "firebase.json": 2, "firebase.csv": 1, "keycloak-realm.json": 2, "users.csv": 4, "users.ndjson": 4}
	for name, read := range samples(t) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			at := now
			s, err := store.Open(t.Context(), "sqlite://:memory:", func() time.Time { return at })
			require.NoError(t, err)
			t.Cleanup(func() { require.NoError(t, s.Close()) })
			require.NoError(t, s.Migrate(t.Context()))
			units := collect(t, read(strings.NewReader(sample(t, name)), options()))
			first, issues, err := s.ImportUnits(t.Context(), units, noKeys{})
			require.NoError(t, err)
			require.Positive(t, first.Created)
			require.Zero(t, first.Updated+first.Skipped)
			require.Equal(t, refused[name], first.Refused, "%v", issues)
			for _, issue := range issues {
				require.NotContains(t, issue.Reason+issue.Record, "@", "a report has no addresses")
			}
			at = at.Add(24 * time.Hour)
			o := options()
			o.Now = at
			again, _, err := s.ImportUnits(t.Context(), collect(t, read(strings.NewReader(sample(t, name)), o)), noKeys{})
			require.NoError(t, err)
			require.Equal(t, store.ImportCounts{Skipped: first.Created, Refused: first.Refused}, again)

			other, err := store.Open(t.Context(), "sqlite://:memory:", func() time.Time { return at })
			require.NoError(t, err)
			t.Cleanup(func() { require.NoError(t, other.Close()) })
			require.NoError(t, other.Migrate(t.Context()))
			var copied []transfer.Unit
			require.NoError(t, s.Export(t.Context(), noKeys{}, func(typ string, r transfer.Record) error {
				r["type"] = typ
				copied = append(copied, transfer.Unit{Records: []transfer.Record{r}})
				return nil
			}))
			_, issues, err = other.ImportUnits(t.Context(), copied, noKeys{})
			require.NoError(t, err)
			require.Empty(t, issues)
			for _, u := range units {
				c, _, err := other.ImportUnits(t.Context(), []transfer.Unit{u}, noKeys{})
				require.NoError(t, err)
				require.Zero(t, c.Updated, "%v", u)
			}
		})
	}
}

// TestHashesAreVerifiable: the hash of each user who keeps their password is one that is
// verified, and the notes tell the others.
func TestHashesAreVerifiable(t *testing.T) {
	t.Parallel()
	for name, read := range samples(t) {
		for _, u := range collect(t, read(strings.NewReader(sample(t, name)), options())) {
			if len(u.Records) == 0 {
				continue
			}
			ways, err := u.Records[len(u.Records)-1].List("provider_identities")
			require.NoError(t, err)
			for _, way := range ways {
				if way.Text("provider") != "emailpass" {
					continue
				}
				metadata, _ := way["provider_metadata"].(map[string]any)
				if hash, _ := metadata["password"].(string); hash != "" {
					require.NoError(t, emailpass.CheckStored(hash), name)
					continue
				}
				require.True(t, slices.ContainsFunc(u.Notes, func(n string) bool { return strings.Contains(n, "password") }), "%s line %d", name, u.Line)
			}
		}
	}
}

// TestActorTypes: what the users become.
func TestActorTypes(t *testing.T) {
	t.Parallel()
	const user = `{"email":"ada@example.com","name":"Ada Lovelace","phone":"+1","metadata":{"shop":"London","extra":1},"id":"7"}`
	o := options()
	o.ActorType, o.Roles = "user", []string{"role_1"}
	u := collect(t, convert.NDJSON(strings.NewReader(user), nil, o))[0]
	require.Equal(t, "user", u.Records[0].Type())
	require.Equal(t, []transfer.Record{{"rbac_role_id": "role_1"}}, u.Records[0]["roles"])
	require.Contains(t, u.Notes, "The phone number or company was left out: administrators have none.")

	o.ActorType = "manager"
	o.Actors = func(string) (convert.ActorMaker, error) {
		return func(seed string, _ time.Time, fields map[string]any) (transfer.Record, []string, error) {
			require.Equal(t, map[string]any{"email": "ada@example.com", "name": "Ada Lovelace", "first_name": "Ada", "last_name": "Lovelace", "phone": "+1", "shop": "London", "extra": json.Number("1")}, fields)
			return transfer.Record{"type": "actor", "id": "mana_" + seed, "actor_type": "manager"}, []string{"extra", "first_name"}, nil
		}, nil
	}
	u = collect(t, convert.NDJSON(strings.NewReader(user), nil, o))[0]
	require.Equal(t, []transfer.Record{{"actor_type": "manager", "actor_id": "mana_table/7/manager"}}, u.Records[1]["actors"])
	require.Contains(t, u.Notes, "Left out, because a manager has no such fields: extra.")

	o.ActorType, o.Actors = "vendor", options().Actors
	u = collect(t, convert.NDJSON(strings.NewReader(user), nil, o))[0]
	require.Contains(t, u.Refusal, `Actors of the type "vendor" are kept elsewhere`)
	u = collect(t, convert.NDJSON(strings.NewReader(`{"email":"ada@example.com","actor_id":"v1"}`), nil, o))[0]
	require.Len(t, u.Records, 1)
	require.Equal(t, []transfer.Record{{"actor_type": "vendor", "actor_id": "v1"}}, u.Records[0]["actors"])
}

// TestProviders: names are mapped, and what has no provider here is told.
func TestProviders(t *testing.T) {
	t.Parallel()
	const user = `[{"user_id":"apple|1","email":"a@example.com","identities":[{"provider":"apple","user_id":"1"},{"provider":"windowslive","user_id":"2"},{"provider":"github","user_id":3}]}]`
	o := options()
	var err error
	o.Providers, err = convert.ParseProviders([]string{"apple=my-apple", "github="})
	require.NoError(t, err)
	u := collect(t, convert.Auth0(strings.NewReader(user), nil, o))[0]
	ways, err := u.Records[1].List("provider_identities")
	require.NoError(t, err)
	require.Len(t, ways, 1)
	require.Equal(t, [2]string{"my-apple", "1"}, [2]string{ways[0].Text("provider"), ways[0].Text("entity_id")})
	require.Equal(t, []string{
		"The sign-in with windowslive was left out: --provider windowslive=ID names the provider here.",
		"The sign-in with github was left out, as --provider says.",
	}, u.Notes)
	for _, wrong := range []string{"apple", "=x"} {
		_, err = convert.ParseProviders([]string{wrong})
		require.ErrorContains(t, err, "a pair such as apple=my-apple is expected")
	}
}
