package passkey

import (
	"cmp"
	"errors"
	"fmt"
	"net/url"
	"strings"
	"time"

	"github.com/go-webauthn/webauthn/protocol"
	"github.com/go-webauthn/webauthn/webauthn"
)

// DefaultTimeout is how long users have for a ceremony, by default.
const DefaultTimeout = 5 * time.Minute

// Options configure [New].
type Options struct {
	// RPID is the domain that passkeys belong to, such as "shop.example". They work on
	// this domain, on its subdomains and on related origins.
	RPID string
	// RPName is the name of the site, which some devices show.
	RPName string
	// Origins are where passkeys are used: pages such as https://www.shop.example, and
	// apps such as android:apk-key-hash:….
	Origins []string
	// RelatedOrigins are pages on other domains that use the same passkeys.
	RelatedOrigins []string
	// UserVerification is required, preferred or discouraged; "" is preferred.
	UserVerification string
	// Attestation is none, indirect, direct or enterprise; "" is none.
	Attestation string
	// Timeout is how long users have; 0 is [DefaultTimeout].
	Timeout time.Duration
	// Now is the clock.
	Now func() time.Time
}

// config checks the options and returns those of the library.
func (o Options) config() (*webauthn.Config, error) {
	var problems []error
	if err := protocol.ValidateRPID(o.RPID); err != nil || o.RPID != strings.ToLower(o.RPID) {
		problems = append(problems, fmt.Errorf("rp_id: %q is not a domain, such as shop.example", o.RPID))
	}
	if o.Now == nil {
		problems = append(problems, errors.New("a clock is needed"))
	}
	c := &webauthn.Config{
		RPID: o.RPID, RPDisplayName: cmp.Or(o.RPName, o.RPID),
		AttestationPreference: protocol.ConveyancePreference(cmp.Or(o.Attestation, string(protocol.PreferNoAttestation))),
		AuthenticatorSelection: protocol.AuthenticatorSelection{
			UserVerification: protocol.UserVerificationRequirement(cmp.Or(o.UserVerification, string(protocol.VerificationPreferred))),
		},
		// Some password managers add outputs that were not requested.
		ExtensionsUnsolicitedOutputPolicy: protocol.UnsolicitedOutputPolicyIgnore,
	}
	for _, origin := range o.Origins {
		switch why := o.wrong(origin, false); {
		case why != "":
			problems = append(problems, fmt.Errorf("origins: %q %s", origin, why))
		case protocol.IsOpaqueOrigin(origin):
			c.RPOpaqueOrigins = append(c.RPOpaqueOrigins, origin)
		default:
			c.RPOrigins = append(c.RPOrigins, origin)
		}
	}
	for _, origin := range o.RelatedOrigins {
		if why := o.wrong(origin, true); why != "" {
			problems = append(problems, fmt.Errorf("related_origins: %q %s", origin, why))
		}
		c.RPOrigins = append(c.RPOrigins, origin)
	}
	if len(o.Origins) == 0 {
		problems = append(problems, fmt.Errorf("origins: list the origins whose pages use passkeys, such as https://%s", o.RPID))
	}
	if len(o.RelatedOrigins) > 0 {
		if _, err := protocol.NewRelatedOrigins(o.RelatedOrigins...); err != nil {
			problems = append(problems, fmt.Errorf("related_origins: %w", err))
		}
	}
	return c, errors.Join(problems...)
}

// wrong says why browsers would refuse to use passkeys of the domain at an origin, "" if
// they would not.
func (o Options) wrong(origin string, related bool) string {
	if !related && protocol.IsKnownOpaqueOrigin(origin) {
		return ""
	}
	u, err := url.Parse(origin)
	if err != nil || u.Host == "" || u.Path != "" || u.RawQuery != "" || u.Fragment != "" || u.User != nil {
		return "is not an origin, such as https://shop.example"
	}
	host, secure := u.Hostname(), u.Scheme == "https"
	local := host == "localhost" || strings.HasSuffix(host, ".localhost")
	within := host == o.RPID || strings.HasSuffix(host, "."+o.RPID)
	switch {
	case !secure && (u.Scheme != "http" || !local):
		return "is not https: browsers offer passkeys by http on localhost only"
	case !related && !within:
		return fmt.Sprintf("is neither on %s nor on a subdomain of it: other domains are related_origins", o.RPID)
	case related && within:
		return fmt.Sprintf("is on %s: list it in origins", o.RPID)
	}
	return ""
}
