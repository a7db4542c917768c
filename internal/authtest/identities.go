package authtest

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/everlatch/everlatch"
	"github.com/everlatch/everlatch/auth"
)

func filters(t *testing.T, w World) {
	_, err := w.Service.CreateAuthIdentities(t.Context(),
		newIdentity("authid_a", "ada@example.com", everlatch.Metadata{"plan": "gold", "seats": 5, "tags": []string{"x"}}),
		newIdentity("authid_b", "bob@example.com", everlatch.Metadata{"plan": "silver", "seats": 12, "beta": true}),
		newIdentity("authid_c", "cyd@example.org", nil))
	require.NoError(t, err)
	first, err := w.Service.RetrieveAuthIdentity(t.Context(), "authid_a", auth.FindConfig{})
	require.NoError(t, err)
	by := func(key string, c auth.Condition[any]) auth.AuthIdentityFilter {
		return auth.AuthIdentityFilter{AppMetadata: map[string]auth.Condition[any]{key: c}}
	}
	entity := func(c auth.Condition[string]) auth.AuthIdentityFilter {
		return auth.AuthIdentityFilter{ProviderIdentities: &auth.ProviderIdentityFilter{EntityID: c}}
	}
	five, twelve := any(5), any(12)
	for name, tt := range map[string]struct {
		filter auth.AuthIdentityFilter
		want   string
	}{
		"all":         {auth.AuthIdentityFilter{}, "abc"},
		"id":          {auth.AuthIdentityFilter{ID: auth.In("authid_a", "authid_c")}, "ac"},
		"no id":       {auth.AuthIdentityFilter{ID: auth.In[string]()}, ""},
		"not an id":   {auth.AuthIdentityFilter{ID: auth.Ne("authid_a")}, "bc"},
		"none of ids": {auth.AuthIdentityFilter{ID: auth.Nin("authid_a", "authid_b")}, "c"},
		"after an id": {auth.AuthIdentityFilter{ID: auth.Gt("authid_a")}, "bc"},
		"like":        {entity(auth.Like("%@example.com")), "ab"},
		"ilike":       {entity(auth.ILike("ADA%")), "a"},
		"contains":    {entity(auth.Contains("@example.o")), "c"},
		"metadata":    {by("plan", auth.Eq[any]("gold")), "a"},
		"a number":    {by("seats", auth.Eq[any](12)), "b"},
		"a range":     {by("seats", auth.Condition[any]{Gt: &five, Lte: &twelve}), "b"},
		"a boolean":   {by("beta", auth.Eq[any](true)), "b"},
		"null":        {by("plan", auth.Eq[any](nil)), "c"},
		"not null":    {by("plan", auth.Ne[any](nil)), "ab"},
		"an element":  {by("tags", auth.Contains[any]("x")), "a"},
		"a time":      {auth.AuthIdentityFilter{CreatedAt: auth.Eq(first.CreatedAt)}, "abc"},
		"a later one": {auth.AuthIdentityFilter{CreatedAt: auth.Gt(first.CreatedAt)}, ""},
		"and":         {auth.AuthIdentityFilter{And: []auth.AuthIdentityFilter{entity(auth.Like("%.com")), by("beta", auth.Eq[any](true))}}, "b"},
		"or":          {auth.AuthIdentityFilter{Or: []auth.AuthIdentityFilter{by("plan", auth.Eq[any]("gold")), entity(auth.Like("cyd%"))}}, "ac"},
	} {
		found, count, err := w.Service.ListAndCountAuthIdentities(t.Context(), tt.filter, auth.FindConfig{})
		require.NoError(t, err, name)
		var got strings.Builder
		for _, identity := range found {
			got.WriteString(strings.TrimPrefix(identity.ID, "authid_"))
		}
		require.Equal(t, tt.want, got.String(), name)
		require.Equal(t, len(tt.want), count, name)
	}
	page, count, err := w.Service.ListAndCountAuthIdentities(t.Context(), auth.AuthIdentityFilter{},
		auth.FindConfig{Skip: 1, Take: 1, Order: "-id", Relations: []string{"provider_identities"}})
	require.NoError(t, err)
	require.Equal(t, 3, count)
	require.Len(t, page, 1)
	require.Equal(t, "bob@example.com", page[0].Providers[0].EntityID)
	list, err := w.Service.ListAuthIdentities(t.Context(), auth.AuthIdentityFilter{}, auth.FindConfig{Take: 2})
	require.NoError(t, err)
	require.Len(t, list, 2)

	for name, wrong := range map[string]auth.AuthIdentityFilter{
		"a pattern of a time":  {CreatedAt: auth.Condition[time.Time]{Like: new("2026%")}},
		"a key with quotes":    by(`a"b`, auth.Eq[any](1)),
		"deep in a condition ": {Or: []auth.AuthIdentityFilter{{ProviderIdentities: &auth.ProviderIdentityFilter{CreatedAt: auth.Condition[time.Time]{ILike: new("x")}}}}},
	} {
		_, err := w.Service.ListAuthIdentities(t.Context(), wrong, auth.FindConfig{})
		require.Error(t, err, name)
		refused(t, err, everlatch.CodeInvalidData)
	}
	_, err = w.Service.ListAuthIdentities(t.Context(), auth.AuthIdentityFilter{}, auth.FindConfig{Order: "app_metadata"})
	refused(t, err, everlatch.CodeInvalidData)
}

func metadata(t *testing.T, w World) {
	made := register(t, w)
	update := func(m everlatch.Metadata) (everlatch.AuthIdentity, error) {
		changed, err := w.Service.UpdateAuthIdentities(t.Context(), auth.AuthIdentityUpdate{ID: made.ID, AppMetadata: m})
		if err != nil {
			return everlatch.AuthIdentity{}, err
		}
		return changed[0], nil
	}
	got, err := update(everlatch.Metadata{"plan": "gold", "seats": 3, "flags": map[string]any{"a": true}})
	require.NoError(t, err)
	require.Equal(t, everlatch.Metadata{"plan": "gold", "seats": 3.0, "flags": map[string]any{"a": true}}, got.AppMetadata)
	got, err = update(everlatch.Metadata{"plan": nil, "flags": map[string]any{"b": true}})
	require.NoError(t, err)
	require.Equal(t, everlatch.Metadata{"seats": 3.0, "flags": map[string]any{"a": true, "b": true}}, got.AppMetadata)
	for _, wrong := range []everlatch.Metadata{{"customer_id": "cus_1"}, {"roles": []string{"admin"}}, {"large": strings.Repeat("x", 16<<10)}} {
		_, err = update(wrong)
		refused(t, err, everlatch.CodeInvalidData)
	}
	got, err = update(nil)
	require.NoError(t, err)
	require.Nil(t, got.AppMetadata)
	_, err = w.Service.UpdateAuthIdentities(t.Context(), auth.AuthIdentityUpdate{ID: "authid_none"})
	refused(t, err, everlatch.CodeNotFound)
	_, err = w.Service.UpdateAuthIdentities(t.Context(), auth.AuthIdentityUpdate{})
	refused(t, err, everlatch.CodeNotFound)
}

func links(t *testing.T, w World) {
	made, customer := register(t, w), w.Customer(t)
	require.NoError(t, w.Service.LinkActor(t.Context(), made.ID, everlatch.ActorRef{ActorType: "customer", ActorID: customer}))
	in, err := w.Service.Authenticate(t.Context(), "emailpass", input("ada@example.com", password))
	require.NoError(t, err)
	require.Equal(t, customer, in.ActorID)
	err = w.Service.LinkActor(t.Context(), made.ID, everlatch.ActorRef{ActorType: "customer", ActorID: w.Customer(t)})
	refused(t, err, everlatch.CodeNotAllowed)
	refused(t, w.Service.LinkActor(t.Context(), made.ID, everlatch.ActorRef{ActorType: "customer"}), everlatch.CodeInvalidData)

	found, err := w.Service.ListAuthIdentities(t.Context(), auth.AuthIdentityFilter{
		Links: map[string]auth.Condition[string]{"customer": auth.Eq(customer)},
	}, auth.FindConfig{})
	require.NoError(t, err)
	require.Len(t, found, 1)
	require.Equal(t, map[string]string{"customer": customer}, found[0].Links)

	for range 2 {
		require.NoError(t, w.Service.UnlinkActor(t.Context(), made.ID, "customer"))
	}
	plain, err := w.Service.RetrieveAuthIdentity(t.Context(), made.ID, auth.FindConfig{})
	require.NoError(t, err)
	require.Empty(t, plain.Links)
}
