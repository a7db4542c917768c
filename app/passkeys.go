package app

import (
	"cmp"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/everlatch/everlatch/config"
	"github.com/everlatch/everlatch/providers"
	"github.com/everlatch/everlatch/providers/passkey"
)

// newPasskeys creates what checks passkeys, nil where they are not configured. dev has
// them on localhost.
func newPasskeys(cfg *config.Config, now func() time.Time, dev bool) (*passkey.Provider, error) {
	w, configured := cfg.Passkeys()
	if !configured && (!dev || len(w.Origins) == 0) {
		return nil, nil //nolint:nilnil // passkeys are off, which is no error
	}
	if origin := strings.TrimRight(cfg.Pages.URL, "/"); cfg.Pages.Enabled && belongsTo(origin, w.RPID) && !slices.Contains(w.Origins, origin) {
		w.Origins = append(slices.Clone(w.Origins), origin)
	}
	p, err := passkey.New(passkey.Options{
		RPID: w.RPID, RPName: w.RPName, Origins: w.Origins, RelatedOrigins: w.RelatedOrigins,
		UserVerification: w.UserVerification, Attestation: w.Attestation, Timeout: w.Timeout.Duration(), Now: now,
	})
	if err != nil {
		return nil, ofWebAuthn(err)
	}
	return p, nil
}

// belongsTo reports whether the pages may use the passkeys of a domain. Without one, as in
// dev, it is localhost.
func belongsTo(origin, domain string) bool {
	u, err := url.Parse(origin)
	domain = cmp.Or(domain, "localhost")
	return err == nil && (u.Hostname() == domain || strings.HasSuffix(u.Hostname(), "."+domain))
}

// ofWebAuthn names the setting in each problem.
func ofWebAuthn(err error) error {
	joined, several := err.(interface{ Unwrap() []error })
	if !several {
		return fmt.Errorf("auth.webauthn: %w", err)
	}
	var out []error
	for _, problem := range joined.Unwrap() {
		out = append(out, fmt.Errorf("auth.webauthn.%w", problem))
	}
	return errors.Join(out...)
}

// addPasskeys registers passkeys as a way to sign in. Their routes have the id in them.
func addPasskeys(registry *providers.Registry, c config.Provider, p *passkey.Provider) error {
	switch {
	case c.ID != passkey.Identifier:
		return fmt.Errorf("auth.providers, id %q: passkeys are registered once, with the id %s", c.ID, passkey.Identifier)
	case len(c.Options) > 0:
		return errors.New("auth.providers, id \"passkey\": passkeys have no options here; their settings are auth.webauthn")
	case p == nil:
		return nil // what is wrong with the settings is reported once
	}
	return registry.Add(c.ID, p)
}
