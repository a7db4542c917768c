package app

import (
	"context"
	"fmt"
	"log/slog"
	"time"

	"github.com/everlatch/everlatch/mail"
	"github.com/everlatch/everlatch/store"
	"github.com/everlatch/everlatch/subscribers"
	"github.com/everlatch/everlatch/vault"
)

const (
	// lostMargin is how much longer than its retries a delivery may take.
	lostMargin = time.Hour
	// reportEvery is how often operators are told about dead letters.
	reportEvery = 24 * time.Hour
)

// mailSubscriber is the name of the mailer among the subscribers.
const mailSubscriber = "mail"

// addMailer lets people be told by mail. Without an SMTP server mails go to the
// inbox of a development service; elsewhere nobody is told, and the log says so.
func (a *App) addMailer(registry *subscribers.Registry) error {
	c := a.cfg.Mail
	var sender mail.Sender
	switch {
	case c.SMTP.Address != "":
		smtp, err := mail.NewSMTP(mail.SMTPOptions{
			Address: c.SMTP.Address, Username: c.SMTP.Username, Password: c.SMTP.Password.Reveal(),
			Security: c.SMTP.Security, Timeout: c.SMTP.Timeout.Duration(),
		})
		if err != nil {
			return fmt.Errorf("mail.smtp: %w", err)
		}
		sender = smtp
	case a.opts.devMail:
		inbox := mail.NewInbox(&mailBox{store: a.store, ring: a.ring.Derive("mail")}, a.opts.now, a.log)
		sender, a.inbox = inbox, inbox
	default:
		if a.has(Worker) {
			a.log.Warn("mail.smtp.address is not set: nobody is sent a mail", slog.String("setting", "mail.smtp.address"))
		}
		return nil
	}
	mailer, err := mail.New(mail.Options{
		Sender: sender, From: c.From, Brand: c.Brand, URLs: c.URLs, Templates: c.Templates, Now: a.opts.now,
	})
	if err != nil {
		return fmt.Errorf("mail: %w", err)
	}
	return registry.Add(subscribers.Subscription{
		Name: mailSubscriber, Events: mailer.Events(), Source: subscribers.FromEverlatch, Secrets: true,
		Timeout: c.SMTP.Timeout.Duration(), Subscriber: subscribers.Func(mailer.Deliver),
	})
}

// mailBox keeps the mails of a development service encrypted in its database:
// their links choose passwords.
type mailBox struct {
	store *store.Store
	ring  *vault.KeyRing
}

var _ mail.Box = (*mailBox)(nil)

// Keep implements [mail.Box].
func (b *mailBox) Keep(ctx context.Context, id string, at time.Time, raw []byte) error {
	keyID, sealed := b.ring.Seal(raw, []byte(id))
	return b.store.KeepMail(ctx, store.KeptMail{ID: id, KeyID: keyID, Data: sealed, CreatedAt: at})
}

// Kept implements [mail.Box]. A mail whose key is gone is left out.
func (b *mailBox) Kept(ctx context.Context, limit int) ([]mail.Kept, error) {
	rows, err := b.store.KeptMails(ctx, limit)
	out := make([]mail.Kept, 0, len(rows))
	for _, row := range rows {
		if raw, err := b.ring.Open(row.KeyID, row.Data, []byte(row.ID)); err == nil {
			out = append(out, mail.Kept{ID: row.ID, At: row.CreatedAt, Raw: raw})
		}
	}
	return out, err
}

// Empty implements [mail.Box].
func (b *mailBox) Empty(ctx context.Context) error { return b.store.DeleteMails(ctx) }
