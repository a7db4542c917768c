package store_test

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/everlatch/everlatch"
	"github.com/everlatch/everlatch/internal/ids"
	"github.com/everlatch/everlatch/internal/store"
)

func TestLanguages(t *testing.T) {
	t.Parallel()

	onEachEngine(t, func(t *testing.T, f fixture) {
		german := everlatch.WithLanguage(t.Context(), "de")
		ada, err := f.RegisterIdentity(german, newIdentity("Ada@example.com"))
		require.NoError(t, err)
		language := func(id string) string {
			tag, err := f.Language(t.Context(), id)
			require.NoError(t, err)
			return tag
		}
		require.Equal(t, "de", language(ada.ID), "that of the request which made it")
		again, err := f.RegisterIdentity(everlatch.WithLanguage(t.Context(), "fr"), newIdentity("bob@example.com"))
		require.NoError(t, err)
		require.Equal(t, "fr", language(again.ID))
		require.Empty(t, language(f.identity(t, "carol@example.com").ID))

		require.NoError(t, f.SetLanguage(german, ada.ID, "ja"))
		require.Equal(t, "ja", language(ada.ID))
		require.ErrorIs(t, f.SetLanguage(t.Context(), "authid_absent", "ja"), everlatch.ErrNotFound)
		_, err = f.Language(t.Context(), "authid_absent")
		require.ErrorIs(t, err, everlatch.ErrNotFound)

		at := func(email, provider string) string {
			tag, err := f.LanguageAt(t.Context(), email, provider)
			require.NoError(t, err)
			return tag
		}
		require.Equal(t, "ja", at("ADA@example.com", "emailpass"))
		require.Empty(t, at("ada@example.com", ""), "typed, and not verified")
		require.Empty(t, at("carol@example.com", "emailpass"), "its language is not known")
		require.Empty(t, at("nobody@example.com", "emailpass"))
		require.Empty(t, at("", ""))

		// Who has proven an address comes before who has typed it.
		proven := newIdentity("583231")
		proven.Provider, proven.VerifiedEmail = "github", "Ada@Example.com"
		_, err = f.RegisterIdentity(everlatch.WithLanguage(t.Context(), "pl"), proven)
		require.NoError(t, err)
		require.Equal(t, "pl", at("ada@example.com", "emailpass"))
		require.Equal(t, "pl", at("ada@example.com", ""))
	})
}

func TestLanguageOfEvents(t *testing.T) {
	t.Parallel()

	onEachEngine(t, func(t *testing.T, f fixture) {
		ctx := everlatch.WithLanguage(t.Context(), "ar")
		for given, want := range map[string]string{"": "ar", "es": "es"} {
			e := everlatch.Event{ID: id(ids.Event), Name: everlatch.EventPasswordReset, Language: given}
			require.NoError(t, f.RecordEvent(ctx, e))
			stored, err := f.Event(t.Context(), e.ID)
			require.NoError(t, err)
			require.Equal(t, want, stored.Language)
		}
		e := everlatch.Event{ID: id(ids.Event), Name: "shop.opened", Source: "apk_1"}
		stored, _, err := f.PublishEvent(ctx, e)
		require.NoError(t, err)
		require.Empty(t, stored.Language, "what a program publishes is not about the request")
		_, total, err := f.Events(t.Context(), store.EventFilter{}, store.Page{})
		require.NoError(t, err)
		require.Equal(t, 3, total)
	})
}

// An import changes what has changed elsewhere, and not the language that was chosen here.
func TestImportsKeepAChosenLanguage(t *testing.T) {
	t.Parallel()

	onEachEngine(t, func(t *testing.T, f fixture) {
		imported := func(version int, at string) store.ImportCounts {
			line := fmt.Sprintf(`{"type":"identity","id":"authid_1","credential_version":%d,"created_at":"2026-01-01T00:00:00Z","updated_at":%q}`, version, at)
			counts, issues, err := f.ImportUnits(t.Context(), lines(t, line), plainKeys("a"))
			require.NoError(t, err)
			require.Empty(t, issues)
			return counts
		}
		imported(1, "2026-01-01T00:00:00Z")
		require.NoError(t, f.SetLanguage(t.Context(), "authid_1", "de"))
		require.Equal(t, store.ImportCounts{Updated: 1}, imported(2, "2026-01-02T00:00:00Z"), "choosing a language is no change of the identity")
		tag, err := f.Language(t.Context(), "authid_1")
		require.NoError(t, err)
		require.Equal(t, "de", tag)
	})
}
