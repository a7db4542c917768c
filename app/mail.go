package app

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"time"

	"github.com/everlatch/everlatch"
	"github.com/everlatch/everlatch/internal/keys"
	"github.com/everlatch/everlatch/internal/store"
	"github.com/everlatch/everlatch/internal/vault"
	"github.com/everlatch/everlatch/mail"
	"github.com/everlatch/everlatch/subscribers"
)

const (
	// lostMargin is how much longer than its retries a delivery may take.
	lostMargin = time.Hour
	// reportEvery is how often operators are told about dead letters.
	reportEvery = 24 * time.Hour
)

// mailSubscriber is the name of the mailer among the subscribers.
const mailSubscriber = everlatch.MailSubscriber

// newSender returns who takes mails: an SMTP server, the inbox of a development
// service, or nil without a mail server.
func (a *App) newSender() (mail.Sender, error) {
	c := a.cfg.Mail.SMTP
	if c.Address != "" {
		smtp, err := mail.NewSMTP(mail.SMTPOptions{
			Address: c.Address, Username: c.Username, Password: c.Password.Reveal(),
			Security: mail.Security(c.Security), Timeout: c.Timeout.Duration(), Hello: c.Hello, Proxy: c.Proxy.Reveal(),
		})
		if err != nil {
			return nil, fmt.Errorf("mail.smtp: %w", err)
		}
		return smtp, nil
	}
	if !a.opts.devMail {
		return nil, nil //nolint:nilnil // no mail server, which is not an error
	}
	inbox := mail.NewInbox(&mailBox{store: a.store, ring: a.rings.Vault.Derive(keys.MailPurpose)}, a.opts.now, a.log)
	a.inbox = inbox
	return inbox, nil
}

// addMailer sends mails about events. Without a mail server, the log says
// so.
func (a *App) addMailer(registry *subscribers.Registry, sender mail.Sender) error {
	c := a.cfg.Mail
	if sender == nil {
		a.log.Warn("no mail is sent", slog.String("setting", "mail.smtp.address is not set"))
		return nil
	}
	mailer, err := mail.New(mail.Options{
		Sender: a.counted(sender), From: c.From, Brand: c.Brand, URLs: c.URLs, Templates: c.Templates, Now: a.opts.now,
		Languages: a.languages, LanguageOf: a.languageOf,
	})
	if err != nil {
		return fmt.Errorf("mail: %w", err)
	}
	events := mailer.Events()
	for _, name := range c.Except {
		if !slices.Contains(events, name) {
			return fmt.Errorf("mail.except: there is no mail for %q; there is for %s", name, strings.Join(events, ", "))
		}
	}
	events = slices.DeleteFunc(events, func(name string) bool { return slices.Contains(c.Except, name) })
	if len(events) == 0 {
		return nil
	}
	return registry.Add(subscribers.Subscription{
		Name: mailSubscriber, Events: events, Source: subscribers.FromEverlatch, Secrets: true,
		Timeout: c.SMTP.Timeout.Duration(), Subscriber: subscribers.Func(mailer.Deliver),
	})
}

// languageOf looks up the language that a recipient of mails has chosen.
func (a *App) languageOf(ctx context.Context, r mail.Recipient) (string, error) {
	if r.AuthIdentityID == "" {
		return a.store.LanguageAt(ctx, r.Address, r.Provider)
	}
	tag, err := a.store.Language(ctx, r.AuthIdentityID)
	if errors.Is(err, everlatch.ErrNotFound) {
		return "", nil // the account was removed meanwhile
	}
	return tag, err
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
			out = append(out, mail.Kept{ID: row.ID, At: row.CreatedAt, Read: !row.ReadAt.IsZero(), Raw: raw})
		}
	}
	return out, err
}

// MarkRead implements [mail.Box].
func (b *mailBox) MarkRead(ctx context.Context, id string) error { return b.store.ReadMail(ctx, id) }

// Remove implements [mail.Box].
func (b *mailBox) Remove(ctx context.Context, id string) error { return b.store.DeleteMail(ctx, id) }

// Empty implements [mail.Box].
func (b *mailBox) Empty(ctx context.Context) error { return b.store.DeleteMails(ctx) }
