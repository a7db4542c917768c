package api

import (
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

	apiKeyShape     = render.ShapeOf(apiKeyTable)
	createdKeyShape = render.ShapeOf(createdKeyTable)
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
	// linkFields are the ids that one record is tied to, or no longer.
	linkFields = query.Schema{{Name: "add", Kind: query.List}, {Name: "remove", Kind: query.List}}
)

const (
	apiKeyPage = 20
	// maxRevokeIn is ten years in seconds, far enough and no overflow.
	maxRevokeIn = 10 * 365 * 24 * 3600
)

func (s *Server) listAPIKeys(c echo.Context) error {
	p, err := s.listed(c, apiKeyShape, apiKeyFilters, apiKeyPage)
	if err != nil {
		return err
	}
	keys, count, err := s.deps.Store.APIKeys(lookups(c), apiKeyFilter(p.Filters), p.Page)
	if err != nil {
		return err
	}
	return writeList(c, "api_keys", apiKeyTable, p, keys, count)
}

func apiKeyFilter(in query.Input) store.APIKeyFilter {
	return store.APIKeyFilter{
		Q: in.Plain("q"), IDs: in.Texts("id"), Titles: in.Texts("title"), Tokens: in.Texts("token"), Types: in.Texts("type"),
		CreatedAt: in.Times("created_at"), UpdatedAt: in.Times("updated_at"), DeletedAt: in.Times("deleted_at"),
		RevokedAt: in.Times("revoked_at"), And: query.All(in, "$and", apiKeyFilter), Or: query.All(in, "$or", apiKeyFilter),
	}
}

func (s *Server) createAPIKey(c echo.Context) error {
	in, sel, err := s.changed(c, createKeyFields, createdKeyShape)
	if err != nil {
		return err
	}
	claims, err := caller(c)
	if err != nil {
		return err
	}
	created, err := s.accounts.CreateAPIKey(lookups(c), everlatch.APIKey{
		Title: in.Plain("title"), Type: in.Plain("type"), CreatedBy: s.createdBy(c, claims), OwnerID: callOf(c).auth.UserID(),
	})
	if err != nil {
		return err
	}
	s.keys.Forget()
	keepPrivate(c, true)
	return writeWrapped(c, "api_key", createdKeyTable, &created, sel)
}

func (s *Server) readAPIKey(c echo.Context) error {
	sel, err := s.selected(c, apiKeyShape)
	if err != nil {
		return err
	}
	key, err := s.deps.Store.APIKey(lookups(c), c.Param("id"))
	if err != nil {
		return err
	}
	return writeWrapped(c, "api_key", apiKeyTable, &key, sel)
}

func (s *Server) updateAPIKey(c echo.Context) error {
	in, sel, err := s.changed(c, updateKeyFields, apiKeyShape)
	if err != nil {
		return err
	}
	if _, err := s.demandKey(c); err != nil {
		return err
	}
	key, err := s.deps.Store.UpdateAPIKey(lookups(c), c.Param("id"), in.Plain("title"))
	if err != nil {
		return err
	}
	return writeWrapped(c, "api_key", apiKeyTable, &key, sel)
}

// revokeAPIKey ends a key now, or in revoke_in seconds.
func (s *Server) revokeAPIKey(c echo.Context) error {
	in, sel, err := s.changed(c, revokeKeyFields, apiKeyShape)
	if err != nil {
		return err
	}
	claims, err := caller(c)
	if err != nil {
		return err
	}
	if _, err := s.demandKey(c); err != nil {
		return err
	}
	delay := min(in.Number("revoke_in"), maxRevokeIn)
	at := s.deps.Now().Add(time.Duration(delay * float64(time.Second)))
	key, err := s.deps.Store.RevokeAPIKey(lookups(c), c.Param("id"), claims.ActorID, at)
	if err != nil {
		return err
	}
	s.keys.Forget()
	return writeWrapped(c, "api_key", apiKeyTable, &key, sel)
}

// takeOverAPIKey makes the caller the owner of a secret key, so that it goes on
// when its owner's account is removed, or works again when it was.
func (s *Server) takeOverAPIKey(c echo.Context) error {
	sel, err := s.selected(c, apiKeyShape)
	if err != nil {
		return err
	}
	key, err := s.demandKey(c)
	if err != nil {
		return err
	}
	owner := callOf(c).auth.UserID()
	if owner == "" || key.Type != everlatch.KeySecret {
		return errKeyOwner
	}
	if key.OwnerID != owner {
		if key, err = s.deps.Store.TakeOverAPIKey(lookups(c), key.ID, key.OwnerID, owner); err != nil {
			return err
		}
	}
	return writeWrapped(c, "api_key", apiKeyTable, &key, sel)
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
	in, sel, err := s.changed(c, linkFields, apiKeyShape)
	if err != nil {
		return err
	}
	key, err := s.deps.Store.APIKey(lookups(c), c.Param("id"))
	if err != nil {
		return err
	}
	if key.Type != everlatch.KeyPublishable {
		return errChannelsOfSecretKey
	}
	if unknown := in.Texts("add"); len(unknown) > 0 {
		return errNoChannels(unknown)
	}
	return writeWrapped(c, "api_key", apiKeyTable, &key, sel)
}
