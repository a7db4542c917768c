package app

import (
	"context"
	"time"

	"github.com/everlatch/everlatch"
	"github.com/everlatch/everlatch/api"
	"github.com/everlatch/everlatch/internal/ids"
	"github.com/everlatch/everlatch/internal/store"
)

// CreateAPIKey stores a new key of kind [everlatch.KeyPublishable] or
// [everlatch.KeySecret] and returns it with its token in clear, which for a
// secret key exists nowhere else. It needs the database alone, so that the
// first key can be made before anything runs.
func CreateAPIKey(ctx context.Context, s *store.Store, title, kind, createdBy string, now func() time.Time) (everlatch.APIKey, error) {
	if kind != everlatch.KeyPublishable && kind != everlatch.KeySecret {
		return everlatch.APIKey{}, &everlatch.Error{
			Code: everlatch.CodeInvalidData, Message: "The type of an API key is publishable or secret.",
		}
	}
	key := everlatch.APIKey{ID: ids.New(ids.APIKey, now()), Title: title, Type: kind, CreatedBy: createdBy}
	tokenHash := api.MintKey(&key)
	stored, err := s.CreateAPIKey(ctx, key, tokenHash)
	stored.Token = key.Token
	return stored, err
}
