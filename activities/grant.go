package activities

import (
	"context"
	"time"

	"github.com/everlatch/everlatch/internal/vault"
)

// LinkGrant says what the token of a mailed link is like. The caller names what is
// created, so that a repeated step finds its own work.
type LinkGrant struct {
	TokenID string `json:"token_id"` // a UUID, as the contract's jti are
	EventID string `json:"event_id"`
	// Token names where the token is sealed.
	Token vault.Ref `json:"token"`
	// TTL is how long the token is good.
	TTL time.Duration `json:"ttl"`
}

// seal keeps a token in the vault for as long as it is good.
func (g LinkGrant) seal(ctx context.Context, v *vault.Vault, token string) error {
	return v.PutAt(ctx, g.Token, vault.NewSecret([]byte(token)), g.TTL)
}
