package main

import (
	"context"
	"fmt"
	"io"
	"net/url"
	"strings"

	"github.com/everlatch/everlatch"
)

// message is a mail. Pass Key on to the mail provider as an idempotency key,
// so that an event that is delivered twice is one mail.
type message struct{ Key, To, Subject, Text string }

// resetMailer mails the links of password resets.
type resetMailer struct {
	// frontends are base URLs by actor type.
	frontends map[string]string
	send      func(ctx context.Context, m message) error
}

// handle receives everlatch.EventPasswordReset, with the token in clear.
func (r resetMailer) handle(ctx context.Context, e everlatch.Event) error {
	if e.Source != everlatch.SourceEverlatch {
		return nil // published from outside under this name
	}
	email, _ := e.Data["entity_id"].(string)
	actorType, _ := e.Data["actor_type"].(string)
	token, _ := e.Data["token"].(string)
	if token == "" {
		return nil // it expired while the mail could not be sent
	}
	frontend, ok := r.frontends[actorType]
	if !ok {
		return everlatch.Permanent(fmt.Errorf("no frontend is known for the actor type %q", actorType))
	}
	link := strings.TrimSuffix(frontend, "/") + "/reset-password?token=" + url.QueryEscape(token) + "&email=" + url.QueryEscape(email)
	return r.send(ctx, message{
		Key: e.ID, To: email, Subject: "Choose a new password",
		Text: "Open this link to choose a new password:\n" + link,
	})
}

// printTo stands in for your mail provider.
func printTo(w io.Writer) func(context.Context, message) error {
	return func(_ context.Context, m message) error {
		_, err := fmt.Fprintf(w, "To: %s\nSubject: %s\n\n%s\n\n", m.To, m.Subject, m.Text)
		return err
	}
}
