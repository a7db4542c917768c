package config

import "fmt"

// Admin is about what administrators may do.
type Admin struct {
	ResetTokens   string   `koanf:"reset_tokens" default:"off" oneof:"off,self,all" doc:"Who may obtain a password-reset token for an administrator through POST /admin/users/:id/reset-password: nobody, that administrator alone, or every administrator and secret API key (W30)."`
	SignUpDomains []string `koanf:"sign_up_domains" default:"[]" doc:"E-mail domains of which everybody may become an administrator with POST /auth/:auth_provider/user, if the provider vouches for the address. Others need an invite (W6)."`
}

// PasswordReset is about the links that let people choose a new password.
type PasswordReset struct {
	TTL         Span `koanf:"ttl" default:"15m" min:"1m" doc:"How long the link of a password reset is valid."`
	ResendAfter Span `koanf:"resend_after" default:"1m" min:"0" doc:"A request within this time after a mail was sent sends no other one. 0 sends one for each request."`
}

// Events is what happened, and telling subscribers about it.
type Events struct {
	Logins       bool `koanf:"logins" default:"false" doc:"Record auth.login_succeeded and auth.login_failed."`
	RetryInitial Span `koanf:"retry_initial" default:"5s" min:"1ms" doc:"How long after a failed delivery the next is tried; the time doubles with each failure."`
	RetryMax     Span `koanf:"retry_max" default:"15m" min:"1ms" doc:"The longest time between two attempts of a delivery."`
	RetryFor     Span `koanf:"retry_for" default:"72h" min:"1ms" doc:"How long a delivery is tried before it is parked as a dead letter."`
	Retention    Span `koanf:"retention" default:"720h" min:"0" doc:"How long delivered events are kept; dead letters and what waits are kept longer. 0 keeps them for ever."`
}

func (e Events) check() Problems {
	var out Problems
	if e.RetryMax < e.RetryInitial {
		out = append(out, Problem{"events.retry_max", fmt.Sprintf("%s is shorter than events.retry_initial, %s", e.RetryMax, e.RetryInitial)})
	}
	if e.RetryFor < e.RetryMax {
		out = append(out, Problem{"events.retry_for", fmt.Sprintf("%s is shorter than events.retry_max, %s", e.RetryFor, e.RetryMax)})
	}
	return out
}
