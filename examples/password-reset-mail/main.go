// Command password-reset-mail is an Everlatch service that sends its own mail to
// customers and administrators who forgot their password.
// docs/guides/password-reset-mail.md walks through it.
package main

import (
	"io"
	"os"

	"github.com/everlatch/everlatch"
	"github.com/everlatch/everlatch/app"
	"github.com/everlatch/everlatch/cli"
	"github.com/everlatch/everlatch/config"
)

func main() { cli.Main(options(os.Stdout)) }

// options add our subscriber, which needs a setting, to the service.
func options(out io.Writer) app.Option {
	return app.FromConfig(func(cfg config.Config) ([]app.Option, error) {
		resets := resetMailer{frontends: cfg.Mail.URLs, send: printTo(out)}
		return []app.Option{
			app.WithSubscriber("reset-mail", []string{everlatch.EventPasswordReset}, resets.handle),
		}, nil
	})
}
