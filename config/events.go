package config

import "fmt"

// Admin is about what administrators may do.
type Admin struct {
	ResetTokens    string   `koanf:"reset_tokens" default:"off" oneof:"off,self,all" doc:"Who may obtain a password-reset token for an administrator through POST /admin/users/:id/reset-password: off (no caller), self (that administrator) or all (every administrator and secret API key)."`
	SignUpDomains  []string `koanf:"sign_up_domains" default:"[]" doc:"E-mail domains whose users may become administrators with POST /auth/:auth_provider/user, if the provider verified the address; with google, only accounts of an organization (claim hd). Others need an invite."`
	AuditRetention Span     `koanf:"audit_retention" default:"365d" min:"0" doc:"How long it is kept what administrators and commands did (GET /admin/audit). 0 keeps it forever."`
}

// PasswordReset is about the links to choose a new password.
type PasswordReset struct {
	TTL         Span `koanf:"ttl" default:"15m" min:"1m" doc:"How long the link to reset a password is valid."`
	ResendAfter Span `koanf:"resend_after" default:"1m" min:"0" doc:"How long after a mail another request sends none. 0 sends a mail for each request."`
}

// Events is what happened, and telling subscribers about it.
type Events struct {
	Logins       bool `koanf:"logins" default:"false" doc:"Whether to record the events auth.login_succeeded and auth.login_failed."`
	RetryInitial Span `koanf:"retry_initial" default:"5s" min:"1ms" doc:"How long to wait after the first failed delivery; the wait doubles with each failure."`
	RetryMax     Span `koanf:"retry_max" default:"15m" min:"1ms" doc:"The longest wait between two attempts of a delivery."`
	RetryFor     Span `koanf:"retry_for" default:"72h" min:"1ms" doc:"How long a delivery is retried before it becomes a dead letter. Keep it no longer than the retention of the Temporal namespace, after which Temporal forgets that a delivery was made."`
	Retention    Span `koanf:"retention" default:"720h" min:"0" doc:"How long delivered events are kept; dead letters and pending deliveries are kept longer. 0 keeps events forever."`
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
