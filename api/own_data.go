package api

import (
	"context"

	"github.com/labstack/echo/v4"

	"github.com/everlatch/everlatch"
	"github.com/everlatch/everlatch/internal/render"
	"github.com/everlatch/everlatch/internal/tokens"
	"github.com/everlatch/everlatch/internal/wire"
)

// exportedIdentity is an identity as its owner takes it along: secrets of its providers
// and factors are in no answer, and the notes of administrators stay theirs.
var (
	exportedIdentity = render.Pick(authIdentityTable, "id", "mfa_enabled_at", "last_used_at", "created_at", "updated_at", "provider_identities")
	identityExport   = render.ShapeOf(exportedIdentity).Defaults()

	exportedFactor = render.Pick(identityFactorTable, "id", "provider", "status", "metadata", "enabled_at", "last_used_at", "created_at")
	factorExport   = render.ShapeOf(exportedFactor).Defaults()
)

// exportData answers with everything that the service keeps about the caller, apart from
// secrets, for them to take along: the identity, its ways to sign in, second factors and
// sessions, what has happened to it lately, and the account with its addresses.
func (s *Server) exportData(c echo.Context) error {
	claims, err := caller(c)
	if err != nil {
		return err
	}
	b := wire.AppendText([]byte(`{"exported_at":`), s.deps.Now().UTC().Format(wire.ISOMillis))
	for _, part := range []func(context.Context, []byte, *tokens.Claims) ([]byte, error){
		s.exportIdentity, s.exportAccount, s.exportSessions, s.exportActivity,
	} {
		if b, err = part(lookups(c), b, claims); err != nil {
			return err
		}
	}
	keepPrivate(c, true)
	return writeJSON(c, append(b, '}'))
}

func (s *Server) exportIdentity(ctx context.Context, b []byte, claims *tokens.Claims) ([]byte, error) {
	identity, err := s.deps.Store.Identity(ctx, claims.AuthIdentityID)
	if err != nil {
		return nil, err
	}
	factors, err := s.deps.Store.Factors(ctx, claims.AuthIdentityID)
	if err != nil {
		return nil, err
	}
	language, err := s.deps.Store.Language(ctx, claims.AuthIdentityID)
	if err != nil {
		return nil, err
	}
	b = exportedIdentity.Append(append(b, `,"auth_identity":`...), &identity, identityExport)
	b = wire.AppendJSON(append(b, `,"language":`...), unlessEmpty(language))
	kept := make([]everlatch.Factor, 0, len(factors))
	for i := range factors {
		if factors[i].Status == everlatch.FactorEnabled {
			kept = append(kept, factors[i].Factor)
		}
	}
	return exportedFactor.AppendAll(append(b, `,"mfa_factors":`...), kept, factorExport), nil
}

// exportAccount adds the account that the caller has signed in to, if there is one.
func (s *Server) exportAccount(ctx context.Context, b []byte, claims *tokens.Claims) ([]byte, error) {
	if claims.ActorID == "" {
		return append(b, `,"account":null`...), nil
	}
	b = wire.AppendText(append(b, `,"account_type":`...), claims.ActorType)
	b = append(b, `,"account":`...)
	switch claims.ActorType {
	case everlatch.ActorCustomer:
		customer, err := s.deps.Store.Customer(ctx, claims.ActorID)
		return customerTable.Append(b, &customer, customerShape.Defaults()), err
	case everlatch.ActorUser:
		user, err := s.deps.Store.User(ctx, claims.ActorID)
		return userTable.Append(b, &user, userShape.Defaults()), err
	}
	t, known := s.actors[claims.ActorType]
	if !known {
		return append(b, "null"...), nil
	}
	record, err := t.Store.Find(ctx, claims.ActorID)
	return t.table.Append(b, &record, t.shape.Defaults()), err
}

func (s *Server) exportSessions(ctx context.Context, b []byte, claims *tokens.Claims) ([]byte, error) {
	found, err := s.deps.Store.SignIns(ctx, claims.AuthIdentityID)
	return signInTable.AppendAll(append(b, `,"sessions":`...), found, signInShape.Defaults()), err
}

func (s *Server) exportActivity(ctx context.Context, b []byte, claims *tokens.Claims) ([]byte, error) {
	deeds, err := s.activity(ctx, claims.AuthIdentityID, mostExported)
	return deedTable.AppendAll(append(b, `,"activities":`...), deeds, deedFields), err
}

// mostExported bounds the events of an export.
const mostExported = 1000
