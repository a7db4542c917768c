package accounts

import (
	"context"
	"errors"

	"github.com/everlatch/everlatch"
	"github.com/everlatch/everlatch/internal/store"
	"github.com/everlatch/everlatch/providers"
)

// PresentedCode is what a user says about a code that verifies an address.
type PresentedCode struct {
	// Hash is the keyed hash of the code.
	Hash string
	// AuthIdentityID is the identity that presents it, "" for a user who is not signed in.
	AuthIdentityID string
	// CodeProvider, EntityType and EntityID tell the requests of the identity apart, "" for
	// the latest one.
	CodeProvider, EntityType, EntityID string
	// Repeated says that the request may be a repeated one, whose code was used by it.
	Repeated bool
}

// RequestOfCode returns the request that a code belongs to: the one that the code itself
// leads to, or the latest of the identity. The code of a link needs no sign-in; one of a
// few digits counts only for the identity that it was made for. A code of no request, an
// expired one and a used one are [everlatch.CodeNotAllowed].
func (a *Accounts) RequestOfCode(ctx context.Context, codes *providers.Codes, p PresentedCode) (everlatch.Verification, error) {
	if p.CodeProvider != "" {
		if _, err := codes.Get(p.CodeProvider); err != nil {
			return everlatch.Verification{}, err
		}
	}
	found, err := a.requestOfCode(ctx, codes, p)
	switch {
	case err != nil:
		return found, err
	case !found.Verified() && !a.Now().Before(found.ExpiresAt):
		return found, &everlatch.Error{Code: everlatch.CodeNotAllowed, Reason: everlatch.ReasonCodeExpired}
	case found.Verified() && !p.Repeated:
		return found, errCode()
	}
	return found, nil
}

func errCode() error {
	return &everlatch.Error{Code: everlatch.CodeNotAllowed, Reason: everlatch.ReasonCodeInvalid}
}

func (a *Accounts) requestOfCode(ctx context.Context, codes *providers.Codes, p PresentedCode) (everlatch.Verification, error) {
	found, err := a.Store.VerificationByCode(ctx, p.Hash)
	if err == nil && p.CodeProvider != "" && p.CodeProvider != found.CodeProvider && !found.Verified() {
		return found, &everlatch.Error{
			Code: everlatch.CodeNotAllowed, Reason: everlatch.ReasonCodeOfOther, Details: map[string]string{"provider": p.CodeProvider},
		}
	}
	if !errors.Is(err, everlatch.ErrNotFound) {
		return found, err
	}
	if p.AuthIdentityID == "" {
		return found, errCode()
	}
	all, err := a.Store.Verifications(ctx, p.AuthIdentityID)
	if err != nil {
		return found, err
	}
	var latest everlatch.Verification
	for _, v := range all {
		code, err := codes.Get(v.CodeProvider)
		if err != nil || code.Rules().Bearer || v.Verified() || !p.about(v) {
			continue
		}
		if latest.ID == "" || v.RequestedAt.After(latest.RequestedAt) {
			latest = v
		}
	}
	if latest.ID == "" {
		return latest, errCode()
	}
	return latest, nil
}

// about reports whether a request is one that the user means.
func (p PresentedCode) about(v everlatch.Verification) bool {
	return (p.CodeProvider == "" || p.CodeProvider == v.CodeProvider) &&
		(p.EntityType == "" || p.EntityType == v.EntityType) &&
		(p.EntityID == "" || store.SameEmail(p.EntityID, v.EntityID))
}
