package config

// VerificationRule says which identities have to verify their address (docs/contract.md#s5-1).
type VerificationRule struct {
	EntityType   string `koanf:"entity_type" required:"true"`
	AuthProvider string `koanf:"auth_provider" required:"true"`
}

// Verification is about verifying addresses.
type Verification struct {
	Providers          []CodeProvider `koanf:"providers" default:"[]" doc:"Options of code providers: a list of {id, options}. The built-in ones are token (the link of a mail) and otp (six digits); their option ttl_seconds says how long a code is valid, by default 900 and 600, which is the most for otp. docs/guides/verify-an-email.md describes custom ones."`
	RequireBeforeActor bool           `koanf:"require_before_actor" default:"true" doc:"Refuse to create an account for an identity that has to verify its address (http.auth_verifications_per_actor) until it has. If off, as in Medusa, accounts are created at once, and only sign-ins wait."`
}

// CodeProvider sets the options of a code provider.
type CodeProvider struct {
	// Resolve is the kind of the provider; ID when it is left out.
	Resolve string `koanf:"resolve"`
	// ID is what requests name; Resolve when it is left out.
	ID      string         `koanf:"id" unique:"true"`
	Options map[string]any `koanf:"options"`
}

func (p *CodeProvider) check() Problems {
	if p.ID == "" {
		p.ID = p.Resolve
	}
	if p.ID == "" {
		return Problems{{"", "id is missing"}}
	}
	return nil
}
