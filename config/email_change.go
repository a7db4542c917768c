package config

// EmailChange is about changes of an e-mail (docs/weak-spots.md#w13).
type EmailChange struct {
	TTL         Span `koanf:"ttl" default:"24h" min:"1m" doc:"How long the link to confirm a new e-mail is valid."`
	UndoTTL     Span `koanf:"undo_ttl" default:"72h" min:"1m" doc:"How long a change of e-mail can be undone from the previous address, which stays reserved until then."`
	ResendAfter Span `koanf:"resend_after" default:"1m" min:"0" doc:"How long after a mail the same request sends no other one. 0 sends a mail for each request."`
}
