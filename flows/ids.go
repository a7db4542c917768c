package flows

import (
	"github.com/everlatch/everlatch/internal/ids"
)

// Workflow ids are never encrypted and show in every list, so they hold
// internal ids and keyed hashes, no address. Support finds a flow by its kind
// and actor type, or by the identity, account or token id (jti = run id).

// freshID names a flow that nothing can repeat: "authenticate/customer/<ulid>".
func (c *Client) freshID(kind, actorType string) string {
	return kind + "/" + actorType + "/" + ids.New("", c.opts.Now())
}

// keyedID names a flow by its Idempotency-Key within a scope, such as the
// identity that it is for.
func (c *Client) keyedID(kind, actorType, scope, key string) string {
	return kind + "/" + actorType + "/k:" + c.opts.Ring.Hash("idempotency", kind, actorType, scope, key)
}

// executionID is keyedID when there is a key, and freshID when not.
func (c *Client) executionID(kind, actorType, scope, key string) string {
	if key == "" {
		return c.freshID(kind, actorType)
	}
	return c.keyedID(kind, actorType, scope, key)
}
