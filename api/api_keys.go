package api

import (
	"strings"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/everlatch/everlatch"
	"github.com/everlatch/everlatch/internal/store"
)

// apiKeyTable is a key as reads show it, createdKeyTable as its creation does:
// the only time that the token of a secret key is seen (contract 4.9).
var (
	apiKeyTable = pick(apiKeyColumns,
		"id", "title", "token", "redacted", "type", "last_used_at", "updated_at", "created_at", "created_by",
		"revoked_at", "revoked_by", "sales_channels")
	createdKeyTable = pick(apiKeyColumns,
		"id", "token", "redacted", "title", "type", "last_used_at", "created_by", "revoked_by", "revoked_at",
		"created_at", "updated_at", "deleted_at")

	apiKeyShape     = shapeOf(apiKeyTable)
	createdKeyShape = shapeOf(createdKeyTable)
)

var apiKeyColumns = table[everlatch.APIKey]{
	textColumn("id", func(k *everlatch.APIKey) string { return k.ID }),
	textColumn("title", func(k *everlatch.APIKey) string { return k.Title }),
	textColumn("token", func(k *everlatch.APIKey) string { return k.Token }),
	textColumn("redacted", func(k *everlatch.APIKey) string { return k.Redacted }),
	textColumn("type", func(k *everlatch.APIKey) string { return k.Type }),
	nullableTimeColumn("last_used_at", func(k *everlatch.APIKey) *time.Time { return k.LastUsedAt }),
	textColumn("created_by", func(k *everlatch.APIKey) string { return k.CreatedBy }),
	nullableColumn("revoked_by", func(k *everlatch.APIKey) *string { return k.RevokedBy }),
	nullableTimeColumn("revoked_at", func(k *everlatch.APIKey) *time.Time { return k.RevokedAt }),
	timeColumn("created_at", func(k *everlatch.APIKey) time.Time { return k.CreatedAt }),
	timeColumn("updated_at", func(k *everlatch.APIKey) time.Time { return k.UpdatedAt }),
	nullableTimeColumn("deleted_at", func(k *everlatch.APIKey) *time.Time { return k.DeletedAt }),
	// There are no sales channels here; clients expect the list.
	{name: "sales_channels", write: func(b []byte, _ *everlatch.APIKey) []byte { return append(b, "[]"...) }},
}

var (
	keyTypes      = []string{everlatch.KeyPublishable, everlatch.KeySecret}
	apiKeyFilters = schema{
		{name: "q", kind: kindText},
		{name: "id", kind: kindTexts},
		{name: "title", kind: kindTexts},
		{name: "token", kind: kindTexts},
		{name: "type", kind: kindChoice, choices: keyTypes},
	}.dated("revoked_at").combined()
	createKeyFields = schema{
		{name: "title", kind: kindText, required: true},
		{name: "type", kind: kindChoice, required: true, choices: keyTypes},
	}
	updateKeyFields = schema{{name: "title", kind: kindText, required: true}}
	revokeKeyFields = schema{{name: "revoke_in", kind: kindNumber}}
	// linkFields are the ids that one record is tied to, or no longer.
	linkFields = schema{{name: "add", kind: kindList}, {name: "remove", kind: kindList}}
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
	keys, count, err := s.deps.Store.APIKeys(lookups(c), apiKeyFilter(p.filters), p.Page)
	if err != nil {
		return err
	}
	return writeList(c, "api_keys", apiKeyTable, p, keys, count)
}

func apiKeyFilter(in input) store.APIKeyFilter {
	return store.APIKeyFilter{
		Q: in.plain("q"), IDs: in.texts("id"), Titles: in.texts("title"), Tokens: in.texts("token"), Types: in.texts("type"),
		CreatedAt: in.times("created_at"), UpdatedAt: in.times("updated_at"), DeletedAt: in.times("deleted_at"),
		RevokedAt: in.times("revoked_at"), And: filters(in, "$and", apiKeyFilter), Or: filters(in, "$or", apiKeyFilter),
	}
}

func (s *Server) createAPIKey(c echo.Context) error {
	in, err := createKeyFields.checkBody(callOf(c).body)
	if err != nil {
		return err
	}
	sel, err := s.chosen(c, createdKeyShape)
	if err != nil {
		return err
	}
	claims, err := caller(c)
	if err != nil {
		return err
	}
	created, err := s.accounts.CreateAPIKey(lookups(c), everlatch.APIKey{
		Title: in.plain("title"), Type: in.plain("type"), CreatedBy: s.createdBy(c, claims),
	})
	if err != nil {
		return err
	}
	s.keys.forget()
	keepPrivate(c, true)
	return writeWrapped(c, "api_key", createdKeyTable, &created, sel)
}

func (s *Server) readAPIKey(c echo.Context) error {
	sel, err := s.chosen(c, apiKeyShape)
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
	in, err := updateKeyFields.checkBody(callOf(c).body)
	if err != nil {
		return err
	}
	sel, err := s.chosen(c, apiKeyShape)
	if err != nil {
		return err
	}
	key, err := s.deps.Store.UpdateAPIKey(lookups(c), c.Param("id"), in.plain("title"))
	if err != nil {
		return err
	}
	return writeWrapped(c, "api_key", apiKeyTable, &key, sel)
}

// revokeAPIKey ends a key now, or in revoke_in seconds.
func (s *Server) revokeAPIKey(c echo.Context) error {
	in, err := revokeKeyFields.checkBody(callOf(c).body)
	if err != nil {
		return err
	}
	sel, err := s.chosen(c, apiKeyShape)
	if err != nil {
		return err
	}
	claims, err := caller(c)
	if err != nil {
		return err
	}
	delay := min(in.number("revoke_in"), maxRevokeIn)
	at := s.deps.Now().Add(time.Duration(delay * float64(time.Second)))
	key, err := s.deps.Store.RevokeAPIKey(lookups(c), c.Param("id"), claims.ActorID, at)
	if err != nil {
		return err
	}
	s.keys.forget()
	return writeWrapped(c, "api_key", apiKeyTable, &key, sel)
}

func (s *Server) deleteAPIKey(c echo.Context) error {
	if err := s.deps.Store.DeleteAPIKey(lookups(c), c.Param("id")); err != nil {
		return err
	}
	s.keys.forget()
	return writeDeleted(c, "api_key", c.Param("id"))
}

// changeSalesChannels is there for clients that expect it: no key belongs to a
// channel, for there is no shop behind this service (contract 4.9).
func (s *Server) changeSalesChannels(c echo.Context) error {
	in, err := linkFields.checkBody(callOf(c).body)
	if err != nil {
		return err
	}
	sel, err := s.chosen(c, apiKeyShape)
	if err != nil {
		return err
	}
	key, err := s.deps.Store.APIKey(lookups(c), c.Param("id"))
	if err != nil {
		return err
	}
	if key.Type != everlatch.KeyPublishable {
		return invalidData("Sales channels can only be associated with publishable API keys")
	}
	if unknown := in.texts("add"); len(unknown) > 0 {
		return invalidData("Sales channels with IDs " + strings.Join(unknown, ", ") + " do not exist")
	}
	return writeWrapped(c, "api_key", apiKeyTable, &key, sel)
}
