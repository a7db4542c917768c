package main

import (
	"io"
	"net/http"
	"time"

	standardwebhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"
)

// event is the body of a webhook.
type event struct {
	ID        string         `json:"id"`
	Type      string         `json:"type"`
	Timestamp time.Time      `json:"timestamp"`
	Data      map[string]any `json:"data"`
}

// maxBody bounds what a stranger can make us read, in bytes.
const maxBody = 1 << 20

// receiver answers webhooks. It says yes as soon as the event is safe and not
// later: what is to be done about it takes its time elsewhere.
type receiver struct {
	webhook *standardwebhooks.Webhook
	inbox   *inbox
}

// ServeHTTP implements [http.Handler].
func (r receiver) ServeHTTP(w http.ResponseWriter, req *http.Request) {
	body, err := io.ReadAll(http.MaxBytesReader(w, req.Body, maxBody))
	if err != nil {
		http.Error(w, "the body is too long, or did not come", http.StatusBadRequest)
		return
	}
	if err := r.webhook.Verify(body, req.Header); err != nil {
		http.Error(w, "the signature is not ours, or too old", http.StatusUnauthorized)
		return
	}
	id := req.Header.Get(standardwebhooks.HeaderWebhookID) // the same in every attempt
	if err := r.inbox.keep(req.Context(), id, body); err != nil {
		http.Error(w, "try again later", http.StatusServiceUnavailable)
		return
	}
	w.WriteHeader(http.StatusNoContent)
}
