package oidc

import (
	"fmt"
	"log/slog"
)

// Format implements [fmt.Formatter]: it prints the issuer and no secret.
func (p *Provider) Format(f fmt.State, _ rune) { _, _ = fmt.Fprintf(f, "[oidc %s]", p.options.Issuer) }

// LogValue implements [slog.LogValuer]: it logs the issuer and no secret.
func (p *Provider) LogValue() slog.Value { return slog.StringValue(fmt.Sprint(p)) }
