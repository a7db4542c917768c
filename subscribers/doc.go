// Package subscribers delivers events to subscribers: a Go function, a workflow
// that the event starts, or a webhook. It knows neither Temporal nor the store:
// retries belong to the
// workflow DeliverEvent.
package subscribers
