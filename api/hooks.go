package api

import (
	"encoding/json"
	"errors"
	"net"
	"net/http"
	"strconv"

	"github.com/labstack/echo/v4"

	"github.com/everlatch/everlatch"
	"github.com/everlatch/everlatch/flows"
	"github.com/everlatch/everlatch/internal/query"
	"github.com/everlatch/everlatch/internal/store"
	"github.com/everlatch/everlatch/internal/wire"
)

// hookField holds what a client has to say to hooks.
const hookField = "additional_data"

// describe has flows tell their hooks about the request. Without hooks it costs
// nothing.
func (s *Server) describe(next echo.HandlerFunc) echo.HandlerFunc {
	if !s.opts.Hooks {
		return next
	}
	return func(c echo.Context) error {
		data, _ := Body(c)[hookField].(map[string]any)
		text, err := json.Marshal(data)
		if err != nil {
			return err
		}
		if len(text) > s.opts.MaxMetadata {
			return &everlatch.Error{
				Code: everlatch.CodeInvalidData, Reason: store.MetadataTooLarge, Details: map[string]string{"most": strconv.Itoa(s.opts.MaxMetadata)},
			}
		}
		r := c.Request()
		ctx := flows.WithRequest(r.Context(), func() flows.Request { return flows.Request{HookRequest: s.hookRequest(c), AdditionalData: data} })
		c.SetRequest(r.WithContext(ctx))
		return next(c)
	}
}

func (s *Server) hookRequest(c echo.Context) everlatch.HookRequest {
	out := everlatch.HookRequest{ID: callOf(c).id, UserAgent: c.Request().UserAgent()}
	if s.deps.Limits != nil {
		out.Address = s.deps.Limits.Client(c.Request()).String()
	} else if host, _, err := net.SplitHostPort(c.Request().RemoteAddr); err == nil {
		out.Address = host
	}
	if claims := callOf(c).auth.Claims(); claims != nil && claims.ActorID != "" {
		out.By = everlatch.ActorRef{ActorType: claims.ActorType, ActorID: claims.ActorID}
	}
	return out
}

// withoutHookData takes what is for hooks out of a body, such as the input of a provider
// or the fields of a custom actor.
func withoutHookData(body map[string]any) (map[string]any, error) {
	value, given := body[hookField]
	if !given {
		return body, nil
	}
	if _, ok := value.(map[string]any); !ok && value != nil {
		return nil, query.NotAnObject(hookField, value)
	}
	return without(body, hookField), nil
}

// pendingRetry is how soon a client may ask again, in seconds: a human decides.
const pendingRetry = "60"

// writePending answers a request whose flow waits for a hook, as 202. Where a token
// would be the answer, it is empty: the Medusa SDK stores what it gets, and reads an
// empty token as none.
func writePending(err error, c echo.Context) (written bool, _ error) {
	if _, pending := errors.AsType[*flows.PendingError](err); !pending {
		return false, nil
	}
	c.Response().Header().Set(echo.HeaderRetryAfter, pendingRetry)
	b := []byte(`{"status":"pending","message":`)
	b = wire.AppendText(b, pendingMessage)
	if callOf(c).prefix == prefixAuth {
		b = append(b, `,"token":""`...)
	}
	return true, wire.Respond(c, http.StatusAccepted, wire.ContentJSON, append(b, '}'))
}
