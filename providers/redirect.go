package providers

import (
	"context"
	"time"

	"github.com/everlatch/everlatch"
)

// Redirect is a provider that sends people elsewhere to prove who they are. The
// dance owns state, nonce, PKCE verifier, expiry, single use, and the binding to
// browser, provider and actor type (docs/weak-spots.md#w44, #w48); the provider knows its endpoints
// and its claims.
//
// A refusal is an [*everlatch.Error] with the contract's code and message.
// [everlatch.Unavailable] is an outage, after which the same call may be made
// again: no answer, or one that says that the provider itself is in trouble
// (5xx). Every other answer is final, since a code is exchanged at most once for
// each.
type Redirect interface {
	Provider
	// CallbackURL decides where the provider sends people back to: requested is
	// what the request asks for, "" for the configured one. One that is not
	// allow-listed is refused (docs/weak-spots.md#w46).
	CallbackURL(requested string) (string, error)
	// Begin returns the address to which the person is sent.
	Begin(ctx context.Context, a Authorization) (location string, err error)
	// Exchange turns the code of a callback into tokens.
	Exchange(ctx context.Context, c Callback) (Tokens, error)
	// Profile verifies tokens and says whose they are. It may be called again
	// with the same tokens.
	Profile(ctx context.Context, t Tokens, c Callback) (Profile, error)
}

// Explainer is a [Redirect] provider that passes on what the provider elsewhere
// says when somebody refuses or fails there.
type Explainer interface {
	// Explain returns the message for the parameters of an error callback.
	Explain(params map[string]string) string
}

// Paced is a [Redirect] provider at which people may take a time of its own.
type Paced interface {
	// SignInWithin is how long somebody may take, beginning to end.
	SignInWithin() time.Duration
}

// ReadMore is the message of the contract's providers for an error callback
// (docs/contract.md#s3-4, #s3-5), which have "undefined" for what is not there.
func ReadMore(params map[string]string) string {
	said := func(name string) string {
		if params[name] == "" {
			return "undefined"
		}
		return params[name]
	}
	return said("error_description") + ", read more at: " + said("error_uri")
}

// Authorization is what the dance has decided about one sign-in.
type Authorization struct {
	CallbackURL string
	State       string
	Nonce       string
	// CodeVerifier is the secret of PKCE (RFC 7636). The address holds its S256
	// challenge, as [golang.org/x/oauth2.S256ChallengeOption] makes it, and never
	// the verifier itself.
	CodeVerifier string
}

// Callback is the answer that a person brings back. Its fields hold secrets:
// they reach a provider through the vault only.
type Callback struct {
	CallbackURL  string `json:"callback_url"`
	Code         string `json:"code"`
	Nonce        string `json:"nonce"`
	CodeVerifier string `json:"code_verifier"`
	// Params are all parameters of the callback, of the query before the body.
	Params map[string]string `json:"params"`
}

// Tokens are what a provider gives for a code. They are secrets.
type Tokens struct {
	AccessToken           string    `json:"access_token,omitempty"`
	RefreshToken          string    `json:"refresh_token,omitempty"`
	IDToken               string    `json:"id_token,omitempty"`
	AccessTokenExpiresAt  time.Time `json:"access_token_expires_at,omitzero"`
	RefreshTokenExpiresAt time.Time `json:"refresh_token_expires_at,omitzero"`
}

// Profile is who somebody proved to be.
type Profile struct {
	// EntityID identifies them at the provider for ever.
	EntityID string
	// Email is their address, "" when the provider did not tell, and
	// EmailVerified whether the provider vouches that it is theirs.
	Email         string
	EmailVerified bool
	// UserMetadata are the claims that go into tokens; they take the place of
	// those of the last sign-in (docs/weak-spots.md#w51).
	UserMetadata everlatch.Metadata
	// Secrets are what is kept sealed with the identity, such as a refresh token;
	// nil keeps nothing.
	Secrets *Tokens
}
