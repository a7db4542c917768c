package authservice

import (
	"github.com/everlatch/everlatch/auth"
	"github.com/everlatch/everlatch/internal/store"
)

func factorFilter(f auth.FactorFilter) (store.FactorFilter, error) { return read((*reader).factors, f) }

func (r *reader) factors(f auth.FactorFilter) store.FactorFilter {
	out := store.FactorFilter{
		ID: texts(r, "id", f.ID), IdentityID: texts(r, "auth_identity_id", f.AuthIdentityID), Provider: texts(r, "provider", f.Provider),
		Status: texts(r, "status", f.Status), CreatedAt: r.times("created_at", f.CreatedAt), UpdatedAt: r.times("updated_at", f.UpdatedAt),
	}
	out.And, out.Or, out.Not = combined(r.factors, f.And, f.Or, f.Not)
	return out
}

func verificationFilter(f auth.VerificationFilter) (store.VerificationFilter, error) {
	return read((*reader).verifications, f)
}

func (r *reader) verifications(f auth.VerificationFilter) store.VerificationFilter {
	out := store.VerificationFilter{
		ID: texts(r, "id", f.ID), IdentityID: texts(r, "auth_identity_id", f.AuthIdentityID),
		EntityID: texts(r, "entity_id", f.EntityID), EntityKey: texts(r, "entity_key", f.EntityKey),
		EntityType: texts(r, "entity_type", f.EntityType), CodeProvider: texts(r, "code_provider", f.CodeProvider),
		Metadata: r.metadata(f.Metadata), VerifiedAt: r.times("verified_at", f.VerifiedAt), RequestedAt: r.times("requested_at", f.RequestedAt),
		ExpiresAt: r.times("expires_at", f.ExpiresAt), CreatedAt: r.times("created_at", f.CreatedAt), UpdatedAt: r.times("updated_at", f.UpdatedAt),
	}
	out.And, out.Or, out.Not = combined(r.verifications, f.And, f.Or, f.Not)
	return out
}
