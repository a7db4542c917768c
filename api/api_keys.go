package api

import (
	"context"
	"errors"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/everlatch/everlatch"
	"github.com/everlatch/everlatch/internal/query"
	"github.com/everlatch/everlatch/internal/render"
	"github.com/everlatch/everlatch/internal/store"
)

// apiKeyTable is a key as reads show it, createdKeyTable as its creation does:
// the only answer with the token of a secret key (docs/contract.md#s4-9).
var (
	apiKeyTable = render.Pick(apiKeyColumns,
		"id", "title", "token", "redacted", "type", "last_used_at", "updated_at", "created_at", "created_by",
		"revoked_at", "revoked_by", "sales_channels")
	createdKeyTable = render.Pick(apiKeyColumns,
		"id", "token", "redacted", "title", "type", "last_used_at", "created_by", "revoked_by", "revoked_at",
		"created_at", "updated_at", "deleted_at")

	keyRecords = resource[everlatch.APIKey]{
		name: "api_key", plural: "api_keys", table: apiKeyTable, shape: render.ShapeOf(apiKeyTable),
	}
	createdKeyRecords = resource[everlatch.APIKey]{name: "api_key", table: createdKeyTable, shape: render.ShapeOf(createdKeyTable)}
)

var apiKeyColumns = render.Table[everlatch.APIKey]{
	render.Text("id", func(k *everlatch.APIKey) string { return k.ID }),
	render.Text("title", func(k *everlatch.APIKey) string { return k.Title }),
	render.Text("token", func(k *everlatch.APIKey) string { return k.Token }),
	render.Text("redacted", func(k *everlatch.APIKey) string { return k.Redacted }),
	render.Text("type", func(k *everlatch.APIKey) string { return k.Type }),
	render.NullableTime("last_used_at", func(k *everlatch.APIKey) *time.Time { return k.LastUsedAt }),
	render.Text("created_by", func(k *everlatch.APIKey) string { return k.CreatedBy }),
	render.NullableText("revoked_by", func(k *everlatch.APIKey) *string { return k.RevokedBy }),
	render.NullableTime("revoked_at", func(k *everlatch.APIKey) *time.Time { return k.RevokedAt }),
	render.Time("created_at", func(k *everlatch.APIKey) time.Time { return k.CreatedAt }),
	render.Time("updated_at", func(k *everlatch.APIKey) time.Time { return k.UpdatedAt }),
	render.NullableTime("deleted_at", func(k *everlatch.APIKey) *time.Time { return k.DeletedAt }),
	// There are no sales channels here; clients expect the list.
	{Name: "sales_channels", Write: func(b []byte, _ *everlatch.APIKey) []byte { return append(b, "[]"...) }},
}

var (
	keyTypes      = []string{everlatch.KeyPublishable, everlatch.KeySecret}
	apiKeyFilters = query.Schema{
		query.Search,
		{Name: "id", Kind: query.Texts},
		{Name: "title", Kind: query.Texts},
		{Name: "token", Kind: query.Texts},
		{Name: "type", Kind: query.Choice, Choices: keyTypes},
	}.Dated("revoked_at").Combined()
	createKeyFields = query.Schema{
		{Name: "title", Kind: query.Text, Required: true},
		{Name: "type", Kind: query.Choice, Required: true, Choices: keyTypes},
	}
	updateKeyFields = query.Schema{{Name: "title", Kind: query.Text, Required: true}}
	revokeKeyFields = query.Schema{{Name: "revoke_in", Kind: query.Number}}
	// linkFields list the ids to link to a record, and those to unlink.
	linkFields = query.Schema{{Name: "add", Kind: query.List}, {Name: "remove", Kind: query.List}}
)

const (
	apiKeyPage = 20
	// maxRevokeIn is ten years in seconds, which does not overflow a duration.
	maxRevokeIn = 10 * 365 * 24 * 3600
)

func (s *Server) listAPIKeys(c echo.Context) error {
	return keyRecords.list(s, c, apiKeyFilters, apiKeyPage, func(ctx context.Context, p query.Page) ([]everlatch.APIKey, int, error) {
		return s.deps.Store.APIKeys(ctx, apiKeyFilter(p.Filters), p.Page)
	})
}

func apiKeyFilter(in query.Input) store.APIKeyFilter {
	return store.APIKeyFilter{
		Q: in.Plain("q"), IDs: in.Texts("id"), Titles: in.Texts("title"), Tokens: in.Texts("token"), Types: in.Texts("type"),
		CreatedAt: in.Times("created_at"), UpdatedAt: in.Times("updated_at"), DeletedAt: in.Times("deleted_at"),
		RevokedAt: in.Times("revoked_at"), And: query.All(in, "$and", apiKeyFilter), Or: query.All(in, "$or", apiKeyFilter),
	}
}

func (s *Server) createAPIKey(c echo.Context) error {
	return createdKeyRecords.change(s, c, createKeyFields, func(in query.Input) (everlatch.APIKey, error) {
		claims, err := caller(c)
		if err != nil {
			return everlatch.APIKey{}, err
		}
		created, err := s.accounts.CreateAPIKey(lookups(c), everlatch.APIKey{
			Title: in.Plain("title"), Type: in.Plain("type"), CreatedBy: s.createdBy(c, claims), OwnerID: callOf(c).auth.UserID(),
		})
		if err == nil {
			s.keys.Forget()
			keepPrivate(c, true)
		}
		return created, err
	})
}

func (s *Server) readAPIKey(c echo.Context) error { return keyRecords.show(s, c, s.deps.Store.APIKey) }

func (s *Server) updateAPIKey(c echo.Context) error {
	return keyRecords.change(s, c, updateKeyFields, func(in query.Input) (everlatch.APIKey, error) {
		if _, err := s.demandKey(c); err != nil {
			return everlatch.APIKey{}, err
		}
		return s.deps.Store.UpdateAPIKey(lookups(c), c.Param("id"), in.Plain("title"))
	})
}

// revokeAPIKey ends a key now, or in revoke_in seconds.
func (s *Server) revokeAPIKey(c echo.Context) error {
	return keyRecords.change(s, c, revokeKeyFields, func(in query.Input) (everlatch.APIKey, error) {
		claims, err := caller(c)
		if err != nil {
			return everlatch.APIKey{}, err
		}
		if _, err := s.demandKey(c); err != nil {
			return everlatch.APIKey{}, err
		}
		delay := min(in.Number("revoke_in"), maxRevokeIn)
		at := s.deps.Now().Add(time.Duration(delay * float64(time.Second)))
		key, err := s.deps.Store.RevokeAPIKey(lookups(c), c.Param("id"), claims.ActorID, at)
		if err == nil {
			s.keys.Forget()
		}
		return key, err
	})
}

// takeOverAPIKey makes the caller the owner of a secret key, so that it goes on
// when its owner's account is removed, or works again when it was.
func (s *Server) takeOverAPIKey(c echo.Context) error {
	return keyRecords.show(s, c, func(ctx context.Context, _ string) (everlatch.APIKey, error) {
		key, err := s.demandKey(c) //nolint:contextcheck // both are the context of the request
		if err != nil {
			return key, err
		}
		owner := callOf(c).auth.UserID()
		switch {
		case owner == "" || key.Type != everlatch.KeySecret:
			return key, errKeyOwner
		case key.OwnerID == owner:
			return key, nil
		}
		return s.deps.Store.TakeOverAPIKey(ctx, key.ID, key.OwnerID, owner)
	})
}

func (s *Server) deleteAPIKey(c echo.Context) error {
	if _, err := s.demandKey(c); err != nil && !errors.Is(err, everlatch.ErrNotFound) {
		return err
	}
	if err := s.deps.Store.DeleteAPIKey(lookups(c), c.Param("id")); err != nil {
		return err
	}
	s.keys.Forget()
	return writeDeleted(c, "api_key", c.Param("id"))
}

// changeSalesChannels exists for clients that expect it: Everlatch has no shop,
// so no key belongs to a channel (docs/contract.md#s4-9).
func (s *Server) changeSalesChannels(c echo.Context) error {
	return keyRecords.change(s, c, linkFields, func(in query.Input) (everlatch.APIKey, error) {
		key, err := s.deps.Store.APIKey(lookups(c), c.Param("id"))
		unknown := in.Texts("add")
		switch {
		case err != nil:
		case key.Type != everlatch.KeyPublishable:
			err = errChannelsOfSecretKey
		case len(unknown) > 0:
			err = errNoChannels(unknown)
		}
		return key, err
	})
}
