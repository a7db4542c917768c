package config

// EmailChange is how people get another e-mail (W13).
type EmailChange struct {
	TTL         Span `koanf:"ttl" default:"24h" min:"1m" doc:"How long the link is valid that proves a new e-mail."`
	UndoTTL     Span `koanf:"undo_ttl" default:"72h" min:"1m" doc:"How long a change of the e-mail can be undone from the former address, which nobody else can take meanwhile."`
	ResendAfter Span `koanf:"resend_after" default:"1m" min:"0" doc:"The same request within this time after a mail was sent sends no other one. 0 sends one for each request."`
}
