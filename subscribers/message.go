package subscribers

import (
	"errors"
	"time"

	"github.com/everlatch/everlatch"
)

var errNotJSON = errors.New("the event holds something that JSON cannot express")

// message is the body of a webhook: the fields of Standard Webhooks (type,
// timestamp, data) and the envelope of the contract (docs/contract.md#s7).
type message struct {
	ID        string             `json:"id"`
	Type      string             `json:"type"`
	Name      string             `json:"name"`
	Timestamp time.Time          `json:"timestamp"`
	Data      everlatch.Metadata `json:"data"`
	Metadata  messageMetadata    `json:"metadata"`
}

type messageMetadata struct {
	EventGroupID   string     `json:"eventGroupId,omitempty"`
	CreatedAt      time.Time  `json:"created_at"`
	PublishedAt    *time.Time `json:"published_at,omitempty"`
	Source         string     `json:"source"`
	AuthIdentityID string     `json:"auth_identity_id,omitempty"`
}

func newMessage(e everlatch.Event) message {
	created := e.CreatedAt.UTC()
	out := message{
		ID: e.ID, Type: e.Name, Name: e.Name, Timestamp: created, Data: e.Data,
		Metadata: messageMetadata{EventGroupID: e.GroupID, CreatedAt: created, Source: e.Source, AuthIdentityID: e.AuthIdentityID},
	}
	if e.Data == nil {
		out.Data = everlatch.Metadata{}
	}
	if e.ReleasedAt != nil {
		released := e.ReleasedAt.UTC()
		out.Metadata.PublishedAt = &released
	}
	return out
}
