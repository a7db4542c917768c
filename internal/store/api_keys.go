package store

import (
	"context"
	"errors"
	"time"

	"github.com/everlatch/everlatch"
)

// APIKeyFilter selects API keys; zero fields select all.
type APIKeyFilter struct {
	// Q are words, each of them part of the title or of the redacted token, in
	// any case.
	Q string
	// Tokens find publishable keys; a secret key is not found by its token.
	IDs, Titles, Tokens, Types []string

	CreatedAt, UpdatedAt, DeletedAt, RevokedAt []TimeTest
	// All of And must match, and at least one of Or.
	And, Or []APIKeyFilter
}

func (f APIKeyFilter) test(c *conditions) {
	c.in("id", f.IDs)
	c.in("title", f.Titles)
	c.in("type", f.Types)
	c.in("CASE WHEN type = 'publishable' THEN token END", f.Tokens)
	c.contains(f.Q, "title", "redacted")
	c.dates("", f.CreatedAt, f.UpdatedAt, f.DeletedAt)
	c.times("revoked_at", f.RevokedAt)
	combine(c, f.And, f.Or, APIKeyFilter.test)
}

const (
	// The token column holds the hash of a secret key, which is never returned.
	apiKeyColumns = `id, title, type, CASE WHEN type = 'publishable' THEN token ELSE '' END, redacted,
		last_used_at, created_by, COALESCE(owner_id, ''), revoked_by, revoked_at, created_at, updated_at, deleted_at`

	insertAPIKey = `INSERT INTO api_key (id, title, type, token, redacted, created_by, created_at, updated_at, owner_id)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $7, $8)
		ON CONFLICT (id) DO NOTHING`

	selectAPIKey = `SELECT ` + apiKeyColumns + ` FROM api_key WHERE id = $1 AND deleted_at IS NULL`

	selectSecretKey       = `SELECT ` + apiKeyColumns + fromSecretKey
	selectSecretKeyAccess = `SELECT ` + apiKeyColumns + `, ` + ownerAccess + fromSecretKey

	fromSecretKey = ` FROM api_key
		WHERE token = $1 AND type = 'secret' AND deleted_at IS NULL AND (revoked_at IS NULL OR revoked_at > $2)
		AND (owner_id IS NULL OR EXISTS (SELECT 1 FROM "user" u WHERE u.id = owner_id AND u.deleted_at IS NULL))`

	publishableKeyLive = `SELECT EXISTS (SELECT 1 FROM api_key
		WHERE token = $1 AND type = 'publishable' AND deleted_at IS NULL AND (revoked_at IS NULL OR revoked_at > $2))`

	anyPublishableKey = `SELECT EXISTS (SELECT 1 FROM api_key WHERE type = 'publishable')`

	updateAPIKey = `UPDATE api_key SET title = $2, updated_at = $3 WHERE id = $1 AND deleted_at IS NULL`

	// A revoked key stays unchanged; a delayed revocation may be rescheduled.
	revokeAPIKey = `UPDATE api_key SET revoked_by = $2, revoked_at = $3, updated_at = $4
		WHERE id = $1 AND deleted_at IS NULL AND (revoked_at IS NULL OR revoked_at > $4)`

	deleteAPIKey = `DELETE FROM api_key WHERE id = $1 AND type = 'secret' AND revoked_at <= $2`

	// The row of a publishable key stays: see [Store.AnyPublishableKey].
	hideAPIKey = `UPDATE api_key SET deleted_at = $2, updated_at = $2
		WHERE id = $1 AND type = 'publishable' AND revoked_at <= $2 AND deleted_at IS NULL`

	// The previous owner is compared, so that of two at once the later one sees
	// whom it takes the key from.
	takeOverAPIKey = `UPDATE api_key SET owner_id = $2, updated_at = $3
		WHERE id = $1 AND type = 'secret' AND deleted_at IS NULL AND COALESCE(owner_id, '') = $4`
)

// apiKeyKind are API keys, revoked or not.
var apiKeyKind = kind[everlatch.APIKey]{
	name: "API Key", one: "API key", many: "API keys", byID: selectAPIKey,
	listing: listing[everlatch.APIKey]{
		table: "api_key", columns: apiKeyColumns, scan: scanAPIKey, defaultOrder: "id",
		orders: []string{
			"id", "title", "type", "created_by", "created_at", "updated_at", "last_used_at", "revoked_by", "revoked_at",
		},
		nullable: []string{"last_used_at", "revoked_by", "revoked_at"},
	},
}

// CreateAPIKey stores a key with the given id: a publishable key with its token,
// a secret key only with the hash of its token (the token has 256 random bits,
// so a fast hash is enough, docs/weak-spots.md#w20). The same id again returns
// the stored key. The result never contains the token of a secret key.
func (s *Store) CreateAPIKey(ctx context.Context, key everlatch.APIKey, tokenHash string) (everlatch.APIKey, error) {
	token := tokenHash
	if key.Type == everlatch.KeyPublishable {
		token = key.Token
	}
	if token == "" {
		return everlatch.APIKey{}, errors.New("create API key: a token is needed")
	}
	_, err := s.writes.exec(ctx, insertAPIKey, key.ID, key.Title, key.Type, token, key.Redacted, key.CreatedBy, s.now(), optionalText(key.OwnerID))
	if err != nil {
		return everlatch.APIKey{}, s.fail(ctx, "create API key", err)
	}
	return s.APIKey(ctx, key.ID)
}

// APIKey returns a key, revoked or not, or [everlatch.ErrNotFound].
func (s *Store) APIKey(ctx context.Context, id string) (everlatch.APIKey, error) {
	return apiKeyKind.read(ctx, s, id)
}

// APIKeys lists keys, revoked or not, and counts them (docs/contract.md#s4-9). They are
// ordered by id, or by title, type, created_by, created_at, updated_at,
// last_used_at, revoked_by or revoked_at.
func (s *Store) APIKeys(ctx context.Context, f APIKeyFilter, page Page) ([]everlatch.APIKey, int, error) {
	return apiKeyKind.list(ctx, s, page, notDeleted("deleted_at", page), f.test)
}

// UpdateAPIKey changes the title of a key and returns it, or [everlatch.ErrNotFound].
func (s *Store) UpdateAPIKey(ctx context.Context, id, title string) (everlatch.APIKey, error) {
	if _, err := s.writes.exec(ctx, updateAPIKey, id, title, s.now()); err != nil {
		return everlatch.APIKey{}, s.fail(ctx, "update API key", err)
	}
	return s.APIKey(ctx, id)
}

// RevokeAPIKey revokes a key at a time, which may be in the future, and returns
// it. A revoked key stays unchanged; a missing key is [everlatch.ErrNotFound].
func (s *Store) RevokeAPIKey(ctx context.Context, id, by string, at time.Time) (everlatch.APIKey, error) {
	if _, err := s.writes.exec(ctx, revokeAPIKey, id, by, at, s.now()); err != nil {
		return everlatch.APIKey{}, s.fail(ctx, "revoke API key", err)
	}
	return s.APIKey(ctx, id)
}

// TakeOverAPIKey makes an administrator the owner of a secret key, whose previous
// owner was expected to be another one, and records the event. A key that is
// missing, not secret, or has another owner by now is [everlatch.ErrNotFound].
func (s *Store) TakeOverAPIKey(ctx context.Context, id, previousOwner, owner string) (everlatch.APIKey, error) {
	err := s.write(ctx, func(tx *tx) error {
		n, err := tx.exec(ctx, takeOverAPIKey, id, owner, s.now(), previousOwner)
		if err != nil {
			return err
		}
		if n == 0 {
			return notFound("API Key", id)
		}
		return recordEvents(ctx, tx, s.now(), newEvent(s.now(), everlatch.EventAPIKeyTakenOver, "", "", everlatch.Metadata{
			"id": id, "owner_id": owner, "previous_owner_id": previousOwner,
		}))
	})
	if err != nil {
		return everlatch.APIKey{}, s.fail(ctx, "take over API key", err)
	}
	return s.APIKey(ctx, id)
}

// DeleteAPIKey deletes a revoked key, a secret one permanently. A key that is not revoked is
// [everlatch.ErrNotAllowed]; a missing key is no error (docs/contract.md#s1-4, #s2-1).
func (s *Store) DeleteAPIKey(ctx context.Context, id string) error {
	for _, text := range []string{deleteAPIKey, hideAPIKey} {
		n, err := s.writes.exec(ctx, text, id, s.now())
		if err != nil || n > 0 {
			return s.fail(ctx, "delete API key", err)
		}
	}
	switch _, err := s.APIKey(ctx, id); {
	case errors.Is(err, everlatch.ErrNotFound):
		return nil
	case err != nil:
		return err
	default:
		return refuse(everlatch.CodeNotAllowed, KeyNotRevoked, "id", id)
	}
}

// SecretKey returns the secret key of a token's hash. One that is revoked or
// unknown is [everlatch.ErrNotFound].
func (s *Store) SecretKey(ctx context.Context, tokenHash string) (everlatch.APIKey, error) {
	key, err := first(ctx, s.reads, scanAPIKey, selectSecretKey, tokenHash, s.now())
	return key, s.fail(ctx, "read secret key", noRows(err, errNoSecretKey()))
}

// SecretKeyWithAccess is [Store.SecretKey] with the current permissions of the
// administrator who owns the key, which limit what the key can do. A key of an
// operator has no permissions.
func (s *Store) SecretKeyWithAccess(ctx context.Context, tokenHash string) (everlatch.APIKey, everlatch.Access, error) {
	found, err := first(ctx, s.reads, scanKeyAccess, selectSecretKeyAccess, tokenHash, s.now())
	return found.key, found.access, s.fail(ctx, "read secret key", noRows(err, errNoSecretKey()))
}

// keyAccess is a key with its permissions.
type keyAccess struct {
	key    everlatch.APIKey
	access everlatch.Access
}

func scanKeyAccess(row scanner) (k keyAccess, err error) {
	err = row.Scan(append(apiKeyFields(&k.key), toRoles{&k.access}, toPermissions{&k.access})...)
	return k, err
}

func errNoSecretKey() error {
	return refuse(everlatch.CodeNotFound, KeyUnknown)
}

// PublishableKeyLive reports whether a token is a publishable key that is not
// revoked.
func (s *Store) PublishableKeyLive(ctx context.Context, token string) (bool, error) {
	live, err := first(ctx, s.reads, scanned[bool], publishableKeyLive, token, s.now())
	return live, s.fail(ctx, "read publishable key", err)
}

// AnyPublishableKey reports whether a publishable key was ever created: an
// installation that asks for keys goes on to ask when the last one is revoked.
func (s *Store) AnyPublishableKey(ctx context.Context) (bool, error) {
	found, err := first(ctx, s.reads, scanned[bool], anyPublishableKey)
	return found, s.fail(ctx, "read publishable keys", err)
}

func scanAPIKey(row scanner) (k everlatch.APIKey, err error) {
	err = row.Scan(apiKeyFields(&k)...)
	return k, err
}

// apiKeyFields scans apiKeyColumns.
func apiKeyFields(k *everlatch.APIKey) []any {
	return []any{
		&k.ID, &k.Title, &k.Type, &k.Token, &k.Redacted,
		toOptionalTime{&k.LastUsedAt},
		&k.CreatedBy, &k.OwnerID, &k.RevokedBy,
		toOptionalTime{&k.RevokedAt},
		toTime{&k.CreatedAt},
		toTime{&k.UpdatedAt},
		toOptionalTime{&k.DeletedAt},
	}
}
