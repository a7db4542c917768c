package store

import (
	"cmp"
	"context"
	"maps"
	"slices"

	"github.com/everlatch/everlatch"
)

// AppMetadataChange is merged into the metadata of an identity.
type AppMetadataChange struct {
	IdentityID string
	// Merge is a JSON merge patch (RFC 7386): null removes a key, an object is merged
	// into one, everything else replaces. A nil map removes all.
	Merge everlatch.Metadata
	// Event is recorded and released with the change.
	Event everlatch.Event
}

// UpdateAppMetadata changes the metadata of identities, all or none, and returns the
// identities in the order of the changes. A missing identity is
// [everlatch.ErrNotFound]; a key that belongs to links or roles is
// [everlatch.CodeInvalidData] ([everlatch.AppMetadataReserved]).
func (s *Store) UpdateAppMetadata(ctx context.Context, changes []AppMetadataChange) ([]everlatch.AuthIdentity, error) {
	now := s.now()
	order := make([]int, len(changes))
	for i := range order {
		order[i] = i
	}
	// In one order, so that two such calls don't wait for each other.
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(changes[a].IdentityID, changes[b].IdentityID) })
	out := make([]everlatch.AuthIdentity, len(changes))
	err := s.write(ctx, func(tx *tx) error {
		for _, i := range order {
			c := changes[i]
			if n, err := tx.exec(ctx, `UPDATE auth_identity SET updated_at = $2 WHERE id = $1 AND deleted_at IS NULL`, c.IdentityID, now); err != nil {
				return err
			} else if n == 0 {
				return notUpdatable("AuthIdentity", c.IdentityID)
			}
			identity, err := identityOf(ctx, tx, c.IdentityID)
			if err != nil {
				return err
			}
			if identity.AppMetadata, err = s.mergeAppMetadata(identity.AppMetadata, c.Merge); err != nil {
				return err
			}
			if _, err := tx.exec(ctx, setAppMetadata, c.IdentityID, identity.AppMetadata, now); err != nil {
				return err
			}
			if err := recordEvents(ctx, tx, now, released(now, c.Event)...); err != nil {
				return err
			}
			out[i] = identity
		}
		return nil
	})
	if err != nil {
		return nil, s.fail(ctx, "update app metadata", err)
	}
	return out, nil
}

// mergeAppMetadata returns the metadata after a change, nil for none.
func (s *Store) mergeAppMetadata(former, change everlatch.Metadata) (everlatch.Metadata, error) {
	for _, key := range slices.Sorted(maps.Keys(change)) {
		if everlatch.AppMetadataReserved(key) {
			return nil, refuse(everlatch.CodeInvalidData, AppMetadataReserved, "key", key)
		}
	}
	if change == nil {
		return nil, nil
	}
	merged := mergePatch(former, change)
	if err := s.checkMetadata(To(change), former, merged); err != nil {
		return nil, err
	}
	if len(merged) == 0 {
		return nil, nil
	}
	return merged, nil
}

// mergePatch is the algorithm of RFC 7386, section 2. It changes neither argument.
func mergePatch(target, patch everlatch.Metadata) everlatch.Metadata {
	out := everlatch.Metadata{}
	maps.Copy(out, target)
	for key, value := range patch {
		switch v := value.(type) {
		case nil:
			delete(out, key)
		case map[string]any:
			inner, _ := out[key].(map[string]any)
			out[key] = mergePatch(inner, v)
		default:
			out[key] = v
		}
	}
	return out
}
