package store_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/everlatch/everlatch"
	"github.com/everlatch/everlatch/internal/ids"
	"github.com/everlatch/everlatch/internal/store"
	"github.com/everlatch/everlatch/internal/store/storetest"
)

// imported creates an identity with metadata under an id that is easy to read.
func (f fixture) imported(tb testing.TB, id, provider, entity string, metadata everlatch.Metadata) {
	tb.Helper()
	_, err := f.ImportIdentities(tb.Context(), []store.ImportedIdentity{{
		ID: id, AppMetadata: metadata, Credentials: []store.NewCredential{{
			ID: "pi_" + id, Provider: provider, EntityID: entity, EntityKey: entity,
			UserMetadata: everlatch.Metadata{"name": id},
		}},
	}})
	require.NoError(tb, err)
}

// people are what the filters are tried on, one a minute.
func people(tb testing.TB, f fixture) {
	tb.Helper()
	for _, p := range []struct {
		id, provider, entity string
		metadata             everlatch.Metadata
	}{
		{"ada", "emailpass", "ada@example.com", everlatch.Metadata{"plan": "gold", "seats": 5.0, "beta": true, "tags": []any{"a", "b"}}},
		{"bob", "emailpass", "bob_x@example.com", everlatch.Metadata{"plan": "silver", "seats": 12.5, "beta": false, "tags": []any{"b", 1.0}}},
		{"cyd", "github", "4711", everlatch.Metadata{"plan": nil, "seats": "5", "deep": map[string]any{"a": "b"}}},
		{"dan", "google", "Dan*", nil},
	} {
		f.imported(tb, p.id, p.provider, p.entity, p.metadata)
		f.clock.Advance(time.Minute)
	}
	f.link(tb, "ada", "customer", "cus_1")
	f.link(tb, "bob", "customer", "cus_2")
	f.link(tb, "bob", "user", "user_1")
}

func is(texts ...string) []store.TextTest { return []store.TextTest{{Op: store.Is, Texts: texts}} }

func key(name string, op store.Op, values ...any) store.IdentityFilter {
	return store.IdentityFilter{AppMetadata: []store.MetadataTest{{Key: name, Op: op, Values: values}}}
}

func entity(op store.Op, text string) store.IdentityFilter {
	return store.IdentityFilter{Credential: &store.CredentialFilter{EntityID: []store.TextTest{{Op: op, Texts: []string{text}}}}}
}

func TestAuthIdentities(t *testing.T) {
	t.Parallel()

	after := func(n int) []store.TimeTest {
		at := start.Add(time.Duration(n) * time.Minute)
		return []store.TimeTest{{Op: store.AtLeast, Periods: []store.Period{{From: at, Until: at.Add(time.Microsecond)}}}}
	}
	tests := map[string]struct {
		filter store.IdentityFilter
		want   []string
	}{
		"all":                    {store.IdentityFilter{}, []string{"ada", "bob", "cyd", "dan"}},
		"an id":                  {store.IdentityFilter{ID: is("bob", "none")}, []string{"bob"}},
		"none of ids":            {store.IdentityFilter{ID: is()}, nil},
		"an actor":               {store.IdentityFilter{Actors: map[string][]store.TextTest{"customer": is("cus_2")}}, []string{"bob"}},
		"an actor of the type":   {store.IdentityFilter{Actors: map[string][]store.TextTest{"customer": nil}}, []string{"ada", "bob"}},
		"actors of two types":    {store.IdentityFilter{Actors: map[string][]store.TextTest{"customer": nil, "user": nil}}, []string{"bob"}},
		"a provider":             {store.IdentityFilter{Credential: &store.CredentialFilter{Provider: is("emailpass")}}, []string{"ada", "bob"}},
		"created since":          {store.IdentityFilter{CreatedAt: after(2)}, []string{"cyd", "dan"}},
		"like":                   {entity(store.Like, "%@example.com"), []string{"ada", "bob"}},
		"like has case":          {entity(store.Like, "ADA%"), nil},
		"ilike has none":         {entity(store.ILike, "ADA%"), []string{"ada"}},
		"like, one character":    {entity(store.Like, "4_11"), []string{"cyd"}},
		"like, an escaped one":   {entity(store.Like, `bob\_x%`), []string{"bob"}},
		"like, not a glob":       {entity(store.Like, "Dan*"), []string{"dan"}},
		"like, not a glob's set": {entity(store.Like, "[4]711"), nil},
		"contains":               {entity(store.Contains, "b_x"), []string{"bob"}},
		"contains no pattern":    {entity(store.Contains, "a%a"), nil},

		"metadata is":                     {key("plan", store.Is, "gold"), []string{"ada"}},
		"metadata is one of":              {key("plan", store.Is, "gold", "silver"), []string{"ada", "bob"}},
		"metadata is none of none":        {key("plan", store.Is), nil},
		"metadata is not":                 {key("plan", store.IsNot, "gold"), []string{"bob"}},
		"metadata is null or missing":     {key("plan", store.Is, nil), []string{"cyd", "dan"}},
		"metadata is there":               {key("plan", store.IsNot, nil), []string{"ada", "bob"}},
		"a number is no string":           {key("seats", store.Is, "5"), []string{"cyd"}},
		"a string is no number":           {key("seats", store.Is, 5.0), []string{"ada"}},
		"not a number":                    {key("seats", store.IsNot, 5.0), []string{"bob", "cyd"}},
		"numbers are compared as numbers": {key("seats", store.More, 5.0), []string{"bob"}},
		"at most":                         {key("seats", store.AtMost, 12.5), []string{"ada", "bob"}},
		"true":                            {key("beta", store.Is, true), []string{"ada"}},
		"not true":                        {key("beta", store.IsNot, true), []string{"bob"}},
		"a text in metadata":              {key("plan", store.ILike, "%IL%"), []string{"bob"}},
		"an element":                      {key("tags", store.Contains, "a"), []string{"ada"}},
		"an element of two":               {key("tags", store.Contains, "b"), []string{"ada", "bob"}},
		"a number as element":             {key("tags", store.Contains, 1.0), []string{"bob"}},
		"no element":                      {key("plan", store.Contains, "gold"), nil},
		"true is not less":                {key("beta", store.Less, true), nil},
		"an object passes nothing":        {key("deep", store.Is, "b"), nil},
		"a key that none has":             {key("$.plan", store.Is, "gold"), nil},
		"and": {store.IdentityFilter{And: []store.IdentityFilter{
			key("beta", store.IsNot, nil), entity(store.Like, "ada%"),
		}}, []string{"ada"}},
		"or": {store.IdentityFilter{Or: []store.IdentityFilter{key("plan", store.Is, "silver"), entity(store.Is, "4711")}}, []string{"bob", "cyd"}},
	}
	onEachEngine(t, func(t *testing.T, f fixture) {
		people(t, f)
		for name, tt := range tests {
			found, count, err := f.AuthIdentities(t.Context(), tt.filter, store.Page{})
			require.NoError(t, err, name)
			var got []string
			for _, identity := range found {
				got = append(got, identity.ID)
			}
			require.Equal(t, tt.want, got, name)
			require.Len(t, tt.want, count, name)
		}
		_, _, err := f.AuthIdentities(t.Context(), key(`"`, store.Is, "x"), store.Page{})
		requireError(t, err, everlatch.CodeInvalidData, store.FilterInvalid, "field", `"`)

		page, count, err := f.AuthIdentities(t.Context(), store.IdentityFilter{}, store.Page{Limit: 2, Offset: 1, Order: "-created_at"})
		require.NoError(t, err)
		require.Equal(t, 4, count)
		require.Equal(t, []string{"cyd", "bob"}, []string{page[0].ID, page[1].ID})
		require.Equal(t, map[string]string{"customer": "cus_2", "user": "user_1"}, page[1].Links)
		require.Equal(t, "silver", page[1].AppMetadata["plan"])
		require.Nil(t, page[1].Providers, "they are loaded on demand")
		require.NoError(t, f.LoadCredentials(t.Context(), page))
		require.Equal(t, "bob_x@example.com", page[1].Providers[0].EntityID)

		require.NoError(t, f.RemoveIdentity(t.Context(), "ada", "flow"))
		found, _, err := f.AuthIdentities(t.Context(), store.IdentityFilter{ID: is("ada")}, store.Page{})
		require.NoError(t, err)
		require.Empty(t, found, "removed")
	})
}

func TestProviderIdentities(t *testing.T) {
	t.Parallel()
	onEachEngine(t, func(t *testing.T, f fixture) {
		people(t, f)
		for name, tt := range map[string]struct {
			filter store.CredentialFilter
			want   []string
		}{
			"of an identity": {store.CredentialFilter{IdentityID: is("cyd")}, []string{"pi_cyd"}},
			"by metadata": {store.CredentialFilter{
				UserMetadata: []store.MetadataTest{{Key: "name", Op: store.Is, Values: []any{"bob"}}},
			}, []string{"pi_bob"}},
			"either": {store.CredentialFilter{Or: []store.CredentialFilter{{Provider: is("github")}, {EntityKey: is("Dan*")}}}, []string{"pi_cyd", "pi_dan"}},
		} {
			found, count, err := f.ProviderIdentities(t.Context(), tt.filter, store.Page{})
			require.NoError(t, err, name)
			require.Len(t, tt.want, count, name)
			for i, p := range found {
				require.Equal(t, tt.want[i], p.ID, name)
			}
		}
		_, _, err := f.ProviderIdentities(t.Context(), store.CredentialFilter{}, store.Page{Order: "provider_metadata"})
		require.ErrorIs(t, err, everlatch.ErrInvalidData)
		one, err := f.ProviderIdentity(t.Context(), "pi_ada")
		require.NoError(t, err)
		require.Equal(t, "ada@example.com", one.EntityID)
		_, err = f.ProviderIdentity(t.Context(), "pi_none")
		requireError(t, err, everlatch.CodeNotFound, store.RecordNotFound, "model", "ProviderIdentity", "id", "pi_none")
	})
}

func TestImportIdentities(t *testing.T) {
	t.Parallel()
	onEachEngine(t, func(t *testing.T, f fixture) {
		in := []store.ImportedIdentity{
			{ID: "authid_1", AppMetadata: everlatch.Metadata{"plan": "gold"}, Event: everlatch.Event{ID: id(ids.Event), Name: "x"}, Credentials: []store.NewCredential{
				{ID: "pi_1", Provider: "emailpass", EntityID: "Ada@example.com", EntityKey: "ada@example.com", VerifiedEmail: "ada@example.com"},
				{ID: "pi_2", Provider: "github", EntityID: "1", EntityKey: "1"},
			}},
			{ID: "authid_2", Credentials: []store.NewCredential{{ID: "pi_3", Provider: "github", EntityID: "2", EntityKey: "2"}}},
		}
		made, err := f.ImportIdentities(t.Context(), in)
		require.NoError(t, err)
		require.Len(t, made[0].Providers, 2)
		require.Equal(t, everlatch.Metadata{"plan": "gold"}, made[0].AppMetadata)
		require.Equal(t, "ada@example.com", made[0].Providers[0].VerifiedEmail)
		require.Equal(t, []string{"x"}, f.eventNames(t, store.EventFilter{Released: new(true)}))

		again, err := f.ImportIdentities(t.Context(), in)
		require.NoError(t, err)
		require.Equal(t, made, again)

		fresh := store.ImportedIdentity{ID: "authid_3", Credentials: []store.NewCredential{{ID: "pi_4", Provider: "x", EntityID: "1", EntityKey: "1"}}}
		taken := store.ImportedIdentity{ID: "authid_4", Credentials: []store.NewCredential{{ID: "pi_5", Provider: "github", EntityID: "2", EntityKey: "2"}}}
		_, err = f.ImportIdentities(t.Context(), []store.ImportedIdentity{fresh, taken})
		require.ErrorIs(t, err, everlatch.ErrDuplicate)
		_, err = f.Identity(t.Context(), "authid_3")
		require.ErrorIs(t, err, everlatch.ErrNotFound, "all or none")

		for name, wrong := range map[string]store.ImportedIdentity{
			"no credential":      {ID: "authid_5"},
			"a link as metadata": {ID: "authid_5", Credentials: fresh.Credentials, AppMetadata: everlatch.Metadata{"customer_id": "cus_1"}},
			"roles":              {ID: "authid_5", Credentials: fresh.Credentials, AppMetadata: everlatch.Metadata{"roles": []any{}}},
		} {
			_, err = f.ImportIdentities(t.Context(), []store.ImportedIdentity{wrong})
			require.ErrorIs(t, err, everlatch.ErrInvalidData, name)
		}
	})
}

func TestUpdateAppMetadata(t *testing.T) {
	t.Parallel()
	onEachEngine(t, func(t *testing.T, f fixture) {
		f.imported(t, "ada", "x", "1", everlatch.Metadata{"plan": "gold", "limits": map[string]any{"a": 1.0, "b": 2.0}})
		f.imported(t, "bob", "x", "2", nil)
		change := func(id string, merge everlatch.Metadata) store.AppMetadataChange {
			return store.AppMetadataChange{IdentityID: id, Merge: merge, Event: everlatch.Event{ID: "evt_" + id, Name: "changed"}}
		}
		got, err := f.UpdateAppMetadata(t.Context(), []store.AppMetadataChange{
			change("bob", everlatch.Metadata{"x": "y"}),
			change("ada", everlatch.Metadata{"plan": nil, "limits": map[string]any{"a": nil, "c": 3.0}, "new": true}),
		})
		require.NoError(t, err)
		require.Equal(t, "bob", got[0].ID)
		require.Equal(t, everlatch.Metadata{"limits": map[string]any{"b": 2.0, "c": 3.0}, "new": true}, got[1].AppMetadata)
		require.Equal(t, []string{"changed", "changed"}, f.eventNames(t, store.EventFilter{Name: "changed"}))
		stored, err := f.Identity(t.Context(), "ada")
		require.NoError(t, err)
		require.Equal(t, got[1].AppMetadata, stored.AppMetadata)
		require.Equal(t, int64(1), stored.CredentialVersion, "nothing that was issued ends")

		_, err = f.UpdateAppMetadata(t.Context(), []store.AppMetadataChange{change("ada", everlatch.Metadata{"z": 1.0}), change("none", nil)})
		requireError(t, err, everlatch.CodeNotFound, store.UpdateNotFound, "model", "AuthIdentity", "id", "none")
		_, err = f.UpdateAppMetadata(t.Context(), []store.AppMetadataChange{change("ada", everlatch.Metadata{"customer_id": nil})})
		requireError(t, err, everlatch.CodeInvalidData, store.AppMetadataReserved, "key", "customer_id")
		large := everlatch.Metadata{"text": strings.Repeat("x", 16<<10)}
		_, err = f.UpdateAppMetadata(t.Context(), []store.AppMetadataChange{change("ada", large)})
		requireError(t, err, everlatch.CodeInvalidData, store.MetadataTooLarge, "most", "16384")

		cleared, err := f.UpdateAppMetadata(t.Context(), []store.AppMetadataChange{change("ada", nil)})
		require.NoError(t, err)
		require.Nil(t, cleared[0].AppMetadata)
	})
}

// TestUpdateAppMetadataAtOnce: of changes at once, none is lost.
func TestUpdateAppMetadataAtOnce(t *testing.T) {
	t.Parallel()
	onEachEngine(t, func(t *testing.T, f fixture) {
		f.imported(t, "ada", "x", "1", nil)
		errs := storetest.InParallel(t.Context(), 50, func(ctx context.Context, i int) error {
			_, err := f.UpdateAppMetadata(ctx, []store.AppMetadataChange{{IdentityID: "ada", Merge: everlatch.Metadata{fmt.Sprint(i): true}}})
			return err
		})
		for _, err := range errs {
			require.NoError(t, err)
		}
		stored, err := f.Identity(t.Context(), "ada")
		require.NoError(t, err)
		require.Len(t, stored.AppMetadata, 50)
	})
}

func TestUpdateCredentials(t *testing.T) {
	t.Parallel()
	onEachEngine(t, func(t *testing.T, f fixture) {
		identity := f.identity(t, "ada@example.com")
		f.identity(t, "bob@example.com")
		credential := identity.Providers[0].ID
		patch := func(p store.CredentialPatch) (everlatch.ProviderIdentity, error) {
			p.ID = credential
			out, err := f.UpdateCredentials(t.Context(), []store.CredentialPatch{p})
			if err != nil {
				return everlatch.ProviderIdentity{}, err
			}
			return out[0], nil
		}
		live := func() bool {
			session := f.session(t, identity.ID, "customer", "")
			_, _, err := f.Session(t.Context(), session)
			return err == nil
		}
		require.True(t, live())

		got, err := patch(store.CredentialPatch{UserMetadata: store.To(everlatch.Metadata{"name": nil, "phone": "1"})})
		require.NoError(t, err)
		require.Equal(t, everlatch.Metadata{"phone": "1"}, got.UserMetadata)
		require.Equal(t, int64(1), f.standing(t, identity.ID, "customer").CredentialVersion, "a profile ends nothing")

		got, err = patch(store.CredentialPatch{
			EntityID: store.To("Ada@example.org"), EntityKey: store.To("ada@example.org"), VerifiedEmail: store.To("ada@example.org"),
			Event: everlatch.Event{ID: id(ids.Event), Name: "changed"},
		})
		require.NoError(t, err)
		require.Equal(t, []string{"Ada@example.org", "ada@example.org", "ada@example.org"}, []string{got.EntityID, got.EntityKey, got.VerifiedEmail})
		require.Equal(t, int64(2), f.standing(t, identity.ID, "customer").CredentialVersion)
		require.Equal(t, []string{"changed"}, f.eventNames(t, store.EventFilter{Name: "changed"}))

		got, err = patch(store.CredentialPatch{EntityID: store.To("x@example.org"), EntityKey: store.To("x@example.org")})
		require.NoError(t, err)
		require.Empty(t, got.VerifiedEmail, "another address is not proven")

		got, err = patch(store.CredentialPatch{ProviderMetadata: store.To(everlatch.Metadata{"password": "other"})})
		require.NoError(t, err)
		require.Equal(t, everlatch.Metadata{"password": "other"}, got.ProviderMetadata)
		require.Equal(t, int64(4), f.standing(t, identity.ID, "customer").CredentialVersion)

		_, err = patch(store.CredentialPatch{EntityID: store.To("bob@example.com"), EntityKey: store.To("bob@example.com")})
		require.ErrorIs(t, err, everlatch.ErrDuplicate)
		credential = "none"
		_, err = patch(store.CredentialPatch{})
		requireError(t, err, everlatch.CodeNotFound, store.UpdateNotFound, "model", "ProviderIdentity", "id", "none")
	})
}

func TestAddCredentials(t *testing.T) {
	t.Parallel()
	onEachEngine(t, func(t *testing.T, f fixture) {
		f.imported(t, "ada", "x", "1", nil)
		f.imported(t, "bob", "x", "2", nil)
		add := func(id, identity, entity string) store.NewCredential {
			return store.NewCredential{
				ID: id, IdentityID: identity, Provider: "y", EntityID: entity, EntityKey: entity,
				Event: everlatch.Event{ID: "evt_" + id, Name: "linked"},
			}
		}
		err := f.AddCredentials(t.Context(), []store.NewCredential{add("pi_1", "bob", "1"), add("pi_2", "ada", "1")})
		require.ErrorIs(t, err, everlatch.ErrDuplicate)
		for range 2 {
			require.NoError(t, f.AddCredentials(t.Context(), []store.NewCredential{add("pi_1", "bob", "1"), add("pi_2", "ada", "2")}))
		}
		require.Equal(t, []string{"linked", "linked"}, f.eventNames(t, store.EventFilter{Name: "linked", Released: new(true)}))
		err = f.AddCredentials(t.Context(), []store.NewCredential{add("pi_3", "ada", "3")})
		requireError(t, err, everlatch.CodeNotAllowed, store.ProviderAlreadyUsed, "provider", "y")
	})
}
