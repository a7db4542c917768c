package store

import (
	"context"
	"time"

	"github.com/everlatch/everlatch"
)

// Credential is a live credential and the identity that it belongs to.
type Credential struct {
	Identity everlatch.AuthIdentity // with Links
	Provider everlatch.ProviderIdentity
}

// Use is what a successful sign-in stores.
type Use struct {
	IdentityID, ProviderIdentityID string
	// ProviderMetadata and UserMetadata replace the stored ones; nil keeps them.
	ProviderMetadata, UserMetadata everlatch.Metadata
	// VerifiedEmail is the address that the provider has verified, "" for none;
	// it is stored with UserMetadata, and unchanged without them.
	VerifiedEmail string
	// SeenAt is UpdatedAt of the credential that the sign-in read. If the
	// credential has changed since, for example by a new password, the metadata
	// are not replaced: a rehash of the old password must not overwrite the new one.
	SeenAt time.Time
	// Incomplete says that a second factor is still to come: last_used_at stays as it is.
	Incomplete bool
}

// useResolution is the resolution of last_used_at: a sign-in writes it at most
// once in this time. A shorter grace period for orphans would miss recent uses.
const useResolution = time.Hour

const (
	selectCredential = `SELECT ` + providerColumns + `, ` + identityColumns + `, ` + linkColumns + `
		FROM provider_identity p
		JOIN auth_identity a ON a.id = p.auth_identity_id AND a.deleted_at IS NULL
		LEFT JOIN actor_link l ON l.auth_identity_id = a.id` + joinDeletion + `
		WHERE p.provider = $1 AND p.entity_key = $2 AND p.deleted_at IS NULL`

	selectLastUse = `SELECT last_used_at FROM auth_identity WHERE id = $1 AND deleted_at IS NULL`

	replaceCredential = `UPDATE provider_identity SET provider_metadata = COALESCE($3, provider_metadata),
			user_metadata = COALESCE($4, user_metadata), updated_at = $5,
			verified_email = CASE WHEN $4 IS NULL THEN verified_email ELSE NULLIF($7, '') END
		WHERE id = $1 AND auth_identity_id = $2 AND deleted_at IS NULL AND updated_at = $6`
)

// FindCredential returns the credential for a sign-in, in one query, or
// [everlatch.ErrNotFound]. entityKey is the canonical form (docs/weak-spots.md#w22).
func (s *Store) FindCredential(ctx context.Context, provider, entityKey string) (Credential, error) {
	rows, err := all(ctx, s.reads, scanCredential, selectCredential, provider, entityKey)
	if err == nil && len(rows) == 0 {
		err = refuse(everlatch.CodeNotFound, CredentialUnknown)
	}
	if err != nil {
		return Credential{}, s.fail(ctx, "find credential", err)
	}
	found := Credential{Identity: rows[0].AuthIdentity, Provider: rows[0].provider}
	found.Identity.Links = map[string]string{}
	for _, row := range rows {
		if row.actorType != "" {
			row.addTo(&found.Identity)
		}
	}
	return found, nil
}

// credentialRow is a credential with one of the links of its identity, or none.
type credentialRow struct {
	linked
	provider everlatch.ProviderIdentity
}

func scanCredential(row scanner) (c credentialRow, err error) {
	err = row.Scan(append(providerFields(&c.provider), c.fields()...)...)
	return c, err
}

// RecordUse stores the changes of a sign-in in one transaction and updates
// last_used_at at most once per useResolution. Without changes it writes nothing.
// A missing identity is [everlatch.ErrNotFound].
func (s *Store) RecordUse(ctx context.Context, use Use) error {
	now := s.now()
	if use.ProviderMetadata == nil && use.UserMetadata == nil {
		fresh, err := usedSince(ctx, s.reads, use.IdentityID, now.Add(-useResolution))
		if fresh || use.Incomplete || err != nil {
			return s.fail(ctx, "record use", err)
		}
	}
	err := s.write(ctx, func(tx *tx) error {
		fresh, err := usedSince(ctx, tx, use.IdentityID, now.Add(-useResolution))
		if err != nil {
			return err
		}
		if !fresh && !use.Incomplete {
			if err := lockIdentity(ctx, tx, use.IdentityID, now); err != nil {
				return err
			}
		}
		return replaceMetadata(ctx, tx, use, now)
	})
	return s.fail(ctx, "record use", err)
}

func usedSince(ctx context.Context, q querier, identityID string, since time.Time) (bool, error) {
	last, err := first(ctx, q, scanTime, selectLastUse, identityID)
	return last.After(since), noRows(err, notFound("AuthIdentity", identityID))
}

func scanTime(row scanner) (t time.Time, err error) {
	err = row.Scan(toTime{&t})
	return t, err
}

func replaceMetadata(ctx context.Context, q querier, use Use, now time.Time) error {
	if use.ProviderMetadata == nil && use.UserMetadata == nil {
		return nil
	}
	_, err := q.exec(ctx, replaceCredential, use.ProviderIdentityID, use.IdentityID,
		use.ProviderMetadata, use.UserMetadata, now, use.SeenAt, emailKey(use.VerifiedEmail))
	return err
}

// EndCredentials ends everything that was issued for an identity: tokens by the
// credential version, sessions by deletion (docs/weak-spots.md#w25). A missing
// identity is [everlatch.ErrNotFound].
func (s *Store) EndCredentials(ctx context.Context, identityID string) error {
	now := s.now()
	err := s.write(ctx, func(tx *tx) error {
		n, err := tx.exec(ctx, `UPDATE auth_identity SET credential_version = credential_version + 1, updated_at = $2
			WHERE id = $1 AND deleted_at IS NULL`, identityID, now)
		if err != nil {
			return err
		}
		if n == 0 {
			return notFound("AuthIdentity", identityID)
		}
		return endSessions(ctx, tx, now, ending{reason: "credentials_ended"}, deleteSessionsOf, identityID)
	})
	return s.fail(ctx, "end credentials", err)
}
