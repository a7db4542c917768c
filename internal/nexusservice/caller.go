package nexusservice

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"strings"
	"time"

	"github.com/nexus-rpc/sdk-go/nexus"

	"github.com/everlatch/everlatch"
	"github.com/everlatch/everlatch/internal/accounts"
	"github.com/everlatch/everlatch/internal/authservice"
	"github.com/everlatch/everlatch/nexusauth"
)

// call is one request of a caller whose API key was accepted.
type call struct {
	// service is guarded by what the key may change.
	authservice.Guarded

	// keyID is the API key, once the key of the request: the same again is the same request.
	keyID, once string
	at          time.Time
}

// identify checks the API key of a request and its permission.
func (s *service) identify(ctx context.Context, e nexusauth.Envelope, needs everlatch.Permission) (c call, err error) {
	if !strings.HasPrefix(e.APIKey, accounts.SecretKeyPrefix) {
		return c, errKey()
	}
	key, access, err := s.secrets.Find(ctx, s.Store, e.APIKey, s.RBAC)
	if errors.Is(err, everlatch.ErrNotFound) {
		return c, errKey()
	}
	if err != nil {
		return c, err
	}
	if s.RBAC && !access.Allows(needs) {
		return c, forbidden("The owner of the API key lacks the permission " + needs.String() + ".")
	}
	c = call{keyID: key.ID, once: "nexus/" + key.ID + "/" + e.ID, at: time.Unix(e.IssuedAt, 0)}
	c.Guarded = authservice.Guarded{
		Service: s.Auth, Store: s.Store, Providers: s.Providers,
		Authority: func(ctx context.Context, account everlatch.ActorRef) error {
			if !s.RBAC {
				return nil
			}
			return s.accounts.CheckUpdate(ctx, access, account)
		},
	}
	if !s.TakesUsers {
		c.Takes = forbidden("Linking administrators is switched off (admin.reset_tokens).")
	}
	return c, nil
}

func errKey() error {
	return nexus.NewHandlerErrorf(nexus.HandlerErrorTypeUnauthenticated, "The envelope has no valid secret API key.")
}

func forbidden(text string) error {
	return &everlatch.Error{Code: everlatch.CodeForbidden, Message: text}
}

func invalid(text string) error {
	return &everlatch.Error{Code: everlatch.CodeInvalidData, Message: text}
}

// decode reads the input of an operation. A name that is none of it is refused: it is
// misspelled.
func decode[I any](raw json.RawMessage) (in I, err error) {
	d := json.NewDecoder(bytes.NewReader(raw))
	d.DisallowUnknownFields()
	if err := d.Decode(&in); err != nil {
		return in, badRequest("The input is not that of the operation.") // the cause may quote it
	}
	return in, nil
}
