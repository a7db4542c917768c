package store

import (
	"context"

	"github.com/everlatch/everlatch"
)

// Language returns the language of an identity's mails, "" if it is not known. A missing
// identity is [everlatch.ErrNotFound].
func (s *Store) Language(ctx context.Context, identityID string) (string, error) {
	tag, err := first(ctx, s.reads, scanned[string], selectLanguage, identityID)
	return tag, s.fail(ctx, "read language", noRows(err, notFound("AuthIdentity", identityID)))
}

// SetLanguage changes the language of an identity's mails. A missing identity is
// [everlatch.ErrNotFound].
func (s *Store) SetLanguage(ctx context.Context, identityID, tag string) error {
	n, err := s.writes.exec(ctx, updateLanguage, identityID, tag)
	if err == nil && n == 0 {
		err = notFound("AuthIdentity", identityID)
	}
	return s.fail(ctx, "set language", err)
}

// LanguageAt returns the language of the identity that an address belongs to, "" if there is
// none or its language is not known: one for which a provider has verified it, or one that
// signs in with it at the provider.
func (s *Store) LanguageAt(ctx context.Context, email, provider string) (string, error) {
	tag, err := first(ctx, s.reads, scanned[string], selectLanguageAt, emailKey(email), provider)
	return tag, s.fail(ctx, "find language", noRows(err, nil))
}

const (
	// Of a removed identity too: the last mails about it are sent afterwards.
	selectLanguage = `SELECT language FROM auth_identity WHERE id = $1`

	updateLanguage = `UPDATE auth_identity SET language = $2 WHERE id = $1 AND deleted_at IS NULL`

	// Two searches, each by its own index.
	selectLanguageAt = `SELECT a.language FROM (
			SELECT auth_identity_id, 0 AS typed FROM provider_identity WHERE verified_email = $1 AND deleted_at IS NULL
			UNION ALL
			SELECT auth_identity_id, 1 AS typed FROM provider_identity WHERE provider = $2 AND entity_key = $1 AND deleted_at IS NULL
		) p
		JOIN auth_identity a ON a.id = p.auth_identity_id AND a.deleted_at IS NULL AND a.language <> ''
		ORDER BY p.typed, a.id LIMIT 1`
)

// languageOf is the language of an event: its own, or that of the request.
func languageOf(ctx context.Context, e everlatch.Event) string {
	if e.Language != "" {
		return e.Language
	}
	return everlatch.LanguageOf(ctx)
}
