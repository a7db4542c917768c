package store_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/everlatch/everlatch"
	"github.com/everlatch/everlatch/internal/store"
)

func (f fixture) publishable(tb testing.TB, id, token string) everlatch.APIKey {
	tb.Helper()
	key, err := f.CreateAPIKey(tb.Context(), everlatch.APIKey{
		ID: id, Title: "shop " + id, Type: everlatch.KeyPublishable, Token: token, Redacted: "pk_***" + id, CreatedBy: "user_1",
	}, "")
	require.NoError(tb, err)
	return key
}

func (f fixture) secret(tb testing.TB, id, hash string) everlatch.APIKey {
	tb.Helper()
	key, err := f.CreateAPIKey(tb.Context(), everlatch.APIKey{
		ID: id, Title: "robot " + id, Type: everlatch.KeySecret, Token: "sk_clear", Redacted: "sk_***" + id, CreatedBy: "user_1",
	}, hash)
	require.NoError(tb, err)
	return key
}

func TestAPIKeys(t *testing.T) {
	t.Parallel()

	tests := map[string]func(t *testing.T, f fixture){
		"publishable key keeps its token": func(t *testing.T, f fixture) {
			any, err := f.AnyPublishableKey(t.Context())
			require.NoError(t, err)
			require.False(t, any)

			key := f.publishable(t, "apk_1", "pk_1")

			require.Equal(t, everlatch.APIKey{
				ID: "apk_1", Title: "shop apk_1", Type: everlatch.KeyPublishable, Token: "pk_1", Redacted: "pk_***apk_1",
				CreatedBy: "user_1", CreatedAt: start, UpdatedAt: start,
			}, key)
			require.Equal(t, key, f.publishable(t, "apk_1", "pk_1"), "same id again")
			live, err := f.PublishableKeyLive(t.Context(), "pk_1")
			require.NoError(t, err)
			require.True(t, live)
			any, err = f.AnyPublishableKey(t.Context())
			require.NoError(t, err)
			require.True(t, any)
		},
		"secret key keeps a hash only": func(t *testing.T, f fixture) {
			key := f.secret(t, "apk_1", "hash")
			require.Empty(t, key.Token)
			got, err := f.SecretKey(t.Context(), "hash")
			require.NoError(t, err)
			require.Equal(t, key, got)
			for _, wrong := range []string{"sk_clear", "", "hash2"} {
				_, err = f.SecretKey(t.Context(), wrong)
				require.ErrorIs(t, err, everlatch.ErrNotFound)
			}
			live, err := f.PublishableKeyLive(t.Context(), "hash")
			require.NoError(t, err)
			require.False(t, live)
			any, err := f.AnyPublishableKey(t.Context())
			require.NoError(t, err)
			require.False(t, any)
			var n int
			require.NoError(t, f.DB().QueryRowContext(t.Context(), `SELECT COUNT(*) FROM api_key WHERE token = 'sk_clear'`).Scan(&n))
			require.Zero(t, n)
		},
		"publishable key is no secret key": func(t *testing.T, f fixture) {
			f.publishable(t, "apk_1", "pk_1")
			_, err := f.SecretKey(t.Context(), "pk_1")
			require.ErrorIs(t, err, everlatch.ErrNotFound)
		},
		"key without token is refused": func(t *testing.T, f fixture) {
			_, err := f.CreateAPIKey(t.Context(), everlatch.APIKey{ID: "apk_1", Type: everlatch.KeySecret, Token: "sk_clear"}, "")
			require.Error(t, err)
		},
		"revoked at its time": func(t *testing.T, f fixture) {
			f.publishable(t, "apk_1", "pk_1")
			f.secret(t, "apk_2", "hash")
			at := start.Add(time.Hour)
			for _, id := range []string{"apk_1", "apk_2"} {
				key, err := f.RevokeAPIKey(t.Context(), id, "user_2", at)
				require.NoError(t, err)
				require.Equal(t, at, *key.RevokedAt)
				require.Equal(t, "user_2", *key.RevokedBy)
			}
			live := func() [3]bool {
				one, err := f.PublishableKeyLive(t.Context(), "pk_1")
				require.NoError(t, err)
				any, err := f.AnyPublishableKey(t.Context())
				require.NoError(t, err)
				_, err = f.SecretKey(t.Context(), "hash")
				return [3]bool{one, any, err == nil}
			}
			require.Equal(t, [3]bool{true, true, true}, live())
			f.clock.Advance(time.Hour)
			require.Equal(t, [3]bool{false, true, false}, live(), "keys stay required")

			again, err := f.RevokeAPIKey(t.Context(), "apk_1", "user_3", at.Add(time.Hour))
			require.NoError(t, err)
			require.Equal(t, "user_2", *again.RevokedBy, "a revoked key stays as it is")
		},
		"deleted only when revoked": func(t *testing.T, f fixture) {
			f.publishable(t, "apk_1", "pk_1")
			requireError(t, f.DeleteAPIKey(t.Context(), "apk_1"), everlatch.CodeNotAllowed,
				store.KeyNotRevoked, "id", "apk_1")
			_, err := f.RevokeAPIKey(t.Context(), "apk_1", "user_1", start)
			require.NoError(t, err)
			require.NoError(t, f.DeleteAPIKey(t.Context(), "apk_1"))
			require.NoError(t, f.DeleteAPIKey(t.Context(), "apk_1"), "twice")
			_, err = f.APIKey(t.Context(), "apk_1")
			requireError(t, err, everlatch.CodeNotFound, store.RecordNotFound, "model", "API Key", "id", "apk_1")
		},
		"title can change": func(t *testing.T, f fixture) {
			f.publishable(t, "apk_1", "pk_1")
			key, err := f.UpdateAPIKey(t.Context(), "apk_1", "new")
			require.NoError(t, err)
			require.Equal(t, "new", key.Title)
			_, err = f.UpdateAPIKey(t.Context(), "apk_none", "new")
			require.ErrorIs(t, err, everlatch.ErrNotFound)
			_, err = f.RevokeAPIKey(t.Context(), "apk_none", "user_1", start)
			require.ErrorIs(t, err, everlatch.ErrNotFound)
		},
		"listed by filter": func(t *testing.T, f fixture) {
			f.publishable(t, "apk_1", "pk_1")
			f.secret(t, "apk_2", "hash")
			f.publishable(t, "apk_3", "pk_3")
			_, err := f.RevokeAPIKey(t.Context(), "apk_3", "user_1", start.Add(time.Hour))
			require.NoError(t, err)
			for name, tt := range map[string]struct {
				filter store.APIKeyFilter
				want   []string
			}{
				"all":         {want: []string{"apk_1", "apk_2", "apk_3"}},
				"type":        {filter: store.APIKeyFilter{Types: []string{everlatch.KeySecret}}, want: []string{"apk_2"}},
				"id":          {filter: store.APIKeyFilter{IDs: []string{"apk_3"}}, want: []string{"apk_3"}},
				"title":       {filter: store.APIKeyFilter{Titles: []string{"shop apk_1"}}, want: []string{"apk_1"}},
				"token":       {filter: store.APIKeyFilter{Tokens: []string{"pk_1", "hash"}}, want: []string{"apk_1"}},
				"words":       {filter: store.APIKeyFilter{Q: "SHOP"}, want: []string{"apk_1", "apk_3"}},
				"made":        {filter: store.APIKeyFilter{CreatedAt: at(store.IsNot, start)}, want: []string{}},
				"changed":     {filter: store.APIKeyFilter{UpdatedAt: at(store.AtMost, start)}, want: []string{"apk_1", "apk_2", "apk_3"}},
				"deleted":     {filter: store.APIKeyFilter{DeletedAt: at(store.AtMost, start)}, want: []string{}},
				"ending soon": {filter: store.APIKeyFilter{RevokedAt: at(store.Less, start.Add(2*time.Hour))}, want: []string{"apk_3"}},
				"one of two": {
					filter: store.APIKeyFilter{Or: []store.APIKeyFilter{{IDs: []string{"apk_2"}}, {Tokens: []string{"pk_1"}}}},
					want:   []string{"apk_1", "apk_2"},
				},
				"both of two": {
					filter: store.APIKeyFilter{And: []store.APIKeyFilter{{Types: []string{everlatch.KeyPublishable}}, {Q: "apk_3"}}},
					want:   []string{"apk_3"},
				},
			} {
				keys, count, err := f.APIKeys(t.Context(), tt.filter, store.Page{})
				require.NoError(t, err, name)
				found := []string{}
				for _, k := range keys {
					found = append(found, k.ID)
				}
				require.Equal(t, tt.want, found, name)
				require.Equal(t, len(tt.want), count, name)
			}
			newest, count, err := f.APIKeys(t.Context(), store.APIKeyFilter{}, store.Page{Limit: 1, Order: "-title"})
			require.NoError(t, err)
			require.Equal(t, 3, count)
			require.Equal(t, "apk_3", newest[0].ID)
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			onEachEngine(t, test)
		})
	}
}
