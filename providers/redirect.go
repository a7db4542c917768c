package providers

import (
	"context"
	"time"

	"github.com/everlatch/everlatch"
)

// Redirect is a provider that redirects users to an external service to sign in.
// The flow handles state, nonce, PKCE verifier, expiry, single use, and the binding
// to browser, provider and actor type (docs/weak-spots.md#w44, #w48). The provider
// handles its endpoints and claims.
//
// A refusal is an [*everlatch.Error] with the contract's code and message.
// [everlatch.Unavailable] is an outage, after which the call may be repeated: the
// service did not respond, or responded with a 5xx status. Every other response is
// final, because a code that got one is not exchanged again.
type Redirect interface {
	Provider
	// CallbackURL returns the URL to which the service redirects the user after
	// sign-in: the requested one, or the configured one if requested is "". It
	// refuses URLs that are not allow-listed (docs/weak-spots.md#w46).
	CallbackURL(requested string) (string, error)
	// Begin returns the URL to which the user is redirected.
	Begin(ctx context.Context, a Authorization) (location string, err error)
	// Exchange turns the code of a callback into tokens.
	Exchange(ctx context.Context, c Callback) (Tokens, error)
	// Profile verifies tokens and returns the profile of their user. It may be
	// called again with the same tokens.
	Profile(ctx context.Context, t Tokens, c Callback) (Profile, error)
}

// Explainer is a [Redirect] provider that passes on the external service's message
// when a sign-in is cancelled or fails there.
type Explainer interface {
	// Explain returns the message for the parameters of an error callback.
	Explain(params map[string]string) string
}

// TimeLimiter is a [Redirect] provider with a custom time limit for sign-ins.
type TimeLimiter interface {
	// StateTTL limits the time from the start of a sign-in to its callback; 0 is
	// the service's default, auth.redirect.ttl.
	StateTTL() time.Duration
}

// KindNamer is a [Redirect] provider whose kind has another name than
// DisplayName. Messages about the kind use it: "OIDC does not support registration."
type KindNamer interface {
	// KindName is the name of the kind, the same for every registration.
	KindName() string
}

// AddressOwner is a [Redirect] provider that verifies addresses of other mail
// providers too: its word says that the user had such an address once, not that the
// domain's owner still gives it to them. Other providers answer for every address
// that they verify.
type AddressOwner interface {
	// OwnsAddress reports whether the provider answers for a verified address, by the
	// user metadata of the same sign-in.
	OwnsAddress(email string, userMetadata everlatch.Metadata) bool
}

// ReadMore returns the contract's message for an error callback
// (docs/contract.md#s3-4, #s3-5), with "undefined" for missing parameters.
func ReadMore(params map[string]string) string {
	said := func(name string) string {
		if params[name] == "" {
			return "undefined"
		}
		return params[name]
	}
	return said("error_description") + ", read more at: " + said("error_uri")
}

// Authorization holds the parameters that the flow has set for one sign-in.
type Authorization struct {
	CallbackURL string
	State       string
	Nonce       string
	// CodeVerifier is the PKCE secret (RFC 7636). The authorization URL contains its
	// S256 challenge, made by [golang.org/x/oauth2.S256ChallengeOption], and never
	// the verifier itself.
	CodeVerifier string
}

// Callback is the response of the external service, delivered by the user's
// browser. Its fields contain secrets, so they reach a provider through the vault
// only.
type Callback struct {
	CallbackURL  string `json:"callback_url"`
	Code         string `json:"code"`
	Nonce        string `json:"nonce"`
	CodeVerifier string `json:"code_verifier"`
	// Params are all parameters of the callback; the query precedes the body.
	Params map[string]string `json:"params"`
}

// Tokens are the secrets that the service returns for a code.
type Tokens struct {
	AccessToken           string    `json:"access_token,omitempty"`
	RefreshToken          string    `json:"refresh_token,omitempty"`
	IDToken               string    `json:"id_token,omitempty"`
	AccessTokenExpiresAt  time.Time `json:"access_token_expires_at,omitzero"`
	RefreshTokenExpiresAt time.Time `json:"refresh_token_expires_at,omitzero"`
}

// Profile describes an authenticated user.
type Profile struct {
	// EntityID identifies the user at the provider and never changes.
	EntityID string
	// Email is the user's address, "" if the provider returned none.
	// EmailVerified reports whether the provider has verified it.
	Email         string
	EmailVerified bool
	// UserMetadata holds the claims for tokens. It replaces the metadata of the
	// previous sign-in (docs/weak-spots.md#w51).
	UserMetadata everlatch.Metadata
	// AMR are the methods by which the provider says that it has authenticated the user, in
	// the values of RFC 8176; nil where it doesn't say.
	AMR []string
	// AuthenticatedAt is when the provider has done so, zero where it doesn't say.
	AuthenticatedAt time.Time
	// Secrets are stored encrypted with the identity, such as a refresh token; nil
	// stores none.
	Secrets *Tokens
}
