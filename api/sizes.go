package api

import (
	"encoding/json"
	"strconv"

	"github.com/labstack/echo/v4"

	"github.com/everlatch/everlatch"
	"github.com/everlatch/everlatch/internal/store"
)

const maxActorType = 64

// checkSizes refuses an actor type that cannot be one, and metadata that is too
// large. Both become part of what is stored and of running flows.
func (s *Server) checkSizes(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		if actorType := c.Param("actor_type"); actorType != "" && !isActorType(actorType) {
			return errActorType
		}
		body := Body(c)
		if err := checkMetadata(body, s.opts.MaxMetadata); err != nil {
			return err
		}
		if account, ok := body[accountField].(map[string]any); ok {
			if err := checkMetadata(account, s.opts.MaxMetadata); err != nil {
				return err
			}
		}
		return next(c)
	}
}

// isActorType accepts more than [everlatch.ActorType] does: types may be in use
// that no program defines.
func isActorType(text string) bool {
	if len(text) > maxActorType {
		return false
	}
	for i := range len(text) {
		switch b := text[i]; {
		case 'a' <= b && b <= 'z', 'A' <= b && b <= 'Z', '0' <= b && b <= '9', b == '-', b == '_', b == '.':
		default:
			return false
		}
	}
	return true
}

// checkMetadata refuses a body whose metadata is larger than most bytes of JSON.
func checkMetadata(body map[string]any, most int) error {
	metadata, ok := body["metadata"].(map[string]any)
	if !ok {
		return nil
	}
	text, err := json.Marshal(metadata)
	if err != nil {
		return err
	}
	if len(text) > most {
		return &everlatch.Error{
			Code: everlatch.CodeInvalidData, Reason: store.MetadataTooLarge, Details: map[string]string{"most": strconv.Itoa(most)},
		}
	}
	return nil
}
