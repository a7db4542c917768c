package config

// MFA is about second factors.
type MFA struct {
	Providers            []MFAProvider `koanf:"providers" default:"[]" doc:"Options of the methods of second factors: a list of {id or resolve, options}. totp is built in and needs no entry; its options are issuer (the name in authenticator apps, Medusa by default), digits (6), period (30, in seconds) and window (1, in periods). Other methods are registered by a program."`
	EncryptionKey        Secret        `koanf:"encryption_key" env:"AUTH_MFA_ENCRYPTION_KEY" doc:"Key of a Medusa installation, to read second factors that Medusa encrypted. They are then encrypted with the ring mfa."`
	RecoveryCodeCount    int           `koanf:"recovery_code_count" default:"10" doc:"How many recovery codes are made when the request does not say, from 1 to 50."`
	ChallengeTTLSeconds  int           `koanf:"challenge_ttl_seconds" default:"300" doc:"How many seconds a user has to answer for a second factor."`
	ChallengeMaxAttempts int           `koanf:"challenge_max_attempts" default:"5" doc:"After how many wrong answers a sign-in has to be started again."`
	DisablePolicy        string        `koanf:"disable_policy" default:"session" doc:"What it takes to remove a second factor: session, a second factor within step_up_within, or challenge, a code in the same request as well."`
	EnrollWithin         Span          `koanf:"enroll_within" default:"12h" min:"1m" doc:"How old a sign-in may be to add the first second factor."`
	TrustedProviders     []string      `koanf:"trusted_providers" default:"[]" doc:"Ids of providers elsewhere whose word that a user has passed several factors there counts as a second factor here: the claims amr with mfa, and auth_time, of the ID token. Everyone who administers such a provider, or can switch off its second factors, decides for the accounts here as well. Off by default."`
	StepUpWithin         Span          `koanf:"step_up_within" default:"10m" min:"1m" doc:"How old the last answer for a second factor may be to add another one, to remove one, and to make new recovery codes."`
}

// MFAProvider gives options to one method of second factors.
type MFAProvider struct {
	// ID is the method, such as "totp"; Resolve when it is left out.
	ID      string `koanf:"id"`
	Resolve string `koanf:"resolve"`
	// Options are the method's own, checked when it is made.
	Options map[string]any `koanf:"options"`
}

// Method is the name of the method.
func (p MFAProvider) Method() string {
	if p.ID == "" {
		return p.Resolve
	}
	return p.ID
}

// The values of [MFA.DisablePolicy].
const (
	DisableBySession   = "session"
	DisableByChallenge = "challenge"
)

const (
	mostRecoveryCodes = 50
	// mostChallengeSeconds is a day: a challenge is part of one sign-in.
	mostChallengeSeconds = 24 * 60 * 60
)

// check uses the sentences of the contract (docs/contract.md#s5-2).
func (m MFA) check() Problems {
	var out Problems
	wrong := func(key, message string) { out = append(out, Problem{"auth.mfa." + key, message}) }
	if m.RecoveryCodeCount < 1 || m.RecoveryCodeCount > mostRecoveryCodes {
		wrong("recovery_code_count", "Recovery code count must be between 1 and 50")
	}
	if m.ChallengeTTLSeconds < 1 {
		wrong("challenge_ttl_seconds", "MFA challenge TTL must be a positive integer")
	}
	if m.ChallengeTTLSeconds > mostChallengeSeconds {
		wrong("challenge_ttl_seconds", "MFA challenge TTL must be at most a day")
	}
	if m.ChallengeMaxAttempts < 1 {
		wrong("challenge_max_attempts", "MFA challenge max attempts must be a positive integer")
	}
	if m.DisablePolicy != DisableBySession && m.DisablePolicy != DisableByChallenge {
		wrong("disable_policy", `MFA disable policy must be either "challenge" or "session"`)
	}
	seen := map[string]bool{}
	for _, p := range m.Providers {
		switch method := p.Method(); {
		case method == "":
			wrong("providers", "an entry has neither id nor resolve")
		case seen[method]:
			wrong("providers", "the id \""+method+"\" is given twice")
		default:
			seen[method] = true
		}
	}
	return out
}
