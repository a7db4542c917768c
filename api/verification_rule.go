package api

import (
	"errors"

	"github.com/labstack/echo/v4"

	"github.com/everlatch/everlatch"
	"github.com/everlatch/everlatch/internal/store"
	"github.com/everlatch/everlatch/internal/wire"
)

// VerificationRule says that identities of a provider have to verify the address that
// they sign in with (docs/contract.md#s5-1).
type VerificationRule struct {
	// EntityType is what is verified, such as "email".
	EntityType string
	// AuthProvider is the id of the provider.
	AuthProvider string
}

// due is a verification that is missing. Its zero value is none.
type due struct {
	required bool
	// known is the record of the address, nil if no code was ever requested.
	known *everlatch.Verification
}

// verificationDue says whether a principal has to verify their address before they can
// act. The first rule of the actor type for the provider that was used decides. Every way
// to a token with an actor asks for it: sign-ins, callbacks, the refresh of a token
// without an actor, and the end of a second factor (docs/weak-spots.md#w54).
func (s *Server) verificationDue(c echo.Context, p everlatch.Principal) (due, error) {
	rule, ok := s.verificationRule(p.ActorType, p.AuthProvider)
	if !ok {
		return due{}, nil
	}
	identity, err := s.deps.Store.Identity(lookups(c), p.AuthIdentityID)
	if err != nil && !errors.Is(err, everlatch.ErrNotFound) {
		return due{}, err
	}
	for _, credential := range identity.Providers {
		if credential.Provider != p.AuthProvider {
			continue
		}
		if rule.EntityType == everlatch.EntityEmail && provenAddress(credential) {
			return due{}, nil
		}
		known, err := s.deps.Store.Verifications(lookups(c), identity.ID)
		return dueOf(rule, credential, known), err
	}
	return due{}, errVerificationIdentity
}

// answerUnverified answers with a token without an actor, by which a code is requested.
func (s *Server) answerUnverified(c echo.Context, missing due, token string) error {
	b := append(make([]byte, 0, 2048), `{"verification_required":true`...)
	if missing.known != nil {
		b = s.appendVerification(append(b, `,"verification":`...), *missing.known, relationObject)
	}
	b = wire.AppendText(append(b, `,"token":`...), token)
	keepPrivate(c, true)
	return writeJSON(c, append(b, '}'))
}

func (s *Server) verificationRule(actorType, provider string) (VerificationRule, bool) {
	for _, rule := range s.opts.Verifications[actorType] {
		if rule.AuthProvider == provider {
			return rule, true
		}
	}
	return VerificationRule{}, false
}

// provenAddress reports that the owner has proven the address that they sign in with,
// such as by the link of a password reset (docs/proof.md).
func provenAddress(p everlatch.ProviderIdentity) bool {
	return p.VerifiedEmail != "" && store.SameEmail(p.VerifiedEmail, p.EntityID)
}

// dueOf looks for the address among those that the identity has verified. At a provider
// whose identifiers are no addresses, that of the profile counts as well.
func dueOf(rule VerificationRule, p everlatch.ProviderIdentity, known []everlatch.Verification) due {
	profile, _ := p.UserMetadata["email"].(string)
	out := due{required: true}
	for i, v := range known {
		own := store.SameEmail(v.EntityID, p.EntityID) || profile != "" && store.SameEmail(v.EntityID, profile)
		if v.EntityType != rule.EntityType || !own {
			continue
		}
		if v.Verified() {
			return due{}
		}
		out.known = &known[i]
	}
	return out
}

// requireVerified refuses to create an account for a caller whose address is not verified
// (docs/weak-spots.md#w55).
func (s *Server) requireVerified(c echo.Context, p everlatch.Principal) error {
	if !s.opts.RequireBeforeActor {
		return nil
	}
	missing, err := s.verificationDue(c, p)
	if err == nil && missing.required {
		err = errUnverified
	}
	return err
}
