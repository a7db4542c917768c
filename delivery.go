package everlatch

import "time"

// Delivery is one event on its way to one subscriber.
type Delivery struct {
	EventID    string `json:"event_id"`
	Event      string `json:"event"` // the name of the event
	Subscriber string `json:"subscriber"`
	// Status is one of the constants below.
	Status string `json:"status"`
	// Generation counts, from 1, how often the delivery was started.
	Generation int64 `json:"generation"`
	// Error is why a dead letter was given up. It holds no secret.
	Error     string    `json:"error,omitempty"`
	CreatedAt time.Time `json:"created_at"`
	UpdatedAt time.Time `json:"updated_at"`
}

// The values of [Delivery.Status].
const (
	// DeliveryWaiting has not started, or waits for an earlier delivery.
	DeliveryWaiting = "waiting"
	// DeliveryStarted is being attempted.
	DeliveryStarted = "started"
	// DeliveryDelivered has reached its subscriber.
	DeliveryDelivered = "delivered"
	// DeliveryDead is a dead letter: it waits until an operator releases it.
	DeliveryDead = "dead"
)

// MailSubscriber is the subscriber that sends mails.
const MailSubscriber = "mail"
