package auth

import (
	"context"

	"github.com/everlatch/everlatch"
)

// verificationMethods are the methods of [Verifications], by their names in requests.
var verificationMethods = map[string]method{
	"request-auth-verification": returning("update", func(ctx context.Context, s Service, in VerificationRequest) (everlatch.Verification, error) {
		return s.RequestAuthVerification(ctx, in)
	}),
	"confirm-auth-verification": returning("update", func(ctx context.Context, s Service, in VerificationCode) (everlatch.Verification, error) {
		return s.ConfirmAuthVerification(ctx, in)
	}),
	"retrieve-auth-verification": returning("read", func(ctx context.Context, s Service, in one) (everlatch.Verification, error) {
		return s.RetrieveAuthVerification(ctx, in.ID, in.Config)
	}),
	"list-auth-verifications": returning("read", func(ctx context.Context, s Service, in find[VerificationFilter]) ([]everlatch.Verification, error) {
		return s.ListAuthVerifications(ctx, in.Filter, in.Config)
	}),
	"list-and-count-auth-verifications": counting(func(s Service) func(context.Context, VerificationFilter, FindConfig) ([]everlatch.Verification, int, error) {
		return s.ListAndCountAuthVerifications
	}),
}

// RequestAuthVerification implements [Verifications].
func (c *Client) RequestAuthVerification(ctx context.Context, in VerificationRequest) (everlatch.Verification, error) {
	return result[everlatch.Verification](ctx, c, "request-auth-verification", in)
}

// ConfirmAuthVerification implements [Verifications].
func (c *Client) ConfirmAuthVerification(ctx context.Context, in VerificationCode) (everlatch.Verification, error) {
	return result[everlatch.Verification](ctx, c, "confirm-auth-verification", in)
}

// RetrieveAuthVerification implements [Verifications].
func (c *Client) RetrieveAuthVerification(ctx context.Context, id string, config FindConfig) (everlatch.Verification, error) {
	return result[everlatch.Verification](ctx, c, "retrieve-auth-verification", one{ID: id, Config: config})
}

// ListAuthVerifications implements [Verifications].
func (c *Client) ListAuthVerifications(ctx context.Context, f VerificationFilter, config FindConfig) ([]everlatch.Verification, error) {
	return result[[]everlatch.Verification](ctx, c, "list-auth-verifications", find[VerificationFilter]{f, config})
}

// ListAndCountAuthVerifications implements [Verifications].
func (c *Client) ListAndCountAuthVerifications(
	ctx context.Context, f VerificationFilter, config FindConfig,
) ([]everlatch.Verification, int, error) {
	return listed[everlatch.Verification](ctx, c, "list-and-count-auth-verifications", find[VerificationFilter]{f, config})
}
