package api

import (
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/everlatch/everlatch"
	"github.com/everlatch/everlatch/flows"
	"github.com/everlatch/everlatch/internal/accounts"
	"github.com/everlatch/everlatch/internal/query"
	"github.com/everlatch/everlatch/internal/store"
	"github.com/everlatch/everlatch/internal/vault"
	"github.com/everlatch/everlatch/internal/wire"
	"github.com/everlatch/everlatch/providers"
)

var (
	requestVerificationFields = query.Schema{
		{Name: "entity_id", Kind: query.Filled, Required: true},
		{Name: "entity_type", Kind: query.Filled, Required: true},
		{Name: "code_provider", Kind: query.Text},
		{Name: "metadata", Kind: query.Record},
	}
	confirmVerificationFields = query.Schema{
		{Name: "code", Kind: query.Filled, Required: true},
		{Name: "code_provider", Kind: query.Filled},
		{Name: "entity_id", Kind: query.Filled},
		{Name: "entity_type", Kind: query.Filled},
	}
)

const maxEntityType = 64

// requestVerification has a code mailed that verifies an address of the caller
// (docs/contract.md#s10-5), or that is about to be the caller's. Addresses of others are
// refused (docs/weak-spots.md#w61), and for a verified one nothing is mailed
// (docs/weak-spots.md#w62).
func (s *Server) requestVerification(c echo.Context) error {
	in, err := requestVerificationFields.CheckBody(wire.Of(c).Body)
	if err != nil {
		return err
	}
	if len(in.Plain("entity_type")) > maxEntityType {
		return errEntityType
	}
	claims, err := caller(c)
	if err != nil {
		return err
	}
	r := flows.VerificationRequest{
		ActorType: claims.ActorType, CodeProvider: providers.DefaultCodeProvider, Metadata: in.Record("metadata"),
		Address: verifiedAddress(claims.AuthIdentityID, in.Plain("entity_type"), in.Plain("entity_id")),
	}
	if in.Has("code_provider") {
		r.CodeProvider = in.Plain("code_provider")
	}
	provider, err := s.deps.Codes.Get(r.CodeProvider)
	if err != nil {
		return err
	}
	r.Slow = provider.Rules().Slow
	if r.Recipient, err = s.ownAddress(c, r.Address); err != nil {
		return err
	}
	if r.IdempotencyKey, err = idempotencyKey(c); err != nil {
		return err
	}
	requested, err := s.deps.Flows.RequestVerification(c.Request().Context(), r)
	if err != nil {
		return err
	}
	b := s.appendVerification([]byte(`{"verification":`), requested.Verification, relationOf(requested.Created, requested.Verification))
	keepPrivate(c, true)
	return wire.Respond(c, http.StatusCreated, wire.ContentJSON, append(b, '}'))
}

func verifiedAddress(identityID, entityType, entityID string) flows.VerifiedAddress {
	return flows.VerifiedAddress{
		AuthIdentityID: identityID, EntityType: entityType, EntityID: entityID, EntityKey: store.AddressKey(entityID),
	}
}

// confirmVerification verifies the address whose code the caller has. The code of a link
// needs no sign-in; one of a few digits counts only for the identity that it was made for.
func (s *Server) confirmVerification(c echo.Context) error {
	in, err := confirmVerificationFields.CheckBody(wire.Of(c).Body)
	if err != nil {
		return err
	}
	p := flows.PresentedCode{Code: vault.NewSecret([]byte(in.Plain("code")))}
	if claims := callOf(c).auth.Claims(); claims != nil {
		p.By = claims.AuthIdentityID
	}
	if p.IdempotencyKey, err = idempotencyKey(c); err != nil {
		return err
	}
	found, err := s.accounts.RequestOfCode(lookups(c), s.deps.Codes, accounts.PresentedCode{
		Hash: s.deps.Flows.CodeHash(in.Plain("code")), AuthIdentityID: p.By, Repeated: p.IdempotencyKey != "",
		CodeProvider: in.Plain("code_provider"), EntityType: in.Plain("entity_type"), EntityID: in.Plain("entity_id"),
	})
	if err != nil {
		return err
	}
	p.Address = verifiedAddress(found.AuthIdentityID, found.EntityType, found.EntityID)
	confirmed, err := s.deps.Flows.ConfirmVerification(c.Request().Context(), p)
	if err != nil {
		return err
	}
	b := wire.AppendText([]byte(`{"entity_id":`), confirmed.EntityID)
	b = wire.AppendText(append(b, `,"entity_type":`...), confirmed.EntityType)
	b = wire.AppendText(append(b, `,"code_provider":`...), confirmed.CodeProvider)
	b = wire.AppendTime(append(b, `,"verified_at":`...), confirmed.VerifiedAt)
	keepPrivate(c, true)
	return writeJSON(c, append(b, '}'))
}

// relation is how the identity of a verification is shown besides its id, as recorded: a
// new record has none.
type relation int

const (
	relationNone relation = iota
	relationObject
	relationID
)

func relationOf(created bool, v everlatch.Verification) relation {
	switch {
	case created && !v.Verified():
		return relationNone
	case v.Verified():
		return relationID
	}
	return relationObject
}

// appendVerification shows a record as the contract does. token_hash has its form, and
// nothing in it is derived from the code (docs/weak-spots.md#w62).
func (s *Server) appendVerification(b []byte, v everlatch.Verification, r relation) []byte {
	b = wire.AppendText(append(b, `{"id":`...), v.ID)
	b = wire.AppendText(append(b, `,"auth_identity_id":`...), v.AuthIdentityID)
	switch r {
	case relationNone:
	case relationObject:
		b = append(wire.AppendText(append(b, `,"auth_identity":{"id":`...), v.AuthIdentityID), '}')
	case relationID:
		b = wire.AppendText(append(b, `,"auth_identity":`...), v.AuthIdentityID)
	}
	b = wire.AppendText(append(b, `,"entity_id":`...), v.EntityID)
	b = wire.AppendText(append(b, `,"entity_type":`...), v.EntityType)
	b = wire.AppendText(append(b, `,"code_provider":`...), v.CodeProvider)
	b = append(b, `,"verified_at":`...)
	if v.Verified() {
		b = wire.AppendTime(b, v.VerifiedAt)
	} else {
		b = append(b, `null`...)
	}
	b = wire.AppendTime(append(b, `,"requested_at":`...), v.RequestedAt)
	b = append(b, `,"provider_metadata":{`...)
	if v.CodeProvider == providers.DefaultCodeProvider {
		sum := sha256.Sum256([]byte(s.deps.Flows.CodeHash(v.ID + v.RequestedAt.Format(time.RFC3339Nano))))
		b = wire.AppendText(append(b, `"token_hash":`...), hex.EncodeToString(sum[:]))
	}
	b = wire.AppendMetadata(append(b, `},"metadata":`...), v.Metadata)
	b = wire.AppendTime(append(b, `,"created_at":`...), v.CreatedAt)
	b = wire.AppendTime(append(b, `,"updated_at":`...), v.UpdatedAt)
	return append(b, `,"deleted_at":null}`...)
}
