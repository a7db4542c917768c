package api

import (
	"encoding/json"

	"github.com/labstack/echo/v4"

	"github.com/everlatch/everlatch/internal/query"
	"github.com/everlatch/everlatch/internal/tokens"
	"github.com/everlatch/everlatch/internal/wire"
)

var introspectFields = query.Schema{
	{Name: "token", Kind: query.Text, Required: true},
	{Name: "token_type_hint", Kind: query.Text},
}

// introspect tells another service whether a token counts at this moment
// (RFC 7662; docs/weak-spots.md#w31).
func (s *Server) introspect(c echo.Context) error {
	in, err := introspectFields.CheckBody(wire.Of(c).Body)
	if err != nil {
		return err
	}
	claims, err := s.auth.Introspect(lookups(c), in.Plain("token"))
	if err != nil {
		return err
	}
	keepPrivate(c, true)
	if claims == nil {
		return writeJSON(c, []byte(`{"active":false}`))
	}
	body, err := json.Marshal(struct {
		Active bool   `json:"active"`
		Type   string `json:"token_type"`
		tokens.Claims
	}{true, "Bearer", *claims})
	if err != nil {
		return err
	}
	return writeJSON(c, body)
}
