package main

import (
	"context"
	"errors"
	"io"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/everlatch/everlatch"
	"github.com/everlatch/everlatch/app"
	"github.com/everlatch/everlatch/config"
)

func reset(change func(e *everlatch.Event)) everlatch.Event {
	e := everlatch.Event{
		ID: "evt_1", Name: everlatch.EventPasswordReset, Source: everlatch.SourceEverlatch,
		Data: everlatch.Metadata{"entity_id": "ada+1@example.com", "actor_type": "customer", "token": "a.b&c"},
	}
	change(&e)
	return e
}

func TestResetMail(t *testing.T) {
	t.Parallel()

	tests := map[string]struct {
		change func(e *everlatch.Event)
		link   string // "" when nothing is sent
		lost   bool
	}{
		"a customer goes to the shop": {
			change: func(*everlatch.Event) {},
			link:   "https://shop.example/reset-password?token=a.b%26c&email=ada%2B1%40example.com",
		},
		"an administrator goes to the dashboard": {
			change: func(e *everlatch.Event) { e.Data["actor_type"] = "user" },
			link:   "https://admin.example/app/reset-password?token=a.b%26c&email=ada%2B1%40example.com",
		},
		"no frontend of vendors is known": {change: func(e *everlatch.Event) { e.Data["actor_type"] = "vendor" }, lost: true},
		"the token has expired":           {change: func(e *everlatch.Event) { delete(e.Data, "token") }},
		"published from outside":          {change: func(e *everlatch.Event) { e.Source = "apk_1" }},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			var sent []message
			mailer := resetMailer{
				frontends: map[string]string{"customer": "https://shop.example", "user": "https://admin.example/app/"},
				send:      func(_ context.Context, m message) error { sent = append(sent, m); return nil },
			}

			err := mailer.handle(t.Context(), reset(tt.change))

			require.Equal(t, tt.lost, everlatch.IsPermanent(err))
			if tt.link == "" {
				require.Empty(t, sent)
				return
			}
			require.NoError(t, err)
			require.Equal(t, []message{{
				Key: "evt_1", To: "ada+1@example.com", Subject: "Choose a new password",
				Text: "Open this link to choose a new password:\n" + tt.link,
			}}, sent)
		})
	}
}

func TestAMailThatCannotBeSentIsRetried(t *testing.T) {
	t.Parallel()

	down := errors.New("the mail provider is down")
	mailer := resetMailer{
		frontends: map[string]string{"customer": "https://shop.example"},
		send:      func(context.Context, message) error { return down },
	}

	err := mailer.handle(t.Context(), reset(func(*everlatch.Event) {}))

	require.ErrorIs(t, err, down)
	require.False(t, everlatch.IsPermanent(err))
}

func TestTheServiceAssembles(t *testing.T) {
	t.Parallel()

	cfg, err := config.Load(config.Sources{Flags: map[string]any{
		"database.url": "sqlite://" + filepath.Join(t.TempDir(), "everlatch.db"), "temporal.address": "127.0.0.1:1",
	}})
	require.NoError(t, err)
	require.NoError(t, cfg.Generate(""))

	a, err := app.New(t.Context(), cfg, options(io.Discard), app.WithMigrations())

	require.NoError(t, err)
	require.NoError(t, a.Close())
}
