// Package subscribers says who is told about events, and tells them: a Go
// function, a flow that an event starts, a webhook. It knows nothing of
// Temporal and the store: when to try again, and for how long, belongs to the
// workflow DeliverEvent.
package subscribers
