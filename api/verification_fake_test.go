package api_test

import (
	"context"
	"fmt"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/everlatch/everlatch"
	"github.com/everlatch/everlatch/flows"
	"github.com/everlatch/everlatch/internal/ids"
	"github.com/everlatch/everlatch/internal/store"
	"github.com/everlatch/everlatch/providers"
	"github.com/everlatch/everlatch/providers/codes"
	"github.com/everlatch/everlatch/workflows"
)

func builtInCodes(tb testing.TB) *providers.Codes {
	tb.Helper()
	token, err := codes.NewToken(codes.Options{})
	require.NoError(tb, err)
	otp, err := codes.NewOTP(codes.Options{})
	require.NoError(tb, err)
	registry := providers.NewCodes()
	require.NoError(tb, registry.Add(codes.TokenID, token))
	require.NoError(tb, registry.Add(codes.OTPID, otp))
	return registry
}

// fakeCodes does what [workflows.Verification] does to the store. The code of the n-th
// request is "code n".
type fakeCodes struct {
	w         *world
	confirms  sync.Mutex
	codesSent []flows.VerificationRequest
	presented []flows.PresentedCode
}

func (f *fakeCodes) CodeHash(code string) string { return "hash of " + code }

func (f *fakeCodes) RequestVerification(ctx context.Context, r flows.VerificationRequest) (out workflows.RequestedCode, err error) {
	if f.w.flows.fail != nil {
		return out, f.w.flows.fail
	}
	f.codesSent = append(f.codesSent, r)
	n := len(f.codesSent)
	provider, err := f.w.parts.Codes.Get(r.CodeProvider)
	require.NoError(f.w.t, err)
	request := store.NewVerification{
		Verification: everlatch.Verification{
			ID: ids.New(ids.Verification, f.w.clock.Now()), AuthIdentityID: r.Address.AuthIdentityID, EntityID: r.Address.EntityID,
			EntityType: r.Address.EntityType, CodeProvider: r.CodeProvider, RequestedAt: f.w.clock.Now(),
			ExpiresAt: f.w.clock.Now().Add(provider.Rules().TTL), Metadata: r.Metadata,
		},
		RequestID: fmt.Sprint("code ", n),
	}
	if request.Metadata == nil {
		request.Metadata = everlatch.Metadata{}
	}
	if provider.Rules().Bearer {
		request.CodeHash = f.CodeHash(request.RequestID)
	}
	out.Verification, err = f.w.store.RequestVerification(ctx, request)
	out.Created = out.Verification.ID == request.ID
	return out, err
}

func (f *fakeCodes) ConfirmVerification(ctx context.Context, p flows.PresentedCode) (everlatch.Verification, error) {
	f.confirms.Lock()
	defer f.confirms.Unlock()
	f.presented = append(f.presented, p)
	if f.w.flows.fail != nil {
		return everlatch.Verification{}, f.w.flows.fail
	}
	all, err := f.w.store.Verifications(ctx, p.Address.AuthIdentityID)
	require.NoError(f.w.t, err)
	for _, v := range all {
		if v.EntityType != p.Address.EntityType || v.EntityID != p.Address.EntityID || v.Verified() && p.IdempotencyKey == "" {
			continue
		}
		confirmed, err := f.w.store.ConfirmVerification(ctx, store.Confirmation{
			IdentityID: v.AuthIdentityID, VerificationID: v.ID, RequestID: string(p.Code.Reveal()), Proves: p.By == v.AuthIdentityID,
		})
		if err == nil {
			return confirmed, nil
		}
	}
	return everlatch.Verification{}, &everlatch.Error{Code: everlatch.CodeNotAllowed, Reason: everlatch.ReasonCodeInvalid}
}
