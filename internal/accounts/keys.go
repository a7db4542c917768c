package accounts

import (
	"context"
	"crypto/rand"
	"encoding/hex"

	"github.com/everlatch/everlatch"
	"github.com/everlatch/everlatch/internal/ids"
	"github.com/everlatch/everlatch/internal/tokens"
)

// The first characters of the tokens of API keys.
const (
	SecretKeyPrefix      = "sk_"
	publishableKeyPrefix = "pk_"
)

// KeyTypeInvalid is a key that is neither publishable nor secret.
const KeyTypeInvalid everlatch.Reason = "key_type_invalid"

// CreateAPIKey stores a key of type [everlatch.KeyPublishable] or
// [everlatch.KeySecret] under a new id and returns it with its token, which for
// a secret key is stored nowhere else. Another type is
// [everlatch.CodeInvalidData].
func (a *Accounts) CreateAPIKey(ctx context.Context, key everlatch.APIKey) (everlatch.APIKey, error) {
	if key.Type != everlatch.KeyPublishable && key.Type != everlatch.KeySecret {
		return everlatch.APIKey{}, &everlatch.Error{Code: everlatch.CodeInvalidData, Reason: KeyTypeInvalid}
	}
	if key.Type == everlatch.KeyPublishable {
		key.OwnerID = "" // it signs in no caller
	}
	key.ID = ids.New(ids.APIKey, a.Now())
	mint(&key)
	stored, err := a.Store.CreateAPIKey(ctx, key, tokens.HashSecret(key.Token))
	stored.Token = key.Token
	return stored, err
}

// mint gives a key its token, a prefix and 256 random bits, and the redacted
// form that may be shown (docs/contract.md#s1-4).
func mint(key *everlatch.APIKey) {
	raw := make([]byte, 32)
	_, _ = rand.Read(raw) // never fails: crypto/rand ends the process instead
	prefix := publishableKeyPrefix
	if key.Type == everlatch.KeySecret {
		prefix = SecretKeyPrefix
	}
	key.Token = prefix + hex.EncodeToString(raw)
	key.Redacted = redact(key.Token)
}

func redact(token string) string { return token[:6] + "***" + token[len(token)-3:] }
