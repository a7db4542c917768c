package store

import (
	"context"
	"time"

	"github.com/everlatch/everlatch"
)

// NewIdentity is an identity with its first credential. The caller generates
// the ids, so that a retried registration finds its own rows.
type NewIdentity struct {
	ID, ProviderIdentityID         string
	Provider, EntityID, EntityKey  string
	UserMetadata, ProviderMetadata everlatch.Metadata
	// VerifiedEmail is the address that the provider has verified, "" for none.
	VerifiedEmail string
	// Typed means that the user typed EntityID and that it is not verified: it
	// cannot be an address that is held for an account.
	Typed bool
	// Counter is the first signature counter of a passkey.
	Counter int64
	// Events are recorded as given; the flow releases them when it ends.
	Events []everlatch.Event
}

const (
	insertIdentity = `INSERT INTO auth_identity (id, last_used_at, created_at, updated_at, language) VALUES ($1, $2, $2, $2, $3)
		ON CONFLICT (id) DO NOTHING`

	insertProviderIdentity = `INSERT INTO provider_identity (id, auth_identity_id, provider, entity_id, entity_key,
			user_metadata, provider_metadata, created_at, updated_at, verified_email)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $8, NULLIF($9, ''))
		ON CONFLICT (provider, entity_key) WHERE deleted_at IS NULL DO NOTHING`

	identityColumns = `a.id, a.credential_version, a.app_metadata, a.last_used_at, a.created_at, a.updated_at,
		a.mfa_enabled_at, a.disabled_at`

	providerColumns = `p.id, p.auth_identity_id, p.provider, p.entity_id, p.entity_key,
		p.verified_email, p.user_metadata, p.provider_metadata, p.created_at, p.updated_at, p.last_used_at`

	// linkColumns are a link and when its actor will be removed.
	linkColumns  = `l.actor_type, l.actor_id, d.deletion_at`
	joinDeletion = ` LEFT JOIN account_deletion d ON l.actor_type = 'customer' AND d.customer_id = l.actor_id`

	selectIdentity = `SELECT ` + identityColumns + `, ` + linkColumns + `
		FROM auth_identity a
		LEFT JOIN actor_link l ON l.auth_identity_id = a.id` + joinDeletion + `
		WHERE a.id = $1 AND a.deleted_at IS NULL`

	selectProvidersOf = `SELECT ` + providerColumns + `
		FROM provider_identity p WHERE p.auth_identity_id = $1 AND p.deleted_at IS NULL ORDER BY p.id`

	selectIdentitiesOf = `SELECT ` + identityColumns + `, ` + linkColumns + `
		FROM actor_link mine
		JOIN auth_identity a ON a.id = mine.auth_identity_id AND a.deleted_at IS NULL
		JOIN actor_link l ON l.auth_identity_id = a.id` + joinDeletion + `
		WHERE mine.actor_type = $1 AND mine.actor_id = $2
		ORDER BY a.id`
)

// errTaken matches [everlatch.ErrDuplicate]. The provider has the message.
func errTaken() error {
	return refuse(everlatch.CodeDuplicate, IdentityTaken)
}

// RegisterIdentity creates an identity and its credential, or nothing. The same
// id again returns the stored identity. A live credential of the same provider
// and entity key under another identity is [everlatch.ErrDuplicate]: of many
// registrations at once, one wins (docs/weak-spots.md#w12, #w22).
func (s *Store) RegisterIdentity(ctx context.Context, in NewIdentity) (everlatch.AuthIdentity, error) {
	now := s.now()
	var identity everlatch.AuthIdentity
	err := s.write(ctx, func(tx *tx) error {
		created, err := tx.exec(ctx, insertIdentity, in.ID, now, everlatch.LanguageOf(ctx))
		if err != nil {
			return err
		}
		if created > 0 {
			n, err := tx.exec(ctx, insertProviderIdentity, in.ProviderIdentityID, in.ID, in.Provider, in.EntityID,
				in.EntityKey, in.UserMetadata, in.ProviderMetadata, now, emailKey(in.VerifiedEmail))
			if err != nil {
				return err
			}
			if n == 0 {
				return errTaken()
			}
			if err := checkTyped(ctx, tx, in.Typed, in.EntityID, in.EntityKey, now); err != nil {
				return err
			}
			if in.Counter > 0 {
				if _, err := tx.exec(ctx, setCounter, in.ProviderIdentityID, in.Counter); err != nil {
					return err
				}
			}
			if err := recordEvents(ctx, tx, now, in.Events...); err != nil {
				return err
			}
		}
		identity, err = identityOf(ctx, tx, in.ID)
		return err
	})
	if isUnique(err) {
		err = errTaken() // the id of the credential is in use elsewhere
	}
	if err != nil {
		return everlatch.AuthIdentity{}, s.fail(ctx, "register identity", err)
	}
	return identity, nil
}

// Identity returns a live identity with its links and credentials, or
// [everlatch.ErrNotFound].
func (s *Store) Identity(ctx context.Context, id string) (everlatch.AuthIdentity, error) {
	identity, err := identityOf(ctx, s.reads, id)
	return identity, s.fail(ctx, "read identity", err)
}

// IdentitiesOf returns every live identity that is linked to an actor, with its
// links: a user may have several (docs/weak-spots.md#w9). None is an empty slice.
func (s *Store) IdentitiesOf(ctx context.Context, actorType, actorID string) ([]everlatch.AuthIdentity, error) {
	identities, err := gather(ctx, s.reads, selectIdentitiesOf, actorType, actorID)
	return identities, s.fail(ctx, "read identities of actor", err)
}

// ProvidersOf names the providers of all identities of an actor, each once, in
// the order in which the credentials were created.
func (s *Store) ProvidersOf(ctx context.Context, actorType, actorID string) ([]string, error) {
	names, err := all(ctx, s.reads, scanned[string], `SELECT p.provider FROM actor_link l
		JOIN auth_identity a ON a.id = l.auth_identity_id AND a.deleted_at IS NULL
		JOIN provider_identity p ON p.auth_identity_id = a.id AND p.deleted_at IS NULL
		WHERE l.actor_type = $1 AND l.actor_id = $2
		GROUP BY p.provider ORDER BY MIN(p.created_at), p.provider`, actorType, actorID)
	return names, s.fail(ctx, "read providers of actor", err)
}

func identityOf(ctx context.Context, q querier, id string) (everlatch.AuthIdentity, error) {
	found, err := gather(ctx, q, selectIdentity, id)
	if err != nil {
		return everlatch.AuthIdentity{}, err
	}
	if len(found) == 0 {
		return everlatch.AuthIdentity{}, notFound("AuthIdentity", id)
	}
	found[0].Providers, err = all(ctx, q, scanProvider, selectProvidersOf, id)
	if err != nil {
		return everlatch.AuthIdentity{}, err
	}
	return found[0], nil
}

// gather reads identities of which each has one row for each link, or one row
// without; the rows of an identity follow each other.
func gather(ctx context.Context, q querier, text string, args ...any) ([]everlatch.AuthIdentity, error) {
	rows, err := all(ctx, q, scanLinked, text, args...)
	out := []everlatch.AuthIdentity{}
	for _, row := range rows {
		if len(out) == 0 || out[len(out)-1].ID != row.ID {
			row.Links = map[string]string{}
			out = append(out, row.AuthIdentity)
		}
		if row.actorType != "" {
			row.addTo(&out[len(out)-1])
		}
	}
	return out, err
}

// linked is an identity with one of its links, or with none.
type linked struct {
	everlatch.AuthIdentity
	actorType, actorID string
	deletionAt         time.Time
}

// addTo adds the link of a row to the identity of all rows.
func (l *linked) addTo(identity *everlatch.AuthIdentity) {
	identity.Links[l.actorType] = l.actorID
	if !l.deletionAt.IsZero() {
		identity.DeletionAt = l.deletionAt
	}
}

func scanLinked(row scanner) (l linked, err error) {
	err = row.Scan(l.fields()...)
	return l, err
}

func scanProvider(row scanner) (p everlatch.ProviderIdentity, err error) {
	err = row.Scan(providerFields(&p)...)
	return p, err
}

// linkFields is how many of the fields are about the link. They are the last.
const linkFields = 3

func (l *linked) fields() []any {
	return []any{
		&l.ID, &l.CredentialVersion,
		toMetadata{&l.AppMetadata},
		toTime{&l.LastUsedAt},
		toTime{&l.CreatedAt},
		toTime{&l.UpdatedAt},
		toTime{&l.MFAEnabledAt},
		toTime{&l.DisabledAt},
		toText{&l.actorType},
		toText{&l.actorID},
		toTime{&l.deletionAt},
	}
}

func providerFields(p *everlatch.ProviderIdentity) []any {
	return []any{
		&p.ID, &p.AuthIdentityID, &p.Provider, &p.EntityID, &p.EntityKey,
		toText{&p.VerifiedEmail},
		toMetadata{&p.UserMetadata},
		toMetadata{&p.ProviderMetadata},
		toTime{&p.CreatedAt},
		toTime{&p.UpdatedAt},
		toTime{&p.LastUsedAt},
	}
}

// lockIdentity takes the row lock of a live identity, in one statement that
// also counts as its use. It must be the first statement of a transaction that
// depends on the identity: others then wait, and an orphan sweep that waited
// tests the new last_used_at.
func lockIdentity(ctx context.Context, q querier, id string, now time.Time) error {
	n, err := q.exec(ctx, `UPDATE auth_identity SET last_used_at = $2, updated_at = $2
		WHERE id = $1 AND deleted_at IS NULL`, id, now)
	if err == nil && n == 0 {
		err = notFound("AuthIdentity", id)
	}
	return err
}
