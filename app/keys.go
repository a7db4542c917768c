package app

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"time"

	"github.com/everlatch/everlatch"
	"github.com/everlatch/everlatch/ids"
	"github.com/everlatch/everlatch/store"
)

// CreateAPIKey stores a new key of kind [everlatch.KeyPublishable] or
// [everlatch.KeySecret] and returns it with its token in clear, which for a
// secret key exists nowhere else. It needs the database alone, so that the
// first key can be made before anything runs.
func CreateAPIKey(ctx context.Context, s *store.Store, title, kind, createdBy string, now func() time.Time) (everlatch.APIKey, error) {
	prefix := map[string]string{everlatch.KeyPublishable: "pk_", everlatch.KeySecret: "sk_"}[kind]
	if prefix == "" {
		return everlatch.APIKey{}, &everlatch.Error{
			Code: everlatch.CodeInvalidData, Message: "The type of an API key is publishable or secret.",
		}
	}
	raw := make([]byte, 32)
	_, _ = rand.Read(raw) // never fails, it ends the process instead
	token := prefix + hex.EncodeToString(raw)
	hash := sha256.Sum256([]byte(token))
	key, err := s.CreateAPIKey(ctx, everlatch.APIKey{
		ID: ids.New(ids.APIKey, now()), Title: title, Type: kind, Token: token, CreatedBy: createdBy,
		Redacted: token[:6] + "***" + token[len(token)-3:],
	}, hex.EncodeToString(hash[:]))
	key.Token = token
	return key, err
}
