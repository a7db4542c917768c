package github

import (
	"fmt"
	"log/slog"
)

// Format implements [fmt.Formatter]: it prints the app and not its secret.
func (p *Provider) Format(f fmt.State, _ rune) {
	_, _ = fmt.Fprintf(f, "[github %s]", p.options.ClientID)
}

// LogValue implements [slog.LogValuer]: it logs the app and not its secret.
func (p *Provider) LogValue() slog.Value { return slog.StringValue(fmt.Sprint(p)) }
